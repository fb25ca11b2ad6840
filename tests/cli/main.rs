//! The command line from outside: its JSON contract, its exit codes, and that nothing changes when it says so. Every
//! case goes through the real program.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on should say where"
)]

mod admin;
mod brake;
mod characters;
mod contract;
mod dates;
mod delegation;
mod doors;
mod fields;
mod files;
mod hostile_files;
mod imports;
mod inbox;
mod individuals;
mod join;
mod keys;
mod life;
mod outbox;
mod ownership;
mod past;
mod plans;
mod platform;
#[path = "../program/mod.rs"]
mod program;
#[path = "../program/terminal.rs"]
mod pseudo_terminal;
mod refusals;
mod reports;
mod serve;
mod settings;
mod shown;
#[path = "../program/sink.rs"]
mod sink;
mod terminal;
mod trainings;

use program::Org;

/// An organization with people of several statuses: ana and bo active, cara inactive, dora waiting, eve cancelled.
fn peopled() -> Org {
    let org = Org::with_seats(10);
    for line in [
        "create 'Ana Li <ana@acme.example>' 'Bo Ek <bo@acme.example>' cara@acme.example --area Sales --yes",
        "deactivate cara@acme.example --yes",
        "invite dora@acme.example eve@acme.example --area Design --yes",
        "cancel eve@acme.example --yes",
        "pool add pro --purchased 2 --yes",
        "group add Mentors --yes",
    ] {
        org.type_in(line).ok();
    }
    org
}

//! The commands that move people from one status to another: `cancel`, `resend`, `deactivate`, `reactivate`, `delete`
//! and `erase`.

use usher_core::Selection;
use usher_core::command::Command;

use crate::args::{ReactivateArgs, ResendArgs, WhoArgs};
use crate::confirm::carry_out;
use crate::desk::Desk;
use crate::failure::Result;
use crate::who::selection;

/// Does to everybody meant what the command says.
pub(crate) fn run(desk: &Desk, args: &WhoArgs, command: fn(Selection) -> Command) -> Result<()> {
    let who = selection(&desk.read()?, &args.who)?;
    carry_out(desk, command(who), &args.plan)
}

/// Brings people back, with or without what they still had to learn.
pub(crate) fn reactivate(desk: &Desk, args: &ReactivateArgs) -> Result<()> {
    let who = selection(&desk.read()?, &args.who.who)?;
    let command = Command::Reactivate {
        who,
        restore_assignments: args.restore_assignments,
    };
    carry_out(desk, command, &args.who.plan)
}

/// Replaces the links of invitations.
pub(crate) fn resend(desk: &Desk, args: &ResendArgs) -> Result<()> {
    let who = selection(&desk.read()?, &args.who.who)?;
    carry_out(
        desk,
        Command::Resend {
            who,
            mail: !args.no_mail,
        },
        &args.who.plan,
    )
}

//! The `usher` command: arguments in, exit code out. What is true about users and seats is in `usher-core`; here are
//! the words people type, and the tables they read. One file a family of commands.

mod admin;
mod args;
mod audit;
mod backup;
mod batches;
mod brake;
mod config;
mod confirm;
mod console;
mod demo;
mod desk;
mod doctor;
mod drift;
mod due;
mod edit;
mod export;
mod failure;
mod field;
mod group;
mod handout;
mod heads;
mod history;
mod idp;
mod import;
mod import_worker;
mod individuals;
mod init;
mod invitations;
mod invite;
mod join;
mod label;
mod names;
mod outbox;
mod output;
mod password;
mod past;
mod pool;
mod public_url;
mod queue;
mod reading;
mod reclaim;
mod report;
mod seats;
mod serve;
mod setting;
mod ssh;
mod standing;
mod template_mail;
mod token;
mod training;
mod tree;
mod users;
mod watching;
mod who;

use std::process::ExitCode;
use std::sync::Arc;

use usher_core::command::Command as Wanted;

use crate::args::{Arguments, Command, Common};
use crate::desk::Desk;
use crate::failure::{Result, complain};

fn main() -> ExitCode {
    outlive_file_limits();
    let arguments = match args::parse(std::env::args_os()) {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error),
    };
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

/// Where the system lets no file grow further, the write fails and is told, like one to a full disk, instead of the program's
/// ending without a word.
fn outlive_file_limits() {
    // Whoever cannot ask for that ends as before.
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default());
}

/// Help and version are answers; anything else is bad usage, said without what could act on a terminal.
fn usage(error: &clap::Error) -> ExitCode {
    if error.use_stderr() {
        let said = error.render().to_string();
        // What nobody else may see is not said again.
        if said.contains("PRIVATE KEY") {
            complain("a private key is nobody's but its owner's; give the line of the .pub file");
        } else {
            complain(&said);
        }
        return ExitCode::from(2);
    }
    // A closed pipe is nobody's fault.
    let _ = error.print();
    ExitCode::SUCCESS
}

fn run(arguments: Arguments) -> Result<()> {
    let Arguments {
        common,
        console,
        command,
    } = arguments;
    match command {
        None => console::open(&common, console),
        Some(Command::ImportWorker { task }) => import_worker::run(&task),
        Some(Command::Demo(args)) => demo::run(&args),
        Some(Command::Serve(args)) => serve::run(&common, args),
        Some(Command::Init(args)) => init::run(&common, args),
        Some(Command::Backup(args)) => backup::backup(&common, &args),
        Some(Command::Restore(args)) => backup::restore(&common, &args),
        Some(Command::Ssh(command)) => ssh::run(&common, &command),
        Some(command) => at_desk(&common, command),
    }
}

fn at_desk(common: &Common, command: Command) -> Result<()> {
    let desk = &Desk::open(common)?;
    match command {
        Command::Idp(command) => idp::run(desk, command),
        Command::Brake(command) => brake::run(desk, command),
        Command::Token(command) => token::run(desk, command),
        Command::Users(args) => users::list(desk, &args),
        Command::Show(args) => users::show(desk, &args),
        Command::History(args) => history::run(desk, &args),
        Command::Reclaim(args) => reclaim::run(desk, args),
        Command::Report(args) => report::run(desk, args),
        Command::Invite(args) => invite::invite(desk, args),
        Command::Create(args) => invite::create(desk, args),
        Command::Password(args) => password::run(desk, &args),
        Command::Edit(args) => edit::run(desk, args),
        Command::Cancel(args) => standing::run(desk, &args, |who| Wanted::Cancel { who }),
        Command::Resend(args) => standing::resend(desk, &args),
        Command::Deactivate(args) => standing::run(desk, &args, |who| Wanted::Deactivate { who }),
        Command::Reactivate(args) => standing::reactivate(desk, &args),
        Command::Delete(args) => standing::run(desk, &args, |who| Wanted::Delete { who }),
        Command::Erase(args) => standing::run(desk, &args, |who| Wanted::Erase { who }),
        Command::Seats(args) => seats::run(desk, &args),
        Command::Due(args) => due::run(desk, args),
        Command::Pool(command) => pool::run(desk, command),
        Command::Group(command) => group::run(desk, command),
        Command::Field(command) => field::run(desk, command),
        Command::Export(args) => export::run(desk, args),
        Command::Template(args) => export::template(desk, &args),
        Command::Import(args) => import::run(desk, &args),
        Command::Imports(args) => import::list(desk, &args),
        Command::Individuals(command) => individuals::run(desk, command),
        Command::Label(command) => label::run(desk, command),
        Command::Setting(args) => setting::run(desk, args),
        Command::Join(command) => join::run(desk, command),
        Command::Guide(args) => handout::guide(desk, &args),
        Command::Training(command) => training::run(desk, command),
        Command::Assign(args) => training::assign(desk, args),
        Command::Unassign(args) => training::unassign(desk, args),
        Command::Progress(args) => training::progress(desk, args),
        Command::Queue(args) => queue::run(desk, args.command),
        Command::Invitations(args) => invitations::run(desk, &args),
        Command::Outbox(args) => outbox::run(common, desk, args),
        Command::TemplateMail(command) => template_mail::run(common, desk, command),
        Command::Doctor => doctor::run(common, desk),
        Command::Config(command) => config::run(common, desk, &command),
        Command::Batches(args) => batches::list(desk, &args),
        Command::Undo(args) => batches::undo(desk, &args),
        Command::Admin(command) => admin::run(desk, command),
        Command::Approvals(args) => admin::approvals(desk, args.command),
        Command::Tree(args) => tree::run(desk, &args),
        Command::Drift(args) => drift::run(desk, &args),
        Command::Audit(command) => audit::run(desk, &command),
        Command::Demo(_)
        | Command::ImportWorker { .. }
        | Command::Init(_)
        | Command::Serve(_)
        | Command::Backup(_)
        | Command::Restore(_)
        | Command::Ssh(_) => Ok(()),
    }
}

//! The command line as types: what can be said, and the help that explains it. What each command does is in the file
//! of its name. Values are parsed here as far as they can be without the database.

mod admin;
mod brake;
mod config;
mod dates;
mod fields;
mod files;
mod idp;
mod individuals;
mod join;
mod looking;
mod outbox;
mod people;
mod platform;
mod requests;
mod seats;
mod serve;
mod setting;
mod ssh;
mod template_mail;
mod trainings;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};
use usher_core::model::{BatchId, EmailAddress, Setting, TimeZoneName, UserId, When};
use usher_core::plan::Digest;

pub(crate) use admin::{AdminCommand, ApprovalsCommand, KeyCommand};
pub(crate) use brake::{BrakeCommand, IdpBrakeArgs};
pub(crate) use config::{ConfigCommand, MailFlags};
pub(crate) use dates::{DueArgs, DueCommand};
pub(crate) use fields::{FieldAddArgs, FieldCommand, FieldSetArgs, FieldValuesArgs, LabelCommand};
pub(crate) use files::{ExportArgs, ImportArgs, TemplateArgs};
pub(crate) use idp::{DriftArgs, IdpOwnArgs, IdpSetArgs};
pub(crate) use individuals::{IndividualsCommand, IndividualsImportArgs};
pub(crate) use join::{HandoutArgs, JoinCommand, JoinSetArgs};
pub(crate) use looking::{HistoryArgs, ReclaimArgs, ReportArgs};
pub(crate) use outbox::{InvitationsArgs, OutboxArgs, OutboxCommand, OutboxListArgs};
pub(crate) use people::{
    CreateArgs, Details, EditArgs, InviteArgs, LabelEdit, ResendArgs, WhoArgs,
};
pub(crate) use platform::{PasswordArgs, TokenAddArgs, TokenCommand, TokenRotateArgs};
pub(crate) use requests::{IdpLogArgs, IdpReplayArgs, Since};
pub(crate) use seats::{
    DayWord, GrantArgs, IdpAddArgs, IdpCommand, IdpRotateArgs, NewPeopleWord, PoolCommand,
    PoolTermsArgs, QueueCommand, QueueMoveArgs, ReleaseArgs, SeatsArgs, day,
};

pub(crate) use trainings::{
    AssignArgs, CarryCommand, GroupCommand, InstructorArgs, InstructorCommand, ProgressArgs,
    ReactivateArgs, TrainingCommand,
};

pub(crate) use serve::{LogWord, MetricsWord, PaceWord, ServeArgs, ServeFlags};
pub(crate) use setting::{SettingArgs, SettingCommand};
pub(crate) use ssh::{SshCommand, SshKeysArgs, SshSetupArgs};
pub(crate) use template_mail::{MessageArgs, TemplateMailCommand};

/// How WHO arguments are understood; part of the help of every command that takes them.
pub(crate) const WHO_HELP: &str = "\
WHO is one or more addresses, user names or ids, or one query, or - to read addresses, user names or ids from standard \
input, one on a line. When everything given names somebody, exactly these people are meant. Otherwise a single argument \
with a sign of the query language in it (a colon, a space, a quote, a parenthesis, = or - in front) is a query, and \
everybody whom it finds is meant; see `usher users --help`.";

/// How instants of the past are named; part of the help of every command that looks back.
pub(crate) const AT_HELP: &str = "\
INSTANT is an instant like 2026-11-22T08:30:00Z, a day like 2026-11-22 (its first instant in the organization's time \
zone), or batch:ID (just before that batch).";

const AFTER_HELP: &str = "\
Exit codes: 0 done; 1 refused, or nothing was applied, with the reason on standard error; 2 bad usage.
Whatever changes something is shown first and asks. Without a terminal and without --yes nothing is applied.
Without a command, the console opens.";

/// The roster of one organization and the ledger of its licenses.
#[derive(Debug, Parser)]
#[command(name = "usher", version, after_help = AFTER_HELP, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    pub(crate) console: ConsoleArgs,
    /// What to do; without it, the console opens.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// How the console is to be.
#[derive(Debug, Args)]
#[command(next_help_heading = "Console")]
pub(crate) struct ConsoleArgs {
    /// Its colours: the terminal's own, those for a light or a dark background, or none; NO_COLOR is mono.
    #[arg(long, value_name = "NAME", value_parser = usher_tui::Theme::WORDS)]
    pub(crate) theme: Option<String>,
    /// Draw no frames, for those who hear or feel the screen.
    #[arg(long)]
    pub(crate) plain: bool,
    /// Look, but change nothing.
    #[arg(long)]
    pub(crate) read_only: bool,
}

/// What every command understands.
#[derive(Debug, Args)]
#[command(next_help_heading = "Everywhere")]
pub(crate) struct Common {
    /// The organization's database.
    #[arg(
        long,
        global = true,
        env = "USHER_DB",
        default_value = "usher.db",
        value_name = "FILE"
    )]
    pub(crate) db: PathBuf,
    /// How to print what is listed.
    #[arg(long, global = true, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
    /// Act as this administrator, by id, instead of as the one who is linked to the operating-system user; file_owner
    /// acts as the owner of the file.
    #[arg(long = "as", global = true, value_name = "ID", value_parser = acting)]
    pub(crate) actor: Option<ActingAs>,
    /// The configuration file; without it, FILE.conf beside the database, if it is there.
    #[arg(long, global = true, env = "USHER_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// As whom a command is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ActingAs {
    /// An administrator.
    Administrator(UserId),
    /// Whoever owns the file, whatever links there are.
    FileOwner,
}

fn acting(text: &str) -> Result<ActingAs, String> {
    if text == "file_owner" {
        return Ok(ActingAs::FileOwner);
    }
    text.parse()
        .map(ActingAs::Administrator)
        .map_err(|_| "give an administrator's id, or file_owner".to_owned())
}

/// How to print what is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Table,
    /// For programs: one array.
    Json,
    /// For spreadsheets.
    Csv,
}

/// The words of the command line, with a negated term such as `-group:Sales` in parentheses: they mean the same to a query,
/// and no option looks like it.
pub(crate) fn with_negations(words: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let is_negation = |word: &OsString| {
        let Some((key, _)) = word.to_str().and_then(|it| it.split_once(':')) else {
            return false;
        };
        let key = key.strip_prefix('-').unwrap_or_default();
        key.starts_with(|it: char| it.is_ascii_alphabetic())
            && key
                .chars()
                .all(|it| it.is_alphanumeric() || "-_".contains(it))
    };
    let mut options = true;
    let each = words.map(|word| {
        options &= word != "--";
        if !options || !is_negation(&word) {
            return word;
        }
        let mut grouped = OsString::from("(");
        grouped.push(&word);
        grouped.push(")");
        grouped
    });
    each.collect()
}

/// Reads a command line. A negative number is the value of the option before it, which says what it takes, and no option.
pub(crate) fn parse(words: impl Iterator<Item = OsString>) -> Result<Arguments, clap::Error> {
    fn with_negative_numbers(mut command: clap::Command) -> clap::Command {
        let names: Vec<String> = command
            .get_subcommands()
            .map(|it| it.get_name().to_owned())
            .collect();
        for name in names {
            command = command.mut_subcommand(name, with_negative_numbers);
        }
        command.mut_args(|it| {
            let takes_one = it.get_long().is_some() && it.get_action().takes_values();
            match takes_one && !it.is_allow_hyphen_values_set() {
                true => it.allow_negative_numbers(true),
                false => it,
            }
        })
    }
    let command = with_negative_numbers(Arguments::command());
    let matches = command.try_get_matches_from(with_negations(words))?;
    Arguments::from_arg_matches(&matches)
}

/// How a plan is shown, confirmed and applied.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Plan")]
pub(crate) struct PlanArgs {
    /// Print what would be done, and change nothing.
    #[arg(long, conflicts_with_all = ["yes", "confirm"])]
    pub(crate) plan: bool,
    /// Apply without asking.
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// Apply exactly the plan of this digest, or say what has moved since.
    #[arg(long, value_name = "DIGEST")]
    pub(crate) confirm: Option<Digest>,
    /// When seats run out, queue whom there is no room for.
    #[arg(long, conflicts_with = "fewer")]
    pub(crate) queue_rest: bool,
    /// When seats run out, leave out whom there is no room for.
    #[arg(long)]
    pub(crate) fewer: bool,
}

/// What can be said.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show a sample organization with a SCIM server and the console, in a temporary place
    Demo(DemoArgs),
    /// Make a database for an organization
    Init(InitArgs),
    /// Serve identity providers
    Serve(ServeArgs),
    /// Identity providers' connections
    #[command(subcommand)]
    Idp(IdpCommand),
    /// People whom identity providers would take off faster than their brake allows
    #[command(subcommand)]
    Brake(BrakeCommand),
    /// Tokens for the platform behind Usher
    #[command(subcommand)]
    Token(TokenCommand),
    /// List people
    #[command(after_help = QUERY_HELP)]
    Users(UsersArgs),
    /// Show everything about one person
    #[command(after_help = AT_HELP)]
    Show(ShowArgs),
    /// Show what happened, oldest first
    #[command(after_help = WHO_HELP)]
    History(HistoryArgs),
    /// List seats that may be wasted; with --plan or --yes, take them back
    Reclaim(ReclaimArgs),
    /// Write a report as a file: xlsx, csv or json
    #[command(after_help = AT_HELP)]
    Report(ReportArgs),
    /// Invite people by mail
    Invite(InviteArgs),
    /// Make active accounts at once
    Create(CreateArgs),
    /// Set somebody's password, or mail links to choose one
    Password(PasswordArgs),
    /// Change what is known of people
    #[command(after_help = WHO_HELP)]
    Edit(EditArgs),
    /// Withdraw invitations before they are accepted
    #[command(after_help = WHO_HELP)]
    Cancel(WhoArgs),
    /// Replace the links of invitations; the old ones die
    #[command(after_help = WHO_HELP)]
    Resend(ResendArgs),
    /// Take people off their seats
    #[command(after_help = WHO_HELP)]
    Deactivate(WhoArgs),
    /// Bring deactivated people back
    #[command(after_help = WHO_HELP)]
    Reactivate(ReactivateArgs),
    /// Remove people from the roster; they are kept, hidden
    #[command(after_help = WHO_HELP)]
    Delete(WhoArgs),
    /// Destroy the personal data of deleted people; this cannot be undone
    #[command(after_help = WHO_HELP)]
    Erase(WhoArgs),
    /// Show what was purchased and who holds how much of it
    #[command(after_help = AT_HELP)]
    Seats(SeatsArgs),
    /// Show what will happen by itself, and when
    #[command(args_conflicts_with_subcommands = true)]
    Due(DueArgs),
    /// Pools of licenses
    #[command(subcommand)]
    Pool(PoolCommand),
    /// Groups of people
    #[command(subcommand)]
    Group(GroupCommand),
    /// Custom fields: what is known of people beyond the profile
    #[command(subcommand)]
    Field(FieldCommand),
    /// Bring in, create and update the people of a file: csv, xlsx, xls or ods
    #[command(after_help = files::IMPORT_HELP)]
    Import(ImportArgs),
    /// Write a workbook to fill in for an import, with this organization's columns
    Template(TemplateArgs),
    /// Write people to a file: xlsx, csv or json
    #[command(after_help = files::EXPORT_HELP)]
    Export(ExportArgs),
    /// List what was imported, newest first
    Imports(LimitArgs),
    /// Accounts that people have of their own, and their records
    #[command(subcommand)]
    Individuals(IndividualsCommand),
    /// Labels of people
    #[command(subcommand)]
    Label(LabelCommand),
    /// Show or change what the organization has set about itself
    Setting(SettingArgs),
    /// The page on which people join by themselves
    #[command(subcommand)]
    Join(JoinCommand),
    /// Write every page that an invited person will see into one file, to hand out
    Guide(HandoutArgs),
    /// What there is to learn
    #[command(subcommand)]
    Training(TrainingCommand),
    /// Give people something to learn
    #[command(after_help = WHO_HELP)]
    Assign(AssignArgs),
    /// End people's assignments before they are done
    #[command(after_help = WHO_HELP)]
    Unassign(AssignArgs),
    /// Record that somebody has started or completed a training
    Progress(ProgressArgs),
    /// Show or reorder who waits for a license
    #[command(args_conflicts_with_subcommands = true)]
    Queue(QueueArgs),
    /// How far everybody's invitation has come
    Invitations(InvitationsArgs),
    /// Mails: what waits, what went out, what was refused
    #[command(args_conflicts_with_subcommands = true)]
    Outbox(OutboxArgs),
    /// What mails say: in Usher's words, or in yours
    #[command(subcommand)]
    TemplateMail(TemplateMailCommand),
    /// Look whether everything is as it should be, and say what to do
    Doctor,
    /// What the server is told by its configuration file, the environment and flags
    #[command(subcommand)]
    Config(ConfigCommand),
    /// List what was applied, newest first
    Batches(LimitArgs),
    /// Undo a batch as far as the world has not moved on
    Undo(UndoArgs),
    /// Who acts for the organization: permissions, SSH keys, and links to operating-system users
    #[command(subcommand)]
    Admin(AdminCommand),
    /// The console over SSH, without accounts on this machine
    #[command(subcommand)]
    Ssh(SshCommand),
    /// What waits for a second administrator
    Approvals(ApprovalsArgs),
    /// Draw who reports to whom
    Tree(TreeArgs),
    /// List where the roster differs from its identity providers
    Drift(DriftArgs),
    /// Prove that the history is whole
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Write a verified copy of the database
    Backup(BackupArgs),
    /// Put a backup in the place of the database
    Restore(RestoreArgs),
    /// Read the file on standard input, for another usher
    #[command(hide = true)]
    ImportWorker {
        /// What to read, and what it may cost.
        task: String,
    },
}

const QUERY_HELP: &str = "\
A query is words and conditions, all of which must hold:
  ana weber                  both words, in names, address, user name, title or area
  \"best group\"               a phrase
  =ana@corp.example          exactly this address, user name or id
  status:waiting,queued      one of these statuses
  title:eng*  title:=Intern  begins with, is; without a sign: contains
  no:region  has:manager     not set, set
  seen:>90d  created:<2026-01-01  updated:7d..30d  created:2026-03
  deactivate_on:<30d  delete_on:2027-01  send_on:tomorrow
  manager:bo@corp.example  below:bo@corp.example (at any depth)  group:\"Sales EMEA\"  connection:okta  label:wave-2
  group:Sales:coach  role:coach  training:Onboarding  training:Onboarding:started  assignment:started
  pool:access  license:pro:queued  is:protected  is:admin  is:sso-mismatch  is:undelivered  id:ID
  cost-center:4711  joined:>=2026-01-01  shirt:XL  has:shirt    custom fields by their names
  (a or b) -c                one of both, and not the third
Fields: email, user_name, first_name, last_name, display_name, name (all three), functional_area (area), title, region,
language, created, updated, seen. Days are UTC days. Put a query that begins with - after --.";

/// The sample organization.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// How many people it has.
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(50..=2_000_000))]
    pub(crate) people: u32,
}

/// A new organization.
#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// The organization's name, as people see it.
    #[arg(long)]
    pub(crate) name: String,
    /// How many seats were purchased.
    #[arg(long, value_name = "N")]
    pub(crate) seats: i64,
    /// The address of its first owner, who takes the first seat.
    #[arg(long, value_name = "EMAIL")]
    pub(crate) owner: EmailAddress,
    /// The time zone in which its days begin.
    #[arg(long, value_name = "TZ", default_value = "UTC")]
    pub(crate) time_zone: TimeZoneName,
}

/// Checks an address under which identity providers reach the server; a slash at its end is dropped.
pub(crate) fn public_url(text: &str) -> Result<String, String> {
    Setting::PublicUrl
        .parse(text)
        .map_err(|_| "write it like https://usher.corp.example".to_owned())
}

/// A list of people.
#[derive(Debug, Args)]
pub(crate) struct UsersArgs {
    /// Whom to list; everybody who is not deleted without it.
    pub(crate) query: Vec<String>,
    /// In which order: name, email, status, created, seen, area, title, region, language, labels, manager, or a custom
    /// field by its name; who has none comes last.
    #[arg(long, value_name = "ORDER", default_value = "name")]
    pub(crate) sort: String,
    /// Turn the order round.
    #[arg(long)]
    pub(crate) descending: bool,
    /// How many at most.
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// Print only how many there are.
    #[arg(long, conflicts_with = "limit")]
    pub(crate) count: bool,
}

/// One person, now or then.
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// An address, a user name or an id, as of today.
    pub(crate) who: String,
    /// As they stood then.
    #[arg(long, value_name = "INSTANT")]
    pub(crate) at: Option<When>,
}

/// How much of a list.
#[derive(Debug, Args)]
pub(crate) struct LimitArgs {
    /// How many at most.
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
}

/// Who waits, or another order of them.
#[derive(Debug, Args)]
pub(crate) struct QueueArgs {
    #[command(subcommand)]
    pub(crate) command: Option<QueueCommand>,
}

/// A batch to undo.
#[derive(Debug, Args)]
pub(crate) struct UndoArgs {
    /// The batch's id, or the beginning of it.
    pub(crate) batch: String,
    #[command(flatten)]
    pub(crate) plan: PlanArgs,
}

/// What waits for a second administrator.
#[derive(Debug, Args)]
pub(crate) struct ApprovalsArgs {
    #[command(subcommand)]
    pub(crate) command: Option<ApprovalsCommand>,
}

/// A piece of the hierarchy.
#[derive(Debug, Args)]
pub(crate) struct TreeArgs {
    /// Only this person and whoever is below them: an address, a user name or an id.
    pub(crate) who: Option<String>,
    /// How many levels below the first at most.
    #[arg(long, value_name = "N")]
    pub(crate) depth: Option<usize>,
    #[command(flatten)]
    pub(crate) limit: LimitArgs,
}

/// Proofs about the history.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Walk the whole chain and name the first bad link
    Verify(VerifyArgs),
    /// Print the end of the chain, to be kept elsewhere
    Head,
}

/// What the chain is compared with.
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// An end that was kept elsewhere: the file that `usher audit head --format json` was written to, or SEQ:HASH. So it is
    /// noticed when the end of the history was cut off since, or an older file put back
    #[arg(long, value_name = "FILE|SEQ:HASH")]
    pub(crate) against: Option<String>,
    /// The file in which `usher serve --audit-heads` notes an end every day: the history must go through each of them
    #[arg(long, value_name = "FILE")]
    pub(crate) heads: Option<PathBuf>,
}

/// Where a copy goes.
#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    /// A file that does not exist yet.
    pub(crate) to: PathBuf,
}

/// What is put back.
#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// A file that `usher backup` wrote.
    pub(crate) from: PathBuf,
    /// Restore without asking.
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// The backup is meant to be of another organization than the database that it replaces.
    #[arg(long)]
    pub(crate) another_organization: bool,
}

/// A batch id in full, as JSON has it.
pub(crate) fn batch_json(batch: Option<BatchId>) -> serde_json::Value {
    batch.map_or(serde_json::Value::Null, |it| {
        serde_json::Value::String(it.to_string())
    })
}

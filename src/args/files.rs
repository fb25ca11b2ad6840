//! What can be said about files of people: importing them, and what was imported.

use std::path::PathBuf;

use clap::Args;
use usher_core::import::Mode;
use usher_core::model::Date;

use super::PlanArgs;

/// Part of the help of what reads files.
pub(crate) const IMPORT_HELP: &str = "\
FILE is csv (any delimiter, UTF-8, UTF-16 or Windows-1252), xlsx, xls or ods. Its columns are found by their titles, in any
order: email, user name, first name, last name, display name, functional area, title, region, language, labels, manager,
groups, role, licenses, status, send on, deactivate on, delete on, id, and custom fields by their names. Others are named and
ignored. A blank cell leaves what is; (clear) empties it. Groups are apart by semicolons, with a role like Sales:coach; they are
joined, never left by being left out. A manager is an address, a user name, or a name, also of somebody of the same file.
`usher template OUT.xlsx` makes a file to fill in.

Nothing is done before everything was looked at. When something is wrong, nothing is done at all, or with --partial what is
right. --errors writes a copy of the file with the wrong cells marked and the reasons beside them, to be mended and imported.
A file is imported once in a mode: the same one again is refused unless it was undone, or --again is said.";

/// A file of people.
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// The file; - reads standard input.
    pub(crate) file: PathBuf,
    /// What is done: invite or create those who are not on the roster, update those who are, or both (invite and update).
    #[arg(long, default_value = "both", value_name = "MODE")]
    pub(crate) mode: Mode,
    /// Import what is right, and leave out what is wrong and whom there is no room for.
    #[arg(long)]
    pub(crate) partial: bool,
    /// Where a copy goes with what is wrong in it; an .xlsx file that is not there yet, or an untouched copy of the same file.
    #[arg(long, value_name = "OUT.xlsx")]
    pub(crate) errors: Option<PathBuf>,
    /// Let that copy replace whatever file is there.
    #[arg(long, requires = "errors")]
    pub(crate) force: bool,
    /// Mail nobody.
    #[arg(long)]
    pub(crate) no_mail: bool,
    /// The day at whose beginning invitations are mailed; a send_on in the file goes before it.
    #[arg(long, value_name = "DAY", conflicts_with = "no_mail")]
    pub(crate) send_on: Option<Date>,
    /// Which sheet of a workbook; the first without it.
    #[arg(long, value_name = "NAME")]
    pub(crate) sheet: Option<String>,
    /// How a text is encoded, such as windows-1250, shift_jis or gb18030; without it, what it looks like.
    #[arg(long, value_name = "NAME")]
    pub(crate) encoding: Option<String>,
    /// Import a file once more that was imported already.
    #[arg(long)]
    pub(crate) again: bool,
    /// Take addresses as they are typed, also those that look mistyped.
    #[arg(long)]
    pub(crate) as_typed: bool,
    /// Also set what an identity provider owns; it lasts until the provider's next write of that.
    #[arg(long = "override")]
    pub(crate) overriding: bool,
    #[command(flatten)]
    pub(crate) plan: PlanArgs,
}

/// Part of the help of what writes files of people.
pub(crate) const EXPORT_HELP: &str = "\
Columns are id, email, user_name, first_name, last_name, display_name, status, functional_area, title, region, language,
manager, groups, licenses, labels, deactivate_on, delete_on, last_seen_at, created_at, updated_at, and custom fields by their
names. `usher import FILE --mode update` reads them again, and changes nothing while nobody has changed the file.";

/// People as a file.
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// Where it goes; its ending says the format: .xlsx, .csv or .json.
    pub(crate) out: PathBuf,
    /// Whom; everybody who is not deleted without it.
    pub(crate) query: Vec<String>,
    /// Only these columns, in this order, apart by commas.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) columns: Vec<String>,
    /// In which order: created, name, email, status, seen, area, title, region, language, labels, manager, or a custom field
    /// by its name; who has none comes last.
    #[arg(long, value_name = "ORDER", default_value = "created")]
    pub(crate) sort: String,
    /// Turn the order round.
    #[arg(long)]
    pub(crate) descending: bool,
    /// Replace the file if it is there already.
    #[arg(long)]
    pub(crate) force: bool,
}

/// A file to fill in.
#[derive(Debug, Args)]
pub(crate) struct TemplateArgs {
    /// Where it goes; an .xlsx file that is not there yet.
    pub(crate) out: PathBuf,
}

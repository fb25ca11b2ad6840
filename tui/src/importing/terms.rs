//! How a file is imported: what is done, whom it mails, and the command line that says the same.

use std::path::PathBuf;
use std::sync::Arc;

use usher_core::command::{Command, Import};
use usher_core::import::{Mode, Sheet};
use usher_core::model::{Date, TransferId};

use super::{Mend, n_cells};
use crate::effect::Order;
use crate::words::{quoted, some};

/// Where rows come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A file of this machine.
    Path(PathBuf),
    /// What was pasted.
    Text(Arc<str>),
    /// A file that was sent by a page.
    Page(TransferId),
}

/// How they are imported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Terms {
    /// What is done about people who are, and who are not, on the roster.
    pub(crate) mode: Mode,
    /// Whether what is right is done while something is wrong.
    pub(crate) partial: bool,
    /// Whether those are queued for whom there is no room.
    pub(crate) queue_rest: bool,
    /// Whether nobody is mailed.
    pub(crate) no_mail: bool,
    /// The day on which invitations are mailed.
    pub(crate) send_on: Option<Date>,
    /// The sheet of a workbook.
    pub(crate) sheet: Option<String>,
    /// How a text is encoded; none is what it looks like.
    pub(crate) encoding: Option<String>,
    /// Whether a file may be imported once more.
    pub(crate) again: bool,
    /// Whether addresses stand as they were typed.
    pub(crate) as_typed: bool,
    /// Whether what providers own is set too.
    pub(crate) overriding: bool,
}

impl Terms {
    /// When invitations are mailed, as it is said in forms.
    pub(crate) fn mail_word(&self) -> String {
        match (self.no_mail, self.send_on) {
            (true, _) => "no".to_owned(),
            (false, Some(day)) => day.to_string(),
            (false, None) => "yes".to_owned(),
        }
    }

    /// The command for a sheet, with the words that tell it.
    pub(crate) fn order(&self, sheet: Arc<Sheet>, name: Option<&str>, line: String) -> Order {
        let command = Command::Import(Import {
            file: name.map(str::to_owned),
            partial: self.partial,
            again: self.again,
            as_typed: self.as_typed,
            overriding: self.overriding,
            mail: !self.no_mail,
            send_on: self.send_on,
            ..Import::of(sheet, self.mode)
        });
        let heading = format!("Import {}", name.unwrap_or("what was pasted"));
        Order::new(command, heading, line)
    }

    /// The command line that does the same. Where cells were mended, it is the copy's that has them.
    pub(crate) fn line(
        &self,
        origin: &Origin,
        name: Option<&str>,
        mends: &[Mend],
        copy: Option<&str>,
    ) -> String {
        let file = match (origin, copy) {
            (_, Some(copy)) => quoted(copy),
            (Origin::Path(path), None) => quoted(&path.display().to_string()),
            (Origin::Text(_), None) => "-".to_owned(),
            (Origin::Page(_), None) => quoted(name.unwrap_or("FILE")),
        };
        let mut line = format!("usher import {file} --mode {}", self.mode.as_str());
        for (said, option) in [
            (self.partial, "--partial"),
            (self.queue_rest, "--queue-rest"),
            (self.again, "--again"),
            (self.as_typed, "--as-typed"),
            (self.overriding, "--override"),
            (self.no_mail, "--no-mail"),
        ] {
            if said {
                line.push(' ');
                line.push_str(option);
            }
        }
        if let Some(day) = self.send_on.filter(|_| !self.no_mail) {
            line.push_str(&format!(" --send-on {day}"));
        }
        if let Some(sheet) = self.sheet.as_deref().filter(|_| copy.is_none()) {
            line.push_str(&format!(" --sheet {}", quoted(sheet)));
        }
        let is_file = copy.is_none() && !matches!(origin, Origin::Text(_));
        if let Some(encoding) = self.encoding.as_deref().filter(|_| is_file) {
            line.push_str(&format!(" --encoding {}", quoted(encoding)));
        }
        if copy.is_none() && !mends.is_empty() {
            let cells = some(n_cells(mends), "cell");
            line.push_str(&format!(
                "   # without the {cells} mended here; E writes a copy with them"
            ));
        }
        line
    }
}

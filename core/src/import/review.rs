//! What an import makes of a sheet, row by row: what it will do, or what is wrong, in which cell, and what to do.

use std::sync::Arc;

use serde::ser::{Error as _, SerializeSeq, SerializeStruct};
use serde::{Deserialize, Serialize, Serializer};

use super::columns::{Columns, EXAMPLE};
use super::sheet::{Row, Sheet};
use crate::error::{Error, Result};
use crate::model::UserId;

/// What an import does about people who are, and who are not, on the roster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Invites whoever is not on it; the others stay as they are.
    Invite,
    /// Makes active accounts of whoever is not on it; the others stay as they are.
    Create,
    /// Updates whoever is on it; the others are wrong.
    Update,
    /// Invites whoever is not on it, and updates the others.
    #[default]
    Both,
}

impl Mode {
    /// Every mode.
    pub const ALL: [Self; 4] = [Self::Invite, Self::Create, Self::Update, Self::Both];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invite => "invite",
            Self::Create => "create",
            Self::Update => "update",
            Self::Both => "both",
        }
    }

    /// The mode of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }
}

impl std::str::FromStr for Mode {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::from_word(text.trim()).ok_or_else(|| {
            Error::invalid("mode", "is not known", "use invite, create, update or both")
        })
    }
}

/// What an import does about one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Does {
    /// Somebody new is invited, or invited again.
    Invite,
    /// Somebody new gets an account, or an account again.
    Create,
    /// Somebody new waits for a seat.
    Queue,
    /// Somebody is changed.
    Update,
    /// Nothing: the roster says so already, or the mode leaves them as they are.
    Nothing,
    /// Nothing, because there is no free seat, and whoever asked has chosen that it goes on without.
    LeftOut,
    /// Nothing, because something is wrong.
    Wrong,
}

impl Does {
    /// Whether somebody comes onto the roster by it.
    pub const fn arrives(self) -> bool {
        matches!(self, Self::Invite | Self::Create | Self::Queue)
    }

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invite => "invite",
            Self::Create => "create",
            Self::Update => "update",
            Self::Queue => "queue",
            Self::Nothing => "nothing",
            Self::LeftOut => "left_out",
            Self::Wrong => "wrong",
        }
    }
}

/// Something wrong in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The number of the row.
    pub row: u32,
    /// The column, counted from 0; none when it is not about one cell.
    pub column: Option<usize>,
    /// What is wrong, and what to do.
    pub why: String,
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowReview {
    /// Its number in the file.
    pub row: u32,
    /// What is done about it.
    pub does: Does,
}

/// Everything that an import makes of a sheet.
#[derive(Clone, Debug)]
pub struct Review {
    /// The sheet.
    pub sheet: Arc<Sheet>,
    /// What its columns hold.
    pub columns: Columns,
    /// Its rows, in their order.
    pub rows: Vec<RowReview>,
    /// Whom of the roster rows change, by the numbers of these rows.
    pub(crate) changed: Vec<(u32, UserId)>,
    /// What is wrong, by rows.
    pub faults: Vec<Fault>,
    /// Whether what is right is done while something is wrong.
    pub partial: bool,
    /// How many of the rows that are wrong bring somebody onto the roster once they are mended.
    pub wrong_arrivals: usize,
    /// How many of the rows that are wrong take somebody off their seat once they are mended.
    pub wrong_leavers: usize,
}

impl Review {
    /// Whether nothing is done because something is wrong.
    pub fn is_blocked(&self) -> bool {
        !self.partial && !self.faults.is_empty()
    }

    /// How many rows are done that way.
    pub fn count(&self, does: Does) -> usize {
        self.rows.iter().filter(|it| it.does == does).count()
    }

    /// What is wrong in a row.
    pub fn faults_of(&self, row: u32) -> &[Fault] {
        let first = self.faults.partition_point(|it| it.row < row);
        let after = self.faults.partition_point(|it| it.row <= row);
        self.faults.get(first..after).unwrap_or_default()
    }

    /// Whom a row is about, as typed.
    pub fn who(&self, row: &RowReview) -> String {
        let row = self.sheet.row(row.row);
        row.map_or_else(String::new, |it| self.columns.who(&it))
    }

    /// Whom of the roster a row changes; nobody where it brings somebody in, or changes nothing.
    pub fn user(&self, row: &RowReview) -> Option<UserId> {
        let place = self.changed.binary_search_by_key(&row.row, |it| it.0);
        self.changed.get(place.ok()?).map(|it| it.1)
    }

    /// The title of a column, as typed.
    pub fn title(&self, column: usize) -> &str {
        self.columns.titles.get(column).map_or("", |it| it.trim())
    }

    /// How many rows are wrong, and what can be done about it.
    pub fn sentence(&self) -> String {
        format!("nothing was applied: {}", self.remedy())
    }

    /// Whether nothing stands below the titles but the example of a template, which is left alone.
    pub fn has_only_the_example(&self) -> bool {
        let says = |row: Row<'_>| row.cells().any(|it| it.said().trim() == EXAMPLE);
        self.rows.is_empty() && self.sheet.rows().any(says)
    }

    /// How many rows are wrong while nothing is applied, and what can be done about it.
    pub fn remedy(&self) -> String {
        let rows = match self.count(Does::Wrong) {
            1 => "1 row is".to_owned(),
            rows => format!("{rows} rows are"),
        };
        format!("{rows} wrong; mend them, or say --partial to import the others")
    }
}

/// The letters by which spreadsheets name a column: `A`, `Z`, `AA`.
pub fn letters(column: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = column + 1;
    while rest > 0 {
        let digit = u8::try_from((rest - 1) % 26).unwrap_or(0);
        letters.push(char::from(b'A' + digit));
        rest = (rest - 1) / 26;
    }
    letters.iter().rev().collect()
}

struct Rows<'r>(&'r Review);
struct Faults<'r>(&'r Review);
/// What the row of a number says in the columns that are known, by their titles.
struct Cells<'r>(&'r Review, u32);

impl Serialize for Cells<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(review, row) = self;
        let Columns { titles, holds, .. } = &review.columns;
        let row = review.sheet.row(*row);
        let cells = row.iter().flat_map(Row::cells);
        let cells = cells.zip(titles.iter().zip(holds));
        let said = cells.filter(|(cell, (_, holds))| holds.is_some() && !cell.is_blank());
        serializer.collect_map(said.map(|(cell, (title, _))| (title.trim(), cell.said())))
    }
}

impl Serialize for Review {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Review", 14)?;
        out.serialize_field("sheet", &self.sheet.about.sheet)?;
        out.serialize_field("unread_sheets", &self.sheet.about.others)?;
        out.serialize_field(
            "unread_sheets_with_people",
            &self.sheet.about.others_with_people,
        )?;
        out.serialize_field("format", &self.sheet.about.format)?;
        out.serialize_field("partial", &self.partial)?;
        out.serialize_field("blocked", &self.is_blocked())?;
        let ignored: Vec<&str> = self.columns.ignored().collect();
        out.serialize_field("ignored_columns", &ignored)?;
        let untitled: Vec<String> = self.columns.untitled().map(letters).collect();
        out.serialize_field("untitled_columns", &untitled)?;
        out.serialize_field("encoding", &self.sheet.about.encoding)?;
        out.serialize_field("separator", &self.sheet.about.separator)?;
        out.serialize_field("wrong_arrivals", &self.wrong_arrivals)?;
        out.serialize_field("wrong_leavers", &self.wrong_leavers)?;
        out.serialize_field("rows", &Rows(self))?;
        out.serialize_field("faults", &Faults(self))?;
        self.sheet.check().map_err(S::Error::custom)?;
        out.end()
    }
}

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Line<'r> {
            row: u32,
            who: String,
            does: &'static str,
            /// Whoever comes is shown as the file has them.
            #[serde(skip_serializing_if = "Option::is_none")]
            cells: Option<Cells<'r>>,
        }
        let mut out = serializer.serialize_seq(Some(self.0.rows.len()))?;
        for it in &self.0.rows {
            out.serialize_element(&Line {
                row: it.row,
                who: self.0.who(it),
                does: it.does.as_str(),
                cells: it.does.arrives().then_some(Cells(self.0, it.row)),
            })?;
        }
        out.end()
    }
}

impl Serialize for Faults<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Said<'r> {
            row: u32,
            cell: Option<String>,
            column: Option<&'r str>,
            why: &'r str,
        }
        let mut out = serializer.serialize_seq(Some(self.0.faults.len()))?;
        for it in &self.0.faults {
            out.serialize_element(&Said {
                row: it.row,
                cell: it
                    .column
                    .map(|column| format!("{}{}", letters(column), it.row)),
                column: it.column.map(|column| self.0.title(column)),
                why: &it.why,
            })?;
        }
        out.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_called_as_spreadsheets_call_them() {
        let names: Vec<String> = [0, 25, 26, 51, 52, 701, 702].map(letters).to_vec();
        assert_eq!(names, ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]);
    }
}

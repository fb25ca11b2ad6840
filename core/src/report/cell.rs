//! Tables before they are a file: columns with a type, and cells.

use std::borrow::Cow;

use crate::model::{Date, Step, Timestamp};

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The key in JSON and the title in CSV.
    pub key: Cow<'static, str>,
    /// How wide it is shown, in characters.
    pub width: u16,
}

impl Column {
    /// A column of that key and width.
    pub const fn new(key: &'static str, width: u16) -> Self {
        Self {
            key: Cow::Borrowed(key),
            width,
        }
    }

    /// A column of a name that somebody gave.
    pub fn named(key: String, width: u16) -> Self {
        Self {
            key: Cow::Owned(key),
            width,
        }
    }

    /// The title for people: `first_name` is `First name`.
    pub fn title(&self) -> String {
        let words = self.key.replace('_', " ");
        let mut letters = words.chars();
        letters
            .next()
            .map(|it| it.to_uppercase().collect::<String>() + letters.as_str())
            .unwrap_or_default()
    }
}

/// What is in a cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// Text, whatever it begins with.
    Text(String),
    /// A whole number.
    Number(i64),
    /// Yes or no.
    Flag(bool),
    /// An instant.
    Instant(Timestamp),
    /// A day.
    Day(Date),
    /// Several words.
    Words(Vec<String>),
    /// Several texts, each of which may have spaces in it.
    List(Vec<String>),
    /// Several values, each with its name.
    Fields(Vec<(String, String)>),
}

impl Cell {
    /// Text if there is some.
    pub(crate) fn text(text: Option<&str>) -> Self {
        text.map_or(Self::Empty, |it| Self::Text(it.to_owned()))
    }

    /// An instant if there is one.
    pub(crate) fn instant(at: Option<Timestamp>) -> Self {
        at.map_or(Self::Empty, Self::Instant)
    }

    /// A day if there is one.
    pub(crate) fn day(day: Option<Date>) -> Self {
        day.map_or(Self::Empty, Self::Day)
    }

    /// The cell as one text.
    pub(crate) fn said(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Flag(flag) => flag.to_string(),
            Self::Instant(at) => at.to_string(),
            Self::Day(day) => day.to_string(),
            Self::Words(words) => words.join(" "),
            Self::List(texts) => texts.join("; "),
            Self::Fields(fields) => {
                let said = fields
                    .iter()
                    .map(|(name, value)| format!("{name}: {value}"));
                said.collect::<Vec<_>>().join("; ")
            }
        }
    }
}

/// What tables are written into. Rows go out as they come.
pub(crate) trait Sink {
    /// Begins a table.
    fn table(&mut self, name: &str, columns: &[Column]) -> crate::Result<()>;
    /// Writes a row of the table begun last.
    fn row(&mut self, cells: &[Cell]) -> crate::Result<()>;
    /// Draws lines over time beside the table that was written last.
    fn chart(&mut self, _chart: &Chart) -> crate::Result<()> {
        Ok(())
    }
    /// Writes what is left. Nothing may come after it.
    fn end(&mut self) -> crate::Result<()>;
}

/// Lines over time.
pub(crate) struct Chart {
    /// What it shows.
    pub(crate) title: String,
    /// How far apart its days are.
    pub(crate) by: Step,
    /// The days for which there are values.
    pub(crate) days: Vec<Date>,
    /// Its lines.
    pub(crate) lines: Vec<Line>,
}

/// One line of a chart.
pub(crate) struct Line {
    pub(crate) name: String,
    /// One for each day; none where there was none yet, or no longer.
    pub(crate) values: Vec<Option<i64>>,
}

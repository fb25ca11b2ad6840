//! Accounts that people have of their own, outside the organization, with records that can come along when they join.

use serde::{Deserialize, Serialize};

use super::{Date, EmailAddress, IndividualId, UserId};

/// How far somebody came with a training in an account of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordState {
    /// Not begun.
    Assigned,
    /// Begun.
    Started,
    /// Done.
    Completed,
}

impl RecordState {
    /// The word used everywhere.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Assigned => "assigned",
            Self::Started => "started",
            Self::Completed => "completed",
        }
    }
}

/// One record of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The training's name; compared without regard to case and surrounding space.
    pub training: String,
    /// How far they came.
    pub state: RecordState,
    /// The day of that, where it is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub on: Option<Date>,
    /// Whether it came along already.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub transferred: bool,
}

/// What is known of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndividualTerms {
    /// Its address, by which it is the same as a user's.
    pub email: String,
    /// Given name.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub first_name: Option<String>,
    /// Family name.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub last_name: Option<String>,
    /// What can come along, in the order of the file.
    pub records: Vec<Record>,
    /// The user who accepted with it: records came along, or they started fresh.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub taken_by: Option<UserId>,
}

/// An account that somebody has of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Individual {
    /// Its id.
    pub id: IndividualId,
    /// What is known of it.
    pub terms: IndividualTerms,
}

/// An account as a file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewIndividual {
    /// Its address.
    pub email: EmailAddress,
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// What can come along.
    pub records: Vec<Record>,
}

/// How many records of an account are said one by one.
const SAID_RECORDS: usize = 20;

impl IndividualTerms {
    /// Its records and what became of them, in words, with the first of them one by one.
    pub(crate) fn told(&self) -> String {
        let mut text = self.described();
        let said = self.records.iter().take(SAID_RECORDS).map(|it| {
            let on = it.on.map(|on| format!(" {on}")).unwrap_or_default();
            format!("{} {}{on}", it.training, it.state.as_str())
        });
        let mut said: Vec<String> = said.collect();
        let more = self.records.len().saturating_sub(SAID_RECORDS);
        if more > 0 {
            said.push(format!("{more} more"));
        }
        if !said.is_empty() {
            text.push_str(&format!(" ({})", said.join("; ")));
        }
        text
    }

    /// Its records and what became of them, in words.
    pub fn described(&self) -> String {
        let came = self.records.iter().filter(|it| it.transferred).count();
        let records = match self.records.len() {
            1 => "1 record".to_owned(),
            n => format!("{n} records"),
        };
        match (self.taken_by.is_some(), came) {
            (false, 0) => records,
            (true, 0) => format!("{records}, started fresh"),
            (_, came) => format!("{records}, {came} transferred"),
        }
    }
}

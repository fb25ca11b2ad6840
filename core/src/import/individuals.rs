//! Accounts of people's own from a table: one line an account, or one line a record. Column names are understood in the
//! ways in which exports spell them.

use std::collections::HashMap;

use super::Table;
use crate::error::{Error, Result};
use crate::model::{
    Date, EmailAddress, Name, NewIndividual, Record, RecordState, Timestamp, harmless, name_key,
};

/// Something wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line of the file, counted from 1.
    pub line: usize,
    /// What is wrong in it, and what to do.
    pub what: String,
}

/// Everything understood and everything wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reviewed {
    /// Accounts, in the order in which they come first, each with all of its records.
    pub accounts: Vec<NewIndividual>,
    /// What could not be understood. Lines with a problem are not among the accounts.
    pub problems: Vec<Problem>,
    /// The titles of the columns that say nothing here, as they stand in the file.
    pub ignored: Vec<String>,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Email,
    FirstName,
    LastName,
    Training,
    State,
    Day,
}

/// How columns are called, letters and digits only.
const NAMES: &[(&str, Column)] = &[
    ("email", Column::Email),
    ("mail", Column::Email),
    ("emailaddress", Column::Email),
    ("address", Column::Email),
    ("login", Column::Email),
    ("firstname", Column::FirstName),
    ("givenname", Column::FirstName),
    ("first", Column::FirstName),
    ("lastname", Column::LastName),
    ("familyname", Column::LastName),
    ("surname", Column::LastName),
    ("last", Column::LastName),
    ("training", Column::Training),
    ("trainingname", Column::Training),
    ("course", Column::Training),
    ("coursename", Column::Training),
    ("state", Column::State),
    ("status", Column::State),
    ("progress", Column::State),
    ("date", Column::Day),
    ("on", Column::Day),
    ("day", Column::Day),
    ("completedon", Column::Day),
    ("completedat", Column::Day),
    ("completiondate", Column::Day),
];

/// Understands a table of accounts.
///
/// # Errors
/// [`Error::Invalid`] when there is no column of addresses, or a column twice; whatever is wrong with a line is a problem.
pub fn review_individuals(table: &Table) -> Result<Reviewed> {
    let columns = columns(&table.head)?;
    let titles = table.head.iter().zip(&columns);
    let mut reviewed = Reviewed {
        ignored: titles
            .filter(|(title, column)| column.is_none() && !title.trim().is_empty())
            .map(|it| it.0.trim().to_owned())
            .collect(),
        ..Reviewed::default()
    };
    let mut places: HashMap<String, usize> = HashMap::new();
    for (line, cells) in &table.rows {
        let cell = |column| {
            columns
                .iter()
                .position(|it| *it == Some(column))
                .and_then(|place| cells.get(place))
                .map_or("", |it| it.trim())
        };
        match account(cell) {
            Err(error) => reviewed.problems.push(Problem {
                line: *line,
                what: error.to_string(),
            }),
            Ok(account) => match places.get(&account.email.key()) {
                Some(place) => {
                    if let Some(known) = reviewed.accounts.get_mut(*place) {
                        merge(known, account);
                    }
                }
                None => {
                    places.insert(account.email.key(), reviewed.accounts.len());
                    reviewed.accounts.push(account);
                }
            },
        }
    }
    Ok(reviewed)
}

fn columns(head: &[String]) -> Result<Vec<Option<Column>>> {
    let mut columns: Vec<Option<Column>> = Vec::with_capacity(head.len());
    for name in head {
        let word: String = name
            .chars()
            .filter(|it| it.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect();
        let column = NAMES.iter().find(|it| it.0 == word).map(|it| it.1);
        if column.is_some() && columns.contains(&column) {
            let name: String = harmless(name).chars().take(40).collect();
            return Err(Error::invalid(
                "the file",
                format!("has a second column for the same thing, {name:?}"),
                "leave one of them out",
            ));
        }
        columns.push(column);
    }
    if columns.contains(&Some(Column::Email)) {
        Ok(columns)
    } else {
        Err(Error::invalid(
            "the file",
            "has no column called email",
            "name the columns in its first line: email, first name, last name, training, state, date",
        ))
    }
}

fn account<'c>(cell: impl Fn(Column) -> &'c str) -> Result<NewIndividual> {
    let name =
        |what, column| Ok::<_, Error>(Name::parse(what, cell(column))?.map(Name::into_string));
    let email: EmailAddress = cell(Column::Email).parse()?;
    let (state, on) = (state(cell(Column::State))?, day(cell(Column::Day))?);
    let record = name("training", Column::Training)?.map(|training| Record {
        training,
        // A day without a state is the day on which it was done.
        state: state.unwrap_or(if on.is_some() {
            RecordState::Completed
        } else {
            RecordState::Assigned
        }),
        on,
        transferred: false,
    });
    Ok(NewIndividual {
        email,
        first_name: name("first name", Column::FirstName)?,
        last_name: name("last name", Column::LastName)?,
        records: record.into_iter().collect(),
    })
}

fn state(text: &str) -> Result<Option<RecordState>> {
    let word: String = text
        .chars()
        .filter(|it| it.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    match word.as_str() {
        "" => Ok(None),
        "assigned" | "notstarted" | "enrolled" | "open" | "registered" => {
            Ok(Some(RecordState::Assigned))
        }
        "started" | "inprogress" | "incomplete" => Ok(Some(RecordState::Started)),
        "completed" | "complete" | "done" | "passed" | "finished" => {
            Ok(Some(RecordState::Completed))
        }
        _ => {
            let shown: String = harmless(text).chars().take(40).collect();
            Err(Error::invalid(
                "state",
                format!("cannot be {shown:?}"),
                "use assigned, started or completed",
            ))
        }
    }
}

/// The months as English programs shorten them.
const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// A day with a year of four digits that can be read in one way only: `2026/1/31`, `31 Jan 2026`, `31-January-2026`.
fn spelled_day(text: &str) -> Option<Date> {
    let parts: Vec<&str> = text
        .split(['/', '-', ' ', ','])
        .filter(|it| !it.is_empty())
        .collect();
    let [first, month, last] = parts.as_slice() else {
        return None;
    };
    let (year, day) = match (first.len(), last.len()) {
        (4, 1..=2) if text.contains('/') => (first, last),
        (1..=2, 4) if month.len() >= 3 && month.is_ascii() => (last, first),
        _ => return None,
    };
    let named = month.get(..3).map(str::to_ascii_lowercase);
    let named = named.and_then(|it| MONTHS.iter().position(|month| **month == *it));
    let month = match named {
        Some(place) if month.chars().all(char::is_alphabetic) => (place + 1).to_string(),
        _ => (*month).to_owned(),
    };
    format!("{year}-{month:0>2}-{day:0>2}").parse().ok()
}

/// `2026-01-31`, an instant that begins so, `31.01.2026`, or spelled so that it can be read in one way only.
pub(crate) fn day(text: &str) -> Result<Option<Date>> {
    if text.is_empty() {
        return Ok(None);
    }
    let dotted = || {
        let mut parts = text.split('.');
        let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
        let iso = format!("{year}-{month:0>2}-{day:0>2}");
        parts.next().is_none().then_some(iso)?.parse::<Date>().ok()
    };
    let iso = || text.parse::<Date>().ok();
    let instant = || {
        let at = text.parse::<Timestamp>().ok()?;
        at.to_string().get(..10)?.parse().ok()
    };
    // A clock on some wall is of no matter to the day.
    let wall = || {
        let (day, time) = text.split_at_checked(10)?;
        time.starts_with(['T', ' ']).then(|| day.parse().ok())?
    };
    iso()
        .or_else(instant)
        .or_else(wall)
        .or_else(dotted)
        .or_else(|| spelled_day(text))
        .map(Some)
        .ok_or_else(|| {
            let shown: String = harmless(text).chars().take(40).collect();
            let day = text.get(..10).unwrap_or_default();
            let (why, remedy) = match day.parse::<jiff::civil::Date>() {
                Ok(it) if !(1800..=3000).contains(&it.year()) => (
                    "is too far away",
                    "give a year from 1800 to 3000, or leave it empty",
                ),
                _ => ("is not a calendar day", "write it like 2026-11-22"),
            };
            Error::invalid("date", format!("{shown:?} {why}"), remedy)
        })
}

/// Adds what another line says of the same account; of two lines about one training the further one counts.
fn merge(known: &mut NewIndividual, more: NewIndividual) {
    known.first_name = more.first_name.or(known.first_name.take());
    known.last_name = more.last_name.or(known.last_name.take());
    for record in more.records {
        let key = name_key(&record.training);
        match known
            .records
            .iter_mut()
            .find(|it| name_key(&it.training) == key)
        {
            Some(there) if there.state < record.state => *there = record,
            Some(_) => {}
            None => known.records.push(record),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn review(text: &str) -> Result<Reviewed> {
        review_individuals(&Table::read(text.as_bytes())?)
    }

    #[test]
    fn lines_of_one_address_are_one_account_with_all_its_records() {
        let reviewed = review(
            "E-Mail;Surname;Given Name;Course Name;Status;Completed on;Shoe\n\
             ana@x.example;Li;Ana;Basics;In progress;;42\n\
             ANA@x.example;;;basics ;Passed;31.01.2026;\n\
             bo@x.example;;;;;;\n\
             ana@x.example;;;Advanced;;2026-02-03T10:00:00Z;\n",
        )
        .expect("a table");
        assert_eq!(reviewed.problems, []);
        assert_eq!(reviewed.ignored, ["Shoe"]);
        let said: Vec<String> = reviewed
            .accounts
            .iter()
            .map(|it| {
                let records = it.records.iter().map(|it| {
                    let on = it.on.map(|it| it.to_string()).unwrap_or_default();
                    format!("{} {} {on}", it.training, it.state.as_str())
                });
                format!(
                    "{} {:?} {:?} {}",
                    it.email,
                    it.first_name,
                    it.last_name,
                    records.collect::<Vec<_>>().join(", ")
                )
            })
            .collect();
        assert_eq!(
            said,
            [
                "ana@x.example Some(\"Ana\") Some(\"Li\") basics completed 2026-01-31, Advanced completed 2026-02-03",
                "bo@x.example None None "
            ]
        );
    }

    #[test]
    fn what_is_wrong_is_told_line_by_line() {
        let reviewed = review("email,training,state,date\nana,x,,\nbo@x.example,x,maybe,\ncy@x.example,x,done,soon\ndee@x.example,\"a\u{1b}\",,\n")
            .expect("a table");
        assert!(reviewed.accounts.is_empty());
        let lines: Vec<usize> = reviewed.problems.iter().map(|it| it.line).collect();
        assert_eq!(lines, [2, 3, 4, 5]);
        for (problem, words) in reviewed.problems.iter().zip([
            "has no @",
            "use assigned, started or completed",
            "calendar day",
            "control",
        ]) {
            assert!(problem.what.contains(words), "{problem:?}");
        }
    }

    #[test]
    fn days_are_read_where_they_can_be_read_in_one_way_only() {
        for text in [
            "2027-01-31",
            "31.1.2027",
            "2027/01/31",
            "2027/1/31",
            "31 Jan 2027",
            "31-jan-2027",
            "31 January 2027",
            "2027-01-31 10:00",
        ] {
            let found = day(text).ok().flatten().map(|it| it.to_string());
            assert_eq!(found.as_deref(), Some("2027-01-31"), "{text}");
        }
        for text in [
            "01/02/2027",
            "31 Jan 27",
            "Jan 2027",
            "31/Jan/27",
            "2027/13/01",
            "31 Foo 2027",
            "5 2 2027",
        ] {
            assert!(day(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_table_without_addresses_is_refused() {
        for (text, words) in [
            ("name,training\nana,x\n", "no column called email"),
            ("email,mail\na@x.example,b@x.example\n", "second column"),
        ] {
            let error = review(text).expect_err(words).to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}

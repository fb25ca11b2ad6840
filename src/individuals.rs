//! `usher individuals`: accounts that people have of their own, whose records can come along.

use serde_json::{Value, json};
use usher_core::command::Command;
use usher_core::import::{Problem, Table, review_individuals};
use usher_core::model::{Individual, UserId, harmless};

use crate::args::{IndividualsCommand, IndividualsImportArgs, LimitArgs};
use crate::confirm::carry_out;
use crate::desk::Desk;
use crate::failure::{Failure, Result, complain};
use crate::output::{Listing, Row};

const COLUMNS: &[&str] = &["EMAIL", "FIRST NAME", "LAST NAME", "RECORDS"];
const KEYS: &[&str] = &["id", "email", "first_name", "last_name", "user", "records"];
const PAGE: usize = 1_000;
/// How many problems of a file are told.
const TOLD: usize = 20;

pub(crate) fn run(desk: &Desk, command: IndividualsCommand) -> Result<()> {
    match command {
        IndividualsCommand::Import(args) => import(desk, &args),
        IndividualsCommand::List(args) => list(desk, &args),
        IndividualsCommand::Transfer {
            email,
            training,
            plan,
        } => {
            let command = Command::TransferIndividual {
                email,
                trainings: training,
            };
            carry_out(desk, command, &plan)
        }
        IndividualsCommand::Erase { email, plan } => {
            carry_out(desk, Command::EraseIndividual { email }, &plan)
        }
    }
}

fn import(desk: &Desk, args: &IndividualsImportArgs) -> Result<()> {
    let table = Table::of(&crate::reading::sheet(desk, &args.file, None, None)?)?;
    let reviewed = review_individuals(&table)?;
    if !reviewed.ignored.is_empty() {
        let titles: Vec<String> = reviewed
            .ignored
            .iter()
            .map(|it| harmless(it).into_owned())
            .collect();
        complain(&format!(
            "these columns are not known and are left out: {}; known are email, first name, last name, training, state and date",
            titles.join(", ")
        ));
    }
    if !reviewed.problems.is_empty() && !args.partial {
        return Err(Failure::refused(told(&reviewed.problems)));
    }
    if reviewed.accounts.is_empty() {
        return Err(Failure::refused(
            "nothing was applied: the file has no account",
        ));
    }
    let command = Command::ImportIndividuals {
        accounts: reviewed.accounts,
    };
    carry_out(desk, command, &args.plan)
}

/// What is wrong with the lines of a file.
fn told(problems: &[Problem]) -> String {
    let mut text = format!(
        "nothing was applied: {} of the file cannot be understood; correct them, or leave them out with --partial",
        match problems.len() {
            1 => "1 line".to_owned(),
            n => format!("{n} lines"),
        }
    );
    for problem in problems.iter().take(TOLD) {
        text.push_str(&format!("\n  line {}: {}", problem.line, problem.what));
    }
    let more = problems.len().saturating_sub(TOLD);
    if more > 0 {
        text.push_str(&format!("\n  and {more} more"));
    }
    text
}

fn list(desk: &Desk, args: &LimitArgs) -> Result<()> {
    let read = desk.read()?;
    let mut listing = Listing::begin(desk.format, COLUMNS, KEYS);
    let mut left = args.limit.unwrap_or(usize::MAX);
    let mut after: Option<String> = None;
    loop {
        let limit = PAGE.min(left);
        let page = read.individuals(after.as_deref(), limit)?;
        let takers: Vec<UserId> = page.iter().filter_map(|it| it.terms.taken_by).collect();
        let labels = read.labels_of(&takers)?;
        for account in &page {
            let user = account.terms.taken_by.and_then(|it| labels.get(&it));
            listing.row(row(account, user.map(String::as_str)))?;
        }
        left -= page.len();
        match page.last() {
            Some(last) if page.len() == PAGE && left > 0 => after = Some(last.terms.email.clone()),
            _ => return listing.end("no individual accounts"),
        }
    }
}

fn row(account: &Individual, user: Option<&str>) -> Row {
    let terms = &account.terms;
    let text = |it: &Option<String>| it.clone().unwrap_or_default();
    let cells = vec![
        terms.email.clone(),
        text(&terms.first_name),
        text(&terms.last_name),
        terms.described(),
    ];
    let records = terms.records.iter().map(|it| {
        json!({ "training": it.training, "state": it.state, "on": it.on, "transferred": it.transferred })
    });
    let json = vec![
        ("id", json!(account.id)),
        ("email", json!(terms.email)),
        ("first_name", json!(terms.first_name)),
        ("last_name", json!(terms.last_name)),
        ("user", json!(user)),
        ("records", Value::Array(records.collect())),
    ];
    Row { cells, json }
}

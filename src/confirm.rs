//! One way from a command to its batch: plan, show, ask, apply, say what came of it. What is asked is what is applied:
//! the digest of the plan that was shown goes along, and whatever moved meanwhile is shown and asked again.

mod show;

use std::io::{self, Write as _};

use serde_json::{Value, json};
use usher_core::command::{Command, Request, WhenFull};
use usher_core::import::{Does, Review};
use usher_core::{Applied, Error, Plan};

use crate::args::{Format, PlanArgs};
use crate::desk::{Desk, can_ask};
use crate::failure::{Failure, Result};
use crate::output::{Listing, Row};
use crate::watching;

/// How many reasons are told in one sentence.
const SHOWN_REASONS: usize = 20;
/// The columns of a plan as a list of changes.
const CHANGE_KEYS: &[&str] = &["user", "what", "before", "after"];

/// Plans the command, and shows or applies it as asked, saying what came of it.
pub(crate) fn carry_out(desk: &Desk, command: Command, args: &PlanArgs) -> Result<()> {
    if let Some(applied) = apply(desk, command, args)? {
        show_applied(desk, &applied)?;
    }
    Ok(())
}

/// Plans the command, and shows or applies it as asked. None when only the plan was asked for, which is printed then.
pub(crate) fn apply(desk: &Desk, command: Command, args: &PlanArgs) -> Result<Option<Applied>> {
    let mut request = desk.session.request(command);
    request.when_full = chosen(args);
    if args.plan {
        print_plan(desk.format, &watching::plan(&desk.session, &request)?)?;
        return Ok(None);
    }
    if args.confirm.is_some() || args.yes {
        let applied = watching::apply(&desk.session, request, args.confirm).map_err(explained)?;
        return changed(desk, applied).map(Some);
    }
    if !can_ask() {
        let plan = desk.session.plan(&request)?;
        return Err(Failure::refused(format!(
            "nothing was applied: {}; without a terminal, say --yes to apply it, or --plan to see it",
            show::sentence(&plan)
        )));
    }
    ask_and_apply(desk, request).map(Some)
}

pub(crate) fn chosen(args: &PlanArgs) -> WhenFull {
    match (args.queue_rest, args.fewer) {
        (true, _) => WhenFull::QueueRest,
        (false, true) => WhenFull::Fewer,
        (false, false) => WhenFull::Ask,
    }
}

/// Asks until the person agrees to what is true, or declines.
fn ask_and_apply(desk: &Desk, mut request: Request) -> Result<Applied> {
    let mut plan = watching::plan(&desk.session, &request)?;
    loop {
        show::on_terminal(&plan, &mut io::stderr().lock())?;
        if plan.is_empty() {
            return Err(
                match plan.review.as_ref().filter(|it| !it.faults.is_empty()) {
                    Some(review) => Failure::refused(nothing_right(review)),
                    None => nothing_to_change(&plan),
                },
            );
        }
        if let Some(review) = plan.review.as_ref().filter(|it| it.is_blocked()) {
            return Err(Failure::refused(review.sentence()));
        }
        if !plan.shortfalls.is_empty() {
            request.when_full = choose_when_full()?;
            plan = desk.session.plan(&request)?;
            continue;
        }
        agree(&plan)?;
        match watching::apply(&desk.session, request.clone(), Some(plan.digest)) {
            Err(Error::Moved(moved)) => {
                eprintln_safely(&format!(
                    "Meanwhile it has changed: {}.",
                    moved.what.join("; ")
                ))?;
                plan = moved.plan;
            }
            Err(error) => return Err(explained(error)),
            Ok(applied) => return changed(desk, applied),
        }
    }
}

fn choose_when_full() -> Result<WhenFull> {
    match answer("Not everybody fits: [f]ewer people, [q]ueue the rest, or nothing? ")?.as_str() {
        "f" | "fewer" => Ok(WhenFull::Fewer),
        "q" | "queue" => Ok(WhenFull::QueueRest),
        _ => Err(Failure::refused("nothing was applied")),
    }
}

/// What cannot be undone needs its words typed; anything else a `y`.
fn agree(plan: &Plan) -> Result<()> {
    let words = format!("erase {}", plan.people());
    let (question, expected) = match plan.command {
        "individuals_erase" => (
            "This cannot be undone. Type `erase` to go on: ".to_owned(),
            "erase",
        ),
        "erase" => (
            format!("This cannot be undone. Type `{words}` to go on: "),
            words.as_str(),
        ),
        _ => ("Apply this? [y/N] ".to_owned(), "y"),
    };
    let answer = answer(&question)?;
    if answer == expected || (expected == "y" && answer == "yes") {
        Ok(())
    } else {
        Err(Failure::refused("nothing was applied"))
    }
}

/// What somebody types at a question, in lower case; nothing at the end of input.
pub(crate) fn answer(question: &str) -> Result<String> {
    let mut out = io::stderr().lock();
    write!(out, "{question}")?;
    out.flush()?;
    drop(out);
    let mut line = String::new();
    io::stdin()
        .read_line(&mut line)
        .map_err(|it| Failure::refused(format!("cannot read the answer: {it}")))?;
    Ok(line.trim().to_lowercase())
}

fn eprintln_safely(text: &str) -> Result<()> {
    Ok(writeln!(
        io::stderr().lock(),
        "{}",
        crate::output::one_line(text)
    )?)
}

/// Adds the options that answer the error to its sentence.
fn explained(error: Error) -> Failure {
    match error {
        Error::NoSeat(shortfall) => Failure::refused(format!(
            "nothing was applied: {shortfall} (--queue-rest, or --fewer to take whom it holds)"
        )),
        Error::Moved(moved) => Failure::refused(format!(
            "nothing was applied: the plan has changed since it was shown: {}; its digest is now {}",
            moved.what.join("; "),
            moved.plan.digest
        )),
        Error::Faulty(review) => {
            Failure::refused(format!("{}\n{}", review.sentence(), show::faults(&review)))
        }
        error => error.into(),
    }
}

/// The applied plan, unless it changed nothing: that is a refusal, with the reasons.
fn changed(desk: &Desk, applied: Applied) -> Result<Applied> {
    if applied.batch.is_some() {
        return Ok(applied);
    }
    if desk.format != Format::Table {
        show_applied(desk, &applied)?;
    }
    Err(nothing_to_change(&applied.plan))
}

fn nothing_to_change(plan: &Plan) -> Failure {
    if let Some(review) = plan.review.as_ref().filter(|it| !it.faults.is_empty()) {
        let faults = show::faults(review);
        return Failure::refused(format!("{}\n{}", nothing_right(review), faults.trim_end()));
    }
    let reasons = show::skips_by_reason(plan);
    if reasons.is_empty() {
        return Failure::refused("nothing was applied: nobody and nothing would change");
    }
    let some = reasons.iter().take(SHOWN_REASONS);
    let mut said: Vec<_> = some
        .map(|(reason, who)| format!("{reason} ({})", who.len()))
        .collect();
    if reasons.len() > SHOWN_REASONS {
        let more = reasons.len() - SHOWN_REASONS;
        said.push(format!("{more} more reasons, which --plan tells"));
    }
    Failure::refused(format!("nothing was applied; skipped: {}", said.join(", ")))
}

/// What is said of a file of which nothing can be done, though what is right would be.
fn nothing_right(review: &Review) -> String {
    let wrong = review.count(Does::Wrong);
    let rest = match review.rows.len() - wrong {
        0 => "",
        _ => ", and the others change nothing",
    };
    format!(
        "nothing was applied: {wrong} of {} rows {} wrong{rest}",
        review.rows.len(),
        if wrong == 1 { "is" } else { "are" },
    )
}

fn print_plan(format: Format, plan: &Plan) -> Result<()> {
    match format {
        Format::Table => {
            show::on_terminal(plan, &mut io::stdout().lock())?;
            match plan.review.as_ref().is_some_and(|it| it.is_blocked()) {
                // There is nothing to confirm.
                true => Ok(()),
                false => crate::output::say(format, &format!("digest {}", plan.digest)),
            }
        }
        Format::Json => print_line(&serde_json::to_string(plan)?),
        Format::Csv => changes_as_csv(plan),
    }
}

/// Says what was applied.
pub(crate) fn show_applied(desk: &Desk, applied: &Applied) -> Result<()> {
    let shown = match desk.format {
        Format::Table => show::applied(applied, &mut io::stdout().lock()),
        Format::Json => applied_json(applied).and_then(|it| print_line(&it)),
        Format::Csv => changes_as_csv(&applied.plan),
    };
    shown.map_err(|it| it.although_applied(applied.batch))
}

/// An applied plan: the plan's own keys, and what came of it.
fn applied_json(applied: &Applied) -> Result<String> {
    let mut text = serde_json::to_string(&applied.plan)?;
    text.pop();
    let promotions: Vec<_> = applied.promotions.iter().map(ToString::to_string).collect();
    let more = [
        ("batch", crate::args::batch_json(applied.batch)),
        ("at", json!(applied.at)),
        ("promotions", json!(promotions)),
        ("promoted", json!(applied.promoted)),
    ];
    for (key, value) in more {
        text.push_str(&format!(",\"{key}\":{value}"));
    }
    text.push('}');
    Ok(text)
}

fn print_line(text: &str) -> Result<()> {
    Ok(writeln!(io::stdout().lock(), "{text}")?)
}

fn changes_as_csv(plan: &Plan) -> Result<()> {
    let mut listing = Listing::begin(Format::Csv, CHANGE_KEYS, CHANGE_KEYS);
    for (who, change) in plan.told() {
        let user = who.map_or(Value::Null, Value::String);
        for said in change.described_in_full(&plan.names) {
            let json = vec![
                ("user", user.clone()),
                ("what", json!(said.what)),
                ("before", said.before),
                ("after", said.after),
            ];
            listing.row(Row {
                cells: Vec::new(),
                json,
            })?;
        }
    }
    listing.end("")
}

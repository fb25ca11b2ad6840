//! A plan for people to read: numbers first, then who is left out and why, pools before and after, mail, and last the
//! changes themselves, person by person.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;

use usher_core::change::{Change, NewUser};
use usher_core::import::{Does, GUESSED, Review, letters};
use usher_core::model::{Field, UserId};
use usher_core::plan::{DatesMoved, PoolEffect};
use usher_core::{Applied, Plan};

use crate::failure::Result;
use crate::output::one_line;

/// How many people's changes are shown in full.
const SHOWN_PEOPLE: usize = 20;
/// How many names are shown of those left out for one reason.
const SHOWN_SKIPS: usize = 5;
/// How many faults of a file are shown.
const SHOWN_FAULTS: usize = 20;

/// The plan as text for a terminal.
pub(crate) fn on_terminal(plan: &Plan, out: &mut impl io::Write) -> Result<()> {
    let mut text = String::new();
    if let Some(review) = plan.review.as_ref().filter(|it| it.is_blocked()) {
        let _ = writeln!(text, "nothing would be applied: {}:", review.remedy());
    }
    let _ = writeln!(text, "{}", numbers(plan));
    for shortfall in &plan.shortfalls {
        let _ = writeln!(text, "  does not fit: {shortfall}");
    }
    reviewed(&mut text, plan);
    effects(&mut text, plan);
    promoted(&mut text, plan.effects.promoted.people);
    if ["erase", "individuals_erase"].contains(&plan.command) && !plan.is_empty() {
        text.push_str("  this cannot be undone\n");
    }
    changes(&mut text, plan);
    write_lines(out, &text)
}

/// What was applied, in a few lines.
pub(crate) fn applied(applied: &Applied, out: &mut impl io::Write) -> Result<()> {
    let mut text = format!("done: {}\n", sentence(&applied.plan));
    reviewed(&mut text, &applied.plan);
    effects(&mut text, &applied.plan);
    promoted(&mut text, applied.promoted);
    if let Some(batch) = applied.batch {
        let undo = if applied.plan.has_undo() {
            format!("; undo it with: usher undo {batch}")
        } else {
            String::new()
        };
        let _ = writeln!(text, "batch {batch}{undo}");
    }
    write_lines(out, &text)
}

fn write_lines(out: &mut impl io::Write, text: &str) -> Result<()> {
    for line in text.lines() {
        writeln!(out, "{}", one_line(line))?;
    }
    Ok(())
}

/// The numbers and what does not fit, in one line.
pub(crate) fn sentence(plan: &Plan) -> String {
    let mut text = numbers(plan);
    for shortfall in &plan.shortfalls {
        let _ = write!(text, "; {shortfall}");
    }
    text
}

/// The numbers: `deactivate: 78 active → inactive, 312 changes, 2 skipped`.
fn numbers(plan: &Plan) -> String {
    let mut parts: Vec<String> = moves(plan)
        .into_iter()
        .map(|((before, after), people)| format!("{people} {before} → {after}"))
        .collect();
    if parts.is_empty() && plan.people() > 0 {
        parts.push(count(plan.people(), "person", "people"));
    }
    parts.push(count(plan.changes.len(), "change", "changes"));
    if !plan.skipped.is_empty() {
        parts.push(format!("{} skipped", plan.left_out()));
    }
    format!("{}: {}", plan.command.replace('_', " "), parts.join(", "))
}

/// How many people go from which status to which. Others may change too, such as those who get another manager.
fn moves(plan: &Plan) -> BTreeMap<(&'static str, &'static str), usize> {
    let mut moves = BTreeMap::new();
    for change in plan.changes.iter() {
        let step = match &*change {
            Change::UserCreated { created, .. } => ("new", created.status.as_str()),
            Change::Status { before, after, .. } => (before.as_str(), after.as_str()),
            Change::Erased { before, .. } => (before.as_str(), "erased"),
            _ => continue,
        };
        *moves.entry(step).or_default() += 1;
    }
    moves
}

fn effects(text: &mut String, plan: &Plan) {
    let mut reasons = skips_by_reason(plan);
    if plan.review.is_some() {
        // What is wrong in a row is told with its cell.
        reasons.retain(|reason, _| !reason.starts_with("row "));
    }
    for (reason, who) in reasons {
        let names: Vec<_> = who.iter().take(SHOWN_SKIPS).copied().collect();
        let more = who.len().saturating_sub(SHOWN_SKIPS);
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        let _ = writeln!(text, "  skipped, {reason}: {}{more}", names.join(", "));
    }
    for pool in &plan.effects.pools {
        pool_line(text, pool);
    }
    let is_asked = |it: &Cow<'_, Change>| matches!(**it, Change::ApprovalAsked { .. });
    let asked = plan.changes.iter().filter(is_asked).count();
    if asked > 0 {
        let _ = writeln!(
            text,
            "  {} a second administrator's approval first; see usher approvals",
            count(asked, "permission takes", "permissions take")
        );
    }
    if plan.mails() > 0 {
        let _ = writeln!(text, "  {} to send", count(plan.mails(), "mail", "mails"));
    }
    if plan.effects.unsent > 0 {
        let _ = writeln!(
            text,
            "  {} no mail any more; usher resend WHO sends one, to who is queued once they have a seat",
            count(plan.effects.unsent, "invitation has", "invitations have")
        );
    }
    for it in &plan.effects.leaving {
        let people = count(it.people, "person", "people");
        let _ = writeln!(text, "  {people} to be {}", it.in_words());
    }
    dates(text, &plan.effects.dates);
    if plan.effects.managers_moved > 0 {
        let _ = writeln!(
            text,
            "  {}",
            count(
                usize::try_from(plan.effects.managers_moved).unwrap_or_default(),
                "report moves up to the next manager, or to nobody",
                "reports move up to the next manager, or to nobody"
            )
        );
    }
    if plan.effects.assignments_ended > 0 {
        let _ = writeln!(
            text,
            "  {}",
            count(
                usize::try_from(plan.effects.assignments_ended).unwrap_or_default(),
                "open assignment ends",
                "open assignments end"
            )
        );
    }
}

/// What another time zone does to the dates that are set.
fn dates(text: &mut String, dates: &DatesMoved) {
    let some =
        |n: i64, one: &str, many: &str| count(usize::try_from(n).unwrap_or_default(), one, many);
    if dates.moved > 0 {
        let moved = some(dates.moved, "date acts", "dates act");
        let at_once = match dates.at_once {
            0 => String::new(),
            n => format!(", {} at once", some(n, "of them", "of them")),
        };
        let _ = writeln!(text, "  {moved} at another instant{at_once}; the first:");
    }
    for it in &dates.first {
        let kind = it.kind.replace('_', " ");
        let _ = writeln!(
            text,
            "    {} {kind} {}: {} → {}",
            it.day,
            it.whose(),
            it.before,
            it.after
        );
    }
}

/// What an import makes of its rows, and what is wrong with them.
fn reviewed(text: &mut String, plan: &Plan) {
    let Some(review) = &plan.review else { return };
    let counts = [
        (Does::Invite, "to invite"),
        (Does::Create, "to create"),
        (Does::Queue, "to queue"),
        (Does::Update, "to update"),
        (Does::Nothing, "unchanged"),
        (Does::LeftOut, "left out without a seat"),
        (Does::Wrong, "wrong"),
    ];
    let counts: Vec<String> = counts
        .iter()
        .map(|(does, word)| (review.count(*does), word))
        .filter(|it| it.0 > 0)
        .map(|(rows, word)| format!("{rows} {word}"))
        .collect();
    let rows = count(review.rows.len(), "row", "rows");
    let _ = match (counts.is_empty(), review.has_only_the_example()) {
        (false, _) => writeln!(text, "  {rows}: {}", counts.join(", ")),
        (true, true) => writeln!(
            text,
            "  no rows but the template's example, which is left alone"
        ),
        (true, false) => writeln!(text, "  no rows below the titles"),
    };
    if let Some(unread) = review.sheet.about.unread() {
        let _ = writeln!(text, "  {unread}; --sheet NAME reads another");
    }
    let ignored: Vec<&str> = review.columns.ignored().collect();
    if !ignored.is_empty() {
        let _ = writeln!(text, "  columns that are ignored: {}", ignored.join(", "));
    }
    let untitled: Vec<String> = review.columns.untitled().map(letters).collect();
    if !untitled.is_empty() {
        let _ = writeln!(
            text,
            "  what stands in columns without a title is ignored: {}",
            untitled.join(", ")
        );
    }
    if !plan.shortfalls.is_empty() && review.wrong_arrivals > 0 {
        let _ = writeln!(
            text,
            "  {} of those that are wrong {} for seats, too, once mended",
            review.wrong_arrivals,
            if review.wrong_arrivals == 1 {
                "asks"
            } else {
                "ask"
            }
        );
    }
    if !plan.shortfalls.is_empty() && review.wrong_leavers > 0 {
        let _ = writeln!(
            text,
            "  {} of those that are wrong {} back, once mended",
            review.wrong_leavers,
            if review.wrong_leavers == 1 {
                "gives a seat"
            } else {
                "give seats"
            }
        );
    }
    let about = &review.sheet.about;
    let encoding = about.encoding.as_deref().filter(|it| *it != "UTF-8");
    let separator = about.separator.filter(|it| *it != ',');
    if encoding.is_some() || separator.is_some() {
        let _ = writeln!(
            text,
            "  read as {} text, its cells apart by {}{}",
            about.encoding.as_deref().unwrap_or("UTF-8"),
            match about.separator.unwrap_or(',') {
                '\t' => "tabs".to_owned(),
                other => format!("`{other}`"),
            },
            match encoding {
                Some(GUESSED) => "; --encoding names another",
                _ => "",
            }
        );
    }
    text.push_str(&faults(review));
}

/// What is wrong in a file, cell by cell, as far as it can be shown.
pub(crate) fn faults(review: &Review) -> String {
    let mut text = String::new();
    for fault in review.faults.iter().take(SHOWN_FAULTS) {
        let place = match fault.column {
            Some(column) => format!("{}{}, {}", letters(column), fault.row, review.title(column)),
            None => format!("row {}", fault.row),
        };
        let _ = writeln!(text, "  {place}: {}", fault.why);
    }
    let more = review.faults.len().saturating_sub(SHOWN_FAULTS);
    if more > 0 {
        let _ = writeln!(
            text,
            "  and {more} more; --errors OUT.xlsx writes them all into a copy"
        );
    }
    text
}

fn promoted(text: &mut String, people: usize) {
    if people > 0 {
        let _ = writeln!(
            text,
            "  {} promoted from the queue",
            count(people, "person", "people")
        );
    }
}

fn pool_line(text: &mut String, pool: &PoolEffect) {
    let _ = write!(text, "  {}: ", pool.name);
    if pool.purchased != pool.purchased_after {
        let _ = write!(
            text,
            "purchased {} → {}, ",
            pool.purchased, pool.purchased_after
        );
    }
    let _ = write!(
        text,
        "held {} → {}, free {} → {}",
        pool.held_before,
        pool.held_after,
        pool.free_before(),
        pool.free_after()
    );
    match (pool.outside, pool.outside_after) {
        (_, Some(outside)) => {
            let _ = write!(text, " ({outside})");
        }
        (Some(_), None) => text.push_str(" (open from now on)"),
        (None, None) => {}
    }
    if pool.queued_before != pool.queued_after || pool.queued_after > 0 {
        let _ = write!(
            text,
            ", queued {} → {}",
            pool.queued_before, pool.queued_after
        );
    }
    text.push('\n');
}

/// Who is left out, by reason, in order of the reasons.
pub(crate) fn skips_by_reason(plan: &Plan) -> BTreeMap<&str, Vec<&str>> {
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for skip in &plan.skipped {
        reasons.entry(&skip.reason).or_default().push(&skip.who);
    }
    reasons
}

/// One line a person, with everything that changes of them, in the order in which they come first.
fn changes(text: &mut String, plan: &Plan) {
    let mut lines: Vec<(Option<UserId>, Option<String>, Vec<String>)> = Vec::new();
    let mut left_out = 0;
    for (who, change) in plan.told() {
        let user = change.user();
        if let Some((_, _, all)) = lines.iter_mut().find(|it| it.0 == user) {
            all.push(said(&change, plan));
        } else if lines.len() < SHOWN_PEOPLE {
            lines.push((user, who, vec![said(&change, plan)]));
        } else {
            left_out += 1;
        }
    }
    for (_, who, all) in lines {
        let who = who.unwrap_or_else(|| "·".to_owned());
        let _ = writeln!(text, "    {who}  {}", all.join(", "));
    }
    if left_out > 0 {
        let _ = writeln!(
            text,
            "    and {}; --plan --format json shows all",
            count(left_out, "more change", "more changes")
        );
    }
}

fn said(change: &Change, plan: &Plan) -> String {
    if let Change::UserCreated { created, .. } = change {
        let about = who_comes(created, plan);
        return match about.is_empty() {
            true => format!("new, {}", created.status),
            false => format!("new, {} ({about})", created.status),
        };
    }
    let described = change.described(&plan.names);
    let (mut before, mut after) = described.in_words();
    for word in [&mut before, &mut after] {
        if word.is_empty() {
            word.push_str("none");
        }
    }
    format!("{} {before} → {after}", described.what)
}

/// What whoever gives a command has just said of somebody new.
fn who_comes(created: &NewUser, plan: &Plan) -> String {
    if !["import", "invite", "invite_session", "create"].contains(&plan.command) {
        return String::new();
    }
    let said = |field| created.profile.get(field).map(str::to_owned);
    let names: Vec<String> = [said(Field::FirstName), said(Field::LastName)]
        .into_iter()
        .flatten()
        .collect();
    let name = match names.is_empty() {
        true => said(Field::DisplayName),
        false => Some(names.join(" ")),
    };
    let labelled = |what: &str, said: Option<String>| said.map(|it| format!("{what} {it}"));
    let manager = created.manager;
    let all = [
        name,
        said(Field::Title),
        said(Field::FunctionalArea),
        said(Field::Region),
        labelled("user name", said(Field::UserName)),
        labelled("language", said(Field::Language)),
        labelled("labels", said(Field::Labels)),
        manager.map(|it| format!("reports to {}", plan.names.user(it))),
        labelled("deactivated on", said(Field::DeactivateOn)),
        labelled("deleted on", said(Field::DeleteOn)),
    ];
    all.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

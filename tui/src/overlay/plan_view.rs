//! Drawing the plan sheet: the numbers, then everybody by name, then what to press.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::symbols::border;
use usher_core::command::WhenFull;
use usher_core::plan::PoolEffect;

use crate::action::{Action, Place};
use crate::cell::{put, put_right, row};
use crate::chrome::{clear, put_hints};
use crate::overlay::plan::{Phase, Room, Sheet};
use crate::summary::Proposal;
use crate::theme::{Role, Theme};
use crate::words::{count, given_back, number, people, some, wrapped};

/// Cells of a label at the left of the numbers.
const LABEL: u16 = 15;
/// Most lines of the command; `c` copies it whole.
const MOST_COMMAND_LINES: usize = 4;

/// Most addresses that are questioned one by one.
const MOST_DOUBTS: usize = 4;

/// One line of the numbers.
struct Said {
    label: &'static str,
    text: String,
    role: Role,
}

/// A sheet and how it is drawn.
#[derive(Clone, Copy)]
pub(crate) struct SheetView<'a> {
    /// The sheet.
    pub(crate) sheet: &'a Sheet,
    /// Whom it is about, in words.
    pub(crate) target: &'a str,
    /// How many changes are planned, while it is being made.
    pub(crate) planned: usize,
    /// Its colours.
    pub(crate) theme: Theme,
    /// Without a frame.
    pub(crate) plain: bool,
}

/// Draws the sheet over an area.
pub(crate) fn draw(view: &SheetView<'_>, area: Rect, frame: &mut Frame<'_>) {
    let SheetView {
        sheet,
        target,
        planned,
        theme,
        plain,
    } = *view;
    let buf = frame.buffer_mut();
    clear(area, buf);
    let inner = if is_framed(plain, area) {
        framed(area, theme, buf)
    } else {
        area
    };
    if inner.is_empty() {
        return;
    }
    let cursor = match &sheet.phase {
        Phase::Planning => {
            put(buf, row(inner, 0), 0, target, theme.style(Role::Title));
            let text = match planned {
                0 => "planning…".to_owned(),
                n => format!("planning… {} so far", some(n, "change")),
            };
            put(buf, row(inner, 1), 0, &text, theme.style(Role::Muted));
            None
        }
        Phase::Failed(why) => {
            put(buf, row(inner, 0), 0, target, theme.style(Role::Title));
            let lines = wrapped(why, usize::from(inner.width));
            for (y, line) in (1..inner.height - 1).zip(&lines) {
                put(buf, row(inner, y), 0, line, theme.style(Role::Danger));
            }
            put_hints(
                theme,
                Place::Plan,
                &[Action::Back],
                row(inner, inner.height - 1),
                buf,
            );
            None
        }
        Phase::Shown {
            proposal,
            moved,
            unknown,
        } => Some(shown(view, proposal, moved, unknown.as_deref(), inner, buf)),
    };
    frame.set_cursor_position(cursor.unwrap_or(inner.as_position()));
}

pub(crate) fn framed(area: Rect, theme: Theme, buf: &mut Buffer) -> Rect {
    let set = border::PLAIN;
    let style = theme.style(Role::Muted);
    let (last_x, last_y) = (area.width - 1, area.height - 1);
    let across = set.horizontal_top.repeat(usize::from(last_x - 1));
    for (y, left, right) in [
        (0, set.top_left, set.top_right),
        (last_y, set.bottom_left, set.bottom_right),
    ] {
        put(
            buf,
            row(area, y),
            0,
            &format!("{left}{across}{right}"),
            style,
        );
    }
    for y in 1..last_y {
        put(buf, row(area, y), 0, set.vertical_left, style);
        put(buf, row(area, y), last_x, set.vertical_right, style);
    }
    Rect {
        x: area.x + 2,
        y: area.y + 1,
        width: area.width - 4,
        height: area.height - 2,
    }
}

/// Draws a plan and returns where the cursor belongs.
fn shown(
    view: &SheetView<'_>,
    proposal: &Proposal,
    moved: &[String],
    unknown: Option<&str>,
    area: Rect,
    buf: &mut Buffer,
) -> Position {
    let (sheet, theme) = (view.sheet, view.theme);
    let digest = proposal.plan.digest.to_string();
    let digest = format!("plan {}", digest.get(..6).unwrap_or(""));
    let at = put_right(buf, row(area, 0), &digest, theme.style(Role::Muted));
    let heading = Rect {
        width: at.saturating_sub(1),
        ..row(area, 0)
    };
    put(
        buf,
        heading,
        0,
        &proposal.heading(),
        theme.style(Role::Title),
    );
    let mut y = 1;
    let said = said_above(view.target, proposal, moved, unknown, area.width);
    let foot = area.height.saturating_sub(2);
    for line in said {
        if y >= foot {
            break;
        }
        put(buf, row(area, y), 0, line.label, theme.style(Role::Muted));
        put(
            buf,
            row(area, y),
            if line.label.is_empty() { 0 } else { LABEL },
            &line.text,
            theme.style(line.role),
        );
        y += 1;
    }
    y += 1;
    let lines = Rect {
        y: area.y + y.min(foot),
        height: foot.saturating_sub(y),
        ..area
    };
    list(sheet, proposal, theme, lines, buf);
    footer(
        sheet,
        proposal,
        theme,
        Rect {
            y: area.y + foot,
            height: area.height - foot,
            ..area
        },
        buf,
    )
}

/// What stands above the list.
fn said_above(
    target: &str,
    proposal: &Proposal,
    moved: &[String],
    unknown: Option<&str>,
    width: u16,
) -> Vec<Said> {
    let mut said = vec![Said {
        label: "",
        text: target.to_owned(),
        role: Role::Muted,
    }];
    said.extend(unknown.map(|why| Said {
        label: "Unknown",
        text: format!("{why}: y does exactly this again, and nothing twice"),
        role: Role::Danger,
    }));
    said.extend(moved.iter().map(|it| Said {
        label: "Moved",
        text: it.clone(),
        role: Role::Danger,
    }));
    said.extend(numbers(proposal, width));
    said
}

/// How much room the list has in an area.
pub(crate) fn list_room(sheet: &Sheet, plain: bool, area: Rect) -> Room {
    let Phase::Shown {
        proposal,
        moved,
        unknown,
    } = &sheet.phase
    else {
        return Room {
            rows: usize::from(area.height),
            width: area.width,
            folds: false,
        };
    };
    let (width, height) = if is_framed(plain, area) {
        (area.width - 4, area.height - 2)
    } else {
        (area.width, area.height)
    };
    let above = said_above("", proposal, moved, unknown.as_deref(), width).len() + 2;
    Room {
        rows: usize::from(height.saturating_sub(2)).saturating_sub(above),
        width,
        folds: false,
    }
}

fn is_framed(plain: bool, area: Rect) -> bool {
    !(plain || area.width < 50 || area.height < 10)
}

fn numbers(proposal: &Proposal, width: u16) -> Vec<Said> {
    let plan = &proposal.plan;
    let mut said = Vec::new();
    let mut say = |label, text: String, role| said.push(Said { label, text, role });
    if plan.is_empty() && proposal.fits() {
        say("Changes", "nothing would change".to_owned(), Role::Warn);
    } else {
        let words: Vec<_> = proposal
            .transitions
            .iter()
            .map(|(word, n)| format!("{word} {}", count(*n)))
            .collect();
        say(
            "Changes",
            match proposal.number() {
                0 => some(proposal.n_things, "change"),
                n => format!("{}   {}", people(n), words.join(" · ")),
            },
            Role::Good,
        );
    }
    if !plan.skipped.is_empty() {
        let words: Vec<_> = proposal
            .reasons
            .iter()
            .take(4)
            .map(|(why, n)| format!("{} {why}", count(*n)))
            .collect();
        say(
            "Skipped",
            format!("{}   {}", count(proposal.n_left_out), words.join(" · ")),
            Role::Warn,
        );
    }
    for doubt in proposal.doubts.iter().take(MOST_DOUBTS) {
        say("Mistyped?", doubt.clone(), Role::Danger);
    }
    if proposal.doubts.len() > MOST_DOUBTS {
        let more = count(proposal.doubts.len() - MOST_DOUBTS);
        say(" ", format!("and {more} more"), Role::Danger);
    }
    for pool in &plan.effects.pools {
        say(
            "Seats",
            pool_in_words(pool),
            if pool.fits { Role::Plain } else { Role::Danger },
        );
    }
    for shortfall in &plan.shortfalls {
        let (asked, free) = (number(shortfall.asked), number(shortfall.free));
        let why = if shortfall.outside_dates {
            ", and today is outside its dates"
        } else {
            ""
        };
        say(
            "Not enough",
            format!(
                "{}: {asked} needed, {free} free{why}{}",
                shortfall.pool,
                given_back(shortfall)
            ),
            Role::Danger,
        );
    }
    if plan.effects.managers_moved > 0 {
        say(
            "Managers",
            format!(
                "{} report to the next above, if any",
                people(usize::try_from(plan.effects.managers_moved).unwrap_or(0))
            ),
            Role::Plain,
        );
    }
    if plan.effects.assignments_ended > 0 {
        let ended = usize::try_from(plan.effects.assignments_ended).unwrap_or(0);
        say(
            "Trainings",
            format!("{} to end", some(ended, "open assignment")),
            Role::Plain,
        );
    }
    for it in &plan.effects.leaving {
        let text = format!("{} {}", people(it.people), it.in_words());
        say("Leaving", text, Role::Warn);
    }
    let dates = &plan.effects.dates;
    if dates.moved > 0 {
        let size = |n: i64| usize::try_from(n).unwrap_or(0);
        let mut moved = format!("{} at another instant", some(size(dates.moved), "date"));
        if dates.at_once > 0 {
            moved.push_str(&format!(", {} of them at once", count(size(dates.at_once))));
        }
        if let Some(first) = dates.first.first() {
            moved.push_str(&format!(
                "; the first {} {} {}",
                first.day,
                first.kind.replace('_', " "),
                first.whose()
            ));
        }
        say("Dates", moved, Role::Warn);
    }
    if plan.effects.promoted.people > 0 {
        say(
            "Queue",
            format!("{} promoted from it", people(plan.effects.promoted.people)),
            Role::Plain,
        );
    }
    if plan.mails() > 0 {
        say(
            "Mail",
            format!(
                "{} to send; undo does not take them back",
                some(plan.mails(), "mail")
            ),
            Role::Plain,
        );
    }
    if plan.effects.unsent > 0 {
        say(
            "Not mailed",
            format!(
                "{}; resending sends one",
                some(plan.effects.unsent, "invitation")
            ),
            Role::Warn,
        );
    }
    let room = usize::from(width.saturating_sub(LABEL));
    for (i, text) in command(&proposal.command_line, room)
        .into_iter()
        .enumerate()
    {
        say(if i == 0 { "Command" } else { " " }, text, Role::Muted);
    }
    said
}

/// The command line as far as there is room for it.
fn command(line: &str, room: usize) -> Vec<String> {
    let first = line.lines().next().unwrap_or_default();
    let below = line.lines().count().saturating_sub(2);
    let mut lines = wrapped(first, room);
    if lines.len() > MOST_COMMAND_LINES {
        lines.truncate(MOST_COMMAND_LINES - 1);
        lines.push("… (c copies all of it)".to_owned());
    } else if below > 0 {
        lines.push(format!("… (c copies it with its {})", some(below, "line")));
    }
    lines
}

fn pool_in_words(pool: &PoolEffect) -> String {
    let mut text = format!("{:<9} ", pool.name);
    if pool.purchased != pool.purchased_after {
        text.push_str(&format!(
            "purchased {} → {}   ",
            number(pool.purchased),
            number(pool.purchased_after)
        ));
    }
    text.push_str(&format!(
        "held {} → {}   free {} → {}",
        number(pool.held_before),
        number(pool.held_after),
        number(pool.free_before()),
        number(pool.free_after())
    ));
    match (pool.outside, pool.outside_after) {
        (_, Some(outside)) => text.push_str(&format!("   {outside}")),
        (Some(_), None) => text.push_str("   open from now on"),
        (None, None) => {}
    }
    if (pool.queued_before, pool.queued_after) != (0, 0) {
        text.push_str(&format!(
            "   queued {} → {}",
            number(pool.queued_before),
            number(pool.queued_after)
        ));
    }
    text
}

fn list(sheet: &Sheet, proposal: &Proposal, theme: Theme, area: Rect, buf: &mut Buffer) {
    let half = sheet.room.half();
    let mut y = 0;
    let lines = (sheet.scroll..).map_while(|it| proposal.list_line(it));
    for line in lines {
        if y >= area.height {
            return;
        }
        let at = row(area, y);
        let role = if line.skipped {
            Role::Warn
        } else {
            Role::Plain
        };
        let sign = match (line.skipped, line.who.is_empty()) {
            (true, _) => "-",
            (false, true) => " ",
            (false, false) => "+",
        };
        put(buf, at, 0, sign, theme.style(role));
        let muted = theme.style(if line.skipped {
            Role::Warn
        } else {
            Role::Muted
        });
        let (who, what) = sheet.entry(&line);
        let tall = who.len().max(what.len());
        let room = if line.what.is_empty() {
            area.width
        } else {
            half
        };
        for (y, text) in (y..area.height).zip(&who) {
            let at = Rect {
                width: room,
                ..row(area, y)
            };
            put(buf, at, 2, text, theme.style(role));
        }
        for (y, text) in (y..area.height).zip(&what) {
            put(buf, row(area, y), half + 1, text, muted);
        }
        y = y.saturating_add(u16::try_from(tall).unwrap_or(u16::MAX));
    }
}

/// What to press, and what has been typed; returns where the cursor belongs.
fn footer(
    sheet: &Sheet,
    proposal: &Proposal,
    theme: Theme,
    area: Rect,
    buf: &mut Buffer,
) -> Position {
    use Action::{Accept, Back, Bottom, Confirm, Copy, Down, Fewer, PageDown, QueueRest};
    let ask = row(area, 0);
    let (mut end, mut asked) = (0, 0);
    let go_on = if sheet.word().is_some() {
        Accept
    } else {
        Confirm
    };
    // Who chose one way may still choose the other.
    let other = match proposal.intent.when_full {
        WhenFull::Ask => None,
        WhenFull::Fewer => Some([go_on, QueueRest, Back, Copy, Down]),
        WhenFull::QueueRest => Some([go_on, Fewer, Back, Copy, Down]),
    };
    let chosen = other.as_ref().map(<[Action; 5]>::as_slice);
    let hints: &[Action] = if !proposal.fits() {
        put(
            buf,
            ask,
            0,
            "There is not enough room. Choose:",
            theme.style(Role::Danger),
        );
        &[Fewer, QueueRest, Back, Down, PageDown]
    } else if proposal.plan.is_empty() {
        chosen.unwrap_or(&[Back, Down])
    } else if let Some(word) = sheet.word() {
        let text = format!("Type {word} and press enter to apply: ");
        end = put(buf, ask, 0, &text, theme.style(Role::Title));
        end = put(buf, ask, end, &sheet.typed, theme.style(Role::Cursor));
        chosen.unwrap_or(&[Accept, Back, Copy, Down, PageDown, Bottom])
    } else {
        asked = put(buf, ask, 0, "Apply this?", theme.style(Role::Title));
        chosen.unwrap_or(&[Confirm, Back, Copy, Down, PageDown, Bottom])
    };
    if let Some(note) = sheet.note {
        put(buf, ask, end.max(asked) + 2, note, theme.style(Role::Warn));
    }
    put_hints(theme, Place::Plan, hints, row(area, 1), buf);
    Position {
        x: ask.x + end.min(ask.width.saturating_sub(1)),
        y: ask.y,
    }
}

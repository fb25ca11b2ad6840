//! Drawing an import that is looked through: its rows, what is wrong with them or becomes of them, and the row under the
//! cursor in full. Reads the state and changes nothing.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use usher_core::import::{Does, GUESSED, RowReview, letters};

use crate::action::{self, Action, Place};
use crate::app::App;
use crate::cell::{put, put_right, row, shown, width};
use crate::chrome::{banner, clear, header, message, put_hints, put_hints_and_help, seats};
use crate::importing::{Busy, Importing, Show};
use crate::layout::Layout;
use crate::theme::{Role, Theme};
use crate::words::{count, given_back, number, some, wrapped};

/// Where the columns begin.
#[derive(Clone, Copy)]
struct Places {
    what: u16,
    who: u16,
    said: u16,
}

impl Places {
    /// Where there is little room, the numbers of rows go first.
    fn of(width: u16) -> Self {
        let what = if width < 50 { 2 } else { 10 };
        let who = what + 8;
        let wide = (width.saturating_sub(who) * 2 / 5).clamp(12, 40);
        Self {
            what,
            who,
            said: who + wide + 1,
        }
    }
}
/// The hints, the most needed first.
const HINTS: [Action; 9] = [
    Action::NextProblem,
    Action::Mend,
    Action::OnlyProblems,
    Action::Confirm,
    Action::ErrorCopy,
    Action::Terms,
    Action::ShowRows,
    Action::Unmend,
    Action::Back,
];
const HINTS_WHEN_RIGHT: [Action; 7] = [
    Action::Confirm,
    Action::Mend,
    Action::Terms,
    Action::ShowRows,
    Action::Filter,
    Action::Copy,
    Action::Back,
];
const HINTS_WHEN_DONE: [Action; 5] = [
    Action::Undo,
    Action::OnlyProblems,
    Action::ErrorCopy,
    Action::Copy,
    Action::Back,
];

/// How many lines say everything of the row under the cursor, on a screen with that many lines for rows.
pub(crate) fn told_height(height: usize) -> usize {
    match height {
        0..8 => 0,
        8..14 => 3,
        14..30 => 5,
        _ => 8,
    }
}

/// Draws everything but the overlays.
pub(crate) fn draw(
    app: &App,
    importing: &Importing,
    theme: Theme,
    layout: &Layout,
    frame: &mut Frame<'_>,
) {
    let buf = frame.buffer_mut();
    header(app, theme, layout.header, buf);
    seats(app, theme, layout.seats, buf);
    banner(app, theme, layout.banner, buf);
    if layout.full || importing.bar.is_none() {
        status(importing, theme, layout.status, buf);
        message(app, theme, layout.message, buf);
    }
    title(importing, theme, layout, buf);
    if layout.full && !app.is_covered() {
        hints(importing, theme, layout.hints, buf);
    }
    let places = Places::of(layout.list.width);
    heads(theme, places, layout.heads, buf);
    let told = u16::try_from(told_height(usize::from(layout.list.height))).unwrap_or(0);
    let rows = Rect {
        height: layout.list.height - told,
        ..layout.list
    };
    for (y, (place, it)) in (0..rows.height).zip(importing.visible()) {
        import_row(importing, theme, it, place, places, row(rows, y), buf);
    }
    nothing(importing, theme, rows, buf);
    let below = Rect {
        y: rows.y + rows.height,
        height: told,
        ..rows
    };
    tell(importing, theme, below, buf);
    if let Some(position) = cursor(importing, layout, rows) {
        frame.set_cursor_position(position);
    }
}

/// The terminal's own cursor stands where the attention is.
fn cursor(importing: &Importing, layout: &Layout, rows: Rect) -> Option<Position> {
    if let Some(bar) = &importing.bar {
        let x = u16::try_from(2 + width(&shown(bar.before()))).unwrap_or(u16::MAX);
        return (!layout.filter.is_empty()).then_some(Position {
            x: x.min(layout.filter.width.saturating_sub(1)),
            y: layout.filter.y,
        });
    }
    let (here, _) = importing.place();
    let y = importing.visible().position(|(place, _)| place == here)?;
    let y = u16::try_from(y).ok().filter(|y| *y < rows.height)?;
    Some(Position {
        x: rows.x,
        y: rows.y + y,
    })
}

/// What is imported and how, and which of its rows are shown.
fn title(importing: &Importing, theme: Theme, layout: &Layout, buf: &mut Buffer) {
    let area = layout.filter;
    if area.is_empty() || (!layout.full && importing.bar.is_none()) {
        return;
    }
    clear(area, buf);
    let (of, role) = match (importing.busy, &importing.looked) {
        (Some(Busy::Reading), _) => ("reading…".to_owned(), Role::Warn),
        (Some(Busy::Looking), None) => ("looking it through…".to_owned(), Role::Warn),
        (Some(Busy::Looking), Some(_)) => ("looking again…".to_owned(), Role::Warn),
        (None, Some(looked)) => match (importing.show, importing.filter.is_empty()) {
            (Show::All, true) => (some(looked.len(), "row"), Role::Muted),
            _ => {
                let (_, n) = importing.place();
                (
                    format!("{} of {}", count(n), some(looked.len(), "row")),
                    Role::Muted,
                )
            }
        },
        (None, None) => (String::new(), Role::Muted),
    };
    let room = Rect {
        width: area.width.saturating_sub(1),
        ..area
    };
    let end = put_right(buf, room, &of, theme.style(role));
    let room = Rect {
        width: end.saturating_sub(2),
        ..area
    };
    if let Some(bar) = &importing.bar {
        let role = if bar.is_offered() {
            Role::Cursor
        } else {
            Role::Plain
        };
        put(buf, area, 0, "/", theme.style(Role::Key));
        put(buf, room, 2, bar.text(), theme.style(role));
        return;
    }
    let x = put(buf, room, 1, importing.title(), theme.style(Role::Title));
    let x = put(
        buf,
        room,
        x + 2,
        &terms(importing),
        theme.style(Role::Muted),
    );
    if !importing.filter.is_empty() {
        let x = put(buf, room, x + 2, "/ ", theme.style(Role::Key));
        put(buf, room, x, &importing.filter, theme.style(Role::Plain));
    }
}

fn terms(importing: &Importing) -> String {
    let terms = &importing.terms;
    let mut parts = vec![format!("mode {}", terms.mode.as_str())];
    parts.push(match (terms.no_mail, terms.send_on) {
        (true, _) => "mails nobody".to_owned(),
        (false, Some(day)) => format!("mails on {day}"),
        (false, None) => "mails at once".to_owned(),
    });
    for (said, word) in [
        (terms.partial, "wrong left out"),
        (terms.queue_rest, "the rest queued"),
        (terms.again, "once more"),
        (terms.as_typed, "as typed"),
        (terms.overriding, "override"),
    ] {
        if said {
            parts.push(word.to_owned());
        }
    }
    if importing.n_mended() > 0 {
        parts.push(format!("{} mended", count(importing.n_mended())));
    }
    parts.join(" · ")
}

fn heads(theme: Theme, places: Places, area: Rect, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let style = theme.style(Role::Heads);
    let number = Rect {
        width: (places.what - 1).min(area.width),
        ..area
    };
    if places.what > 4 {
        put_right(buf, number, "Row", style);
    }
    put(buf, area, places.what, "What", style);
    put(buf, area, places.who, "Who", style);
    let head = "What is wrong, or becomes of it";
    put(buf, area, places.said, head, style);
}

fn word(does: Does) -> &'static str {
    match does {
        Does::LeftOut => "no seat",
        other => other.as_str(),
    }
}

fn role(does: Does) -> Role {
    match does {
        Does::Wrong => Role::Danger,
        Does::Invite | Does::Create => Role::Good,
        Does::Update => Role::Plain,
        Does::Queue | Does::LeftOut => Role::Warn,
        Does::Nothing => Role::Muted,
    }
}

fn import_row(
    importing: &Importing,
    theme: Theme,
    it: &RowReview,
    place: usize,
    places: Places,
    at: Rect,
    buf: &mut Buffer,
) {
    let Some(looked) = &importing.looked else {
        return;
    };
    let (here, _) = importing.place();
    let is_here = place == here;
    let style = theme.style(role(it.does));
    put(buf, at, 0, if is_here { ">" } else { " " }, style);
    let cell = |x: u16, width: u16| Rect {
        x: at.x + x,
        width: width.min(at.width.saturating_sub(x)),
        ..at
    };
    if places.what > 4 {
        let row_number = number(i64::from(it.row));
        let numbers = cell(1, places.what - 2);
        put_right(buf, numbers, &row_number, theme.style(Role::Muted));
    }
    let what = if importing.is_being_mended(it.row) {
        "…"
    } else {
        word(it.does)
    };
    put(
        buf,
        cell(places.what, places.who - places.what - 1),
        0,
        what,
        style,
    );
    let who = cell(places.who, places.said - places.who - 1);
    put(buf, who, 0, &looked.who(it), theme.style(Role::Plain));
    let said = cell(places.said, at.width);
    put(buf, said, 0, &looked.said(it), style);
    if is_here {
        buf.set_style(at, theme.style(Role::Cursor));
    }
}

/// What is said in the place of rows.
fn nothing(importing: &Importing, theme: Theme, area: Rect, buf: &mut Buffer) {
    let (said, role) = match (&importing.fault, importing.busy, &importing.looked) {
        (Some(why), _, _) => (why.as_str(), Role::Danger),
        (None, Some(Busy::Reading), None) => ("the file is read…", Role::Muted),
        (None, Some(Busy::Looking), None) => ("every row is looked at…", Role::Muted),
        (None, _, Some(_)) if importing.place().1 == 0 => {
            ("no row is like that; esc shows all", Role::Muted)
        }
        _ => return,
    };
    let lines = wrapped(said, usize::from(area.width.saturating_sub(4)).max(10));
    // What was found before stays; why it is not newer stands on its last lines.
    let lines_len = u16::try_from(lines.len()).unwrap_or(1).min(area.height);
    let first = match importing.place().1 {
        0 => 0,
        _ => area.height.saturating_sub(lines_len),
    };
    for (y, line) in (first..area.height).zip(lines) {
        let at = row(area, y);
        clear(at, buf);
        put(buf, at, 2, &line, theme.style(role));
    }
}

/// Everything about the row under the cursor.
fn tell(importing: &Importing, theme: Theme, area: Rect, buf: &mut Buffer) {
    let (Some(looked), Some(it)) = (&importing.looked, importing.current()) else {
        return;
    };
    if area.is_empty() {
        return;
    }
    let head = format!(
        "Row {}  {}  {}",
        number(i64::from(it.row)),
        word(it.does),
        looked.who(it)
    );
    put(buf, row(area, 0), 1, &head, theme.style(Role::Title));
    let room = usize::from(area.width.saturating_sub(3)).max(10);
    let lines: Vec<String> = looked
        .details(it)
        .iter()
        .flat_map(|line| wrapped(line, room))
        .collect();
    let style = theme.style(match it.does {
        Does::Wrong => Role::Danger,
        _ => Role::Plain,
    });
    for (y, line) in (1..area.height).zip(&lines) {
        put(buf, row(area, y), 2, line, style);
    }
    let rest = lines.len().saturating_sub(usize::from(area.height) - 1);
    if rest > 0 {
        let more = format!(" … {} more", some(rest, "line"));
        put_right(
            buf,
            row(area, area.height - 1),
            &more,
            theme.style(Role::Muted),
        );
    }
}

/// How many rows become what, and whether there is room for them.
fn status(importing: &Importing, theme: Theme, area: Rect, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    clear(area, buf);
    if let Some(done) = &importing.done {
        put(
            buf,
            area,
            1,
            &match done.starts_with("undone") {
                true => done.clone(),
                false => format!("imported: {done}"),
            },
            theme.style(Role::Good),
        );
        return;
    }
    let Some(looked) = &importing.looked else {
        return;
    };
    let mut x = 1;
    for (does, word) in [
        (Does::Wrong, "wrong"),
        (Does::Invite, "invite"),
        (Does::Create, "create"),
        (Does::Queue, "queue"),
        (Does::Update, "update"),
        (Does::Nothing, "nothing"),
        (Does::LeftOut, "no seat"),
    ] {
        let n = looked.count(does);
        if n > 0 {
            let text = format!("{} {word}", count(n));
            x = put(buf, area, x, &text, theme.style(role(does))) + 2;
        }
    }
    let mut notes: Vec<(String, Role)> = looked
        .plan()
        .shortfalls
        .iter()
        .map(|it| {
            let many = it.asked - it.free;
            let text = format!(
                "{}: {} free, {} asked, {} too many",
                it.pool,
                number(it.free),
                number(it.asked),
                number(many)
            ) + &given_back(it);
            (text, Role::Danger)
        })
        .collect();
    let ignored: Vec<&str> = looked
        .review()
        .map(|it| it.columns.ignored().collect())
        .unwrap_or_default();
    let untitled: Vec<String> = looked
        .review()
        .map(|it| it.columns.untitled().map(letters).collect())
        .unwrap_or_default();
    if importing.is_old {
        notes.push((
            "the roster has changed: R looks again".to_owned(),
            Role::Warn,
        ));
    }
    let about = looked.review().map(|it| &it.sheet.about);
    let n_unread = about.map_or(0, |it| it.others.len());
    if let Some(text) = about.and_then(|it| it.unread()) {
        notes.push((text, Role::Warn));
    }
    match about.and_then(|it| it.encoding.as_deref()) {
        None | Some("UTF-8") => {}
        Some(GUESSED) if importing.terms.encoding.is_none() => notes.push((
            format!("read as {GUESSED} text; o names another"),
            Role::Warn,
        )),
        Some(encoding) => notes.push((format!("read as {encoding} text"), Role::Muted)),
    }
    if !ignored.is_empty() {
        notes.push((format!("ignored: {}", ignored.join(", ")), Role::Muted));
    }
    if !untitled.is_empty() {
        let text = format!("without a title, and ignored: {}", untitled.join(", "));
        notes.push((text, Role::Warn));
    }
    for (text, role) in notes {
        let room = usize::from(area.width.saturating_sub(x + 1));
        // Cut after its first word it would say nothing.
        let text = match text.strip_prefix("ignored: ") {
            Some(names) if width(&shown(&text)) > room => {
                some(names.split(", ").count(), "column") + " ignored"
            }
            None if text.starts_with("only the sheet ") && width(&shown(&text)) > room => {
                some(n_unread, "sheet") + " not read"
            }
            _ => text,
        };
        x = put(buf, area, x + 1, &text, theme.style(role)) + 1;
    }
}

/// The keys that matter now.
fn hints(importing: &Importing, theme: Theme, area: Rect, buf: &mut Buffer) {
    if importing.bar.is_some() {
        put_hints(
            theme,
            Place::Filter,
            &[Action::Accept, Action::Back],
            area,
            buf,
        );
        return;
    }
    let wrong = importing
        .looked
        .as_ref()
        .is_some_and(|it| !it.wrong().is_empty());
    let actions: &[Action] = match (&importing.done, &importing.looked) {
        (Some(_), _) => &HINTS_WHEN_DONE,
        (None, None) => &[Action::Terms, Action::Back],
        (None, Some(_)) if wrong => &HINTS,
        (None, Some(_)) => &HINTS_WHEN_RIGHT,
    };
    let hints: Vec<_> = actions
        .iter()
        .filter(|it| **it != Action::Unmend || importing.n_mended() > 0)
        .filter_map(|it| action::hint(Place::Import, *it))
        .collect();
    put_hints_and_help(theme, &hints, area, buf);
}

//! Drawing any screen but that of people. Reads the state and changes nothing.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::action::{self, Action, Place};
use crate::app::App;
use crate::board::{Board, Column, Item};
use crate::cell::{put, put_right, row, shown, width};
use crate::chrome::{banner, clear, header, message, newest, put_hints, put_hints_and_help, seats};
use crate::layout::Layout;
use crate::people;
use crate::screen::columns::way;
use crate::theme::{Role, Theme};
use crate::words;

/// Cells before the first column: cursor and mark.
const LEAD: u16 = 3;

/// Draws everything but the overlays.
pub(crate) fn draw(app: &App, board: &Board, theme: Theme, layout: &Layout, frame: &mut Frame<'_>) {
    let buf = frame.buffer_mut();
    header(app, theme, layout.header, buf);
    seats(app, theme, layout.seats, buf);
    banner(app, theme, layout.banner, buf);
    if layout.full || board.bar.is_none() {
        status(app, board, theme, layout.status, buf);
        message(app, theme, layout.message, buf);
    }
    let zone = app.counters.as_ref().map(|it| it.zone.as_str());
    title(board, zone, theme, layout, buf);
    if layout.full && !app.is_covered() {
        hints(app, board, theme, layout.hints, buf);
    }
    let columns = columns(board.topic.kind().columns, layout.list.width);
    heads(board, theme, &columns, layout.heads, buf);
    for (y, (place, item)) in (0..layout.list.height).zip(board.visible()) {
        let at = row(layout.list, y);
        item_row(board, theme, item, place, &columns, at, buf);
    }
    nothing(board, theme, layout.list, buf);
    if let Some(position) = cursor(board, layout) {
        frame.set_cursor_position(position);
    }
}

/// The terminal's own cursor stands where the attention is, also for those who hear or feel the screen.
fn cursor(board: &Board, layout: &Layout) -> Option<Position> {
    if let Some(bar) = &board.bar {
        let x = 2 + width(&shown(bar.before()));
        let x = u16::try_from(x).unwrap_or(u16::MAX);
        return (!layout.filter.is_empty()).then_some(Position {
            x: x.min(layout.filter.width.saturating_sub(1)),
            y: layout.filter.y,
        });
    }
    let y = board
        .visible()
        .position(|(place, _)| place == board.cursor())?;
    let y = u16::try_from(y).ok().filter(|y| *y < layout.list.height)?;
    Some(Position {
        x: layout.list.x,
        y: layout.list.y + y,
    })
}

fn title(board: &Board, zone: Option<&str>, theme: Theme, layout: &Layout, buf: &mut Buffer) {
    let area = layout.filter;
    if area.is_empty() || (!layout.full && board.bar.is_none()) {
        return;
    }
    clear(area, buf);
    let (n, more) = board.count();
    let count = if board.is_loaded() {
        format!("{}{}", words::count(n), if more { "+" } else { "" })
    } else if board.fault.is_none() {
        "reading…".to_owned()
    } else {
        String::new()
    };
    let room = Rect {
        width: area.width.saturating_sub(1),
        ..area
    };
    let end = put_right(buf, room, &count, theme.style(Role::Muted));
    let room = Rect {
        width: end.saturating_sub(2),
        ..area
    };
    match &board.bar {
        Some(bar) => {
            let role = if bar.is_offered() {
                Role::Cursor
            } else {
                Role::Plain
            };
            put(buf, area, 0, "/", theme.style(Role::Key));
            put(buf, room, 2, bar.text(), theme.style(role));
        }
        None => {
            let mut x = put(buf, room, 1, board.title(), theme.style(Role::Title));
            if let Some(zone) = zone.filter(|_| board.topic.tells_times()) {
                let said = format!("times in {zone}");
                if usize::from(room.width.saturating_sub(x + 3)) >= width(&shown(&said)) {
                    x = put(buf, room, x + 3, &said, theme.style(Role::Muted));
                }
            }
            if !board.filter.is_empty() {
                let x = put(buf, room, x + 2, "/ ", theme.style(Role::Key));
                put(buf, room, x, &board.filter, theme.style(Role::Plain));
            }
        }
    }
}

/// The columns that fit, each with its place and width: those at the end go first, what is left is shared.
fn columns(all: &'static [Column], width: u16) -> Vec<(u16, u16, &'static Column)> {
    let room = width.saturating_sub(LEAD);
    let mut taken = 0;
    let mut n_fitting = 0;
    for column in all {
        if taken + column.width > room && n_fitting > 0 {
            // What a row is without its second column says nothing: on a small screen that takes what is left.
            n_fitting += usize::from(n_fitting == 1 && room >= taken + LEAST);
            break;
        }
        taken += column.width + 1;
        n_fitting += 1;
    }
    let fitting = all.get(..n_fitting).unwrap_or_default();
    let left = u32::from(room.saturating_sub(taken.saturating_sub(1)));
    let shares: u32 = fitting.iter().map(|it| u32::from(it.share)).sum();
    let mut x = LEAD;
    let place = |column: &'static Column| {
        let share = (left * u32::from(column.share))
            .checked_div(shares)
            .unwrap_or(0);
        let rest = (room + LEAD).saturating_sub(x);
        let wide = (column.width + u16::try_from(share).unwrap_or(0)).min(rest);
        let at = x;
        x += wide + 1;
        (at, wide, column)
    };
    fitting.iter().map(place).collect()
}

/// The narrowest that a column is shown.
const LEAST: u16 = 8;

type Columns = [(u16, u16, &'static Column)];

fn heads(board: &Board, theme: Theme, columns: &Columns, area: Rect, buf: &mut Buffer) {
    let style = theme.style(Role::Heads);
    for (i, (x, wide, column)) in columns.iter().enumerate() {
        let cell = Rect {
            x: area.x + x,
            width: *wide,
            ..area
        };
        let sign = match board.sort() {
            Some((by, backwards)) if by == i => way(backwards),
            _ => "",
        };
        let space = if sign.is_empty() { "" } else { " " };
        let head = format!("{}{space}{sign}", column.head);
        if area.is_empty() || column.head.is_empty() {
            continue;
        }
        if column.right {
            put_right(buf, cell, &head, style);
        } else {
            put(buf, cell, 0, &head, style);
        }
    }
}

fn item_row(
    board: &Board,
    theme: Theme,
    item: &Item,
    place: usize,
    columns: &Columns,
    at: Rect,
    buf: &mut Buffer,
) {
    if item.heading {
        put(buf, at, 1, item.cell(0), theme.style(Role::Title));
        return;
    }
    let marked = item.who.is_some_and(|it| board.is_marked(it));
    let style = theme.style(if marked { Role::Marked } else { item.role });
    let is_here = place == board.cursor();
    let signs = format!(
        "{}{}",
        if is_here { '>' } else { ' ' },
        if marked { 'x' } else { ' ' }
    );
    put(buf, at, 0, &signs, style);
    for (i, (x, wide, column)) in columns.iter().enumerate() {
        let cell = Rect {
            x: at.x + x,
            width: (*wide).min(at.width.saturating_sub(*x)),
            ..at
        };
        if column.right {
            put_right(buf, cell, item.cell(i), style);
        } else {
            put(buf, cell, 0, item.cell(i), style);
        }
    }
    if is_here {
        buf.set_style(at, theme.style(Role::Cursor));
    }
}

fn nothing(board: &Board, theme: Theme, area: Rect, buf: &mut Buffer) {
    let said = match (&board.fault, board.count().0) {
        (Some(why), _) => (why.as_str(), Role::Danger),
        (None, 0) if !board.is_loaded() => ("reading…", Role::Muted),
        (None, 0) if !board.filter.is_empty() => ("nothing is found; esc clears", Role::Muted),
        // What only heads rows says itself why there are none.
        (None, 0) if board.visible().next().is_some() => return,
        (None, 0) => (board.topic.kind().empty, Role::Muted),
        _ => return,
    };
    // What was read before stays; why it is not newer stands on its last line.
    let y = match board.count().0 {
        0 => 0,
        _ => area.height.saturating_sub(1),
    };
    let at = row(area, y);
    clear(at, buf);
    put(buf, at, 2, said.0, theme.style(said.1));
}

fn status(app: &App, board: &Board, theme: Theme, area: Rect, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    clear(area, buf);
    let mut x: u16 = 1;
    if board.has_marks() || board.is_marking() {
        let text = if board.is_marking() {
            "marking everybody…".to_owned()
        } else {
            board.marks_in_words()
        };
        x = put(buf, area, x, &text, theme.style(Role::Marked)) + 3;
    }
    let (n, more) = board.count();
    if n > 0 {
        let text = format!(
            "row {} of {}{}",
            words::count(board.cursor() + 1),
            words::count(n),
            if more { "+" } else { "" }
        );
        if !board.has_headings() {
            x = put(buf, area, x, &text, theme.style(Role::Plain)) + 3;
        }
    }
    newest(app, theme, area, x, buf);
}

/// The keys that matter now: the screen's own first.
fn hints(app: &App, board: &Board, theme: Theme, area: Rect, buf: &mut Buffer) {
    if board.bar.is_some() {
        put_hints(
            theme,
            Place::Filter,
            &[Action::Accept, Action::Back],
            area,
            buf,
        );
        return;
    }
    let acts = board.topic.kind().acts.iter();
    let mut hints: Vec<_> = acts.map(|it| (it.key.to_string(), it.name)).collect();
    let own = |key: &str| hints.iter().any(|(it, _)| it == key);
    let mut more = Vec::new();
    if app.has_whom_on_board() {
        let named = ["deactivate", "edit", "resend", "cancel", "license", "group"];
        let acts = people::ACTS.iter().filter(|it| named.contains(&it.name));
        more.extend(acts.filter_map(|it| Some((it.key?.to_string(), it.name))));
    }
    let general = [
        Action::Open,
        Action::Back,
        Action::Menu,
        Action::Filter,
        Action::Undo,
        Action::Detail,
        Action::Palette,
    ];
    let opens = board.current().is_some_and(|it| it.opens.is_some());
    let general = general.iter().filter(|it| **it != Action::Open || opens);
    let mut first: Vec<_> = general
        .filter_map(|it| action::hint(Place::Board, *it))
        .collect();
    first.retain(|(key, _)| !own(key));
    more.retain(|(key, _)| !own(key));
    hints.splice(0..0, first.drain(..2.min(first.len())));
    hints.extend(more);
    hints.extend(first);
    put_hints_and_help(theme, &hints, area, buf);
}

//! Drawing forms and menus.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::menu::Menu;
use super::plan_view::framed;
use crate::action::{Action, Place};
use crate::cell::{put, put_right, row, shown, width};
use crate::chrome::{clear, put_hints};
use crate::form::{Field, Form};
use crate::theme::{Role, Theme};
use crate::words::wrapped;

/// Cells of a label at the left of a line.
const LABEL: u16 = 15;

fn inside(area: Rect, theme: Theme, plain: bool, buf: &mut Buffer) -> Rect {
    clear(area, buf);
    if plain || area.width < 50 || area.height < 10 {
        area
    } else {
        framed(area, theme, buf)
    }
}

/// How many lines of a form are on the screen.
pub(crate) fn form_page(area: Rect, plain: bool) -> usize {
    let frame = if plain || area.width < 50 || area.height < 10 {
        0
    } else {
        2
    };
    usize::from(area.height.saturating_sub(4 + frame)).max(1)
}

/// Rows below a menu for the whole sentence of the entry under the cursor.
const SENTENCE: u16 = 2;
/// The smallest screen that has them.
const LEAST_HEIGHT: u16 = 12;

/// How many entries of a menu are on the screen.
pub(crate) fn menu_page(area: Rect, plain: bool) -> usize {
    let below = if area.height < LEAST_HEIGHT {
        0
    } else {
        usize::from(SENTENCE)
    };
    (form_page(area, plain) + 1).saturating_sub(below).max(1)
}

/// Draws a form over an area.
pub(crate) fn draw_form(form: &Form, theme: Theme, plain: bool, area: Rect, frame: &mut Frame<'_>) {
    let page = form_page(area, plain);
    let buf = frame.buffer_mut();
    let area = inside(area, theme, plain, buf);
    if area.is_empty() {
        return;
    }
    let (above, below) = (form.top, form.fields.len().saturating_sub(form.top + page));
    let beyond = [(above, "above"), (below, "below")];
    let beyond = beyond.iter().filter(|it| it.0 > 0);
    let beyond: Vec<_> = beyond
        .map(|(n, where_)| format!("{n} more {where_}"))
        .collect();
    let end = put_right(
        buf,
        row(area, 0),
        &beyond.join(", "),
        theme.style(Role::Warn),
    );
    let title = Rect {
        width: end.saturating_sub(u16::from(!beyond.is_empty())),
        ..row(area, 0)
    };
    put(buf, title, 0, &form.title, theme.style(Role::Title));
    let mut cursor = area.as_position();
    let lines = form.fields.iter().enumerate().skip(form.top).take(page);
    for (y, (i, field)) in (1..).zip(lines) {
        let at = row(area, y);
        if let Some(position) = draw_field(field, i == form.at, theme, at, buf) {
            cursor = position;
        }
    }
    let foot = area.height.saturating_sub(3);
    told(form, theme, row(area, foot), row(area, foot + 1), buf);
    put_hints(
        theme,
        Place::Form,
        &[Action::Accept, Action::Down, Action::Up, Action::Back],
        row(area, area.height - 1),
        buf,
    );
    frame.set_cursor_position(cursor);
}

/// Draws a line and returns where the cursor belongs if the attention is on it.
fn draw_field(
    field: &Field,
    is_here: bool,
    theme: Theme,
    at: Rect,
    buf: &mut Buffer,
) -> Option<Position> {
    // What is wrong has a sign, too, for those who hear or feel the screen; under the cursor it is said in words.
    let (sign, sign_role) = match (is_here, &field.fault) {
        (true, _) => (">", Role::Key),
        (false, Some(_)) => ("!", Role::Danger),
        (false, None) => (" ", Role::Key),
    };
    put(buf, at, 0, sign, theme.style(sign_role));
    let label = Rect {
        width: LABEL.min(at.width),
        ..at
    };
    let role = match (&field.fault, field.is_changed()) {
        (Some(_), _) => Role::Fault,
        (None, true) => Role::Marked,
        (None, false) => Role::Muted,
    };
    put(buf, label, 1, &field.label, theme.style(role));
    let mut room = at.width.saturating_sub(LABEL + 1);
    if let Some(theirs) = &field.theirs {
        let text = if field.is_changed() {
            format!("meanwhile: {theirs}")
        } else {
            "just set by somebody".to_owned()
        };
        let text = shown(&text).into_owned();
        let most = (room / 2).max(10).min(room);
        let wanted = u16::try_from(width(&text)).unwrap_or(u16::MAX).min(most);
        let side = Rect {
            x: at.x + at.width - wanted,
            width: wanted,
            ..at
        };
        put_right(buf, side, &text, theme.style(Role::Danger));
        room = room.saturating_sub(wanted + 1);
    }
    let cell = Rect {
        x: at.x + LABEL + 1,
        width: room,
        ..at
    };
    let (seen, x) = field.line.window(usize::from(room));
    let role = if is_here && field.line.is_offered() {
        Role::Cursor
    } else {
        Role::Plain
    };
    if room > 0 && !at.is_empty() {
        put(buf, cell, 0, seen, theme.style(role));
    }
    let x = u16::try_from(x).unwrap_or(u16::MAX);
    is_here.then_some(Position {
        x: cell.x + x.min(room.saturating_sub(1)),
        y: cell.y,
    })
}

/// What is wrong, or how the line is filled in; below it what is offered.
fn told(form: &Form, theme: Theme, first: Rect, second: Rect, buf: &mut Buffer) {
    let field = form.current();
    let wrong = form.fault.clone().or(field.and_then(|it| it.fault.clone()));
    match wrong.or_else(|| form.meanwhile.clone()) {
        Some(why) => {
            let style = theme.style(Role::Danger);
            let lines = wrapped(&why, usize::from(first.width).max(10));
            if let [one, two, ..] = lines.as_slice() {
                put(buf, first, 0, one, style);
                put(buf, second, 0, two, style);
                return;
            }
            put(buf, first, 0, &why, style);
        }
        None => {
            let text = field.map(Field::told).unwrap_or_default();
            let style = theme.style(Role::Muted);
            let lines = wrapped(&text, usize::from(first.width).max(10));
            match lines.as_slice() {
                [one, two] if form.offered().is_empty() => {
                    put(buf, first, 0, one, style);
                    put(buf, second, 0, two, style);
                }
                _ => {
                    put(buf, first, 0, &text, style);
                }
            }
        }
    }
    let offered = form.offered();
    if !offered.is_empty() {
        let x = put(buf, second, 0, "tab ", theme.style(Role::Key));
        let text = offered.iter().take(12).cloned().collect::<Vec<_>>();
        put(buf, second, x, &text.join("  "), theme.style(Role::Plain));
    }
}

/// Draws a menu over an area.
pub(crate) fn draw_menu(menu: &Menu, theme: Theme, plain: bool, area: Rect, frame: &mut Frame<'_>) {
    let buf = frame.buffer_mut();
    let is_tall = area.height >= LEAST_HEIGHT;
    let area = inside(area, theme, plain, buf);
    if area.is_empty() {
        return;
    }
    put(buf, row(area, 0), 0, &menu.title, theme.style(Role::Title));
    let x = put(buf, row(area, 1), 0, ": ", theme.style(Role::Key));
    let room = usize::from(area.width.saturating_sub(x));
    let (seen, at) = menu.line.window(room);
    put(buf, row(area, 1), x, seen, theme.style(Role::Plain));
    let (entries, here) = menu.visible();
    if entries.is_empty() {
        put(
            buf,
            row(area, 2),
            2,
            "nothing is called so",
            theme.style(Role::Muted),
        );
    }
    let lines = Rect {
        height: area.height.saturating_sub(1),
        ..area
    };
    for (i, (y, entry)) in (2..).zip(entries).enumerate() {
        let line = row(lines, y);
        let sign = if i == here { ">" } else { " " };
        put(buf, line, 0, sign, theme.style(Role::Plain));
        put(buf, line, 2, &entry.key, theme.style(Role::Key));
        let name = Rect {
            width: line.width.min(25),
            ..line
        };
        put(buf, name, 9, &entry.name, theme.style(Role::Title));
        put(buf, line, 26, &entry.sentence, theme.style(Role::Plain));
        if i == here {
            buf.set_style(line, theme.style(Role::Cursor));
            let room = usize::from(line.width.saturating_sub(26));
            let is_cut = width(&shown(&entry.sentence)) > room;
            let from = area.height.saturating_sub(1 + SENTENCE);
            let whole = wrapped(&entry.sentence, usize::from(area.width).max(1));
            let rows = (from..area.height.saturating_sub(1)).zip(&whole);
            for (y, text) in rows.filter(|_| is_tall && is_cut) {
                put(buf, row(area, y), 0, text, theme.style(Role::Muted));
            }
        }
    }
    put_hints(
        theme,
        Place::Menu,
        &[Action::Accept, Action::Down, Action::Up, Action::Back],
        row(area, area.height - 1),
        buf,
    );
    frame.set_cursor_position(Position {
        x: area.x + (x + u16::try_from(at).unwrap_or(0)).min(area.width.saturating_sub(1)),
        y: row(area, 1).y.max(area.y),
    });
}

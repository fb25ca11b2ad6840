//! Drawing the users screen. Reads the state and changes nothing.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::action::{self, Action, Place};
use crate::app::App;
use crate::cell::{put, put_right, shown, width};
use crate::chrome::{banner, clear, header, message, newest, put_hints, put_hints_and_help, seats};
use crate::layout::Layout;
use crate::people;
use crate::screen::columns::{sort_word, way};
use crate::screen::table;
use crate::theme::{Role, Theme};
use crate::words::number;

/// Draws everything but the overlays.
pub(crate) fn draw(app: &App, theme: Theme, layout: &Layout, frame: &mut Frame<'_>) {
    let buf = frame.buffer_mut();
    header(app, theme, layout.header, buf);
    seats(app, theme, layout.seats, buf);
    banner(app, theme, layout.banner, buf);
    if layout.full {
        filter(app, theme, layout, buf);
        if !app.is_covered() {
            hints(app, theme, layout.hints, buf);
        }
    }
    table::draw(app, theme, layout, buf);
    if !layout.pane.is_empty()
        && let Some(pane) = &app.detail
    {
        clear(layout.pane, buf);
        pane.draw(theme, app.now, layout.pane, buf);
    }
    status(app, theme, layout.status, buf);
    message(app, theme, layout.message, buf);
    offered(app, theme, layout, buf);
    if !layout.full && app.users.filter.bar.is_some() {
        filter(app, theme, layout, buf);
    }
    if let Some(position) = cursor(app, layout) {
        frame.set_cursor_position(position);
    }
}

/// The terminal's own cursor stands where the attention is, also for those who hear or feel the screen.
fn cursor(app: &App, layout: &Layout) -> Option<Position> {
    if let Some(bar) = &app.users.filter.bar {
        let x = 2 + width(&shown(bar.before()));
        let x = u16::try_from(x)
            .unwrap_or(u16::MAX)
            .min(layout.filter.width.saturating_sub(1));
        return (!layout.filter.is_empty()).then_some(Position {
            x,
            y: layout.filter.y,
        });
    }
    let y = app
        .users
        .list
        .visible()
        .position(|(place, _)| place == app.users.list.cursor())?;
    let y = u16::try_from(y).ok().filter(|y| *y < layout.list.height)?;
    Some(Position {
        x: layout.list.x,
        y: layout.list.y + y,
    })
}

fn filter(app: &App, theme: Theme, layout: &Layout, buf: &mut Buffer) {
    let area = layout.filter;
    if area.is_empty() {
        return;
    }
    clear(area, buf);
    let filter = &app.users.filter;
    let count = put_right(
        buf,
        Rect {
            width: area.width.saturating_sub(1),
            ..area
        },
        &people_listed(app),
        theme.style(Role::Muted),
    );
    let room = Rect {
        width: count.saturating_sub(2),
        ..area
    };
    let Some(bar) = &filter.bar else {
        let (text, role) = if app.users.only_marked {
            ("marked people only", Role::Marked)
        } else if filter.text.is_empty() {
            ("everybody", Role::Muted)
        } else {
            (filter.text.as_str(), Role::Plain)
        };
        let x = put(buf, room, 2, text, theme.style(role));
        if !table::tells_order(app, layout) {
            let list = &app.users.list;
            let by = sort_word(list.sort(), &app.names.fields);
            let said = format!("by {by} {}", way(list.is_descending()));
            put(buf, room, x + 2, &said, theme.style(Role::Muted));
        }
        if !filter.text.is_empty() || app.users.only_marked {
            put(buf, room, 0, "/", theme.style(Role::Key));
        }
        return;
    };
    put(buf, area, 0, "/", theme.style(Role::Key));
    let role = if bar.is_offered() {
        Role::Cursor
    } else {
        Role::Plain
    };
    let end = put(buf, room, 2, bar.text(), theme.style(role));
    if let Some(fault) = &filter.fault {
        let before = bar.text().get(..fault.at).unwrap_or(bar.text());
        let at = 2 + u16::try_from(width(&shown(before)))
            .unwrap_or(u16::MAX)
            .min(area.width);
        buf.set_style(
            Rect {
                x: area.x + at.min(area.width),
                width: end.saturating_sub(at).max(1),
                ..area
            }
            .intersection(room),
            theme.style(Role::Fault),
        );
    }
}

/// What the word that is being typed could become, where nothing else has to be said.
fn offered(app: &App, theme: Theme, layout: &Layout, buf: &mut Buffer) {
    let area = layout.message;
    let (from, offers) = app.users.offered(&app.names);
    let fault = app.users.filter.fault.as_ref();
    // What is wrong further to the front is not mended by going on.
    let is_wrong_before = fault.is_some_and(|it| it.at < from);
    if offers.is_empty() || is_wrong_before || area.is_empty() || area == layout.filter {
        return;
    }
    clear(area, buf);
    let mut x = put(buf, area, 1, "tab", theme.style(Role::Key)) + 1;
    for offer in offers.iter().take(16) {
        let wanted = u16::try_from(width(&shown(offer))).unwrap_or(u16::MAX);
        if x.saturating_add(wanted) >= area.width {
            break;
        }
        x = put(buf, area, x, offer, theme.style(Role::Plain)) + 2;
    }
}

fn people_listed(app: &App) -> String {
    if app.users.list.is_slow() {
        return "reading…".to_owned();
    }
    match app.users.list.total() {
        Some(1) => "1 person".to_owned(),
        Some(total) => format!("{} people", number(total)),
        None => "counting…".to_owned(),
    }
}

/// Marks and place on the left, what has just changed on the right.
fn status(app: &App, theme: Theme, area: Rect, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    clear(area, buf);
    let users = &app.users;
    let mut x: u16 = 1;
    if !users.marks.is_empty() {
        x = put(
            buf,
            area,
            x,
            &users.marks_in_words(),
            theme.style(Role::Marked),
        ) + 3;
    }
    if let Some((rank, certain)) = users.list.rank() {
        let about = if certain { "" } else { "~" };
        let of = users
            .list
            .total()
            .map(|it| format!(" of {}", number(it)))
            .unwrap_or_default();
        x = put(
            buf,
            area,
            x,
            &format!("row {about}{}{of}", number(rank)),
            theme.style(Role::Plain),
        ) + 3;
    }
    newest(app, theme, area, x, buf);
}

/// The keys that matter now.
fn hints(app: &App, theme: Theme, area: Rect, buf: &mut Buffer) {
    use Action::*;
    let acts = |names: &[&str]| {
        let acts = people::ACTS.iter().filter(|it| names.contains(&it.name));
        let hints = acts.filter_map(|it| Some((it.key?.to_string(), it.name)));
        hints.collect::<Vec<_>>()
    };
    let of = |place, actions: &[Action]| {
        let hints = actions.iter().filter_map(|it| action::hint(place, *it));
        hints.collect::<Vec<_>>()
    };
    let hints = if app.users.filter.bar.is_some() {
        put_hints(theme, Place::Filter, &[Accept, Back, Complete], area, buf);
        return;
    } else if app.users.list.range().is_some() {
        of(Place::Users, &[Range, Back, Down, Up, Top, Bottom])
    } else if app.users.marks.is_empty() {
        let mut hints = of(Place::Users, &[Filter, Mark, MarkAll]);
        hints.extend(acts(&["deactivate", "edit"]));
        hints.extend(of(Place::Users, &[Invite, Open, Menu, Palette, Undo, Sort]));
        hints.extend(acts(&["reactivate", "resend"]));
        hints
    } else {
        let mut hints = acts(&["deactivate", "reactivate", "edit"]);
        hints.extend(of(Place::Users, &[Menu, OnlyMarked, ClearMarks]));
        hints.extend(acts(&["resend", "license", "group", "assign"]));
        hints.extend(of(Place::Users, &[Invert, Undo]));
        hints
    };
    put_hints_and_help(theme, &hints, area, buf);
}

//! Drawing the users screen. Reads the state and changes nothing.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::action::{self, Action, Place};
use crate::app::{App, Tone};
use crate::cell::{put, put_right, shown, width};
use crate::counters::{Counters, PoolCount, done_word};
use crate::layout::Layout;
use crate::screen::table;
use crate::theme::{Role, Theme};
use crate::words::{age, number};

/// Draws everything but the overlays.
pub(crate) fn draw(app: &App, theme: Theme, layout: &Layout, frame: &mut Frame<'_>) {
    let buf = frame.buffer_mut();
    header(app, theme, layout.header, buf);
    seats(app, theme, layout.seats, buf);
    if layout.full {
        filter(app, theme, layout.filter, buf);
        if app.sheet.is_none() && app.help.is_none() {
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
    if !layout.full && app.users.filter.bar.is_some() {
        filter(app, theme, layout.filter, buf);
    }
    if let Some(position) = cursor(app, layout) {
        frame.set_cursor_position(position);
    }
}

/// Empties an area.
pub(crate) fn clear(area: Rect, buf: &mut Buffer) {
    for position in area.intersection(buf.area).positions() {
        buf[position].reset();
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

fn header(app: &App, theme: Theme, area: Rect, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let mut x = put(buf, area, 1, "usher", theme.style(Role::Muted));
    if let Some(counters) = &app.counters {
        x = put(
            buf,
            area,
            x + 2,
            &counters.organization,
            theme.style(Role::Title),
        );
    }
    if let Some(title) = &app.settings.title {
        x = put(
            buf,
            area,
            x + 2,
            &format!("[{title}]"),
            theme.style(Role::Warn),
        );
    }
    if app.settings.read_only {
        x = put(buf, area, x + 2, "[read-only]", theme.style(Role::Warn));
    }
    if let Some(counters) = &app.counters {
        let room = area.width.saturating_sub(x + 2);
        let rest = Rect {
            x: area.x + area.width - room,
            width: room.saturating_sub(1),
            ..area
        };
        put_right(
            buf,
            rest,
            &counters.actor.replace('_', " "),
            theme.style(Role::Muted),
        );
    }
}

/// `access 140/150 · 10 free · 3 queued   pro full   12 waiting   3 queued`
fn seats(app: &App, theme: Theme, area: Rect, buf: &mut Buffer) {
    let Some(counters) = &app.counters else {
        put(buf, area, 1, "opening…", theme.style(Role::Muted));
        return;
    };
    let mut x = 1;
    for (text, role) in seats_in_words(counters) {
        x = put(buf, area, x, &text, theme.style(role));
    }
}

fn seats_in_words(counters: &Counters) -> Vec<(String, Role)> {
    let mut parts = Vec::new();
    let (access, others) = match counters.pools.split_first() {
        Some(it) => it,
        None => return parts,
    };
    parts.push((
        format!(
            "{} {}/{}",
            access.name,
            number(access.held),
            number(access.purchased)
        ),
        Role::Title,
    ));
    parts.push((
        format!(" · {} free", number(access.free)),
        if access.free == 0 {
            Role::Warn
        } else {
            Role::Good
        },
    ));
    if access.queued > 0 {
        parts.push((format!(" · {} queued", number(access.queued)), Role::Warn));
    }
    parts.push((
        format!("   {} waiting", number(counters.waiting)),
        Role::Plain,
    ));
    parts.extend(
        others
            .iter()
            .filter_map(short_pool)
            .map(|it| (format!("   {it}"), Role::Warn)),
    );
    parts
}

/// What is to be said about an add-on pool: nothing while there are enough.
fn short_pool(pool: &PoolCount) -> Option<String> {
    let full = pool.free == 0 || pool.queued > 0;
    let queued = if pool.queued > 0 {
        format!(", {} queued", number(pool.queued))
    } else {
        String::new()
    };
    full.then(|| {
        format!(
            "{} {}/{} full{queued}",
            pool.name,
            number(pool.held),
            number(pool.purchased)
        )
    })
}

fn filter(app: &App, theme: Theme, area: Rect, buf: &mut Buffer) {
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
        put(buf, room, 2, text, theme.style(role));
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

fn people_listed(app: &App) -> String {
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
    let mut x = 1;
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
    if let Some(newest) = app.counters.as_ref().and_then(|it| it.newest.as_ref()) {
        let (ago, _) = age(app.now.as_millis() - newest.at.as_millis());
        let many = if newest.people > 0 {
            format!(" {}", number(newest.people))
        } else {
            String::new()
        };
        let text = format!(
            "{}{many} · {} · {ago}",
            done_word(&newest.command),
            newest.door
        );
        let room = area.width.saturating_sub(x + 1);
        if usize::from(room) >= width(&text) {
            put_right(
                buf,
                Rect {
                    width: area.width - 1,
                    ..area
                },
                &text,
                theme.style(Role::Muted),
            );
        }
    }
}

fn message(app: &App, theme: Theme, area: Rect, buf: &mut Buffer) {
    let applying = app.applying.as_ref().and_then(|it| it.proposal());
    let fault = app
        .users
        .filter
        .fault
        .as_ref()
        .filter(|_| app.users.filter.bar.is_some());
    let (text, role) = match (&app.message, applying) {
        _ if fault.is_some() => (
            fault.map(|it| it.message.clone()).unwrap_or_default(),
            Role::Danger,
        ),
        (Some((text, tone)), _) => (text.clone(), tone_role(*tone)),
        (None, Some(proposal)) => (
            format!(
                "applying: {} … the list stays usable",
                proposal.heading().to_lowercase()
            ),
            Role::Warn,
        ),
        (None, None) => return,
    };
    clear(area, buf);
    put(buf, area, 1, &text, theme.style(role));
}

fn tone_role(tone: Tone) -> Role {
    match tone {
        Tone::Good => Role::Good,
        Tone::Plain => Role::Plain,
        Tone::Bad => Role::Danger,
    }
}

/// The keys that matter now.
fn hints(app: &App, theme: Theme, area: Rect, buf: &mut Buffer) {
    use Action::*;
    let (place, actions): (_, &[Action]) = if app.users.filter.bar.is_some() {
        (Place::Filter, &[Accept, Back])
    } else if app.users.list.range().is_some() {
        (Place::Users, &[Range, Back, Down, Up, Top, Bottom])
    } else if app.users.marks.is_empty() {
        (
            Place::Users,
            &[
                Filter, Mark, MarkAll, Deactivate, Reactivate, Resend, Detail, Undo, Range, Sort,
                Quit,
            ],
        )
    } else {
        (
            Place::Users,
            &[
                Deactivate, Reactivate, Resend, OnlyMarked, ClearMarks, Mark, Invert, Undo, Quit,
            ],
        )
    };
    if place == Place::Users {
        // However little room there is, where the rest is to be found is said.
        let help = Rect {
            x: area.x + area.width.saturating_sub(8),
            width: area.width.min(8),
            ..area
        };
        put_hints(
            theme,
            place,
            &[Help],
            Rect {
                x: help.x - help.x.min(1),
                ..help
            },
            buf,
        );
        put_hints(
            theme,
            place,
            actions,
            Rect {
                width: (area.width - help.width).saturating_sub(2),
                ..area
            },
            buf,
        );
    } else {
        put_hints(theme, place, actions, area, buf);
    }
}

/// Keys and their names, as many as fit.
pub(crate) fn put_hints(
    theme: Theme,
    place: Place,
    actions: &[Action],
    area: Rect,
    buf: &mut Buffer,
) {
    let mut x: u16 = 1;
    for (key, name) in actions.iter().filter_map(|it| action::hint(place, *it)) {
        let wanted = u16::try_from(width(&key) + 1 + width(name)).unwrap_or(u16::MAX);
        if x.saturating_add(wanted) > area.width {
            return;
        }
        x = put(buf, area, x, &key, theme.style(Role::Key));
        x = put(buf, area, x + 1, name, theme.style(Role::Plain)) + 2;
    }
}

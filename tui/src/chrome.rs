//! What every screen has around it: the header, the seats, the message, what has just changed, and the keys.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use usher_core::Stage;

use crate::action::{self, Action, Place};
use crate::app::{App, Tone};
use crate::cell::{put, put_right, sever, width};
use crate::counters::{Counters, PoolCount, done_word};
use crate::summary::Proposal;
use crate::theme::{Role, Theme};
use crate::words::{self, age, number, people};

/// Empties an area.
pub(crate) fn clear(area: Rect, buf: &mut Buffer) {
    let area = area.intersection(buf.area);
    for y in area.rows().map(|it| it.y) {
        sever(buf, area.left(), y);
        sever(buf, area.right(), y);
    }
    for position in area.positions() {
        buf[position].reset();
    }
}

/// The organization, and who sits here.
pub(crate) fn header(app: &App, theme: Theme, area: Rect, buf: &mut Buffer) {
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
        let actor = counters.actor.replace('_', " ");
        let (server, role) = if counters.served {
            ("server runs", Role::Good)
        } else {
            ("no server", Role::Muted)
        };
        let at = put_right(buf, rest, &actor, theme.style(Role::Muted));
        let left = Rect {
            width: at.saturating_sub(2),
            ..rest
        };
        if usize::from(left.width) > width(server) {
            put_right(buf, left, server, theme.style(role));
        }
    }
}

/// `access 140/150 · 10 free · 3 queued   pro full   12 waiting   3 queued`
pub(crate) fn seats(app: &App, theme: Theme, area: Rect, buf: &mut Buffer) {
    let Some(counters) = &app.counters else {
        put(buf, area, 1, "opening…", theme.style(Role::Muted));
        return;
    };
    let parts = seats_in_words(counters);
    let room = usize::from(area.width.saturating_sub(1));
    let wide = |n: usize| parts.iter().take(n).map(|it| width(&it.0)).sum::<usize>();
    let mut n_fitting = parts.len();
    let more = |n: usize| match (parts.len() - n, room) {
        (0, _) => String::new(),
        (left, ..60) => format!("  +{left}"),
        (left, _) => format!("   +{left} more"),
    };
    // A name that is cut off says nothing; that there is more does.
    while n_fitting > 1 && wide(n_fitting) + width(&more(n_fitting)) > room {
        n_fitting -= 1;
    }
    let mut x = 1;
    for (text, role) in parts.iter().take(n_fitting) {
        x = put(buf, area, x, text, theme.style(*role));
    }
    put(buf, area, x, &more(n_fitting), theme.style(Role::Warn));
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
    if access.alarm > 0 {
        parts.push((format!(" · alarm {} %", access.alarm), Role::Danger));
    }
    let held: i64 = counters.held.iter().map(|it| it.1).sum();
    if held > 0 {
        parts.push((format!("   {} held", number(held)), Role::Danger));
    }
    for it in &counters.failing {
        let text = format!("   {} {}/{} failed", it.name, it.failed, it.of);
        parts.push((text, Role::Danger));
    }
    if counters.approvals > 0 {
        let text = format!("   {} to approve", counters.approvals);
        parts.push((text, Role::Warn));
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

/// Whom the brakes hold: it should not go unseen.
pub(crate) fn banner(app: &App, theme: Theme, area: Rect, buf: &mut Buffer) {
    let held = app.counters.as_ref().map_or(&[][..], |it| &it.held);
    if area.is_empty() || held.is_empty() {
        return;
    }
    let style = theme.style(Role::Danger);
    let room = Rect {
        width: area.width - 1,
        ..area
    };
    let next = ":held to release or reject them";
    let end = put_right(buf, room, next, style);
    let room = Rect {
        width: end.saturating_sub(2),
        ..area
    };
    put(buf, room, 1, &held_in_words(held), style);
}

fn held_in_words(held: &[(String, i64)]) -> String {
    let sum: i64 = held.iter().map(|it| it.1).sum();
    let all = people(usize::try_from(sum).unwrap_or(0));
    match held {
        [(name, _)] => format!("{all} held by the brake of {name}"),
        many => {
            let each: Vec<_> = many
                .iter()
                .map(|(name, held)| format!("{name} {}", number(*held)))
                .collect();
            format!("{all} held by brakes: {}", each.join(", "))
        }
    }
}

/// What is to be said about an add-on pool: nothing while there are enough.
fn short_pool(pool: &PoolCount) -> Option<String> {
    let full = pool.free == 0 || pool.queued > 0;
    let queued = if pool.queued > 0 {
        format!(", {} queued", number(pool.queued))
    } else {
        String::new()
    };
    let state = match (full, pool.alarm) {
        (true, _) => format!("full{queued}"),
        (false, 1..) => format!("alarm {} %", pool.alarm),
        (false, 0) => return None,
    };
    let (held, purchased) = (number(pool.held), number(pool.purchased));
    Some(format!("{} {held}/{purchased} {state}", pool.name))
}

/// What the console has to say.
pub(crate) fn message(app: &App, theme: Theme, area: Rect, buf: &mut Buffer) {
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
        (None, Some(proposal)) => (applying_in_words(app, proposal), Role::Warn),
        (None, None) => return,
    };
    clear(area, buf);
    put(buf, area, 1, &text, theme.style(role));
}

/// `34 % of it written · ctrl-c cancels all of it · Deactivate 100,000 people`
fn applying_in_words(app: &App, proposal: &Proposal) -> String {
    let seen = app.progress.seen();
    let heading = proposal.heading();
    let (how_far, can_cancel) = match (app.progress.is_cancelled(), seen.stage, seen.percent()) {
        (true, _, _) => return format!("cancelling: {heading}"),
        (_, Stage::Waiting, _) => ("waiting".to_owned(), true),
        (_, Stage::Planning, _) => ("planning once more".to_owned(), true),
        (_, Stage::Writing, Some(percent)) => (format!("{percent} % written"), true),
        (_, Stage::Writing, None) => ("writing".to_owned(), true),
        (_, Stage::Committing, _) => ("putting it on disk".to_owned(), false),
    };
    let cancels = if can_cancel {
        " · ctrl-c cancels all of it"
    } else {
        ""
    };
    format!("{how_far}{cancels} · {heading}")
}

fn tone_role(tone: Tone) -> Role {
    match tone {
        Tone::Good => Role::Good,
        Tone::Plain => Role::Plain,
        Tone::Bad => Role::Danger,
    }
}

/// What has just changed, at the right of a row that is taken up to `x`.
pub(crate) fn newest(app: &App, theme: Theme, area: Rect, x: u16, buf: &mut Buffer) {
    if let Some(newest) = app.counters.as_ref().and_then(|it| it.newest.as_ref()) {
        let (ago, _) = age(app.now.as_millis() - newest.at.as_millis());
        let many = match newest.done {
            Some(done) if newest.queued > 0 => {
                let queued = format!("queued {}", number(newest.queued));
                match done {
                    1.. => format!("{} {} · {queued}", done_word(&newest.command), number(done)),
                    _ => queued,
                }
            }
            Some(done) if done > 0 => format!("{} {}", done_word(&newest.command), number(done)),
            Some(_) => done_word(&newest.command),
            // Of very many it is not counted who was changed besides.
            None => format!(
                "{} · {} changed",
                newest.command.replace('_', " "),
                words::people(usize::try_from(newest.people).unwrap_or(0))
            ),
        };
        let text = format!("{many} · {} · {ago}", newest.door);
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

/// Keys and their names, as many as fit.
pub(crate) fn put_hints(
    theme: Theme,
    place: Place,
    actions: &[Action],
    area: Rect,
    buf: &mut Buffer,
) {
    let hints: Vec<_> = actions
        .iter()
        .filter_map(|it| action::hint(place, *it))
        .collect();
    put_hint_list(theme, &hints, area, buf);
}

/// As [`put_hints`], with the rest of them always to be found behind `?`.
pub(crate) fn put_hints_and_help(
    theme: Theme,
    hints: &[(String, &'static str)],
    area: Rect,
    buf: &mut Buffer,
) {
    // However little room there is, where the rest is to be found is said.
    let help = Rect {
        x: area.x + area.width.saturating_sub(8),
        width: area.width.min(8),
        ..area
    };
    let at = Rect {
        x: help.x - help.x.min(1),
        ..help
    };
    put_hint_list(theme, &[("?".to_owned(), "help")], at, buf);
    let room = Rect {
        width: (area.width - help.width).saturating_sub(2),
        ..area
    };
    put_hint_list(theme, hints, room, buf);
}

/// Keys and their names, as many as fit.
pub(crate) fn put_hint_list(
    theme: Theme,
    hints: &[(String, &'static str)],
    area: Rect,
    buf: &mut Buffer,
) {
    let mut x: u16 = 1;
    for (key, name) in hints {
        let wanted = u16::try_from(width(key) + 1 + width(name)).unwrap_or(u16::MAX);
        if x.saturating_add(wanted) > area.width {
            return;
        }
        x = put(buf, area, x, key, theme.style(Role::Key));
        x = put(buf, area, x + 1, name, theme.style(Role::Plain)) + 2;
    }
}

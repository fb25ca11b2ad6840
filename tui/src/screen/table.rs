//! The table of people: which columns there are at which width, and how a row looks.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use usher_core::model::Status;
use usher_core::query::SortBy;

use crate::app::App;
use crate::cell::{put, row};
use crate::layout::Layout;
use crate::list::Row;
use crate::screen::columns::{ListColumn, shows, way};
use crate::theme::{Role, Theme};

/// A column of the table and its width.
struct Column {
    what: ListColumn,
    width: u16,
}

/// The columns that fit: those that were chosen, else the important ones.
fn columns(chosen: &[ListColumn], room: u16) -> Vec<Column> {
    use ListColumn::{Area, Email, Manager, Name, Title};
    if !chosen.is_empty() {
        return chosen_columns(chosen, room);
    }
    let column = |what, width| Column { what, width };
    match room {
        0..30 => vec![column(Name, room)],
        30..60 => vec![
            column(Name, room * 2 / 5),
            column(Email, room - room * 2 / 5),
        ],
        60..90 => vec![column(Name, 20), column(Email, room - 38), column(Area, 18)],
        90..120 => vec![
            column(Name, 24),
            column(Email, room - 62),
            column(Area, 16),
            column(Manager, 22),
        ],
        _ => {
            let rest = room - 68;
            vec![
                column(Name, 26),
                column(Email, rest / 2),
                column(Area, 18),
                column(Title, 24),
                column(Manager, rest - rest / 2),
            ]
        }
    }
}

/// As many of the chosen columns as fit; what is left is shared.
fn chosen_columns(chosen: &[ListColumn], room: u16) -> Vec<Column> {
    let mut taken = 0;
    let mut fitting: Vec<ListColumn> = Vec::new();
    for what in chosen {
        let (least, _) = what.size();
        if taken + least > room && !fitting.is_empty() {
            break;
        }
        taken += least.min(room);
        fitting.push(what.clone());
    }
    let shares: u16 = fitting.iter().map(|it| it.size().1).sum();
    let left = room.saturating_sub(taken);
    let sized = fitting.into_iter().map(|what| {
        let (least, share) = what.size();
        let more = (u32::from(left) * u32::from(share))
            .checked_div(u32::from(shares))
            .unwrap_or(0);
        Column {
            what,
            width: (least + u16::try_from(more).unwrap_or(0)).min(room),
        }
    });
    sized.collect()
}

/// Cells before the first column: cursor, mark, status letter and word.
const LEAD: u16 = 14;

/// Draws the heads and the rows on the screen.
pub(crate) fn draw(app: &App, theme: Theme, layout: &Layout, buf: &mut Buffer) {
    let compact = !layout.full || layout.list.width < 36;
    let columns = if compact {
        Vec::new()
    } else {
        columns(&app.users.columns, layout.list.width - LEAD)
    };
    if !layout.heads.is_empty() && !compact {
        heads(app, theme, &columns, layout.heads, buf);
    }
    let users = &app.users;
    let range = users.list.range();
    for (y, (place, item)) in (0..layout.list.height).zip(users.list.visible()) {
        let at = row(layout.list, y);
        let marked = users.is_marked(item.id);
        let in_range = range.as_ref().is_some_and(|it| it.contains(&place));
        let look = Looks {
            cursor: place == users.list.cursor(),
            marked,
            in_range,
        };
        if compact {
            compact_row(theme, item, look, at, buf);
        } else {
            full_row(theme, item, look, &columns, at, buf);
        }
        if look.cursor {
            buf.set_style(at, theme.style(Role::Cursor));
        }
    }
    if users.list.rows().is_empty() && users.list.is_loaded() {
        let text = if users.filter.text.is_empty() {
            "nobody is here yet"
        } else {
            "nobody is found; esc clears the filter"
        };
        put(buf, row(layout.list, 0), 2, text, theme.style(Role::Muted));
    }
}

/// Whether the heads on a screen of this layout tell by what the list is sorted.
pub(crate) fn tells_order(app: &App, layout: &Layout) -> bool {
    let compact = !layout.full || layout.list.width < 36;
    let sort = app.users.list.sort();
    !compact
        && !layout.heads.is_empty()
        && (sort == SortBy::Status
            || columns(&app.users.columns, layout.list.width - LEAD)
                .iter()
                .any(|it| shows(&it.what, sort)))
}

fn heads(app: &App, theme: Theme, columns: &[Column], area: Rect, buf: &mut Buffer) {
    let style = theme.style(Role::Heads);
    let list = &app.users.list;
    let head = |text: &str, is_by: bool| match is_by {
        true => format!("{text} {}", way(list.is_descending())),
        false => text.to_owned(),
    };
    let status = head("Status", list.sort() == SortBy::Status);
    put(buf, area, 3, &status, style);
    let mut x = LEAD;
    for column in columns {
        put(
            buf,
            Rect {
                width: area.width.min(x + column.width - 1),
                ..area
            },
            x,
            &head(column.what.head(), shows(&column.what, list.sort())),
            style,
        );
        x += column.width;
    }
}

#[derive(Clone, Copy)]
struct Looks {
    cursor: bool,
    marked: bool,
    in_range: bool,
}

impl Looks {
    fn text(self, theme: Theme) -> Style {
        theme.style(if self.marked || self.in_range {
            Role::Marked
        } else {
            Role::Plain
        })
    }

    fn signs(self) -> String {
        let cursor = if self.cursor { '>' } else { ' ' };
        let mark = if self.marked {
            'x'
        } else if self.in_range {
            '-'
        } else {
            ' '
        };
        format!("{cursor}{mark}")
    }
}

fn compact_row(theme: Theme, item: &Row, look: Looks, area: Rect, buf: &mut Buffer) {
    put(buf, area, 0, &look.signs(), look.text(theme));
    put(buf, area, 2, letter(item.status), theme.status(item.status));
    put(buf, area, 4, &item.name, look.text(theme));
}

fn full_row(
    theme: Theme,
    item: &Row,
    look: Looks,
    columns: &[Column],
    area: Rect,
    buf: &mut Buffer,
) {
    put(buf, area, 0, &look.signs(), look.text(theme));
    put(
        buf,
        Rect {
            width: LEAD - 1,
            ..area
        },
        3,
        &format!("{} {}", letter(item.status), word(item.status)),
        theme.status(item.status),
    );
    let mut x = LEAD;
    for column in columns {
        // A column ends one cell before the next, so that no width that a terminal disputes can glue two values.
        let end = (x + column.width - 1).min(area.width);
        put(
            buf,
            Rect { width: end, ..area },
            x,
            column.what.text(item),
            look.text(theme),
        );
        x += column.width;
    }
    if item.protected {
        put(buf, area, LEAD - 1, "!", theme.style(Role::Warn));
    }
}

/// A letter for each status, so that nothing depends on colour.
fn letter(status: Status) -> &'static str {
    match status {
        Status::Queued => "Q",
        Status::Waiting => "W",
        Status::PendingTransfer => "T",
        Status::Active => "A",
        Status::Inactive => "I",
        Status::Cancelled => "C",
        Status::Deleted => "D",
        Status::Erased => "E",
    }
}

fn word(status: Status) -> &'static str {
    match status {
        Status::PendingTransfer => "transfer",
        other => other.as_str(),
    }
}

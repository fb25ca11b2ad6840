//! The table of people: which columns there are at which width, and how a row looks.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use usher_core::model::Status;

use crate::app::App;
use crate::cell::{put, row};
use crate::layout::Layout;
use crate::list::Row;
use crate::theme::{Role, Theme};

/// A column of the table: its head, its width, and its text.
struct Column {
    head: &'static str,
    width: u16,
    text: fn(&Row) -> &str,
}

/// The columns that fit, the important ones first.
fn columns(room: u16) -> Vec<Column> {
    let column = |head, width, text: fn(&Row) -> &str| Column { head, width, text };
    let name = |width| column("Name", width, |row: &Row| row.name.as_str());
    let email = |width| column("Email", width, |row: &Row| row.email.as_str());
    let manager = |width| column("Manager", width, |row: &Row| row.manager.as_str());
    let area = |width| column("Area", width, |row: &Row| row.area.as_str());
    let title = |width| column("Title", width, |row: &Row| row.title.as_str());
    match room {
        0..30 => vec![name(room)],
        30..60 => vec![name(room * 2 / 5), email(room - room * 2 / 5)],
        60..90 => vec![name(20), email(room - 38), area(18)],
        90..120 => vec![name(24), email(room - 62), area(16), manager(22)],
        _ => {
            let rest = room - 68;
            vec![
                name(26),
                email(rest / 2),
                area(18),
                title(24),
                manager(rest - rest / 2),
            ]
        }
    }
}

/// Cells before the first column: cursor, mark, status letter and word.
const LEAD: u16 = 14;

/// Draws the heads and the rows on the screen.
pub(crate) fn draw(app: &App, theme: Theme, layout: &Layout, buf: &mut Buffer) {
    let compact = !layout.full || layout.list.width < 36;
    let columns = if compact {
        Vec::new()
    } else {
        columns(layout.list.width - LEAD)
    };
    if !layout.heads.is_empty() && !compact {
        heads(theme, &columns, layout.heads, buf);
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

fn heads(theme: Theme, columns: &[Column], area: Rect, buf: &mut Buffer) {
    let style = theme.style(Role::Heads);
    put(buf, area, 3, "Status", style);
    let mut x = LEAD;
    for column in columns {
        put(
            buf,
            Rect {
                width: area.width.min(x + column.width - 1),
                ..area
            },
            x,
            column.head,
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
            (column.text)(item),
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

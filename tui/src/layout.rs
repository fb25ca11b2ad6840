//! What goes where, by the size of the terminal. The state needs it too, to know how many rows it shows.

use ratatui::layout::{Rect, Size};

use crate::cell::row;

/// From this width on the details stand beside the list and not over it.
const BESIDE: u16 = 110;

/// The parts of the screen. A part that has no room is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Layout {
    /// Whether there is room for columns and hints, or only for the rows themselves.
    pub(crate) full: bool,
    /// Organization and actor.
    pub(crate) header: Rect,
    /// Seats and queues.
    pub(crate) seats: Rect,
    /// Whom the brakes hold; empty when they hold nobody.
    pub(crate) banner: Rect,
    /// The filter line.
    pub(crate) filter: Rect,
    /// The heads of the columns.
    pub(crate) heads: Rect,
    /// The rows.
    pub(crate) list: Rect,
    /// One person's details; empty when they are closed.
    pub(crate) pane: Rect,
    /// Marks, place, what has just changed.
    pub(crate) status: Rect,
    /// What the console has to say.
    pub(crate) message: Rect,
    /// Keys.
    pub(crate) hints: Rect,
    /// Where the plan sheet and the help lie.
    pub(crate) overlay: Rect,
}

impl Layout {
    /// The parts of a screen of that size, with or without details, and with somebody held by a brake or not.
    pub(crate) fn of(size: Size, details: bool, held: bool) -> Self {
        let area = Rect::new(0, 0, size.width, size.height);
        if size.width < 40 || size.height < 10 {
            Self::small(area, details)
        } else {
            Self::full(area, details, held)
        }
    }

    fn full(area: Rect, details: bool, held: bool) -> Self {
        let (roomy, tall) = (area.height >= 14, area.height >= 20);
        let mut top = 0;
        let mut from_top = |yes: bool| {
            let part = if yes { row(area, top) } else { Rect::ZERO };
            top += u16::from(yes);
            part
        };
        let (header, seats) = (from_top(roomy), from_top(true));
        let banner = from_top(held && roomy);
        let (filter, heads) = (from_top(true), from_top(true));
        let mut bottom = area.height;
        let mut from_bottom = |yes: bool| {
            bottom -= u16::from(yes);
            if yes { row(area, bottom) } else { Rect::ZERO }
        };
        let hints = from_bottom(true);
        let message = if tall { from_bottom(true) } else { hints };
        let status = from_bottom(true);
        let list = Rect {
            y: top,
            height: bottom - top,
            ..area
        };
        let overlay = Rect {
            y: filter.y,
            height: hints.y - filter.y,
            ..area
        };
        let mut layout = Self {
            full: true,
            header,
            seats,
            banner,
            filter,
            heads,
            list,
            pane: Rect::ZERO,
            status,
            message,
            hints,
            overlay,
        };
        if details {
            layout.open_pane();
        }
        layout
    }

    fn open_pane(&mut self) {
        let body = Rect {
            y: self.heads.y,
            height: self.heads.height + self.list.height,
            ..self.list
        };
        if body.width < BESIDE {
            self.pane = body;
            return;
        }
        let width = body.width * 2 / 5;
        self.pane = Rect {
            x: body.width - width,
            width,
            ..body
        };
        self.heads.width -= width + 1;
        self.list.width -= width + 1;
    }

    fn small(area: Rect, details: bool) -> Self {
        let seats = if area.height >= 4 {
            row(area, 0)
        } else {
            Rect::ZERO
        };
        let status = if area.height >= 2 {
            row(area, area.height - 1)
        } else {
            Rect::ZERO
        };
        let list = Rect {
            y: seats.height,
            height: area.height - seats.height - status.height,
            ..area
        };
        let pane = if details { list } else { Rect::ZERO };
        Self {
            list,
            pane,
            seats,
            status,
            message: status,
            filter: status,
            overlay: list,
            ..Self::default()
        }
    }
}

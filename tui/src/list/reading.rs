//! What the list reads and when, and how what was read takes its place.

use usher_core::query::Expr;

use super::{Land, List, Pending, Row, Side, as_rank};
use crate::effect::{Reach, WindowRequest};
use crate::event::Window;

impl List {
    fn page(&self) -> usize {
        (self.height * 3).clamp(60, 300)
    }

    /// What to read next, if anything. `marked` is the marked query when it is another than the list's.
    pub(crate) fn next_request(&mut self, marked: Option<&Expr>) -> Option<WindowRequest> {
        let (pending, reach) = self.next_need()?;
        self.pending = pending;
        self.generation += 1;
        Some(WindowRequest {
            generation: self.generation,
            query: self.query.clone(),
            sort: self.sort,
            descending: self.descending,
            reach,
            limit: self.page(),
            marked: marked.cloned(),
        })
    }

    fn next_need(&mut self) -> Option<(Pending, Reach)> {
        if let Some(land) = self.wanted.take() {
            self.stale = false;
            let reach = if land == Land::Top {
                Reach::Start
            } else {
                Reach::End
            };
            return Some((Pending::Replace(land), reach));
        }
        if self.pending != Pending::Nothing {
            return None;
        }
        let margin = self.height * 2;
        if self.stale {
            self.stale = false;
            let around = |row: &Row| {
                Reach::Around(
                    row.id,
                    (self.cursor - self.top + margin).min(self.page() / 2),
                )
            };
            return Some((
                Pending::Refresh,
                self.current().map_or(Reach::Start, around),
            ));
        }
        if self.failed {
            return None;
        }
        let (head, tail) = (self.rows.first()?.id, self.rows.last()?.id);
        if !self.at_end && self.cursor + margin >= self.rows.len() {
            Some((Pending::Extend(Side::Below), Reach::After(tail)))
        } else if !self.at_start && self.cursor < margin {
            Some((Pending::Extend(Side::Above), Reach::Before(head)))
        } else {
            None
        }
    }

    /// Takes what was read; an answer to an older request is dropped.
    pub(crate) fn accept(&mut self, generation: u64, window: Window) {
        if generation != self.generation {
            return;
        }
        match std::mem::replace(&mut self.pending, Pending::Nothing) {
            Pending::Nothing => {}
            Pending::Replace(land) => self.replace(land, window),
            Pending::Refresh => self.renew(window),
            Pending::Extend(Side::Below) => self.extend_below(window),
            Pending::Extend(Side::Above) => self.extend_above(window),
        }
        self.anchor();
        self.loaded = true;
        self.failed = false;
        self.slow = false;
        self.show_cursor();
    }

    /// Reading failed; what is shown stays, and nothing is read again until something happens. Whether it is the newest
    /// request that failed.
    pub(crate) fn fail(&mut self, generation: u64) -> bool {
        let newest = generation == self.generation;
        if newest {
            self.pending = Pending::Nothing;
            self.failed = true;
            self.slow = false;
        }
        newest
    }

    fn replace(&mut self, land: Land, window: Window) {
        self.lose_range_to(if land == Land::Top {
            Side::Below
        } else {
            Side::Above
        });
        self.take(window);
        match land {
            Land::Top => {
                self.first = Some((0, true));
                self.cursor = 0;
                self.top = 0;
            }
            Land::Bottom => {
                self.first = None;
                self.cursor = self.rows.len().saturating_sub(1);
                self.top = self.rows.len().saturating_sub(self.height);
            }
        }
    }

    fn renew(&mut self, window: Window) {
        let line = self.cursor - self.top;
        let was_at_top = self.top == 0 && self.at_start;
        let rank = self.first.map(|(first, _)| first + as_rank(self.cursor));
        if let Some((user, _)) = self.range {
            let above = self.place(user).is_none_or(|it| it <= self.cursor);
            self.lose_range_to(if above { Side::Above } else { Side::Below });
        }
        let before = window.before;
        self.take(window);
        self.cursor = before.min(self.rows.len().saturating_sub(1));
        self.first = rank.map(|rank| ((rank - as_rank(self.cursor)).max(0), false));
        let keeps_top = was_at_top && self.at_start && self.cursor < self.height;
        self.top = if keeps_top {
            0
        } else {
            self.cursor.saturating_sub(line)
        };
    }

    fn extend_below(&mut self, window: Window) {
        self.at_end = window.at_end;
        self.found.extend(window.marked);
        self.rows.extend(window.rows);
        let over = self
            .rows
            .len()
            .saturating_sub(self.page() * 4)
            .min(self.top.saturating_sub(self.height));
        if over > 0 {
            self.lose_range_if(..over, Side::Above);
            self.rows.drain(..over);
            self.at_start = false;
            self.top -= over;
            self.cursor -= over;
            self.first = self
                .first
                .map(|(first, certain)| (first + as_rank(over), certain));
        }
    }

    fn extend_above(&mut self, window: Window) {
        let added = window.rows.len();
        self.at_start = window.at_start;
        self.found.extend(window.marked);
        self.rows.splice(..0, window.rows);
        self.top += added;
        self.cursor += added;
        let first = self.first;
        self.first = first.map(|(first, certain)| ((first - as_rank(added)).max(0), certain));
        let keep = (self.page() * 4).max(self.top + self.height * 2);
        if self.rows.len() > keep {
            self.lose_range_if(keep.., Side::Below);
            self.rows.truncate(keep);
            self.at_end = false;
        }
    }

    /// At either end of the list the place of its rows is certain, however they came to be in memory.
    pub(super) fn anchor(&mut self) {
        if self.at_start {
            self.first = Some((0, true));
        } else if let (true, Some(total)) = (self.at_end, self.total) {
            self.first = Some(((total - as_rank(self.rows.len())).max(0), true));
        }
    }

    fn take(&mut self, window: Window) {
        self.rows = window.rows;
        self.at_start = window.at_start;
        self.at_end = window.at_end;
        self.found = window.marked;
    }

    /// The rows are about to be others: the range's beginning, where it is not among them, is on that side.
    fn lose_range_to(&mut self, lost: Side) {
        if let Some((_, side)) = &mut self.range {
            *side = lost;
        }
    }

    fn lose_range_if(
        &mut self,
        rows: impl std::slice::SliceIndex<[Row], Output = [Row]>,
        lost: Side,
    ) {
        if let Some((user, side)) = &mut self.range
            && self.rows[rows].iter().any(|row| row.id == *user)
        {
            *side = lost;
        }
    }
}

//! Newcomers of a large plan, put aside as soon as all is planned that there is to plan of them.

use super::naming::Mentioned;
use super::{Mark, Planner};
use crate::error::Result;
use crate::plan::{Changes, Newcomers};

/// So many changes are put aside at once.
const AT_ONCE: usize = 2_048;

/// Newcomers of whom all is planned.
#[derive(Default)]
pub(super) struct Apart {
    /// Those who are put aside.
    aside: Option<Newcomers>,
    /// How many of the other changes stand before them.
    before: usize,
    /// Where those begin and end who were planned last, one after the other.
    last: Option<(Mark, Mark)>,
    /// What is mentioned of those who are put aside.
    pub(super) mentioned: Mentioned,
}

impl Apart {
    pub(super) fn is_empty(&self) -> bool {
        self.aside.is_none()
    }
}

impl Planner<'_> {
    /// Notes that what was planned since a mark is all that there is to plan of somebody who is new. Of many such people it is
    /// put aside.
    pub(crate) fn newcomer_is_planned(&mut self, since: Mark) -> Result<()> {
        let mut begin = since;
        match self.newcomers.last.take() {
            Some((first, end)) if (end.changes, end.mails) == (since.changes, since.mails) => {
                begin = first;
            }
            // Somebody else came between. Whoever is aside stands before them, and so must everybody who came meanwhile.
            Some((first, end)) if !self.newcomers.is_empty() => {
                self.put_aside(first, end)?;
                begin.changes -= end.changes - first.changes;
                begin.mails -= end.mails - first.mails;
            }
            _ => {}
        }
        let end = self.mark();
        if end.changes - begin.changes < AT_ONCE {
            self.newcomers.last = Some((begin, end));
            return Ok(());
        }
        self.put_aside(begin, end)
    }

    /// Puts aside what was planned between two marks.
    fn put_aside(&mut self, begin: Mark, end: Mark) -> Result<()> {
        let Apart {
            aside,
            before,
            mentioned,
            ..
        } = &mut self.newcomers;
        let newcomers = match aside {
            Some(newcomers) => newcomers,
            None => {
                *before = begin.changes;
                aside.insert(Newcomers::in_folder(self.snapshot.folder())?)
            }
        };
        let changes: Vec<_> = self.changes.drain(begin.changes..end.changes).collect();
        let mails: Vec<_> = self.mails.drain(begin.mails..end.mails).collect();
        newcomers.put(&changes, &mails)?;
        if self.attended {
            let names = &self.names.users;
            changes
                .iter()
                .for_each(|it| mentioned.note_of_newcomer(it, names));
        }
        Ok(())
    }

    /// Takes a change out that comes to nothing.
    pub(super) fn drop_change(&mut self, place: usize) {
        if place < self.changes.len() {
            self.changes.remove(place);
            self.newcomers.before -= usize::from(place < self.newcomers.before);
        }
    }

    /// All that is planned, in order.
    pub(super) fn in_order(&mut self) -> Changes {
        let Apart { aside, before, .. } = std::mem::take(&mut self.newcomers);
        Changes::new(std::mem::take(&mut self.changes), aside, before)
    }
}

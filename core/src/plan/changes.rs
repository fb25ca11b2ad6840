//! What a plan would change, in order. People who are new are put aside when they are many: a plan for a million of them takes
//! no more memory than one for thousands.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::Mail;
use super::newcomers::{Newcomers, Piece};
use crate::change::Change;
use crate::error::Result;
use crate::model::UserId;

/// What would change, in order.
#[derive(Clone, Default)]
pub struct Changes {
    /// All but what is put aside.
    open: Vec<Change>,
    /// How many of the open ones stand before the people who are put aside.
    before: usize,
    newcomers: Option<Arc<Newcomers>>,
}

/// Changes that stand one after the other.
pub(crate) enum Stretch<'c> {
    /// They are in memory.
    Open(&'c [Change]),
    /// They were put aside, with the mails of the people whom they bring.
    Aside(Piece),
}

impl Stretch<'_> {
    pub(crate) fn changes(&self) -> &[Change] {
        match self {
            Self::Open(changes) => changes,
            Self::Aside(piece) => &piece.changes,
        }
    }

    /// The mails of those who are put aside.
    pub(crate) fn mails(&self) -> &[Mail] {
        match self {
            Self::Open(_) => &[],
            Self::Aside(piece) => &piece.mails,
        }
    }
}

impl Changes {
    /// These changes, with newcomers behind so many of them.
    pub(crate) fn new(open: Vec<Change>, newcomers: Option<Newcomers>, before: usize) -> Self {
        Self {
            before: before.min(open.len()),
            open,
            newcomers: newcomers.map(Arc::new),
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.open.len() + self.newcomers().map_or(0, Newcomers::len)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty() && self.newcomers.is_none()
    }

    /// One by one. Should what was put aside not be there any more, they are fewer, and [`Changes::whole`] says why.
    pub fn iter(&self) -> impl Iterator<Item = Cow<'_, Change>> {
        let (before, after) = self.around();
        let pieces = self
            .newcomers()
            .into_iter()
            .flat_map(Newcomers::whatever_is_there);
        let aside = pieces.flat_map(|it| it.changes).map(Cow::Owned);
        let (before, after) = (before.iter(), after.iter());
        before
            .map(Cow::Borrowed)
            .chain(aside)
            .chain(after.map(Cow::Borrowed))
    }

    /// The change at a place, counted from 0.
    pub fn get(&self, place: usize) -> Option<Cow<'_, Change>> {
        let aside = self.newcomers().map_or(0, Newcomers::len);
        match place.checked_sub(self.before) {
            None => self.open.get(place).map(Cow::Borrowed),
            Some(place) if place < aside => self.newcomers()?.get(place).map(Cow::Owned),
            Some(_) => self.open.get(place - aside).map(Cow::Borrowed),
        }
    }

    /// All of them, if none is put aside.
    pub fn as_slice(&self) -> Option<&[Change]> {
        self.newcomers.is_none().then_some(self.open.as_slice())
    }

    /// Whether all that was read of them was there.
    ///
    /// # Errors
    /// Why something that was put aside could not be read.
    pub fn whole(&self) -> Result<()> {
        self.newcomers().map_or(Ok(()), Newcomers::whole)
    }

    /// Leaves out all but the first few.
    pub fn truncate(&mut self, len: usize) {
        let first: Vec<Change> = self.iter().take(len).map(Cow::into_owned).collect();
        *self = Self::from(first);
    }

    /// Puts another change behind the others.
    pub fn push(&mut self, change: Change) {
        self.open.push(change);
    }

    /// How many people they are about.
    pub fn people(&self) -> usize {
        let mut users: Vec<UserId> = self.open.iter().filter_map(Change::user).collect();
        // What is planned of somebody mostly stands together.
        users.dedup();
        users.sort_unstable();
        users.dedup();
        users.len() + self.newcomers().map_or(0, Newcomers::people)
    }

    /// Stretch by stretch, in order.
    pub(crate) fn stretches(&self) -> impl Iterator<Item = Result<Stretch<'_>>> {
        let (before, after) = self.around();
        let open = |it| Some(it).filter(|it: &&[Change]| !it.is_empty());
        let open = move |it| open(it).map(|it| Ok(Stretch::Open(it))).into_iter();
        let aside = self.newcomers().into_iter().flat_map(Newcomers::pieces);
        open(before)
            .chain(aside.map(|it| it.map(Stretch::Aside)))
            .chain(open(after))
    }

    /// Those before the people who are put aside, those people, and those behind them.
    pub(crate) fn parts(&self) -> (&[Change], Option<&Newcomers>, &[Change]) {
        let (before, after) = self.around();
        (before, self.newcomers(), after)
    }

    /// All but what is put aside: whatever is about anybody who was there before, and about things.
    pub(crate) fn open(&self) -> &[Change] {
        &self.open
    }

    /// The people who are put aside.
    pub(crate) fn newcomers(&self) -> Option<&Newcomers> {
        self.newcomers.as_deref()
    }

    /// The same with those first that give licenses back, if others take some: a full pool can change hands within a batch.
    pub(crate) fn freeing_first(&self) -> Cow<'_, Self> {
        let frees = |it: &Change| matches!(it, Change::License { before, after, .. } if before.is_held() && !after.is_held());
        let takes = |it: &Change| matches!(it, Change::License { before, after, .. } if !before.is_held() && after.is_held());
        let any_frees = self.open.iter().any(frees);
        if !any_frees || self.newcomers.is_none() && !self.open.iter().any(takes) {
            return Cow::Borrowed(self);
        }
        let (before, after) = self.around();
        let freed = self.open.iter().filter(|it| frees(it));
        let mut open: Vec<Change> = freed.cloned().collect();
        open.extend(before.iter().filter(|it| !frees(it)).cloned());
        let stand_before = open.len();
        open.extend(after.iter().filter(|it| !frees(it)).cloned());
        Cow::Owned(Self {
            open,
            before: stand_before,
            newcomers: self.newcomers.clone(),
        })
    }

    fn around(&self) -> (&[Change], &[Change]) {
        let all = self.open.as_slice();
        all.split_at_checked(self.before).unwrap_or((all, &[]))
    }
}

impl From<Vec<Change>> for Changes {
    fn from(open: Vec<Change>) -> Self {
        Self::new(open, None, 0)
    }
}

impl PartialEq for Changes {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl fmt::Debug for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

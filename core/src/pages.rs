//! Pages of bytes that are written once, one behind the other, and read often: in memory as long as they are few, and put aside
//! beyond that, so that memory does not grow with how much there is to be looked at.

use std::collections::VecDeque;
use std::fmt;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crate::aside::Aside;
use crate::error::Result;

/// About how long a page should be, in bytes: what is looked for anywhere comes with all of its page.
pub(crate) const PAGE: usize = 32 << 10;
/// How much stays in memory, in bytes.
pub(crate) const KEPT: usize = 8 << 20;
/// How many pages that were put aside are in memory besides: those that were read last.
const AT_HAND: usize = 32;

/// Pages of bytes.
pub(crate) struct Pages {
    folder: PathBuf,
    /// How many bytes stay in memory.
    room: usize,
    kept: Vec<Box<[u8]>>,
    kept_bytes: usize,
    /// Those behind the ones that are kept.
    aside: Option<Aside>,
    /// The one that was read last stands first.
    at_hand: Mutex<VecDeque<(usize, Arc<[u8]>)>>,
}

/// A page that is read.
#[derive(Clone)]
pub(crate) enum Page<'p> {
    /// It is in memory anyway.
    Kept(&'p [u8]),
    /// It was put aside.
    Aside(Arc<[u8]>),
}

impl Deref for Page<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Kept(page) => page,
            Self::Aside(page) => page,
        }
    }
}

impl Pages {
    /// No page yet. Beyond so many bytes they are put aside, in this folder.
    pub(crate) fn in_folder(folder: PathBuf, room: usize) -> Self {
        Self {
            folder,
            room,
            kept: Vec::new(),
            kept_bytes: 0,
            aside: None,
            at_hand: Mutex::default(),
        }
    }

    /// No page yet, to be kept as these are.
    pub(crate) fn others(&self) -> Self {
        Self::in_folder(self.folder.clone(), self.room)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.kept.len() + self.aside.as_ref().map_or(0, Aside::len)
    }

    /// Puts a page behind the others; returns its number.
    pub(crate) fn put(&mut self, page: &[u8]) -> Result<usize> {
        let number = self.len();
        if self.aside.is_none() && self.kept_bytes + page.len() <= self.room {
            self.kept_bytes += page.len();
            self.kept.push(page.into());
            return Ok(number);
        }
        let aside = match &mut self.aside {
            Some(aside) => aside,
            none => none.insert(Aside::in_folder(self.folder.clone())?),
        };
        aside.put(page)?;
        Ok(number)
    }

    /// The page of that number.
    pub(crate) fn get(&self, number: usize) -> Result<Page<'_>> {
        if let Some(page) = self.kept.get(number) {
            return Ok(Page::Kept(page));
        }
        if let Some(page) = self.find_at_hand(number) {
            return Ok(Page::Aside(page));
        }
        let page: Arc<[u8]> = match &self.aside {
            Some(aside) => aside.get(number - self.kept.len())?.into(),
            None => Arc::default(),
        };
        let mut at_hand = self.at_hand.lock().unwrap_or_else(PoisonError::into_inner);
        at_hand.truncate(AT_HAND - 1);
        at_hand.push_front((number, Arc::clone(&page)));
        Ok(Page::Aside(page))
    }

    fn find_at_hand(&self, number: usize) -> Option<Arc<[u8]>> {
        let mut at_hand = self.at_hand.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, page)) = at_hand.front().filter(|it| it.0 == number) {
            return Some(Arc::clone(page));
        }
        let place = at_hand.iter().position(|it| it.0 == number)?;
        let found = at_hand.remove(place)?;
        let page = Arc::clone(&found.1);
        at_hand.push_front(found);
        Some(page)
    }
}

/// Nothing of what is in them.
impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pages({})", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_the_same_wherever_they_are_kept_and_in_whatever_order_they_are_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let pages: Vec<Vec<u8>> = (0..200_u8)
            .map(|it| vec![it; usize::from(it) * 50])
            .collect();
        for room in [0, 10_000, usize::MAX] {
            let mut kept = Pages::in_folder(folder.path().to_owned(), room);
            for (number, page) in pages.iter().enumerate() {
                assert_eq!(kept.put(page).expect("put"), number);
            }
            assert_eq!(kept.len(), pages.len());
            assert_eq!(kept.aside.is_none(), room == usize::MAX);
            for step in [1, 7, 101] {
                for at in (0..pages.len()).map(|it| it * step % pages.len()) {
                    assert_eq!(&*kept.get(at).expect("get"), &pages[at]);
                }
            }
        }
    }

    #[test]
    fn what_cannot_be_put_aside_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut pages = Pages::in_folder(folder.path().join("gone"), 10);
        assert_eq!(pages.put(&[1; 10]).expect("put"), 0);
        let error = pages.put(&[2; 10]).expect_err("there is no folder");
        assert!(
            matches!(error, crate::error::Error::File { .. }),
            "{error:?}"
        );
    }
}

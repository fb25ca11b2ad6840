//! Whether what is committed reaches the disk, for whoever watches: a full disk is no fault of the request that met it, and
//! stays after it.

use std::sync::{Mutex, PoisonError};

use crate::error::Error;

/// Whether the last commit succeeded.
#[derive(Debug, Default)]
pub(in crate::store) struct Standing {
    why_not: Mutex<Option<String>>,
}

impl Standing {
    /// Why nothing is stored, if the last commit failed.
    pub(in crate::store) fn why_not(&self) -> Option<String> {
        let why_not = self.why_not.lock();
        why_not.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A commit succeeded.
    pub(super) fn stored(&self) {
        self.set(None);
    }

    /// A commit, or what was written for it, failed. Another process that is writing, and what the database refuses because
    /// of its contents, say nothing about the disk.
    pub(super) fn failed(&self, error: &Error) {
        if let Error::Broken(why) = error {
            self.set(Some(why.clone()));
        }
    }

    fn set(&self, why_not: Option<String>) {
        *self.why_not.lock().unwrap_or_else(PoisonError::into_inner) = why_not;
    }
}

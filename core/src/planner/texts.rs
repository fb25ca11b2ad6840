//! The texts of a plan, each of them once: what is set for everybody, and what many had before.

use std::collections::HashSet;

use crate::model::Shared;

/// Texts beyond so many different ones are of their own: names and addresses, which nobody shares.
const MOST: usize = 4_096;

/// Texts that were met.
#[derive(Default)]
pub(super) struct Texts(HashSet<Shared>);

impl Texts {
    /// The text as it was met first.
    pub(super) fn shared(&mut self, text: Option<&str>) -> Option<Shared> {
        let text = text?;
        if let Some(known) = self.0.get(text) {
            return Some(known.clone());
        }
        let new = Shared::from(text);
        if self.0.len() < MOST {
            self.0.insert(new.clone());
        }
        Some(new)
    }
}

//! The names that an organization has given, so that a query which names none of them says so instead of finding nobody.

use std::collections::HashSet;

use super::Names;
use super::parse::{ParseError, error};
use super::words::shown;
use crate::model::{fold_key, name_key};

/// The names of groups, pools, trainings and connections, as they are compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownNames {
    groups: HashSet<String>,
    pools: HashSet<String>,
    trainings: HashSet<String>,
    connections: HashSet<String>,
}

impl KnownNames {
    /// The same with more names of a kind. Labels are free words, which nobody has to know.
    #[must_use]
    pub fn with(mut self, kind: Names, names: impl IntoIterator<Item = String>) -> Self {
        let keys = names.into_iter().map(|it| key(kind, &it));
        if let Some(all) = self.of(kind) {
            all.extend(keys);
        }
        self
    }

    fn of(&mut self, kind: Names) -> Option<&mut HashSet<String>> {
        match kind {
            Names::Groups => Some(&mut self.groups),
            Names::Pools => Some(&mut self.pools),
            Names::Trainings => Some(&mut self.trainings),
            Names::Connections => Some(&mut self.connections),
            Names::Labels => None,
        }
    }

    /// Refuses a name that there is not.
    pub(super) fn check(&self, kind: Names, name: &str, at: usize) -> Result<(), ParseError> {
        let (all, word) = match kind {
            Names::Groups => (&self.groups, "group"),
            Names::Pools => (&self.pools, "pool"),
            Names::Trainings => (&self.trainings, "training"),
            Names::Connections => (&self.connections, "connection"),
            Names::Labels => return Ok(()),
        };
        if all.contains(&key(kind, name)) {
            return Ok(());
        }
        Err(error(
            at,
            format!("there is no {word} {:?}", shown(name.trim())),
        ))
    }
}

fn key(kind: Names, name: &str) -> String {
    match kind {
        Names::Groups | Names::Trainings => name_key(name),
        Names::Pools => fold_key(name.trim()),
        Names::Connections | Names::Labels => name.trim().to_owned(),
    }
}

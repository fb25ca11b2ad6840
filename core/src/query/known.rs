//! The names that an organization has given, so that a query which names none of them says so instead of finding nobody.

use std::collections::HashMap;

use super::Names;
use super::parse::{ParseError, error};
use super::words::shown;
use crate::model::{fold_key, name_key};

/// The names of groups, pools, trainings and connections, as they are compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownNames {
    groups: Known,
    pools: Known,
    trainings: Known,
    connections: Known,
}

/// Ids and names, by names as they are compared.
type Known = HashMap<String, (String, String)>;

impl KnownNames {
    /// The same with more ids and names of a kind. Labels and what people have are free words, which nobody has to know.
    #[must_use]
    pub fn with(mut self, kind: Names, names: impl IntoIterator<Item = (String, String)>) -> Self {
        let all = match kind {
            Names::Groups => &mut self.groups,
            Names::Pools => &mut self.pools,
            Names::Trainings => &mut self.trainings,
            Names::Connections => &mut self.connections,
            _ => return self,
        };
        all.extend(names.into_iter().map(|it| (key(kind, &it.1), it)));
        self
    }

    fn of(&self, kind: Names) -> Option<(&Known, &'static str)> {
        match kind {
            Names::Groups => Some((&self.groups, "group")),
            Names::Pools => Some((&self.pools, "pool")),
            Names::Trainings => Some((&self.trainings, "training")),
            Names::Connections => Some((&self.connections, "connection")),
            _ => None,
        }
    }

    pub(super) fn id_of(&self, kind: Names, key: &str) -> Option<&str> {
        let found = self.of(kind)?.0.get(key)?;
        Some(&found.0)
    }

    pub(super) fn name_of(&self, kind: Names, id: &str) -> Option<&str> {
        let mut all = self.of(kind)?.0.values();
        all.find(|it| it.0 == id).map(|it| it.1.as_str())
    }

    /// Every name: its kind, how it is compared, and its id.
    pub(super) fn all(&self) -> impl Iterator<Item = (Names, &str, &str)> {
        let kinds = [
            Names::Groups,
            Names::Pools,
            Names::Trainings,
            Names::Connections,
        ];
        kinds.into_iter().flat_map(|kind| {
            let known = self.of(kind).into_iter().flat_map(|it| it.0);
            known.map(move |(key, it)| (kind, key.as_str(), it.0.as_str()))
        })
    }

    /// Refuses a name that there is not.
    pub(super) fn check(&self, kind: Names, name: &str, at: usize) -> Result<(), ParseError> {
        let Some((all, word)) = self.of(kind) else {
            return Ok(());
        };
        if all.contains_key(&key(kind, name)) {
            return Ok(());
        }
        Err(error(
            at,
            format!("there is no {word} {:?}", shown(name.trim())),
        ))
    }
}

/// A name as it is compared with others of its kind.
pub(super) fn key(kind: Names, name: &str) -> String {
    match kind {
        Names::Groups | Names::Trainings => name_key(name),
        Names::Pools => fold_key(name.trim()),
        _ => name.trim().to_owned(),
    }
}

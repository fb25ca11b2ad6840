//! What connections have sent of fields' own attributes where other attributes feed the fields ([`crate::mapping`]): kept for
//! each connection apart, so that none is shown, finds or overwrites what another one has sent. Whoever has sent nothing of an
//! attribute is shown the field.

use std::collections::BTreeMap;

use serde_json::Value;
use usher_core::model::{ConnectionId, Field};
use usher_core::query::KeptBy;

use crate::kept::Members;
use crate::mapping::Displaced;
use crate::schema::Object;

/// Under which name it is kept, by the ids of connections and the words of fields. No attribute begins like it, and it is the
/// first of what is kept, so that the roster knows these people by an index.
pub(crate) const MAPPED: &str = "$mapped";

/// What one connection has sent of each of these attributes; of an attribute whose field is what it has sent, nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Words([Option<Option<String>>; Displaced::ALL.len()]);

impl Words {
    /// What a connection has sent of somebody of whom that is kept.
    pub(crate) fn of(mapped: Members<'_>, connection: ConnectionId) -> Self {
        if mapped.is_empty() {
            return Self::default();
        }
        let id = connection.to_string();
        let mine = mapped.named().find(|it| it.0 == id);
        let said: BTreeMap<String, Option<String>> = mine
            .and_then(|it| serde_json::from_str(it.1).ok())
            .unwrap_or_default();
        Self(Displaced::ALL.map(|field| said.get(field.as_str()).cloned()))
    }

    /// What the connection is shown, where the roster has this.
    pub(crate) fn shown<'a>(&'a self, field: Field, roster: Option<&'a str>) -> Option<&'a str> {
        match self.said(field) {
            Some(said) => said.as_deref(),
            None => roster,
        }
    }

    /// What it has sent of a field's own attribute, if that is kept here.
    pub(crate) fn said(&self, field: Field) -> Option<&Option<String>> {
        let mut each = Displaced::ALL.iter().zip(&self.0);
        each.find(|it| *it.0 == field)?.1.as_ref()
    }

    /// Keeps what was sent.
    pub(crate) fn say(&mut self, field: Field, said: Option<String>) {
        self.leave(field, Some(said));
    }

    /// Has of a field's own attribute what is given, or nothing.
    pub(crate) fn leave(&mut self, field: Field, said: Option<Option<String>>) {
        let mut each = Displaced::ALL.iter().zip(&mut self.0);
        if let Some((_, place)) = each.find(|it| *it.0 == field) {
            *place = said;
        }
    }

    /// Of which fields something is kept here.
    pub(crate) fn displaced(&self) -> Displaced {
        Displaced::of(|field| self.said(field).is_some())
    }

    /// How many bytes long they are.
    pub(crate) fn len(&self) -> usize {
        self.0.iter().flatten().flatten().map(String::len).sum()
    }

    /// Writes them among the words of all connections.
    pub(crate) fn write(&self, connection: ConnectionId, all: &mut Object) {
        let said = |field: &Field| {
            let said = self.said(*field)?.clone();
            Some((field.as_str().to_owned(), Value::from(said)))
        };
        let mine: Object = Displaced::ALL.iter().filter_map(said).collect();
        if mine.is_empty() {
            all.remove(&connection.to_string());
        } else {
            all.insert(connection.to_string(), Value::Object(mine));
        }
    }
}

/// Where it is kept what a connection has sent of a field's own attribute.
pub(crate) fn place(field: Field, connection: ConnectionId) -> KeptBy {
    KeptBy {
        path: vec![
            MAPPED.to_owned(),
            connection.to_string(),
            field.as_str().to_owned(),
        ],
    }
}

//! The one person whom a cell names by an address: the address alone, or as mail programs write it, with a name beside it.

use super::Wanted;
use super::reading::said;
use crate::command::parse_people;
use crate::model::{EmailAddress, Field, Profile};

/// An address, and the name that stands beside it in the cell.
pub(super) type Addressed = (EmailAddress, Option<Box<Profile>>);

/// The address of a cell. More than one is wrong: which one is meant, nobody can know.
pub(super) fn one_address(text: &str) -> Result<Addressed, String> {
    let bare = inner_address(text);
    if bare.len() == text.len()
        && let Ok(email) = text.parse()
    {
        return Ok((email, None));
    }
    if let Some(why) = several_addresses(text) {
        return Err(why);
    }
    let (mut people, unread) = parse_people(text);
    if let (Some(person), true) = (people.pop(), unread.is_empty()) {
        let email = person.profile.email.as_deref().unwrap_or_default();
        let email = email.parse().map_err(said)?;
        let is_named = person.profile.first_name.is_some() || person.profile.last_name.is_some();
        return Ok((email, is_named.then(|| Box::new(person.profile))));
    }
    Ok((bare.parse().map_err(said)?, None))
}

/// Why a cell names nobody: it holds several addresses.
pub(super) fn several_addresses(text: &str) -> Option<String> {
    if text.matches('@').count() < 2 {
        return None;
    }
    match parse_people(text).0.len() {
        0 | 1 => None,
        2 => Some("two addresses in one cell: one person a row".to_owned()),
        many => Some(format!("{many} addresses in one cell: one person a row")),
    }
}

impl Wanted {
    /// Takes the name that stands beside the address, where the row says none.
    pub(super) fn take_name_beside(&mut self) {
        let beside = self.seldom.as_mut().and_then(|it| it.beside.take());
        let Some(beside) = beside else {
            return;
        };
        let names = [Field::FirstName, Field::LastName, Field::DisplayName];
        if self.set.iter().any(|it| names.contains(&it.0)) {
            return;
        }
        for field in names {
            if let Some(name) = beside.get(field) {
                self.set.push(field, Some(name));
            }
        }
    }
}

/// The address in `Ana Li <ana@acme.example>`, else the text.
pub(super) fn inner_address(text: &str) -> &str {
    let inner = text
        .strip_suffix('>')
        .and_then(|it| it.rsplit_once('<'))
        .map_or(text, |it| it.1);
    inner.trim().trim_start_matches("mailto:")
}

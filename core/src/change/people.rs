//! What people are called, for as many as a plan mentions: one text for all names, and a table of places in it. Of a million
//! people that is a third of what a name of its own for each would take.

use crate::model::UserId;

/// Nothing stands at a place of the table.
const FREE: u32 = u32::MAX;
/// The table has at least this many places for each person.
const ROOM: usize = 2;

/// People's names, by their ids.
#[derive(Clone, Debug, Default)]
pub struct PeopleNames {
    /// All names, one after the other.
    text: String,
    /// Who is named, in the order in which they came, and where their names begin and end.
    people: Vec<(UserId, u32, u32)>,
    /// Where each of them stands in that order, found by their id; a power of two of places.
    table: Vec<u32>,
}

impl PeopleNames {
    /// How many are named.
    pub fn len(&self) -> usize {
        self.people.len()
    }

    /// Whether nobody is named.
    pub fn is_empty(&self) -> bool {
        self.people.is_empty()
    }

    /// What somebody is called, if it is known.
    pub fn get(&self, user: UserId) -> Option<&str> {
        let (_, from, to) = self.people.get(self.place(user)?)?;
        self.text
            .get(usize::try_from(*from).ok()?..usize::try_from(*to).ok()?)
    }

    /// Whether it is known what somebody is called.
    pub fn contains(&self, user: UserId) -> bool {
        self.place(user).is_some()
    }

    /// Says what somebody is called; what was said before is forgotten.
    pub fn insert(&mut self, user: UserId, name: &str) {
        if self.get(user) == Some(name) {
            return;
        }
        let from = self.text.len();
        // Of more text than can be counted here nothing is shown but ids.
        let (Ok(from), Ok(to)) = (
            u32::try_from(from),
            u32::try_from(from.saturating_add(name.len())),
        ) else {
            return;
        };
        self.text.push_str(name);
        if let Some(known) = self.place(user).and_then(|it| self.people.get_mut(it)) {
            (known.1, known.2) = (from, to);
            return;
        }
        self.people.push((user, from, to));
        if self.people.len() * ROOM > self.table.len() {
            self.table = vec![FREE; (self.people.len() * ROOM).next_power_of_two().max(16)];
            for place in 0..self.people.len() {
                self.note(place);
            }
        } else {
            self.note(self.people.len() - 1);
        }
    }

    /// Everybody who is named, in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = (UserId, &str)> {
        let text = |from: &u32, to: &u32| {
            let (from, to) = (usize::try_from(*from).ok()?, usize::try_from(*to).ok()?);
            self.text.get(from..to)
        };
        let people = self.people.iter();
        people.filter_map(move |(user, from, to)| Some((*user, text(from, to)?)))
    }

    /// Where somebody stands in the order.
    fn place(&self, user: UserId) -> Option<usize> {
        let last = self.table.len().checked_sub(1)?;
        let mut at = spread(user) & last;
        loop {
            let place = self.table.get(at).filter(|it| **it != FREE)?;
            let place = usize::try_from(*place).ok()?;
            if self.people.get(place)?.0 == user {
                return Some(place);
            }
            at = (at + 1) & last;
        }
    }

    /// Puts whoever stands there in the order into the table, which has room.
    fn note(&mut self, place: usize) {
        let (Some((user, ..)), Some(last)) =
            (self.people.get(place), self.table.len().checked_sub(1))
        else {
            return;
        };
        let mut at = spread(*user) & last;
        while let Some(slot) = self.table.get_mut(at) {
            if *slot == FREE {
                *slot = u32::try_from(place).unwrap_or(FREE);
                return;
            }
            at = (at + 1) & last;
        }
    }
}

impl FromIterator<(UserId, String)> for PeopleNames {
    fn from_iter<I: IntoIterator<Item = (UserId, String)>>(people: I) -> Self {
        let mut names = Self::default();
        for (user, name) in people {
            names.insert(user, &name);
        }
        names
    }
}

/// Ids end in bits drawn at random, and tests' ids in numbers: both are spread over a table.
fn spread(user: UserId) -> usize {
    let (_, low) = user.as_bytes().split_at(8);
    let low = low
        .iter()
        .fold(0_u64, |all, byte| (all << 8) | u64::from(*byte));
    usize::try_from(low.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u32) -> UserId {
        let mut bytes = [0; 16];
        bytes[12..].copy_from_slice(&number.to_be_bytes());
        UserId::from_bytes(bytes)
    }

    #[test]
    fn everybody_is_called_as_was_said_last() {
        let mut names = PeopleNames::default();
        assert!(names.get(id(0)).is_none() && names.is_empty());
        for number in 0..5_000 {
            names.insert(id(number), &format!("p{number}@acme.com"));
        }
        names.insert(id(7), "");
        names.insert(id(4_999), "ana@acme.com");
        assert_eq!(names.len(), 5_000);
        assert_eq!(names.get(id(0)), Some("p0@acme.com"));
        assert_eq!(names.get(id(7)), Some(""));
        assert_eq!(names.get(id(4_999)), Some("ana@acme.com"));
        assert!(!names.contains(id(5_000)));
        let all: Vec<_> = names.iter().collect();
        assert_eq!(all[4_998], (id(4_998), "p4998@acme.com"));
        assert_eq!(all[4_999], (id(4_999), "ana@acme.com"));
    }
}

//! What is known of a person in one piece of memory: plans hold hundreds of thousands of people, and a text of its own for
//! every field of each takes four times as much as what is said.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::user::{Field, Profile};

/// What stands in the place of a length for a field that is emptied.
const EMPTIED: u8 = u8::MAX;
/// The same for a value that is longer than can be said in one byte; its length follows in four.
const LONG: u8 = EMPTIED - 1;
/// The field, and how long its value is, as a rule.
const HEAD: usize = 2;

/// Fields of a person, packed: a profile, or what is to be set of one.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Packed(Vec<u8>);

impl Packed {
    /// What a profile says.
    pub fn of(profile: &Profile) -> Self {
        let said = || {
            Field::ALL
                .into_iter()
                .filter_map(|it| Some((it, profile.get(it)?)))
        };
        let mut packed = Self(Vec::with_capacity(
            said().map(|it| HEAD + it.1.len()).sum::<usize>(),
        ));
        for (field, value) in said() {
            packed.push(field, Some(value));
        }
        packed
    }

    /// Adds a field, which is not there yet; none is one that is to be emptied.
    pub fn push(&mut self, field: Field, value: Option<&str>) {
        self.0.push(field as u8);
        let Some((value, length)) = value.and_then(|it| Some((it, u32::try_from(it.len()).ok()?)))
        else {
            return self.0.push(EMPTIED);
        };
        match u8::try_from(length) {
            Ok(length) if length < LONG => self.0.push(length),
            _ => {
                self.0.push(LONG);
                self.0.extend(length.to_le_bytes());
            }
        }
        self.0.extend(value.as_bytes());
    }

    /// As it stands in memory, for this process only.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// What [`Packed::as_bytes`] gave.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    /// Forgets every field, and keeps the memory for others.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The fields in their order, each with its value; none is one that is to be emptied.
    pub fn iter(&self) -> impl Iterator<Item = (Field, Option<&str>)> {
        self.raw().map_while(|(field, value)| match value {
            None => Some((field, None)),
            Some(value) => Some((field, Some(std::str::from_utf8(value).ok()?))),
        })
    }

    /// As [`Packed::iter`], with the bytes of the values.
    fn raw(&self) -> impl Iterator<Item = (Field, Option<&[u8]>)> {
        let mut rest = self.0.as_slice();
        std::iter::from_fn(move || {
            let ([place, length], after) = rest.split_first_chunk::<2>()?;
            let field = *Field::ALL.get(usize::from(*place))?;
            let (length, after) = match *length {
                EMPTIED => {
                    rest = after;
                    return Some((field, None));
                }
                LONG => {
                    let (length, after) = after.split_first_chunk::<4>()?;
                    (u32::from_le_bytes(*length), after)
                }
                short => (u32::from(short), after),
            };
            let (value, after) = after.split_at_checked(usize::try_from(length).ok()?)?;
            rest = after;
            Some((field, Some(value)))
        })
    }

    /// The value of a field.
    pub fn get(&self, field: Field) -> Option<&str> {
        let (_, value) = self.raw().find(|it| it.0 == field)?;
        std::str::from_utf8(value?).ok()
    }

    /// As a profile.
    pub fn profile(&self) -> Profile {
        let mut profile = Profile::default();
        for (field, value) in self.iter() {
            profile.set(field, value.map(str::to_owned));
        }
        profile
    }

    /// The same in the order of a form, without what is to be emptied: what somebody new is who has nothing yet.
    pub(crate) fn in_order(&self) -> Self {
        let mut said = [None; Field::ALL.len()];
        for (field, value) in self.iter() {
            if let Some(place) = said.get_mut(field as usize) {
                *place = value;
            }
        }
        let mut ordered = Self(Vec::with_capacity(self.0.len()));
        for (field, value) in Field::ALL.into_iter().zip(said) {
            if value.is_some() {
                ordered.push(field, value);
            }
        }
        ordered
    }

    /// Leaves fields out.
    pub(crate) fn leave_out(&mut self, fields: &[Field]) {
        let mut rest = Self::default();
        for (field, value) in self.iter().filter(|it| !fields.contains(&it.0)) {
            rest.push(field, value);
        }
        *self = rest;
    }
}

impl fmt::Debug for Packed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// As the profile.
impl Serialize for Packed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let said = self.iter().filter_map(|it| Some((it.0.as_str(), it.1?)));
        serializer.collect_map(said)
    }
}

impl<'de> Deserialize<'de> for Packed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Profile::deserialize(deserializer).map(|it| Self::of(&it))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_out_as_it_was() {
        let mut profile = Profile::default();
        for (i, field) in Field::ALL.into_iter().enumerate() {
            profile.set(field, (i % 3 > 0).then(|| "é".repeat(i)));
        }
        for (field, length) in [
            (Field::FirstName, 253),
            (Field::LastName, 254),
            (Field::Region, 70_000),
        ] {
            profile.set(field, Some("x".repeat(length)));
        }
        profile.set(Field::Title, Some(String::new()));
        let mut packed = Packed::of(&profile);
        assert_eq!(packed.profile(), profile);
        for field in Field::ALL {
            assert_eq!(packed.get(field), profile.get(field));
        }
        let json = serde_json::to_string(&profile).unwrap();
        assert_eq!(serde_json::to_string(&packed).unwrap(), json);
        assert_eq!(serde_json::from_str::<Packed>(&json).unwrap(), packed);
        packed.leave_out(&[Field::Title, Field::LastName]);
        profile.set(Field::Title, None);
        profile.set(Field::LastName, None);
        assert_eq!(packed, Packed::of(&profile));
    }

    #[test]
    fn what_is_to_be_emptied_is_told_from_what_is_not_said() {
        let mut packed = Packed::default();
        packed.push(Field::Region, None);
        packed.push(Field::Title, Some(""));
        let said: Vec<_> = packed.iter().collect();
        assert_eq!(said, [(Field::Region, None), (Field::Title, Some(""))]);
        assert_eq!(packed.get(Field::Region), None);
        packed.push(Field::Email, Some("ana@acme.example"));
        let ordered: Vec<_> = Field::ALL
            .into_iter()
            .filter_map(|it| Some((it, Some(packed.get(it)?))))
            .collect();
        assert_eq!(packed.in_order().iter().collect::<Vec<_>>(), ordered);
        assert_eq!(packed.in_order(), Packed::of(&packed.profile()));
    }
}

//! Marks behind the searched text of a person: which parts of the profile they lack, their region and their language, in
//! letters that nobody types. The text index finds people by them as it does by words, and words do not find them.

use super::text::folded;
use super::{Field, Profile};

/// What people may lack, the first four in one letter and the last four in another.
const PARTS: [Field; 8] = [
    Field::FirstName,
    Field::LastName,
    Field::DisplayName,
    Field::UserName,
    Field::FunctionalArea,
    Field::Title,
    Field::Region,
    Field::Language,
];
/// Begins the two letters that say what is lacking.
const LACKS: char = '\u{e000}';
const FIRST_FOUR: u32 = 0xe010;
const LAST_FOUR: u32 = 0xe020;
/// Letters of regions and of languages are moved to planes of their own, between a letter that begins and one that ends.
const REGIONS: u32 = 0xf_0000;
const LANGUAGES: u32 = 0x10_0000;
const BEGINS: char = '\u{1}';
const ENDS: char = '\u{2}';

/// How a value is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Whole,
    Start,
    Anywhere,
}

/// The marks of a person, to follow what is searched.
pub(crate) fn marks(profile: &Profile) -> String {
    let lacks = PARTS.map(|it| profile.get(it).is_none());
    let mut out = String::from(" ");
    out.push(LACKS);
    out.extend(letters(lacks));
    for (plane, value) in [
        (REGIONS, profile.region.as_deref()),
        (LANGUAGES, profile.language.as_deref()),
    ] {
        if let Some(value) = value {
            out.extend(moved(plane, &folded(value), Place::Whole));
        }
    }
    // Whatever comes last is followed by something, so that two letters are the start of three.
    out.push(' ');
    out
}

/// What a region or a language is marked with; none for any other field.
pub(crate) fn marked(field: Field, value: &str, place: Place) -> Option<String> {
    let plane = match field {
        Field::Region => REGIONS,
        Field::Language => LANGUAGES,
        _ => return None,
    };
    Some(moved(plane, &folded(value), place).collect())
}

/// Every mark of people who lack a field, or who have it; none for a field that is not marked.
pub(crate) fn lacking(field: Field, lacks: bool) -> Vec<String> {
    let Some(bit) = PARTS.iter().position(|it| *it == field) else {
        return Vec::new();
    };
    let all = (0..1_u32 << PARTS.len()).map(|bits| {
        let mut what = [false; PARTS.len()];
        for (i, it) in what.iter_mut().enumerate() {
            *it = bits >> i & 1 == 1;
        }
        what
    });
    all.filter(|it| it.get(bit) == Some(&lacks))
        .map(|it| std::iter::once(LACKS).chain(letters(it)).collect())
        .collect()
}

fn letters(lacks: [bool; 8]) -> impl Iterator<Item = char> {
    let bits = |it: &[bool]| {
        it.iter()
            .rev()
            .fold(0, |bits, it| bits << 1 | u32::from(*it))
    };
    let (first, last) = lacks.split_at(4);
    [FIRST_FOUR + bits(first), LAST_FOUR + bits(last)]
        .into_iter()
        .filter_map(char::from_u32)
}

fn moved(plane: u32, value: &str, place: Place) -> impl Iterator<Item = char> {
    let begins = (place != Place::Anywhere).then_some(BEGINS);
    let ends = (place == Place::Whole).then_some(ENDS);
    let letters: Vec<char> = begins
        .into_iter()
        .chain(value.chars())
        .chain(ends)
        .collect();
    letters
        .into_iter()
        .filter_map(move |it| char::from_u32(plane + (u32::from(it) & 0xffff)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_say_what_is_lacking_and_hold_region_and_language_out_of_the_way_of_words() {
        let profile = Profile {
            first_name: Some("Ana".into()),
            title: Some("Chief".into()),
            region: Some("Émea  South".into()),
            ..Profile::default()
        };
        let marks = marks(&profile);
        let holds = |all: &[String]| all.iter().filter(|it| marks.contains(it.as_str())).count();
        for field in PARTS {
            let lacks = profile.get(field).is_none();
            assert_eq!(holds(&lacking(field, lacks)), 1, "{field:?}");
            assert_eq!(holds(&lacking(field, !lacks)), 0, "{field:?}");
        }
        let found = |value: &str, place| {
            let needle = marked(Field::Region, value, place);
            needle.is_some_and(|it| marks.contains(&it))
        };
        assert!(found("EMEA south", Place::Whole) && !found("emea", Place::Whole));
        assert!(found("e", Place::Start) && !found("s", Place::Start));
        assert!(found("h", Place::Anywhere) && !found("x", Place::Anywhere));
        assert!(!marks.contains("emea") && !marks.contains('h'));
        assert_eq!(marked(Field::Title, "x", Place::Whole), None);
    }
}

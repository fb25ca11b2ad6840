//! What somebody probably meant: names and addresses that differ by a slip of the hand.

use std::collections::HashMap;

/// Mail services that people mistype.
const COMMON: &[&str] = &[
    "gmail.com",
    "googlemail.com",
    "outlook.com",
    "hotmail.com",
    "yahoo.com",
    "icloud.com",
    "live.com",
    "msn.com",
    "gmx.de",
    "web.de",
    "proton.me",
    "protonmail.com",
];

/// How many slips of the hand lie between two words (letters left out, put in, changed, or two swapped), up to a limit.
pub(crate) fn slips(one: &str, other: &str, most: usize) -> Option<usize> {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    if one.len().abs_diff(other.len()) > most {
        return None;
    }
    let width = other.len() + 1;
    let (mut before, mut now) = (vec![0; width], vec![0; width]);
    let mut last: Vec<usize> = (0..width).collect();
    let at = |row: &[usize], place: usize| row.get(place).copied().unwrap_or(usize::MAX / 2);
    for (i, a) in one.iter().enumerate() {
        now.clear();
        now.push(i + 1);
        for (j, b) in other.iter().enumerate() {
            let changed = at(&last, j) + usize::from(a != b);
            let left_out = at(&last, j + 1) + 1;
            let put_in = at(&now, j) + 1;
            let mut best = changed.min(left_out).min(put_in);
            let swapped =
                i > 0 && j > 0 && one.get(i - 1) == Some(b) && other.get(j - 1) == Some(a);
            if swapped {
                best = best.min(at(&before, j - 1) + 1);
            }
            now.push(best);
        }
        std::mem::swap(&mut before, &mut last);
        std::mem::swap(&mut last, &mut now);
    }
    Some(at(&last, other.len())).filter(|it| *it <= most)
}

/// The word of a list that is meant by one that is not in it, if one is near enough.
pub(crate) fn meant<'w>(word: &str, known: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    let word = word.trim().to_lowercase();
    let most = match word.chars().count() {
        0..=3 => 1,
        4..=7 => 2,
        _ => 3,
    };
    known
        .filter_map(|it| Some((slips(&word, &it.to_lowercase(), most)?, it)))
        .min_by_key(|it| it.0)
        .map(|it| it.1)
}

/// The domain that is meant by a mistyped one: of those that are known here, else of those that everybody knows.
pub(crate) fn domain_meant<'d>(
    domain: &str,
    known: impl Iterator<Item = &'d str>,
) -> Option<&'d str> {
    let known: Vec<&str> = known.collect();
    if known.contains(&domain) || COMMON.contains(&domain) {
        return None;
    }
    let near = |it: &&str| slips(domain, it, 1 + usize::from(domain.len() > 12)).is_some();
    let mut all = known.iter().copied();
    all.find(near).or_else(|| {
        COMMON
            .iter()
            .copied()
            .find(|it| slips(domain, it, 1).is_some())
    })
}

/// What is doubtful about an address: that it looks odd, or that its domain is nearly one that is known.
pub(crate) enum Doubt {
    /// It looks odd, and why.
    Odd(String),
    /// Another address was probably meant.
    Meant(String),
}

/// Addresses, each looked at for slips; what is meant by a domain is found out once.
pub(crate) struct Addresses {
    known: Vec<String>,
    meant: HashMap<String, Option<String>>,
}

impl Addresses {
    /// Compared with these domains.
    pub(crate) fn at(known: Vec<String>) -> Self {
        Self {
            known,
            meant: HashMap::new(),
        }
    }

    /// What is doubtful about an address, if anything is.
    pub(crate) fn doubt(&mut self, email: &str) -> Option<Doubt> {
        let (local, domain) = email.rsplit_once('@')?;
        if let Some(why) = looks_wrong(local, domain) {
            return Some(Doubt::Odd(why));
        }
        let known = &self.known;
        let meant = self
            .meant
            .entry(domain.to_ascii_lowercase())
            .or_insert_with_key(|it| {
                domain_meant(it, known.iter().map(String::as_str)).map(str::to_owned)
            });
        let meant = meant.as_ref()?;
        Some(Doubt::Meant(format!("{local}@{meant}")))
    }
}

/// Letters of other alphabets that look like Latin ones.
const LOOK_LATIN: &str = "аеорсухіјѕһԁԛԝвкмнтАВЕКМНОРСТХУІЈЅαενορτυχκιΑΒΕΖΗΙΚΜΝΟΡΤΥΧ";

/// What is odd about an address that is somebody's perhaps and probably nobody's.
pub(crate) fn looks_wrong(local: &str, domain: &str) -> Option<String> {
    let is_latin = |it: char| it.is_ascii_alphabetic();
    let parts = || std::iter::once(local).chain(domain.split('.'));
    for part in parts() {
        let mut letters = part.chars().filter(|it| it.is_alphabetic());
        // A word of such letters only is one of another alphabet, unless the words around it are Latin.
        let latin = match letters.all(|it| LOOK_LATIN.contains(it)) {
            true => parts().any(|it| it.contains(is_latin)),
            false => part.contains(is_latin),
        };
        let other = part.chars().find(|it| LOOK_LATIN.contains(*it));
        if let Some(other) = other.filter(|_| latin) {
            return Some(format!(
                "its {other} is of another alphabet than the letters around it, though it looks the same"
            ));
        }
    }
    let has_dot = domain.contains('.') || domain.starts_with('[');
    (!has_dot).then(|| "its domain has no dot, such as .com, in it".to_owned())
}

/// Every word that is one slip away from this one: as many as a few hundred.
pub(crate) fn neighbours(word: &str) -> Vec<String> {
    const LETTERS: &str = "abcdefghijklmnopqrstuvwxyz0123456789.-_";
    let letters: Vec<char> = word.chars().collect();
    let with = |change: &dyn Fn(&mut Vec<char>)| {
        let mut letters = letters.clone();
        change(&mut letters);
        letters.into_iter().collect::<String>()
    };
    let mut all = Vec::new();
    for place in 0..=letters.len() {
        for letter in LETTERS.chars() {
            all.push(with(&|it| it.insert(place, letter)));
            if place < letters.len() {
                all.push(with(&|it| {
                    it.splice(place..=place, [letter]).for_each(drop)
                }));
            }
        }
        if place < letters.len() {
            all.push(with(&|it| {
                it.remove(place);
            }));
        }
        if place + 1 < letters.len() {
            all.push(with(&|it| it.swap(place, place + 1)));
        }
    }
    all.sort_unstable();
    all.dedup();
    all.retain(|it| it != word && !it.is_empty());
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_counted() {
        for (one, other, expected) in [
            ("acme.com", "acme.con", Some(1)),
            ("gmial.com", "gmail.com", Some(1)),
            ("sales", "slaes", Some(1)),
            ("sales", "sales", Some(0)),
            ("a", "abcd", None),
            ("ab", "cd", Some(2)),
            ("", "a", Some(1)),
        ] {
            assert_eq!(slips(one, other, 2), expected, "{one} {other}");
        }
    }

    #[test]
    fn addresses_that_are_hardly_anybodys_are_told() {
        assert_eq!(looks_wrong("ana", "acme.com"), None);
        assert_eq!(looks_wrong("анна", "почта.рф"), None);
        assert!(looks_wrong("аna", "acme.com").is_some());
        assert!(looks_wrong("ana", "acmе.com").is_some());
        assert!(looks_wrong("ana", "acme").is_some());
        // Nothing but letters that look Latin, and digits, beside a Latin domain; and a domain of such.
        assert!(looks_wrong("\u{440}440", "acme.com").is_some());
        assert!(looks_wrong("\u{430}", "acme.com").is_some());
        assert!(looks_wrong("ana", "\u{430}\u{441}\u{43c}\u{435}.com").is_some());
        assert_eq!(looks_wrong("440", "acme.com"), None);
        assert_eq!(looks_wrong("иван", "acme.com"), None);
        assert_eq!(looks_wrong("анна", "сом.рф"), None);
    }

    #[test]
    fn what_is_meant_is_near() {
        let groups = ["Sales", "Design", "Sales EMEA"];
        assert_eq!(meant("slaes", groups.into_iter()), Some("Sales"));
        assert_eq!(meant("Marketing", groups.into_iter()), None);
        assert_eq!(domain_meant("gmial.com", [].into_iter()), Some("gmail.com"));
        assert_eq!(
            domain_meant("acme.con", ["acme.com"].into_iter()),
            Some("acme.com")
        );
        assert_eq!(domain_meant("gmx.de", ["gmx.te"].into_iter()), None);
        assert_eq!(domain_meant("other.org", ["acme.com"].into_iter()), None);
        assert!(neighbours("ana").contains(&"anna".to_owned()));
    }
}

//! Conditions on single attributes, as identity providers' filters have them (RFC 7644 §3.4.2.2): any attribute that is
//! shown of a person, any operator. The store compiles them to SQL; where an index answers, [`super::Expr`] has a
//! condition of its own.

use super::TextField;
use crate::model::ConnectionId;

/// A condition on one attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum Attribute {
    /// One value is compared.
    Is(Compared<Value>),
    /// Some element of a list fits.
    Some {
        /// Which list.
        of: List,
        /// What of it.
        that: Element,
    },
    /// Any of the person's addresses is this one (compared as addresses are).
    Address(String),
}

/// What is asked of one element of a list.
#[derive(Clone, Debug, PartialEq)]
pub enum Element {
    /// All of these, of the same element; of none: that there is an element.
    And(Vec<Self>),
    /// Any of these.
    Or(Vec<Self>),
    /// Not this.
    Not(Box<Self>),
    /// A part is compared.
    Part(Compared<String>),
}

/// A value and what it is compared with.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared<T> {
    /// Which value.
    pub value: T,
    /// What is put before it when it is shown, such as the beginning of an address.
    pub prefix: String,
    /// How it is compared.
    pub test: Test,
}

impl<T> Compared<T> {
    /// The value as it is, compared so.
    pub fn new(value: T, test: Test) -> Self {
        Self {
            value,
            prefix: String::new(),
            test,
        }
    }
}

/// A single value of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A field.
    Field(TextField),
    /// What the person signs in with: the user name, else the address.
    SignIn,
    /// The id, as text.
    Id,
    /// The word of their status.
    Status,
    /// Whether they are in or may come in.
    Active,
    /// The version.
    Version,
    /// What a connection calls them.
    ExternalId(ConnectionId),
    /// Their manager's id, as text.
    Manager,
    /// Their manager's name as shown.
    ManagerName,
    /// Their place in the queue for a seat.
    QueuePosition,
    /// What is kept of the provider's attributes, under these names.
    Kept(Vec<String>),
    /// A field, or what a connection has sent of it without feeding the field.
    AsSent {
        /// The field.
        field: TextField,
        /// Where that is kept.
        by: KeptBy,
    },
    /// When they were created.
    Created,
    /// When anything about them last changed.
    Updated,
    /// The preferred, else the first element of a kept list as it is shown: this part of it.
    FirstOf(List, String),
}

/// A list of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum List {
    /// A kept list of objects, under these names.
    Kept {
        /// Where.
        path: Vec<String>,
        /// The part whose value a field of the roster holds, in the element that keeps its place as null, else in one of
        /// the type `work` of its own.
        placed: Option<Placed>,
    },
    /// The groups that they are in: `value` and `display`.
    Groups,
    /// Licenses: `pool` and `state`.
    Licenses,
    /// Labels: `value`.
    Labels,
    /// What they have in custom fields that everybody sees: `name` and `value`.
    CustomFields,
}

/// Where a field of the roster stands in a kept list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The part of an element.
    pub part: String,
    /// The field that holds it.
    pub field: TextField,
    /// Whether an element without it says nothing.
    pub needed: bool,
    /// Whether an element of its own is the preferred one.
    pub primary: bool,
    /// What a connection has sent of it without feeding the field.
    pub sent: Option<KeptBy>,
}

/// Where it is kept what a connection has sent of an attribute whose field another one feeds: of whom nothing is there, not even
/// null, the field is what it has sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptBy {
    /// Under these names, in what comes first of all that is kept: `$` begins its name.
    pub path: Vec<String>,
}

/// How a value is compared. A value that is not there satisfies none.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// It is there.
    Present,
    /// As text.
    Text {
        /// How.
        op: Op,
        /// With what.
        with: String,
        /// What counts as the same.
        fold: Fold,
    },
    /// As a number.
    Number {
        /// How; of texts only equality and order.
        op: Op,
        /// With what.
        with: f64,
    },
    /// As true or false; one that is not there is false.
    Flag(bool),
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// The same.
    Equals,
    /// Anywhere in it.
    Contains,
    /// At its beginning.
    StartsWith,
    /// At its end.
    EndsWith,
    /// Behind it in order.
    Greater,
    /// The same or behind it.
    AtLeast,
    /// Before it in order.
    Less,
    /// The same or before it.
    AtMost,
}

/// What letter case means to a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    /// Everything.
    Exact,
    /// Nothing for ASCII letters, as in addresses and user names.
    Ascii,
    /// Nothing in any script.
    Caseless,
}

/// A text for comparing without regard to letter case, in any script; accents count.
pub fn caseless(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization as _;
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.nfc().flat_map(char::to_lowercase).nfc().collect()
}

/// How many of these a text may have to be worth being spelled out: each doubles the spellings.
const MOST_DOUBLES: usize = 3;

/// Every text that is this one without its case, but for the case of ASCII letters; none when it is not of ASCII, or when there
/// are too many. Beside itself that is the text with signs that Unicode says are another: the Kelvin sign is a K.
#[must_use]
pub fn spellings(text: &str) -> Option<Vec<String>> {
    if !text.is_ascii() {
        return None;
    }
    let double = |it: char| match it {
        'k' | 'K' => Some('\u{212a}'),
        ';' => Some('\u{37e}'),
        '`' => Some('\u{1fef}'),
        _ => None,
    };
    if text.chars().filter_map(double).count() > MOST_DOUBLES {
        return None;
    }
    let mut spelled = vec![String::with_capacity(text.len())];
    for letter in text.chars() {
        let mut others = match double(letter) {
            Some(_) => spelled.clone(),
            None => Vec::new(),
        };
        spelled.iter_mut().for_each(|it| it.push(letter));
        others.iter_mut().for_each(|it| it.extend(double(letter)));
        spelled.append(&mut others);
    }
    Some(spelled)
}

/// In what order people are listed; those of the same place in order of creation.
#[derive(Clone, Debug, PartialEq)]
pub enum Order {
    /// Of creation.
    Creation,
    /// The newest first.
    Newest,
    /// By a value; who has none comes last, or first when descending.
    By {
        /// Which.
        value: Value,
        /// What counts as the same.
        fold: Fold,
        /// Whether the order is turned round.
        descending: bool,
    },
}

/// A page of a list for a provider.
#[derive(Clone, Debug, PartialEq)]
pub struct Listing {
    /// Whom.
    pub query: super::Expr,
    /// In which order.
    pub order: Order,
    /// From where.
    pub from: ListFrom,
    /// How many at most.
    pub limit: i64,
    /// How many there are in all, if that is known already; else they are counted.
    pub total: Option<i64>,
}

/// Where a page begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListFrom {
    /// At this place, 1 being the first.
    Place(i64),
    /// Behind the person of this number in the order of creation, wherever they stand in the list's own.
    Behind(i64),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_the_same_but_for_case_is_one_of_the_spellings() {
        let doubled = |it: char| !it.is_ascii() && caseless(&it.to_string()).is_ascii();
        for sign in ('\u{0}'..=char::MAX).filter(|it| doubled(*it)) {
            let plain = caseless(&sign.to_string());
            let spelled = spellings(&plain).unwrap();
            assert!(spelled.contains(&sign.to_string()), "{sign:?} is {plain}");
        }
        assert_eq!(
            spellings("kick").unwrap(),
            ["kick", "\u{212a}ick", "kic\u{212a}", "\u{212a}ic\u{212a}"]
        );
        assert_eq!(spellings("Sales").unwrap(), ["Sales"]);
        assert_eq!(spellings("").unwrap(), [""]);
        assert_eq!(spellings("Käse"), None);
        assert_eq!(spellings("kkkk"), None);
    }
}

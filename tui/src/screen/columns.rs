//! The columns that the list of people can show, and by what it is sorted, as words that are chosen, saved and read again.

use usher_core::query::SortBy;

use crate::list::Row;

/// A column of the list of people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListColumn {
    Name,
    Email,
    Area,
    Title,
    Manager,
    Region,
    Language,
    Labels,
    Seen,
    Created,
}

impl ListColumn {
    /// Every column, with the word for it.
    pub(crate) const ALL: [(&'static str, Self); 10] = [
        ("name", Self::Name),
        ("email", Self::Email),
        ("area", Self::Area),
        ("title", Self::Title),
        ("manager", Self::Manager),
        ("region", Self::Region),
        ("language", Self::Language),
        ("labels", Self::Labels),
        ("seen", Self::Seen),
        ("created", Self::Created),
    ];
    /// The words.
    pub(crate) const WORDS: [&'static str; 10] = [
        "name", "email", "area", "title", "manager", "region", "language", "labels", "seen",
        "created",
    ];

    /// The column of a word.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(it, _)| *it == word.trim());
        found.map(|(_, column)| *column)
    }

    /// Its word.
    pub(crate) fn word(self) -> &'static str {
        let found = Self::ALL.iter().find(|(_, column)| *column == self);
        found.map_or("", |(word, _)| word)
    }

    /// Columns in words, in their order.
    ///
    /// # Errors
    /// The first word that is none.
    pub(crate) fn parse(text: &str) -> Result<Vec<Self>, String> {
        let words = text
            .split([',', ';', ' '])
            .filter(|it| !it.trim().is_empty());
        words
            .map(|it| Self::from_word(it).ok_or_else(|| format!("there is no column {it}")))
            .collect()
    }

    /// Its head.
    pub(crate) fn head(self) -> &'static str {
        match self {
            Self::Name => "Name",
            Self::Email => "Email",
            Self::Area => "Area",
            Self::Title => "Title",
            Self::Manager => "Manager",
            Self::Region => "Region",
            Self::Language => "Language",
            Self::Labels => "Labels",
            Self::Seen => "Last seen",
            Self::Created => "Created",
        }
    }

    /// How many cells it takes at least, and its share of the rest.
    pub(crate) fn size(self) -> (u16, u16) {
        match self {
            Self::Name => (18, 2),
            Self::Email => (20, 3),
            Self::Area | Self::Title | Self::Manager | Self::Labels => (14, 1),
            Self::Region => (10, 0),
            Self::Language => (9, 0),
            Self::Seen | Self::Created => (11, 0),
        }
    }

    /// Its text in a row.
    pub(crate) fn text(self, row: &Row) -> &str {
        match self {
            Self::Name => &row.name,
            Self::Email => &row.email,
            Self::Area => &row.area,
            Self::Title => &row.title,
            Self::Manager => &row.manager,
            Self::Region => &row.region,
            Self::Language => &row.language,
            Self::Labels => &row.labels,
            Self::Seen => &row.seen,
            Self::Created => &row.created,
        }
    }
}

/// Every order, with its word.
pub(crate) const SORTS: [(&str, SortBy); 9] = [
    ("name", SortBy::Name),
    ("email", SortBy::Email),
    ("status", SortBy::Status),
    ("created", SortBy::Created),
    ("seen", SortBy::Seen),
    ("area", SortBy::Area),
    ("title", SortBy::Title),
    ("region", SortBy::Region),
    ("language", SortBy::Language),
];

/// The words for the orders.
pub(crate) const SORT_WORDS: [&str; 9] = [
    "name", "email", "status", "created", "seen", "area", "title", "region", "language",
];

/// The order of a word.
pub(crate) fn sort_of(word: &str) -> Option<SortBy> {
    SORTS
        .iter()
        .find(|(it, _)| *it == word.trim())
        .map(|(_, sort)| *sort)
}

/// The word for an order.
pub(crate) fn sort_word(sort: SortBy) -> &'static str {
    SORTS
        .iter()
        .find(|(_, it)| *it == sort)
        .map_or("", |(word, _)| word)
}

//! The columns that the list of people can show, and by what it is sorted, as words that are chosen, saved and read again.

use usher_core::model::{CustomField, FieldId, field_key};
use usher_core::query::SortBy;

use crate::list::Row;

/// Before the id of a custom field, where a view keeps it as a column: the name may be another one day.
const FIELD: &str = "field:";

/// A column of the list of people.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// A custom field, and what it is called.
    Custom(FieldId, String),
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
    /// What the list shows where there is room and nothing else was chosen.
    pub(crate) const IMPORTANT: [Self; 5] = [
        Self::Name,
        Self::Email,
        Self::Area,
        Self::Title,
        Self::Manager,
    ];

    /// The column of a word, or of a custom field by its name or as a view keeps it.
    pub(crate) fn from_word(word: &str, fields: &[CustomField]) -> Option<Self> {
        let word = word.trim();
        if let Some((_, column)) = Self::ALL.iter().find(|(it, _)| *it == word) {
            return Some(column.clone());
        }
        let (id, key) = (word.strip_prefix(FIELD), field_key(word));
        let found = fields.iter().filter(|it| !it.terms.removed).find(|it| {
            id.is_some_and(|id| it.id.to_string() == id) || field_key(&it.terms.name) == key
        });
        found.map(|it| Self::Custom(it.id, it.terms.name.clone()))
    }

    /// As whoever chooses it types it.
    pub(crate) fn word(&self) -> &str {
        if let Self::Custom(_, name) = self {
            return name;
        }
        let found = Self::ALL.iter().find(|(_, column)| column == self);
        found.map_or("", |(word, _)| word)
    }

    /// What exports call it; a person's name is three columns there, for some have a display name only.
    pub(crate) fn exported(&self) -> &[&str] {
        match self {
            Self::Name => &["first_name", "last_name", "display_name"],
            Self::Email => &["email"],
            Self::Area => &["functional_area"],
            Self::Title => &["title"],
            Self::Manager => &["manager"],
            Self::Region => &["region"],
            Self::Language => &["language"],
            Self::Labels => &["labels"],
            Self::Seen => &["last_seen_at"],
            Self::Created => &["created_at"],
            Self::Custom(..) => &[],
        }
    }

    /// As a view keeps it.
    pub(crate) fn kept(&self) -> String {
        match self {
            Self::Custom(id, _) => format!("{FIELD}{id}"),
            known => known.word().to_owned(),
        }
    }

    /// The words that can be chosen.
    pub(crate) fn words(fields: &[CustomField]) -> Vec<String> {
        let fields = fields.iter().filter(|it| !it.terms.removed);
        let known = Self::ALL.iter().map(|it| it.0.to_owned());
        known
            .chain(fields.map(|it| it.terms.name.clone()))
            .collect()
    }

    /// Columns in words, in their order. The name of a custom field may have spaces in it, where commas stand between.
    ///
    /// # Errors
    /// The first word that is none.
    pub(crate) fn parse(text: &str, fields: &[CustomField]) -> Result<Vec<Self>, String> {
        let mut columns = Vec::new();
        for part in text.split([',', ';']).map(str::trim) {
            if let Some(column) = Self::from_word(part, fields) {
                columns.push(column);
                continue;
            }
            for word in part.split_whitespace() {
                let column = Self::from_word(word, fields);
                columns.push(column.ok_or_else(|| format!("there is no column {word}"))?);
            }
        }
        Ok(columns)
    }

    /// Its head.
    pub(crate) fn head(&self) -> &str {
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
            Self::Custom(_, name) => name,
        }
    }

    /// How many cells it takes at least, and its share of the rest.
    pub(crate) fn size(&self) -> (u16, u16) {
        match self {
            Self::Name => (18, 2),
            Self::Email => (20, 3),
            Self::Area | Self::Title | Self::Manager | Self::Labels | Self::Custom(..) => (14, 1),
            Self::Region => (10, 0),
            Self::Language => (9, 0),
            Self::Seen | Self::Created => (11, 0),
        }
    }

    /// Its text in a row.
    pub(crate) fn text<'r>(&self, row: &'r Row) -> &'r str {
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
            Self::Custom(_, name) => {
                let found = row.custom.iter().find(|it| it.0 == *name);
                found.map_or("", |it| &it.1)
            }
        }
    }
}

/// Every order, with its word: custom fields come by their names.
pub(crate) fn sorts(fields: &[CustomField]) -> Vec<(String, SortBy)> {
    let known = SortBy::NAMED
        .iter()
        .map(|(word, sort)| ((*word).to_owned(), *sort));
    let custom = fields
        .iter()
        .filter(|it| !it.terms.removed)
        .map(|it| (it.terms.name.clone(), SortBy::Custom(it.id)));
    known.chain(custom).collect()
}

/// The order of a word, of a custom field by its name, or as a view keeps it.
pub(crate) fn sort_of(word: &str, fields: &[CustomField]) -> Option<SortBy> {
    let word = word.trim();
    if let Some((_, sort)) = SortBy::NAMED.iter().find(|(it, _)| *it == word) {
        return Some(*sort);
    }
    match ListColumn::from_word(word, fields) {
        Some(ListColumn::Custom(id, _)) => Some(SortBy::Custom(id)),
        _ => None,
    }
}

/// The sign of an order's direction.
pub(crate) fn way(descending: bool) -> &'static str {
    if descending { "↓" } else { "↑" }
}

/// Whether a column shows what an order is by.
pub(crate) fn shows(column: &ListColumn, sort: SortBy) -> bool {
    match (column, sort) {
        (ListColumn::Custom(id, _), SortBy::Custom(by)) => *id == by,
        (ListColumn::Custom(..), _) | (_, SortBy::Custom(_)) => false,
        (known, sort) => sort_word(sort, &[]) == known.word(),
    }
}

/// The word for an order.
pub(crate) fn sort_word(sort: SortBy, fields: &[CustomField]) -> String {
    let mut all = sorts(fields).into_iter();
    all.find(|it| it.1 == sort)
        .map(|it| it.0)
        .unwrap_or_else(|| "a field that is gone".to_owned())
}

/// As a view keeps an order.
pub(crate) fn sort_kept(sort: SortBy) -> String {
    match sort {
        SortBy::Custom(id) => format!("{FIELD}{id}"),
        known => sort_word(known, &[]),
    }
}

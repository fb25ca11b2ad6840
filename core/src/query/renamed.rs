//! Queries that are kept: which custom fields they name, so that they mean the same fields when those are called otherwise.

use super::words::{Key, key};
use super::{Expr, Vocabulary};
use crate::model::{FieldId, field_key};

/// The custom fields that a query names, each with the name under which it does.
pub(crate) fn named_fields(query: &Expr) -> Vec<(String, FieldId)> {
    let mut found = Vec::new();
    collect(query, &mut found);
    found.sort();
    found.dedup();
    found
}

fn collect(query: &Expr, found: &mut Vec<(String, FieldId)>) {
    match query {
        Expr::And(parts) | Expr::Or(parts) => parts.iter().for_each(|it| collect(it, found)),
        Expr::Not(part) => collect(part, found),
        Expr::Custom { field, .. } => found.push((field.key.clone(), field.id)),
        _ => {}
    }
}

/// A kept query with its custom fields by the names that they have now. One that is gone keeps its old name.
pub(crate) fn renamed(text: &str, fields: &[(String, FieldId)], vocabulary: &Vocabulary) -> String {
    let now = |name: &str| {
        let key = field_key(name);
        let (_, id) = fields.iter().find(|(it, _)| *it == key)?;
        vocabulary.key_of(*id)
    };
    let (mut out, mut word) = (String::with_capacity(text.len()), String::new());
    let mut quoted = false;
    for c in text.chars() {
        quoted ^= c == '"';
        if !quoted && (c.is_whitespace() || c == '(' || c == ')') {
            out.push_str(&renamed_word(&word, &now));
            word.clear();
            out.push(c);
        } else {
            word.push(c);
        }
    }
    out.push_str(&renamed_word(&word, &now));
    out
}

fn renamed_word(word: &str, now: &impl Fn(&str) -> Option<String>) -> String {
    let bare = word.trim_start_matches('-');
    let sign = word.strip_suffix(bare).unwrap_or_default();
    let Some((name, values)) = bare.split_once(':') else {
        return word.to_owned();
    };
    if matches!(key(name), Some(Key::Has | Key::No)) {
        let values = values
            .split(',')
            .map(|it| now(it).unwrap_or_else(|| it.to_owned()));
        return format!("{sign}{name}:{}", values.collect::<Vec<_>>().join(","));
    }
    match now(name) {
        Some(name) => format!("{sign}{name}:{values}"),
        None => word.to_owned(),
    }
}

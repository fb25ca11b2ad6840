//! The form that makes people administrators, or takes that from them.

use usher_core::model::Permission;

use super::{Whom, plan};
use crate::board::Doing;
use crate::form::{Field, Form, Offer};
use crate::verb::Verb;

const WORDS: &[&str] = &[
    "owner",
    "manage_users",
    "manage_assignments",
    "manage_reports",
    "authorized_purchaser",
];

/// Asks which permissions are given, or taken.
pub(crate) fn permissions(whom: &Whom) -> Doing {
    let known = |text: &str| parsed(text).map(|_| ());
    let field = |label: &str| {
        Field::new(label, WORDS.join(", "))
            .offering(Offer::Words(WORDS))
            .checked(known)
    };
    let title = format!("Permissions of {}", whom.words);
    let whom = whom.clone();
    let form = Form::new(title, vec![field("give"), field("take")], move |fields| {
        let said = |i: usize| parsed(fields.get(i).map_or("", Field::text)).map_err(|why| (i, why));
        let (give, take) = (said(0)?, said(1)?);
        match (give.is_empty(), take.is_empty()) {
            (false, true) => Ok(plan(&whom, Verb::Permit(give))),
            (true, false) => Ok(plan(&whom, Verb::Forbid(take))),
            _ => Err((0, "give or take: one of the two at a time".to_owned())),
        }
    });
    Doing::Ask(Box::new(form))
}

fn parsed(text: &str) -> Result<Vec<Permission>, String> {
    let words = text.split([',', ';', ' ']).filter(|it| !it.is_empty());
    words
        .map(|it| Permission::from_word(it).ok_or_else(|| format!("there is no {it}")))
        .collect()
}

//! Bodies taken apart, each fault with its place.

use serde_json::{Map, Value};

use super::refusal::Refusal;

/// Most people in one request.
pub(super) const MOST_PEOPLE: usize = 5_000;

/// What a request says about people.
pub(super) enum People {
    /// About one, as `user`.
    One(Value),
    /// About several, as `users`.
    Several(Vec<Value>),
}

/// The body's object, in which nothing but these members stands: a misspelled one is told rather than ignored.
pub(super) fn object(body: Value, known: &[&str]) -> Result<Map<String, Value>, Refusal> {
    let Value::Object(object) = body else {
        return Err(Refusal::bad(
            "",
            "the body is not a JSON object",
            "send one",
        ));
    };
    match object.keys().find(|it| !known.contains(&it.as_str())) {
        None => Ok(object),
        Some(other) => Err(Refusal::bad(
            other.chars().take(60).collect::<String>(),
            "is not known here",
            format!("use {}", known.join(", ")),
        )),
    }
}

/// A member that is a text.
pub(super) fn text(value: Option<Value>, at: &str) -> Result<String, Refusal> {
    match value {
        Some(Value::String(text)) if !text.trim().is_empty() => Ok(text),
        Some(Value::String(_)) | None => Err(Refusal::bad(at, "is missing", "send a text")),
        Some(_) => Err(Refusal::bad(at, "is not a text", "send a text")),
    }
}

/// A person's address, user name or id.
pub(super) fn who(value: Option<Value>, at: &str) -> Result<String, Refusal> {
    match text(value, at) {
        Ok(who) if who.len() > 1_000 => Err(Refusal::bad(
            at,
            "is too long",
            "send an address, a user name or an id",
        )),
        Ok(who) => Ok(who),
        Err(refusal) => Err(refusal.or_send("an address, a user name or an id")),
    }
}

/// One `user`, or several `users`, of the body.
pub(super) fn people(object: &mut Map<String, Value>) -> Result<People, Refusal> {
    match (object.remove("user"), object.remove("users")) {
        (Some(one), None) => Ok(People::One(one)),
        (None, Some(Value::Array(several))) if several.len() > MOST_PEOPLE => Err(Refusal::bad(
            "users",
            format!(
                "has {} people, and {MOST_PEOPLE} are the most",
                several.len()
            ),
            "ask in several requests",
        )),
        (None, Some(Value::Array(several))) => Ok(People::Several(several)),
        (None, Some(_)) => Err(Refusal::bad("users", "is not a list", "send a list")),
        (None, None) => Err(Refusal::bad(
            "user",
            "is missing",
            "send one person as `user`, or a list as `users`",
        )),
        (Some(_), Some(_)) => Err(Refusal::bad(
            "users",
            "stands beside `user`",
            "send one of the two",
        )),
    }
}

//! How the history records that somebody came. There is such an event of everybody, and as JSON half of it would be names of
//! fields. It was JSON before; a form is known by its first byte, is read for ever after, and never changes its meaning.

use crate::change::NewUser;
use crate::error::{Error, Result};
use crate::model::{ConnectionId, Field, Link, Packed, Status, UserId};

/// What JSON begins with.
const JSON: u8 = b'{';
/// What the short form begins with.
const SHORT: u8 = 1;
/// Whether something follows.
const NONE: u8 = 0;
const SOME: u8 = 1;

/// What somebody comes with, in the short form: where they stand, whether they are in, their manager, connection and link, and
/// then field by field what is known of them.
pub(super) fn encode(created: &NewUser) -> Vec<u8> {
    let mut body = vec![SHORT];
    text(&mut body, created.status.as_str());
    body.push(u8::from(created.accepted));
    id(&mut body, created.manager.as_ref().map(UserId::as_bytes));
    id(
        &mut body,
        created.connection.as_ref().map(ConnectionId::as_bytes),
    );
    match &created.link {
        None => body.push(NONE),
        Some(link) => {
            body.push(SOME);
            match &link.external_id {
                None => body.push(NONE),
                Some(external_id) => {
                    body.push(SOME);
                    text(&mut body, external_id);
                }
            }
        }
    }
    for (field, value) in created.profile.iter() {
        if let Some(value) = value {
            body.push(code(field));
            text(&mut body, value);
        }
    }
    body
}

/// What is recorded, in whichever form.
pub(super) fn decode(body: &[u8]) -> Result<NewUser> {
    if body.first() == Some(&JSON) {
        return serde_json::from_slice(body)
            .map_err(|error| Error::Broken(format!("an event cannot be read: {error}")));
    }
    let unknown =
        || Error::Broken("an event cannot be read: it is in a form that is not known".into());
    short(body).ok_or_else(unknown)
}

fn short(body: &[u8]) -> Option<NewUser> {
    let rest = &mut body.strip_prefix(&[SHORT])?;
    let status = Status::from_word(next_text(rest)?)?;
    let accepted = next_flag(rest)?;
    let manager = next_id(rest)?.map(UserId::from_bytes);
    let connection = next_id(rest)?.map(ConnectionId::from_bytes);
    let link = match next_flag(rest)? {
        false => None,
        true => Some(Link {
            external_id: match next_flag(rest)? {
                false => None,
                true => Some(next_text(rest)?.to_owned()),
            },
        }),
    };
    let mut profile = Packed::default();
    while !rest.is_empty() {
        let field = of_code(next(rest)?)?;
        profile.push(field, Some(next_text(rest)?));
    }
    Some(NewUser {
        profile: profile.in_order(),
        status,
        accepted,
        manager,
        connection,
        link,
    })
}

/// The number of a field, which stays its own whatever fields there will be.
const fn code(field: Field) -> u8 {
    match field {
        Field::Email => 1,
        Field::UserName => 2,
        Field::FirstName => 3,
        Field::LastName => 4,
        Field::DisplayName => 5,
        Field::FunctionalArea => 6,
        Field::Title => 7,
        Field::Region => 8,
        Field::Language => 9,
        Field::Labels => 10,
        Field::DeactivateOn => 11,
        Field::DeleteOn => 12,
        Field::Kept => 13,
    }
}

fn of_code(number: u8) -> Option<Field> {
    Field::ALL.into_iter().find(|it| code(*it) == number)
}

/// A text with its length before it: seven bits in each byte, the lowest first, and the eighth says that more follow.
fn text(body: &mut Vec<u8>, text: &str) {
    let mut length = text.len();
    loop {
        let low = u8::try_from(length & 0x7f).unwrap_or(0);
        length >>= 7;
        if length == 0 {
            body.push(low);
            break;
        }
        body.push(low | 0x80);
    }
    body.extend_from_slice(text.as_bytes());
}

fn id(body: &mut Vec<u8>, id: Option<&[u8; 16]>) {
    match id {
        None => body.push(NONE),
        Some(id) => {
            body.push(SOME);
            body.extend_from_slice(id);
        }
    }
}

fn next(rest: &mut &[u8]) -> Option<u8> {
    let (first, after) = rest.split_first()?;
    *rest = after;
    Some(*first)
}

fn next_flag(rest: &mut &[u8]) -> Option<bool> {
    match next(rest)? {
        NONE => Some(false),
        SOME => Some(true),
        _ => None,
    }
}

fn next_text<'b>(rest: &mut &'b [u8]) -> Option<&'b str> {
    let mut length: usize = 0;
    for shift in [0, 7, 14, 21, 28] {
        let byte = next(rest)?;
        length |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            let (text, after) = rest.split_at_checked(length)?;
            *rest = after;
            return std::str::from_utf8(text).ok();
        }
    }
    None
}

#[expect(clippy::option_option)]
fn next_id(rest: &mut &[u8]) -> Option<Option<[u8; 16]>> {
    if !next_flag(rest)? {
        return Some(None);
    }
    let (id, after) = rest.split_first_chunk::<16>()?;
    *rest = after;
    Some(Some(*id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Profile;

    fn people() -> Vec<NewUser> {
        let mut full = Profile::default();
        for (i, field) in Field::ALL.into_iter().enumerate() {
            full.set(field, Some("é".repeat(i * i * i)));
        }
        let of = |profile: &Profile| NewUser {
            profile: Packed::of(profile),
            status: Status::Active,
            accepted: true,
            manager: Some(UserId::from_bytes([7; 16])),
            connection: Some(ConnectionId::from_bytes([9; 16])),
            link: Some(Link {
                external_id: Some("00u1".into()),
            }),
        };
        let nobody = NewUser {
            status: Status::Queued,
            accepted: false,
            manager: None,
            connection: None,
            link: None,
            ..of(&Profile::default())
        };
        let linked = NewUser {
            link: Some(Link { external_id: None }),
            ..nobody.clone()
        };
        vec![of(&full), nobody, linked]
    }

    #[test]
    fn what_is_recorded_is_read_as_it_was_in_whichever_form() {
        for created in people() {
            assert_eq!(decode(&encode(&created)).unwrap(), created);
            let json = serde_json::to_vec(&created).unwrap();
            assert_eq!(decode(&json).unwrap(), created);
        }
        // As it is in databases from here on.
        let mut ana = Profile::default();
        ana.set(Field::Email, Some("ana@acme.example".into()));
        ana.set(Field::Title, Some("Boss".into()));
        let ana = NewUser {
            profile: Packed::of(&ana),
            ..people().remove(1)
        };
        let recorded = b"\x01\x06queued\x00\x00\x00\x00\x01\x10ana@acme.example\x07\x04Boss";
        assert_eq!(encode(&ana), recorded);
    }

    #[test]
    fn what_is_cut_off_or_no_such_form_is_told() {
        for created in people() {
            let whole = encode(&created);
            for length in 0..whole.len().min(400) {
                let cut = whole.get(..length).unwrap();
                assert!(decode(cut).is_err() || decode(cut).unwrap() != created);
            }
        }
        let numbers: Vec<u8> = Field::ALL.into_iter().map(code).collect();
        assert!(
            Field::ALL
                .into_iter()
                .all(|it| of_code(code(it)) == Some(it))
        );
        assert!(numbers.is_sorted());
        for bad in [&b""[..], b"\x02", b"\x01\x04lost", b"\x01\x06active\x02"] {
            assert!(decode(bad).is_err());
        }
    }
}

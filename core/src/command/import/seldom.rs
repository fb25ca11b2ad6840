//! What a row says that most rows do not, as bytes: it is put aside with the rest of the row.

use super::Seldom;
use crate::model::{Date, FieldId, GroupId, GroupRole, Packed, PoolId, UserId};

const ID: u8 = 1;
const BESIDE: u8 = 2;
const SEND_ON: u8 = 4;

/// Puts it behind what is there; nothing at all where it says nothing.
pub(super) fn write(seldom: &Seldom, into: &mut Vec<u8>) {
    let flag = |is: bool, flag: u8| if is { flag } else { 0 };
    into.push(
        flag(seldom.id.is_some(), ID)
            | flag(seldom.beside.is_some(), BESIDE)
            | flag(seldom.send_on.is_some(), SEND_ON),
    );
    if let Some(id) = seldom.id {
        into.extend(id.as_bytes());
    }
    if let Some(beside) = &seldom.beside {
        put(into, Packed::of(beside).as_bytes());
    }
    if let Some(day) = seldom.send_on {
        put(into, day.to_string().as_bytes());
    }
    number(into, seldom.fields.len());
    for (field, value) in &seldom.fields {
        into.extend(field.as_bytes());
        into.push(u8::from(value.is_some()));
        if let Some(value) = value {
            put(into, value.as_bytes());
        }
    }
    number(into, seldom.groups.len());
    for (group, role) in &seldom.groups {
        into.extend(group.as_bytes());
        let place = role.and_then(|role| GroupRole::ALL.iter().position(|it| *it == role));
        into.push(place.and_then(|it| u8::try_from(it + 1).ok()).unwrap_or(0));
    }
    number(into, seldom.pools.len());
    seldom
        .pools
        .iter()
        .for_each(|it| into.extend(it.as_bytes()));
}

/// What was written so; none of anything else.
pub(super) fn read(mut bytes: &[u8]) -> Option<Seldom> {
    let from = &mut bytes;
    let [flags] = take::<1>(from)?;
    let mut seldom = Seldom::default();
    if flags & ID != 0 {
        seldom.id = Some(UserId::from_bytes(take(from)?));
    }
    if flags & BESIDE != 0 {
        let beside = Packed::from_bytes(piece(from)?).profile();
        seldom.beside = Some(Box::new(beside));
    }
    if flags & SEND_ON != 0 {
        let day = std::str::from_utf8(piece(from)?).ok()?;
        seldom.send_on = Some(day.parse::<Date>().ok()?);
    }
    for _ in 0..u32::from_le_bytes(take(from)?) {
        let field = FieldId::from_bytes(take(from)?);
        let value = match take(from)? {
            [0] => None,
            [_] => Some(std::str::from_utf8(piece(from)?).ok()?.to_owned()),
        };
        seldom.fields.push((field, value));
    }
    for _ in 0..u32::from_le_bytes(take(from)?) {
        let group = GroupId::from_bytes(take(from)?);
        let [role] = take(from)?;
        let role = match role.checked_sub(1) {
            None => None,
            Some(place) => Some(*GroupRole::ALL.get(usize::from(place))?),
        };
        seldom.groups.push((group, role));
    }
    for _ in 0..u32::from_le_bytes(take(from)?) {
        seldom.pools.push(PoolId::from_bytes(take(from)?));
    }
    from.is_empty().then_some(seldom)
}

fn number(into: &mut Vec<u8>, number: usize) {
    let number = u32::try_from(number).unwrap_or(u32::MAX);
    into.extend(number.to_le_bytes());
}

/// Puts bytes behind the others, with their length before them.
pub(super) fn put(into: &mut Vec<u8>, bytes: &[u8]) {
    number(into, bytes.len());
    into.extend(bytes);
}

fn take<const N: usize>(from: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = from.split_first_chunk::<N>()?;
    *from = rest;
    Some(*taken)
}

/// The bytes that were [put](put) there.
pub(super) fn piece<'b>(from: &mut &'b [u8]) -> Option<&'b [u8]> {
    let length = usize::try_from(u32::from_le_bytes(take(from)?)).ok()?;
    let (taken, rest) = from.split_at_checked(length)?;
    *from = rest;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Profile;

    #[test]
    fn what_is_written_is_read_again() {
        let day: Date = "2031-04-05".parse().expect("a day");
        let beside = Profile {
            first_name: Some("Zoë".to_owned()),
            ..Profile::default()
        };
        let full = || Seldom {
            id: Some(UserId::from_bytes([7; 16])),
            beside: Some(Box::new(beside.clone())),
            fields: vec![
                (FieldId::from_bytes([1; 16]), Some("é".repeat(40_000))),
                (FieldId::from_bytes([2; 16]), None),
                (FieldId::from_bytes([3; 16]), Some(String::new())),
            ],
            groups: vec![
                (GroupId::from_bytes([4; 16]), None),
                (GroupId::from_bytes([5; 16]), Some(GroupRole::Learner)),
                (GroupId::from_bytes([6; 16]), Some(GroupRole::Administrator)),
            ],
            pools: vec![PoolId::from_bytes([8; 16]), PoolId::from_bytes([9; 16])],
            send_on: Some(day),
        };
        let lone = Seldom {
            send_on: Some(day),
            ..Seldom::default()
        };
        for seldom in [full(), lone, Seldom::default()] {
            let mut bytes = Vec::new();
            write(&seldom, &mut bytes);
            assert_eq!(read(&bytes).as_ref(), Some(&seldom));
            // Cut off anywhere, or with more behind it, it is nothing that was written.
            assert_eq!(read(&bytes[..bytes.len() - 1]), None);
            bytes.push(0);
            assert_eq!(read(&bytes), None);
        }
    }
}

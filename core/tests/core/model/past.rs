//! What was recorded when it was so, against what the history tells of it later.

use std::collections::BTreeMap;

use usher_core::Read;
use usher_core::model::{Hold, License, Pool, Status, Timestamp, UserId, When};
use usher_core::past::Person;

/// The roster as it was read at an instant.
pub(crate) struct Seen {
    at: Timestamp,
    people: BTreeMap<UserId, Person>,
    pools: Vec<Pool>,
}

/// Reads everything there is.
pub(crate) fn seen(read: &Read<'_>, ids: &[UserId], at: Timestamp) -> Seen {
    let connections = read.connections().unwrap();
    let person = |id: &UserId| {
        let mut permissions = read.permissions_of(*id).unwrap();
        permissions.sort();
        let links = connections
            .iter()
            .filter_map(|it| Some((it.id, read.link(it.id, *id).unwrap()?)));
        Person {
            user: read.user(*id).unwrap().unwrap(),
            fields: read.field_values_of(*id).unwrap(),
            licenses: read.licenses_of(&[*id]).unwrap(),
            memberships: read.memberships_of(*id).unwrap(),
            permissions,
            invitation: read.invitation(*id).unwrap(),
            links: links.collect(),
            assignments: read.assignments_of(*id).unwrap(),
            license_ends: read
                .license_ends_of(&[*id])
                .unwrap()
                .into_iter()
                .map(|it| (it.1, it.2))
                .collect(),
        }
    };
    Seen {
        at,
        people: ids.iter().map(|it| (*it, person(it))).collect(),
        pools: read.pools().unwrap(),
    }
}

/// Where the history tells anything else than was seen then.
pub(crate) fn told_otherwise(read: &Read<'_>, seen: &[Seen], ids: &[UserId]) -> Vec<String> {
    let mut wrong = Vec::new();
    for then in seen {
        let moment = read.moment(&When::At(then.at)).unwrap();
        let pools = read.pools_at(moment).unwrap();
        if pools.iter().map(counts).ne(then.pools.iter().map(counts)) {
            wrong.push(format!(
                "the pools of {} were {:?} and are told as {pools:?}",
                then.at, then.pools
            ));
        }
        for id in ids {
            let told = read.person_at(*id, moment).unwrap();
            let erased = read.user(*id).unwrap().unwrap().status == Status::Erased;
            let [told, was] =
                [told.as_ref(), then.people.get(id)].map(|it| it.map(|it| comparable(it, erased)));
            if told != was {
                wrong.push(format!(
                    "{id} was at {} {was:?} and is told as {told:?}",
                    then.at
                ));
            }
        }
    }
    wrong
}

/// Reserved licenses get consumed without a command in these tests, so that only what is held can be compared.
fn counts(pool: &Pool) -> (&str, i64, i64, String) {
    let terms = format!("{:?}", pool.terms);
    (pool.name.as_str(), pool.held(), pool.queued, terms)
}

/// A person without what the history does not tell, and, of an erased one, without what went with them.
fn comparable(person: &Person, erased: bool) -> Person {
    let mut person = person.clone();
    person.user.last_seen_at = None;
    for license in &mut person.licenses {
        held(license);
    }
    if erased {
        let user = &mut person.user;
        user.profile = Default::default();
        user.manager = None;
        user.connection = None;
        user.accepted = false;
        user.protected = false;
        person.fields.clear();
        person.links.clear();
        person.permissions.clear();
        person.invitation = None;
        person.license_ends.clear();
    }
    person
}

fn held(license: &mut License) {
    if license.hold == Hold::Reserved {
        license.hold = Hold::Consumed;
    }
}

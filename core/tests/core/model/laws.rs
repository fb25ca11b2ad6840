//! What must hold whatever was done: of every state, of every undo, and of the whole history.

use std::collections::BTreeSet;

use usher_core::change::Change;
use usher_core::model::{LinkState, Permission, Status, UserId};
use usher_core::{Applied, Plan};

use super::roster::{ACCESS, Link, Person, Platform, Roster};

/// What is wrong with a state, and with the way to it.
pub(crate) fn wrong(before: &Roster, now: &Roster) -> Vec<String> {
    let mut wrong = Vec::new();
    for (i, person) in now.people.iter().enumerate() {
        let mut say = |what: &str| wrong.push(format!("person {i} ({}) {what}", person.status));
        let seat = person.seat();
        let as_ruled = match person.status {
            Status::Active => seat.is_some_and(|it| it.consumed),
            Status::Waiting | Status::PendingTransfer => seat.is_none_or(|it| !it.consumed),
            _ => seat.is_none(),
        };
        if !as_ruled {
            say(&format!("has the seat {seat:?}"));
        }
        let account = person.email.as_ref().and_then(|it| now.accounts.get(it));
        let can_transfer = account.is_some_and(|it| it.taken_by.is_none());
        if person.status.waits() && (person.status == Status::PendingTransfer) != can_transfer {
            say("waits with an account that is not there, or without the one that is");
        }
        if (person.status == Status::Queued) != now.is_queued(ACCESS, i) {
            say("is queued by status or by queue only");
        }
        if person
            .ends
            .keys()
            .any(|it| person.holds.get(it).is_none_or(|it| it.stands) && !now.is_queued(*it, i))
        {
            say("has the end of a license that they do not have");
        }
        if !person.status.is_seated_or_coming() {
            if person.holds.values().any(|it| !it.consumed) {
                say("keeps a reserved license");
            }
            if (0..now.pools.len()).any(|pool| now.is_queued(pool, i)) {
                say("is in a queue");
            }
        }
        if person.is_invited()
            && !matches!(person.status, Status::Waiting | Status::PendingTransfer)
        {
            say("has a living invitation");
        }
        let link = person.link.as_ref();
        if person.status != Status::Active && link.is_some_and(|it| it.state == LinkState::Pending)
        {
            say("has no account and a link to choose its password");
        }
        if person.leaving.is_some_and(|it| !it.deletes) && !person.status.is_seated_or_coming() {
            say("has left and is to be deactivated");
        }
        if person.leaving.is_some() && matches!(person.status, Status::Deleted | Status::Erased) {
            say("is gone and is to leave");
        }
        if person.send_on.is_some() && !person.is_invited() {
            say("is to be mailed an invitation that is dead");
        }
        if person.status != Status::Active && !person.permissions.is_empty() {
            say("has permissions");
        }
        if let Some(manager) = person.manager {
            if now.is_below(manager, i) {
                say("is in a cycle of managers");
            }
            if !now.people[manager].status.is_seated_or_coming() {
                say("has a manager who has left");
            }
        }
    }
    let owns =
        |it: &&Person| it.status == Status::Active && it.permissions.contains(&Permission::Owner);
    if now.people.iter().find(owns).is_none() {
        wrong.push("nobody owns the organization".to_owned());
    }
    for (i, pool) in now.pools.iter().enumerate() {
        let mut say = |what: &str| wrong.push(format!("pool {} {what}", pool.name));
        let held = now.held(i);
        let was = if i < before.pools.len() {
            before.held(i)
        } else {
            0
        };
        let limit = pool.terms.at_capacity.limit(pool.terms.purchased);
        if held > was && held > limit {
            say(&format!(
                "was raised above its limit: {was} to {held} of {limit}"
            ));
        }
        if now.moves_up(i).is_some() {
            say("has room and a queue");
        }
    }
    wrong
}

/// What is wrong with a plan by itself.
pub(crate) fn wrong_plan(plan: &Plan) -> Vec<String> {
    let mut wrong = Vec::new();
    let changed: BTreeSet<UserId> = plan.changes.iter().filter_map(|it| it.user()).collect();
    for mail in &plan.effects.mails {
        if !changed.contains(&mail.user) {
            wrong.push(format!("a mail to {} of whom nothing changes", mail.user));
        }
    }
    for skip in &plan.skipped {
        if skip.reason.is_empty() {
            wrong.push(format!("{} is skipped without a reason", skip.who));
        }
    }
    wrong
}

/// What a plan told that did not come true, or did not tell, of pools, mails and promotions.
pub(crate) fn not_foretold(
    plan: &Plan,
    applied: &Applied,
    before: &Roster,
    now: &Roster,
    mails: i64,
) -> Vec<String> {
    let mut wrong = Vec::new();
    let numbers = |it: &Roster, pool: usize| {
        let queued = i64::try_from(it.pools[pool].queue.len()).unwrap();
        (it.pools[pool].terms.purchased, it.held(pool), queued)
    };
    for pool in 0..before.pools.len() {
        let name = &before.pools[pool].name;
        let told = plan
            .effects
            .pools
            .iter()
            .find(|it| it.name.as_str() == name);
        let (was, is) = (numbers(before, pool), numbers(now, pool));
        let told = told.map_or((was, was), |it| {
            (
                (it.purchased, it.held_before, it.queued_before),
                (it.purchased_after, it.held_after, it.queued_after),
            )
        });
        if told != (was, is) {
            wrong.push(format!("of {name} was told {told:?}, not {:?}", (was, is)));
        }
    }
    let promoted = plan.effects.promoted.people;
    if promoted != applied.promoted {
        let promotions = applied.promoted;
        wrong.push(format!("{promoted} promotions were told, not {promotions}"));
    }
    // Erasing takes mails that wait out of the outbox.
    if plan.command != "erase" && i64::try_from(plan.mails()).unwrap() != mails {
        wrong.push(format!("{} mails were told, not {mails}", plan.mails()));
    }
    wrong
}

const A_PASSWORD: &str = "a password does not come back; set another, or mail a link to choose one";

const A_LINK: &str = "a link to choose a password that ended does not come back; mail another";

/// Whose account was erased waits as anybody does.
const NO_ACCOUNT: &str = "has no account of their own any more";

/// Reasons for which even an undo at once is not complete (DESIGN §2: erasing has no undo, rows and shown secrets stay; a
/// replaced link stays dead).
const EXCUSES: [&str; 12] = [
    "erased; erasing has no undo",
    NO_ACCOUNT,
    "and does not come back",
    "the license does not end on it",
    "the link was replaced; the older one does not come back",
    "what the provider has said of active stays said",
    "is somebody else's now",
    "comes back by `usher admin grant` and a second administrator",
    A_PASSWORD,
    A_LINK,
    "a password that was taken does not come back; set another, or mail a link to choose one",
    "the invitation was mailed; that does not come back",
];

/// What an undo of the last batch has not restored, when nothing else happened since.
pub(crate) fn not_restored(
    before: &Roster,
    now: &Roster,
    plan: &Plan,
    ids: &[UserId],
) -> Vec<String> {
    let mut wrong = Vec::new();
    // Nobody who is protected is taken off, by undo neither, and those behind them in a queue stay behind them.
    if plan.skipped.iter().any(|it| it.reason == "protected") {
        return wrong;
    }
    for skip in plan.skipped.iter().filter(|it| it.user.is_some()) {
        if !EXCUSES.iter().any(|it| skip.reason.ends_with(it)) {
            wrong.push(format!("{} was skipped: {}", skip.who, skip.reason));
        }
    }
    for (i, person) in now.people.iter().enumerate() {
        match before.people.get(i) {
            None if person.status != Status::Deleted => {
                wrong.push(format!("the new person {i} stays"))
            }
            Some(was) if person.status != Status::Erased => {
                let names_stay = plan.skipped.iter().any(|it| {
                    it.user == Some(ids[i]) && ![A_PASSWORD, A_LINK].contains(&it.reason.as_str())
                });
                let is_alone = plan
                    .skipped
                    .iter()
                    .any(|it| it.user == Some(ids[i]) && it.reason.ends_with(NO_ACCOUNT));
                let (mut was, person) =
                    (comparable(was, names_stay), comparable(person, names_stay));
                if is_alone && was.status == Status::PendingTransfer {
                    was.status = Status::Waiting;
                }
                if was != person {
                    wrong.push(format!("person {i} was {was:?} and is {person:?}"));
                }
            }
            _ => {}
        }
    }
    for (i, (was, group)) in before.groups.iter().zip(&now.groups).enumerate() {
        if was != group || before.carries[i] != now.carries[i] {
            wrong.push(format!("the group {was:?} is {group:?}"));
        }
    }
    for group in now.groups.iter().skip(before.groups.len()) {
        if !group.removed {
            wrong.push(format!("the new group {group:?} stays"));
        }
    }
    if before.brakes != now.brakes
        || before.zone != now.zone
        || before.single_sign_on != now.single_sign_on
    {
        wrong.push("the settings stay".to_owned());
    }
    if before.required != now.required {
        wrong.push(format!("{:?} was required", before.required));
    }
    for (email, was) in &before.accounts {
        let account = now.accounts.get(email);
        let erases = plan.skipped.iter().any(|it| it.reason == EXCUSES[0]);
        if account != Some(was) && !erases {
            wrong.push(format!(
                "the account of {email} was {was:?} and is {account:?}"
            ));
        }
    }
    for (was, pool) in before.pools.iter().zip(&now.pools) {
        if was != pool {
            wrong.push(format!("a pool was {was:?} and is {pool:?}"));
        }
    }
    wrong
}

/// A person without what an undo cannot restore: which link is the living one, and names that are somebody else's.
fn comparable(person: &Person, names_stay: bool) -> Person {
    let state = person
        .is_invited()
        .then_some((0, usher_core::model::InvitationState::Pending));
    let mut person = Person {
        invitation: state,
        // What undo never brings back, nor takes.
        mailed: 0,
        link_mailed: false,
        password: false,
        link: None,
        seen: None,
        ..person.clone()
    };
    if names_stay {
        person.invitation = None;
        person.send_on = None;
        person.permissions.clear();
        person.email = None;
        person.user_name = None;
    }
    person
}

/// What an undo did to people who were no part of the batch, and whom of the batch it says nothing about.
pub(crate) fn went_too_far(
    before: &Roster,
    now: &Roster,
    plan: &Plan,
    undone: &BTreeSet<UserId>,
    ids: &[UserId],
) -> Vec<String> {
    let mut wrong = Vec::new();
    for (i, was) in before.people.iter().enumerate() {
        let person = &now.people[i];
        let pending = |it: &&Link| it.state == LinkState::Pending;
        // Whoever comes back to their place in a queue that has come is let in as anybody there, by a link of their own.
        let is_let_in = person.status == Status::Active
            && plan.changes.iter().any(|it| {
                matches!(*it, Change::Status { user, after: Status::Queued, .. } if user == ids[i])
            });
        // Another address takes a link that was mailed to the one before along.
        let moves_along =
            was.email != person.email && was.link.as_ref().is_some_and(|it| pending(&it));
        let revives = person.link.as_ref().filter(pending) != was.link.as_ref().filter(pending)
            && person.link.as_ref().is_some_and(|it| pending(&it))
            && !was.is_promoted_to(person)
            && !is_let_in
            && !moves_along;
        if revives || was.password != person.password || was.seen != person.seen {
            wrong.push(format!(
                "an undo gave person {i} a key or took it: {was:?}, now {person:?}"
            ));
        }
        let promoted = |pool: usize| before.is_queued(pool, i) && !now.is_queued(pool, i);
        if !undone.contains(&ids[i]) {
            let lost = was
                .holds
                .keys()
                .any(|pool| !person.holds.contains_key(pool));
            // Whoever waits does so with the account of their address, which may go by an undo.
            let waits = was.status.waits() && person.status.waits();
            if lost || (was.status != person.status && !waits && !promoted(ACCESS)) {
                wrong.push(format!(
                    "person {i}, no part of the batch, was {was:?} and is {person:?}"
                ));
            }
        }
    }
    for (was, is) in before.platforms.iter().zip(&now.platforms) {
        let ended = |it: &Platform| it.tokens.clone();
        if was.revoked && !is.revoked || ended(was) != ended(is) {
            wrong.push(format!("a shown token was given back or taken: {is:?}"));
        }
    }
    for user in undone {
        let changed = plan.changes.iter().any(|it| it.user() == Some(*user));
        if !changed && !plan.skipped.iter().any(|it| it.user == Some(*user)) {
            wrong.push(format!("the undo says nothing about {user}"));
        }
    }
    wrong
}

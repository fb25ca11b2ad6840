//! The inverse of a batch against today's state. What the world has moved past is skipped with its reason; nobody is
//! evicted. People whose undoing frees something come first, then those who need a seat, then who reports to whom.

mod trainings;

use std::collections::{HashMap, HashSet};

use super::administrator;
use super::field;
use super::ownership;
use super::pool::refuse_raise;
use super::ssh_key;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::model::{
    Actor, ApprovalId, ApprovalState, BatchId, ChoiceTerms, DueKind, Field, FieldId, FieldTerms,
    Hold, IndividualId, IndividualTerms, InvitationState, LeaveKind, LinkState, PasswordLink,
    Permission, PoolId, Status, User, UserId, field_key,
};
use crate::planner::{Planner, Seated, Waiting, Want};

pub(super) fn plan(planner: &mut Planner<'_>, batch: BatchId) -> Result<()> {
    may_undo(planner, batch)?;
    let Some(recorded) = planner.snapshot.changes_of_batch(batch)? else {
        return Err(Error::not_found("batch", batch));
    };
    let mut people = People::default();
    let mut groups = Vec::new();
    for change in recorded.into_iter().rev() {
        match (change.user, change.change) {
            // Whether anybody is left in a group is known once the people are planned.
            (None, Some(Change::GroupAdded { group, name })) => groups.push((group, name)),
            (None, Some(change)) => organization(planner, &change)?,
            (Some(user), change) => people.add(user, change),
            (None, None) => {}
        }
    }
    people.plan(planner)?;
    for (group, name) in groups {
        trainings::group_added(planner, group, &name)?;
    }
    planner.refuse_overspending_by_changes()
}

/// Undoing needs the right to give the command that is undone; who may undo only what is their own needs to have given it.
fn may_undo(planner: &Planner<'_>, batch: BatchId) -> Result<()> {
    let mut at = batch;
    loop {
        let Some((actor, command, undoes)) = planner.snapshot.origin_of_batch(at)? else {
            return Err(Error::not_found("batch", batch));
        };
        if at == batch && !planner.reaches_everybody() && actor != planner.actor {
            return Err(Error::not_found("batch", batch));
        }
        if let Some(undone) = undoes {
            at = undone;
            continue;
        }
        // What providers, the clock and people themselves did is undone by whoever may undo at all.
        return match actor {
            Actor::FileOwner | Actor::Administrator(_) if !planner.actor_is_owner() => {
                planner.require(&command)
            }
            _ => Ok(()),
        };
    }
}

/// The changes of each person, newest first, and of everybody's manager apart.
#[derive(Default)]
struct People {
    order: Vec<UserId>,
    changes: HashMap<UserId, Vec<Option<Change>>>,
    managers: Vec<(UserId, Option<UserId>, Option<UserId>)>,
    /// To whom the batch mailed an invitation on its day: their invitations stay as they are.
    mailed: HashSet<UserId>,
}

impl People {
    fn add(&mut self, user: UserId, change: Option<Change>) {
        if let Some(Change::Manager {
            user,
            before,
            after,
        }) = change
        {
            self.managers.push((user, before, after));
            return;
        }
        // What was done for a day stays done: undoing it does not let it be done again.
        if let Some(Change::Due { kind, skipped, .. }) = change {
            if kind == DueKind::Send && skipped.is_none() {
                self.mailed.insert(user);
            }
            // Also of whom nothing came the undo says that they are as they were.
            self.changes.entry(user).or_insert_with(|| {
                self.order.push(user);
                Vec::new()
            });
            return;
        }
        self.changes.entry(user).or_insert_with(|| {
            self.order.push(user);
            Vec::new()
        });
        if let Some(changes) = self.changes.get_mut(&user) {
            changes.push(change);
        }
    }

    fn plan(self, planner: &mut Planner<'_>) -> Result<()> {
        let mut later = Vec::new();
        let mut now: HashMap<UserId, Status> = HashMap::new();
        let mut gone = HashSet::new();
        for user in &self.order {
            let changes = &self.changes[user];
            if takes_a_license(changes) {
                later.push(*user);
                continue;
            }
            self.person(planner, *user, &mut now, &mut gone)?;
        }
        for user in later {
            self.person(planner, user, &mut now, &mut gone)?;
        }
        for (user, before, after) in &self.managers {
            if !gone.contains(user) {
                manager_back(planner, *user, *before, *after, &now)?;
            }
        }
        Ok(())
    }

    fn person(
        &self,
        planner: &mut Planner<'_>,
        id: UserId,
        now: &mut HashMap<UserId, Status>,
        gone: &mut HashSet<UserId>,
    ) -> Result<()> {
        let user = planner.user(id)?;
        planner.name(&user);
        let changes = &self.changes[&id];
        if user.status == Status::Erased || changes.iter().any(Option::is_none) {
            gone.insert(id);
            planner.skip(&user, "erased; erasing has no undo");
            return Ok(());
        }
        let mut changes: Vec<&Change> = changes.iter().flatten().collect();
        if self.mailed.contains(&id) {
            changes.retain(|it| !matches!(it, Change::Invitation { .. }));
            planner.skip(&user, "the invitation was mailed; that does not come back");
            if changes.is_empty() {
                return Ok(());
            }
        }
        if let Some(why) = why_not_theirs(planner, &user, &changes)? {
            gone.insert(id);
            planner.skip(&user, why);
            return Ok(());
        }
        let mark = planner.mark();
        match person_back(planner, &user, &changes)? {
            Ok(status) => {
                now.insert(id, status);
                if planner.mark() == mark {
                    planner.skip(&user, "already so");
                }
            }
            Err(why) => {
                planner.back_to(mark);
                gone.insert(id);
                planner.skip(&user, why);
            }
        }
        Ok(())
    }
}

/// Why whoever acts may not undo these changes of this person, though they may give the command that is undone: some people
/// are the owners' alone, and so is how somebody signs in who has more rights.
fn why_not_theirs(
    planner: &Planner<'_>,
    user: &User,
    changes: &[&Change],
) -> Result<Option<&'static str>> {
    if planner.actor_is_owner() {
        return Ok(None);
    }
    let any = |is: fn(&Change) -> bool| changes.iter().any(|it| is(it));
    let is_record = |it: &Change| {
        matches!(
            it,
            Change::Status { .. } | Change::Profile { .. } | Change::FieldValue { .. }
        )
    };
    let gives_a_key = |it: &Change| matches!(it, Change::SshKey { after: true, .. });
    let is_password =
        |it: &Change| matches!(it, Change::Password { .. } | Change::PasswordLink { .. });
    let is_name = |it: &Change| {
        matches!(
            it,
            Change::Profile {
                field: Field::Email | Field::UserName,
                ..
            }
        )
    };
    let permissions = planner.permissions_of(user.id)?;
    if permissions.contains(&Permission::Owner) && (any(is_record) || any(is_password)) {
        return Ok(Some("an owner; only owners may"));
    }
    if any(|it| matches!(it, Change::Protected { .. })) && planner.require("edit_protect").is_err()
    {
        return Ok(Some("whether somebody is protected is the owners' alone"));
    }
    if any(gives_a_key) && planner.actor != Actor::Administrator(user.id) {
        return Ok(Some("a key of somebody else's; only owners may"));
    }
    if !permissions.is_empty() && any(is_password) {
        return Ok(Some("an administrator; only owners may"));
    }
    if any(is_name) && planner.has_more_rights(user.id)? {
        return Ok(Some(
            "has permissions that you do not have; an owner changes how they sign in",
        ));
    }
    Ok(None)
}

/// Whether undoing these makes the person need a license that they do not hold now.
fn takes_a_license(changes: &[Option<Change>]) -> bool {
    let mut changes = changes.iter().flatten();
    changes.any(|it| matches!(it, Change::License { before, after, .. } if before.is_held() && !after.is_held()))
}

/// Plans the inverse of one person's changes, newest first. `Err` says why nothing of it can be undone; changes that it
/// pushed are dropped by the caller, so licenses are decided before any is counted.
fn person_back(
    planner: &mut Planner<'_>,
    user: &User,
    changes: &[&Change],
) -> Result<Result<Status, String>> {
    let mark = planner.mark();
    let licenses = planner.snapshot.licenses_of(user.id)?;
    let hold = |pool: PoolId| {
        licenses
            .iter()
            .find(|it| it.pool == pool)
            .map_or(Hold::None, |it| it.hold)
    };
    let mut status = user.status;
    for change in changes {
        match change {
            Change::Status { before, after, .. } => {
                // Which of the two somebody waits in follows from their address.
                if status != *after && !(status.waits() && after.waits()) {
                    return Ok(Err(format!("is {status} now")));
                }
                status = *before;
            }
            Change::UserCreated { created, .. } => {
                if status != created.status && !(status.waits() && created.status.waits()) {
                    return Ok(Err(format!("is {status} now")));
                }
                status = Status::Deleted;
            }
            _ => {}
        }
    }
    // Whose names were given to somebody else would come back as nobody, and take a seat.
    let is_nameless = user.profile.email.is_none() && user.profile.user_name.is_none();
    let names_come_back = || {
        changes
            .iter()
            .any(|it| matches!(it, Change::Profile { .. }))
    };
    if user.status == Status::Deleted
        && status != Status::Deleted
        && is_nameless
        && !names_come_back()
    {
        return Ok(Err(
            "the former address and user name are somebody else's now".to_owned(),
        ));
    }
    // Who is to wait for an acceptance again cannot act either.
    let stops_acting = user.status == Status::Active && status != Status::Active;
    let goes = !status.is_seated_or_coming() && user.status.is_seated_or_coming();
    if (goes || stops_acting)
        && let Some(why) = planner.why_not_take_off(user)?
    {
        return Ok(Err(why.to_owned()));
    }
    let leaves = user.status.is_seated_or_coming() && !status.is_seated_or_coming()
        || status == Status::Deleted && user.status != Status::Deleted;
    // What the person held before the batch, and holds now; a license that somebody moved since stays as it is.
    let mut wants: Vec<Want> = Vec::new();
    for change in changes {
        if let Change::License {
            pool,
            before,
            after,
            stands_for_access,
            ..
        } = change
        {
            let today = wants
                .iter()
                .find(|it| it.pool == *pool)
                .map_or_else(|| hold(*pool), |it| it.after);
            if !same_hold(today, *after) {
                return Ok(Err("has a license that changed since".to_owned()));
            }
            match wants.iter_mut().find(|it| it.pool == *pool) {
                Some(want) => want.after = *before,
                None => wants.push(Want {
                    pool: *pool,
                    before: hold(*pool),
                    after: *before,
                    stands_for_access: *stands_for_access,
                    by_rule: false,
                }),
            }
        }
    }
    let taking: Vec<Want> = wants
        .iter()
        .copied()
        .filter(|it| it.after.is_held() && !it.before.is_held())
        .collect();
    let has_left = status == user.status && !status.is_seated_or_coming();
    // Who had left may have kept what was consumed, until that was reclaimed.
    let kept = |it: &Want| {
        it.after == Hold::Consumed && it.pool != planner.access && !it.stands_for_access
    };
    if has_left
        && wants.iter().any(|it| {
            it.after == Hold::Reserved
                || it.before == Hold::None && it.after != Hold::None && !kept(it)
        })
    {
        return Ok(Err(format!("is {status} now")));
    }
    let mut final_status = status;
    if !taking.is_empty() {
        let leads_to = if status == Status::Queued {
            Status::Active
        } else {
            status
        };
        // Who was mailed then hears of it when a seat is free again: the older link is dead.
        let waiting = Waiting {
            leads_to,
            mail: planner.snapshot.was_mailed(user.id)?,
            connection: user.connection,
            send_on: None,
        };
        match planner.seat(user.id, &taking, waiting)? {
            Seated::Out(why) => return Ok(Err(why)),
            Seated::Queued => final_status = Status::Queued,
            Seated::In => {}
        }
    }
    // A queue moves up by itself: who was let in from it is let in again while there is room.
    for want in &wants {
        let back_in_line = want.before.is_held() && matches!(want.after, Hold::Queued(_));
        let line = planner.ledger.line(want.pool)?;
        if back_in_line && line.moves_up_if_one_leaves() {
            let pool = &line.pool.name;
            return Ok(Err(format!(
                "would be promoted again at once: {pool} has room"
            )));
        }
    }
    for want in wants {
        if !want.after.is_held() || want.before.is_held() {
            planner.set_license(
                user.id,
                want.pool,
                want.before,
                want.after,
                want.stands_for_access,
            )?;
        }
    }
    if final_status != user.status {
        planner.push(Change::Status {
            user: user.id,
            before: user.status,
            after: final_status,
        });
    }
    for change in changes {
        fact_back(planner, user, change, final_status)?;
    }
    if !final_status.waits() {
        planner.end_invitation_too(user.id, mark)?;
    }
    if user.status == Status::Active && final_status != Status::Active {
        planner.take_the_rest_of_permissions(user.id, mark)?;
    }
    if leaves {
        planner.free_the_rest(user.id, mark)?;
        planner.leave(user.id);
    }
    Ok(Ok(final_status))
}

/// Whether two holds are the same but for a place in the queue, which may have been moved.
fn same_hold(a: Hold, b: Hold) -> bool {
    matches!((a, b), (Hold::Queued(_), Hold::Queued(_))) || a == b
}

/// Plans the inverse of one fact that neither takes nor frees anything; skips it when it has changed since.
fn fact_back(
    planner: &mut Planner<'_>,
    user: &User,
    change: &Change,
    status: Status,
) -> Result<()> {
    let id = user.id;
    let moved =
        |planner: &mut Planner<'_>, what: &str| planner.skip(user, format!("{what} changed since"));
    match change {
        Change::Profile {
            field,
            before,
            after,
            ..
        } => {
            if user.profile.get(*field) != after.as_deref() {
                moved(planner, field.as_str());
            } else if planner
                .owner_of(*field, before.as_deref())?
                .is_some_and(|it| it.id != id)
            {
                planner.skip(
                    user,
                    format!("the former {} is somebody else's now", field.as_str()),
                );
            } else {
                planner.push(Change::Profile {
                    user: id,
                    field: *field,
                    before: after.clone(),
                    after: before.clone(),
                });
            }
        }
        Change::FieldValue {
            field,
            before,
            after,
            ..
        } => {
            if planner.snapshot.field_value(id, *field)? == *after {
                planner.push(Change::FieldValue {
                    user: id,
                    field: *field,
                    before: after.clone(),
                    after: before.clone(),
                });
            } else {
                moved(planner, "a custom field");
            }
        }
        Change::Invitation { before, after, .. } => {
            invitation_back(planner, user, *before, *after, status)?
        }
        Change::LicenseEnd {
            pool,
            before,
            after,
            ..
        } => {
            if planner.snapshot.license_end(id, *pool)? == *after {
                planner.push(Change::LicenseEnd {
                    user: id,
                    pool: *pool,
                    before: *after,
                    after: *before,
                });
            } else {
                moved(planner, "end of the license");
            }
        }
        Change::Entitlement {
            connection,
            pool,
            before,
            after,
            ..
        } => {
            if planner.snapshot.entitled(id, *connection, *pool)? == *after {
                planner.push(Change::Entitlement {
                    user: id,
                    connection: *connection,
                    pool: *pool,
                    before: *after,
                    after: *before,
                });
            } else {
                moved(planner, "what the provider asks for");
            }
        }
        Change::Drift {
            part,
            before,
            after,
            ..
        } => {
            if planner.snapshot.drift(id, *part)? == *after {
                planner.push(Change::Drift {
                    user: id,
                    part: *part,
                    before: after.clone(),
                    after: before.clone(),
                });
            } else {
                moved(planner, "what the provider says");
            }
        }
        Change::Membership { .. }
        | Change::LicenseRequest { .. }
        | Change::Assignment { .. }
        | Change::Instructor { .. } => {
            trainings::of_person(planner, user, change, status)?;
        }
        Change::Link {
            connection,
            before,
            after,
            ..
        } => {
            let wanted = before.as_ref().and_then(|it| it.external_id.as_deref());
            let taken = match wanted {
                Some(it) => planner
                    .snapshot
                    .user_by_external_id(*connection, it)?
                    .is_some_and(|it| it.id != id),
                None => false,
            };
            if planner.snapshot.link(*connection, id)? == *after && !taken {
                planner.push(Change::Link {
                    user: id,
                    connection: *connection,
                    before: after.clone(),
                    after: before.clone(),
                });
            } else {
                moved(planner, "external_id");
            }
        }
        Change::Connection { before, after, .. } if user.connection == *after => {
            planner.push(Change::Connection {
                user: id,
                before: *after,
                after: *before,
            });
        }
        Change::ProviderHold { before, after, .. } if user.provider_hold == *after => {
            planner.push(Change::ProviderHold {
                user: id,
                before: *after,
                after: *before,
            });
        }
        Change::Leaving { before, after, .. } => {
            let today = planner.leaving_of(id)?;
            // Whoever has left meanwhile is not to leave any more.
            let fits = before.is_none_or(|it| {
                it.kind == LeaveKind::Delete && status != Status::Deleted
                    || status.is_seated_or_coming()
            });
            if today == *after && fits {
                planner.push(Change::Leaving {
                    user: id,
                    before: *after,
                    after: *before,
                });
            } else {
                moved(planner, "what the provider wants");
            }
        }
        Change::Accepted { before, after, .. } if user.accepted == *after => {
            planner.push(Change::Accepted {
                user: id,
                before: *after,
                after: *before,
            });
        }
        Change::Protected { before, after, .. } if user.protected == *after => {
            planner.push(Change::Protected {
                user: id,
                before: *after,
                after: *before,
            });
        }
        // Whoever is not on the roster any more needs none.
        Change::Password { .. } if status == Status::Deleted => {}
        Change::Password { after: true, .. } => planner.skip(
            user,
            "a password does not come back; set another, or mail a link to choose one",
        ),
        Change::Password { .. } => planner.skip(
            user,
            "a password that was taken does not come back; set another, or mail a link to choose one",
        ),
        Change::PasswordLink { before, after, .. } => {
            let today = planner.snapshot.password_link(id)?;
            if let Some(link) = today.filter(|it| it.state == LinkState::Pending && today == *after)
            {
                let after = Some(PasswordLink {
                    state: LinkState::Dead,
                    ..link
                });
                planner.push(Change::PasswordLink {
                    user: id,
                    before: today,
                    after,
                });
            } else if status != Status::Deleted
                && before.is_some_and(|it| it.state == LinkState::Pending)
                && after.is_some_and(|it| it.state == LinkState::Dead)
            {
                planner.skip(
                    user,
                    "a link to choose a password that ended does not come back; mail another",
                );
            }
        }
        Change::Permission {
            permission,
            before,
            after,
            ..
        } => {
            let has = planner.snapshot.permissions_of(id)?.contains(permission);
            let gives = *before;
            if has == *after && gives && status != Status::Active {
                planner.skip(user, format!("{status}, and so no administrator"));
            } else if has == *after
                && gives
                && *permission == Permission::AuthorizedPurchaser
                && administrator::needs_approval(planner)?
            {
                planner.skip(
                    user,
                    "authorized_purchaser comes back by `usher admin grant` and a second administrator",
                );
            } else if has == *after
                && !gives
                && *permission == Permission::Owner
                && status == Status::Active
                && planner.is_last_owner(user)?
            {
                planner.skip(user, "the last owner");
            } else if !planner.actor_is_owner() {
                planner.skip(
                    user,
                    format!(
                        "the permission {} comes back by an owner only",
                        permission.as_str()
                    ),
                );
            } else if has == *after {
                planner.push(Change::Permission {
                    user: id,
                    permission: *permission,
                    before: *after,
                    after: *before,
                });
            } else {
                moved(planner, "permission");
            }
        }
        Change::SystemUser {
            name,
            before,
            after,
            ..
        } => {
            let linked = planner.snapshot.user_of_system_user(name)?;
            let is_so = (linked == Some(id)) == *after;
            // A batch that moves a link takes it from one person first.
            if !is_so || *before && linked.is_some() && !planner.unlinks(name) {
                moved(planner, "link");
            } else if !planner.actor_is_owner() {
                planner.skip(user, "a link comes back by an owner only");
            } else {
                planner.push(Change::SystemUser {
                    user: id,
                    name: name.clone(),
                    before: *after,
                    after: *before,
                });
            }
        }
        Change::SshKey {
            key, before, after, ..
        } => ssh_key::back(
            planner,
            user,
            (key, *before, *after),
            status == Status::Active,
        )?,
        Change::ApprovalAsked { approval, .. } => approval_back(
            planner,
            user,
            *approval,
            ApprovalState::Pending,
            ApprovalState::Withdrawn,
        )?,
        // What was approved is undone by taking the permission; the approval itself was given.
        Change::ApprovalDecided {
            after: ApprovalState::Approved,
            ..
        }
        | Change::GrantedAlone { .. } => {}
        Change::ApprovalDecided {
            approval,
            before,
            after,
            ..
        } => approval_back(planner, user, *approval, *after, *before)?,
        Change::Connection { .. } => moved(planner, "connection"),
        Change::ProviderHold { .. } => moved(planner, "what the provider said"),
        Change::Accepted { .. } => moved(planner, "acceptance"),
        Change::Protected { .. } => moved(planner, "protection"),
        Change::UserCreated { .. }
        | Change::Status { .. }
        | Change::License { .. }
        | Change::Due { .. }
        | Change::Manager { .. } => {}
        Change::Erased { .. } => planner.skip(user, "erased; erasing has no undo"),
        Change::Individual { .. }
        | Change::IndividualErased { .. }
        | Change::PoolAdded { .. }
        | Change::PoolTerms { .. }
        | Change::FieldAdded { .. }
        | Change::FieldTerms { .. }
        | Change::FieldChoice { .. }
        | Change::Setting { .. }
        | Change::MailText { .. }
        | Change::Imported { .. }
        | Change::GroupAdded { .. }
        | Change::GroupBudget { .. }
        | Change::GroupName { .. }
        | Change::GroupLink { .. }
        | Change::GroupRemoved { .. }
        | Change::GroupTraining { .. }
        | Change::GroupPool { .. }
        | Change::TrainingAdded { .. }
        | Change::TrainingTerms { .. }
        | Change::ConnectionAdded { .. }
        | Change::ConnectionTerms { .. }
        | Change::ConnectionMaps { .. }
        | Change::ConnectionOwns { .. }
        | Change::ConnectionSends { .. }
        | Change::Brake { .. }
        | Change::ConnectionRevoked { .. }
        | Change::TokenAdded { .. }
        | Change::TokenEnds { .. }
        | Change::PlatformAdded { .. }
        | Change::PlatformRevoked { .. }
        | Change::PlatformTokenAdded { .. }
        | Change::PlatformTokenEnds { .. } => {}
    }
    Ok(())
}

/// Puts something that was asked back to where it stood, unless it was decided otherwise or again meanwhile.
fn approval_back(
    planner: &mut Planner<'_>,
    user: &User,
    id: ApprovalId,
    from: ApprovalState,
    to: ApprovalState,
) -> Result<()> {
    let Some(approval) = planner.snapshot.approval(id)? else {
        return Ok(());
    };
    let pending = planner
        .snapshot
        .pending_approval(user.id, approval.permission)?;
    if approval.state != from || to == ApprovalState::Pending && pending.is_some() {
        let now = approval.state.as_str();
        planner.skip(user, format!("what was asked was {now} since"));
    } else {
        planner.push(Change::ApprovalDecided {
            user: user.id,
            approval: id,
            by: planner.actor,
            before: from,
            after: to,
        });
    }
    Ok(())
}

/// A link that was replaced stays dead: the newer one goes on, or ends with the invitation.
fn invitation_back(
    planner: &mut Planner<'_>,
    user: &User,
    before: Option<crate::model::Invitation>,
    after: Option<crate::model::Invitation>,
    status: Status,
) -> Result<()> {
    let today = planner.snapshot.invitation(user.id)?;
    if today != after {
        planner.skip(user, "the invitation changed since");
        return Ok(());
    }
    let (Some(today), Some(after)) = (today, after) else {
        return Ok(());
    };
    let replaced = before.is_none_or(|it| it.generation < after.generation);
    let waits = status.waits();
    let comes_alive = before.is_some_and(|it| it.state == InvitationState::Pending);
    if !replaced && comes_alive && !waits {
        // Whoever is queued instead is invited when promoted.
    } else if !replaced {
        planner.push(Change::Invitation {
            user: user.id,
            before: Some(today),
            after: before,
        });
    } else if waits {
        planner.skip(
            user,
            "the link was replaced; the older one does not come back",
        );
    }
    Ok(())
}

fn manager_back(
    planner: &mut Planner<'_>,
    id: UserId,
    before: Option<UserId>,
    after: Option<UserId>,
    now: &HashMap<UserId, Status>,
) -> Result<()> {
    let user = planner.user(id)?;
    planner.name(&user);
    if user.status == Status::Erased {
        planner.skip(&user, "erased; erasing has no undo");
        return Ok(());
    }
    if user.manager != after {
        planner.skip(&user, "the manager changed since");
        return Ok(());
    }
    if let Some(manager) = before {
        let there = planner.user(manager)?;
        let status = now.get(&manager).copied().unwrap_or(there.status);
        if !status.is_seated_or_coming() {
            planner.skip(&user, format!("the former manager is {status}"));
            return Ok(());
        }
        if planner.refuse_cycle(id, manager).is_err() {
            planner.skip(&user, "the former manager reports to this person now");
            return Ok(());
        }
    }
    planner.push(Change::Manager {
        user: id,
        before: after,
        after: before,
    });
    Ok(())
}

/// An account as it was, unless it changed since or another has its address now.
fn individual_back(
    planner: &mut Planner<'_>,
    account: IndividualId,
    before: Option<&IndividualTerms>,
    after: Option<&IndividualTerms>,
) -> Result<()> {
    let today = planner.snapshot.individual(account)?.map(|it| it.terms);
    let email = before.or(after).map_or("", |it| it.email.as_str());
    let there = planner.snapshot.individual_of_address(email)?;
    if today.as_ref() != after || there.is_some_and(|it| it.id != account) {
        planner.skip_name(email, "the individual account changed since");
        return Ok(());
    }
    planner.push(Change::Individual {
        account,
        before: after.cloned().map(Box::new),
        after: before.cloned().map(Box::new),
    });
    Ok(())
}

/// The former terms of a custom field, unless they changed since or its name is another's now.
fn field_back(
    planner: &mut Planner<'_>,
    id: FieldId,
    before: &FieldTerms,
    after: &FieldTerms,
) -> Result<()> {
    let fields = planner.snapshot.custom_fields()?;
    let Some(field) = fields.iter().find(|it| it.id == id) else {
        return Ok(());
    };
    if field.terms != *after {
        planner.skip_name(&after.name, "the field changed since");
    } else if !before.removed && field::is_taken(&fields, &field_key(&before.name), Some(id)) {
        planner.skip_name(&before.name, "another field has that name now");
    } else {
        field::push_terms(planner, field, before.clone());
    }
    Ok(())
}

/// The inverse of what concerns nobody in particular.
fn organization(planner: &mut Planner<'_>, change: &Change) -> Result<()> {
    match change {
        Change::PoolTerms {
            pool,
            before,
            after,
        } => {
            let today = planner.ledger.line(*pool)?.pool.clone();
            if today.terms == *after {
                refuse_raise(planner, after, before)?;
                planner.push(Change::PoolTerms {
                    pool: *pool,
                    before: after.clone(),
                    after: before.clone(),
                });
            } else {
                planner.skip_name(today.name.as_str(), "the pool changed since");
            }
        }
        Change::Individual {
            account,
            before,
            after,
        } => individual_back(planner, *account, before.as_deref(), after.as_deref())?,
        Change::IndividualErased { .. } => {
            planner.skip_name("individual account", "erased; erasing has no undo");
        }
        Change::FieldAdded { field, terms } => {
            let before = FieldTerms {
                removed: true,
                ..terms.clone()
            };
            field_back(planner, *field, &before, terms)?;
        }
        Change::FieldTerms {
            field,
            before,
            after,
        } => field_back(planner, *field, before, after)?,
        Change::FieldChoice {
            field,
            choice,
            before,
            after,
        } => {
            let fields = planner.snapshot.custom_fields()?;
            let choices = fields.iter().find(|it| it.id == *field);
            let mut choices = choices.map(|it| it.choices.iter()).into_iter().flatten();
            let before = before.clone().unwrap_or(ChoiceTerms {
                removed: true,
                ..after.clone()
            });
            if choices.any(|it| it.id == *choice && it.terms == *after) {
                planner.push(Change::FieldChoice {
                    field: *field,
                    choice: *choice,
                    before: Some(after.clone()),
                    after: before,
                });
            } else {
                planner.skip_name(&after.name, "the value changed since");
            }
        }
        // That it was imported stays true; its batch says by which it was undone.
        Change::Imported { .. } => {}
        Change::MailText {
            template,
            language,
            before,
            after,
        } => {
            if planner.snapshot.mail_text(*template, *language)? == *after {
                planner.push(Change::MailText {
                    template: *template,
                    language: *language,
                    before: after.clone(),
                    after: before.clone(),
                });
            } else {
                planner.skip_name(template.as_str(), "the text changed since");
            }
        }
        Change::Setting {
            setting,
            before,
            after,
        } => {
            if planner.snapshot.setting(*setting)? == *after {
                planner.push(Change::Setting {
                    setting: *setting,
                    before: after.clone(),
                    after: before.clone(),
                });
            } else {
                planner.skip_name(&setting.to_string(), "the setting changed since");
            }
        }
        Change::ConnectionAdded {
            connection, name, ..
        } => {
            let revoked = planner.snapshot.living_policy(*connection)?.is_none();
            if revoked {
                planner.skip_name(name, "already revoked");
            } else {
                let after = Some(planner.now);
                planner.push(Change::ConnectionRevoked {
                    connection: *connection,
                    before: None,
                    after,
                });
            }
        }
        Change::Brake {
            connection,
            before,
            after,
        } => {
            if planner.snapshot.brake_of(*connection)? == *after {
                planner.push(Change::Brake {
                    connection: *connection,
                    before: *after,
                    after: *before,
                });
            } else {
                planner.skip_name("brake", "changed since");
            }
        }
        Change::ConnectionRevoked { connection, .. } => {
            let found = planner
                .snapshot
                .connections()?
                .into_iter()
                .find(|it| it.id == *connection);
            let name = found.map(|it| it.name).unwrap_or_default();
            planner.skip_name(
                &name,
                "a revoked connection stays revoked; add another instead",
            );
        }
        Change::ConnectionTerms { .. }
        | Change::ConnectionMaps { .. }
        | Change::ConnectionOwns { .. } => ownership::back(planner, change)?,
        Change::PoolAdded { name, .. } => {
            planner.skip_name(name.as_str(), "pools stay; lower what is purchased instead")
        }
        Change::TokenAdded { hint, .. } | Change::PlatformTokenAdded { hint, .. } => planner
            .skip_name(
                hint,
                "a token that was shown cannot be taken back; it ends with its connection, or by rotate or revoke",
            ),
        Change::TokenEnds { .. } | Change::PlatformTokenEnds { .. } => {
            planner.skip_name("token", "an ended token does not come back")
        }
        Change::PlatformAdded { platform, name, .. } => {
            let mut known = planner.snapshot.platforms()?.into_iter();
            if known.any(|it| it.id == *platform && it.revoked_at.is_none()) {
                let after = Some(planner.now);
                planner.push(Change::PlatformRevoked {
                    platform: *platform,
                    name: name.clone(),
                    before: None,
                    after,
                });
            } else {
                planner.skip_name(name, "already revoked");
            }
        }
        Change::PlatformRevoked { name, .. } => {
            planner.skip_name(name, "a revoked token stays revoked; add another instead")
        }
        Change::GroupBudget {
            group,
            before,
            after,
        } => {
            let today = planner.snapshot.budget_of(*group)?.map(|it| it.seats);
            if today == *after {
                planner.push(Change::GroupBudget {
                    group: *group,
                    before: *after,
                    after: *before,
                });
            } else {
                planner.skip_name("budget", "changed since");
            }
        }
        Change::GroupName { .. }
        | Change::GroupLink { .. }
        | Change::GroupRemoved { .. }
        | Change::GroupTraining { .. }
        | Change::GroupPool { .. }
        | Change::TrainingAdded { .. }
        | Change::TrainingTerms { .. } => trainings::of_organization(planner, change)?,
        _ => {}
    }
    Ok(())
}

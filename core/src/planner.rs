//! The desk at which a command is planned: what it reads, what it has decided so far, and the rules that several commands
//! share. It has no way to write.

mod allowance;
mod brake;
mod crowd;
mod dates;
mod entitled;
mod foresight;
mod groups;
mod owned;
mod password_links;
mod seating;
mod waits;

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use crate::capacity::Ledger;
use crate::change::{Change, Hidden, Names};
use crate::command::{Request, WhenFull};
use crate::draw::Draws;
use crate::error::{Error, Result};
use crate::import::Review;
use crate::model::{
    Actor, BatchId, Brake, ConnectionId, Date, Door, Field, Fingerprint, GroupCarries, GroupId,
    GroupRole, Hold, Invitation, InvitationState, Leaving, License, Permission, Pool, PoolId,
    Profile, Setting, Settings, Status, Timestamp, Training, TrainingId, User, UserId, key_of_name,
};
use crate::plan::{Digest, Effects, Mail, Plan, Skip, Template};
use crate::policy::{self, Authority, Circle, Reach, Role};
use crate::query::Expr;
use crate::selection::Selection;
use crate::store::Snapshot;
use allowance::Allowance;
pub(crate) use brake::Leave;
use crowd::{CROWD, Crowd};
use foresight::Foreseen;
pub(crate) use foresight::{people_promoted, renew};
pub(crate) use groups::Entry;
pub(crate) use seating::{Seated, Waiting, Want};

const DAY_MS: i64 = 24 * 3600 * 1000;
/// A statement takes no more names than so many.
const NAMED_AT_ONCE: usize = 10_000;

/// The desk at which one command is planned.
pub(crate) struct Planner<'s> {
    pub(crate) snapshot: &'s Snapshot<'s>,
    pub(crate) actor: Actor,
    /// The actor's roles as they are now.
    pub(crate) authority: Authority,
    /// Whom this command may be given to by this actor.
    reach: Reach,
    pub(crate) now: Timestamp,
    pub(crate) draws: Draws,
    pub(crate) ledger: Ledger,
    pub(crate) access: PoolId,
    attended: bool,
    when_full: WhenFull,
    /// The batch that is undone. Undo puts new entries before the queue's head instead of behind its end, and may use
    /// the grace again.
    undoing: Option<BatchId>,
    changes: Vec<Change>,
    skipped: Vec<Skip>,
    mails: Vec<Mail>,
    names: Names,
    leaving: Vec<UserId>,
    leaving_set: HashSet<UserId>,
    /// Managers that this plan sets, and addresses and user names that it takes from people: what is planned already counts.
    managers: HashMap<UserId, Option<UserId>>,
    renamed: HashSet<(UserId, Field)>,
    /// Whom this plan brings onto the roster, by the keys of their names.
    arrived: HashMap<String, UserId>,
    owners_left: Option<i64>,
    allowances: Vec<Allowance>,
    crowd: Option<Crowd>,
    /// The plan after which this one is made, if that is not applied yet.
    foreseen: Option<Foreseen>,
    /// What groups carry and trainings are, once read.
    carried: HashMap<GroupId, Rc<GroupCarries>>,
    trainings: HashMap<TrainingId, Rc<Training>>,
    /// Groups that this plan removes or brings back.
    removed_groups: HashMap<GroupId, bool>,
    /// The newest day that has begun, once asked for.
    begun: Option<Date>,
    managers_moved: i64,
    /// What living connections own of their people, once asked for.
    owners: Option<owned::Owners>,
    /// Whether the roster differs from any provider at all, once asked for.
    has_drifts: Option<bool>,
    settings: Option<Settings>,
    has_individuals: Option<bool>,
    /// Whether it is planned for a connection by somebody else, who has decided: no brake applies.
    pub(crate) on_behalf: bool,
    /// What is left of the connection's brake, once asked for.
    room: Option<Option<brake::Room>>,
    /// Whom providers want to leave, once a crowd asked for it.
    leavers: Option<HashMap<UserId, Leaving>>,
    /// The brake that holds whom the command takes off.
    pub(crate) held: Option<Brake>,
    /// What an import makes of its rows.
    pub(crate) review: Option<Box<Review>>,
    /// Whom a door must answer with.
    pub(crate) subject: Option<UserId>,
    /// The name of their manager, if it was read.
    pub(crate) manager_name: Option<String>,
    /// A token made by this command, to be shown once.
    pub(crate) token: Option<String>,
}

/// What planning produces besides the plan itself.
pub(crate) struct Planned {
    pub(crate) plan: Plan,
    pub(crate) subject: Option<UserId>,
    pub(crate) manager_name: Option<String>,
    pub(crate) held: Option<Brake>,
    pub(crate) token: Option<String>,
    /// Draws left over: the batch's id and the keys of new people follow from the same draw.
    pub(crate) draws: Draws,
}

/// Where a plan stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    changes: usize,
    mails: usize,
    skipped: usize,
}

/// Who gives a command, and through which door.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Who {
    /// Whoever acts.
    pub(crate) actor: Actor,
    /// How the command came in.
    pub(crate) door: Door,
    /// The connection in whose place they act: it is planned as the connection would have it, by its rights and at its door.
    pub(crate) on_behalf: Option<ConnectionId>,
    /// The key by which an administrator came in over SSH: without it they are nobody.
    pub(crate) key: Option<Fingerprint>,
}

impl Who {
    /// Refuses who came in by a key that has been taken from them since.
    pub(crate) fn keeps_key(self, snapshot: &Snapshot<'_>) -> Result<()> {
        let Some(key) = self.key else { return Ok(()) };
        let owner = snapshot
            .ssh_key(key)?
            .map(|it| Actor::Administrator(it.user));
        if owner == Some(self.actor) {
            Ok(())
        } else {
            Err(Error::forbidden(
                "the key with which you came in opens for you no longer",
            ))
        }
    }

    /// As whom it is planned.
    pub(crate) fn plans(self) -> Actor {
        self.on_behalf.map_or(self.actor, Actor::Connection)
    }

    fn plans_at(self) -> Door {
        if self.on_behalf.is_some() {
            Door::Scim
        } else {
            self.door
        }
    }
}

/// Plans a request against a snapshot.
pub(crate) fn plan(snapshot: &Snapshot<'_>, who: Who, request: &Request) -> Result<Planned> {
    who.keeps_key(snapshot)?;
    if who.on_behalf.is_some() {
        policy::may(&Authority::of(snapshot, who.actor)?, "idp_replay")?;
    }
    let door = who.door;
    let mut planner = Planner::new(
        snapshot,
        who.plans(),
        who.plans_at(),
        request.draw.at,
        Draws::new(request.draw),
    )?;
    planner.on_behalf = who.on_behalf.is_some();
    planner.reach = policy::may(&planner.authority, request.command.name())?;
    planner.when_full = request.when_full;
    planner.undoing = match request.command {
        crate::command::Command::Undo { batch } => Some(batch),
        _ => None,
    };
    request.command.plan(&mut planner)?;
    planner.finish(request.command.name(), door.is_attended())
}

impl<'s> Planner<'s> {
    pub(crate) fn new(
        snapshot: &'s Snapshot<'s>,
        actor: Actor,
        door: Door,
        now: Timestamp,
        draws: Draws,
    ) -> Result<Self> {
        let pools = snapshot.pools()?;
        Self::among(snapshot, actor, door, now, draws, pools)
    }

    /// As [`Planner::new`], with what is agreed for the pools.
    fn among(
        snapshot: &'s Snapshot<'s>,
        actor: Actor,
        door: Door,
        now: Timestamp,
        draws: Draws,
        pools: Vec<Pool>,
    ) -> Result<Self> {
        let dated = pools
            .iter()
            .any(|it| it.terms.starts_on.is_some() || it.terms.ends_on.is_some());
        let zone = if dated {
            snapshot.organization()?.time_zone
        } else {
            "UTC".parse()?
        };
        let ledger = Ledger::new(pools, now, &zone);
        let access = ledger.access()?;
        Ok(Self {
            snapshot,
            actor,
            authority: Authority::of(snapshot, actor)?,
            reach: Reach::Everybody,
            now,
            draws,
            ledger,
            access,
            attended: door.is_attended(),
            when_full: WhenFull::Ask,
            undoing: None,
            changes: Vec::new(),
            skipped: Vec::new(),
            mails: Vec::new(),
            names: Names::default(),
            leaving: Vec::new(),
            leaving_set: HashSet::new(),
            managers: HashMap::new(),
            renamed: HashSet::new(),
            arrived: HashMap::new(),
            owners_left: None,
            allowances: Vec::new(),
            crowd: None,
            foreseen: None,
            carried: HashMap::new(),
            trainings: HashMap::new(),
            removed_groups: HashMap::new(),
            begun: None,
            managers_moved: 0,
            owners: None,
            has_drifts: None,
            settings: None,
            has_individuals: None,
            on_behalf: false,
            room: None,
            leavers: None,
            held: None,
            review: None,
            subject: None,
            manager_name: None,
            token: None,
        })
    }

    pub(crate) fn finish(mut self, command: &'static str, asked: bool) -> Result<Planned> {
        self.settle_waiting()?;
        self.settle_password_links()?;
        self.move_reports_up()?;
        if asked {
            self.names.pools = self
                .ledger
                .pools()
                .map(|it| (it.id, it.name.clone()))
                .collect();
            self.name_mentioned()?;
        }
        let assignments_ended = self.assignments_ended();
        let outlook = self.foresee(asked)?;
        let ledger = outlook.as_ref().map_or(&self.ledger, |it| &it.ledger);
        let effects = Effects {
            pools: self.ledger.effects_until(ledger),
            mails: self.mails,
            promoted: outlook.as_ref().map(|it| it.promoted).unwrap_or_default(),
            managers_moved: self.managers_moved,
            assignments_ended,
        };
        let mut plan = Plan {
            command,
            changes: self.changes,
            skipped: self.skipped,
            effects,
            shortfalls: self.ledger.shortfalls(),
            review: self.review,
            digest: Digest::UNASKED,
            names: self.names,
        };
        if asked {
            plan.digest = plan.compute_digest(&self.snapshot.digest_key()?);
        }
        Ok(Planned {
            plan,
            subject: self.subject,
            manager_name: self.manager_name,
            held: self.held,
            token: self.token,
            draws: self.draws,
        })
    }

    /// Looks up the names of whatever the changes mention and nobody has named yet.
    fn name_mentioned(&mut self) -> Result<()> {
        let mut ids: Vec<UserId> = Vec::new();
        let (mut groups, mut connections, mut trainings, mut fields) = (false, false, false, false);
        for change in &self.changes {
            ids.extend(change.user());
            // Whoever is new goes by their names also in a digest: their id is drawn anew each time.
            if let Change::UserCreated { user, created } = change
                && let Some(label) = created
                    .profile
                    .email
                    .as_ref()
                    .or(created.profile.user_name.as_ref())
            {
                self.names
                    .users
                    .entry(*user)
                    .or_insert_with(|| label.clone());
            }
            match change {
                Change::Manager { before, after, .. } => ids.extend(before.iter().chain(after)),
                Change::Membership { .. }
                | Change::GroupBudget { .. }
                | Change::Setting {
                    setting: Setting::JoinGroup,
                    ..
                }
                | Change::GroupName { .. }
                | Change::GroupRemoved { .. }
                | Change::GroupPool { .. } => groups = true,
                Change::GroupLink { .. } => (groups, connections) = (true, true),
                Change::GroupTraining { .. } => (groups, trainings) = (true, true),
                Change::Assignment { .. }
                | Change::Instructor { .. }
                | Change::TrainingTerms { .. } => trainings = true,
                Change::Drift { .. }
                | Change::ConnectionMaps { .. }
                | Change::ConnectionOwns { .. }
                | Change::ConnectionSends { .. } => (fields, connections) = (true, true),
                Change::ConnectionTerms { .. } => connections = true,
                Change::FieldValue { .. }
                | Change::FieldTerms { .. }
                | Change::FieldChoice { .. } => fields = true,
                Change::Link { .. }
                | Change::Entitlement { .. }
                | Change::Connection { .. }
                | Change::Leaving { .. }
                | Change::Brake { .. }
                | Change::ConnectionRevoked { .. } => connections = true,
                _ => {}
            }
        }
        if fields {
            self.names.add_fields(&self.snapshot.custom_fields()?);
            for change in &self.changes {
                if let Change::FieldAdded { field, terms } = change {
                    self.names.fields.insert(*field, terms.name.clone());
                }
            }
        }
        self.names.hidden = self.hidden_names()?;
        for id in ids {
            if !self.names.users.contains_key(&id)
                && let Some(label) = self.snapshot.label_of(id)?
            {
                self.names.users.insert(id, label);
            }
        }
        if groups {
            self.names.groups = self
                .snapshot
                .groups_ever()?
                .into_iter()
                .map(|it| (it.id, it.name))
                .collect();
        }
        if trainings {
            self.names.trainings = self.snapshot.training_names()?;
        }
        if connections {
            self.names.connections = self
                .snapshot
                .connections()?
                .into_iter()
                .map(|it| (it.id, it.name))
                .collect();
        }
        Ok(())
    }

    /// Whose names this plan changes and whoever sees it may not know.
    fn hidden_names(&self) -> Result<HashMap<UserId, Hidden>> {
        let mut hidden = HashMap::new();
        let what = match self.undoing {
            None => Hidden::Before,
            Some(_) => Hidden::Both,
        };
        if self.snapshot.hides_names() {
            for change in &self.changes {
                if let Change::Profile { user, .. } = change
                    && self.snapshot.user(*user)?.is_some_and(|it| !it.accepted)
                {
                    hidden.insert(*user, what);
                }
            }
        }
        Ok(hidden)
    }

    /// What the organization has set, read once a plan.
    pub(crate) fn settings(&mut self) -> Result<&Settings> {
        let settings = match self.settings.take() {
            Some(settings) => settings,
            None => self.snapshot.settings()?,
        };
        Ok(self.settings.insert(settings))
    }

    pub(crate) fn is_attended(&self) -> bool {
        self.attended
    }

    pub(crate) fn actor_is_owner(&self) -> bool {
        self.authority.is_owner() || self.authority.has(Role::Scheduler)
    }

    /// What the person chose for whom there is no room; nothing yet is fewer where the rest is told of by itself.
    pub(crate) fn leave_out_whom_there_is_no_room_for(&mut self) {
        if self.when_full == WhenFull::Ask {
            self.when_full = WhenFull::Fewer;
        }
    }

    /// Whether the person has chosen that whom there is no room for is left out.
    pub(crate) fn leaves_out(&self) -> bool {
        self.when_full == WhenFull::Fewer
    }

    /// Whom this plan brings onto the roster under that key.
    pub(crate) fn arrival(&self, key: &str) -> Option<UserId> {
        self.arrived.get(key).copied()
    }

    /// Why somebody was left out last, if anybody was since a mark.
    pub(crate) fn skipped_since(&self, mark: Mark) -> Option<&str> {
        let since = self.skipped.get(mark.skipped..)?;
        since.last().map(|it| it.reason.as_str())
    }

    /// Takes back what was said since a mark of who is left out; somebody says it better.
    pub(crate) fn unsay_skips(&mut self, mark: Mark) {
        self.skipped.truncate(mark.skipped);
    }

    /// Whether this plan takes a link from somebody already.
    pub(crate) fn unlinks(&self, system_user: &str) -> bool {
        let mut changes = self.changes.iter();
        changes.any(
            |it| matches!(it, Change::SystemUser { name, after: false, .. } if name == system_user),
        )
    }

    /// Where the changes stand, to go back to when a person turns out to get nothing.
    pub(crate) fn mark(&self) -> Mark {
        Mark {
            changes: self.changes.len(),
            mails: self.mails.len(),
            skipped: self.skipped.len(),
        }
    }

    /// Drops the changes and mails since a mark. They must not have taken or freed any license.
    pub(crate) fn back_to(&mut self, mark: Mark) {
        for dropped in self.changes.drain(mark.changes..) {
            match dropped {
                Change::Manager { user, .. } => drop(self.managers.remove(&user)),
                Change::Profile { user, field, .. } => drop(self.renamed.remove(&(user, field))),
                _ => {}
            }
        }
        self.mails.truncate(mark.mails);
    }

    /// Puts another change at a mark.
    pub(crate) fn replace(&mut self, mark: Mark, change: Change) {
        if let Some(slot) = self.changes.get_mut(mark.changes) {
            *slot = change;
        }
    }

    /// What is planned so far.
    pub(crate) fn planned(&self) -> &[Change] {
        &self.changes
    }

    /// Whether nothing is planned yet.
    pub(crate) fn is_idle(&self) -> bool {
        self.changes.is_empty() && self.leaving.is_empty()
    }

    pub(crate) fn push(&mut self, change: Change) {
        match &change {
            Change::Manager { user, after, .. } => {
                self.managers.insert(*user, *after);
            }
            Change::Profile {
                user,
                field: field @ (Field::Email | Field::UserName),
                ..
            } => {
                self.renamed.insert((*user, *field));
            }
            Change::GroupRemoved { group, after, .. } => {
                self.removed_groups.insert(*group, *after);
            }
            _ => {}
        }
        self.changes.push(change);
    }

    /// Who has this unique value, unless this plan takes it from them.
    pub(crate) fn owner_of(&self, field: Field, value: Option<&str>) -> Result<Option<User>> {
        let Some(value) = value else { return Ok(None) };
        let key = key_of_name(value);
        let found = match field {
            Field::Email => self.snapshot.user_by_email_key(&key)?,
            Field::UserName => self.snapshot.user_by_user_name_key(&key)?,
            _ => None,
        };
        Ok(found.filter(|it| !self.renamed.contains(&(it.id, field))))
    }

    /// Whom a person reports to once this plan is applied.
    fn manager_of(&self, user: UserId) -> Result<Option<UserId>> {
        match self.managers.get(&user) {
            Some(manager) => Ok(*manager),
            None => self.snapshot.manager_of(user),
        }
    }

    pub(crate) fn skip(&mut self, user: &User, reason: impl Into<String>) {
        self.skipped.push(Skip {
            user: Some(user.id),
            who: user.label(),
            reason: reason.into(),
        });
    }

    pub(crate) fn skip_name(&mut self, who: &str, reason: impl Into<String>) {
        self.skipped.push(Skip {
            user: None,
            who: who.to_owned(),
            reason: reason.into(),
        });
    }

    pub(crate) fn mail(&mut self, user: UserId, template: Template) {
        self.mails.push(Mail { user, template });
    }

    /// Remembers a name, so that the plan can show it without another look-up.
    pub(crate) fn name(&mut self, user: &User) {
        if self.attended {
            self.names.users.insert(user.id, user.label());
        }
    }

    pub(crate) fn name_new(&mut self, user: UserId, label: &str) {
        if self.attended {
            self.names.users.insert(user, label.to_owned());
        }
    }

    /// Whether this person has a permission that the actor does not have.
    pub(crate) fn has_more_rights(&self, user: UserId) -> Result<bool> {
        let theirs = self.permissions_of(user)?;
        let has = |it: &Permission| self.authority.has_permission(*it);
        Ok(!self.actor_is_owner() && !theirs.iter().all(has))
    }

    /// The people of a selection, each once. Those beyond the actor's reach are not found by a query, and skipped when
    /// they are named.
    pub(crate) fn select(&mut self, who: &Selection) -> Result<Vec<UserId>> {
        let people: Vec<UserId> = match who {
            Selection::Ids(ids) => {
                let mut seen = HashSet::with_capacity(ids.len());
                let ids = ids.iter().copied().filter(|it| seen.insert(*it)).collect();
                self.reached(ids)?
            }
            Selection::Query { query, except } => {
                let query = self.reach.within(query);
                let ids = self.snapshot.ids_of(&query, self.now)?;
                ids.into_iter().filter(|it| !except.contains(it)).collect()
            }
        };
        self.expect(&people)?;
        Ok(people)
    }

    /// Leaves out whom the actor may not do this to, without a word about who they are.
    fn reached(&mut self, ids: Vec<UserId>) -> Result<Vec<UserId>> {
        if self.reach == Reach::Everybody {
            return Ok(ids);
        }
        let mut reached: HashSet<UserId> = HashSet::new();
        for some in ids.chunks(NAMED_AT_ONCE) {
            let named = Expr::Or(some.iter().copied().map(Expr::Id).collect());
            let query = self.reach.within(&named);
            reached.extend(self.snapshot.ids_of(&query, self.now)?);
        }
        let (within, beyond): (Vec<_>, Vec<_>) =
            ids.into_iter().partition(|it| reached.contains(it));
        for id in beyond {
            self.skip_name(&id.to_string(), "nobody whom you may do this to");
        }
        Ok(within)
    }

    /// Somebody whom the actor may see, by address, user name or id.
    pub(crate) fn find_seen(&self, who: &str) -> Result<User> {
        let user = self.snapshot.find_user(who)?;
        if self.sees(user.id)? {
            Ok(user)
        } else {
            Err(Error::not_found("user", who.trim()))
        }
    }

    /// Whether the actor may see this person.
    pub(crate) fn sees(&self, user: UserId) -> Result<bool> {
        match self.authority.reach("see").seen() {
            None => Ok(true),
            Some(seen) => self.snapshot.finds(&seen, user, self.now),
        }
    }

    /// Whether this command may be given to anybody.
    pub(crate) fn reaches_everybody(&self) -> bool {
        self.reach == Reach::Everybody
    }

    /// Whether this command may be given to the members of a group.
    pub(crate) fn reaches_group(&self, group: GroupId) -> bool {
        match &self.reach {
            Reach::Everybody => true,
            Reach::Nobody => false,
            Reach::Only(circles) => circles.contains(&Circle::Group(group)),
        }
    }

    /// The groups to which this command may bring people by way of a session.
    pub(crate) fn groups_of_session(&self, session: TrainingId) -> Vec<GroupId> {
        match &self.reach {
            Reach::Everybody | Reach::Nobody => Vec::new(),
            Reach::Only(circles) => circles
                .iter()
                .filter_map(|it| match it {
                    Circle::Session(training, group) if *training == session => Some(*group),
                    _ => None,
                })
                .collect(),
        }
    }

    /// Refuses a part of a command that needs a right of its own, such as `edit_protect`.
    pub(crate) fn require(&self, part: &str) -> Result<()> {
        policy::may(&self.authority, part).map(drop)
    }

    /// Says that these people are looked at next, in this order, so that what is known of many is read at once.
    pub(crate) fn expect(&mut self, people: &[UserId]) -> Result<()> {
        if people.len() > CROWD {
            self.crowd = Some(Crowd::new(self.snapshot, people)?);
        }
        Ok(())
    }

    /// Why this person may not be taken off the roster by whoever acts, if they may not.
    pub(crate) fn why_not_take_off(&mut self, user: &User) -> Result<Option<&'static str>> {
        if user.protected {
            return Ok(Some("protected"));
        }
        if !self.permissions_of(user.id)?.contains(&Permission::Owner) {
            return Ok(None);
        }
        if !self.actor_is_owner() {
            return Ok(Some("an owner, and only owners may"));
        }
        if self.is_last_owner(user)? {
            return Ok(Some("the last owner"));
        }
        Ok(None)
    }

    /// Whether this owner is the last who can act; if not, one fewer is left to this plan.
    pub(crate) fn is_last_owner(&mut self, user: &User) -> Result<bool> {
        if user.status != Status::Active {
            return Ok(false);
        }
        let left = match self.owners_left {
            Some(left) => left,
            None => self.snapshot.active_owners()?,
        };
        if left > 1 {
            self.owners_left = Some(left - 1);
        }
        Ok(left <= 1)
    }

    /// Records how a person holds a pool from now on, and counts it.
    pub(crate) fn set_license(
        &mut self,
        user: UserId,
        pool: PoolId,
        before: Hold,
        after: Hold,
        stands_for_access: bool,
    ) -> Result<()> {
        if before == after {
            return Ok(());
        }
        self.ledger.line_mut(pool)?.count(before, after);
        self.push(Change::License {
            user,
            pool,
            before,
            after,
            stands_for_access,
        });
        Ok(())
    }

    /// Frees what a leaver gives back: the seat, whatever is reserved or queued, and what is consumed of recoverable pools.
    /// Ends what they still had to learn.
    pub(crate) fn free_on_leaving(&mut self, user: UserId) -> Result<()> {
        for license in self.licenses_of(user)? {
            if self.returns_on_leaving(&license)? {
                self.set_license(
                    user,
                    license.pool,
                    license.hold,
                    Hold::None,
                    license.stands_for_access,
                )?;
            }
        }
        self.drop_requests(user, &[])?;
        self.end_assignments(user, &[])
    }

    /// Frees what a person got after the batch by whose undo they leave: everything that returns on leaving and is not
    /// already planned. What they had used before stays theirs.
    pub(crate) fn free_the_rest(&mut self, user: UserId, since: Mark) -> Result<()> {
        let planned: Vec<PoolId> = self
            .changes
            .iter()
            .skip(since.changes)
            .filter_map(|it| match it {
                Change::License {
                    user: whose, pool, ..
                } if *whose == user => Some(*pool),
                _ => None,
            })
            .collect();
        let moved = match self.undoing {
            Some(batch) => self.snapshot.licenses_moved_since(user, batch)?,
            None => Vec::new(),
        };
        for license in self.snapshot.licenses_of(user)? {
            let is_new = license.hold != Hold::Consumed
                || license.stands_for_access
                || moved.contains(&license.pool);
            if is_new && !planned.contains(&license.pool) && self.returns_on_leaving(&license)? {
                self.set_license(
                    user,
                    license.pool,
                    license.hold,
                    Hold::None,
                    license.stands_for_access,
                )?;
            }
        }
        let planned: Vec<TrainingId> = self
            .changes
            .iter()
            .skip(since.changes)
            .filter_map(|it| match it {
                Change::Assignment {
                    user: whose,
                    training,
                    ..
                } if *whose == user => Some(*training),
                _ => None,
            })
            .collect();
        let requested: Vec<PoolId> = self
            .changes
            .iter()
            .skip(since.changes)
            .filter_map(|it| match it {
                Change::LicenseRequest {
                    user: whose, pool, ..
                } if *whose == user => Some(*pool),
                _ => None,
            })
            .collect();
        self.drop_requests(user, &requested)?;
        self.end_assignments(user, &planned)
    }

    fn returns_on_leaving(&self, license: &License) -> Result<bool> {
        let seat = license.pool == self.access || license.stands_for_access;
        Ok(seat
            || license.hold != Hold::Consumed
            || self.ledger.line(license.pool)?.pool.terms.recoverable)
    }

    /// Notes that a person leaves, so that their reports move up when the plan is finished.
    pub(crate) fn leave(&mut self, user: UserId) {
        if self.leaving_set.insert(user) {
            self.leaving.push(user);
        }
    }

    /// Everybody who reports to a leaver reports to the first of the leaver's own managers who stays.
    fn move_reports_up(&mut self) -> Result<()> {
        let mut stays: HashMap<UserId, Option<UserId>> = HashMap::new();
        for leaver in std::mem::take(&mut self.leaving) {
            if self.crowd.as_ref().is_some_and(|it| !it.manages(leaver)) {
                continue;
            }
            let reports = self.snapshot.reports_of(leaver)?;
            if reports.is_empty() {
                continue;
            }
            let target = self.first_who_stays(leaver, &mut stays)?;
            for (report, status) in reports {
                if self.managers.contains_key(&report) {
                    continue;
                }
                if status.is_live() {
                    self.managers_moved += 1;
                }
                self.push(Change::Manager {
                    user: report,
                    before: Some(leaver),
                    after: target,
                });
            }
        }
        Ok(())
    }

    fn first_who_stays(
        &self,
        leaver: UserId,
        known: &mut HashMap<UserId, Option<UserId>>,
    ) -> Result<Option<UserId>> {
        let mut line = vec![leaver];
        let mut at = leaver;
        let found = loop {
            if let Some(found) = known.get(&at) {
                break *found;
            }
            match self.manager_of(at)? {
                None => break None,
                Some(manager) if !self.leaving_set.contains(&manager) => break Some(manager),
                Some(manager) => {
                    line.push(manager);
                    at = manager;
                }
            }
        };
        for person in line {
            known.insert(person, found);
        }
        Ok(found)
    }

    /// Remembers somebody whom this plan brings onto the roster: others in it may report to them.
    pub(crate) fn note_arrival(&mut self, user: UserId, profile: &Profile) {
        let keys = [profile.email_key(), profile.user_name_key()];
        for key in keys.into_iter().flatten() {
            self.arrived.insert(key, user);
        }
    }

    /// The manager of that name, if setting them makes no cycle.
    pub(crate) fn manager_for(&self, user: Option<UserId>, name: &str) -> Result<UserId> {
        if let Some(manager) = self.arrived.get(&key_of_name(name.trim())).copied() {
            if let Some(user) = user {
                self.refuse_cycle(user, manager)?;
            }
            return Ok(manager);
        }
        let manager = self.find_seen(name)?;
        if !manager.status.is_seated_or_coming() {
            return Err(Error::invalid(
                "manager",
                format!("is {}", manager.status),
                "name somebody on the roster",
            ));
        }
        if let Some(user) = user {
            self.refuse_cycle(user, manager.id)?;
        }
        Ok(manager.id)
    }

    pub(crate) fn refuse_cycle(&self, user: UserId, manager: UserId) -> Result<()> {
        let mut at = Some(manager);
        while let Some(above) = at {
            if above == user {
                return Err(Error::invalid(
                    "manager",
                    "reports to this person",
                    "choose somebody who does not",
                ));
            }
            at = self.manager_of(above)?;
        }
        Ok(())
    }

    /// Whoever is brought back by a door that gives no rights begins as a learner in the groups they were in.
    pub(crate) fn begin_as_learner(&mut self, user: UserId) -> Result<()> {
        for membership in self.snapshot.memberships_of(user)? {
            if membership.role > GroupRole::Learner {
                self.push(Change::Membership {
                    user,
                    group: membership.group,
                    before: Some(membership.role),
                    after: Some(GroupRole::Learner),
                });
            }
        }
        Ok(())
    }

    /// A new invitation, or the next generation of the one that there was.
    pub(crate) fn invite(&mut self, user: UserId, mail: bool) -> Result<()> {
        self.invite_on(user, mail, None)
    }

    /// As [`Planner::invite`], mailed on a day, unless that has begun; the link works from then on as long as any.
    pub(crate) fn invite_on(
        &mut self,
        user: UserId,
        mail: bool,
        send_on: Option<Date>,
    ) -> Result<()> {
        let send_on = match send_on {
            Some(day) if mail && day > self.newest_begun()? => Some(day),
            _ => None,
        };
        let before = self.invitation(user)?;
        let expires_at = self.expiry(send_on)?;
        let after = Invitation {
            id: before.map_or_else(|| self.draws.invitation(), |it| it.id),
            generation: before.map_or(1, |it| it.generation + 1),
            state: InvitationState::Pending,
            expires_at,
            send_on,
        };
        self.push(Change::Invitation {
            user,
            before,
            after: Some(after),
        });
        if mail && send_on.is_none() {
            self.mail(user, Template::Invitation);
        }
        Ok(())
    }

    /// Ends the pending invitation of a person whose undoing leaves no use for it, unless that is planned already.
    pub(crate) fn end_invitation_too(&mut self, user: UserId, since: Mark) -> Result<()> {
        let mut planned = self.changes.iter().skip(since.changes);
        let is_planned = planned
            .any(|it| matches!(it, Change::Invitation { user: whose, .. } if *whose == user));
        if is_planned {
            return Ok(());
        }
        self.end_invitation(user, InvitationState::Dead)
    }

    /// Ends a pending invitation.
    pub(crate) fn end_invitation(&mut self, user: UserId, state: InvitationState) -> Result<()> {
        if let Some(before) = self.invitation(user)?
            && before.state == InvitationState::Pending
        {
            let after = Invitation { state, ..before };
            self.push(Change::Invitation {
                user,
                before: Some(before),
                after: Some(after),
            });
        }
        Ok(())
    }

    /// As [`Planner::take_permissions`], but what this plan has decided about already.
    pub(crate) fn take_the_rest_of_permissions(&mut self, user: UserId, since: Mark) -> Result<()> {
        let decided: Vec<Change> = self.changes.iter().skip(since.changes).cloned().collect();
        let mark = self.mark();
        self.take_permissions(user)?;
        let taken: Vec<Change> = self.changes.drain(mark.changes..).collect();
        for change in taken {
            if !decided.contains(&change) {
                self.push(change);
            }
        }
        Ok(())
    }

    /// Takes an administrator's permissions, links and keys, which nobody regains by coming back.
    pub(crate) fn take_permissions(&mut self, user: UserId) -> Result<()> {
        let system_users = match &self.crowd {
            Some(crowd) => crowd.system_users_of(user),
            None => self.snapshot.system_users_of(user)?,
        };
        for name in system_users {
            self.push(Change::SystemUser {
                user,
                name,
                before: true,
                after: false,
            });
        }
        let keys = match &self.crowd {
            Some(crowd) => crowd.ssh_keys_of(user),
            None => self.snapshot.ssh_keys_of(user)?,
        };
        for it in keys {
            self.push(Change::SshKey {
                user,
                key: it.key,
                before: true,
                after: false,
            });
        }
        for permission in self.permissions_of(user)? {
            self.push(Change::Permission {
                user,
                permission,
                before: true,
                after: false,
            });
        }
        Ok(())
    }
}

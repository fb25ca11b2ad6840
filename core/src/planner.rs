//! The desk at which a command is planned: what it reads, what it has decided so far, and the rules that several commands
//! share. It has no way to write.

mod allowance;
mod apart;
mod brake;
mod crowd;
mod dates;
mod ends;
mod entitled;
mod erasing;
mod foresight;
mod groups;
mod invitations;
mod leaving;
mod managers;
mod naming;
mod owned;
mod password_links;
mod reach;
mod seating;
mod started;
mod texts;
mod waits;
mod who;
mod zone;

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use crate::by_name::ByName;
use crate::capacity::Ledger;
use crate::change::{Change, Names};
use crate::command::{Request, WhenFull};
use crate::draw::Draws;
use crate::error::{Error, Result};
use crate::import::Review;
use crate::model::{
    Actor, BatchId, Brake, Date, Door, Field, FieldId, GroupCarries, GroupId, Hold, Leaving, Pool,
    PoolId, Settings, Status, TimeZoneName, Timestamp, Training, TrainingId, TrainingTerms, User,
    UserId, key_of_name,
};
use crate::plan::{Digest, Effects, LeavingDays, Mail, Plan, Skip, Template};
use crate::policy::{self, Authority, Reach, Role};
use crate::progress::Progress;
use crate::store::Snapshot;
use allowance::Allowance;
pub(crate) use brake::Leave;
use crowd::Crowd;
use foresight::Foreseen;
pub(crate) use foresight::{people_promoted, renew};
pub(crate) use groups::{Entry, Fallback};
pub(crate) use seating::{AskedBy, Seated, Waiting, Want};
use texts::Texts;
pub(crate) use who::Who;

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
    /// Whom this plan brings in and what is put aside of them, where they are many.
    newcomers: apart::Apart,
    skipped: Vec<Skip>,
    /// What is said of people beside what is planned for them; it leaves nobody out.
    notes: Vec<Skip>,
    mails: Vec<Mail>,
    names: Names,
    texts: Texts,
    leaving: Vec<UserId>,
    leaving_set: HashSet<UserId>,
    /// Managers that this plan sets, and addresses and user names that it takes from people: what is planned already counts.
    managers: HashMap<UserId, Option<UserId>>,
    renamed: HashSet<(UserId, Field)>,
    /// Whom this plan brings onto the roster, by the keys of their names.
    arrived: ByName<UserId>,
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
    /// Whether any license has an end, once asked for.
    has_ends: Option<bool>,
    /// Whether it is planned for a connection by somebody else, who has decided: no brake applies.
    pub(crate) on_behalf: bool,
    /// What is left of the connection's brake, once asked for.
    room: Option<Option<brake::Room>>,
    /// Whom providers want to leave, once a crowd asked for it.
    leavers: Option<HashMap<UserId, Leaving>>,
    /// The brake that holds whom the command takes off.
    pub(crate) held: Option<Brake>,
    /// What of the command is refused, while the rest of it is done.
    pub(crate) refused: Option<Error>,
    /// What an import makes of its rows.
    pub(crate) review: Option<Box<Review>>,
    /// Whom a door must answer with.
    pub(crate) subject: Option<UserId>,
    /// The name of their manager, if it was read.
    pub(crate) manager_name: Option<String>,
    /// A token made by this command, to be shown once.
    pub(crate) token: Option<String>,
    /// How many changes are planned, for whoever waits.
    progress: Progress,
}

/// What planning produces besides the plan itself.
pub(crate) struct Planned {
    pub(crate) plan: Plan,
    pub(crate) subject: Option<UserId>,
    pub(crate) manager_name: Option<String>,
    pub(crate) held: Option<Brake>,
    pub(crate) refused: Option<Error>,
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
    notes: usize,
}

/// Plans a request against a snapshot. For whoever confirms plans at their door it has its digest.
pub(crate) fn plan(
    snapshot: &Snapshot<'_>,
    who: Who,
    request: &Request,
    progress: &Progress,
) -> Result<Planned> {
    let mut planned = plan_unconfirmed(snapshot, who, request, progress)?;
    if who.door.is_attended() {
        planned.plan.digest = planned.plan.compute_digest(&snapshot.digest_key()?)?;
    }
    Ok(planned)
}

/// As [`plan`], where nobody confirms the digest before it is applied: of a large plan it takes a while, and is left out.
pub(crate) fn plan_unconfirmed(
    snapshot: &Snapshot<'_>,
    who: Who,
    request: &Request,
    progress: &Progress,
) -> Result<Planned> {
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
    planner.progress = progress.clone();
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
        Self::among(snapshot, actor, door, now, draws, (pools, None))
    }

    /// As [`Planner::new`], with what is agreed for the pools, and in the time zone that is named.
    fn among(
        snapshot: &'s Snapshot<'s>,
        actor: Actor,
        door: Door,
        now: Timestamp,
        draws: Draws,
        (pools, zone): (Vec<Pool>, Option<TimeZoneName>),
    ) -> Result<Self> {
        let dated = pools
            .iter()
            .any(|it| it.terms.starts_on.is_some() || it.terms.ends_on.is_some());
        let zone = match zone {
            Some(zone) => zone,
            None if dated => snapshot.organization()?.time_zone,
            None => "UTC".parse()?,
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
            newcomers: apart::Apart::default(),
            skipped: Vec::new(),
            notes: Vec::new(),
            mails: Vec::new(),
            names: Names::default(),
            texts: Texts::default(),
            leaving: Vec::new(),
            leaving_set: HashSet::new(),
            managers: HashMap::new(),
            renamed: HashSet::new(),
            arrived: ByName::default(),
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
            has_ends: None,
            on_behalf: false,
            room: None,
            leavers: None,
            held: None,
            refused: None,
            review: None,
            subject: None,
            manager_name: None,
            token: None,
            progress: Progress::new(),
        })
    }

    pub(crate) fn finish(mut self, command: &'static str, asked: bool) -> Result<Planned> {
        self.consume_what_is_started()?;
        self.settle_waiting()?;
        self.settle_password_links()?;
        self.settle_invitations()?;
        self.take_reports_back()?;
        self.move_reports_up()?;
        if asked {
            self.names.pools = self
                .ledger
                .pools()
                .map(|it| (it.id, it.name.clone()))
                .collect();
            self.name_mentioned()?;
        }
        let notes = std::mem::take(&mut self.notes);
        self.skipped.extend(notes);
        let assignments_ended = self.assignments_ended();
        let unsent = self.unsent();
        let dates = self.dates_moved()?;
        let changes = self.in_order();
        let (changes, outlook) = self.foresee(changes, asked)?;
        let ledger = outlook.as_ref().map_or(&self.ledger, |it| &it.ledger);
        let effects = Effects {
            pools: self.ledger.effects_until(ledger),
            mails: self.mails,
            mails_aside: changes.newcomers().map_or(0, |it| it.mails()),
            promoted: outlook.as_ref().map(|it| it.promoted).unwrap_or_default(),
            managers_moved: self.managers_moved,
            assignments_ended,
            unsent,
            dates,
            leaving: match asked {
                true => LeavingDays::set_by(&changes),
                false => Vec::new(),
            },
        };
        let plan = Plan {
            command,
            changes,
            skipped: self.skipped,
            effects,
            shortfalls: self.ledger.shortfalls(),
            review: self.review,
            digest: Digest::UNASKED,
            names: self.names,
            at: self.now,
        };
        Ok(Planned {
            plan,
            subject: self.subject,
            manager_name: self.manager_name,
            held: self.held,
            refused: self.refused,
            token: self.token,
            draws: self.draws,
        })
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
            notes: self.notes.len(),
        }
    }

    /// What is planned since a mark.
    pub(crate) fn changes_since(&self, mark: Mark) -> &[Change] {
        self.changes.get(mark.changes..).unwrap_or_default()
    }

    /// Drops the changes and mails since a mark, with the licenses that they took; that they were asked for stays counted.
    pub(crate) fn back_to(&mut self, mark: Mark) {
        for dropped in self.changes.drain(mark.changes..) {
            match dropped {
                Change::License {
                    pool,
                    before,
                    after,
                    ..
                } => self.ledger.count_back(pool, before, after),
                Change::Manager { user, .. } => drop(self.managers.remove(&user)),
                Change::Profile { user, field, .. } => drop(self.renamed.remove(&(user, field))),
                _ => {}
            }
        }
        self.mails.truncate(mark.mails);
        self.notes.truncate(mark.notes);
    }

    /// Puts another change at a mark.
    pub(crate) fn replace(&mut self, mark: Mark, change: Change) {
        if let Some(slot) = self.changes.get_mut(mark.changes) {
            *slot = change;
        }
    }

    /// Lets somebody new who is planned at a mark be queued instead.
    pub(crate) fn queue_new(&mut self, mark: Mark) {
        if let Some(Change::UserCreated { created, .. }) = self.changes.get_mut(mark.changes) {
            created.status = Status::Queued;
            created.accepted = false;
        }
    }

    /// Puts another change where one was planned; none takes that one back. It must not have taken or freed a license.
    pub(crate) fn replan(&mut self, place: usize, change: Option<Change>) {
        match change {
            Some(change) => {
                if let Some(slot) = self.changes.get_mut(place) {
                    *slot = change;
                }
            }
            None => self.drop_change(place),
        }
    }

    /// What is planned so far.
    pub(crate) fn planned(&self) -> &[Change] {
        &self.changes
    }

    /// Whether nothing is planned yet.
    pub(crate) fn is_idle(&self) -> bool {
        self.changes.is_empty() && self.newcomers.is_empty() && self.leaving.is_empty()
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
            // What needs which license from now on decides over those who have started it.
            Change::TrainingTerms {
                training, after, ..
            } => {
                let terms = TrainingTerms::clone(after);
                if let Some(known) = self.trainings.get_mut(training) {
                    *known = Rc::new(Training {
                        terms,
                        ..(**known).clone()
                    });
                }
            }
            _ => {}
        }
        self.progress.count();
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
        // Who goes by their address goes by it no longer once that is another.
        let goes_by = |it: &User| match field {
            Field::UserName if it.profile.user_name.is_none() => Field::Email,
            _ => field,
        };
        let is_free = |it: &User| {
            let mut of = [field, goes_by(it)].into_iter();
            of.any(|of| self.renamed.contains(&(it.id, of)))
        };
        Ok(found.filter(|it| !is_free(it)))
    }

    pub(crate) fn skip(&mut self, user: &User, reason: impl Into<String>) {
        self.skipped.push(Skip {
            user: Some(user.id),
            who: user.label(),
            reason: reason.into(),
        });
    }

    /// Says something of somebody for whom there is a plan: what of them stays as it is, and why.
    pub(crate) fn note(&mut self, user: &User, text: impl Into<String>) {
        self.notes.push(Skip {
            user: Some(user.id),
            who: user.label(),
            reason: text.into(),
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

    /// Records what is known of a person from now on.
    pub(crate) fn set_field(
        &mut self,
        user: UserId,
        field: Field,
        before: Option<&str>,
        after: Option<&str>,
    ) {
        let (before, after) = (self.texts.shared(before), self.texts.shared(after));
        self.push(Change::Profile {
            user,
            field,
            before,
            after,
        });
    }

    /// Records what a person has in a custom field from now on.
    pub(crate) fn set_value(
        &mut self,
        user: UserId,
        field: FieldId,
        before: Option<&str>,
        after: Option<&str>,
    ) {
        let (before, after) = (self.texts.shared(before), self.texts.shared(after));
        self.push(Change::FieldValue {
            user,
            field,
            before,
            after,
        });
    }

    /// Records how a person holds a pool from now on, and counts it. A license that goes takes its end along.
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
        if after == Hold::None {
            self.set_end(user, pool, None)?;
        }
        Ok(())
    }
}

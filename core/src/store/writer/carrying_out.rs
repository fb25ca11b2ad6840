//! One job carried out in the transaction of its group: planned again on what is true now, checked against what was confirmed,
//! written with its events, and the queues moved up.

use std::collections::BTreeSet;

use super::writing::Writing;
use super::{ALONE, Job, Writer};
use crate::change::Change;
use crate::command::{Command, may_promote, promote};
use crate::directory::Applied;
use crate::draw::{Draw, Draws};
use crate::error::{Error, Moved, Result, Shortfalls};
use crate::model::{Actor, BatchId, ConnectionId, Door, Timestamp, UserId};
use crate::plan::{Digest, Plan};
use crate::planner::{self, Planned};
use crate::progress::{Progress, Stage};
use crate::store::events::{BatchHead, Tip};
use crate::store::{Snapshot, brake, idempotency, imports, levels, open, outbox, stale};

/// Of so many people it is looked who was changed last, when a plan is no longer what it was.
const MOST_LOOKED_AT: usize = 1_000;
/// So many of them are told.
const MOST_TOLD: usize = 3;

impl Writer {
    /// Plans and applies one job. `None` when it is too large to share a commit with the jobs before it.
    pub(super) fn one(&mut self, job: &mut Job, first: bool) -> Result<Option<Applied>> {
        job.progress.check()?;
        let at = self.clock.now();
        let snapshot = Snapshot::new(&self.conn).seen_by(job.who.plans())?;
        if let Some(key) = &job.request.key
            && let Some(outcome) =
                idempotency::find(&self.conn, job.who.actor, key, &job.request.command, at)?
        {
            return idempotency::repeat(&snapshot, outcome).map(Some);
        }
        let shown = job
            .prepared
            .as_ref()
            .filter(|(_, planned)| planned.plan.changes.len() <= ALONE)
            .map(|(_, planned)| planned.plan.clone());
        let (known, planned) = match job.prepared.take() {
            Some((known, mut planned)) if self.still_holds(known, job, &planned)? => {
                if job.who.door.is_attended() && known != snapshot.last_batch()? {
                    planner::renew(&snapshot, job.request.draw.at, &mut planned)?;
                }
                (Some(known), planned)
            }
            _ => {
                job.progress.begin(Stage::Planning, 0);
                (
                    None,
                    (job.planning())(&snapshot, job.who, &job.request, &job.progress)?,
                )
            }
        };
        job.progress.check()?;
        if planned.plan.changes.len() > ALONE && !first {
            // A plan made here knows batches that may yet fail to commit, and is made again.
            job.prepared = known.map(|known| (known, planned));
            return Ok(None);
        }
        self.check(job, &planned.plan, shown.as_ref())?;
        if planned.plan.changes.len() > ALONE {
            let (command, changes) = (planned.plan.command, planned.plan.changes.len());
            self.turn.say(&format!("{command}, {changes} changes"));
            self.roomy = true;
            let _ = open::make_room(&self.conn, true);
        }
        let Planned {
            plan,
            subject,
            manager_name,
            held,
            refused,
            token,
            mut draws,
        } = planned;
        let refused = refused.map(|it| it.to_string());
        if plan.is_empty() {
            let applied = Applied {
                batch: None,
                at,
                plan,
                user: subject,
                manager_name,
                held,
                refused,
                promotions: Vec::new(),
                promoted: 0,
                token: None,
                repeated: false,
            };
            return Ok(Some(applied));
        }
        let undoes = match &job.request.command {
            Command::Undo { batch } => Some(*batch),
            _ => None,
        };
        let batch = draws.batch();
        let origin = Origin {
            actor: job.who.actor,
            door: job.who.door,
            on_behalf: job.who.on_behalf,
            caused_by: None,
            undoes,
        };
        if plan.changes.len() <= ALONE {
            // It shares its commit with others: taking it back from among them is no quicker than doing it.
            job.progress.commit()?;
        }
        // Each change is written, and so is its event.
        job.progress.begin(Stage::Writing, 2 * plan.changes.len());
        self.write(batch, &origin, &plan, job.request.draw, at, &job.progress)?;
        let (promotions, promoted) = self.promote_all(batch, &plan, job.request.draw, draws, at)?;
        let applied = Applied {
            batch: Some(batch),
            at,
            plan,
            user: subject,
            manager_name,
            held,
            refused,
            promotions,
            promoted,
            token,
            repeated: false,
        };
        if let Some(key) = &job.request.key {
            idempotency::keep(
                &self.conn,
                job.who.actor,
                key,
                &job.request.command,
                &applied,
            )?;
        }
        Ok(Some(applied))
    }

    /// Whether a plan made before is what would be planned now.
    fn still_holds(&self, known: i64, job: &Job, planned: &Planned) -> Result<bool> {
        if stale::rests_on_seen(&job.request.command) {
            return Ok(false);
        }
        let snapshot = Snapshot::new(&self.conn).seen_by(job.who.plans())?;
        if known == snapshot.last_batch()? {
            return Ok(true);
        }
        // What is left of a brake moves with every batch of its connection.
        Ok(!matches!(job.who.plans(), Actor::Connection(_))
            && stale::still_holds(&snapshot, known, &job.request, &planned.plan)?)
    }

    /// Refuses a plan that is not what was confirmed, or that does not fit.
    fn check(&self, job: &Job, plan: &Plan, shown: Option<&Plan>) -> Result<()> {
        if let Some(confirmed) = job.confirmed {
            let digest = if plan.digest == Digest::UNASKED {
                plan.compute_digest(&Snapshot::new(&self.conn).digest_key()?)?
            } else {
                plan.digest
            };
            if digest != confirmed {
                let mut what = plan.moved_since(shown);
                if what.is_empty() {
                    what.push(plan.in_numbers());
                    what.extend(self.changed_lately(plan)?);
                }
                return Err(Error::Moved(Box::new(Moved {
                    plan: plan.clone(),
                    what,
                })));
            }
        }
        if !plan.shortfalls.is_empty() {
            return Err(Shortfalls(plan.shortfalls.clone()).into());
        }
        match &plan.review {
            Some(review) if review.is_blocked() => Err(Error::Faulty(review.clone())),
            _ => Ok(()),
        }
    }

    /// Who of those whom a plan concerns was changed last, and by which command, where the plan that was shown is not here to
    /// be compared with.
    fn changed_lately(&self, plan: &Plan) -> Result<Option<String>> {
        let people = plan.changes.open().iter().filter_map(Change::user);
        let people = people.chain(plan.skipped.iter().filter_map(|it| it.user));
        let people: BTreeSet<UserId> = people.take(MOST_LOOKED_AT).collect();
        let people: Vec<UserId> = people.into_iter().collect();
        let changed = Snapshot::new(&self.conn).changed_last(&people, MOST_TOLD)?;
        let told: Vec<String> = changed
            .into_iter()
            .map(|(user, command, at)| {
                format!(
                    "{} ({}, {at})",
                    plan.names.user(user),
                    command.replace('_', " ")
                )
            })
            .collect();
        Ok((!told.is_empty()).then(|| format!("last changed of them: {}", told.join(", "))))
    }

    fn write(
        &mut self,
        batch: BatchId,
        origin: &Origin,
        plan: &Plan,
        draw: Draw,
        at: Timestamp,
        progress: &Progress,
    ) -> Result<()> {
        self.writing = true;
        let tip = match self.tip.take() {
            Some(tip) => tip,
            None => Tip::of(&self.conn)?,
        };
        // A batch frees before it takes, so that a full pool can change hands within it.
        let changes = plan.changes.freeing_first();
        let head = BatchHead {
            seq: tip.next_batch(),
            id: batch,
            actor: origin.actor,
            door: origin.door,
            command: plan.command,
            at,
            caused_by: origin.caused_by,
            undoes: origin.undoes,
            on_behalf: origin.on_behalf,
        };
        let moves_levels = |it: &Change| levels::is_moved_by(it);
        if changes.newcomers().is_some() || changes.open().iter().any(moves_levels) {
            self.levels_moved = Some(batch);
        }
        let conn = &self.conn;
        let mut writing = Writing::begin(
            conn,
            (tip, &head),
            &changes,
            draw,
            &mut self.nonces,
            progress,
        )?;
        writing.write(&changes)?;
        let (tip, moved) = writing.finish()?;
        self.tip = Some(tip);
        for (status, by) in moved.statuses {
            *self.moved.entry(status).or_default() += by;
        }
        let changes = changes.open();
        outbox::put(conn, &plan.effects.mails, changes, batch, at)?;
        imports::note(conn, origin.actor, batch, changes, at)?;
        brake::note(conn, origin.actor, batch, changes, &moved.people, at)?;
        self.erased.extend(changes.iter().filter_map(|it| match it {
            Change::Erased { user, .. } => Some(*user),
            // Ids are drawn from one source, so that one list beside the database will do for people and accounts.
            Change::IndividualErased { account } => Some(UserId::from_bytes(*account.as_bytes())),
            _ => None,
        }));
        Ok(())
    }

    /// Promotes from the queues whatever the batch made room for, in batches of their own.
    fn promote_all(
        &mut self,
        cause: BatchId,
        plan: &Plan,
        draw: Draw,
        draws: Draws,
        at: Timestamp,
    ) -> Result<(Vec<BatchId>, usize)> {
        if !may_promote(&plan.changes) {
            return Ok((Vec::new(), 0));
        }
        let Some(planned) = promote(&Snapshot::new(&self.conn), draw.at, draws)? else {
            return Ok((Vec::new(), 0));
        };
        let Planned {
            plan, mut draws, ..
        } = planned;
        let batch = draws.batch();
        let origin = Origin {
            actor: Actor::Scheduler,
            door: Door::Schedule,
            on_behalf: None,
            caused_by: Some(cause),
            undoes: None,
        };
        self.write(batch, &origin, &plan, draw, at, &Progress::new())?;
        Ok((vec![batch], planner::people_promoted(plan.changes.open())))
    }
}

/// Where a batch comes from.
struct Origin {
    actor: Actor,
    door: Door,
    on_behalf: Option<ConnectionId>,
    caused_by: Option<BatchId>,
    undoes: Option<BatchId>,
}

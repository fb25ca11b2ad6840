//! A request on its way through the writer, and how much work it may be.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::ALONE;
use crate::command::{Command, GroupTarget, Request};
use crate::directory::Applied;
use crate::error::Result;
use crate::model::NewAsked;
use crate::plan::Digest;
use crate::planner::{self, Planned, Who};
use crate::progress::Progress;
use crate::selection::Selection;
use crate::store::Planning;

/// One request on its way through the writer.
pub(crate) struct Job {
    pub(crate) who: Who,
    pub(crate) request: Request,
    pub(crate) confirmed: Option<Digest>,
    pub(crate) done: Box<dyn FnOnce(Result<Applied>) + Send>,
    /// A plan made before, and the number of the newest batch that it knew.
    pub(crate) prepared: Option<(i64, Planned)>,
    /// What is kept of the provider's request that it came by, told from its outcome; none when it is tried again.
    pub(crate) asked: Option<Tell>,
    /// How far it is, and whether it was taken back.
    pub(crate) progress: Progress,
    /// When it was given to the writer.
    pub(crate) given: Instant,
}

/// What is to be kept of a provider's request, by what came of its command.
pub(crate) type Tell = Box<dyn Fn(&Result<Applied>) -> Option<NewAsked> + Send>;

impl Job {
    pub(crate) fn new(
        who: Who,
        request: Request,
        confirmed: Option<Digest>,
        done: impl FnOnce(Result<Applied>) + Send + 'static,
    ) -> Self {
        Self {
            who,
            request,
            confirmed,
            done: Box::new(done),
            prepared: None,
            asked: None,
            progress: Progress::new(),
            given: Instant::now(),
        }
    }

    /// The same as it is given to the writer: counted among the unanswered until its answer is given or given up.
    pub(in crate::store) fn counted(mut self, unanswered: &Arc<AtomicUsize>) -> Self {
        self.given = Instant::now();
        unanswered.fetch_add(1, Ordering::Relaxed);
        let counted = Counted(Arc::clone(unanswered));
        let done = self.done;
        self.done = Box::new(move |result| {
            drop(counted);
            done(result);
        });
        self
    }

    /// How it is planned: the digest is computed for whoever has confirmed one.
    pub(in crate::store) fn planning(&self) -> Planning {
        match self.confirmed {
            Some(_) => planner::plan,
            None => planner::plan_unconfirmed,
        }
    }

    /// Whether planning it may take long.
    pub(crate) fn is_large(&self) -> bool {
        let many = |who: &Selection| match who {
            Selection::Ids(ids) => ids.len() > ALONE,
            Selection::Query { .. } => true,
        };
        match &self.request.command {
            Command::Invite(it) => it.people.len() > ALONE,
            Command::InviteToSession(it) => it.invite.people.len() > ALONE,
            Command::Create(it) => it.people.len() > ALONE,
            Command::ImportIndividuals { accounts } => accounts.len() > ALONE,
            Command::Import(it) => it.sheet.rows().len() > ALONE,
            Command::Edit(it) => many(&it.who),
            // They concern everybody in a group, or everybody who has a training.
            Command::EditGroup { .. }
            | Command::RemoveGroup { .. }
            | Command::RemoveTraining { .. }
            | Command::SetTraining { .. }
            | Command::DoDue { .. }
            | Command::Reclaim(_)
            // They concern everybody in a queue.
            | Command::SetPool { .. }
            | Command::Promote
            | Command::ProgressAgain
            | Command::RenameLabel { .. }
            | Command::ReleaseHeld { .. }
            | Command::RejectHeld { .. }
            | Command::Undo { .. } => true,
            Command::ProvisionGroup(it) => {
                it.only || it.add.len() > ALONE || matches!(it.target, GroupTarget::Removed { .. })
            }
            Command::Progress { reports } => reports.len() > ALONE,
            Command::Cancel { who }
            | Command::Resend { who, .. }
            | Command::MailPasswordLink { who }
            | Command::Deactivate { who }
            | Command::Reactivate { who, .. }
            | Command::Assign { who, .. }
            | Command::Unassign { who, .. }
            | Command::SetInstructors { who, .. }
            | Command::Delete { who }
            | Command::Erase { who }
            | Command::Grant { who, .. }
            | Command::Release { who, .. }
            | Command::Relink { who, .. } => many(who),
            _ => false,
        }
    }
}

/// One of those that are counted, until dropped.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

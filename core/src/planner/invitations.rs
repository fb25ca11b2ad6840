//! Making invitations, and ending them.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::{Mark, Planner};
use crate::change::Change;
use crate::error::Result;
use crate::model::{Date, Field, Hold, Invitation, InvitationState, UserId, key_of_name};
use crate::plan::Template;

/// For how many people invitations are read at once.
const PAGE: usize = 500;

impl Planner<'_> {
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

    /// Mails somebody the link that they have, which works for as long from now on as a new one; one that works no more is
    /// replaced. Anybody can ask for this at a page, and must not end a link that somebody else has in hand.
    pub(crate) fn invite_again(&mut self, user: UserId) -> Result<()> {
        let before = self.invitation(user)?;
        let works = |it: &Invitation| {
            it.state == InvitationState::Pending && it.expires_at > self.now && it.send_on.is_none()
        };
        let Some(link) = before.filter(works) else {
            return self.invite(user, true);
        };
        let after = Invitation {
            expires_at: self.expiry(None)?,
            ..link
        };
        self.push(Change::Invitation {
            user,
            before,
            after: Some(after),
        });
        self.mail(user, Template::Invitation);
        Ok(())
    }

    /// Replaces the open invitations of everybody whom this plan gives another address: whoever reads the one that was wrong
    /// comes in as nobody. Who was mailed a link is mailed the new one.
    pub(super) fn settle_invitations(&mut self) -> Result<()> {
        let mut people: BTreeSet<UserId> = BTreeSet::new();
        let mut planned: BTreeMap<UserId, (i64, Option<Invitation>)> = BTreeMap::new();
        for change in &self.changes {
            match change {
                Change::Profile {
                    user,
                    field: Field::Email,
                    before: Some(before),
                    after: Some(after),
                } if key_of_name(before) != key_of_name(after) => drop(people.insert(*user)),
                Change::Invitation {
                    user,
                    before,
                    after,
                } => {
                    let first = before.map_or(0, |it| it.generation);
                    planned.entry(*user).or_insert((first, None)).1 = *after;
                }
                _ => {}
            }
        }
        let people: Vec<UserId> = people.into_iter().collect();
        for page in people.chunks(PAGE) {
            let stored = self.snapshot.invitations_of_all(page)?;
            let mut open: BTreeMap<UserId, Invitation> = stored.into_iter().collect();
            for user in page {
                match planned.get(user) {
                    None => {}
                    Some((first, Some(after))) if after.generation == *first => {
                        open.insert(*user, *after);
                    }
                    // Replaced, or gone, by this plan.
                    Some(_) => drop(open.remove(user)),
                }
            }
            open.retain(|_, it| it.state == InvitationState::Pending);
            let mailed = self.snapshot.mailed_invitations_of_all(page)?;
            for (user, before) in open {
                let expires_at = self.expiry(before.send_on)?;
                self.push(Change::Invitation {
                    user,
                    before: Some(before),
                    after: Some(Invitation {
                        generation: before.generation + 1,
                        expires_at,
                        ..before
                    }),
                });
                if before.send_on.is_none() && mailed.contains(&user) {
                    self.mail(user, Template::Invitation);
                }
            }
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

    /// How many people this plan leaves invited, or waiting to be, whose mail had its day and has none any more.
    pub(super) fn unsent(&self) -> usize {
        let loses_its_day = |change: &&Change| match change {
            Change::Invitation {
                before: Some(before),
                after: Some(after),
                ..
            } => {
                before.send_on.is_some()
                    && after.send_on.is_none()
                    && after.state == InvitationState::Pending
            }
            Change::License {
                before: Hold::Queued(before),
                after: Hold::Queued(after),
                ..
            } => before.mail && !after.mail,
            _ => false,
        };
        let mut people: HashSet<UserId> = self
            .changes
            .iter()
            .filter(loses_its_day)
            .filter_map(Change::user)
            .collect();
        if !people.is_empty() {
            self.mails.iter().for_each(|it| {
                people.remove(&it.user);
            });
        }
        people.len()
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
}

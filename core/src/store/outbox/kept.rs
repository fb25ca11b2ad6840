//! What the outbox keeps, read: mails, how many there are of each state, and what became of a person's.

use std::collections::BTreeMap;

use rusqlite::{Row, params};

use crate::error::{Error, Result};
use crate::model::{
    BatchId, InvitationProgress, InvitationState, MailState, OutboxMail, Timestamp, Undelivered,
    UserId,
};
use crate::plan::Template;
use crate::store::snapshot::word;
use crate::store::{Read, Snapshot};

pub(super) const MAIL: &str = "SELECT outbox.seq, batch, user, template, generation, address, state, attempts, outbox.created_at, next_at, \
    settled_at, why, about, users.email FROM outbox LEFT JOIN users ON users.id = outbox.user";

pub(super) fn mail_row(row: &Row<'_>) -> rusqlite::Result<OutboxMail> {
    let user = UserId::from_bytes(row.get(2)?);
    let address: Option<String> = row.get(5)?;
    let email: Option<String> = row.get(13)?;
    Ok(OutboxMail {
        seq: row.get(0)?,
        batch: BatchId::from_bytes(row.get(1)?),
        user,
        label: address
            .clone()
            .or(email)
            .unwrap_or_else(|| user.to_string()),
        template: word(row, 3, Template::from_word)?,
        generation: row.get(4)?,
        address,
        state: word(row, 6, MailState::from_word)?,
        attempts: row.get(7)?,
        created_at: Timestamp::from_millis(row.get(8)?),
        next_at: Timestamp::from_millis(row.get(9)?),
        settled_at: row.get::<_, Option<i64>>(10)?.map(Timestamp::from_millis),
        why: row.get(11)?,
        about: row.get(12)?,
    })
}

/// Which mails of the outbox are listed.
#[derive(Clone, Copy, Debug, Default)]
pub struct OutboxFilter {
    /// Only those in this state.
    pub state: Option<MailState>,
    /// Only those to this person.
    pub user: Option<UserId>,
    /// Only those older than this one.
    pub before: Option<i64>,
}

impl Read<'_> {
    /// Mails, the newest first, of people whom whoever reads may see.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn outbox(&self, filter: OutboxFilter, limit: usize) -> Result<Vec<OutboxMail>> {
        let mut found = Vec::new();
        let mut before = filter.before.unwrap_or(i64::MAX);
        let by_state = match filter.state {
            None => "",
            Some(MailState::Waiting | MailState::Sending) => {
                "AND outbox.state IN ('waiting', 'sending') AND outbox.state = ?3"
            }
            Some(MailState::Failed | MailState::Bounced) => {
                "AND outbox.state IN ('failed', 'bounced') AND outbox.state = ?3"
            }
            Some(MailState::Filed) => "AND outbox.state = 'filed' AND outbox.state = ?3",
            Some(MailState::Sent | MailState::Dropped) => "AND outbox.state = ?3",
        };
        let by_user = if filter.user.is_some() {
            "AND outbox.user = ?4"
        } else {
            "AND ?4 IS NULL"
        };
        let sql = format!(
            "{MAIL} WHERE outbox.seq < ?1 AND (?3 IS NULL OR 1) {by_state} {by_user} ORDER BY outbox.seq DESC LIMIT ?2"
        );
        let page = i64::try_from(limit.max(1)).unwrap_or(i64::MAX);
        let state = filter.state.map(MailState::as_str);
        let user = filter.user.map(|it| *it.as_bytes());
        let snapshot = self.snapshot()?;
        loop {
            let rows = snapshot.all(&sql, params![before, page, state, user], mail_row)?;
            let is_last = rows.len() < limit;
            for row in rows {
                before = row.seq;
                if found.len() < limit && self.sees(&snapshot, row.user)? {
                    found.push(row);
                }
            }
            if is_last || found.len() >= limit {
                return Ok(found);
            }
        }
    }

    /// One mail by its number.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none that whoever reads may see.
    pub fn outbox_mail(&self, seq: i64) -> Result<OutboxMail> {
        let snapshot = self.snapshot()?;
        let sql = format!("{MAIL} WHERE outbox.seq = ?1");
        match snapshot.one(&sql, [seq], mail_row)? {
            Some(mail) if self.sees(&snapshot, mail.user)? => Ok(mail),
            _ => Err(Error::not_found("mail", seq)),
        }
    }

    /// How many mails are open, filed, refused or came back, and since when the oldest open one waits.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn outbox_counts(&self) -> Result<(BTreeMap<&'static str, i64>, Option<Timestamp>)> {
        self.sees_all("mail of everybody")?;
        self.together(|snapshot| {
            let mut counts = BTreeMap::new();
            for (sql, states) in [
                ("SELECT state, count(*), min(created_at) FROM outbox WHERE state IN ('waiting', 'sending') GROUP BY state", true),
                ("SELECT state, count(*), NULL FROM outbox WHERE state IN ('failed', 'bounced') GROUP BY state", false),
                ("SELECT state, count(*), NULL FROM outbox WHERE state = 'filed' GROUP BY state", false),
            ] {
                let rows = snapshot.all(sql, [], |row| {
                    Ok((word(row, 0, MailState::from_word)?, row.get::<_, i64>(1)?, row.get::<_, Option<i64>>(2)?))
                })?;
                for (state, count, oldest) in rows {
                    counts.insert(state.as_str(), (count, oldest.filter(|_| states)));
                }
            }
            let oldest = counts.values().filter_map(|it| it.1).min();
            let counts = counts.into_iter().map(|(state, it)| (state, it.0)).collect();
            Ok((counts, oldest.map(Timestamp::from_millis)))
        })
    }

    /// When the next mail is due; none when none waits.
    pub(crate) fn next_mail_at(&self) -> Result<Option<Timestamp>> {
        let sql = "SELECT next_at FROM outbox WHERE state IN ('waiting', 'sending') ORDER BY next_at LIMIT 1";
        let found = self.snapshot()?.one(sql, [], |row| row.get::<_, i64>(0))?;
        Ok(found.map(Timestamp::from_millis))
    }

    pub(crate) fn has_settled_before(&self, before: Timestamp) -> Result<bool> {
        let sql = "SELECT 1 FROM outbox WHERE settled_at < ?1 LIMIT 1";
        let found = self
            .snapshot()?
            .one(sql, [before.as_millis()], |_| Ok(()))?;
        Ok(found.is_some())
    }

    /// Whether the last mail to a person could not be brought.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn undelivered(&self, user: UserId) -> Result<Option<Undelivered>> {
        let snapshot = self.snapshot()?;
        if !self.sees(&snapshot, user)? {
            return Ok(None);
        }
        snapshot.undelivered(user)
    }

    /// How far a person's invitation has come; none when they never had one.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn invitation_progress(&self, user: UserId) -> Result<Option<InvitationProgress>> {
        let snapshot = self.snapshot()?;
        if !self.sees(&snapshot, user)? {
            return Ok(None);
        }
        snapshot.invitation_progress(user, self.now)
    }

    /// People whose address this is, whoever may see them: a mail server tells addresses only.
    pub(crate) fn people_of_address(&self, address: &str) -> Result<Vec<UserId>> {
        let key = crate::model::fold_key(address.trim());
        let sql = "SELECT id FROM users WHERE email_key = ?1";
        self.snapshot()?
            .all(sql, [key], |row| Ok(UserId::from_bytes(row.get(0)?)))
    }
}

impl Snapshot<'_> {
    /// Whether the last mail to a person could not be brought.
    pub(crate) fn undelivered(&self, user: UserId) -> Result<Option<Undelivered>> {
        let sql = "SELECT state, at, why FROM undelivered WHERE user = ?1";
        self.one(sql, [user.as_bytes()], |row| {
            Ok(Undelivered {
                state: word(row, 0, MailState::from_word)?,
                at: Timestamp::from_millis(row.get(1)?),
                why: row.get(2)?,
            })
        })
    }

    /// How far a person's invitation has come.
    pub(crate) fn invitation_progress(
        &self,
        user: UserId,
        now: Timestamp,
    ) -> Result<Option<InvitationProgress>> {
        let Some(invitation) = self.invitation(user)? else {
            return Ok(None);
        };
        let begun: Option<i64> = self
            .one(
                "SELECT begun_generation FROM invitations WHERE user = ?1",
                [user.as_bytes()],
                |row| row.get(0),
            )?
            .flatten();
        Ok(Some(match invitation.state {
            InvitationState::Accepted => InvitationProgress::Accepted,
            InvitationState::Dead => InvitationProgress::Withdrawn,
            InvitationState::Pending if invitation.expires_at <= now => InvitationProgress::Expired,
            InvitationState::Pending if begun == Some(invitation.generation) => {
                InvitationProgress::Begun
            }
            InvitationState::Pending if invitation.send_on.is_some() => {
                InvitationProgress::Scheduled
            }
            InvitationState::Pending => self.mailed(user, invitation.generation)?,
        }))
    }

    /// What became of the newest mail with this link.
    fn mailed(&self, user: UserId, generation: i64) -> Result<InvitationProgress> {
        let sql = "SELECT state FROM outbox WHERE user = ?1 AND generation = ?2 AND template IN ('invitation', 'reminder') \
            ORDER BY seq DESC LIMIT 1";
        let state = self.one(sql, params![user.as_bytes(), generation], |row| {
            word(row, 0, MailState::from_word)
        })?;
        Ok(match state {
            None => InvitationProgress::NotMailed,
            Some(MailState::Waiting | MailState::Sending) => InvitationProgress::Waiting,
            Some(MailState::Sent) => InvitationProgress::Sent,
            Some(MailState::Filed) => InvitationProgress::Filed,
            Some(MailState::Failed) => InvitationProgress::Failed,
            Some(MailState::Bounced) => InvitationProgress::Bounced,
            Some(MailState::Dropped) => InvitationProgress::NotMailed,
        })
    }
}

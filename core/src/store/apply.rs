//! Changes to SQL: the only place that writes to the roster. Called inside a savepoint; any error rolls it back.

mod leavers;
mod newcomers;
mod person;
mod trainings;

use std::collections::BTreeMap;

use rusqlite::{Connection, Params, params};

use super::snapshot::word;
use super::{
    administrators, ahead, brake, broken, fields, inbox, individuals, password, search, settings,
    waste,
};
use crate::change::{Change, NewUser};
use crate::error::{Error, Result};
use crate::model::{ConnectionId, Hold, PoolId, PoolTerms, Status, Timestamp, UserId};
use crate::progress::Progress;
use leavers::{Leavers, Waits};
pub(super) use newcomers::Derived;
use newcomers::{NewLicense, NewRow, Newcomers};
use person::Edited;

/// Applies changes in order.
pub(super) struct Applier<'c> {
    pub(super) conn: &'c Connection,
    pub(super) at: Timestamp,
    /// The person whose row has changed in this run of changes but whose version has not risen yet.
    untouched: Option<UserId>,
    /// The person whose version has risen in this run, or is the first.
    risen: Option<UserId>,
    moved: BTreeMap<&'static str, i64>,
    counts: trainings::MovedCounts,
    /// By how many the seated and coming people of connections move.
    people: BTreeMap<ConnectionId, i64>,
    touched: super::provided::Touched,
}

/// By how many people kept totals move.
pub(super) struct Moves {
    /// Of each status, yet to be moved: [`move_totals`].
    pub(super) statuses: BTreeMap<&'static str, i64>,
    /// Of the seated and coming people of connections, moved already.
    pub(super) people: BTreeMap<ConnectionId, i64>,
}

impl<'c> Applier<'c> {
    pub(super) fn new(conn: &'c Connection, at: Timestamp) -> Self {
        Self {
            conn,
            at,
            untouched: None,
            risen: None,
            moved: BTreeMap::new(),
            counts: trainings::MovedCounts::default(),
            people: BTreeMap::new(),
            touched: super::provided::Touched::default(),
        }
    }

    /// Applies changes that follow those before.
    pub(super) fn apply(
        &mut self,
        changes: &[Change],
        person_key: impl Fn(UserId) -> [u8; 32] + Sync,
        progress: &Progress,
    ) -> Result<()> {
        self.touched.note(changes);
        let created: Vec<(UserId, &NewUser)> = changes
            .iter()
            .filter_map(|it| match it {
                Change::UserCreated { user, created } => Some((*user, &**created)),
                _ => None,
            })
            .collect();
        ahead::made(
            &created,
            |(user, created)| NewRow::of(*user, created, Derived::of(created, person_key(*user))),
            |rows| self.each(changes, rows, &person_key, progress),
        )
    }

    /// As [`Applier::apply`], with what is derived of everybody who comes by these changes, in order.
    pub(super) fn apply_derived(
        &mut self,
        changes: &[Change],
        derived: Vec<Derived>,
        person_key: impl Fn(UserId) -> [u8; 32] + Sync,
        progress: &Progress,
    ) -> Result<()> {
        self.touched.note(changes);
        let mut derived = derived.into_iter();
        let mut rows = changes.iter().filter_map(|it| match it {
            Change::UserCreated { user, created } => {
                Some(NewRow::of(*user, created, derived.next()?))
            }
            _ => None,
        });
        self.each(changes, &mut rows, &person_key, progress)
    }

    /// Writes what is kept of all changes together. Returns by how many people kept totals move.
    pub(super) fn finish(mut self) -> Result<Moves> {
        self.touch()?;
        self.move_counts()?;
        for (connection, by) in self.people.iter().filter(|it| *it.1 != 0) {
            brake::move_people(self.conn, *connection, *by)?;
        }
        super::provided::touch(self.conn, self.touched, self.at)?;
        Ok(Moves {
            statuses: self.moved,
            people: self.people,
        })
    }

    fn each(
        &mut self,
        changes: &[Change],
        rows: &mut dyn Iterator<Item = NewRow<'_>>,
        person_key: &impl Fn(UserId) -> [u8; 32],
        progress: &Progress,
    ) -> Result<()> {
        let (mut newcomers, mut edited) = (Newcomers::default(), Edited::default());
        let mut leavers = Leavers::default();
        for change in changes {
            progress.step()?;
            if let Change::UserCreated { created, .. } = change {
                self.write_edited(&mut edited)?;
                self.write_leavers(&mut leavers)?;
                if newcomers.is_full() {
                    self.settle(&mut newcomers, person_key)?;
                }
                let missing = || Error::Broken("there is no thread to make rows".into());
                let row = rows.next().ok_or_else(missing)?;
                self.comes(row.user, created)?;
                newcomers.add(row);
            } else if newcomers.is_of_last(change) {
                newcomers.follow(change);
            } else {
                self.settle(&mut newcomers, person_key)?;
                if !edited.is_followed_by(change) {
                    self.write_edited(&mut edited)?;
                }
                let place = leavers.place(change);
                if place != Waits::Too {
                    self.write_leavers(&mut leavers)?;
                }
                self.touch_before(change)?;
                match change {
                    Change::Status {
                        user,
                        before,
                        after,
                    } if place != Waits::Not => {
                        self.leaves(&mut leavers, *user, (*before, *after))?;
                    }
                    Change::License { user, pool, .. } if place != Waits::Not => {
                        leavers.free(*user, *pool)
                    }
                    Change::Profile {
                        user, field, after, ..
                    } => {
                        self.beside_field(*user, *field, after.as_deref())?;
                        edited.add(*user, *field, after.as_deref());
                    }
                    other => self.one(other, person_key)?,
                }
            }
        }
        self.settle(&mut newcomers, person_key)?;
        self.write_edited(&mut edited)?;
        self.write_leavers(&mut leavers)
    }

    pub(super) fn run(&self, sql: &str, params: impl Params) -> Result<usize> {
        self.conn
            .prepare_cached(sql)
            .and_then(|mut it| it.execute(params))
            .map_err(broken)
    }

    /// Runs a statement that must hit exactly one row; another count means that the plan was not for this state.
    pub(super) fn hit(&self, sql: &str, params: impl Params) -> Result<()> {
        match self.run(sql, params)? {
            1 => Ok(()),
            rows => Err(Error::Broken(format!(
                "a change hit {rows} rows instead of one"
            ))),
        }
    }

    fn one(&mut self, change: &Change, person_key: &impl Fn(UserId) -> [u8; 32]) -> Result<()> {
        match change {
            // Taken in before, and written with others.
            Change::UserCreated { .. } => Ok(()),
            Change::Status { user, before, after } => {
                self.count(*before, *after);
                self.retain(*user, *before, *after)?;
                if *before == Status::Cancelled {
                    super::invitations::forget(self.conn, *user)?;
                }
                self.set_status(*user, *before, *after)
            }
            Change::Profile { user, field, after, .. } => {
                self.beside_field(*user, *field, after.as_deref())?;
                let mut edited = Edited::default();
                edited.add(*user, *field, after.as_deref());
                self.write_edited(&mut edited)
            }
            Change::FieldValue { user, field, after, .. } => fields::set_value(self.conn, *user, *field, after.as_deref()),
            Change::FieldAdded { field, terms } => fields::add(self.conn, *field, terms),
            Change::FieldTerms { field, before, after } => fields::set_terms(self.conn, *field, before, after),
            Change::FieldChoice { field, choice, before, after } => {
                fields::set_choice(self.conn, *field, *choice, before.as_ref(), after)
            }
            Change::Manager { user, after, .. } => {
                self.set_one(*user, "manager", after.as_ref().map(|it| it.as_bytes()))
            }
            Change::License { user, pool, before, after, stands_for_access } => {
                self.license(*user, *pool, *before, *after, *stands_for_access)
            }
            Change::LicenseRequest { user, pool, after: true, .. } => self.hit(
                "INSERT INTO license_requests (user, pool) VALUES (?1, ?2)",
                params![user.as_bytes(), pool.as_bytes()],
            ),
            Change::LicenseRequest { user, pool, after: false, .. } => self.hit(
                "DELETE FROM license_requests WHERE user = ?1 AND pool = ?2",
                params![user.as_bytes(), pool.as_bytes()],
            ),
            Change::Entitlement { user, connection, pool, after, .. } => {
                super::ownership::entitle(self.conn, *user, *connection, *pool, *after)
            }
            Change::LicenseEnd { user, pool, after, .. } => self.set_license_end(*user, *pool, *after),
            Change::Due { user, kind, pool, day, .. } => self.done(*user, *kind, *pool, *day),
            Change::Invitation { user, before, after: Some(it) } => {
                self.set_send_on(*user, before.as_ref(), it)?;
                self.invited(&[(*user, *it)])
            }
            Change::Invitation { user, after: None, .. } => {
                self.hit("DELETE FROM invitations WHERE user = ?1", [user.as_bytes()])
            }
            Change::Membership { user, group, before, after } => self.membership(*user, *group, *before, *after),
            Change::Assignment { user, training, before, after } => self.assignment(*user, *training, *before, *after),
            Change::ToldProgress { user, training, after, .. } => self.told_progress(*user, *training, *after),
            Change::Instructor { user, training, after, .. } => self.instructor(*user, *training, *after),
            Change::Link { user, connection, after: Some(link), .. } => {
                self.link(*user, *connection, link.external_id.as_deref())
            }
            Change::Link { user, connection, after: None, .. } => self.hit(
                "DELETE FROM links WHERE connection = ?1 AND user = ?2",
                params![connection.as_bytes(), user.as_bytes()],
            ),
            Change::Connection { user, before, after } => self.set_connection(*user, *before, *after),
            Change::Leaving { user, after, .. } => brake::set_leaving(self.conn, *user, after.as_ref()),
            Change::Brake { connection, after, .. } => brake::set(self.conn, *connection, after.as_ref()),
            Change::ProviderHold { user, after, .. } => {
                self.set_one(*user, "provider_hold", after.as_str())
            }
            Change::Accepted { user, after, .. } => self.set_one(*user, "accepted", after),
            Change::Password { user, after, hash, .. } => password::set(self.conn, *user, *after, hash.as_ref()),
            Change::PasswordLink { user, after, .. } => password::set_link(self.conn, *user, *after),
            Change::Permission { user, permission, after: true, .. } => self.hit(
                "INSERT INTO permissions (user, permission) VALUES (?1, ?2)",
                params![user.as_bytes(), permission.as_str()],
            ),
            Change::Permission { user, permission, after: false, .. } => self.hit(
                "DELETE FROM permissions WHERE user = ?1 AND permission = ?2",
                params![user.as_bytes(), permission.as_str()],
            ),
            Change::ApprovalAsked { user, approval, permission, by, digest, expires_at } => administrators::ask(
                self.conn,
                (*approval, *user, *permission),
                *by,
                digest,
                self.at,
                *expires_at,
            ),
            Change::ApprovalDecided { approval, by, after, .. } => {
                administrators::decide(self.conn, *approval, *by, *after)
            }
            Change::GrantedAlone { .. } => Ok(()),
            Change::SystemUser { user, name, after: true, .. } => self.hit(
                "INSERT INTO system_users (name, user) VALUES (?1, ?2)",
                params![name, user.as_bytes()],
            ),
            Change::SystemUser { user, name, after: false, .. } => self.hit(
                "DELETE FROM system_users WHERE name = ?1 AND user = ?2",
                params![name, user.as_bytes()],
            ),
            Change::SshKey { user, key, after, .. } => super::ssh_keys::set(self, *user, key, *after),
            Change::Protected { user, after, .. } => self.set_one(*user, "protected", after),
            Change::Erased { user, before } => self.erase(*user, *before),
            Change::Individual { account, after, .. } => {
                let key = person_key(UserId::from_bytes(*account.as_bytes()));
                individuals::set(self.conn, *account, after.as_deref(), &key)
            }
            Change::IndividualErased { account } => individuals::erase(self.conn, *account),
            Change::PoolAdded { pool, name, terms } => {
                self.hit(
                    "INSERT INTO pools (id, name, purchased, counts_from, recoverable, at_capacity) VALUES (?1, ?2, 0, 'invitation', 0, 'queue')",
                    params![pool.as_bytes(), name.as_str()],
                )?;
                self.hit("INSERT INTO pool_counters (pool, seat_limit) VALUES (?1, 0)", [pool.as_bytes()])?;
                self.set_terms(*pool, terms)
            }
            Change::PoolTerms { pool, after, .. } => self.set_terms(*pool, after),
            Change::MailText { template, language, after, .. } => {
                super::outbox::set_text(self.conn, *template, *language, after.as_ref())
            }
            Change::Setting { setting, after, .. } => settings::set(self.conn, *setting, after.as_deref()),
            // Kept with its batch by the writer, which knows it.
            Change::Imported { .. } => Ok(()),
            Change::GroupAdded { group, name } => self.group_added(*group, name),
            Change::GroupName { group, after, .. } => self.group_name(*group, after),
            Change::GroupLink { group, connection, after, .. } => {
                super::provided::link(self.conn, *connection, *group, after.as_deref())
            }
            Change::GroupRemoved { group, after, .. } => self.group_removed(*group, *after),
            Change::GroupTraining { group, training, after, .. } => self.group_training(*group, *training, *after),
            Change::GroupPool { group, pool, after, .. } => self.group_pool(*group, *pool, *after),
            Change::TrainingAdded { training, terms } => self.training_added(*training, terms),
            Change::TrainingTerms { training, after, .. } => self.training_terms(*training, after),
            Change::GroupBudget { group, after, .. } => administrators::set_budget(self.conn, *group, *after),
            Change::ConnectionAdded { connection, name, policy } => {
                self.hit(
                    "INSERT INTO connections (id, name, new_people, mails, token_days, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    params![
                        connection.as_bytes(),
                        name,
                        policy.new_people.as_str(),
                        policy.mails,
                        policy.token_days,
                        self.at.as_millis()
                    ],
                )
            }
            Change::Drift { user, part, after, .. } => {
                super::ownership::drift(self.conn, *user, *part, after.as_deref())
            }
            Change::ConnectionTerms { connection, after, .. } => {
                super::ownership::set_terms(self.conn, *connection, *after)
            }
            Change::ConnectionMaps { connection, part, after, .. } => {
                super::ownership::map(self.conn, *connection, *part, after.as_deref())
            }
            Change::ConnectionOwns { connection, after, .. } => {
                super::ownership::own(self.conn, *connection, after.as_deref())
            }
            Change::ConnectionSends { connection, part } => {
                super::ownership::send(self.conn, *connection, *part)
            }
            Change::ConnectionRevoked { connection, after, .. } => self.hit(
                "UPDATE connections SET revoked_at = ?2 WHERE id = ?1",
                params![connection.as_bytes(), after.map(Timestamp::as_millis)],
            ),
            Change::TokenAdded { connection, token, hint, hash } => self.hit(
                "INSERT INTO tokens (id, connection, hint, hash, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![token.as_bytes(), connection.as_bytes(), hint, hash, self.at.as_millis()],
            ),
            Change::TokenEnds { token, after, .. } => self.hit(
                "UPDATE tokens SET ends_at = ?2 WHERE id = ?1",
                params![token.as_bytes(), after.map(Timestamp::as_millis)],
            ),
            Change::PlatformAdded { platform, name, scopes } => self.hit(
                "INSERT INTO platforms (id, name, scopes, created_at) VALUES (?1, ?2, ?3, ?4)",
                params![platform.as_bytes(), name, scopes.to_string(), self.at.as_millis()],
            ),
            Change::PlatformRevoked { platform, after, .. } => self.hit(
                "UPDATE platforms SET revoked_at = ?2 WHERE id = ?1",
                params![platform.as_bytes(), after.map(Timestamp::as_millis)],
            ),
            Change::PlatformTokenAdded { platform, token, hint, hash } => self.hit(
                "INSERT INTO platform_tokens (id, platform, hint, hash, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![token.as_bytes(), platform.as_bytes(), hint, hash, self.at.as_millis()],
            ),
            Change::PlatformTokenEnds { token, after, .. } => self.hit(
                "UPDATE platform_tokens SET ends_at = ?2 WHERE id = ?1",
                params![token.as_bytes(), after.map(Timestamp::as_millis)],
            ),
        }
    }

    fn count(&mut self, before: Status, after: Status) {
        *self.moved.entry(before.as_str()).or_default() -= 1;
        *self.moved.entry(after.as_str()).or_default() += 1;
    }

    fn set_connection(
        &mut self,
        user: UserId,
        before: Option<ConnectionId>,
        after: Option<ConnectionId>,
    ) -> Result<()> {
        let sql = "UPDATE users SET connection = ?2 WHERE id = ?1 RETURNING status";
        let id = after.as_ref().map(|it| it.as_bytes());
        let status = self.returned(sql, params![user.as_bytes(), id], |row| {
            word(row, 0, Status::from_word)
        })?;
        self.move_people(before, status, Status::Deleted);
        self.move_people(after, Status::Deleted, status);
        Ok(())
    }

    /// Counts somebody in or out of the people of their connection.
    fn move_people(&mut self, connection: Option<ConnectionId>, before: Status, after: Status) {
        let by = i64::from(after.is_seated_or_coming()) - i64::from(before.is_seated_or_coming());
        if let Some(connection) = connection {
            *self.people.entry(connection).or_default() += by;
        }
    }

    /// Runs a statement that hits one row, and reads what it returns of it.
    fn returned<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<T> {
        self.conn
            .prepare_cached(sql)
            .and_then(|mut it| it.query_row(params, read))
            .map_err(broken)
    }

    fn link(
        &self,
        user: UserId,
        connection: ConnectionId,
        external_id: Option<&str>,
    ) -> Result<()> {
        self.hit(
            "INSERT INTO links (connection, user, external_id) VALUES (?1, ?2, ?3) \
             ON CONFLICT (connection, user) DO UPDATE SET external_id = ?3",
            params![connection.as_bytes(), user.as_bytes(), external_id],
        )
    }

    fn license(
        &self,
        user: UserId,
        pool: PoolId,
        before: Hold,
        after: Hold,
        stands_for_access: bool,
    ) -> Result<()> {
        if after == Hold::None {
            return self.hit(
                "DELETE FROM licenses WHERE user = ?1 AND pool = ?2",
                params![user.as_bytes(), pool.as_bytes()],
            );
        }
        let license = NewLicense {
            user,
            pool,
            hold: after,
            stands_for_access,
        };
        if before == Hold::None {
            return self.licensed(&[license]);
        }
        let entry = license.entry();
        let connection = entry.and_then(|it| it.connection);
        self.hit(
            "UPDATE licenses SET state = ?3, stands_for_access = ?4, place = ?5, leads_to = ?6, mail = ?7, connection = ?8, \
             send_on = ?9, chosen = ?10 \
             WHERE user = ?1 AND pool = ?2",
            params![
                user.as_bytes(),
                pool.as_bytes(),
                after.as_str(),
                stands_for_access,
                entry.map(|it| it.place),
                entry.map(|it| it.leads_to.as_str()),
                entry.map(|it| it.mail),
                connection.as_ref().map(|it| it.as_bytes().as_slice()),
                entry.and_then(|it| it.send_on).map(|it| it.to_string()),
                entry.filter(|it| it.chosen).map(|_| true),
            ],
        )
    }

    fn set_terms(&self, pool: PoolId, terms: &PoolTerms) -> Result<()> {
        self.hit(
            "UPDATE pools SET purchased = ?2, counts_from = ?3, recoverable = ?4, at_capacity = ?5, starts_on = ?6, ends_on = ?7, \
             alarms = ?8 WHERE id = ?1",
            params![
                pool.as_bytes(),
                terms.purchased,
                terms.counts_from.as_str(),
                terms.recoverable,
                terms.at_capacity.to_string(),
                terms.starts_on.map(|it| it.to_string()),
                terms.ends_on.map(|it| it.to_string()),
                terms.alarms.to_string(),
            ],
        )?;
        self.hit(
            "UPDATE pool_counters SET seat_limit = ?2 WHERE pool = ?1",
            params![pool.as_bytes(), terms.at_capacity.limit(terms.purchased)],
        )
    }

    /// Removes every copy of a person's data: profile, names of providers, search text, waiting mail, and the key under
    /// which events keep personal values.
    fn erase(&mut self, user: UserId, before: Status) -> Result<()> {
        self.count(before, Status::Erased);
        inbox::erase(self.conn, user)?;
        search::forget(self.conn, user)?;
        waste::forget(self.conn, user)?;
        individuals::erase_of(self.conn, user)?;
        super::events::forget_addresses_of(self.conn, user)?;
        super::views::forget(self.conn, user)?;
        super::imports::erase(self.conn, user)?;
        super::wishes::erase(self.conn, user)?;
        let id = user.as_bytes();
        self.hit(
            "UPDATE users SET status = 'erased', email = NULL, email_key = NULL, user_name = NULL, user_name_key = NULL, \
             first_name = NULL, last_name = NULL, display_name = NULL, functional_area = NULL, title = NULL, region = NULL, \
             language = NULL, labels = NULL, kept = NULL, manager = NULL, connection = NULL, protected = 0, sort_name = '', \
             search = '', last_seen_at = NULL, deactivate_on = NULL, delete_on = NULL WHERE id = ?1",
            [id],
        )?;
        super::addresses::forget(self.conn, user)?;
        self.run("DELETE FROM field_values WHERE user = ?1", [id])?;
        self.run("DELETE FROM user_labels WHERE user = ?1", [id])?;
        self.run("DELETE FROM links WHERE user = ?1", [id])?;
        self.run("DELETE FROM entitlements WHERE user = ?1", [id])?;
        self.run("DELETE FROM drifts WHERE user = ?1", [id])?;
        self.run("DELETE FROM told_progress WHERE user = ?1", [id])?;
        self.run("DELETE FROM invitations WHERE user = ?1", [id])?;
        self.run("DELETE FROM permissions WHERE user = ?1", [id])?;
        self.run("DELETE FROM system_users WHERE user = ?1", [id])?;
        self.run("DELETE FROM ssh_keys WHERE user = ?1", [id])?;
        super::outbox::forget(self.conn, user)?;
        super::invitations::forget(self.conn, user)?;
        brake::forget(self.conn, user)?;
        self.forget_dates(user)?;
        password::erase(self.conn, user)?;
        self.hit("DELETE FROM person_keys WHERE user = ?1", [id])
    }
}

/// Moves the kept totals of statuses, once a transaction.
pub(super) fn move_totals(conn: &Connection, moved: &BTreeMap<&'static str, i64>) -> Result<()> {
    let sql = "UPDATE status_counts SET people = people + ?2 WHERE status = ?1";
    for (status, by) in moved.iter().filter(|(_, by)| **by != 0) {
        conn.prepare_cached(sql)
            .and_then(|mut it| it.execute(params![status, by]))
            .map_err(broken)?;
    }
    Ok(())
}

//! History: changes as recorded, chained by hash. Personal values are encrypted under the person's own key and the chain
//! runs over the ciphertext, so that throwing the key away destroys them and breaks nothing.

mod chain;
mod sealed;

use std::collections::HashSet;

use rusqlite::{Connection, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Snapshot, actor, broken};
use crate::change::Change;
use crate::error::{Error, Result};
use crate::model::{Status, UserId};

use chain::{chain, head};
use sealed::seal;

pub use chain::{AuditReport, BadLink, Head};
pub(super) use chain::{BatchHead, exported_head, hex, verify};
pub(super) use sealed::{Nonces, Reader, Recorded, person_key};

/// The end of the history, which the next batch follows.
#[derive(Clone, Copy)]
pub(super) struct Tip {
    batch: i64,
    event: i64,
    hash: [u8; 32],
}

impl Tip {
    /// As it is in the database.
    pub(super) fn of(conn: &Connection) -> Result<Self> {
        let (event, hash) = head(conn)?;
        Ok(Self {
            batch: Snapshot::new(conn).last_batch()?,
            event,
            hash,
        })
    }

    /// The number of the next batch.
    pub(super) fn next_batch(&self) -> i64 {
        self.batch + 1
    }
}

/// Appends a batch and its changes to the chain. Returns the new end.
pub(super) fn append(
    conn: &Connection,
    tip: Tip,
    batch: &BatchHead<'_>,
    changes: &[Change],
    nonces: &mut Nonces,
    person_key: impl Fn(UserId) -> Option<[u8; 32]>,
) -> Result<Tip> {
    let (mut seq, mut previous) = (tip.event, tip.hash);
    let (kind, id) = actor::encode(batch.actor);
    conn.prepare_cached(
        "INSERT INTO batches (seq, id, actor_kind, actor, door, command, at, caused_by, undoes, first_event, changes, \
         people, on_behalf) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    )
    .and_then(|mut it| {
        it.execute(params![
            batch.seq,
            batch.id.as_bytes(),
            kind,
            id,
            batch.door.as_str(),
            batch.command,
            batch.at.as_millis(),
            batch.caused_by.as_ref().map(|it| it.as_bytes()),
            batch.undoes.as_ref().map(|it| it.as_bytes()),
            seq + 1,
            i64::try_from(changes.len()).unwrap_or(i64::MAX),
            people_changed(changes),
            batch.on_behalf.as_ref().map(|it| it.as_bytes()),
        ])
    })
    .map_err(broken)?;
    let batch_hash = batch.hash();
    let mut insert = conn
        .prepare_cached("INSERT INTO events (seq, batch, user, kind, body, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
        .map_err(broken)?;
    for change in changes {
        seq += 1;
        let user = change.user();
        let mut body = encode(change)?;
        if let (true, Some(user)) = (change.is_personal(), user) {
            let key =
                person_key(user).ok_or_else(|| Error::Broken("a person has no key".into()))?;
            body = seal(&key, nonces.draw(), seq, &body)?;
        }
        if let Change::Individual { account, .. } = change {
            body = sealed::seal_individual(conn, *account, nonces.draw(), seq, &body)?;
        }
        let hash = chain(
            &previous,
            &batch_hash,
            seq,
            user.as_ref().map(|it| it.as_bytes().as_slice()),
            change.kind(),
            &body,
        );
        insert
            .execute(params![
                seq,
                batch.seq,
                user.as_ref().map(|it| it.as_bytes()),
                change.kind(),
                body,
                hash
            ])
            .map_err(broken)?;
        previous = hash;
    }
    Ok(Tip {
        batch: batch.seq,
        event: seq,
        hash: previous,
    })
}

/// How many people changes are about.
fn people_changed(changes: &[Change]) -> i64 {
    let people: HashSet<UserId> = changes.iter().filter_map(Change::user).collect();
    i64::try_from(people.len()).unwrap_or(i64::MAX)
}

fn encode(change: &Change) -> Result<Vec<u8>> {
    fn json(value: &impl Serialize) -> Result<Vec<u8>> {
        serde_json::to_vec(value).map_err(|error| Error::Broken(error.to_string()))
    }
    match change {
        Change::UserCreated { created, .. } => json(created),
        Change::Status { before, after, .. } => json(&(before, after)),
        Change::Profile {
            field,
            before,
            after,
            ..
        } => json(&(field, before, after)),
        Change::Manager { before, after, .. } => json(&(before, after)),
        Change::License {
            pool,
            before,
            after,
            stands_for_access,
            ..
        } => json(&(pool, before, after, stands_for_access)),
        Change::LicenseRequest {
            pool,
            before,
            after,
            ..
        } => json(&(pool, before, after)),
        Change::Entitlement {
            connection,
            pool,
            before,
            after,
            ..
        } => json(&(connection, pool, before, after)),
        Change::LicenseEnd {
            pool,
            before,
            after,
            ..
        } => json(&(pool, before, after)),
        Change::Due {
            kind,
            pool,
            day,
            skipped,
            ..
        } => json(&(kind, pool, day, skipped)),
        Change::Invitation { before, after, .. } => json(&(before, after)),
        Change::Membership {
            group,
            before,
            after,
            ..
        } => json(&(group, before, after)),
        Change::Assignment {
            training,
            before,
            after,
            ..
        } => json(&(training, before, after)),
        Change::Instructor {
            training,
            before,
            after,
            ..
        } => json(&(training, before, after)),
        Change::Link {
            connection,
            before,
            after,
            ..
        } => json(&(connection, before, after)),
        Change::Connection { before, after, .. } => json(&(before, after)),
        Change::ProviderHold { before, after, .. } => json(&(before, after)),
        Change::Password { before, after, .. } => json(&(before, after)),
        Change::PasswordLink { before, after, .. } => json(&(before, after)),
        Change::Accepted { before, after, .. } | Change::Protected { before, after, .. } => {
            json(&(before, after))
        }
        Change::Permission {
            permission,
            before,
            after,
            ..
        } => json(&(permission, before, after)),
        Change::ApprovalAsked {
            approval,
            permission,
            by,
            digest,
            expires_at,
            ..
        } => json(&(approval, permission, by, digest, expires_at)),
        Change::ApprovalDecided {
            approval,
            by,
            before,
            after,
            ..
        } => json(&(approval, by, before, after)),
        Change::GrantedAlone { permission, .. } => json(&(permission,)),
        Change::SystemUser {
            name,
            before,
            after,
            ..
        } => json(&(name, before, after)),
        Change::SshKey {
            key, before, after, ..
        } => json(&(key, before, after)),
        Change::Erased { before, .. } => json(&(before,)),
        Change::PoolAdded { pool, name, terms } => json(&(pool, name, terms)),
        Change::PoolTerms {
            pool,
            before,
            after,
        } => json(&(pool, before, after)),
        Change::FieldValue {
            field,
            before,
            after,
            ..
        } => json(&(field, before, after)),
        Change::FieldAdded { field, terms } => json(&(field, terms)),
        Change::FieldTerms {
            field,
            before,
            after,
        } => json(&(field, before, after)),
        Change::FieldChoice {
            field,
            choice,
            before,
            after,
        } => json(&(field, choice, before, after)),
        Change::Individual { before, after, .. } => json(&(before, after)),
        Change::IndividualErased { account } => json(&(account,)),
        Change::Setting {
            setting,
            before,
            after,
        } => json(&(setting, before, after)),
        Change::MailText {
            template,
            language,
            before,
            after,
        } => json(&(template, language, before, after)),
        Change::Imported { terms } => json(&(terms,)),
        Change::GroupAdded { group, name } => json(&(group, name)),
        Change::GroupBudget {
            group,
            before,
            after,
        } => json(&(group, before, after)),
        Change::GroupName {
            group,
            before,
            after,
        } => json(&(group, before, after)),
        Change::GroupLink {
            group,
            connection,
            before,
            after,
        } => json(&(group, connection, before, after)),
        Change::GroupRemoved {
            group,
            before,
            after,
        } => json(&(group, before, after)),
        Change::GroupTraining {
            group,
            training,
            before,
            after,
        } => json(&(group, training, before, after)),
        Change::GroupPool {
            group,
            pool,
            before,
            after,
        } => json(&(group, pool, before, after)),
        Change::TrainingAdded { training, terms } => json(&(training, terms)),
        Change::TrainingTerms {
            training,
            before,
            after,
        } => json(&(training, before, after)),
        Change::ConnectionAdded {
            connection,
            name,
            policy,
        } => json(&(connection, name, policy)),
        Change::Drift {
            part,
            before,
            after,
            ..
        } => json(&(part, before, after)),
        Change::ConnectionTerms {
            connection,
            before,
            after,
        } => json(&(connection, before, after)),
        Change::ConnectionMaps {
            connection,
            part,
            before,
            after,
        } => json(&(connection, part, before, after)),
        Change::ConnectionOwns {
            connection,
            before,
            after,
        } => json(&(connection, before, after)),
        Change::ConnectionSends { connection, part } => json(&(connection, part)),
        Change::Leaving { before, after, .. } => json(&(before, after)),
        Change::Brake {
            connection,
            before,
            after,
        } => json(&(connection, before, after)),
        Change::ConnectionRevoked {
            connection,
            before,
            after,
        } => json(&(connection, before, after)),
        Change::TokenAdded {
            connection,
            token,
            hint,
            hash,
        } => json(&(connection, token, hint, hash)),
        Change::TokenEnds {
            connection,
            token,
            before,
            after,
        } => json(&(connection, token, before, after)),
        Change::PlatformAdded {
            platform,
            name,
            scopes,
        } => json(&(platform, name, scopes)),
        Change::PlatformRevoked {
            platform,
            name,
            before,
            after,
        } => json(&(platform, name, before, after)),
        Change::PlatformTokenAdded {
            platform,
            token,
            hint,
            hash,
        } => json(&(platform, token, hint, hash)),
        Change::PlatformTokenEnds {
            platform,
            token,
            before,
            after,
        } => json(&(platform, token, before, after)),
    }
}

fn decode(kind: &str, user: Option<UserId>, body: &[u8]) -> Result<Change> {
    fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
        serde_json::from_slice(body)
            .map_err(|error| Error::Broken(format!("an event cannot be read: {error}")))
    }
    let whom = user.ok_or_else(|| Error::Broken(format!("an event of kind {kind} names nobody")));
    Ok(match kind {
        "user_created" => Change::UserCreated {
            user: whom?,
            created: json(body)?,
        },
        "status" => {
            let (before, after) = json(body)?;
            Change::Status {
                user: whom?,
                before,
                after,
            }
        }
        "profile" => {
            let (field, before, after) = json(body)?;
            Change::Profile {
                user: whom?,
                field,
                before,
                after,
            }
        }
        "manager" => {
            let (before, after) = json(body)?;
            Change::Manager {
                user: whom?,
                before,
                after,
            }
        }
        "license" => {
            let (pool, before, after, stands_for_access) = json(body)?;
            Change::License {
                user: whom?,
                pool,
                before,
                after,
                stands_for_access,
            }
        }
        "license_request" => {
            let (pool, before, after) = json(body)?;
            Change::LicenseRequest {
                user: whom?,
                pool,
                before,
                after,
            }
        }
        "entitlement" => {
            let (connection, pool, before, after) = json(body)?;
            Change::Entitlement {
                user: whom?,
                connection,
                pool,
                before,
                after,
            }
        }
        "license_end" => {
            let (pool, before, after) = json(body)?;
            Change::LicenseEnd {
                user: whom?,
                pool,
                before,
                after,
            }
        }
        "due" => {
            let (kind, pool, day, skipped) = json(body)?;
            Change::Due {
                user: whom?,
                kind,
                pool,
                day,
                skipped,
            }
        }
        "invitation" => {
            let (before, after) = json(body)?;
            Change::Invitation {
                user: whom?,
                before,
                after,
            }
        }
        "membership" => {
            let (group, before, after) = json(body)?;
            Change::Membership {
                user: whom?,
                group,
                before,
                after,
            }
        }
        "assignment" => {
            let (training, before, after) = json(body)?;
            Change::Assignment {
                user: whom?,
                training,
                before,
                after,
            }
        }
        "instructor" => {
            let (training, before, after) = json(body)?;
            Change::Instructor {
                user: whom?,
                training,
                before,
                after,
            }
        }
        "link" => {
            let (connection, before, after) = json(body)?;
            Change::Link {
                user: whom?,
                connection,
                before,
                after,
            }
        }
        "connection" => {
            let (before, after) = json(body)?;
            Change::Connection {
                user: whom?,
                before,
                after,
            }
        }
        "leaving" => {
            let (before, after) = json(body)?;
            Change::Leaving {
                user: whom?,
                before,
                after,
            }
        }
        "provider_hold" => {
            let (before, after) = json(body)?;
            Change::ProviderHold {
                user: whom?,
                before,
                after,
            }
        }
        "accepted" => {
            let (before, after) = json(body)?;
            Change::Accepted {
                user: whom?,
                before,
                after,
            }
        }
        "password" => {
            let (before, after) = json(body)?;
            Change::Password {
                user: whom?,
                before,
                after,
                hash: None,
            }
        }
        "password_link" => {
            let (before, after) = json(body)?;
            Change::PasswordLink {
                user: whom?,
                before,
                after,
            }
        }
        "protected" => {
            let (before, after) = json(body)?;
            Change::Protected {
                user: whom?,
                before,
                after,
            }
        }
        "permission" => {
            let (permission, before, after) = json(body)?;
            Change::Permission {
                user: whom?,
                permission,
                before,
                after,
            }
        }
        "approval_asked" => {
            let (approval, permission, by, digest, expires_at) = json(body)?;
            Change::ApprovalAsked {
                user: whom?,
                approval,
                permission,
                by,
                digest,
                expires_at,
            }
        }
        "approval_decided" => {
            let (approval, by, before, after) = json(body)?;
            Change::ApprovalDecided {
                user: whom?,
                approval,
                by,
                before,
                after,
            }
        }
        "granted_alone" => {
            let (permission,) = json(body)?;
            Change::GrantedAlone {
                user: whom?,
                permission,
            }
        }
        "system_user" => {
            let (name, before, after) = json(body)?;
            Change::SystemUser {
                user: whom?,
                name,
                before,
                after,
            }
        }
        "ssh_key" => {
            let (key, before, after) = json(body)?;
            Change::SshKey {
                user: whom?,
                key,
                before,
                after,
            }
        }
        "erased" => {
            let (before,): (Status,) = json(body)?;
            Change::Erased {
                user: whom?,
                before,
            }
        }
        "pool_added" => {
            let (pool, name, terms) = json(body)?;
            Change::PoolAdded { pool, name, terms }
        }
        "pool_terms" => {
            let (pool, before, after) = json(body)?;
            Change::PoolTerms {
                pool,
                before,
                after,
            }
        }
        "field_value" => {
            let (field, before, after) = json(body)?;
            Change::FieldValue {
                user: whom?,
                field,
                before,
                after,
            }
        }
        "field_added" => {
            let (field, terms) = json(body)?;
            Change::FieldAdded { field, terms }
        }
        "field_terms" => {
            let (field, before, after) = json(body)?;
            Change::FieldTerms {
                field,
                before,
                after,
            }
        }
        "field_choice" => {
            let (field, choice, before, after) = json(body)?;
            Change::FieldChoice {
                field,
                choice,
                before,
                after,
            }
        }
        "individual_erased" => {
            let (account,) = json(body)?;
            Change::IndividualErased { account }
        }
        "mail_text" => {
            let (template, language, before, after) = json(body)?;
            Change::MailText {
                template,
                language,
                before,
                after,
            }
        }
        "setting" => {
            let (setting, before, after) = json(body)?;
            Change::Setting {
                setting,
                before,
                after,
            }
        }
        "imported" => {
            let (terms,) = json(body)?;
            Change::Imported { terms }
        }
        "group_added" => {
            let (group, name) = json(body)?;
            Change::GroupAdded { group, name }
        }
        "group_budget" => {
            let (group, before, after) = json(body)?;
            Change::GroupBudget {
                group,
                before,
                after,
            }
        }
        "group_name" => {
            let (group, before, after) = json(body)?;
            Change::GroupName {
                group,
                before,
                after,
            }
        }
        "group_link" => {
            let (group, connection, before, after) = json(body)?;
            Change::GroupLink {
                group,
                connection,
                before,
                after,
            }
        }
        "group_removed" => {
            let (group, before, after) = json(body)?;
            Change::GroupRemoved {
                group,
                before,
                after,
            }
        }
        "group_training" => {
            let (group, training, before, after) = json(body)?;
            Change::GroupTraining {
                group,
                training,
                before,
                after,
            }
        }
        "group_pool" => {
            let (group, pool, before, after) = json(body)?;
            Change::GroupPool {
                group,
                pool,
                before,
                after,
            }
        }
        "training_added" => {
            let (training, terms) = json(body)?;
            Change::TrainingAdded { training, terms }
        }
        "training_terms" => {
            let (training, before, after) = json(body)?;
            Change::TrainingTerms {
                training,
                before,
                after,
            }
        }
        "connection_added" => {
            let (connection, name, policy) = json(body)?;
            Change::ConnectionAdded {
                connection,
                name,
                policy,
            }
        }
        "drift" => {
            let (part, before, after) = json(body)?;
            Change::Drift {
                user: whom?,
                part,
                before,
                after,
            }
        }
        "connection_terms" => {
            let (connection, before, after) = json(body)?;
            Change::ConnectionTerms {
                connection,
                before,
                after,
            }
        }
        "connection_maps" => {
            let (connection, part, before, after) = json(body)?;
            Change::ConnectionMaps {
                connection,
                part,
                before,
                after,
            }
        }
        "connection_owns" => {
            let (connection, before, after) = json(body)?;
            Change::ConnectionOwns {
                connection,
                before,
                after,
            }
        }
        "connection_sends" => {
            let (connection, part) = json(body)?;
            Change::ConnectionSends { connection, part }
        }
        "brake" => {
            let (connection, before, after) = json(body)?;
            Change::Brake {
                connection,
                before,
                after,
            }
        }
        "connection_revoked" => {
            let (connection, before, after) = json(body)?;
            Change::ConnectionRevoked {
                connection,
                before,
                after,
            }
        }
        "token_added" => {
            let (connection, token, hint, hash) = json(body)?;
            Change::TokenAdded {
                connection,
                token,
                hint,
                hash,
            }
        }
        "token_ends" => {
            let (connection, token, before, after) = json(body)?;
            Change::TokenEnds {
                connection,
                token,
                before,
                after,
            }
        }
        "platform_added" => {
            let (platform, name, scopes) = json(body)?;
            Change::PlatformAdded {
                platform,
                name,
                scopes,
            }
        }
        "platform_revoked" => {
            let (platform, name, before, after) = json(body)?;
            Change::PlatformRevoked {
                platform,
                name,
                before,
                after,
            }
        }
        "platform_token_added" => {
            let (platform, token, hint, hash) = json(body)?;
            Change::PlatformTokenAdded {
                platform,
                token,
                hint,
                hash,
            }
        }
        "platform_token_ends" => {
            let (platform, token, before, after) = json(body)?;
            Change::PlatformTokenEnds {
                platform,
                token,
                before,
                after,
            }
        }
        other => {
            return Err(Error::Broken(format!(
                "an event has the unknown kind {other}"
            )));
        }
    })
}

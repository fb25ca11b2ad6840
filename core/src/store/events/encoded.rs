//! A change as it is recorded. What is written here is read by [`super::decoded`] for ever after: a form may grow, and never
//! change its meaning.

use serde::Serialize;

use crate::change::Change;
use crate::error::{Error, Result};

/// How long a recorded change is at most, in bytes, as a rule.
const USUAL: usize = 1_024;

pub(crate) fn encode(change: &Change) -> Result<Vec<u8>> {
    fn json(value: &impl Serialize) -> Result<Vec<u8>> {
        // Most are no longer: growing step by step costs as much as writing.
        let mut body = Vec::with_capacity(USUAL);
        serde_json::to_writer(&mut body, value)
            .map_err(|error| Error::Broken(error.to_string()))?;
        Ok(body)
    }
    match change {
        Change::UserCreated { created, .. } => Ok(super::created::encode(created)),
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
        Change::ToldProgress {
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

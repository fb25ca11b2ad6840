//! A change as it is read from its recorded form, which [`super::encoded`] makes.

use serde::de::DeserializeOwned;

use crate::change::Change;
use crate::error::{Error, Result};
use crate::model::{Status, UserId};

pub(crate) fn decode(kind: &str, user: Option<UserId>, body: &[u8]) -> Result<Change> {
    fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
        serde_json::from_slice(body)
            .map_err(|error| Error::Broken(format!("an event cannot be read: {error}")))
    }
    let whom = user.ok_or_else(|| Error::Broken(format!("an event of kind {kind} names nobody")));
    Ok(match kind {
        "user_created" => Change::UserCreated {
            user: whom?,
            created: Box::new(super::created::decode(body)?),
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
        "told_progress" => {
            let (training, before, after) = json(body)?;
            Change::ToldProgress {
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

//! What kind of fact a change is, whom it concerns, and whether its recorded form is personal.

use super::{Change, PERSONAL_KINDS};
use crate::model::{ERASED_ENTRY, UserId};

impl Change {
    /// Whom it concerns, if anybody.
    pub fn user(&self) -> Option<UserId> {
        match self {
            Self::UserCreated { user, .. }
            | Self::Status { user, .. }
            | Self::Profile { user, .. }
            | Self::FieldValue { user, .. }
            | Self::Manager { user, .. }
            | Self::License { user, .. }
            | Self::LicenseEnd { user, .. }
            | Self::Due { user, .. }
            | Self::LicenseRequest { user, .. }
            | Self::Entitlement { user, .. }
            | Self::Invitation { user, .. }
            | Self::Membership { user, .. }
            | Self::Assignment { user, .. }
            | Self::ToldProgress { user, .. }
            | Self::Instructor { user, .. }
            | Self::Link { user, .. }
            | Self::Connection { user, .. }
            | Self::Leaving { user, .. }
            | Self::ProviderHold { user, .. }
            | Self::Drift { user, .. }
            | Self::Accepted { user, .. }
            | Self::Password { user, .. }
            | Self::PasswordLink { user, .. }
            | Self::Permission { user, .. }
            | Self::ApprovalAsked { user, .. }
            | Self::ApprovalDecided { user, .. }
            | Self::GrantedAlone { user, .. }
            | Self::SystemUser { user, .. }
            | Self::SshKey { user, .. }
            | Self::Protected { user, .. }
            | Self::Erased { user, .. } => Some(*user),
            Self::Individual { .. }
            | Self::IndividualErased { .. }
            | Self::PoolAdded { .. }
            | Self::PoolTerms { .. }
            | Self::FieldAdded { .. }
            | Self::FieldTerms { .. }
            | Self::FieldChoice { .. }
            | Self::Setting { .. }
            | Self::MailText { .. }
            | Self::Imported { .. }
            | Self::GroupAdded { .. }
            | Self::GroupBudget { .. }
            | Self::GroupName { .. }
            | Self::GroupLink { .. }
            | Self::GroupRemoved { .. }
            | Self::GroupTraining { .. }
            | Self::GroupPool { .. }
            | Self::TrainingAdded { .. }
            | Self::TrainingTerms { .. }
            | Self::ConnectionAdded { .. }
            | Self::ConnectionTerms { .. }
            | Self::ConnectionMaps { .. }
            | Self::ConnectionOwns { .. }
            | Self::ConnectionSends { .. }
            | Self::Brake { .. }
            | Self::ConnectionRevoked { .. }
            | Self::TokenAdded { .. }
            | Self::TokenEnds { .. }
            | Self::PlatformAdded { .. }
            | Self::PlatformRevoked { .. }
            | Self::PlatformTokenAdded { .. }
            | Self::PlatformTokenEnds { .. } => None,
        }
    }

    /// Whom it puts on the roster, if it does.
    pub fn created(&self) -> Option<UserId> {
        match self {
            Self::UserCreated { user, .. } => Some(*user),
            _ => None,
        }
    }

    /// Whether an undo brings back what was before: not a link that was replaced, a password, nor what was destroyed.
    pub fn comes_back(&self) -> bool {
        match self {
            Self::Invitation {
                before: Some(before),
                after: Some(after),
                ..
            } => before.generation == after.generation,
            Self::Password { .. } | Self::PasswordLink { .. } | Self::Erased { .. } => false,
            _ => true,
        }
    }

    /// The kind, as stored.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::UserCreated { .. } => "user_created",
            Self::Status { .. } => "status",
            Self::Profile { .. } => "profile",
            Self::FieldValue { .. } => "field_value",
            Self::Manager { .. } => "manager",
            Self::License { .. } => "license",
            Self::LicenseEnd { .. } => "license_end",
            Self::Due { .. } => "due",
            Self::LicenseRequest { .. } => "license_request",
            Self::Entitlement { .. } => "entitlement",
            Self::Invitation { .. } => "invitation",
            Self::Membership { .. } => "membership",
            Self::Assignment { .. } => "assignment",
            Self::ToldProgress { .. } => "told_progress",
            Self::Instructor { .. } => "instructor",
            Self::Link { .. } => "link",
            Self::Connection { .. } => "connection",
            Self::Leaving { .. } => "leaving",
            Self::ProviderHold { .. } => "provider_hold",
            Self::Accepted { .. } => "accepted",
            Self::Password { .. } => "password",
            Self::PasswordLink { .. } => "password_link",
            Self::Permission { .. } => "permission",
            Self::ApprovalAsked { .. } => "approval_asked",
            Self::ApprovalDecided { .. } => "approval_decided",
            Self::GrantedAlone { .. } => "granted_alone",
            Self::SystemUser { .. } => "system_user",
            Self::SshKey { .. } => "ssh_key",
            Self::Protected { .. } => "protected",
            Self::Erased { .. } => "erased",
            Self::Individual { .. } => "individual",
            Self::IndividualErased { .. } => "individual_erased",
            Self::PoolAdded { .. } => "pool_added",
            Self::PoolTerms { .. } => "pool_terms",
            Self::FieldAdded { .. } => "field_added",
            Self::FieldTerms { .. } => "field_terms",
            Self::FieldChoice { .. } => "field_choice",
            Self::Setting { .. } => "setting",
            Self::MailText { .. } => "mail_text",
            Self::Imported { .. } => "imported",
            Self::GroupAdded { .. } => "group_added",
            Self::GroupBudget { .. } => "group_budget",
            Self::GroupName { .. } => "group_name",
            Self::GroupLink { .. } => "group_link",
            Self::GroupRemoved { .. } => "group_removed",
            Self::GroupTraining { .. } => "group_training",
            Self::GroupPool { .. } => "group_pool",
            Self::TrainingAdded { .. } => "training_added",
            Self::TrainingTerms { .. } => "training_terms",
            Self::ConnectionAdded { .. } => "connection_added",
            Self::Drift { .. } => "drift",
            Self::ConnectionTerms { .. } => "connection_terms",
            Self::ConnectionMaps { .. } => "connection_maps",
            Self::ConnectionOwns { .. } => "connection_owns",
            Self::ConnectionSends { .. } => "connection_sends",
            Self::Brake { .. } => "brake",
            Self::ConnectionRevoked { .. } => "connection_revoked",
            Self::TokenAdded { .. } => "token_added",
            Self::TokenEnds { .. } => "token_ends",
            Self::PlatformAdded { .. } => "platform_added",
            Self::PlatformRevoked { .. } => "platform_revoked",
            Self::PlatformTokenAdded { .. } => "platform_token_added",
            Self::PlatformTokenEnds { .. } => "platform_token_ends",
        }
    }

    /// Whether undo has an inverse for it. What was destroyed, shown or sent does not come back, and what only says that
    /// something happened stays said.
    pub fn has_undo(&self) -> bool {
        !self.names_somebody_erased()
            && !matches!(
                self,
                Self::Erased { .. }
                    | Self::IndividualErased { .. }
                    | Self::Due { .. }
                    | Self::Password { .. }
                    | Self::GrantedAlone { .. }
                    | Self::Imported { .. }
                    | Self::PoolAdded { .. }
                    | Self::ConnectionSends { .. }
                    | Self::ConnectionRevoked { .. }
                    | Self::TokenAdded { .. }
                    | Self::TokenEnds { .. }
                    | Self::PlatformRevoked { .. }
                    | Self::PlatformTokenAdded { .. }
                    | Self::PlatformTokenEnds { .. }
            )
    }

    /// Whether it is of a setting in which an address stood whose person was erased: what it was is not known any more.
    pub(crate) fn names_somebody_erased(&self) -> bool {
        let Self::Setting {
            setting,
            before,
            after,
        } = self
        else {
            return false;
        };
        let mut entries = [before, after]
            .into_iter()
            .flatten()
            .flat_map(|it| it.split(','));
        setting.holds_addresses() && entries.any(|it| it == ERASED_ENTRY)
    }

    /// Whether the recorded form holds personal values, which are encrypted under the person's own key.
    pub fn is_personal(&self) -> bool {
        PERSONAL_KINDS.contains(&self.kind())
    }
}

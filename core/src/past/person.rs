//! A person as they stood, told from their own events.

use std::collections::BTreeMap;

use super::Past;
use crate::change::Change;
use crate::model::{
    Assigned, ConnectionId, Date, FieldId, GroupId, GroupRole, Hold, Invitation, License, Link,
    Membership, Permission, PoolId, Profile, ProviderHold, Status, Timestamp, TrainingId, User,
    UserId,
};

/// A person as they stood at a moment of the past. Of somebody who was erased since then everything personal is gone, and
/// the rest is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Who they were. When the platform last saw them is not part of the history, and not told.
    pub user: User,
    /// What they had in custom fields, as stored.
    pub fields: Vec<(FieldId, String)>,
    /// What they held or waited for.
    pub licenses: Vec<License>,
    /// Where they were a member.
    pub memberships: Vec<Membership>,
    /// What they might do as an administrator.
    pub permissions: Vec<Permission>,
    /// Their invitation.
    pub invitation: Option<Invitation>,
    /// What connections called them.
    pub links: Vec<(ConnectionId, Link)>,
    /// What they had to learn, and how far they were.
    pub assignments: Vec<Assigned>,
    /// Until when licenses were agreed.
    pub license_ends: Vec<(PoolId, Date)>,
}

/// A person in the making: their events are told one after the other.
struct Telling {
    user: User,
    fields: BTreeMap<FieldId, String>,
    licenses: BTreeMap<PoolId, License>,
    memberships: BTreeMap<GroupId, GroupRole>,
    permissions: Vec<Permission>,
    invitation: Option<Invitation>,
    links: BTreeMap<ConnectionId, Link>,
    assignments: BTreeMap<TrainingId, Assigned>,
    license_ends: BTreeMap<PoolId, Date>,
}

impl Person {
    /// Tells a person from all of their events, oldest first, as they stood after the event of that number. None before
    /// they were on the roster.
    pub(crate) fn told(id: UserId, seq: i64, events: &[Past], until: i64) -> Option<Self> {
        let created = events.first().filter(|it| it.seq <= until)?;
        let mut telling = Telling::begin(id, seq, created.at, events);
        let mut last: Option<&Past> = None;
        let mut raised = false;
        for event in events.iter().take_while(|it| it.seq <= until) {
            // One run of changes raises the version once. What somebody has to learn, and that a provider wants them to leave,
            // is no part of their record.
            let same_run =
                last.is_some_and(|it| it.batch == event.batch && it.seq + 1 == event.seq);
            raised &= same_run;
            let beside = matches!(
                event.change,
                Some(
                    Change::Assignment { .. }
                        | Change::ToldProgress { .. }
                        | Change::Instructor { .. }
                        | Change::Leaving { .. }
                )
            );
            if !raised && !beside {
                telling.user.version += 1;
                telling.user.updated_at = event.at;
                raised = true;
            }
            if let Some(change) = &event.change {
                telling.hear(change);
            }
            last = Some(event);
        }
        let is_erased = |it: &Past| matches!(it.change, Some(Change::Erased { .. }));
        if events.iter().any(is_erased) {
            telling.forget();
        }
        Some(telling.end())
    }
}

impl Telling {
    /// What a person starts from. Of an erased one the beginning is not known any more, but for what later changes of it
    /// say that it was.
    fn begin(id: UserId, seq: i64, at: Timestamp, events: &[Past]) -> Self {
        let changes = || events.iter().filter_map(|it| it.change.as_ref());
        let status = changes().find_map(|it| match it {
            Change::Status { before, .. } | Change::Erased { before, .. } => Some(*before),
            _ => None,
        });
        let status = status.unwrap_or(Status::Active);
        let accepted = changes().find_map(|it| match it {
            Change::Accepted { before, .. } => Some(*before),
            _ => None,
        });
        let manager = changes().find_map(|it| match it {
            Change::Manager { before, .. } => Some(*before),
            _ => None,
        });
        let connection = changes().find_map(|it| match it {
            Change::Connection { before, .. } => Some(*before),
            _ => None,
        });
        let user = User {
            id,
            seq,
            status,
            profile: Profile::default(),
            manager: manager.flatten(),
            connection: connection.flatten(),
            protected: false,
            accepted: accepted.unwrap_or(status == Status::Active),
            provider_hold: ProviderHold::Free,
            created_at: at,
            updated_at: at,
            last_seen_at: None,
            version: 0,
        };
        Self {
            user,
            fields: BTreeMap::new(),
            licenses: BTreeMap::new(),
            memberships: BTreeMap::new(),
            permissions: Vec::new(),
            invitation: None,
            links: BTreeMap::new(),
            assignments: BTreeMap::new(),
            license_ends: BTreeMap::new(),
        }
    }

    fn hear(&mut self, change: &Change) {
        let user = &mut self.user;
        match change {
            Change::UserCreated { created, .. } => {
                user.profile = created.profile.profile();
                user.status = created.status;
                user.accepted = created.accepted;
                user.manager = created.manager;
                user.connection = created.connection;
                if let (Some(connection), Some(link)) = (created.connection, &created.link) {
                    self.links.insert(connection, link.clone());
                }
            }
            Change::Status { after, .. } => user.status = *after,
            Change::Profile { field, after, .. } => {
                user.profile.set(*field, after.as_ref().map(String::from))
            }
            Change::FieldValue { field, after, .. } => {
                put(&mut self.fields, *field, after.as_ref().map(String::from));
            }
            Change::Manager { after, .. } => user.manager = *after,
            Change::License {
                user,
                pool,
                after,
                stands_for_access,
                ..
            } => {
                let license = License {
                    user: *user,
                    pool: *pool,
                    hold: *after,
                    stands_for_access: *stands_for_access,
                };
                put(
                    &mut self.licenses,
                    *pool,
                    (*after != Hold::None).then_some(license),
                );
                // Before every license took its end along, some left theirs behind.
                if *after == Hold::None {
                    self.license_ends.remove(pool);
                }
            }
            Change::LicenseEnd { pool, after, .. } => put(&mut self.license_ends, *pool, *after),
            Change::Invitation { after, .. } => self.invitation = *after,
            Change::Membership { group, after, .. } => put(&mut self.memberships, *group, *after),
            Change::Assignment {
                user,
                training,
                after,
                ..
            } => {
                let assigned = after.map(|assignment| Assigned {
                    user: *user,
                    training: *training,
                    assignment,
                });
                put(&mut self.assignments, *training, assigned);
            }
            Change::Link {
                connection, after, ..
            } => put(&mut self.links, *connection, after.clone()),
            Change::Connection { after, .. } => user.connection = *after,
            Change::ProviderHold { after, .. } => user.provider_hold = *after,
            Change::Accepted { after, .. } => user.accepted = *after,
            Change::Permission {
                permission, after, ..
            } => {
                self.permissions.retain(|it| it != permission);
                if *after {
                    self.permissions.push(*permission);
                }
            }
            Change::ApprovalAsked { .. }
            | Change::ApprovalDecided { .. }
            | Change::GrantedAlone { .. }
            | Change::SystemUser { .. }
            | Change::SshKey { .. }
            | Change::GroupBudget { .. } => {}
            Change::Protected { after, .. } => user.protected = *after,
            Change::Erased { .. } => self.erase(),
            Change::Due { .. }
            | Change::PoolAdded { .. }
            | Change::Individual { .. }
            | Change::IndividualErased { .. }
            | Change::FieldAdded { .. }
            | Change::FieldTerms { .. }
            | Change::FieldChoice { .. }
            | Change::Setting { .. }
            | Change::MailText { .. }
            | Change::Imported { .. }
            | Change::Password { .. }
            | Change::PasswordLink { .. }
            | Change::PlatformAdded { .. }
            | Change::PlatformRevoked { .. }
            | Change::PlatformTokenAdded { .. }
            | Change::PlatformTokenEnds { .. }
            | Change::PoolTerms { .. }
            | Change::ToldProgress { .. }
            | Change::LicenseRequest { .. }
            | Change::Entitlement { .. }
            | Change::Instructor { .. }
            | Change::GroupAdded { .. }
            | Change::GroupName { .. }
            | Change::GroupLink { .. }
            | Change::GroupRemoved { .. }
            | Change::GroupTraining { .. }
            | Change::GroupPool { .. }
            | Change::TrainingAdded { .. }
            | Change::TrainingTerms { .. }
            | Change::ConnectionAdded { .. }
            | Change::Drift { .. }
            | Change::ConnectionTerms { .. }
            | Change::ConnectionMaps { .. }
            | Change::ConnectionOwns { .. }
            | Change::ConnectionSends { .. }
            | Change::Leaving { .. }
            | Change::Brake { .. }
            | Change::ConnectionRevoked { .. }
            | Change::TokenAdded { .. }
            | Change::TokenEnds { .. } => {}
        }
    }

    fn erase(&mut self) {
        self.user.status = Status::Erased;
        self.forget();
    }

    /// Of somebody who was erased since, it is told where they stood and what they held, and neither whom they reported to
    /// nor how they came in.
    fn forget(&mut self) {
        let user = &mut self.user;
        user.profile = Profile::default();
        user.manager = None;
        user.connection = None;
        user.protected = false;
        self.fields.clear();
        self.permissions.clear();
        self.invitation = None;
        self.links.clear();
        self.license_ends.clear();
    }

    fn end(mut self) -> Person {
        let id = self.user.id;
        self.permissions.sort();
        Person {
            fields: self.fields.into_iter().collect(),
            licenses: self.licenses.into_values().collect(),
            memberships: self
                .memberships
                .into_iter()
                .map(|(group, role)| Membership {
                    user: id,
                    group,
                    role,
                })
                .collect(),
            permissions: self.permissions,
            invitation: self.invitation,
            links: self.links.into_iter().collect(),
            assignments: self.assignments.into_values().collect(),
            license_ends: self.license_ends.into_iter().collect(),
            user: self.user,
        }
    }
}

/// Sets or removes what a map has under a key.
fn put<K: Ord, V>(map: &mut BTreeMap<K, V>, key: K, value: Option<V>) {
    match value {
        Some(value) => drop(map.insert(key, value)),
        None => drop(map.remove(&key)),
    }
}

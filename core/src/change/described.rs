//! Changes in words: what a listing, a plan and the history say of one, and the names that it mentions by id.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::{Change, PeopleNames};
use crate::mail::MailText;
use crate::model::{
    Assignment, ChoiceTerms, ConnectionId, CustomField, Field, FieldId, GroupId, Hold,
    IndividualId, IndividualTerms, Invitation, Leaving, Link, Part, PasswordLink, PlatformId,
    PoolId, PoolName, QueueEntry, Said, Setting, Shared, Status, ToldProgress, TrainingId,
    TrainingTerms, UserId,
};

impl Change {
    /// What a plan says of it: what changes, and of somebody new the days on which they are to leave.
    pub fn described_in_full(&self, names: &Names) -> Vec<Described> {
        let days = crate::plan::of_newcomer(self).map(|(what, day)| Described {
            what: what.as_str().to_owned(),
            before: Value::Null,
            after: json!(day),
        });
        std::iter::once(self.described(names)).chain(days).collect()
    }

    /// What changed, in the words of a listing.
    pub fn described(&self, names: &Names) -> Described {
        let said = |what: &str, before: Value, after: Value| Described {
            what: what.to_owned(),
            before,
            after,
        };
        match self {
            Self::UserCreated { created, .. } => said("user", Value::Null, json!(created.status)),
            Self::Profile {
                field: Field::Kept,
                before,
                after,
                ..
            } => {
                let told = |it: &Option<Shared>| super::kept::told(it.as_deref(), names);
                said("kept", told(before), told(after))
            }
            Self::Status { before, after, .. } => said("status", json!(before), json!(after)),
            Self::Profile {
                user,
                field,
                before,
                after,
            } => {
                let is_name = matches!(
                    field,
                    Field::FirstName | Field::LastName | Field::DisplayName
                );
                let hidden = names.hidden.get(user).filter(|_| is_name);
                let before = before.as_ref().filter(|_| hidden.is_none());
                let after = after.as_ref().filter(|_| hidden != Some(&Hidden::Both));
                said(field.as_str(), json!(before), json!(after))
            }
            Self::FieldValue {
                field,
                before,
                after,
                ..
            } => {
                let shown = |it: &Option<Shared>| json!(it.as_deref().map(|it| names.value(it)));
                said(
                    &format!("field {}", names.field(*field)),
                    shown(before),
                    shown(after),
                )
            }
            Self::Manager { before, after, .. } => {
                let name = |it: &Option<UserId>| json!(it.map(|it| names.user(it)));
                said("manager", name(before), name(after))
            }
            Self::License {
                user,
                pool,
                before,
                after,
                ..
            } => {
                let what = format!("license {}", names.pool(*pool));
                if let (Hold::Queued(from), Hold::Queued(to)) = (before, after) {
                    if let Some((from, to)) = names.places.get(&(*user, *pool)) {
                        return said(
                            &format!("{what} place in the queue"),
                            json!(from),
                            json!(to),
                        );
                    }
                    if from.place == to.place {
                        return said("invitation once seated", post(from), post(to));
                    }
                    return said(
                        &format!("{what} place in the queue"),
                        Value::Null,
                        json!(if to.place < from.place {
                            "further ahead"
                        } else {
                            "further back"
                        }),
                    );
                }
                said(&what, json!(before.as_str()), json!(after.as_str()))
            }
            Self::LicenseRequest {
                pool,
                before,
                after,
                ..
            } => {
                let what = format!("license {} on activation", names.pool(*pool));
                said(&what, json!(before), json!(after))
            }
            Self::Entitlement {
                connection,
                pool,
                before,
                after,
                ..
            } => {
                let (connection, pool) = (names.connection(*connection), names.pool(*pool));
                said(
                    &format!("entitlement {pool} of {connection}"),
                    json!(before),
                    json!(after),
                )
            }
            Self::LicenseEnd {
                pool,
                before,
                after,
                ..
            } => said(
                &format!("license {} until", names.pool(*pool)),
                json!(before),
                json!(after),
            ),
            Self::Due {
                kind,
                pool,
                day,
                skipped,
                ..
            } => {
                let of = pool.map(|it| format!(" {}", names.pool(it)));
                let what = format!("due {}{}", kind.as_str(), of.unwrap_or_default());
                said(
                    &what,
                    json!(day),
                    json!(skipped.as_deref().unwrap_or("done")),
                )
            }
            Self::Invitation { before, after, .. } => {
                let word = |it: &Option<Invitation>| {
                    json!(it.map(|it| {
                        let sent = it.send_on.map(|day| format!(", to be sent {day}"));
                        format!(
                            "{} {}{}",
                            it.state.as_str(),
                            it.generation,
                            sent.unwrap_or_default()
                        )
                    }))
                };
                said("invitation", word(before), word(after))
            }
            Self::Membership {
                group,
                before,
                after,
                ..
            } => said(
                &format!("group {}", names.group(*group)),
                json!(before),
                json!(after),
            ),
            Self::Assignment {
                training,
                before,
                after,
                ..
            } => {
                let state = |it: &Option<Assignment>| json!(it.map(|it| it.state));
                let what = format!("training {}", names.training(*training));
                said(&what, state(before), state(after))
            }
            Self::ToldProgress {
                training,
                before,
                after,
                ..
            } => {
                let word = |it: &Option<ToldProgress>| json!(it.map(|it| it.reached().as_str()));
                let what = format!("waiting progress with {}", names.training(*training));
                said(&what, word(before), word(after))
            }
            Self::Instructor {
                training,
                before,
                after,
                ..
            } => {
                let what = format!("instructor of {}", names.training(*training));
                said(&what, json!(before), json!(after))
            }
            Self::Link {
                connection,
                before,
                after,
                ..
            } => {
                let word =
                    |it: &Option<Link>| json!(it.as_ref().and_then(|it| it.external_id.clone()));
                let what = format!("external_id of {}", names.connection(*connection));
                said(&what, word(before), word(after))
            }
            Self::Connection { before, after, .. } => {
                let name = |it: &Option<ConnectionId>| json!(it.map(|it| names.connection(it)));
                said("connection", name(before), name(after))
            }
            Self::Leaving { before, after, .. } => {
                let word = |it: &Option<Leaving>| {
                    json!(it.map(|it| {
                        let of = names.connection(it.connection);
                        format!("{} {} of {of}", it.state.as_str(), it.kind.as_str())
                    }))
                };
                said("leaving", word(before), word(after))
            }
            Self::ProviderHold { before, after, .. } => {
                said("provider_hold", json!(before), json!(after))
            }
            Self::Accepted { before, after, .. } => said("accepted", json!(before), json!(after)),
            Self::Password { before, after, .. } => {
                let word = |it: bool| if it { json!("set") } else { Value::Null };
                let after = match (before, after) {
                    (true, true) => json!("changed"),
                    (_, after) => word(*after),
                };
                said("password", word(*before), after)
            }
            Self::PasswordLink { before, after, .. } => {
                let word = |it: &Option<PasswordLink>| {
                    json!(it.map(|it| format!("{} {}", it.state.as_str(), it.generation)))
                };
                said("password link", word(before), word(after))
            }
            Self::Permission {
                permission,
                before,
                after,
                ..
            } => said(
                &format!("permission {}", permission.as_str()),
                json!(before),
                json!(after),
            ),
            Self::ApprovalAsked { permission, .. } => said(
                &format!("approval of {}", permission.as_str()),
                Value::Null,
                json!("pending"),
            ),
            Self::ApprovalDecided { before, after, .. } => {
                said("approval", json!(before), json!(after))
            }
            Self::GrantedAlone { permission, .. } => said(
                &format!("approval of {}", permission.as_str()),
                Value::Null,
                json!("none: there is no second administrator"),
            ),
            Self::SystemUser {
                name,
                before,
                after,
                ..
            } => said(
                &format!("operating-system user {name}"),
                json!(before),
                json!(after),
            ),
            Self::SshKey {
                key, before, after, ..
            } => said(
                &format!("SSH key {}", key.fingerprint()),
                json!(before),
                json!(after),
            ),
            Self::Protected { before, after, .. } => said("protected", json!(before), json!(after)),
            Self::Erased { before, .. } => said("status", json!(before), json!(Status::Erased)),
            Self::Individual { before, after, .. } => {
                let email = after
                    .iter()
                    .chain(before)
                    .map(|it| it.email.as_str())
                    .next();
                let word =
                    |it: &Option<Box<IndividualTerms>>| json!(it.as_ref().map(|it| it.told()));
                said(
                    &format!("individual account {}", email.unwrap_or_default()),
                    word(before),
                    word(after),
                )
            }
            Self::IndividualErased { account } => said(
                &format!("individual account {}", names.account(*account)),
                Value::Null,
                json!("erased"),
            ),
            Self::PoolAdded { name, terms, .. } => {
                said(&format!("pool {name}"), Value::Null, json!(terms))
            }
            Self::PoolTerms {
                pool,
                before,
                after,
            } => said(
                &format!("pool {}", names.pool(*pool)),
                json!(before),
                json!(after),
            ),
            Self::FieldAdded { terms, .. } => {
                said(&format!("field {}", terms.name), Value::Null, json!(terms))
            }
            Self::FieldTerms { before, after, .. } => said(
                &format!("field {}", before.name),
                json!(before),
                json!(after),
            ),
            Self::FieldChoice {
                field,
                before,
                after,
                ..
            } => {
                let word = |it: &ChoiceTerms| json!((!it.removed).then_some(&it.name));
                said(
                    &format!("value of field {}", names.field(*field)),
                    before.as_ref().map_or(Value::Null, word),
                    word(after),
                )
            }
            Self::MailText {
                template,
                language,
                before,
                after,
            } => {
                let value = |it: &Option<MailText>| {
                    it.as_ref().map_or(Value::Null, |it| {
                        json!(format!("{}: {}", it.subject, it.body.replace('\n', " ")))
                    })
                };
                let word = template.as_str().replace('_', " ");
                said(
                    &format!("mail {word} in {language}"),
                    value(before),
                    value(after),
                )
            }
            Self::Setting {
                setting,
                before,
                after,
            } => {
                let shown = |text: &str| match (setting, text.parse()) {
                    (Setting::JoinGroup, Ok(group)) => names.group(group),
                    _ => setting.shown(text).into_owned(),
                };
                let value = |it: &Option<String>| {
                    json!(it.as_deref().or_else(|| setting.default_text()).map(shown))
                };
                said(&format!("setting {setting}"), value(before), value(after))
            }
            Self::Imported { terms } => said(
                "import",
                Value::Null,
                json!(format!(
                    "{} {}: {} arrived{}, {} updated, {} unchanged{}, {} wrong",
                    terms.rows,
                    if terms.rows == 1 { "row" } else { "rows" },
                    terms.arrived,
                    match terms.queued.unwrap_or(0) {
                        0 => String::new(),
                        n => format!(" ({n} queued)"),
                    },
                    terms.updated,
                    terms.unchanged,
                    match terms.left_out.unwrap_or(0) {
                        0 => String::new(),
                        n => format!(", {n} left out without a seat"),
                    },
                    terms.wrong
                )),
            ),
            Self::GroupBudget {
                group,
                before,
                after,
            } => said(
                &format!("budget of group {}", names.group(*group)),
                json!(before),
                json!(after),
            ),
            Self::GroupAdded { name, .. } => said("group", Value::Null, json!(name)),
            Self::GroupName { before, after, .. } => {
                said("group name", json!(before), json!(after))
            }
            Self::GroupLink {
                group,
                connection,
                before,
                after,
            } => {
                let (group, connection) = (names.group(*group), names.connection(*connection));
                let what = format!("group {group} external_id of {connection}");
                said(&what, json!(before), json!(after))
            }
            Self::GroupRemoved {
                group,
                before,
                after,
            } => said(
                &format!("group {} removed", names.group(*group)),
                json!(before),
                json!(after),
            ),
            Self::GroupTraining {
                group,
                training,
                before,
                after,
            } => {
                let (group, training) = (names.group(*group), names.training(*training));
                let what = format!("group {group} carries the training {training}");
                said(&what, json!(before), json!(after))
            }
            Self::GroupPool {
                group,
                pool,
                before,
                after,
            } => {
                let (group, pool) = (names.group(*group), names.pool(*pool));
                let what = format!("group {group} carries the pool {pool}");
                said(&what, json!(before), json!(after))
            }
            Self::TrainingAdded { terms, .. } => said(
                &format!("training {}", terms.name),
                Value::Null,
                names.terms_of_training(terms),
            ),
            Self::TrainingTerms {
                training,
                before,
                after,
            } => said(
                &format!("training {}", names.training(*training)),
                names.terms_of_training(before),
                names.terms_of_training(after),
            ),
            Self::ConnectionAdded { name, policy, .. } => {
                said(&format!("connection {name}"), Value::Null, json!(policy))
            }
            Self::Drift {
                part,
                before,
                after,
                ..
            } => {
                let said_of = after.as_ref().or(before.as_ref());
                let connection =
                    said_of.map_or_else(String::new, |it| names.connection(it.connection));
                let word = |it: &Option<Box<Said>>| {
                    json!(it.as_ref().map(|it| {
                        let value = it.value.as_deref().map(|it| names.value(it));
                        let why = it.why.as_str().replace('_', " ");
                        format!("{} ({why})", value.as_deref().unwrap_or("nothing"))
                    }))
                };
                said(
                    &format!("{connection} says {}", names.part(*part)),
                    word(before),
                    word(after),
                )
            }
            Self::ConnectionTerms {
                connection,
                before,
                after,
            } => said(
                &format!("connection {}", names.connection(*connection)),
                json!(before),
                json!(after),
            ),
            Self::ConnectionMaps {
                connection,
                part,
                before,
                after,
            } => {
                let (part, connection) = (names.part(*part), names.connection(*connection));
                let what = format!("connection {connection} feeds {part} from");
                said(&what, json!(before), json!(after))
            }
            Self::ConnectionOwns {
                connection,
                before,
                after,
            } => {
                let word = |it: &Option<Vec<Part>>| match it {
                    None => json!("what it maps and sends"),
                    Some(parts) => {
                        json!(parts.iter().map(|it| names.part(*it)).collect::<Vec<_>>())
                    }
                };
                said(
                    &format!("connection {} owns", names.connection(*connection)),
                    word(before),
                    word(after),
                )
            }
            Self::ConnectionSends { connection, part } => said(
                &format!("connection {} sends", names.connection(*connection)),
                Value::Null,
                json!(names.part(*part)),
            ),
            Self::Brake {
                connection,
                before,
                after,
            } => said(
                &format!("brake of {}", names.connection(*connection)),
                json!(before),
                json!(after),
            ),
            Self::ConnectionRevoked {
                connection,
                before,
                after,
            } => said(
                &format!("connection {} revoked", names.connection(*connection)),
                json!(before),
                json!(after),
            ),
            Self::TokenAdded { connection, .. } => said(
                &format!("token of {}", names.connection(*connection)),
                Value::Null,
                json!("new"),
            ),
            Self::PlatformTokenAdded { platform, .. } => said(
                &format!("token of {}", names.platform(*platform)),
                Value::Null,
                json!("new"),
            ),
            Self::TokenEnds {
                connection,
                before,
                after,
                ..
            } => said(
                &format!("token of {} ends", names.connection(*connection)),
                json!(before),
                json!(after),
            ),
            Self::PlatformTokenEnds {
                platform,
                before,
                after,
                ..
            } => said(
                &format!("token of {} ends", names.platform(*platform)),
                json!(before),
                json!(after),
            ),
            Self::PlatformAdded { name, scopes, .. } => {
                said(&format!("token {name}"), Value::Null, json!(scopes))
            }
            Self::PlatformRevoked {
                name,
                before,
                after,
                ..
            } => said(
                &format!("token {name} revoked"),
                json!(before),
                json!(after),
            ),
        }
    }
}

/// The names of what changes mention by id, so that a listing can show them.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// People's addresses, else user names.
    pub users: PeopleNames,
    /// Pools' names.
    pub pools: HashMap<PoolId, PoolName>,
    /// Groups' names.
    pub groups: HashMap<GroupId, String>,
    /// Trainings' names.
    pub trainings: HashMap<TrainingId, String>,
    /// Connections' names.
    pub connections: HashMap<ConnectionId, String>,
    /// The names of platforms' tokens.
    pub platforms: HashMap<PlatformId, String>,
    /// Addresses of accounts that people have of their own, where a plan destroys them. The history keeps none.
    pub(crate) accounts: HashMap<IndividualId, String>,
    /// Whom a plan moves in a queue from which position to which; 1 is the head.
    pub(crate) places: HashMap<(UserId, PoolId), (usize, usize)>,
    /// Custom fields' names.
    pub fields: HashMap<FieldId, String>,
    /// Names of choices' values, by the text of their ids.
    pub choices: HashMap<String, String>,
    /// Whose names are hidden from whoever is told, because they have not accepted yet.
    pub(crate) hidden: HashMap<UserId, Hidden>,
}

/// What of a change of a name is hidden from whoever is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hidden {
    /// The name that it was; they typed the other.
    Before,
    /// Both.
    Both,
}

impl Names {
    /// The person's address or user name, else the id.
    pub fn user(&self, user: UserId) -> String {
        self.called(user).into_owned()
    }

    /// The same, not copied where it is known.
    pub(crate) fn called(&self, user: UserId) -> Cow<'_, str> {
        match self.users.get(user) {
            Some(name) => Cow::Borrowed(name),
            None => Cow::Owned(user.to_string()),
        }
    }

    /// The pool's name, else the id.
    pub fn pool(&self, pool: PoolId) -> String {
        self.pools
            .get(&pool)
            .map_or_else(|| pool.to_string(), |it| it.as_str().to_owned())
    }

    /// The group's name, else the id.
    pub fn group(&self, group: GroupId) -> String {
        self.groups
            .get(&group)
            .cloned()
            .unwrap_or_else(|| group.to_string())
    }

    /// The training's name, else the id.
    pub fn training(&self, training: TrainingId) -> String {
        self.trainings
            .get(&training)
            .cloned()
            .unwrap_or_else(|| training.to_string())
    }

    fn terms_of_training(&self, terms: &TrainingTerms) -> Value {
        let TrainingTerms {
            name,
            kind,
            pool,
            held_on,
            removed,
        } = terms;
        json!({
            "name": name,
            "kind": kind,
            "pool": pool.map(|it| self.pool(it)),
            "on": held_on,
            "removed": removed,
        })
    }

    /// The custom field's name, else the id.
    pub fn field(&self, field: FieldId) -> String {
        self.fields
            .get(&field)
            .cloned()
            .unwrap_or_else(|| field.to_string())
    }

    /// A custom field's value as people read it: the name of a choice's value, else the text itself.
    pub fn value(&self, value: &str) -> String {
        self.choices
            .get(value)
            .cloned()
            .unwrap_or_else(|| value.to_owned())
    }

    /// Takes the names of these custom fields and their values.
    pub(crate) fn add_fields(&mut self, fields: &[CustomField]) {
        for field in fields {
            self.fields.insert(field.id, field.terms.name.clone());
            let choices = field.choices.iter();
            self.choices
                .extend(choices.map(|it| (it.id.to_string(), it.terms.name.clone())));
        }
    }

    /// A part of a person as people know it.
    pub fn part(&self, part: Part) -> String {
        match part {
            Part::Custom(field) => self.field(field),
            other => other.to_string(),
        }
    }

    /// The name of a platform's token, else the id.
    fn platform(&self, platform: PlatformId) -> String {
        self.platforms
            .get(&platform)
            .cloned()
            .unwrap_or_else(|| platform.to_string())
    }

    /// The address of an account that is not destroyed yet, else the id.
    fn account(&self, account: IndividualId) -> String {
        self.accounts
            .get(&account)
            .cloned()
            .unwrap_or_else(|| account.to_string())
    }

    /// The connection's name, else the id.
    pub fn connection(&self, connection: ConnectionId) -> String {
        self.connections
            .get(&connection)
            .cloned()
            .unwrap_or_else(|| connection.to_string())
    }
}

/// A change in the words of a listing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Described {
    /// What changed, such as `status` or `license`.
    pub what: String,
    /// From; null when there was nothing.
    pub before: Value,
    /// To; null when there is nothing.
    pub after: Value,
}

impl Described {
    /// Its before and after in words. Of what consists of several parts only those are said that differ.
    pub fn in_words(&self) -> (String, String) {
        match (&self.before, &self.after) {
            (Value::Object(before), Value::Object(after)) => {
                let differ = |it: &serde_json::Map<String, Value>| {
                    let parts = it
                        .iter()
                        .filter(|(key, _)| before.get(*key) != after.get(*key));
                    parts_in_words(parts)
                };
                (differ(before), differ(after))
            }
            (before, after) => (said(before), said(after)),
        }
    }
}

/// How somebody in a queue is written to once they have a seat.
fn post(entry: &QueueEntry) -> Value {
    json!(match entry.send_on {
        _ if !entry.mail => "not mailed".to_owned(),
        Some(day) => format!("mailed from {day} on"),
        None => "mailed".to_owned(),
    })
}

/// A value in words; nothing for none.
pub fn said(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(all) => all.iter().map(said).collect::<Vec<_>>().join(", "),
        Value::Object(parts) => parts_in_words(parts.iter()),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

fn parts_in_words<'v>(parts: impl Iterator<Item = (&'v String, &'v Value)>) -> String {
    let said = parts.map(|(key, value)| {
        let value = said(value);
        let value = if value.is_empty() { "none" } else { &value };
        format!("{} {value}", key.replace('_', " "))
    });
    said.collect::<Vec<_>>().join(", ")
}

//! The roster once more, told from its history alone: every change starts where the one before it ended, and all of them
//! together lead to what the tables say. A new change finds its place here, because nothing is left out of the match.

use std::collections::{BTreeMap, BTreeSet};

use usher_core::Read;
use usher_core::change::Change;
use usher_core::directory::HistoryPage;
use usher_core::model::{
    Actor, ApprovalId, ApprovalState, AssignmentState, ConnectionId, Date, Field, FieldId, GroupId,
    Hold, IndividualId, IndividualTerms, Invitation, InvitationState, LeaveKind, LeaveState, Part,
    PlatformId, PoolId, PoolTerms, ProviderHold, Said, Setting, Shared, Status, Timestamp, TokenId,
    TrainingId, UserId, Why,
};

use super::roster::{
    ACCESS, Account, Approval, CONNECTIONS, Carries, DAY_MS, FIELDS, Group, Held, Leaving, Link,
    Person, Platform, Pool, Post, Roster, Says, ZONES,
};

/// What the history tells differently from the tables.
pub(crate) fn history_differs(read: &Read<'_>, now: &Roster, ids: &[UserId]) -> Vec<String> {
    let mut told = Told {
        users: ids.iter().copied().zip(0..).collect(),
        roster: Roster {
            people: vec![Person::new(Status::Inactive); ids.len()],
            trainings: now.trainings.clone(),
            ..Roster::default()
        },
        erased: (0..ids.len())
            .map(|it| now.people[it].status == Status::Erased)
            .collect(),
        ..Told::default()
    };
    let mut page = HistoryPage {
        limit: 500,
        ..HistoryPage::default()
    };
    loop {
        let events = read.history(&page).unwrap();
        let Some(last) = events.last() else { break };
        page.after = Some(last.seq);
        for change in events.into_iter().filter_map(|it| it.change) {
            told.hear(&change);
        }
    }
    told.compare(now)
}

#[derive(Default)]
struct Told {
    roster: Roster,
    users: BTreeMap<UserId, usize>,
    pools: BTreeMap<PoolId, usize>,
    groups: BTreeMap<GroupId, usize>,
    trainings: BTreeMap<TrainingId, String>,
    connections: BTreeMap<ConnectionId, usize>,
    fields: BTreeMap<FieldId, usize>,
    choices: BTreeMap<String, String>,
    accounts: BTreeMap<IndividualId, IndividualTerms>,
    approvals: BTreeMap<ApprovalId, usize>,
    holds: BTreeMap<(usize, usize), (Hold, bool)>,
    learns: BTreeMap<(usize, TrainingId), AssignmentState>,
    carried: BTreeMap<(usize, TrainingId), ()>,
    platforms: BTreeMap<PlatformId, usize>,
    tokens: BTreeMap<TokenId, usize>,
    /// Who is erased by now: their beginnings are not known any more.
    erased: Vec<bool>,
    created: BTreeSet<usize>,
    wrong: Vec<String>,
}

fn day_of(day: Date) -> i64 {
    Date::of_utc(Timestamp::from_millis(0)).days_until(day)
}

fn day(text: Option<&str>) -> Option<i64> {
    let epoch = Date::of_utc(Timestamp::from_millis(0));
    text.map(|it| epoch.days_until(it.parse().unwrap()))
}

impl Told {
    fn place(&self, user: UserId) -> usize {
        self.users[&user]
    }

    fn person(&mut self, user: UserId) -> &mut Person {
        let place = self.place(user);
        &mut self.roster.people[place]
    }

    fn named(
        &mut self,
        user: UserId,
        field: Field,
        value: Option<String>,
    ) -> Option<Option<String>> {
        let person = self.person(user);
        Some(match field {
            Field::Email => std::mem::replace(&mut person.email, value),
            Field::UserName => std::mem::replace(&mut person.user_name, value),
            Field::Title => std::mem::replace(&mut person.title, value),
            Field::DeactivateOn | Field::DeleteOn => {
                let kind = usize::from(field == Field::DeleteOn);
                let was = std::mem::replace(&mut person.dates[kind], day(value.as_deref()));
                was.map(super::roster::day_text)
            }
            _ => return None,
        })
    }

    /// Takes a change in; says when it does not follow from what was before.
    #[allow(clippy::too_many_lines, reason = "one arm a change")]
    fn hear(&mut self, change: &Change) {
        let fits = match change {
            Change::UserCreated { user, created } => {
                let place = self.place(*user);
                let is_new = self.created.insert(place);
                let manager = created.manager.map(|it| self.users[&it]);
                let connection = created.connection.map(|it| self.connections[&it]);
                let profile = &created.profile;
                for field in [
                    Field::Email,
                    Field::UserName,
                    Field::Title,
                    Field::DeactivateOn,
                    Field::DeleteOn,
                ] {
                    let value = profile.get(field).map(str::to_owned);
                    self.named(*user, field, value);
                }
                let person = self.person(*user);
                person.status = created.status;
                person.accepted = created.accepted;
                person.manager = manager;
                person.connection = connection;
                if let (Some(link), Some(by)) = (&created.link, connection) {
                    person.links.insert(by, link.external_id.clone());
                }
                is_new
            }
            Change::Status {
                user,
                before,
                after,
            } => std::mem::replace(&mut self.person(*user).status, *after) == *before,
            Change::Profile {
                user,
                field,
                before,
                after,
            } => self
                .named(*user, *field, after.as_ref().map(String::from))
                .is_none_or(|it| it.as_deref() == before.as_deref()),
            Change::FieldValue {
                user,
                field,
                before,
                after,
            } => {
                let field = self.fields[field];
                let name = |it: &Shared| {
                    let known = self.choices.get(it.as_str());
                    known.cloned().unwrap_or_else(|| it.to_string())
                };
                let (before, after) = (before.as_ref().map(name), after.as_ref().map(name));
                let fields = &mut self.person(*user).fields;
                let was = match after {
                    Some(after) => fields.insert(field, after),
                    None => fields.remove(&field),
                };
                was == before
            }
            Change::Manager {
                user,
                before,
                after,
            } => {
                let [before, after] = [before, after].map(|it| it.map(|it| self.users[&it]));
                std::mem::replace(&mut self.person(*user).manager, after) == before
            }
            Change::Drift {
                user,
                part: Part::Manager,
                before,
                after,
            } => {
                let says = |it: &Said| Says {
                    by: self.connections[&it.connection],
                    manager: it.value.as_ref().map(|it| self.users[&it.parse().unwrap()]),
                    overridden: it.why == Why::Overridden,
                };
                let [before, after] = [before, after].map(|it| it.as_deref().map(says));
                std::mem::replace(&mut self.person(*user).says, after) == before
            }
            Change::Drift {
                user,
                part: Part::Active,
                before,
                after,
            } => {
                let word = |it: &Said| {
                    let by = self.connections[&it.connection];
                    (by, it.value.as_deref() == Some("true"))
                };
                let [before, after] = [before, after].map(|it| it.as_deref().map(word));
                std::mem::replace(&mut self.person(*user).word, after) == before
            }
            Change::ConnectionSends {
                connection,
                part: Part::Manager,
            } => {
                self.roster.says_managers[self.connections[connection]] = true;
                true
            }
            Change::License {
                user,
                pool,
                before,
                after,
                stands_for_access,
            } => {
                let key = (self.place(*user), self.pools[pool]);
                let was = self.holds.insert(key, (*after, *stands_for_access));
                was.map_or(Hold::None, |it| it.0) == *before
            }
            Change::LicenseRequest {
                user,
                pool,
                before,
                after,
            } => {
                let pool = self.pools[pool];
                let requests = &mut self.person(*user).requests;
                let was = requests.remove(&pool);
                if *after {
                    requests.insert(pool);
                }
                was == *before
            }
            Change::Invitation {
                user,
                before,
                after,
            } => {
                let told = |it: &Option<Invitation>| {
                    let pending = it.filter(|it| it.state == InvitationState::Pending);
                    let send_on = pending.and_then(|it| it.send_on);
                    (it.map(|it| (it.generation, it.state)), send_on.map(day_of))
                };
                let (before, after) = (told(before), told(after));
                let person = self.person(*user);
                let was = (person.invitation, person.send_on);
                (person.invitation, person.send_on) = after;
                was == before
            }
            Change::Membership {
                user,
                group,
                before,
                after,
            } => {
                let group = self.groups[group];
                let groups = &mut self.person(*user).groups;
                let was = match after {
                    Some(role) => groups.insert(group, *role),
                    None => groups.remove(&group),
                };
                was == *before
            }
            Change::Assignment {
                user,
                training,
                before,
                after,
            } => {
                let key = (self.place(*user), *training);
                let was = match after {
                    Some(after) => self.learns.insert(key, after.state),
                    None => self.learns.remove(&key),
                };
                was == before.map(|it| it.state)
            }
            Change::Link {
                user,
                connection,
                before,
                after,
            } => {
                let connection = self.connections[connection];
                let links = &mut self.person(*user).links;
                let was = match after {
                    Some(after) => links.insert(connection, after.external_id.clone()),
                    None => links.remove(&connection),
                };
                was == before.as_ref().map(|it| it.external_id.clone())
            }
            Change::Connection {
                user,
                before,
                after,
            } => {
                let [before, after] = [before, after].map(|it| it.map(|it| self.connections[&it]));
                std::mem::replace(&mut self.person(*user).connection, after) == before
            }
            Change::ProviderHold {
                user,
                before,
                after,
            } => {
                let released = |it: &ProviderHold| *it == ProviderHold::Released;
                let person = self.person(*user);
                std::mem::replace(&mut person.released, released(after)) == released(before)
            }
            Change::Accepted {
                user,
                before,
                after,
            } => std::mem::replace(&mut self.person(*user).accepted, *after) == *before,
            Change::Permission {
                user,
                permission,
                before,
                after,
            } => {
                let permissions = &mut self.person(*user).permissions;
                let was = permissions.remove(permission);
                if *after {
                    permissions.insert(*permission);
                }
                was == *before
            }
            Change::ApprovalAsked {
                user, approval, by, ..
            } => {
                let user = self.place(*user);
                let by = match by {
                    Actor::Administrator(by) => Some(self.place(*by)),
                    _ => None,
                };
                let next = self.roster.approvals.len();
                self.roster.approvals.push(Approval {
                    user,
                    by,
                    state: ApprovalState::Pending,
                });
                self.approvals.insert(*approval, next).is_none()
            }
            Change::ApprovalDecided {
                approval,
                before,
                after,
                ..
            } => {
                let approval = &mut self.roster.approvals[self.approvals[approval]];
                std::mem::replace(&mut approval.state, *after) == *before
            }
            Change::Protected {
                user,
                before,
                after,
            } => std::mem::replace(&mut self.person(*user).protected, *after) == *before,
            Change::Erased { user, before } => {
                let person = self.person(*user);
                let was = person.status;
                *person = Person {
                    accepted: person.accepted,
                    released: person.released,
                    groups: std::mem::take(&mut person.groups),
                    ..Person::new(Status::Erased)
                };
                was == *before
            }
            Change::Individual {
                account,
                before,
                after,
            } => {
                let was = match after {
                    Some(after) => self.accounts.insert(*account, (**after).clone()),
                    None => self.accounts.remove(account),
                };
                was.as_ref() == before.as_deref()
            }
            Change::IndividualErased { account } => {
                self.accounts.remove(account);
                true
            }
            Change::PoolAdded { pool, name, terms } => {
                self.pools.insert(*pool, self.roster.pools.len());
                self.roster.pools.push(Pool {
                    name: name.as_str().to_owned(),
                    terms: PoolTerms::clone(terms),
                    queue: Vec::new(),
                });
                true
            }
            Change::PoolTerms {
                pool,
                before,
                after,
            } => {
                let pool = &mut self.roster.pools[self.pools[pool]];
                std::mem::replace(&mut pool.terms, PoolTerms::clone(after)) == **before
            }
            Change::FieldAdded { field, terms } => {
                let place = FIELDS.iter().position(|it| *it == terms.name);
                self.fields.insert(*field, place.unwrap()).is_none()
            }
            Change::FieldChoice { choice, after, .. } => {
                self.choices.insert(choice.to_string(), after.name.clone());
                true
            }
            Change::Setting {
                setting: Setting::TimeZone,
                before,
                after,
            } => {
                let [before, after] = [before, after].map(|it| {
                    let zone = it.as_deref().unwrap_or(ZONES[0].0);
                    ZONES.iter().position(|it| it.0 == zone).unwrap()
                });
                std::mem::replace(&mut self.roster.zone, after) == before
            }
            Change::Setting {
                setting: Setting::SingleSignOn,
                before,
                after,
            } => {
                let [before, after] = [before, after].map(|it| it.as_deref() == Some("on"));
                std::mem::replace(&mut self.roster.single_sign_on, after) == before
            }
            Change::Password {
                user,
                before,
                after,
                ..
            } => std::mem::replace(&mut self.person(*user).password, *after) == *before,
            Change::PasswordLink {
                user,
                before,
                after,
            } => {
                let [before, after] = [before, after].map(|it| {
                    it.map(|it| Link {
                        number: it.generation,
                        state: it.state,
                        made: it.expires_at.as_millis().div_euclid(DAY_MS) - 3,
                    })
                });
                std::mem::replace(&mut self.person(*user).link, after) == before
            }
            Change::Leaving {
                user,
                before,
                after,
            } => {
                let [before, after] = [before, after].map(|it| {
                    it.map(|it| Leaving {
                        by: self.connections[&it.connection],
                        deletes: it.kind == LeaveKind::Delete,
                        rejected: it.state == LeaveState::Rejected,
                    })
                });
                std::mem::replace(&mut self.person(*user).leaving, after) == before
            }
            Change::Brake {
                connection,
                before,
                after,
            } => {
                let [before, after] =
                    [before, after].map(|it| it.map(|it| (i64::from(it.share), it.floor)));
                let brake = &mut self.roster.brakes[self.connections[connection]];
                std::mem::replace(brake, after) == before
            }
            Change::PlatformAdded { platform, name, .. } => {
                let next = self.roster.platforms.len();
                self.roster.platforms.push(Platform {
                    name: name.clone(),
                    revoked: false,
                    tokens: Vec::new(),
                });
                self.platforms.insert(*platform, next).is_none()
            }
            Change::PlatformRevoked {
                platform,
                before,
                after,
                ..
            } => {
                let platform = &mut self.roster.platforms[self.platforms[platform]];
                std::mem::replace(&mut platform.revoked, after.is_some()) == before.is_some()
            }
            Change::PlatformTokenAdded {
                platform, token, ..
            } => {
                let tokens = &mut self.roster.platforms[self.platforms[platform]].tokens;
                tokens.push(None);
                self.tokens.insert(*token, tokens.len() - 1).is_none()
            }
            Change::PlatformTokenEnds {
                platform,
                token,
                before,
                after,
            } => {
                let [before, after] =
                    [before, after].map(|it| it.map(|it| it.as_millis().div_euclid(DAY_MS)));
                let platform = &mut self.roster.platforms[self.platforms[platform]];
                std::mem::replace(&mut platform.tokens[self.tokens[token]], after) == before
            }
            Change::Setting { setting, after, .. } => {
                if *setting == Setting::RequiredOnInvite {
                    self.roster.required.clone_from(after);
                }
                true
            }
            Change::GroupAdded { group, name } => {
                self.roster.groups.push(Group {
                    name: name.clone(),
                    ..Group::default()
                });
                self.roster.carries.push(Carries::default());
                let next = self.groups.len();
                self.groups.insert(*group, next).is_none()
            }
            Change::GroupName {
                group,
                before,
                after,
            } => {
                let group = &mut self.roster.groups[self.groups[group]];
                std::mem::replace(&mut group.name, after.clone()) == *before
            }
            Change::GroupLink {
                group,
                connection,
                before,
                after,
            } => {
                let links = &mut self.roster.groups[self.groups[group]].links;
                let connection = self.connections[connection];
                let was = match after {
                    Some(after) => links.insert(connection, after.clone()),
                    None => links.remove(&connection),
                };
                was == *before
            }
            Change::GroupRemoved {
                group,
                before,
                after,
            } => {
                let group = &mut self.roster.groups[self.groups[group]];
                std::mem::replace(&mut group.removed, *after) == *before
            }
            Change::GroupBudget {
                group,
                before,
                after,
            } => {
                let group = &mut self.roster.groups[self.groups[group]];
                std::mem::replace(&mut group.budget, *after) == *before
            }
            Change::GroupTraining {
                group,
                training,
                before,
                after,
            } => {
                let key = (self.groups[group], *training);
                let was = self.carried.remove(&key).is_some();
                if *after {
                    self.carried.insert(key, ());
                }
                was == *before
            }
            Change::GroupPool {
                group,
                pool,
                before,
                after,
            } => {
                let pool = self.pools[pool];
                let pools = &mut self.roster.carries[self.groups[group]].pools;
                let was = pools.remove(&pool);
                if *after {
                    pools.insert(pool);
                }
                was == *before
            }
            Change::TrainingAdded { training, terms } => {
                let name = terms.name.clone();
                self.trainings.insert(*training, name).is_none()
            }
            Change::ConnectionAdded {
                connection, name, ..
            } => {
                let place = CONNECTIONS.iter().position(|it| it == name);
                let place = place.unwrap();
                self.connections.insert(*connection, place).is_none()
            }
            Change::LicenseEnd {
                user,
                pool,
                before,
                after,
            } => {
                let pool = self.pools[pool];
                let epoch = Date::of_utc(Timestamp::from_millis(0));
                let [before, after] = [before, after].map(|it| it.map(|it| epoch.days_until(it)));
                let ends = &mut self.person(*user).ends;
                let was = match after {
                    Some(after) => ends.insert(pool, after),
                    None => ends.remove(&pool),
                };
                was == before
            }
            // Told by nothing that a roster here holds.
            Change::Due { .. }
            | Change::ToldProgress { .. }
            | Change::Instructor { .. }
            | Change::GrantedAlone { .. }
            | Change::SystemUser { .. }
            | Change::SshKey { .. }
            | Change::MailText { .. }
            | Change::FieldTerms { .. }
            | Change::TrainingTerms { .. }
            | Change::ConnectionRevoked { .. }
            | Change::TokenAdded { .. }
            | Change::TokenEnds { .. }
            | Change::Entitlement { .. }
            | Change::Drift { .. }
            | Change::ConnectionTerms { .. }
            | Change::ConnectionMaps { .. }
            | Change::ConnectionOwns { .. }
            | Change::Imported { .. }
            | Change::ConnectionSends { .. } => true,
        };
        let gone = change.user().is_some_and(|it| self.erased[self.place(it)]);
        if !fits && !gone {
            self.wrong.push(format!(
                "this does not follow from what was before: {change:?}"
            ));
        }
    }

    fn compare(mut self, now: &Roster) -> Vec<String> {
        let mut queues = vec![Vec::new(); self.roster.pools.len()];
        for ((who, pool), (hold, stands)) in std::mem::take(&mut self.holds) {
            let person = &mut self.roster.people[who];
            match hold {
                Hold::None => {}
                Hold::Reserved | Hold::Consumed => {
                    let consumed = hold == Hold::Consumed;
                    person.holds.insert(pool, Held { consumed, stands });
                }
                Hold::Queued(entry) => {
                    if pool == ACCESS {
                        person.post = Some(Post {
                            mail: entry.mail,
                            send_on: entry.send_on.map(day_of),
                        });
                    }
                    queues[pool].push((entry.place, who, entry.leads_to, entry.chosen));
                }
            }
        }
        for (pool, mut queue) in self.roster.pools.iter_mut().zip(queues) {
            queue.sort_unstable();
            pool.queue = queue.into_iter().map(|it| (it.1, it.2, it.3)).collect();
        }
        let trainings = &now.trainings;
        let place = |name: &String| trainings.iter().position(|it| it.name == *name).unwrap();
        for ((who, training), state) in &self.learns {
            let training = place(&self.trainings[training]);
            self.roster.people[*who].learns.insert(training, *state);
        }
        for (group, training) in self.carried.keys() {
            let training = place(&self.trainings[training]);
            self.roster.carries[*group].trainings.insert(training);
        }
        for terms in std::mem::take(&mut self.accounts).into_values() {
            let records = terms.records.into_iter();
            let account = Account {
                records: records
                    .map(|it| (it.training, it.state, it.transferred))
                    .collect(),
                taken_by: terms.taken_by.map(|it| self.users[&it]),
            };
            self.roster.accounts.insert(terms.email, account);
        }
        let mut wrong = std::mem::take(&mut self.wrong);
        for (i, (told, is)) in self.roster.people.iter_mut().zip(&now.people).enumerate() {
            // Of which there are no events.
            (told.mailed, told.link_mailed, told.seen) = (is.mailed, is.link_mailed, is.seen);
            if is.status == Status::Erased {
                // The rest went with them.
                *told = Person {
                    status: told.status,
                    groups: told.groups.clone(),
                    holds: told.holds.clone(),
                    learns: told.learns.clone(),
                    ..is.clone()
                };
            }
            if told != is {
                wrong.push(format!("person {i} is told as {told:?} and is {is:?}"));
            }
        }
        self.roster.people.clone_from(&now.people);
        if self.roster != *now {
            wrong.push(format!("told is {:?} and is {now:?}", self.roster));
        }
        wrong
    }
}

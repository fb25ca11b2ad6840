//! The roster as plain data: what the rules keep, and what the tables say, read without the core.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rusqlite::{Connection, OpenFlags, Row};
use usher_core::model::{
    ApprovalId, ApprovalState, AssignmentState, AtCapacity, Date, GroupId, GroupRole,
    InvitationState, LinkState, Permission, PoolTerms, Record, RecordState, Status, Timestamp,
    UserId,
};

/// The connections, by name; their places in this list stand for them everywhere.
pub(crate) const CONNECTIONS: [&str; 2] = ["entra", "okta"];
pub(crate) const ACCESS: usize = 0;
/// The custom fields: a text, and a choice of the values below.
pub(crate) const FIELDS: [&str; 2] = ["Cost center", "Shirt"];
/// Time zones, and how many days after UTC's it is there at the hour of these tests.
pub(crate) const ZONES: [(&str, i64); 3] = [
    ("Europe/Berlin", 0),
    ("Pacific/Kiritimati", 1),
    ("Etc/GMT+12", -1),
];
pub(crate) const DAY_MS: i64 = 86_400_000;
/// For how many days a link to choose a password works.
const LINK_DAYS: i64 = 3;
pub(crate) const SHIRTS: [&str; 2] = ["S", "Extra Large"];

/// People in order of creation, pools in order of adding. People and pools stand for themselves by their places.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Roster {
    pub(crate) people: Vec<Person>,
    pub(crate) pools: Vec<Pool>,
    pub(crate) groups: Vec<Group>,
    /// Accounts that people have of their own, by address.
    pub(crate) accounts: BTreeMap<String, Account>,
    /// Everything that was ever asked, in that order.
    pub(crate) approvals: Vec<Approval>,
    /// What is required on invite, where that is set.
    pub(crate) required: Option<String>,
    /// Where the organization is, of [`ZONES`].
    pub(crate) zone: usize,
    pub(crate) single_sign_on: bool,
    pub(crate) platforms: Vec<Platform>,
    /// Of each connection: how many it may take off in an hour, a share in percent and a floor.
    pub(crate) brakes: [Option<(i64, i64)>; 2],
    /// Whether each connection has ever said of anybody whom they report to: it is its own to say from then on.
    pub(crate) says_managers: [bool; 2],
    pub(crate) carries: Vec<Carries>,
    pub(crate) trainings: Vec<Training>,
}

/// Whoever has one of these tokens speaks for a platform: each with the day on which it ends.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Platform {
    pub(crate) name: String,
    pub(crate) revoked: bool,
    pub(crate) tokens: Vec<Option<i64>>,
}

/// That a connection wants somebody to leave, and they have not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Leaving {
    pub(crate) by: usize,
    pub(crate) deletes: bool,
    pub(crate) rejected: bool,
}

/// Whom a connection says somebody reports to, where the roster has somebody else.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Says {
    pub(crate) by: usize,
    pub(crate) manager: Option<usize>,
    /// A person, or another connection, has set another one; else the one is not in, or reports to them.
    pub(crate) overridden: bool,
}

/// A link to choose a password.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Link {
    pub(crate) number: i64,
    pub(crate) state: LinkState,
    /// The day on which it was made.
    pub(crate) made: i64,
}

/// Whether and from which day on an invitation is mailed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Post {
    pub(crate) mail: bool,
    pub(crate) send_on: Option<i64>,
}

/// A group, in order of adding.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) removed: bool,
    /// What each connection calls it.
    pub(crate) links: BTreeMap<usize, String>,
    /// How many of its members may be in or coming by those who run it.
    pub(crate) budget: Option<i64>,
}

/// What one administrator asked for and another one has to approve: that somebody may purchase.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Approval {
    pub(crate) user: usize,
    /// Who asked; none is the file's owner.
    pub(crate) by: Option<usize>,
    pub(crate) state: ApprovalState,
}

/// An account that somebody has of their own.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Account {
    pub(crate) records: Vec<(String, RecordState, bool)>,
    /// Who accepted with it.
    pub(crate) taken_by: Option<usize>,
}

/// What a group brings.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Carries {
    pub(crate) trainings: BTreeSet<usize>,
    pub(crate) pools: BTreeSet<usize>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Training {
    pub(crate) name: String,
    pub(crate) is_pre_work: bool,
    pub(crate) pool: Option<usize>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Person {
    pub(crate) status: Status,
    /// Has ever been active.
    pub(crate) accepted: bool,
    pub(crate) manager: Option<usize>,
    /// What a connection says of the manager instead.
    pub(crate) says: Option<Says>,
    pub(crate) email: Option<String>,
    pub(crate) user_name: Option<String>,
    pub(crate) title: Option<String>,
    /// The days on which they are deactivated and deleted by themselves, counted from 1970.
    pub(crate) dates: [Option<i64>; 2],
    /// The days on which their licenses of pools end.
    pub(crate) ends: BTreeMap<usize, i64>,
    /// What they have in the custom fields, by their places in [`FIELDS`].
    pub(crate) fields: BTreeMap<usize, String>,
    /// What each connection calls them.
    pub(crate) links: BTreeMap<usize, Option<String>>,
    pub(crate) connection: Option<usize>,
    /// The provider has said `active: false` since a person deactivated them.
    pub(crate) released: bool,
    /// Which connection says of whether they are in what the roster does not have, and what.
    pub(crate) word: Option<(usize, bool)>,
    pub(crate) protected: bool,
    pub(crate) invitation: Option<(i64, InvitationState)>,
    /// The day on which it is mailed that was not yet.
    pub(crate) send_on: Option<i64>,
    /// How many invitations were mailed.
    pub(crate) mailed: i64,
    /// Whether the link that they have now was.
    pub(crate) link_mailed: bool,
    /// How they are invited once they have waited for a seat.
    pub(crate) post: Option<Post>,
    pub(crate) password: bool,
    pub(crate) link: Option<Link>,
    /// The day on which they were last seen.
    pub(crate) seen: Option<i64>,
    pub(crate) leaving: Option<Leaving>,
    pub(crate) groups: BTreeMap<usize, GroupRole>,
    pub(crate) permissions: BTreeSet<Permission>,
    pub(crate) holds: BTreeMap<usize, Held>,
    /// Pools of which they get a license when they become active.
    pub(crate) requests: BTreeSet<usize>,
    pub(crate) learns: BTreeMap<usize, AssignmentState>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Held {
    pub(crate) consumed: bool,
    /// A fallback pool's license that stands for the seat itself.
    pub(crate) stands: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pool {
    pub(crate) name: String,
    pub(crate) terms: PoolTerms,
    /// Who waits, the head first, and for which status.
    /// Who waits, for what, and whether a person chose so.
    pub(crate) queue: Vec<(usize, Status, bool)>,
}

impl Person {
    pub(crate) fn new(status: Status) -> Self {
        Self {
            status,
            accepted: status == Status::Active,
            manager: None,
            says: None,
            email: None,
            user_name: None,
            title: None,
            dates: [None; 2],
            ends: BTreeMap::new(),
            fields: BTreeMap::new(),
            links: BTreeMap::new(),
            connection: None,
            released: false,
            word: None,
            protected: false,
            invitation: None,
            send_on: None,
            mailed: 0,
            link_mailed: false,
            post: None,
            password: false,
            link: None,
            seen: None,
            leaving: None,
            groups: BTreeMap::new(),
            permissions: BTreeSet::new(),
            holds: BTreeMap::new(),
            requests: BTreeSet::new(),
            learns: BTreeMap::new(),
        }
    }

    pub(crate) fn is_invited(&self) -> bool {
        matches!(self.invitation, Some((_, InvitationState::Pending)))
    }

    /// Has come from the queue to an account.
    pub(crate) fn is_promoted_to(&self, now: &Self) -> bool {
        self.status == Status::Queued && now.status == Status::Active
    }

    /// Holds the seat, be it by a fallback.
    pub(crate) fn seat(&self) -> Option<Held> {
        let stands = self.holds.values().find(|it| it.stands);
        self.holds.get(&ACCESS).or(stands).copied()
    }
}

impl Roster {
    pub(crate) fn held(&self, pool: usize) -> i64 {
        let holders = self.people.iter();
        i64::try_from(holders.filter(|it| it.holds.contains_key(&pool)).count()).unwrap()
    }

    /// How many a pool can still hand out. Dates are long past or far off in these tests.
    pub(crate) fn room(&self, pool: usize, with_grace: bool) -> i64 {
        let terms = &self.pools[pool].terms;
        if terms.starts_on.is_some() {
            return 0;
        }
        let grace = match terms.at_capacity {
            AtCapacity::Grace(percent) if with_grace => terms.purchased * i64::from(percent) / 100,
            _ => 0,
        };
        (terms.purchased + grace - self.held(pool)).max(0)
    }

    /// Who of a queue is let in next, if anybody is: the grace is not for whom a person chose to queue.
    pub(crate) fn moves_up(&self, pool: usize) -> Option<usize> {
        let mut queue = self.pools[pool].queue.iter();
        if self.room(pool, false) > 0 {
            return queue.next().map(|_| 0);
        }
        let has_grace = self.room(pool, true) > 0;
        queue.position(|it| !it.2).filter(|_| has_grace)
    }

    /// How many of a group are in or coming.
    pub(crate) fn spent(&self, group: usize) -> i64 {
        let members = self.people.iter();
        let members =
            members.filter(|it| it.groups.contains_key(&group) && it.status.is_seated_or_coming());
        i64::try_from(members.count()).unwrap()
    }

    pub(crate) fn is_queued(&self, pool: usize, who: usize) -> bool {
        self.pools[pool].queue.iter().any(|it| it.0 == who)
    }

    /// The group of that name that was not removed.
    pub(crate) fn group_named(&self, name: &str) -> Option<usize> {
        let key = |it: &str| it.trim().to_lowercase();
        let mut groups = self.groups.iter();
        groups.position(|it| !it.removed && key(&it.name) == key(name))
    }

    pub(crate) fn pool_named(&self, name: &str) -> Option<usize> {
        self.pools.iter().position(|it| it.name == name)
    }

    /// Whether somebody is, or is below, that person.
    pub(crate) fn is_below(&self, who: usize, above: usize) -> bool {
        let mut at = Some(who);
        let mut steps = 0;
        while let Some(person) = at {
            if person == above {
                return true;
            }
            steps += 1;
            assert!(steps <= self.people.len(), "managers make a cycle");
            at = self.people[person].manager;
        }
        false
    }
}

/// The first day.
fn epoch() -> Date {
    Date::of_utc(Timestamp::from_millis(0))
}

/// A day as text, counted from 1970.
fn day_number(text: Option<String>) -> Option<i64> {
    text.map(|it| epoch().days_until(it.parse().unwrap()))
}

/// A day of that number as text.
pub(crate) fn day_text(number: i64) -> String {
    epoch().plus_days(number).to_string()
}

/// Groups in order of adding.
const GROUPS: &str = "SELECT id FROM groups ORDER BY id";

/// The tables, through a connection of our own.
pub(crate) struct Tables(pub(crate) Connection);

impl Tables {
    pub(crate) fn open(path: &Path) -> Self {
        let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
        conn.busy_timeout(std::time::Duration::from_secs(9))
            .unwrap();
        Self(conn)
    }

    fn rows<T>(&self, sql: &str, read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>) -> Vec<T> {
        let mut statement = self.0.prepare_cached(sql).unwrap();
        let rows = statement.query_map([], read).unwrap();
        rows.map(Result::unwrap).collect()
    }

    pub(crate) fn ids(&self) -> Vec<UserId> {
        self.rows("SELECT id FROM users ORDER BY seq", |row| {
            Ok(UserId::from_bytes(row.get(0)?))
        })
    }

    /// Every row of every table but what is only found later, such as the index of words.
    pub(crate) fn everything(&self) -> Vec<String> {
        let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' \
             AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'search%' AND name NOT LIKE 'look%' AND name <> 'unseen' AND name NOT LIKE 'users_text%' ORDER BY name";
        let mut rows = Vec::new();
        for table in self.rows(tables, |row| row.get::<_, String>(0)) {
            let text = |row: &Row<'_>| {
                let columns = row.as_ref().column_count();
                let values = (0..columns).map(|it| Ok(format!("{:?}", row.get_ref(it)?)));
                let values = values.collect::<rusqlite::Result<Vec<_>>>()?;
                Ok(format!("{table}: {}", values.join(" ")))
            };
            let mut found = self.rows(&format!("SELECT * FROM {table}"), text);
            found.sort_unstable();
            rows.append(&mut found);
        }
        rows
    }

    pub(crate) fn approval_ids(&self) -> Vec<ApprovalId> {
        self.rows("SELECT id FROM approvals ORDER BY id", |row| {
            Ok(ApprovalId::from_bytes(row.get(0)?))
        })
    }

    pub(crate) fn group_ids(&self) -> Vec<GroupId> {
        self.rows(GROUPS, |row| Ok(GroupId::from_bytes(row.get(0)?)))
    }

    /// How many mails there ever were, but those that only warn of full pools.
    pub(crate) fn mails(&self) -> i64 {
        let sql = "SELECT count(*) FROM outbox WHERE template != 'seat_alarm'";
        self.rows(sql, |row| row.get(0))[0]
    }

    fn places(&self, sql: &str) -> BTreeMap<[u8; 16], usize> {
        let ids = self.rows(sql, |row| row.get(0));
        ids.into_iter().zip(0..).collect()
    }

    pub(crate) fn roster(&self) -> Roster {
        let users = self.places("SELECT id FROM users ORDER BY seq");
        let pools = self.places("SELECT id FROM pools ORDER BY seq");
        let groups = self.places(GROUPS);
        let trainings = self.places("SELECT id FROM trainings ORDER BY name_key");
        let connections = self.places("SELECT id FROM connections ORDER BY name");
        let place =
            |places: &BTreeMap<[u8; 16], usize>, id: Option<[u8; 16]>| id.map(|it| places[&it]);
        let mut roster = Roster {
            groups: self.rows("SELECT name, removed, seats FROM groups LEFT JOIN group_budgets ON budget_of = id ORDER BY id", |row| {
                Ok(Group {
                    name: row.get(0)?,
                    removed: row.get(1)?,
                    links: BTreeMap::new(),
                    budget: row.get(2)?,
                })
            }),
            ..Roster::default()
        };
        roster.people = self.rows(
            "SELECT status, accepted, manager, email, user_name, title, connection, provider_hold, protected, generation, state, \
             deactivate_on, delete_on, send_on, last_seen_at \
             FROM users LEFT JOIN invitations ON user = users.id ORDER BY seq",
            |row| {
                let invitation: Option<(i64, String)> = row
                    .get::<_, Option<i64>>(9)?
                    .map(|generation| Ok::<_, rusqlite::Error>((generation, row.get(10)?)))
                    .transpose()?;
                Ok(Person {
                    accepted: row.get(1)?,
                    manager: place(&users, row.get(2)?),
                    email: row.get(3)?,
                    user_name: row.get(4)?,
                    title: row.get(5)?,
                    dates: [day_number(row.get(11)?), day_number(row.get(12)?)],
                    connection: place(&connections, row.get(6)?),
                    released: row.get::<_, String>(7)? == "released",
                    protected: row.get(8)?,
                    send_on: day_number(row.get(13)?)
                        .filter(|_| invitation.as_ref().is_some_and(|it| it.1 == "pending")),
                    seen: row
                        .get::<_, Option<i64>>(14)?
                        .map(|it| it.div_euclid(DAY_MS)),
                    invitation: invitation.map(|(generation, state)| {
                        (generation, InvitationState::from_word(&state).unwrap())
                    }),
                    ..Person::new(Status::from_word(&row.get::<_, String>(0)?).unwrap())
                })
            },
        );
        roster.pools = self.rows(
            "SELECT name, purchased, counts_from, recoverable, at_capacity, starts_on FROM pools ORDER BY seq",
            |row| {
                let starts_on: Option<String> = row.get(5)?;
                Ok(Pool {
                    name: row.get(0)?,
                    terms: PoolTerms {
                        counts_from: row.get::<_, String>(2)?.parse().unwrap(),
                        recoverable: row.get(3)?,
                        at_capacity: row.get::<_, String>(4)?.parse().unwrap(),
                        starts_on: starts_on.map(|it| it.parse().unwrap()),
                        ..PoolTerms::new(row.get(1)?)
                    },
                    queue: Vec::new(),
                })
            },
        );
        let sql = "SELECT time_zone FROM organization";
        let zone: String = self.rows(sql, |row| row.get(0)).remove(0);
        roster.zone = ZONES.iter().position(|it| it.0 == zone).unwrap();
        let sql = "SELECT value FROM settings WHERE name = 'single_sign_on'";
        let is_on = self.rows(sql, |row| row.get::<_, String>(0)).pop();
        roster.single_sign_on = is_on.is_some_and(|it| it == "on");
        let sql = "SELECT name, revoked_at FROM platforms ORDER BY id";
        roster.platforms = self.rows(sql, |row| {
            Ok(Platform {
                name: row.get(0)?,
                revoked: row.get::<_, Option<i64>>(1)?.is_some(),
                tokens: Vec::new(),
            })
        });
        let platforms = self.places("SELECT id FROM platforms ORDER BY id");
        let sql = "SELECT platform, ends_at FROM platform_tokens ORDER BY id";
        for (platform, end) in self.rows(sql, |row| {
            Ok((row.get::<_, [u8; 16]>(0)?, row.get::<_, Option<i64>>(1)?))
        }) {
            let end = end.map(|it| it.div_euclid(DAY_MS));
            roster.platforms[platforms[&platform]].tokens.push(end);
        }
        let sql = "SELECT id, sends FROM connections";
        for (connection, sends) in self.rows(sql, |row| {
            Ok((row.get::<_, [u8; 16]>(0)?, row.get::<_, String>(1)?))
        }) {
            let says = sends.split(',').any(|it| it == "manager");
            roster.says_managers[connections[&connection]] = says;
        }
        let sql = "SELECT user, connection, said, why FROM drifts WHERE part = 'manager'";
        for (user, by, said, why) in self.rows(sql, |row| {
            Ok((
                row.get::<_, [u8; 16]>(0)?,
                row.get::<_, [u8; 16]>(1)?,
                row.get::<_, Option<String>>(2)?,
                row.get::<_, String>(3)?,
            ))
        }) {
            let manager = said.map(|it| users[it.parse::<UserId>().unwrap().as_bytes()]);
            roster.people[users[&user]].says = Some(Says {
                by: connections[&by],
                manager,
                overridden: why == "overridden",
            });
        }
        let sql = "SELECT user, connection, said FROM drifts WHERE part = 'active'";
        for (user, by, said) in self.rows(sql, |row| {
            Ok((
                row.get::<_, [u8; 16]>(0)?,
                row.get::<_, [u8; 16]>(1)?,
                row.get::<_, String>(2)?,
            ))
        }) {
            roster.people[users[&user]].word = Some((connections[&by], said == "true"));
        }
        let sql = "SELECT connection, share, floor FROM brakes";
        for (connection, share, floor) in self.rows(sql, |row| {
            Ok((row.get::<_, [u8; 16]>(0)?, row.get(1)?, row.get(2)?))
        }) {
            roster.brakes[connections[&connection]] = Some((share, floor));
        }
        let sql = "SELECT user, connection, kind, state FROM leaving";
        for (user, by, kind, state) in self.rows(sql, |row| {
            Ok((
                row.get::<_, [u8; 16]>(0)?,
                row.get::<_, [u8; 16]>(1)?,
                row.get::<_, String>(2)?,
                row.get::<_, String>(3)?,
            ))
        }) {
            roster.people[users[&user]].leaving = Some(Leaving {
                by: connections[&by],
                deletes: kind == "delete",
                rejected: state == "rejected",
            });
        }
        let sql = "SELECT user FROM passwords";
        for user in self.rows(sql, |row| row.get::<_, [u8; 16]>(0)) {
            roster.people[users[&user]].password = true;
        }
        let sql = "SELECT user, generation, state, expires_at FROM password_links";
        for (user, number, state, end) in self.rows(sql, |row| {
            Ok((
                row.get::<_, [u8; 16]>(0)?,
                row.get(1)?,
                row.get::<_, String>(2)?,
                row.get::<_, i64>(3)?,
            ))
        }) {
            roster.people[users[&user]].link = Some(Link {
                number,
                state: LinkState::from_word(&state).unwrap(),
                made: end.div_euclid(DAY_MS) - LINK_DAYS,
            });
        }
        let sql = "SELECT user, count(*) FROM outbox WHERE template = 'invitation' GROUP BY user";
        for (user, mailed) in self.rows(sql, |row| Ok((row.get::<_, [u8; 16]>(0)?, row.get(1)?))) {
            roster.people[users[&user]].mailed = mailed;
        }
        let sql = "SELECT DISTINCT invitations.user FROM invitations JOIN outbox ON outbox.user = invitations.user \
            AND outbox.generation = invitations.generation AND outbox.template = 'invitation'";
        for user in self.rows(sql, |row| row.get::<_, [u8; 16]>(0)) {
            roster.people[users[&user]].link_mailed = true;
        }
        let sql = "SELECT value FROM settings WHERE name = 'required_on_invite'";
        roster.required = self.rows(sql, |row| row.get(0)).pop();
        let sql = "SELECT user, fields.name, coalesce(field_choices.name, value) FROM field_values JOIN fields ON fields.id = field_values.field \
            LEFT JOIN field_choices ON replace(value, '-', '') = lower(hex(field_choices.id))";
        for (user, field, value) in self.rows(sql, |row| {
            Ok((
                row.get::<_, [u8; 16]>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, String>(2)?,
            ))
        }) {
            let field = FIELDS.iter().position(|it| *it == field).unwrap();
            roster.people[users[&user]].fields.insert(field, value);
        }
        let key = |row: &Row<'_>, column, places: &BTreeMap<[u8; 16], usize>| {
            Ok::<_, rusqlite::Error>(places[&row.get::<_, [u8; 16]>(column)?])
        };
        let sql = "SELECT user, connection, external_id FROM links";
        for (user, connection, external_id) in self.rows(sql, |row| {
            Ok((
                key(row, 0, &users)?,
                key(row, 1, &connections)?,
                row.get(2)?,
            ))
        }) {
            roster.people[user].links.insert(connection, external_id);
        }
        let sql = "SELECT user, permission FROM permissions";
        for (user, permission) in self.rows(sql, |row| {
            let permission: String = row.get(1)?;
            Ok((
                key(row, 0, &users)?,
                Permission::from_word(&permission).unwrap(),
            ))
        }) {
            roster.people[user].permissions.insert(permission);
        }
        let sql = "SELECT user, asked_by, state FROM approvals ORDER BY id";
        roster.approvals = self.rows(sql, |row| {
            let state: String = row.get(2)?;
            Ok(Approval {
                user: key(row, 0, &users)?,
                by: place(&users, row.get(1)?),
                state: ApprovalState::from_word(&state).unwrap(),
            })
        });
        let sql = "SELECT linked, connection, external_id FROM group_links";
        for (group, connection, external_id) in self.rows(sql, |row| {
            Ok((
                key(row, 0, &groups)?,
                key(row, 1, &connections)?,
                row.get(2)?,
            ))
        }) {
            roster.groups[group].links.insert(connection, external_id);
        }
        let sql = "SELECT email_key, records, taken_by FROM individuals";
        let accounts = self.rows(sql, |row| {
            let records: Vec<Record> = serde_json::from_str(&row.get::<_, String>(1)?).unwrap();
            let records = records.into_iter();
            let account = Account {
                records: records
                    .map(|it| (it.training, it.state, it.transferred))
                    .collect(),
                taken_by: place(&users, row.get(2)?),
            };
            Ok((row.get(0)?, account))
        });
        roster.accounts = accounts.into_iter().collect();
        let sql = "SELECT user, member_of, role FROM memberships";
        for (user, group, role) in self.rows(sql, |row| {
            let role: String = row.get(2)?;
            Ok((
                key(row, 0, &users)?,
                key(row, 1, &groups)?,
                GroupRole::from_word(&role).unwrap(),
            ))
        }) {
            roster.people[user].groups.insert(group, role);
        }
        roster.carries = vec![Carries::default(); roster.groups.len()];
        let sql = "SELECT carrier, training FROM group_trainings";
        for (group, training) in self.rows(sql, |row| {
            Ok((key(row, 0, &groups)?, key(row, 1, &trainings)?))
        }) {
            roster.carries[group].trainings.insert(training);
        }
        let sql = "SELECT carrier, pool FROM group_pools";
        for (group, pool) in self.rows(sql, |row| Ok((key(row, 0, &groups)?, key(row, 1, &pools)?)))
        {
            roster.carries[group].pools.insert(pool);
        }
        let sql = "SELECT name, kind, pool FROM trainings ORDER BY name_key";
        roster.trainings = self.rows(sql, |row| {
            Ok(Training {
                name: row.get(0)?,
                is_pre_work: row.get::<_, String>(1)? == "pre_work",
                pool: place(&pools, row.get(2)?),
            })
        });
        let sql = "SELECT user, training, state FROM assignments";
        for (user, training, state) in self.rows(sql, |row| {
            let state: String = row.get(2)?;
            Ok((
                key(row, 0, &users)?,
                key(row, 1, &trainings)?,
                AssignmentState::from_word(&state).unwrap(),
            ))
        }) {
            roster.people[user].learns.insert(training, state);
        }
        let sql = "SELECT user, pool, ends_on FROM license_ends";
        for (user, pool, day) in self.rows(sql, |row| {
            Ok((key(row, 0, &users)?, key(row, 1, &pools)?, row.get(2)?))
        }) {
            let day = day_number(Some(day)).unwrap();
            roster.people[user].ends.insert(pool, day);
        }
        let sql = "SELECT user, pool FROM license_requests";
        for (user, pool) in self.rows(sql, |row| Ok((key(row, 0, &users)?, key(row, 1, &pools)?))) {
            roster.people[user].requests.insert(pool);
        }
        let sql = "SELECT user, pool, state, stands_for_access, leads_to, mail, send_on, chosen FROM licenses ORDER BY place, user";
        for (user, pool, state, stands, leads_to, mail, send_on, chosen) in self.rows(sql, |row| {
            let (state, leads_to): (String, Option<String>) = (row.get(2)?, row.get(4)?);
            Ok((
                key(row, 0, &users)?,
                key(row, 1, &pools)?,
                state,
                row.get(3)?,
                leads_to,
                row.get::<_, Option<bool>>(5)?,
                day_number(row.get(6)?),
                row.get::<_, Option<bool>>(7)?.is_some(),
            ))
        }) {
            if state == "queued" {
                if pool == ACCESS {
                    let mail = mail.unwrap_or_default();
                    roster.people[user].post = Some(Post { mail, send_on });
                }
                let leads_to = Status::from_word(&leads_to.unwrap()).unwrap();
                roster.pools[pool].queue.push((user, leads_to, chosen));
            } else {
                let consumed = state == "consumed";
                roster.people[user]
                    .holds
                    .insert(pool, Held { consumed, stands });
            }
        }
        roster
    }

    /// Totals that the database keeps beside what it counts, and what a count gives instead.
    pub(crate) fn wrong_totals(&self) -> Vec<String> {
        let pools = "SELECT pools.name FROM pool_counters JOIN pools ON pools.id = pool WHERE \
             reserved <> (SELECT count(*) FROM licenses WHERE licenses.pool = pools.id AND state = 'reserved') OR \
             consumed <> (SELECT count(*) FROM licenses WHERE licenses.pool = pools.id AND state = 'consumed') OR \
             queued <> (SELECT count(*) FROM licenses WHERE licenses.pool = pools.id AND state = 'queued')";
        let statuses = "SELECT status FROM status_counts WHERE \
             people <> (SELECT count(*) FROM users WHERE users.status = status_counts.status)";
        let groups = "SELECT name FROM groups WHERE members <> (SELECT count(*) FROM memberships WHERE member_of = groups.id)";
        let trainings = "SELECT name FROM trainings WHERE \
             assigned <> (SELECT count(*) FROM assignments WHERE training = trainings.id AND state = 'assigned') OR \
             started <> (SELECT count(*) FROM assignments WHERE training = trainings.id AND state = 'started') OR \
             completed <> (SELECT count(*) FROM assignments WHERE training = trainings.id AND state = 'completed') OR \
             ended <> (SELECT count(*) FROM assignments WHERE training = trainings.id AND state = 'ended')";
        let budgets = "SELECT name FROM group_budgets JOIN groups ON id = budget_of WHERE spent <> (SELECT count(*) \
             FROM memberships JOIN users ON users.id = user WHERE member_of = budget_of \
             AND status IN ('queued', 'waiting', 'pending_transfer', 'active'))";
        let read = |row: &Row<'_>| row.get(0);
        [pools, statuses, groups, trainings, budgets]
            .map(|it| self.rows(it, read))
            .concat()
    }
}

//! Random sequences of what providers send, in their quirks, with administrators in between: whatever comes, no answer is a
//! server's fault, what is answered is what is there, what is refused changes nothing, what is repeated changes nothing more,
//! ids stay, and seats are never oversold.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use usher_core::Selection;
use usher_core::change::Change;
use usher_core::command::{Command, PoolEdit};
use usher_core::directory::HistoryPage;
use usher_core::model::{Actor, AtCapacity, ConnectionPolicy, Door, NewPeople, Part, ProviderHold};

use crate::filtering::Draws;
use crate::org::{CORE, ENTERPRISE, Org, Reply, USHER, encoded, user_id};

const NAMES: [&str; 9] = [
    "ana", "bo", "cleo", "dan", "eve", "Finn", "gül", "hal", "ida",
];
const WORDS: [&str; 6] = ["Sales", "Öz", "x \"y\"", "Boss", "", "de"];

/// A conversation and what has happened in it.
struct Talk {
    org: Org,
    draws: Draws,
    people: Vec<String>,
    groups: Vec<String>,
    said: Vec<String>,
    /// The tokens of the connections that speak, each in its turn.
    tokens: Vec<String>,
    /// How many seats were held when it was last looked.
    held: std::cell::Cell<i64>,
}

impl Talk {
    fn new(seed: u64) -> Self {
        let mut draws = Draws(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let mut org = Org::with_free_seats(5);
        let policy = draws
            .one(&[AtCapacity::Queue, AtCapacity::Refuse, AtCapacity::Grace(20)])
            .clone();
        org.at_capacity("access", policy);
        org.admin(Command::AddPool {
            name: "pro".parse().expect("a name"),
            set: PoolEdit {
                purchased: Some(2),
                at_capacity: Some(draws.one(&[AtCapacity::Queue, AtCapacity::Refuse]).clone()),
                ..PoolEdit::default()
            },
        });
        let mut tokens = vec![org.token.clone()];
        if draws.chance(50) {
            let policy = ConnectionPolicy {
                new_people: *draws.one(&[NewPeople::Waiting, NewPeople::Active]),
                ..ConnectionPolicy::default()
            };
            tokens.push(org.connect("other", policy));
            if draws.chance(40) {
                tokens.swap_remove(0);
            }
        }
        org.token.clone_from(&tokens[0]);
        Self {
            org,
            draws,
            people: Vec::new(),
            groups: Vec::new(),
            said: Vec::new(),
            tokens,
            held: std::cell::Cell::new(0),
        }
    }

    fn fail(&self, why: &str) -> ! {
        let last = self.said.len().saturating_sub(25);
        panic!("{why}\nafter\n  {}", self.said[last..].join("\n  "));
    }

    fn check(&self, holds: bool, why: &str) {
        if !holds {
            self.fail(why);
        }
    }

    fn somebody(&mut self) -> String {
        match self.people.as_slice() {
            [] => "0198c2f4-7a1e-7c3d-9b1a-3f2e5d6c7b8a".to_owned(),
            people => self.draws.one(people).clone(),
        }
    }

    fn name(&mut self) -> String {
        let name = *self.draws.one(&NAMES);
        let name = format!("{name}@acme.example");
        if self.draws.chance(10) {
            name.to_uppercase()
        } else {
            name
        }
    }

    fn truth(&mut self) -> Value {
        self.draws
            .one(&[
                json!(true),
                json!(true),
                json!("True"),
                json!(false),
                json!("False"),
                json!("false"),
            ])
            .clone()
    }

    fn word(&mut self) -> Value {
        json!(self.draws.one(&WORDS))
    }

    fn manager(&mut self) -> Value {
        let id = self.somebody();
        match self.draws.below(5) {
            0 => json!(id),
            1 => json!({"value": id, "$ref": format!("../Users/{id}"), "displayName": "X"}),
            2 => json!(""),
            3 => Value::Null,
            // Not a name that takes turns: the request itself may give it to, or take it from, somebody.
            _ => json!({"value": "boss@acme.example"}),
        }
    }

    fn emails(&mut self) -> Value {
        let mut list = vec![json!({"value": self.name(), "type": "work", "primary": true})];
        if self.draws.chance(30) {
            list.push(json!({"value": self.name(), "type": "home"}));
        }
        if self.draws.chance(10) {
            return list.remove(0);
        }
        json!(list)
    }

    /// A User as a provider writes one.
    fn user(&mut self) -> Value {
        let name = self.name();
        let mut body = json!({"schemas": [CORE, ENTERPRISE], "userName": name});
        if self.draws.chance(70) {
            let which = *self.draws.one(&["1", "1", "1", "2"]);
            body["externalId"] = json!(format!("{}-{which}", name.to_lowercase()));
        }
        if self.draws.chance(80) {
            body["active"] = self.truth();
        }
        if self.draws.chance(50) {
            body["emails"] = self.emails();
        }
        if self.draws.chance(30) {
            body["preferredLanguage"] =
                json!(self.draws.one(&["de", "", "en-US", "de_AT,de;q=0.9"]));
        }
        for field in ["title", "displayName", "nickName"] {
            if self.draws.chance(30) {
                body[field] = self.word();
            }
        }
        if self.draws.chance(30) {
            body["name"] = json!({"givenName": self.word(), "familyName": "Li", "formatted": null});
        }
        if self.draws.chance(25) {
            body[ENTERPRISE] = json!({"department": self.word(), "manager": self.manager()});
        }
        if self.draws.chance(25) {
            body["entitlements"] = json!([{"value": self.draws.one(&["pro", "PRO", "none"])}]);
        }
        if self.draws.chance(20) {
            body["addresses"] =
                json!([{"type": "work", "region": self.word(), "locality": "Berlin"}]);
        }
        if self.draws.chance(20) {
            body["roles"] = json!([]);
            body["password"] = json!("secret");
            body["groups"] = json!([]);
        }
        body
    }

    /// An operation of a PATCH, as one of the providers writes it.
    fn operation(&mut self) -> Value {
        let op = *self
            .draws
            .one(&["add", "Add", "replace", "Replace", "replace"]);
        match self.draws.below(19) {
            16 => json!({"op": op, "path": "emails[primary eq true].value", "value": self.name()}),
            17 => json!({"op": "remove", "path": format!("{ENTERPRISE}:manager")}),
            18 => {
                json!({"op": op, "value": {"emails[type eq \"home\"].value": self.name(), "active": self.truth()}})
            }
            0 | 1 => json!({"op": op, "path": "active", "value": self.truth()}),
            2 => json!({"op": op, "value": {"active": self.truth()}}),
            3 => json!({"op": op, "path": "userName", "value": self.name()}),
            4 => json!({"op": op, "path": "emails[type eq \"work\"].value", "value": self.name()}),
            5 => json!({"op": op, "path": "title", "value": [self.word()]}),
            6 => {
                json!({"op": op, "path": format!("{ENTERPRISE}:manager"), "value": self.manager()})
            }
            7 => {
                let department = format!("{ENTERPRISE}:department");
                json!({"op": op, "value": {"name.givenName": self.word(), department: self.word(), "displayName": self.word()}})
            }
            8 => {
                let name = self.name().to_lowercase();
                json!({"op": op, "path": "externalId", "value": format!("{name}-1")})
            }
            9 => {
                json!({"op": "Remove", "path": self.draws.one(&["title", "emails", "nickName", "externalId",
                "addresses[type eq \"work\"]", "phoneNumbers[type eq \"work\"]", "name.familyName"])})
            }
            10 => {
                json!({"op": op, "path": "phoneNumbers[type eq \"work\"].value", "value": self.word()})
            }
            11 => json!({"op": op, "path": "entitlements", "value": [{"value": "pro"}]}),
            12 => json!({"op": op, "path": "emails", "value": self.emails()}),
            13 => {
                json!({"op": op, "path": "addresses[type eq \"work\"].region", "value": self.word()})
            }
            14 => {
                json!({"op": op, "value": {ENTERPRISE: {"costCenter": self.word()}, "locale": self.word()}})
            }
            _ => json!({"op": op, "path": format!("{CORE}:nickName"), "value": self.word()}),
        }
    }

    fn members(&mut self) -> Value {
        let count = self.draws.below(4);
        let list: Vec<Value> = (0..count)
            .map(|_| json!({"value": self.somebody(), "$ref": null}))
            .collect();
        json!(list)
    }

    /// A request: what, where, and with which body.
    fn request(&mut self) -> (&'static str, String, Value) {
        let id = self.somebody();
        let person = format!("/Users/{id}");
        let group = match self.groups.as_slice() {
            [] => "/Groups/none".to_owned(),
            groups => format!("/Groups/{}", self.draws.one(groups)),
        };
        let number = self.draws.below(40);
        match number {
            0..=8 => ("POST", "/Users".to_owned(), self.user()),
            9..=13 => ("PUT", person, self.user()),
            14..=15 => {
                // Read, changed and sent back, as wizard apps of Okta do.
                let mut body = self.org.user(&id).body;
                if body["userName"].is_string() {
                    body["title"] = self.word();
                    if self.draws.chance(40) {
                        body["active"] = self.truth();
                    }
                }
                ("PUT", person, body)
            }
            16..=27 => {
                let operations: Vec<Value> = (0..=self.draws.below(3))
                    .map(|_| self.operation())
                    .collect();
                ("PATCH", person, json!({"Operations": operations}))
            }
            28..=29 => ("DELETE", person, Value::Null),
            30..=31 => {
                let name = *self.draws.one(&["Sales", "SALES ", "Board"]);
                let body = json!({"displayName": name, "members": self.members()});
                ("POST", "/Groups".to_owned(), body)
            }
            32 => {
                let name = *self.draws.one(&["Sales", "Board", "Third"]);
                let body = json!({"displayName": name, "members": self.members()});
                ("PUT", group, body)
            }
            33..=37 => {
                let one = format!("members[value eq \"{id}\"]");
                let operation = match self.draws.below(6) {
                    0 => json!({"op": "Add", "path": "members", "value": self.members()}),
                    1 => json!({"op": "Remove", "path": "members", "value": [{"value": id}]}),
                    2 => json!({"op": "remove", "path": one}),
                    3 => json!({"op": "replace", "path": "members", "value": self.members()}),
                    4 => {
                        json!({"op": "add", "value": {"members": [{"value": id, "display": "X"}]}})
                    }
                    _ => {
                        json!({"op": "Replace", "value": {"displayName": self.draws.one(&["Sales", "Board", "Third"])}})
                    }
                };
                ("PATCH", group, json!({"Operations": [operation]}))
            }
            38 => ("DELETE", group, Value::Null),
            _ => {
                let mut operations = Vec::new();
                for at in 0..=self.draws.below(3) {
                    let mut operation = loop {
                        let (method, path, data) = self.request();
                        if path != "/Bulk" {
                            break json!({"method": method, "path": path, "data": data});
                        }
                    };
                    operation["bulkId"] = json!(format!("b{at}"));
                    operations.push(operation);
                }
                (
                    "POST",
                    "/Bulk".to_owned(),
                    json!({"Operations": operations}),
                )
            }
        }
    }

    fn send(&mut self, method: &str, path: &str, body: &Value) -> Reply {
        let sent = (!body.is_null()).then(|| body.clone());
        let reply = self.org.send(method, &format!("/scim/v2{path}"), sent);
        self.said.push(format!(
            "{method} {path} {body} -> {} {}",
            reply.status,
            reply.detail()
        ));
        self.check(
            (200..500).contains(&reply.status) && reply.status != 429,
            "a status that is not to be",
        );
        if reply.status >= 400 {
            self.check(!reply.detail().is_empty(), "a refusal without a reason");
        }
        reply
    }

    /// Whether nothing came of what followed but that a provider and the roster agree that somebody is gone.
    fn only_agrees(&self, head: i64) -> bool {
        let session = self.org.directory.as_actor(Actor::FileOwner, Door::Cli);
        let page = HistoryPage {
            after: Some(head),
            limit: 100,
            ..HistoryPage::default()
        };
        let events = session.read().and_then(|it| it.history(&page));
        let agrees = |it: &Change| {
            matches!(
                it,
                Change::Drift {
                    part: Part::Active,
                    after: None,
                    ..
                } | Change::ProviderHold {
                    after: ProviderHold::Released,
                    ..
                }
            )
        };
        let events = events.expect("the history");
        events
            .iter()
            .all(|it| it.change.as_ref().is_some_and(agrees))
    }

    fn step(&mut self) {
        if self.draws.chance(8) {
            return self.administer();
        }
        if self.draws.chance(15) {
            self.org.token.clone_from(self.draws.one(&self.tokens));
            let which = self.tokens.iter().position(|it| *it == self.org.token);
            self.said.push(format!("connection {which:?} goes on"));
        }
        let (method, path, body) = self.request();
        let before = self.state();
        let head = self.org.events();
        let reply = self.send(method, &path, &body);
        if path == "/Bulk" {
            self.learn_of_bulk(&reply);
            return self.everything();
        }
        if reply.detail().contains("was carried out all the same") {
            let now = self.org.get(&format!("/scim/v2{path}"));
            self.check(now.body["active"] == json!(false), "who was to leave is in");
            return self.everything();
        }
        if reply.status >= 400 {
            self.check(
                self.org.events() == head || reply.status == 404 && self.only_agrees(head),
                "what was refused is in the history",
            );
            let now = self.state();
            self.check(now == before, "what was refused changed something");
            return;
        }
        self.answered(method, &path, &reply);
        // What is added to a list and then renamed there is added again the next time.
        let lists = body.to_string().matches("\"emails").count();
        if self.draws.chance(35) && (method != "PATCH" || lists <= 1) {
            self.again(method, &path, &body, &reply);
        }
    }

    fn learn_of_bulk(&mut self, reply: &Reply) {
        for operation in reply.body["Operations"].as_array().into_iter().flatten() {
            let status: u16 = operation["status"]
                .as_str()
                .and_then(|it| it.parse().ok())
                .unwrap_or(0);
            self.check(
                (200..500).contains(&status),
                &format!("a status in Bulk that is not to be: {operation}"),
            );
            let made = operation["method"] == json!("POST") && status == 201;
            if let Some(location) = operation["location"].as_str().filter(|_| made) {
                self.learn(location);
            }
        }
    }

    fn learn(&mut self, location: &str) {
        let id = location.rsplit('/').next().unwrap_or_default().to_owned();
        let known = if location.contains("/Users/") {
            &mut self.people
        } else {
            &mut self.groups
        };
        if !known.contains(&id) {
            known.push(id);
        }
    }

    /// What was answered is what is there.
    fn answered(&mut self, method: &str, path: &str, reply: &Reply) {
        if method == "DELETE" {
            self.check(reply.status == 204, "a deletion with another status");
            self.check(
                self.org.get(&format!("/scim/v2{path}")).status == 404,
                "the deleted is there",
            );
            return;
        }
        let id = reply.id();
        if method == "POST" {
            let kind = path.trim_start_matches('/');
            let location = reply.header("location").unwrap_or_default().to_owned();
            self.check(
                location.ends_with(&format!("/{kind}/{id}")),
                "a location of something else",
            );
            self.check(
                reply.body["meta"]["location"] == json!(location),
                "another location in meta",
            );
            self.learn(&location);
        } else {
            self.check(path.ends_with(&id), "somebody else was answered");
        }
        let kind = path.split('/').nth(1).unwrap_or_default();
        let now = self.org.get(&format!("/scim/v2/{kind}/{id}"));
        if now.body != reply.body {
            self.said
                .push(format!("answered {}\n  is       {}", reply.body, now.body));
            self.fail("what was answered is not what is there");
        }
        let version = now.header("etag").map(str::to_owned);
        self.check(
            version.as_deref() == now.body["meta"]["version"].as_str(),
            "another version in the ETag",
        );
        if kind == "Users" {
            let name = now.body["userName"].as_str().unwrap_or_default().to_owned();
            let found = self
                .org
                .find(&format!("userName eq {}", json!(name.to_uppercase())));
            // Only ASCII is folded.
            if name.is_ascii() {
                self.check(
                    found.body["Resources"][0]["id"] == json!(id),
                    "not found by the user name",
                );
            }
        }
    }

    /// The same request once more: it changes nothing.
    fn again(&mut self, method: &str, path: &str, body: &Value, first: &Reply) {
        let before = self.state();
        let reply = self.send(method, path, body);
        match method {
            "POST" => self.check(reply.status == 409, "made twice"),
            "DELETE" => self.check(reply.status == 404, "deleted twice"),
            _ if reply.status >= 400 => {
                // What is not there any more cannot be removed, and a name may have been freed for oneself only.
                self.check(reply.status == 400, "refused when repeated");
            }
            _ => {
                if reply.body != first.body {
                    self.said
                        .push(format!("first {}\n  then  {}", first.body, reply.body));
                    self.fail("a repetition is answered otherwise");
                }
            }
        }
        let now = self.state();
        if now != before {
            self.fail("a repetition changed something");
        }
    }

    /// What an administrator does meanwhile.
    fn administer(&mut self) {
        self.everything();
        let who = Selection::from(user_id(&self.somebody()));
        let purchased = i64::try_from(3 + self.draws.below(6)).unwrap_or(5);
        let command = match self.draws.below(5) {
            0 => Command::Deactivate { who },
            1 => Command::Reactivate {
                who,
                restore_assignments: false,
            },
            2 => Command::Relink {
                name: (*self.draws.one(&["okta", "other"])).to_owned(),
                who,
            },
            3 => Command::Delete { who },
            _ => Command::SetPool {
                name: "access".parse().expect("a name"),
                set: PoolEdit {
                    purchased: Some(purchased),
                    ..PoolEdit::default()
                },
            },
        };
        let session = self.org.directory.as_actor(Actor::FileOwner, Door::Cli);
        let said = format!("{command:?}");
        let done = session.apply(session.request(command), None).is_ok();
        self.said.push(format!("{said} -> {done}"));
        self.everything();
    }

    /// Everybody and every group, as they are shown.
    fn state(&self) -> (Value, Value) {
        let list = |kind: &str| self.org.get(&format!("/scim/v2/{kind}?count=200")).body;
        (list("Users"), list("Groups"))
    }

    /// What holds at any time.
    fn everything(&self) {
        let (users, groups) = self.state();
        let list = |it: &Value| it["Resources"].as_array().cloned().unwrap_or_default();
        let (people, all_groups) = (list(&users), list(&groups));
        self.check(
            users["totalResults"] == json!(people.len()),
            "another number of people",
        );
        let mut names = BTreeSet::new();
        let mut external_ids = BTreeSet::new();
        let mut emails = BTreeSet::new();
        let mut shown: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for person in &people {
            let id = person["id"].as_str().unwrap_or_default().to_owned();
            let one = self.org.user(&id);
            self.check(one.body == *person, "in the list they are otherwise");
            let name = person["userName"].as_str().unwrap_or_default();
            self.check(
                names.insert(name.to_ascii_lowercase()),
                "two of one user name",
            );
            if let Some(external_id) = person["externalId"].as_str() {
                self.check(
                    external_ids.insert(external_id.to_owned()),
                    "two of one externalId",
                );
            }
            let mine = list_of(&person["emails"]);
            let primary = mine.iter().filter(|it| it["primary"] == json!(true));
            self.check(primary.count() <= 1, "two primary addresses");
            if let Some(email) = mine.iter().find(|it| it["primary"] == json!(true)) {
                let email = email["value"]
                    .as_str()
                    .unwrap_or_default()
                    .to_ascii_lowercase();
                self.check(emails.insert(email), "two of one address");
            }
            let status = person[USHER]["status"].as_str().unwrap_or_default();
            let is_in = ["active", "waiting", "pending_transfer"].contains(&status);
            self.check(
                person["active"] == json!(is_in),
                "active is not what the status says",
            );
            let licenses = list_of(&person[USHER]["licenses"]);
            let seat = licenses.iter().find(|it| it["pool"] == json!("access"));
            let state = seat.and_then(|it| it["state"].as_str());
            let fits = match status {
                "active" => state == Some("consumed"),
                "waiting" | "pending_transfer" => state == Some("reserved"),
                "queued" => state == Some("queued") && person[USHER]["queuePosition"].is_i64(),
                _ => state.is_none(),
            };
            self.check(fits, &format!("a seat that does not fit: {person}"));
            let of = list_of(&person["groups"]);
            let of = of
                .iter()
                .filter_map(|it| it["value"].as_str().map(str::to_owned));
            shown.insert(id, of.collect());
        }
        for group in &all_groups {
            let id = group["id"].as_str().unwrap_or_default().to_owned();
            for member in list_of(&group["members"]) {
                let member = member["value"].as_str().unwrap_or_default();
                let theirs = shown.get_mut(member).is_some_and(|it| it.remove(&id));
                self.check(theirs, "a member who is not in the group, or not there");
            }
        }
        let unmatched = shown.values().any(|it| !it.is_empty());
        self.check(!unmatched, "somebody is in a group that does not have them");
        let session = self.org.directory.as_actor(Actor::FileOwner, Door::Cli);
        let read = session.read().expect("the roster is read");
        for pool in read.pools().expect("pools") {
            let held: i64 = pool.held();
            let grace = match pool.terms.at_capacity {
                AtCapacity::Grace(percent) => pool.terms.purchased * i64::from(percent) / 100,
                _ => 0,
            };
            let is_access = pool.name.as_str() == "access";
            let before = if is_access {
                self.held.replace(held)
            } else {
                0
            };
            // What was purchased may be lowered; nobody is let in then.
            self.check(
                held <= (pool.terms.purchased + grace).max(before),
                "oversold",
            );
            let sought = format!(
                "{USHER}:licenses[pool eq \"{}\" and (state eq \"consumed\" or state eq \"reserved\")]",
                pool.name.as_str()
            );
            let found = self.org.get(&format!(
                "/scim/v2/Users?count=0&filter={}",
                encoded(&sought)
            ));
            let counted = found.body["totalResults"].as_i64().unwrap_or(-1);
            // Who is deleted may have what is consumed of an add-on.
            self.check(
                counted == held || !is_access && counted <= held,
                &format!(
                    "{counted} of {held} licenses of {} are shown",
                    pool.name.as_str()
                ),
            );
        }
    }
}

fn list_of(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

#[test]
fn whatever_providers_send_the_roster_is_whole_and_the_answers_are_true() {
    let number = |name: &str, usual: u64| {
        let asked = std::env::var(name).ok();
        asked.and_then(|it| it.parse().ok()).unwrap_or(usual)
    };
    let from = number("TALK_FROM", 1);
    for seed in from..from + number("TALKS", 3) {
        let mut talk = Talk::new(seed);
        talk.said.push(format!("talk {seed}"));
        for _ in 0..120 {
            talk.step();
        }
        talk.everything();
    }
}

//! What is kept of what a provider asks: everything that changed or tried to change something, as the provider saw it.

use serde_json::{Value, json};
use usher_core::command::{Command, HeldWho};
use usher_core::model::{Actor, Asked, AskedFilter, AtCapacity, Brake, Door};
use usher_core::{Applied, Session};
use usher_scim_server::command_of;

use crate::org::{ENTERPRISE, Org, user_id};

impl Org {
    fn cli(&self) -> Session {
        self.directory.as_actor(Actor::FileOwner, Door::Cli)
    }

    /// What was asked, oldest first.
    fn asked(&self) -> Vec<Asked> {
        let session = self.cli();
        let read = session.read().expect("a reader");
        let mut asked = read
            .asked(&AskedFilter::default(), 1_000)
            .expect("the requests");
        asked.reverse();
        asked
    }

    fn last(&self) -> Asked {
        self.asked().pop().expect("something was asked")
    }

    /// `METHOD PATH STATUS`, with ids shortened.
    fn log(&self) -> Vec<String> {
        let short = |it: &str| match it.rsplit_once('/') {
            Some((kind, id)) if id.len() == 36 => format!("{kind}/ID"),
            _ => it.to_owned(),
        };
        let line = |it: &Asked| format!("{} {} {}", it.method, short(&it.path), it.status);
        self.asked().iter().map(line).collect()
    }

    /// Carries out what failed, as the file's owner.
    fn replay(&self, asked: &Asked) -> Applied {
        let session = self.cli();
        session
            .read()
            .and_then(|it| it.check_replay(asked, false))
            .expect("may be replayed");
        let command =
            command_of(&self.directory, "https://usher.example", asked).expect("a command");
        let session = session.on_behalf(asked.connection);
        let applied = session
            .apply(session.request(command), None)
            .expect("is applied");
        if let Some(batch) = applied.batch {
            session.note_replayed(asked.seq, batch).expect("is noted");
        }
        applied
    }
}

fn person(name: &str) -> Value {
    json!({"userName": format!("{name}@acme.example"), "active": true})
}

/// Has the brake hold whomever the provider takes off.
fn lets_nobody_go(org: &Org) {
    org.admin(Command::SetBrake {
        name: "okta".to_owned(),
        brake: Some(Brake {
            share: 0,
            floor: 0,
            ..Brake::default()
        }),
    });
}

fn off() -> Value {
    json!([{"op": "replace", "value": {"active": false}}])
}

#[test]
fn every_request_that_would_change_something_is_kept_and_no_other() {
    let org = Org::with_free_seats(9);
    let ana = org.create("ana@acme.example");
    org.user(&ana);
    org.find("userName eq \"ana@acme.example\"");
    org.send("POST", "/scim/v2/Users/.search", Some(json!({"count": 1})));
    assert_eq!(org.post(person("ana")).status, 409);
    assert_eq!(
        org.patch(
            &ana,
            json!([{"op": "add", "path": "title", "value": "Boss"}])
        )
        .status,
        200
    );
    assert_eq!(
        org.patch(
            &ana,
            json!([{"op": "add", "path": "title", "value": "Boss"}])
        )
        .status,
        200
    );
    assert_eq!(
        org.patch(&ana, json!([{"op": "add", "path": "nothing", "value": 1}]))
            .status,
        400
    );
    let head = format!(
        "Authorization: Bearer {}\r\nIf-Match: W/\"99\"\r\n",
        org.token
    );
    let path = format!("/scim/v2/Users/{ana}");
    let body = person("ana").to_string();
    assert_eq!(org.raw("PUT", &path, &head, body.as_bytes()).status, 412);
    let head = format!("Authorization: Bearer {}\r\n", org.token);
    assert_eq!(
        org.raw("POST", "/scim/v2/Users", &head, b"{\"userName\": ")
            .status,
        400
    );
    let group = org.send(
        "POST",
        "/scim/v2/Groups",
        Some(json!({"displayName": "Sales", "members": [{"value": ana}]})),
    );
    let group = format!("/scim/v2/Groups/{}", group.id());
    let remove = json!({"Operations": [{"op": "remove", "path": "members"}]});
    assert_eq!(org.send("PATCH", &group, Some(remove)).status, 200);
    assert_eq!(org.send("DELETE", &group, None).status, 204);
    assert_eq!(org.send("DELETE", &group, None).status, 404);
    assert_eq!(org.delete(&ana).status, 204);
    assert_eq!(org.delete(&ana).status, 404);
    assert_eq!(org.delete("ana@acme.example").status, 404);
    assert_eq!(
        org.log(),
        [
            "POST /Users 201",
            "POST /Users 409",
            "PATCH /Users/ID 200",
            "PATCH /Users/ID 200",
            "PATCH /Users/ID 400",
            "PUT /Users/ID 412",
            "POST /Users 400",
            "POST /Groups 201",
            "PATCH /Groups/ID 200",
            "DELETE /Groups/ID 204",
            "DELETE /Groups/ID 404",
            "DELETE /Users/ID 204",
            "DELETE /Users/ID 404",
            "DELETE /Users/? 404",
        ]
    );
    let asked = org.asked();
    assert_eq!(asked[0].user, Some(user_id(&ana)));
    assert!(asked[0].batch.is_some() && asked[2].batch.is_some() && asked[3].batch.is_none());
    assert!(
        asked[1]
            .error
            .as_deref()
            .is_some_and(|it| it.contains("already taken"))
    );
    assert_eq!(
        asked[1].body.as_deref().map(str::len),
        Some(person("ana").to_string().len())
    );
    assert_eq!(
        asked[6].body, None,
        "what is not JSON cannot be looked through for secrets"
    );
    // Whose token is wrong is nobody.
    assert_eq!(
        org.send_as(
            "usher_scim_wrong",
            "POST",
            "/scim/v2/Users",
            Some(person("bo"))
        )
        .status,
        401
    );
    assert_eq!(org.asked().len(), 14);
}

#[test]
fn secrets_are_not_kept() {
    let org = Org::with_free_seats(9);
    let mut body = person("ana");
    body["password"] = json!("hunter2!");
    let ana = org.post(body);
    assert_eq!(ana.status, 201);
    let path = json!([{"op": "replace", "path": "password", "value": "hunter2!"}]);
    org.patch(&ana.id(), path);
    for asked in org.asked() {
        let body = asked.body.expect("a body");
        assert!(
            !body.contains("hunter2") && body.contains("(removed)"),
            "{body}"
        );
    }
}

#[test]
fn bulk_is_kept_operation_by_operation() {
    let org = Org::with_free_seats(9);
    let create = |id: &str, name: &str| json!({"method": "POST", "path": "/Users", "bulkId": id, "data": person(name)});
    let bulk = json!({"Operations": [
        create("a", "ana"), create("b", "bo"), create("c", "ana"),
        {"method": "POST", "path": "/Groups", "bulkId": "g", "data": {"displayName": "Sales", "members": [{"value": "bulkId:a"}]}},
        {"method": "PATCH", "path": "/Users/bulkId:nobody", "data": {"Operations": off()}},
        {"method": "DELETE", "path": "/Users/bulkId:b"},
        {"method": "PUT", "path": "/Bulk"},
    ]});
    assert_eq!(org.send("POST", "/scim/v2/Bulk", Some(bulk)).status, 200);
    let mut log = org.log();
    log.sort();
    assert_eq!(
        log,
        [
            "DELETE /Users/ID 204",
            "PATCH /Users/? 409",
            "POST /Groups 201",
            "POST /Users 201",
            "POST /Users 201",
            "POST /Users 409",
        ]
    );
    // References are resolved in what is kept, so that it can be carried out by itself.
    let group = org
        .asked()
        .into_iter()
        .find(|it| it.path == "/Groups")
        .expect("the group");
    assert!(!group.body.expect("a body").contains("bulkId:"));
    // One that cannot be read at all is one request.
    assert_eq!(
        org.send("POST", "/scim/v2/Bulk", Some(json!({"Operations": 7})))
            .status,
        400
    );
    assert_eq!(org.log().last().map(String::as_str), Some("POST /Bulk 400"));
}

#[test]
fn what_failed_for_want_of_a_seat_is_replayed_when_there_is_one() {
    let org = Org::with_free_seats(1);
    org.at_capacity("access", AtCapacity::Refuse);
    let ana = org.create("ana@acme.example");
    org.post(person("bo")).is_error(403, None);
    org.patch(&ana, off());
    let failed = org
        .asked()
        .into_iter()
        .find(Asked::is_failed)
        .expect("one failed");
    assert!(
        failed
            .error
            .as_deref()
            .is_some_and(|it| it.contains("no free seat"))
    );
    org.replay(&failed);
    assert_eq!(
        org.find("userName eq \"bo@acme.example\"").body["totalResults"],
        json!(1)
    );
    let session = org.cli();
    let again = session
        .read()
        .expect("a reader")
        .asked_by_number(failed.seq)
        .expect("it is there");
    assert!(again.replayed.is_some());
}

#[test]
fn every_kind_of_request_is_replayed_as_it_was_sent() {
    let org = Org::with_free_seats(9);
    lets_nobody_go(&org);
    let ids: Vec<String> = ["ana", "bo", "cy"]
        .iter()
        .map(|it| org.create(&format!("{it}@acme.example")))
        .collect();
    let mut gone = person("ana");
    gone["active"] = json!(false);
    gone["title"] = json!("Former");
    assert_eq!(org.put(&ids[0], gone).status, 429);
    assert_eq!(org.patch(&ids[1], off()).status, 429);
    assert_eq!(org.delete(&ids[2]).status, 429);
    for asked in org.asked().iter().filter(|it| it.is_held()) {
        org.replay(asked);
    }
    let ana = org.user(&ids[0]);
    assert_eq!(
        (&ana.body["active"], &ana.body["title"]),
        (&json!(false), &json!("Former"))
    );
    assert_eq!(org.user(&ids[1]).body["active"], json!(false));
    assert_eq!(org.user(&ids[2]).status, 404);
    // The provider may bring back what it had taken off itself, also by an administrator's hand.
    let on = json!([{"op": "replace", "path": "active", "value": true}]);
    assert_eq!(org.patch(&ids[1], on).body["active"], json!(true));
    assert_eq!(org.log().iter().filter(|it| it.ends_with("429")).count(), 3);
}

#[test]
fn the_repeat_of_a_deletion_that_was_released_is_done() {
    let org = Org::with_free_seats(9);
    lets_nobody_go(&org);
    let ana = org.create("ana@acme.example");
    assert_eq!(org.delete(&ana).status, 429);
    assert_eq!(org.delete(&ana).status, 429);
    org.admin(Command::ReleaseHeld { who: HeldWho::All });
    assert_eq!(org.delete(&ana).status, 204);
    assert_eq!(org.delete(&ana).status, 404);
    assert_eq!(org.last().status, 404);
}

#[test]
fn what_cannot_be_replayed_says_why() {
    let org = Org::with_free_seats(9);
    org.delete("nobody").is_error(404, None);
    let asked = org.last();
    let why = command_of(&org.directory, "https://usher.example", &asked);
    assert!(why.is_err_and(|it| it.contains("no user")));
    let bad = json!([{"op": "add", "path": "nothing", "value": 1}]);
    let ana = org.create("ana@acme.example");
    org.patch(&ana, bad);
    let why = command_of(&org.directory, "https://usher.example", &org.last());
    assert!(why.is_err_and(|it| it.contains("nothing")));
}

/// Of a group only what the request would change keeps a replay from being done.
#[test]
fn a_request_about_a_group_is_replayed_while_what_it_would_change_is_as_it_was() {
    // What the provider asks, in a group that has ana and not bo.
    let asks = |org: &Org, group: &str, ana: &str, bo: &str, what: &str| {
        let path = format!("/scim/v2/Groups/{group}");
        let list = json!([{"value": bo}]);
        let (method, body) = match what {
            "add" => (
                "PATCH",
                json!([{"op": "add", "path": "members", "value": list}]),
            ),
            "remove" => (
                "PATCH",
                json!([{"op": "remove", "path": format!("members[value eq \"{ana}\"]")}]),
            ),
            "name" => (
                "PATCH",
                json!([{"op": "replace", "path": "displayName", "value": "Sold"}]),
            ),
            "whole" => (
                "PUT",
                json!({"displayName": "Sales", "members": [{"value": ana}, {"value": bo}]}),
            ),
            _ => ("DELETE", Value::Null),
        };
        let body = match method {
            "PATCH" => {
                json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": body})
            }
            _ => body,
        };
        // A version that there is not: it is refused and kept.
        let head = format!(
            "Authorization: Bearer {}\r\nIf-Match: W/\"999\"\r\n",
            org.token
        );
        let text = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        assert_eq!(org.raw(method, &path, &head, text.as_bytes()).status, 412);
        org.last()
    };
    let may = |org: &Org, asked: &Asked| {
        let session = org.cli();
        session
            .read()
            .and_then(|it| it.check_replay(asked, false))
            .expect("nobody is meant");
        let command =
            command_of(&org.directory, "https://usher.example", asked).expect("a command");
        let read = session.read().expect("a reader");
        let forced = read.check_group_replay(asked, &command, true);
        assert!(forced.is_ok(), "{forced:?}");
        match read.check_group_replay(asked, &command, false) {
            Ok(()) => true,
            Err(error) => {
                assert!(error.to_string().contains("--force"), "{error}");
                false
            }
        }
    };
    let table = [
        ("nothing", "add remove name whole delete"),
        // A member, or somebody else, has another name or title by now.
        ("a member", "add remove name whole delete"),
        ("the group", "add remove"),
        ("cleo comes", "add remove name"),
        ("bo comes and goes", "remove name"),
        ("ana goes and comes", "add name whole"),
    ];
    for (since, fine) in table {
        let org = Org::with_free_seats(9);
        let [ana, bo, cleo] =
            ["ana", "bo", "cleo"].map(|it| org.create(&format!("{it}@acme.example")));
        let body = json!({"displayName": "Sales", "members": [{"value": ana}]});
        let group = org.send("POST", "/scim/v2/Groups", Some(body)).id();
        let all = ["add", "remove", "name", "whole", "delete"];
        let asked = all.map(|it| (it, asks(&org, &group, &ana, &bo, it)));
        std::thread::sleep(std::time::Duration::from_millis(5));
        let member = |who: &str, op: &str| {
            let path = format!("/scim/v2/Groups/{group}");
            let body =
                json!({"Operations": [{"op": op, "path": "members", "value": [{"value": who}]}]});
            assert_eq!(org.send("PATCH", &path, Some(body)).status, 200);
        };
        match since {
            "a member" => {
                let name = json!([{"op": "replace", "path": "displayName", "value": "Ana Weber"}]);
                assert_eq!(org.patch(&ana, name).status, 200);
            }
            "the group" => {
                let path = format!("/scim/v2/Groups/{group}");
                let body = json!({"Operations": [{"op": "replace", "path": "displayName", "value": "Board"}]});
                assert_eq!(org.send("PATCH", &path, Some(body)).status, 200);
            }
            "cleo comes" => member(&cleo, "add"),
            "bo comes and goes" => {
                member(&bo, "add");
                member(&bo, "remove");
            }
            "ana goes and comes" => {
                member(&ana, "remove");
                member(&ana, "add");
            }
            _ => {}
        }
        let done: Vec<&str> = asked
            .iter()
            .filter(|it| may(&org, &it.1))
            .map(|it| it.0)
            .collect();
        assert_eq!(done.join(" "), fine, "{since}");
    }
}

#[test]
fn what_is_refused_at_the_door_is_counted_as_one_row_for_many() {
    let mut org = Org::serving(5, |it| {
        it.pace = usher_scim_server::TokenPace::AtMost(std::num::NonZeroU32::MIN)
    });
    let old = org.connect("entra", usher_core::model::ConnectionPolicy::default());
    org.admin(Command::RevokeConnection {
        name: "entra".into(),
    });
    for _ in 0..7 {
        let reply = org.send_as(
            &old,
            "GET",
            "/scim/v2/Users?filter=userName%20eq%20%22ana%22",
            None,
        );
        assert_eq!(reply.status, 401);
    }
    assert_eq!(
        org.send_as("usher_scim_nobody", "GET", "/scim/v2/Users", None)
            .status,
        401
    );
    let waiting =
        (0..40).filter(|_| org.delete("0198c2f4-7a1e-7c3d-9b1a-3f2e5d6c7b8a").status == 429);
    let waiting = u32::try_from(waiting.count()).expect("few");
    assert!(waiting > 5, "{waiting}");
    org.stop();
    let asked = org.asked();
    let ended: Vec<&Asked> = asked.iter().filter(|it| it.status == 401).collect();
    assert!(
        ended.len() <= 2 && ended.iter().all(|it| it.path == "/Users"),
        "{ended:?}"
    );
    assert_eq!(ended.iter().map(|it| it.times).sum::<u32>(), 7);
    let fast: Vec<&Asked> = asked.iter().filter(|it| it.status == 429).collect();
    assert!(
        fast.len() <= 2 && fast.iter().all(|it| !it.is_held()),
        "{fast:?}"
    );
    assert_eq!(fast.iter().map(|it| it.times).sum::<u32>(), waiting);
    let session = org.cli();
    let read = session.read().expect("a reader");
    assert!(
        read.check_replay(fast[0], true).is_ok()
            && command_of(&org.directory, "https://x.example", fast[0]).is_err()
    );
    let activity = read
        .connection_activity(fast[0].connection)
        .expect("numbers");
    let done = i64::from(40 - waiting);
    assert_eq!(
        (activity.asked_today, activity.failed_today),
        (40, 40),
        "{done} were of nobody"
    );
}

/// The provider hears that the rest is done. Whoever looks for what failed must find what was not, and can do it after all.
#[test]
fn a_leaving_that_is_refused_beside_what_is_done_is_found_and_can_be_carried_out() {
    let org = Org::with_free_seats(5);
    let ana = org.create("ana@acme.example");
    lets_nobody_go(&org);
    assert_eq!(org.patch(&ana, off()).status, 429);
    org.admin(Command::RejectHeld { who: HeldWho::All });
    let mixed = json!([{"op": "replace", "value": {"active": false, "title": "Gone"}}]);
    assert_eq!(org.patch(&ana, mixed).status, 200);
    let other = json!([{"op": "replace", "value": {"title": "Boss"}}]);
    assert_eq!(org.patch(&ana, other).status, 200);
    let failed = || {
        let session = org.cli();
        let read = session.read().expect("a reader");
        let failed = AskedFilter {
            failed: true,
            ..AskedFilter::default()
        };
        let found = read.asked(&failed, 10).expect("the requests");
        let activity = read
            .connection_activity(found[0].connection)
            .expect("numbers");
        (found, activity.failed_today)
    };
    let (found, count) = failed();
    assert_eq!(
        found.iter().map(|it| it.status).collect::<Vec<_>>(),
        [200, 429]
    );
    assert_eq!(count, 2);
    let asked = &found[0];
    let error = asked.error.as_deref().unwrap_or_default();
    assert!(error.contains("rejected"), "{error}");
    assert!(asked.batch.is_some() && asked.is_failed() && !asked.is_held());
    // What has happened since stands in the way of all replays.
    let session = org.cli();
    let check = |force: bool| session.read().and_then(|it| it.check_replay(asked, force));
    assert!(check(false).is_err() && check(true).is_ok());
    let again = json!([{"op": "replace", "value": {"active": false, "title": "Gone"}}]);
    assert_eq!(org.patch(&ana, again).status, 200);
    org.replay(&org.last());
    let seen = org.user(&ana).body;
    assert_eq!(
        (&seen["active"], &seen["title"]),
        (&json!(false), &json!("Gone"))
    );
}

#[test]
fn whoever_is_to_leave_leaves_though_the_rest_of_the_request_is_refused() {
    let org = Org::with_free_seats(20);
    org.create("taken@acme.example");
    let person = |number: usize, more: Value| {
        let mut body = json!({"userName": format!("p{number}@acme.example"), "externalId": format!("x{number}"), "displayName": "Ana"});
        for (name, value) in more.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        body
    };
    let off = json!({"op": "replace", "path": "active", "value": false});
    // What is refused of a PUT or a PATCH, and what is answered.
    let faults = [
        (json!({"displayName": "Ana\u{200f}"}), 400),
        (json!({"preferredLanguage": "??"}), 400),
        (json!({"emails": [{"value": "ana at x"}]}), 400),
        (json!({"userName": "taken@acme.example"}), 409),
    ];
    for (number, (fault, status)) in faults.iter().enumerate() {
        for patches in [false, true] {
            let number = 2 * number + usize::from(patches);
            let id = org.post(person(number, json!({}))).id();
            let reply = if patches {
                let set = json!({"op": "replace", "value": fault});
                org.patch(&id, json!([set, off]))
            } else {
                let mut body = person(number, fault.clone());
                body["active"] = json!(false);
                org.put(&id, body)
            };
            assert_eq!(reply.status, *status, "{fault} {reply:?}");
            assert!(
                reply
                    .detail()
                    .contains("that active is false was carried out"),
                "{reply:?}"
            );
            let now = org.user(&id).body;
            assert_eq!(
                (&now["active"], &now["displayName"]),
                (&json!(false), &json!("Ana"))
            );
            let last = org.last();
            assert_eq!((last.status, last.user), (*status, Some(user_id(&id))));
            assert!(last.batch.is_some(), "the row says by which batch");
            assert_eq!(last.error.as_deref(), Some(reply.detail()));
        }
    }

    // Another externalId is another person, and whoever has changed since is not what was meant.
    let id = org.post(person(50, json!({}))).id();
    let mut body = person(51, json!({"displayName": "Ana\u{200f}"}));
    body["active"] = json!(false);
    assert_eq!(org.put(&id, body).status, 400);
    assert_eq!(org.user(&id).body["active"], json!(true));
    // Nobody is taken off by what does not say so.
    let reply = org.patch(
        &id,
        json!([off, {"op": "add", "value": {"active": true, "title": "\u{200f}"}}]),
    );
    assert_eq!(
        (reply.status, &org.user(&id).body["active"]),
        (400, &json!(true))
    );
    // In a Bulk request, too.
    let operation = json!({"method": "PATCH", "path": format!("/Users/{id}"), "data": {"Operations": [off, {"op": "add", "path": "title", "value": "\u{200f}"}]}});
    let reply = org.send(
        "POST",
        "/scim/v2/Bulk",
        Some(json!({"Operations": [operation]})),
    );
    assert_eq!(
        reply.body["Operations"][0]["status"],
        json!("400"),
        "{reply:?}"
    );
    assert_eq!(org.user(&id).body["active"], json!(false));
}

#[test]
fn a_refused_request_says_whom_it_was_about_who_is_not_on_the_roster() {
    let org = Org::with_free_seats(1);
    org.at_capacity("access", AtCapacity::Refuse);
    org.create("first@acme.example");
    let name = "Full@acme.example";
    assert_eq!(org.post(json!({"userName": name})).status, 403);
    let boss = json!({"userName": "other@acme.example", ENTERPRISE: {"manager": {"value": "full@acme.example"}}});
    assert_eq!(org.post(boss).status, 403);
    let group = json!({"displayName": "Sales", "members": [{}]});
    assert_eq!(org.send("POST", "/scim/v2/Groups", Some(group)).status, 400);
    let whom: Vec<_> = org.asked().into_iter().skip(1).map(|it| it.whom).collect();
    let called = |it: &str| Some(it.to_owned());
    assert_eq!(
        whom,
        [called(name), called("other@acme.example"), called("Sales")]
    );

    let about = |name: &str, failed: bool| -> Vec<(u16, Option<String>)> {
        let filter = AskedFilter {
            names: vec![name.to_owned()],
            failed,
            ..AskedFilter::default()
        };
        let session = org.cli();
        let asked = session.read().and_then(|it| it.asked(&filter, 10));
        asked
            .expect("requests")
            .into_iter()
            .map(|it| (it.status, it.whom))
            .collect()
    };
    assert_eq!(
        about("full@ACME.example", true),
        [(403, called(name))],
        "and none that names them as a manager"
    );
    assert_eq!(about("nobody@acme.example", false), []);

    // Whoever is erased later is in none of them.
    org.admin(Command::SetPool {
        name: usher_core::model::PoolName::access(),
        set: usher_core::command::PoolEdit {
            purchased: Some(9),
            ..usher_core::command::PoolEdit::default()
        },
    });
    let id = org.create("full@acme.example");
    let who = || usher_core::Selection::from(user_id(&id));
    org.admin(Command::Delete { who: who() });
    org.admin(Command::Erase { who: who() });
    assert_eq!(about("full@acme.example", false), []);
    assert!(org.asked().iter().all(|it| it.whom != called(name)));
}

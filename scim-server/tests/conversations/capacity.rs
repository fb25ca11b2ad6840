//! The last seat, and what each policy answers at a full pool.

use std::thread;

use serde_json::{Value, json};
use usher_core::command::{Command, PoolEdit};
use usher_core::model::{AtCapacity, ConnectionPolicy, NewPeople};

use crate::org::{Org, USHER};

fn person(name: &str) -> Value {
    json!({"userName": format!("{name}@acme.example"), "active": true})
}

#[test]
fn a_pool_that_refuses_says_the_numbers_and_is_no_conflict() {
    let org = Org::with_free_seats(1);
    org.at_capacity("access", AtCapacity::Refuse);
    let ana = org.post(person("ana")).id();
    let reply = org.post(person("bo"));
    reply.is_error(403, None);
    assert!(
        reply.detail().contains("2 held") && reply.detail().contains("2 purchased"),
        "{}",
        reply.detail()
    );
    assert!(
        reply.detail().contains("purchase 1 more"),
        "{}",
        reply.detail()
    );
    assert_eq!(
        org.find("userName eq \"bo@acme.example\"").body["totalResults"],
        json!(0)
    );

    // Whoever is active stays so at a full pool, however they are written.
    let reply = org.patch(
        &ana,
        json!([{"op": "replace", "value": {"active": true, "title": "Boss"}}]),
    );
    assert_eq!(
        (reply.status, &reply.body["title"]),
        (200, &json!("Boss")),
        "{reply:?}"
    );
    assert_eq!(org.put(&ana, person("ana")).status, 200);
    // Off and on within one PATCH takes no seat either: the end of it counts.
    let both = json!([
        {"op": "replace", "path": "active", "value": false}, {"op": "replace", "path": "active", "value": true},
    ]);
    assert_eq!(org.patch(&ana, both).body["active"], json!(true));

    // Coming back is refused like coming, by PATCH and by PUT.
    let off = json!([{"op": "replace", "value": {"active": false}}]);
    assert_eq!(org.patch(&ana, off).status, 200);
    let carl = org.post(person("carl")).id();
    org.patch(&ana, json!([{"op": "replace", "value": {"active": true}}]))
        .is_error(403, None);
    org.put(&ana, person("ana")).is_error(403, None);
    assert_eq!(org.user(&ana).body["active"], json!(false));
    assert_eq!(org.delete(&carl).status, 204);
    assert_eq!(org.put(&ana, person("ana")).body["active"], json!(true));
}

#[test]
fn the_queue_holds_in_order_and_moves_up_by_itself() {
    let org = Org::with_free_seats(1);
    let ana = org.post(person("ana")).id();
    let reply = org.post(person("bo"));
    let bo = reply.id();
    assert_eq!(
        (reply.status, &reply.body["active"]),
        (201, &json!(false)),
        "{reply:?}"
    );
    let standing = json!({"status": "queued", "licenses": [{"pool": "access", "state": "queued"}], "queuePosition": 1});
    assert_eq!(reply.body[USHER], standing);
    let carl = org.post(person("carl"));
    assert_eq!(carl.body[USHER]["queuePosition"], json!(2));
    assert_eq!(org.user(&carl.id()).body, carl.body);

    // Saying active again changes nothing; an update of something else neither loses the place.
    let reply = org.patch(&bo, json!([{"op": "Replace", "path": "active", "value": "True"}, {"op": "Add", "path": "title", "value": "x"}]));
    assert_eq!(
        (reply.status, &reply.body[USHER]["queuePosition"]),
        (200, &json!(1)),
        "{reply:?}"
    );

    // Ana leaves, at the console; bo is in without a call, and carl moves up.
    org.deactivate(&ana);
    let reply = org.user(&bo);
    assert_eq!(
        (&reply.body["active"], &reply.body[USHER]["status"]),
        (&json!(true), &json!("active"))
    );
    assert_eq!(org.user(&carl.id()).body[USHER]["queuePosition"], json!(1));
    // Bo leaves by the provider; carl gives up the queue by the provider.
    let off = json!([{"op": "replace", "value": {"active": false}}]);
    let carl = carl.id();
    assert_eq!(
        org.patch(&carl, off.clone()).body[USHER]["status"],
        json!("inactive")
    );
    assert_eq!(org.patch(&bo, off).body["active"], json!(false));
    assert_eq!(org.user(&carl).body["active"], json!(false));
}

#[test]
fn grace_goes_so_far_and_a_fallback_pool_stands_in() {
    let org = Org::with_free_seats(9);
    (0..9).for_each(|it| drop(org.post(person(&format!("p{it}")))));
    org.at_capacity("access", AtCapacity::Grace(10));
    assert_eq!(org.post(person("grace")).body["active"], json!(true));
    org.post(person("beyond")).is_error(403, None);

    let guests = "guests".parse().expect("a name");
    org.admin(Command::AddPool {
        name: guests,
        set: PoolEdit {
            purchased: Some(1),
            ..PoolEdit::default()
        },
    });
    org.admin(Command::SetPool {
        name: "guests".parse().expect("a name"),
        set: PoolEdit {
            at_capacity: Some(AtCapacity::Refuse),
            ..PoolEdit::default()
        },
    });
    org.at_capacity(
        "access",
        AtCapacity::Fallback("guests".parse().expect("a name")),
    );
    let reply = org.post(person("guest"));
    assert_eq!(reply.status, 201, "{reply:?}");
    assert_eq!(
        reply.body[USHER],
        json!({"status": "active", "licenses": [{"pool": "guests", "state": "consumed"}]})
    );
    assert_eq!(org.user(&reply.id()).body, reply.body);
    org.post(person("too-many")).is_error(403, None);
}

#[test]
fn a_connection_that_invites_makes_people_wait() {
    let org = Org::with_free_seats(5);
    let policy = ConnectionPolicy {
        new_people: NewPeople::Waiting,
        mails: true,
        ..ConnectionPolicy::default()
    };
    let token = org.connect("entra", policy);
    let reply = org.send_as(&token, "POST", "/scim/v2/Users", Some(person("ana")));
    assert_eq!(
        (reply.status, &reply.body["active"]),
        (201, &json!(true)),
        "{reply:?}"
    );
    assert_eq!(
        reply.body[USHER],
        json!({"status": "waiting", "licenses": [{"pool": "access", "state": "reserved"}]})
    );
    assert_eq!(org.user(&reply.id()).body["meta"], reply.body["meta"]);
}

#[test]
fn many_clients_after_the_last_seats_get_exactly_these() {
    for policy in [AtCapacity::Refuse, AtCapacity::Queue] {
        let org = Org::with_free_seats(5);
        org.at_capacity("access", policy.clone());
        let replies: Vec<_> = thread::scope(|scope| {
            let clients: Vec<_> = (0..16)
                .map(|client| {
                    let org = &org;
                    scope.spawn(move || {
                        let bodies = (0..2).map(|it| person(&format!("c{client}-{it}")));
                        bodies.map(|it| org.post(it)).collect::<Vec<_>>()
                    })
                })
                .collect();
            clients
                .into_iter()
                .flat_map(|it| it.join().expect("a client ends"))
                .collect()
        });
        let seated = replies
            .iter()
            .filter(|it| it.status == 201 && it.body["active"] == json!(true))
            .count();
        let left_out = replies.iter().filter(|it| match policy {
            AtCapacity::Refuse => it.status == 403,
            _ => it.status == 201 && it.body["active"] == json!(false),
        });
        assert_eq!((seated, left_out.count()), (5, 27), "{policy}");
    }
}

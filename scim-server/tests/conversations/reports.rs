//! Whom people report to when their manager leaves and comes back, as their provider has said and as administrators have
//! changed it since.

use serde_json::{Value, json};
use usher_core::Selection;
use usher_core::command::{Command, Edit};
use usher_core::model::{Actor, Door};

use crate::org::{CORE, ENTERPRISE, Org, user_id};

fn person(org: &Org, name: &str, manager: Option<&str>) -> String {
    let mut body =
        json!({"schemas": [CORE], "userName": format!("{name}@acme.example"), "externalId": name});
    if let Some(manager) = manager {
        body[ENTERPRISE] = json!({"manager": {"value": manager}});
    }
    let reply = org.post(body);
    assert_eq!(reply.status, 201, "{reply:?}");
    reply.id()
}

fn active(org: &Org, id: &str, value: bool) {
    let switch = json!([{"op": "replace", "path": "active", "value": value}]);
    assert_eq!(org.patch(id, switch).status, 200);
}

fn manager(org: &Org, id: &str) -> Value {
    org.user(id).body[ENTERPRISE]["manager"]["value"].clone()
}

/// What `usher drift` says of managers: whose, what the provider says, what the roster has, and why.
fn drift(org: &Org) -> Vec<(String, Option<String>, Option<String>, &'static str)> {
    let session = org.directory.as_actor(Actor::FileOwner, Door::Cli);
    let drifts = session.read().and_then(|it| it.drifts(None));
    let of_managers = drifts.expect("the differences").into_iter();
    of_managers
        .filter(|it| it.part == "manager")
        .map(|it| (it.label, it.provider, it.roster, it.why.as_str()))
        .collect()
}

fn edit(org: &Org, id: &str, manager: Option<&str>) {
    org.admin(Command::Edit(Edit {
        manager: Some(manager.map(str::to_owned)),
        overriding: true,
        ..Edit::of(Selection::from(user_id(id)))
    }));
}

#[test]
fn the_reports_of_a_manager_who_is_back_are_theirs_again() {
    for by_a_person in [false, true] {
        let org = Org::with_free_seats(9);
        let top = person(&org, "top", None);
        let boss = person(&org, "boss", Some(&top));
        let [ana, bo, cleo] = ["ana", "bo", "cleo"].map(|it| person(&org, it, Some(&boss)));
        if by_a_person {
            org.deactivate(&boss);
        } else {
            active(&org, &boss, false);
        }
        // They report to who is above, and that is no longer what the provider says.
        for it in [&ana, &bo, &cleo] {
            assert_eq!(manager(&org, it), json!(top));
        }
        let told = |who: &str, roster: &str, why| {
            let name = |it: &str| format!("{it}@acme.example");
            (name(who), Some(name("boss")), Some(name(roster)), why)
        };
        let listed = ["ana", "bo", "cleo"].map(|it| told(it, "top", "not_taken"));
        assert_eq!(drift(&org), listed);
        // One of them is given to somebody else by hand, one by the provider.
        edit(&org, &bo, Some(&ana));
        let path = format!("{ENTERPRISE}:manager");
        let to_ana = json!([{"op": "replace", "path": path, "value": {"value": ana}}]);
        assert_eq!(org.patch(&cleo, to_ana).status, 200);
        assert_eq!(
            drift(&org),
            [
                told("ana", "top", "not_taken"),
                told("bo", "ana", "overridden")
            ]
        );
        // Other writes change nothing of that.
        let titled = json!([{"op": "replace", "path": "title", "value": "Chief"}]);
        assert_eq!(org.patch(&ana, titled).status, 200);
        assert_eq!(manager(&org, &ana), json!(top));
        let back = if by_a_person {
            org.admin(Command::Reactivate {
                who: Selection::from(user_id(&boss)),
                restore_assignments: false,
            })
            .batch
        } else {
            active(&org, &boss, true);
            None
        };
        assert_eq!(manager(&org, &ana), json!(boss));
        assert_eq!(manager(&org, &bo), json!(ana));
        assert_eq!(manager(&org, &cleo), json!(ana));
        assert_eq!(drift(&org), [told("bo", "ana", "overridden")]);
        if let Some(batch) = back {
            org.admin(Command::Undo { batch });
            assert_eq!(manager(&org, &ana), json!(top));
            assert_eq!(drift(&org).len(), 2);
        }
    }
}

#[test]
fn a_deleted_manager_who_is_provisioned_again_has_their_reports() {
    let org = Org::with_free_seats(9);
    let boss = person(&org, "boss", None);
    let ana = person(&org, "ana", Some(&boss));
    assert_eq!(org.delete(&boss).status, 204);
    assert_eq!(manager(&org, &ana), Value::Null);
    let again = person(&org, "boss", None);
    assert_eq!(again, boss);
    assert_eq!(manager(&org, &ana), json!(boss));
    assert_eq!(drift(&org), []);
    // Who was made somebody's manager below them meanwhile stays where they are.
    active(&org, &boss, false);
    edit(&org, &boss, Some(&ana));
    active(&org, &boss, true);
    assert_eq!(manager(&org, &ana), Value::Null);
    assert_eq!(drift(&org).len(), 2);
    // Nobody comes back to a manager whom only an administrator had given them.
    let other = org.create("other@acme.example");
    let by_hand = person(&org, "by-hand", None);
    edit(&org, &by_hand, Some(&other));
    active(&org, &other, false);
    active(&org, &other, true);
    assert_eq!(manager(&org, &by_hand), Value::Null);
}

#[test]
fn our_own_answer_said_back_while_a_manager_is_away_is_no_word_about_the_manager() {
    let org = Org::with_free_seats(9);
    let top = person(&org, "top", None);
    let boss = person(&org, "boss", Some(&top));
    let [ana, bo] = ["ana", "bo"].map(|it| person(&org, it, Some(&boss)));
    let lone = person(&org, "lone", Some(&top));
    active(&org, &boss, false);
    assert_eq!(manager(&org, &ana), json!(top));
    for id in [&ana, &bo] {
        let mut shown = org.user(id).body;
        shown["title"] = json!("Clerk");
        assert_eq!(org.put(id, shown).status, 200);
    }
    // And where nobody stands in.
    active(&org, &top, false);
    let mut shown = org.user(&lone).body;
    shown["title"] = json!("Clerk");
    assert_eq!(org.put(&lone, shown).status, 200);
    active(&org, &top, true);
    active(&org, &boss, true);
    for (id, theirs) in [(&ana, &boss), (&bo, &boss), (&lone, &top)] {
        assert_eq!(manager(&org, id), json!(theirs));
    }
    assert_eq!(drift(&org), []);
}

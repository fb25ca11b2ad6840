//! Groups, in every form that providers push them.

use serde_json::{Value, json};
use usher_core::Selection;
use usher_core::command::{Command, Edit};
use usher_core::model::GroupRole;

use crate::org::{Org, Reply, encoded, user_id};

const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

fn create(org: &Org, body: Value) -> Reply {
    org.send("POST", "/scim/v2/Groups", Some(body))
}

fn path(id: &str) -> String {
    format!("/scim/v2/Groups/{id}")
}

fn patch(org: &Org, id: &str, operations: Value) -> Reply {
    let body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations});
    org.send("PATCH", &path(id), Some(body))
}

/// The members, sorted.
fn members(org: &Org, id: &str) -> Vec<String> {
    let body = org.get(&path(id)).body;
    let list = body["members"].as_array().cloned().unwrap_or_default();
    let mut ids: Vec<String> = list
        .iter()
        .map(|it| it["value"].as_str().unwrap_or_default().to_owned())
        .collect();
    ids.sort();
    ids
}

fn people(org: &Org, names: &str) -> Vec<String> {
    let mut ids: Vec<String> = names
        .split(' ')
        .map(|it| org.create(&format!("{it}@acme.example")))
        .collect();
    ids.sort();
    ids
}

fn find(org: &Org, filter: &str) -> Value {
    org.get(&format!("/scim/v2/Groups?filter={}", encoded(filter)))
        .body
}

#[test]
fn a_group_is_made_read_found_changed_and_removed() {
    let org = Org::with_free_seats(9);
    let ids = people(&org, "ana bo carl");
    let reply = create(
        &org,
        json!({"schemas": [GROUP, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
        "externalId": "8aa1", "displayName": "Sales", "members": [{"value": ids[0], "display": "x"}, {"value": ids[1], "$ref": null}]}),
    );
    assert_eq!(reply.status, 201, "{reply:?}");
    let id = reply.id();
    assert_eq!(
        reply.header("location"),
        reply.body["meta"]["location"].as_str()
    );
    assert_eq!(reply.header("etag"), reply.body["meta"]["version"].as_str());
    assert_eq!(
        (
            &reply.body["displayName"],
            &reply.body["externalId"],
            &reply.body["schemas"]
        ),
        (&json!("Sales"), &json!("8aa1"), &json!([GROUP]))
    );
    assert_eq!(members(&org, &id), ids[..2]);
    assert_eq!(org.get(&path(&id)).body, reply.body);
    // The people say so too, and their versions rose.
    let ana = org.user(&ids[0]).body;
    assert_eq!(
        ana["groups"],
        json!([{"value": id, "$ref": format!("https://usher.example/scim/v2/Groups/{id}"), "display": "Sales", "type": "direct"}])
    );
    assert_eq!(ana["meta"]["version"], json!("W/\"2\""));
    assert_eq!(
        org.find(&format!("groups.value eq \"{id}\"")).body["totalResults"],
        json!(2)
    );
    assert_eq!(
        org.find("groups[display sw \"sal\"]").body["totalResults"],
        json!(2)
    );
    // Looked up as providers do.
    for filter in [
        "displayName eq \"SALES\"",
        "externalId eq \"8aa1\"",
        &format!("id eq \"{id}\""),
        &format!("id eq \"{id}\" and members eq \"{}\"", ids[0]),
        &format!("members[value eq \"{}\"]", ids[1]),
        "displayName co \"al\" and not (externalId eq \"x\")",
        "meta.created gt \"2001-01-01T00:00:00Z\"",
    ] {
        assert_eq!(find(&org, filter)["totalResults"], json!(1), "{filter}");
    }
    for filter in [
        "displayName eq \"Sale\"",
        "externalId eq \"8AA1\"",
        &format!("members eq \"{}\"", ids[2]),
    ] {
        assert_eq!(find(&org, filter)["totalResults"], json!(0), "{filter}");
    }
    org.get("/scim/v2/Groups?filter=shoeSize%20pr")
        .is_error(400, Some("invalidFilter"));
    let bare = org
        .get(&format!("{}?excludedAttributes=members", path(&id)))
        .body;
    assert_eq!(
        (bare.get("members"), &bare["displayName"]),
        (None, &json!("Sales"))
    );
    // Another of that name is a conflict, in any letter case.
    create(&org, json!({"displayName": "sALES"})).is_error(409, Some("uniqueness"));
    create(&org, json!({"displayName": ""})).is_error(400, Some("invalidValue"));
    create(&org, json!({"displayName": "X", "externalId": "8aa1"}))
        .is_error(409, Some("uniqueness"));
    // Who is not on the roster does not stop the others.
    let reply = create(
        &org,
        json!({"displayName": "Y", "members": [{"value": "nobody"}]}),
    );
    assert_eq!((reply.status, reply.body.get("members")), (201, None));
    assert_eq!(org.send("DELETE", &path(&reply.id()), None).status, 204);

    let reply = org.send("PUT", &path(&id), Some(json!({"id": id, "displayName": "Sales EU", "members": [{"value": ids[2]}], "meta": {}})));
    assert_eq!(
        (
            reply.status,
            &reply.body["displayName"],
            &reply.body["externalId"]
        ),
        (200, &json!("Sales EU"), &json!("8aa1"))
    );
    assert_eq!(members(&org, &id), ids[2..]);
    // What is left out stays; what is empty goes.
    assert_eq!(
        org.send("PUT", &path(&id), Some(json!({"displayName": "Sales"})))
            .status,
        200
    );
    assert_eq!(members(&org, &id), ids[2..]);
    assert_eq!(
        org.send(
            "PUT",
            &path(&id),
            Some(json!({"displayName": "Sales", "members": []}))
        )
        .status,
        200
    );
    assert_eq!(members(&org, &id), Vec::<String>::new());
    assert_eq!(org.send("DELETE", &path(&id), None).status, 204);
    for method in ["GET", "DELETE"] {
        org.send(method, &path(&id), None).is_error(404, None);
    }
    assert_eq!(
        find(&org, "displayName eq \"Sales\"")["totalResults"],
        json!(0)
    );
    assert_eq!(create(&org, json!({"displayName": "Sales"})).status, 201);
}

#[test]
fn members_are_pushed_in_every_form() {
    let org = Org::with_free_seats(9);
    let ids = people(&org, "ana bo carl dora");
    let group = create(&org, json!({"displayName": "Sales"})).id();
    let (a, b, c, d) = (&ids[0], &ids[1], &ids[2], &ids[3]);
    let all = |it: &[&String]| it.iter().map(|it| it.to_string()).collect::<Vec<_>>();
    for (operations, left) in [
        (
            json!([{"op": "Add", "path": "members", "value": [{"$ref": null, "value": a}]}]),
            vec![a],
        ),
        (
            json!([{"op": "add", "path": "members", "value": [{"value": a}, {"value": b, "display": "Bo"}]}]),
            vec![a, b],
        ),
        (
            json!([{"op": "add", "path": "members", "value": {"value": c}}]),
            vec![a, b, c],
        ),
        (
            json!([{"op": "add", "path": "urn:ietf:params:scim:schemas:core:2.0:Group:members", "value": [d]}]),
            vec![a, b, c, d],
        ),
        (
            json!([{"op": "Remove", "path": "members", "value": [{"$ref": null, "value": b}]}]),
            vec![a, c, d],
        ),
        (
            json!([{"op": "remove", "path": format!("members[value eq \"{a}\"]")}]),
            vec![c, d],
        ),
        (
            json!([{"op": "remove", "path": format!("members[value eq \"{c}\" or value eq \"{a}\"]")}]),
            vec![d],
        ),
        (
            json!([{"op": "replace", "path": "members", "value": [{"value": a}, {"value": b}]}]),
            vec![a, b],
        ),
        (
            json!([{"op": "replace", "value": {"id": group, "displayName": "Sales", "members": [{"value": c}]}}]),
            vec![c],
        ),
        (
            json!([{"op": "remove", "path": "members[display eq \"carl@acme.example\"]"}, {"op": "add", "path": "members", "value": [{"value": a}]}, {"op": "add", "path": "members", "value": [{"value": a}]}]),
            vec![a],
        ),
        (
            json!([{"op": "add", "path": "members", "value": [{"value": b}]}, {"op": "remove", "path": "members", "value": [{"value": b}]}, {"op": "add", "value": {"members": [{"value": c}]}}]),
            vec![a, c],
        ),
        (json!([{"op": "remove", "path": "members"}]), vec![]),
        (
            json!([{"op": "add", "path": "members", "value": [{"value": d}]}]),
            vec![d],
        ),
        (
            json!([{"op": "replace", "path": "members", "value": []}]),
            vec![],
        ),
        (
            json!([{"op": "remove", "path": "members", "value": [{"value": d}]}]),
            vec![],
        ),
    ] {
        let reply = patch(&org, &group, operations.clone());
        assert_eq!(reply.status, 200, "{operations} {reply:?}");
        assert_eq!(members(&org, &group), all(&left), "{operations}");
    }
    // A name and what the provider calls it, and the last of several.
    let reply = patch(
        &org,
        &group,
        json!([{"op": "Replace", "path": "displayName", "value": "EMEA"}, {"op": "add", "path": "externalId", "value": "e7"}, {"op": "replace", "value": {"displayName": "EU"}}]),
    );
    assert_eq!(
        (&reply.body["displayName"], &reply.body["externalId"]),
        (&json!("EU"), &json!("e7"))
    );
    let reply = patch(
        &org,
        &group,
        json!([{"op": "remove", "path": "externalId"}]),
    );
    assert_eq!(reply.body.get("externalId"), None);
    for (operations, kind) in [
        (json!([{"op": "remove"}]), "noTarget"),
        (
            json!([{"op": "remove", "path": "displayName"}]),
            "mutability",
        ),
        (
            json!([{"op": "replace", "path": "id", "value": "x"}]),
            "mutability",
        ),
        (
            json!([{"op": "replace", "path": "shoes", "value": "x"}]),
            "invalidPath",
        ),
        (
            json!([{"op": "replace", "path": "members[", "value": "x"}]),
            "invalidPath",
        ),
        (
            json!([{"op": "add", "path": "members", "value": [{}]}]),
            "invalidValue",
        ),
        (json!([{"op": "jump", "path": "members"}]), "invalidSyntax"),
    ] {
        patch(&org, &group, operations).is_error(400, Some(kind));
    }
    // Nothing new is no change, and an older version is refused.
    let before = org.events();
    assert_eq!(
        patch(
            &org,
            &group,
            json!([{"op": "replace", "path": "displayName", "value": "EU"}])
        )
        .status,
        200
    );
    assert_eq!(org.events(), before);
    let head = format!(
        "Authorization: Bearer {}\r\nIf-Match: W/\"1\"\r\n",
        org.token
    );
    let body =
        json!({"Operations": [{"op": "replace", "path": "displayName", "value": "X"}]}).to_string();
    org.raw("PATCH", &path(&group), &head, body.as_bytes())
        .is_error(412, None);
}

#[test]
fn a_provider_neither_grants_nor_takes_a_role_above_learner() {
    let org = Org::with_free_seats(9);
    let ids = people(&org, "ana bo");
    let group = create(
        &org,
        json!({"displayName": "Sales", "members": [{"value": ids[0]}, {"value": ids[1]}]}),
    )
    .id();
    let mut edit = Edit::of(Selection::from(user_id(&ids[0])));
    edit.add_groups = vec![("Sales".to_owned(), GroupRole::Coach)];
    org.admin(Command::Edit(edit));
    assert_eq!(members(&org, &group), ids[1..]);
    for operations in [
        json!([{"op": "add", "path": "members", "value": [{"value": ids[0]}]}]),
        json!([{"op": "remove", "path": "members", "value": [{"value": ids[0]}]}]),
        json!([{"op": "replace", "path": "members", "value": []}]),
    ] {
        assert_eq!(patch(&org, &group, operations).status, 200);
    }
    let session = org.directory.as_actor(
        usher_core::model::Actor::FileOwner,
        usher_core::model::Door::Cli,
    );
    let roles = session
        .read()
        .and_then(|it| it.memberships_of(user_id(&ids[0])))
        .expect("memberships");
    assert_eq!(roles.first().map(|it| it.role), Some(GroupRole::Coach));
    let reply = org.send("DELETE", &path(&group), None);
    reply.is_error(403, None);
    assert!(
        reply.detail().contains("above learner"),
        "{}",
        reply.detail()
    );
}

#[test]
fn who_leaves_or_is_deleted_keeps_the_place_and_shows_as_they_stand() {
    let org = Org::with_free_seats(9);
    let ids = people(&org, "ana bo");
    let group = create(
        &org,
        json!({"displayName": "Sales", "members": [{"value": ids[0]}, {"value": ids[1]}]}),
    )
    .id();
    org.patch(
        &ids[0],
        json!([{"op": "replace", "value": {"active": false}}]),
    );
    assert_eq!(members(&org, &group), ids);
    assert_eq!(org.delete(&ids[1]).status, 204);
    assert_eq!(members(&org, &group), ids[..1]);
    // A stale id in a push does not stop the others.
    let reply = patch(
        &org,
        &group,
        json!([{"op": "replace", "path": "members", "value": [{"value": ids[0]}, {"value": ids[1]}]}]),
    );
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(members(&org, &group), ids[..1]);
}

#[test]
fn lists_of_groups_are_paged_and_sorted_and_searched_with_people() {
    let org = Org::with_free_seats(9);
    for name in ["b", "C", "a"] {
        create(&org, json!({"displayName": name}));
    }
    let names = |path: &str| {
        let body = org.get(path).body;
        let list = body["Resources"].as_array().cloned().unwrap_or_default();
        list.iter()
            .map(|it| it["displayName"].as_str().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(names("/scim/v2/Groups"), "b C a");
    assert_eq!(names("/scim/v2/Groups?sortBy=displayName"), "a b C");
    assert_eq!(
        names("/scim/v2/Groups?sortBy=displayName&sortOrder=descending&count=2"),
        "C b"
    );
    assert_eq!(names("/scim/v2/Groups?startIndex=3&count=5"), "a");
    let first = org.get("/scim/v2/Groups?cursor=&count=2").body;
    assert_eq!(
        names(&format!(
            "/scim/v2/Groups?cursor={}&count=2",
            first["nextCursor"].as_str().unwrap_or_default()
        )),
        "a"
    );
    let search = |body: Value| org.send("POST", "/scim/v2/.search", Some(body)).body;
    let all = search(json!({"filter": "meta.created pr"}));
    assert_eq!(
        (
            &all["totalResults"],
            all["Resources"].as_array().map(Vec::len)
        ),
        (&json!(4), Some(4))
    );
    assert_eq!(
        search(json!({"filter": "meta.resourceType eq \"Group\""}))["totalResults"],
        json!(3)
    );
    assert_eq!(
        search(json!({"filter": "members pr"}))["totalResults"],
        json!(0)
    );
    // What only one type has is without a value for the other, and sorting leaves nobody out.
    for (asked, total) in [
        (json!({"sortBy": "userName"}), 4),
        (
            json!({"sortBy": "members.value", "sortOrder": "descending"}),
            4,
        ),
        (json!({"filter": "not (members pr)"}), 4),
        (json!({"filter": "userName ne \"x\""}), 4),
        (json!({"filter": "userName pr"}), 1),
        (json!({"filter": "members eq null and emails eq null"}), 3),
        (
            json!({"filter": "members pr or userName sw \"b\" or displayName eq \"a\""}),
            1,
        ),
    ] {
        assert_eq!(
            search(asked.clone())["totalResults"],
            json!(total),
            "{asked}"
        );
    }
    let page = search(json!({"startIndex": 2, "count": 2, "attributes": ["displayName"]}));
    assert_eq!(page["Resources"].as_array().map(Vec::len), Some(2));
    org.send(
        "POST",
        "/scim/v2/.search",
        Some(json!({"filter": "shoeSize pr"})),
    )
    .is_error(400, Some("invalidFilter"));
    let search = json!({"sortBy": "shoeSize"});
    org.send("POST", "/scim/v2/.search", Some(search))
        .is_error(400, Some("invalidPath"));
}

#[test]
fn a_whole_group_and_its_parts_say_the_same_of_members() {
    let org = Org::with_free_seats(9);
    let mut ids = people(&org, "ana bo");
    for name in ["O'Neil \"Bo\" \\ Öz", "李 安"] {
        let body = json!({"userName": format!("{}@acme.example", ids.len()), "displayName": name});
        ids.push(org.post(body).id());
    }
    let members: Vec<Value> = ids.iter().map(|it| json!({"value": it})).collect();
    let reply = create(&org, json!({"displayName": "All", "members": members}));
    let whole = org.get(&path(&reply.id())).body;
    assert_eq!(reply.body, whole);
    let ask = |attributes: &str| {
        let asked = format!("?attributes={attributes},schemas,id,displayName,meta");
        org.get(&format!("{}{asked}", path(&reply.id()))).body
    };
    let all = "members.value,members.type,members.$ref";
    assert_eq!(ask(all), whole);
    // What they are called is published as shown on request: a PATCH of members is answered with what it said of them.
    let asked = ask(&format!("{all},members.display"));
    assert_eq!(asked["members"].as_array().map(Vec::len), Some(4));
    for member in whole["members"].as_array().into_iter().flatten() {
        assert_eq!(member.get("display"), None);
    }
    for member in asked["members"].as_array().into_iter().flatten() {
        let shown = org.get(member["$ref"].as_str().unwrap_or_default());
        assert_eq!(shown.body["id"], member["value"]);
        let called = shown
            .body
            .get("displayName")
            .unwrap_or(&shown.body["userName"]);
        assert_eq!(Some(called), member.get("display"));
    }
}

#[test]
fn many_members_come_in_one_push_and_one_more_is_little_work() {
    let org = Org::with_free_seats(3_000);
    let names: Vec<_> = (0..2_500).map(|it| format!("p{it}@acme.example")).collect();
    let (new, _) = usher_core::command::parse_people(&names.join(" "));
    org.admin(Command::Create(usher_core::command::Create {
        people: new,
        ..create_nobody()
    }));
    let mut ids = Vec::new();
    for start in (1..=2_501).step_by(200) {
        let page = org
            .get(&format!(
                "/scim/v2/Users?startIndex={start}&count=200&attributes=id"
            ))
            .body;
        ids.extend(
            page["Resources"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|it| it["id"].clone()),
        );
    }
    assert_eq!(ids.len(), 2_501);
    let members: Vec<Value> = ids.iter().skip(1).map(|it| json!({"value": it})).collect();
    let reply = create(
        &org,
        json!({"displayName": "Everybody", "members": members}),
    );
    assert_eq!(reply.status, 201);
    let group = reply.id();
    let before = org.events();
    let reply = patch(
        &org,
        &group,
        json!([{"op": "add", "path": "members", "value": [{"value": ids[0]}]}]),
    );
    // The others are not sent back unless they are asked for.
    assert_eq!((reply.status, &reply.body), (204, &Value::Null));
    assert_eq!(org.events(), before + 1);
    let body =
        json!({"Operations": [{"op": "remove", "path": "members", "value": [{"value": ids[0]}]}]});
    let reply = org.send(
        "PATCH",
        &format!("{}?attributes=displayName", path(&group)),
        Some(body),
    );
    assert_eq!(
        (
            reply.status,
            &reply.body["displayName"],
            reply.body.get("members")
        ),
        (200, &json!("Everybody"), None)
    );
}

fn create_nobody() -> usher_core::command::Create {
    usher_core::command::Create {
        people: Vec::new(),
        groups: Vec::new(),
        pools: Vec::new(),
        mail: false,
    }
}

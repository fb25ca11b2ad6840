//! Lists: pages as Okta imports them, filters, projections.

use serde_json::{Value, json};

use crate::org::{Org, encoded};

fn org_of(people: usize) -> Org {
    let org = Org::with_free_seats(100);
    (0..people).for_each(|it| drop(org.create(&format!("p{it:02}@acme.example"))));
    org
}

fn names(body: &Value) -> Vec<String> {
    let resources = body["Resources"].as_array().cloned().unwrap_or_default();
    resources
        .iter()
        .map(|it| it["userName"].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn pages_join_without_gap_or_overlap() {
    let org = org_of(11);
    let mut seen = Vec::new();
    for start in [1, 6, 11] {
        let reply = org.get(&format!("/scim/v2/Users?startIndex={start}&count=5"));
        let page = names(&reply.body);
        assert_eq!(
            (&reply.body["totalResults"], &reply.body["startIndex"]),
            (&json!(12), &json!(start))
        );
        assert_eq!(reply.body["itemsPerPage"], json!(page.len()));
        seen.extend(page);
    }
    assert_eq!(seen.len(), 12);
    let mut unique = seen.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), 12);
    assert_eq!(names(&org.get("/scim/v2/Users").body), seen);

    // Somebody in the middle is deleted: the others keep their order.
    let gone = seen.remove(4);
    let id = org.find(&format!("userName eq \"{gone}\"")).body["Resources"][0]["id"].clone();
    assert_eq!(org.delete(id.as_str().unwrap_or_default()).status, 204);
    let pages = [
        "startIndex=1&count=5",
        "startIndex=6&count=5",
        "startIndex=11&count=5",
    ];
    let again: Vec<String> = pages
        .iter()
        .flat_map(|it| names(&org.get(&format!("/scim/v2/Users?{it}")).body))
        .collect();
    assert_eq!(again, seen);
}

#[test]
fn odd_page_numbers_are_answered_as_the_rfc_says() {
    let org = org_of(3);
    for (query, start, items) in [
        ("startIndex=0", 1, 4),
        ("startIndex=-9&count=2", 1, 2),
        ("startIndex=5", 5, 0),
        ("startIndex=99999999999999999999", i64::MAX, 0),
        ("count=0", 1, 0),
        ("count=-1", 1, 0),
        ("count=100000", 1, 4),
    ] {
        let reply = org.get(&format!("/scim/v2/Users?{query}"));
        assert_eq!(
            (reply.status, &reply.body["totalResults"]),
            (200, &json!(4)),
            "{query}"
        );
        assert_eq!(
            (&reply.body["startIndex"], &reply.body["itemsPerPage"]),
            (&json!(start), &json!(items)),
            "{query}"
        );
    }
    org.get("/scim/v2/Users?count=ten")
        .is_error(400, Some("invalidValue"));
    let one = encoded("userName eq \"p01@acme.example\"");
    for (query, items) in [("startIndex=2", 0), ("count=0", 0), ("count=1", 1)] {
        let reply = org.get(&format!("/scim/v2/Users?filter={one}&{query}"));
        assert_eq!(
            (&reply.body["totalResults"], &reply.body["itemsPerPage"]),
            (&json!(1), &json!(items)),
            "{query}"
        );
    }
}

#[test]
fn filters_find_whom_they_name_and_are_refused_otherwise() {
    let org = org_of(3);
    let id = org.create("ana@acme.example");
    org.patch(&id, json!([{"op": "replace", "value": {"active": false}}]));
    for (filter, found) in [
        (
            r#"userName eq "P01@ACME.EXAMPLE""#,
            vec!["p01@acme.example"],
        ),
        (
            r#"USERNAME EQ "p01@acme.example" AND active EQ true"#,
            vec!["p01@acme.example"],
        ),
        (
            r#"userName eq "p01@acme.example" and active eq false"#,
            vec![],
        ),
        (r#"active eq false"#, vec!["ana@acme.example"]),
        (r#"active eq "False""#, vec!["ana@acme.example"]),
        (
            r#"userName sw "p0" and not (userName eq "p01@acme.example")"#,
            vec!["p00@acme.example", "p02@acme.example"],
        ),
        (
            r#"userName eq "p00@acme.example" or userName eq "ana@acme.example""#,
            vec!["p00@acme.example", "ana@acme.example"],
        ),
        // The address that nobody sent is shown, and found.
        (
            r#"userName eq "p00@acme.example" or emails.value eq "ana@acme.example""#,
            vec!["p00@acme.example", "ana@acme.example"],
        ),
        (r#"userName eq "%""#, vec![]),
        (r#"userName eq "p01@acme.exampl_""#, vec![]),
        (
            r#"userName eq "\u0070\u0030\u0031@acme.example""#,
            vec!["p01@acme.example"],
        ),
        (r#"id eq "7""#, vec![]),
        (r#"meta.created lt "2001-01-01T00:00:00Z""#, vec![]),
    ] {
        let reply = org.find(filter);
        assert_eq!(
            (reply.status, names(&reply.body)),
            (200, found.iter().map(ToString::to_string).collect()),
            "{filter}"
        );
        assert_eq!(reply.body["totalResults"], json!(found.len()), "{filter}");
    }
    let reply = org.find(&format!(
        "id eq \"{id}\" and meta.lastModified ge \"2001-01-01T00:00:00+01:00\""
    ));
    assert_eq!(reply.body["totalResults"], json!(1));
    for filter in [
        "",
        "userName",
        "userName eq",
        "shoeSize eq \"x\"",
        "userName eq \"a\" garbage",
        "\u{0}",
        "((((",
        "a".repeat(5_000).as_str(),
    ] {
        org.find(filter).is_error(400, Some("invalidFilter"));
    }
}

#[test]
fn only_what_is_asked_for_is_returned() {
    let org = org_of(1);
    let reply = org.get("/scim/v2/Users?attributes=userName&count=1&startIndex=2");
    let resource = &reply.body["Resources"][0];
    assert_eq!(resource["userName"], json!("p00@acme.example"));
    assert_eq!(
        resource.as_object().map(serde_json::Map::len),
        Some(3),
        "{resource}"
    );
    let id = resource["id"].as_str().unwrap_or_default();
    let reply = org.get(&format!(
        "/scim/v2/Users/{id}?excludedAttributes=meta,active,id"
    ));
    assert_eq!(
        (
            reply.body.get("meta"),
            reply.body.get("active"),
            &reply.body["id"]
        ),
        (None, None, &json!(id))
    );
    let path = format!("/scim/v2/Users/{id}?attributes=title");
    let body = json!({"Operations": [{"op": "replace", "path": "title", "value": "Boss"}]});
    let reply = org.send("PATCH", &path, Some(body));
    assert_eq!(
        (
            reply.status,
            &reply.body["title"],
            reply.body.get("userName")
        ),
        (200, &json!("Boss"), None)
    );
}

/// Brings so many in at once, each with these attributes.
fn bring(org: &Org, people: usize, attributes: impl Fn(usize) -> Value) {
    let operations: Vec<Value> = (0..people)
        .map(|it| {
            let mut data = attributes(it);
            data["userName"] = json!(format!("p{it:03}@acme.example"));
            json!({"method": "POST", "path": "/Users", "bulkId": format!("b{it}"), "data": data})
        })
        .collect();
    let bulk = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": operations});
    assert_eq!(org.send("POST", "/scim/v2/Bulk", Some(bulk)).status, 200);
}

/// Whoever reads a long sorted list page by page meets everybody once, in the order in which the list was when it was begun.
#[test]
fn pages_of_a_long_sorted_list_are_of_one_order() {
    let org = Org::with_free_seats(700);
    // Titles in another order than the people.
    let title = |it: usize| format!("T{:03}", it * 7 % 610);
    bring(&org, 610, |it| json!({"title": title(it)}));
    let mut names: Vec<(String, String)> = (0..610)
        .map(|it| (title(it), format!("p{it:03}@acme.example")))
        .collect();
    names.sort();
    let mut names: Vec<String> = names.into_iter().map(|it| it.1).collect();
    // Who has no title comes last.
    names.push("owner@acme.example".to_owned());
    let of = |page: &Value| -> Vec<(String, String)> {
        let resources = page["Resources"].as_array().cloned().unwrap_or_default();
        let text = |it: &Value| it.as_str().unwrap_or_default().to_owned();
        let pairs = resources
            .iter()
            .map(|it| (text(&it["id"]), text(&it["userName"])));
        pairs.collect()
    };
    let id = |name: &str| {
        let found = org.find(&format!("userName eq \"{name}\"")).body;
        of(&found).remove(0).0
    };
    let retitle = |name: &str, title: &str| {
        let set = json!([{"op": "replace", "path": "title", "value": title}]);
        assert_eq!(org.patch(&id(name), set).status, 200);
    };
    for way in ["startIndex", "cursor"] {
        let mut seen = Vec::new();
        let mut next = if way == "cursor" {
            String::new()
        } else {
            "1".to_owned()
        };
        let mut pages = 0;
        loop {
            let reply = org.get(&format!(
                "/scim/v2/Users?sortBy=title&count=60&{way}={next}"
            ));
            assert_eq!(
                (reply.status, &reply.body["totalResults"]),
                (200, &json!(611))
            );
            let page = of(&reply.body);
            if page.is_empty() {
                break;
            }
            pages += 1;
            // The page is read again as it was.
            let again = org.get(&format!(
                "/scim/v2/Users?sortBy=title&count=60&{way}={next}"
            ));
            if pages > 2 {
                assert_eq!(of(&again.body), page, "{way} {pages}");
            }
            seen.extend(page.into_iter().map(|it| it.1));
            if pages == 2 {
                // Once the order is known, people on pages to come move to where the reader was, and back.
                retitle(&names[400], "T000a");
                retitle(&names[5], "T999");
            }
            next = match (way, &reply.body["nextCursor"]) {
                ("cursor", Value::String(cursor)) => cursor.clone(),
                ("cursor", _) => break,
                _ => (seen.len() + 1).to_string(),
            };
        }
        let (mut met, mut all) = (seen.clone(), names.clone());
        met.sort();
        all.sort();
        assert!(met == all, "{way}: everybody once, not {}", met.len());
        // Begun anew, it is in today's order.
        let first = org.get("/scim/v2/Users?sortBy=title&count=60");
        assert_eq!(of(&first.body)[1].1, names[400], "{way}");
        retitle(&names[400], "T400");
        retitle(&names[5], "T005");
        let first = org.get("/scim/v2/Users?sortBy=title&count=60");
        assert_eq!(of(&first.body)[5].1, names[5], "{way}");
    }

    // Somebody who is gone, or is not of the list any more, is left out, and the others move up.
    let filter = encoded("title sw \"T\" and active eq true");
    let page = |start: usize| {
        let page = org.get(&format!(
            "/scim/v2/Users?filter={filter}&sortBy=title&sortOrder=descending&count=50&startIndex={start}"
        ));
        of(&page.body)
    };
    names.pop();
    names.reverse();
    let middle = page(301);
    assert_eq!(middle[0].1, names[300]);
    assert_eq!(org.delete(&middle[3].0).status, 204);
    let off = json!([{"op": "replace", "path": "active", "value": false}]);
    assert_eq!(org.patch(&middle[4].0, off).status, 200);
    let again: Vec<String> = page(301).into_iter().map(|it| it.1).collect();
    let expected: Vec<String> = [&names[300..303], &names[305..352]].concat();
    assert_eq!(again, expected);
    let last: Vec<String> = page(601).into_iter().map(|it| it.1).collect();
    assert_eq!(last, names[600..]);
    assert!(page(612).is_empty());
    // A jump into a filtered list finds the places of that list.
    let jump = |start: usize| {
        let filter = encoded("userName co \"@acme\" and title pr");
        let page = org.get(&format!(
            "/scim/v2/Users?filter={filter}&count=3&startIndex={start}&attributes=userName"
        ));
        let total = page.body["totalResults"].clone();
        (
            of(&page.body)
                .into_iter()
                .map(|it| it.1)
                .collect::<Vec<_>>(),
            total,
        )
    };
    let (here, total) = jump(501);
    let (back, _) = jump(401);
    assert_eq!((here.len(), back.len(), total), (3, 3, json!(609)));
    let gone = |name: &&String| **name != middle[3].1;
    let mut created = names.clone();
    created.sort();
    let created: Vec<&String> = created.iter().filter(gone).collect();
    for (found, place) in [(&here, 500), (&back, 400)] {
        assert_eq!(found.iter().collect::<Vec<_>>(), created[place..place + 3]);
    }
}

#[test]
fn pages_of_a_long_filtered_list_join_whatever_goes_meanwhile() {
    let org = Org::with_free_seats(700);
    bring(
        &org,
        620,
        |it| json!({"title": if it % 31 == 0 { "Boss" } else { "Hand" }}),
    );
    let page = |filter: &str, start: usize| {
        let filter = encoded(filter);
        org.get(&format!(
            "/scim/v2/Users?filter={filter}&startIndex={start}&count=100"
        ))
        .body
    };
    let names = |page: &Value| -> Vec<String> {
        let resources = page["Resources"].as_array().cloned().unwrap_or_default();
        let names = resources.iter().filter_map(|it| it["userName"].as_str());
        names.map(str::to_owned).collect()
    };
    let hands: Vec<String> = (0..620)
        .filter(|it| it % 31 != 0)
        .map(|it| format!("p{it:03}@acme.example"))
        .collect();
    let (mut seen, mut start) = (Vec::new(), 1);
    loop {
        let found = page("title eq \"Hand\"", start);
        assert_eq!(found["startIndex"], json!(start));
        assert_eq!(found["totalResults"], json!(600));
        let on_it = names(&found);
        // It reads the same again.
        assert_eq!(names(&page("title eq \"Hand\"", start)), on_it);
        if on_it.is_empty() {
            break;
        }
        // Somebody of the page goes; the next page misses nobody for that.
        let gone = found["Resources"][3]["id"].as_str().unwrap_or_default();
        assert_eq!(org.delete(gone).status, 204);
        start += on_it.len();
        seen.extend(on_it);
    }
    assert_eq!(seen, hands);
    // The first page counts anew, and a place that no page ended at is counted out.
    assert_eq!(page("title eq \"Hand\"", 1)["totalResults"], json!(594));
    let between = names(&page("title eq \"Hand\"", 51));
    assert_eq!(between[0], names(&page("title eq \"Hand\"", 1))[50]);
    // A short list is exact at every place.
    assert_eq!(page("title eq \"Boss\"", 11)["totalResults"], json!(20));
    assert_eq!(names(&page("title eq \"Boss\"", 11)).len(), 10);
}

#[test]
fn pages_of_the_whole_roster_join_whatever_goes_meanwhile() {
    let org = Org::with_free_seats(700);
    bring(&org, 620, |_| json!({}));
    let (mut seen, mut start) = (Vec::new(), 1);
    loop {
        let page = org.get(&format!("/scim/v2/Users?startIndex={start}&count=100"));
        assert_eq!(page.body["totalResults"], json!(621));
        let on_it = names(&page.body);
        if on_it.is_empty() {
            break;
        }
        let gone = page.body["Resources"][3]["id"].as_str().unwrap_or_default();
        assert_eq!(org.delete(gone).status, 204);
        start += on_it.len();
        seen.extend(on_it);
    }
    let all: Vec<String> = (0..620)
        .map(|it| format!("p{it:03}@acme.example"))
        .collect();
    assert_eq!(seen.get(1..), Some(&all[..]), "the owner is the first");
    // The first page counts anew, and so does a place at which no page ended.
    let total =
        |query: &str| org.get(&format!("/scim/v2/Users?{query}")).body["totalResults"].clone();
    assert_eq!(
        (total(""), total("startIndex=51&count=5")),
        (json!(614), json!(614))
    );
}

//! `usher field` and `usher label`: what is known of people beyond the profile.

use serde_json::json;

use crate::peopled;
use crate::program::Org;

fn org() -> Org {
    let org = Org::with_seats(9);
    for line in [
        "field add 'Cost center' --visible administrators --yes",
        "field add Joined --kind date --yes",
        "field add Shirt --kind choice --value S --value M --yes",
        "create 'Ana Li <ana@acme.example>' --field 'cost center=4711' --field shirt=m --label wave-1 --yes",
        "invite bo@acme.example --field joined=2026-01-31 --yes",
    ] {
        org.type_in(line).ok();
    }
    org
}

#[test]
fn custom_fields_are_in_the_json_of_people_and_in_queries() {
    let org = org();
    let fields = |line: &str| org.json(line)["fields"].clone();
    assert_eq!(
        fields("show ana@acme.example"),
        json!({"Cost center": "4711", "Shirt": "M"})
    );
    let found = |query: &str| {
        let people = org.json(&format!("users '{query}'"));
        let people = people.as_array().unwrap();
        let emails = people
            .iter()
            .map(|it| it["email"].as_str().unwrap().to_owned());
        emails.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(found("cost-center:47"), "ana@acme.example");
    assert_eq!(found("joined:>=2026-01-01"), "bo@acme.example");
    assert_eq!(found("label:WAVE-1 shirt:m"), "ana@acme.example");
    let batch =
        org.json("edit has:shirt --field shirt=S --field 'cost center=' --yes")["batch"].clone();
    assert_eq!(fields("show ana@acme.example"), json!({"Shirt": "S"}));
    org.type_in(&format!("undo {} --yes", batch.as_str().unwrap()))
        .ok();
    assert_eq!(
        fields("show ana@acme.example"),
        json!({"Cost center": "4711", "Shirt": "M"})
    );
    let changes = org.json("edit ana@acme.example --field shirt=s --plan");
    assert_eq!(
        changes["changes"][0],
        json!({"user": "ana@acme.example", "what": "field Shirt", "before": "M", "after": "S"})
    );
}

#[test]
fn a_choice_needs_a_value_to_choose() {
    let org = org();
    let said = org.type_in("field add Size --kind choice --yes");
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(
        said.err.contains("Size") && said.err.contains("--value"),
        "{said:?}"
    );
    assert!(!org.type_in("field list").ok().contains("Size"));
}

#[test]
fn fields_and_their_values_are_listed_renamed_and_removed() {
    let org = org();
    let list = org.json("field list");
    assert_eq!(
        (&list[0]["name"], &list[0]["key"], &list[0]["visible_to"]),
        (
            &json!("Cost center"),
            &json!("cost_center"),
            &json!("administrators")
        )
    );
    assert_eq!(list[2]["values"], json!(["S", "M"]));
    org.type_in("field values shirt --add L --rename M=Medium --remove S --yes")
        .ok();
    let values = org.json("field values Shirt");
    assert_eq!(values[0]["name"], "Medium");
    assert_eq!(
        (&values[0]["people"], &values[1]["name"]),
        (&json!(1), &json!("L"))
    );
    org.type_in("field rename 'cost center' Budget --yes").ok();
    org.type_in("field set budget --visible everybody --required --yes")
        .ok();
    assert_eq!(org.json("field list")[0]["required"], true);
    let said = org.type_in("create carl@acme.example --yes");
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("Budget is required"), "{said:?}");
    org.type_in("field remove budget --yes").ok();
    assert_eq!(org.json("field list")[0]["name"], "Joined");
    for (line, code, words) in [
        ("field add Title --yes", 1, "everybody has"),
        (
            "edit ana@acme.example --field shirt=XXL --yes",
            2,
            "use Medium, L",
        ),
        (
            "edit ana@acme.example --field shoe=42 --yes",
            1,
            "there is no field shoe",
        ),
        ("edit ana@acme.example --field shirt --yes", 2, "NAME=VALUE"),
        ("field set joined --yes", 2, "--visible"),
        ("field values joined --add x --yes", 2, "only a choice"),
    ] {
        let said = org.type_in(line);
        assert_eq!(said.code, Some(code), "{line} {said:?}");
        assert!(said.err.contains(words), "{line} {said:?}");
    }
}

#[test]
fn labels_are_listed_renamed_and_removed() {
    let org = org();
    assert_eq!(
        org.json("label list"),
        json!([{"name": "wave-1", "people": 1}])
    );
    org.type_in("label rename wave-1 'Wave one' --yes").ok();
    assert_eq!(
        org.json("show ana@acme.example")["labels"],
        json!(["Wave one"])
    );
    org.type_in("label remove 'wave one' --yes").ok();
    assert_eq!(org.json("label list"), json!([]));
}

#[test]
fn a_query_may_begin_with_what_somebody_is_not() {
    let org = peopled();
    let all = org.json("users").as_array().unwrap().len();
    for (line, found) in [
        ("users -email:ana@acme.example", all - 1),
        (
            "users --limit 50 -email:ana email:acme --sort email",
            all - 1,
        ),
        ("users '-email:ana or email:ana'", all),
        ("users -is:admin", all - 1),
    ] {
        assert_eq!(org.json(line).as_array().unwrap().len(), found, "{line}");
    }
    let plan = org.json("edit -email:ana --set title=Dev --plan");
    let changes = plan["changes"].as_array().unwrap();
    assert!(!changes.is_empty());
    assert!(changes.iter().all(|it| it["user"] != "ana@acme.example"));
    let others = org.type_in("users --format json -- -email:ana -zz").ok();
    assert_eq!(others.matches("\"id\"").count(), all - 1);
    let unknown = org.type_in("users -nothing");
    assert_eq!(unknown.code, Some(2), "{unknown:?}");
}

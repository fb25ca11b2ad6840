//! `usher setting`: listed, set by a plan, obeyed.

use crate::program::Org;

#[test]
fn settings_are_listed_set_and_reset() {
    let org = Org::with_seats(5);
    let all = org.json("setting");
    assert_eq!(all, org.json("setting list"));
    let named = |name: &str| {
        let all = all.as_array().unwrap();
        all.iter().find(|it| it["name"] == name).unwrap().clone()
    };
    assert_eq!(named("retention_days")["value"], 30);
    assert_eq!(named("single_sign_on")["value"], false);
    assert_eq!(named("public_url")["value"], serde_json::Value::Null);
    assert_eq!(
        named("required_on_invite")["value"],
        serde_json::json!(["email", "first_name", "last_name", "functional_area"])
    );
    let plan = org.json("setting set retention-days 90 --plan");
    assert_eq!(
        plan["changes"][0],
        serde_json::json!({"user": null, "what": "setting retention-days", "before": "30", "after": "90"})
    );
    assert_eq!(org.json("setting get retention-days")["is_default"], true);
    org.type_in("setting retention-days 90 --yes").ok();
    assert_eq!(org.json("setting retention_days")["value"], 90);
    org.type_in("setting reset retention-days --yes").ok();
    assert_eq!(org.json("setting get retention-days")["value"], 30);
    let out = org.type_in("setting list --format csv").ok();
    assert!(
        out.starts_with("name,value,default,is_default,sentence"),
        "{out}"
    );
    for (line, words) in [
        ("setting set retention-days soon --yes", "whole number"),
        ("setting set nothing 1 --yes", "there is no such setting"),
        ("setting reset time-zone --yes", "has no default"),
    ] {
        let said = org.type_in(line);
        assert_eq!(said.code, Some(2), "{said:?}");
        assert!(said.err.contains(words), "{said:?}");
    }
}

#[test]
fn what_is_required_is_said_with_the_setting_that_changes_it() {
    let org = Org::with_seats(5);
    org.type_in("invite ana@acme.example --yes").ok();
    org.type_in("setting set required-on-invite 'title, group' --yes")
        .ok();
    let said = org.type_in("invite bo@acme.example --yes");
    assert_eq!(said.code, Some(1));
    assert!(
        said.err
            .contains("title and group are required; give what is missing, or change the setting required-on-invite"),
        "{said:?}"
    );
    org.type_in("group add Sales --yes").ok();
    org.type_in("invite bo@acme.example --title Lead --group Sales --yes")
        .ok();
}

#[test]
fn the_public_address_is_a_setting_that_connections_are_given() {
    let org = Org::with_seats(5);
    org.type_in("setting set public-url https://usher.acme.example/ --yes")
        .ok();
    assert_eq!(
        org.json("idp add okta --yes")["base_url"],
        "https://usher.acme.example/scim/v2"
    );
    assert_eq!(
        org.json("idp rotate okta --public-url http://127.0.0.1:9 --yes")["base_url"],
        "http://127.0.0.1:9/scim/v2"
    );
}

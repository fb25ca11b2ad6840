//! `usher token`, and what the platform behind Usher does with it over a real server.

use serde_json::json;

use crate::peopled;

#[test]
fn a_token_is_shown_once_and_listed_without_its_secret() {
    let org = peopled();
    let added =
        org.json("token add academy --scope access,sign-in --yes --public-url https://u.example");
    assert_eq!(added["name"], "academy");
    assert_eq!(added["base_url"], "https://u.example/api/v1");
    let token = added["token"].as_str().unwrap().to_owned();
    assert!(token.starts_with("usher_api_"));
    let listed = org.json("token list");
    assert_eq!(listed[0]["scopes"], json!(["access", "sign_in"]));
    assert_eq!(listed[0]["tokens"].as_array().unwrap().len(), 1);
    let everything =
        org.type_in("token list").ok() + &listed.to_string() + &org.type_in("history").ok();
    assert!(!everything.contains(&token), "{everything}");
    assert!(everything.contains("academy"), "{everything}");

    let rotated = org.json("token rotate academy --overlap 0 --yes");
    assert_ne!(rotated["token"], added["token"]);
    org.type_in("token revoke academy --yes").ok();
    assert!(org.json("token list")[0]["revoked_at"].is_string());
    let again = org.type_in("token rotate academy --yes");
    assert_eq!(again.code, Some(1), "{again:?}");
}

#[test]
fn a_token_needs_scopes_that_there_are() {
    let org = peopled();
    for line in [
        "token add academy --yes",
        "token add academy --scope everything --yes",
        "token add 'two words' --scope access --yes",
    ] {
        assert_eq!(org.type_in(line).code, Some(2), "{line}");
    }
    let plan = org.json("token add academy --scope access --plan");
    assert_eq!(plan["changes"][0]["what"], "token academy");
    assert_eq!(org.json("token list"), json!([]));
}

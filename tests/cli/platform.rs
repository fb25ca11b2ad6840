//! `usher token`, and what the platform behind Usher does with it over a real server.

use serde_json::json;

use crate::peopled;
use crate::program::Client;

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

const GOOD: &str = "grape tunnel orbit fudge";

#[test]
fn a_password_is_read_from_standard_input_and_opens_the_door() {
    let org = peopled();
    let args = ["create", "fay@acme.example", "--password-stdin", "--yes"];
    org.feed(&args, &format!("{GOOD}\nnot this line\n")).ok();
    let args = ["password", "ana@acme.example", "--password-stdin", "--yes"];
    let said = org.feed(&args, GOOD).ok();
    assert!(!said.contains(GOOD), "{said}");
    let token = org.json("token add academy --scope sign-in,access --yes");
    let token = token["token"].as_str().unwrap();
    let server = org.serve();
    let signs_in = |who: &str, password: &str| {
        let body = json!({"user": who, "password": password});
        let mut client = Client::connect(server.address, token).unwrap();
        let answer = client.call("POST", "/api/v1/sign-in", Some(&body)).unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body["allowed"].as_bool().unwrap()
    };
    assert!(signs_in("fay@acme.example", GOOD));
    assert!(signs_in("ana@acme.example", GOOD));
    assert!(!signs_in("bo@acme.example", GOOD));
    org.type_in("deactivate ana@acme.example --yes").ok();
    assert!(!signs_in("ana@acme.example", GOOD));
    org.type_in("password fay@acme.example --remove --yes").ok();
    assert!(!signs_in("fay@acme.example", GOOD));
    let log = std::fs::read_to_string(org.path("server.log")).unwrap();
    assert!(
        !log.contains("acme.example") && !log.contains(GOOD),
        "{log}"
    );
    let history = org.type_in("history --format json").ok();
    assert!(history.contains("\"what\":\"password\"") && !history.contains(GOOD));
}

#[test]
fn a_password_is_never_an_argument_and_never_a_weak_one() {
    let org = peopled();
    let head = org.head();
    let weak = |password: &str| {
        let args = ["password", "ana@acme.example", "--password-stdin", "--yes"];
        let said = org.feed(&args, password);
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{said:?}");
        assert!(
            password.is_empty() || !said.err.contains(password),
            "{said:?}"
        );
        said.err
    };
    assert!(weak("kurz").contains("shorter than 10 characters"));
    assert!(weak("Password123!").contains("tried first"));
    assert!(weak("ana.acme.example").contains("address or name"));
    weak("");
    for line in [
        "password ana@acme.example --yes",
        "password 'area:sales' --password-stdin --yes",
        "create gus@acme.example hal@acme.example --password-stdin --yes",
        "create - --password-stdin --yes",
    ] {
        assert_eq!(org.type_in(line).code, Some(2), "{line}");
    }
    assert_eq!(
        org.type_in(&format!("password ana@acme.example '{GOOD}' --yes"))
            .code,
        Some(1)
    );
    assert_eq!(org.head(), head);
    org.type_in("setting set single-sign-on on --yes").ok();
    let args = ["password", "ana@acme.example", "--password-stdin", "--yes"];
    let said = org.feed(&args, GOOD);
    assert!(said.err.contains("identity provider"), "{said:?}");
}

#[test]
fn links_to_choose_a_password_are_mailed_to_many_at_once() {
    let org = peopled();
    let plan = org.json("password 'area:sales' --mail --plan");
    assert_eq!(plan["effects"]["mails"], 2);
    assert_eq!(plan["skipped"][0]["user"], "cara@acme.example");
    let applied = org.json("password ana@acme.example bo@acme.example --mail --yes");
    assert_eq!(applied["changes"].as_array().unwrap().len(), 2);
    assert_eq!(applied["changes"][0]["what"], "password link");
}

//! `usher idp map`, `own` and `set`, `usher edit --override` and `usher drift`.

use serde_json::json;

use crate::program::{Client, Org};

#[test]
fn what_a_provider_owns_takes_an_override_that_is_listed() {
    let org = Org::with_seats(9);
    let added = org.json("idp add okta --token-days 30 --yes");
    let token = added["token"].as_str().unwrap().to_owned();
    org.type_in("field add Shirt --kind choice --value S --value M --yes")
        .ok();
    org.type_in("idp map okta area=costCenter shirt=userType --yes")
        .ok();
    let shown = org.json("idp show okta");
    let urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    assert_eq!(
        shown["maps"][1],
        json!({"field": "functional_area", "path": format!("{urn}:costCenter")})
    );
    assert!(shown["tokens"][0]["ends_at"].is_string(), "{shown}");

    let server = org.serve();
    let mut client = Client::connect(server.address, &token).unwrap();
    assert_eq!(client.create("ana@acme.example").unwrap().status, 201);
    let owned = org.json("show ana@acme.example")["owned_by"].clone();
    assert_eq!(owned["connection"], "okta");
    let kept = org.type_in("edit ana@acme.example --set user_name=a --yes");
    assert_eq!(kept.code, Some(1));
    assert!(
        kept.err.contains("--override") || kept.out.contains("--override"),
        "{kept:?}"
    );
    assert_eq!(org.json("drift"), json!([]));
    org.type_in("edit ana@acme.example --set user_name=a --override --yes")
        .ok();
    let drift = org.json("drift okta");
    assert_eq!(drift[0]["what"], "user_name", "{drift}");
    assert_eq!(
        (&drift[0]["roster"], &drift[0]["why"]),
        (&json!("a"), &json!("overridden"))
    );
    org.type_in("idp own okta none --yes").ok();
    assert_eq!(org.json("show ana@acme.example")["owned_by"], json!(null));
    org.type_in("idp own okta email,manager --yes").ok();
    assert_eq!(
        org.json("idp show okta")["owns"],
        json!(["email", "manager"])
    );
    org.type_in("idp set okta --new-people waiting --mails --yes")
        .ok();
    assert_eq!(org.json("idp show okta")["new_people"], "waiting");
    assert!(org.type_in("idp list").ok().contains("EXPIRES"));
}

#[test]
fn a_wrong_path_or_field_says_what_to_do() {
    let org = Org::with_seats(9);
    org.type_in("idp add okta --yes").ok();
    for (line, code, words) in [
        (
            "idp map okta title=shoeSize --yes",
            2,
            "there is no attribute shoeSize",
        ),
        ("idp map okta title=password --yes", 2, "feeds nothing"),
        (
            "idp map okta 'title=addresses[type eq' --yes",
            2,
            "cannot be read",
        ),
        (
            "idp map okta nothing=title --yes",
            2,
            "is no field that a provider writes",
        ),
        (
            "idp own okta shoes --yes",
            2,
            "is no field that a provider writes",
        ),
        ("idp map nobody title=userType --yes", 1, "connection"),
        ("drift nobody", 1, "connection"),
    ] {
        let said = org.type_in(line);
        assert_eq!(said.code, Some(code), "{line}: {said:?}");
        assert!(said.err.contains(words), "{line}: {said:?}");
    }
}

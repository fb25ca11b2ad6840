//! Keys to come in with over SSH, what sshd is answered, and how it is set up.

use crate::program::Org;

const ANA: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINBAMfae/WjJ+p7DQvIcyiX6DYUhawanLXDE7x4n0Ce4";
const FINGERPRINT: &str = "SHA256:IwdLirrryDmTyjcZjLlmWaE2NKKUolQnT5srhbZLAD4";
const OWNER: &str = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBB+ziRe3wDOLAwn0DC13hnrHeVwEYVN2/VbFloBp9lie65VSHgR8h2S0erMRQF3yuFnHpBJ2KsCOgXSsYgeJuxs=";

fn company() -> (Org, String) {
    let org = Org::with_seats(5);
    org.type_in("create ana@acme.example --no-mail --yes").ok();
    org.type_in("admin grant manage_users ana@acme.example --yes")
        .ok();
    let id = org.json("show ana@acme.example")["id"]
        .as_str()
        .unwrap()
        .to_owned();
    (org, id)
}

fn me() -> String {
    let me = std::process::Command::new("id")
        .arg("-un")
        .output()
        .unwrap();
    String::from_utf8(me.stdout).unwrap().trim().to_owned()
}

#[test]
fn a_key_is_given_listed_answered_for_and_taken() {
    let (org, ana) = company();
    org.type_in(&format!(
        "admin key add ana@acme.example '{ANA} ana@laptop' --yes"
    ))
    .ok();
    let fed = org.feed(
        &["admin", "key", "add", "owner@acme.example", "-", "--yes"],
        &format!("{OWNER}\n"),
    );
    fed.ok();
    let keys = org.json("admin key list ana@acme.example");
    assert_eq!(
        (&keys[0]["fingerprint"], &keys[0]["comment"], &keys[0]["id"]),
        (
            &FINGERPRINT.into(),
            &"ana@laptop".into(),
            &ana.as_str().into()
        )
    );
    assert_eq!(org.json("admin key list").as_array().unwrap().len(), 2);
    assert_eq!(org.json("admin list")[1]["keys"][0], FINGERPRINT);
    let changes = org.json("history ana@acme.example");
    let last = changes.as_array().unwrap().last().unwrap();
    assert_eq!(last["what"], format!("SSH key {FINGERPRINT}"));
    let db = std::fs::canonicalize(org.db()).unwrap();
    let program = std::fs::canonicalize(env!("CARGO_BIN_EXE_usher")).unwrap();
    let line = format!(
        "restrict,pty,command=\"{} --db {} --as {ana}\" {ANA}\n",
        program.display(),
        db.display()
    );
    let encoded = ANA.split(' ').nth(1).unwrap();
    let me = me();
    for asked in [
        format!("ssh keys {me} {FINGERPRINT}"),
        format!("ssh keys {me} ssh-ed25519 {encoded}"),
        // Also where whoever asks is linked to somebody who sees less.
        format!("ssh keys {me} ssh-ed25519 {encoded} --as {ana}"),
    ] {
        assert_eq!(org.type_in(&asked).ok(), line, "{asked}");
    }
    assert_eq!(org.type_in("ssh keys").ok().lines().count(), 2);
    for nothing in [
        "ssh keys nobody".to_owned(),
        format!("ssh keys no-such-user {FINGERPRINT}"),
        format!("ssh keys {me} ssh-rsa {encoded}"),
        format!("ssh keys {me} ssh-ed25519 AAAA"),
        format!("ssh keys {me} ssh-ed25519 '{encoded} x'"),
    ] {
        assert_eq!(org.type_in(&nothing).ok(), "", "{nothing}");
    }
    let removed = org.json("admin key remove ana@acme.example IwdLir --yes");
    assert_eq!(removed["changes"][0]["after"], false);
    assert_eq!(
        org.type_in(&format!("ssh keys {me} {FINGERPRINT}")).ok(),
        ""
    );
    let batch = removed["batch"].as_str().unwrap();
    org.type_in(&format!("undo {batch} --yes")).ok();
    org.type_in("deactivate ana@acme.example --yes").ok();
    assert_eq!(
        org.type_in(&format!("ssh keys {me} {FINGERPRINT}")).ok(),
        ""
    );
}

#[test]
fn what_is_no_key_is_refused_and_nothing_of_it_is_repeated() {
    let (org, ana) = company();
    let before = org.head();
    for (key, code) in [
        (format!("'command=\"sh\" {ANA}'"), 2),
        (
            "'-----BEGIN OPENSSH PRIVATE KEY----- b3BlbnNzaC1rZXk'".to_owned(),
            2,
        ),
        (format!("'{ANA}\n{OWNER}'"), 2),
        ("nonsense".to_owned(), 2),
    ] {
        let refused = org.type_in(&format!("admin key add ana@acme.example {key} --yes"));
        assert_eq!(refused.code, Some(code), "{refused:?}");
        assert!(
            !refused.err.contains("b3Blbn") && !refused.err.contains("AAAA"),
            "{refused:?}"
        );
    }
    for (line, code, why) in [
        (
            format!("admin key add owner@acme.example '{ANA}' --yes --as {ana}"),
            1,
            "nobody whom you may do this to",
        ),
        (
            "admin key remove ana@acme.example --yes".to_owned(),
            2,
            "FINGERPRINT",
        ),
        (
            "admin key remove ana@acme.example --all --yes".to_owned(),
            1,
            "has no key",
        ),
        (
            format!("admin key add nobody@acme.example '{ANA}' --yes"),
            1,
            "there is no user",
        ),
    ] {
        let refused = org.type_in(&line);
        assert_eq!(refused.code, Some(code), "{refused:?}");
        assert!(refused.err.contains(why), "{refused:?}");
    }
    assert_eq!(org.head(), before);
}

#[test]
fn setup_prints_lines_for_sshd_and_what_is_to_be_done() {
    let (org, _) = company();
    let said = org.type_in("ssh setup");
    // The program of a test is nowhere where sshd would run it.
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("to be done first"), "{said:?}");
    let config: Vec<&str> = said.out.lines().filter(|it| !it.starts_with('#')).collect();
    assert_eq!(config[0], format!("Match User {}", me()));
    assert!(
        config[1].ends_with("usher.db ssh keys %u %t %k"),
        "{config:?}"
    );
    assert!(said.out.contains("TO DO"), "{said:?}");
    let json = org.type_in("ssh setup --format json");
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    let checks = json["checks"].as_array().unwrap();
    let keys = checks
        .iter()
        .find(|it| it["check"] == "an administrator has a key");
    assert_eq!(keys.unwrap()["state"], "wrong", "{json}");
    let refused = org.type_in("ssh setup --user no-such-user");
    assert!(refused.err.contains("useradd"), "{refused:?}");
}

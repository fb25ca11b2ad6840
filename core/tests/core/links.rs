//! The links that mails carry: made from the roster and a key outside of it, and good for nothing else.

use std::os::unix::fs::PermissionsExt as _;

use usher_core::link::{Link, LinkKind};
use usher_core::model::UserId;
use usher_core::{Directory, Error};

use crate::org::Org;

fn link(kind: LinkKind, user: UserId, generation: i64) -> Link {
    Link {
        kind,
        user,
        generation,
    }
}

#[test]
fn a_link_is_opened_as_what_it_was_made_from_also_by_another_process() {
    let mut org = Org::new(5);
    org.invite("ana");
    let ana = org.user("ana").id;
    let links =
        [LinkKind::Invitation, LinkKind::Password, LinkKind::Join].map(|kind| link(kind, ana, 1));
    let tokens = links.map(|it| org.directory.link_token(&it).unwrap());
    org.reopen();
    for (link, token) in links.iter().zip(&tokens) {
        assert_eq!(org.directory.opened_link(token).unwrap(), Some(*link));
        assert_eq!(&org.directory.link_token(link).unwrap(), token);
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        assert!(token.chars().all(plain), "{token}");
    }
    let later = org
        .directory
        .link_token(&link(LinkKind::Invitation, ana, 2))
        .unwrap();
    assert!(!tokens.contains(&later));
}

#[test]
fn a_token_that_was_changed_anywhere_opens_nothing() {
    let org = Org::new(5);
    org.invite("ana");
    let token = org
        .directory
        .link_token(&link(LinkKind::Invitation, org.user("ana").id, 1))
        .unwrap();
    for i in 0..token.len() {
        let mut bent = token.clone().into_bytes();
        bent[i] = if bent[i] == b'a' { b'b' } else { b'a' };
        let bent = String::from_utf8(bent).unwrap();
        assert_eq!(org.directory.opened_link(&bent).unwrap(), None, "{i}");
    }
    let longer = format!("{token}a");
    let upper = token.to_ascii_uppercase();
    for bad in ["", "a", &token[1..], &longer, &upper, "\u{e9}", "../../etc"] {
        assert_eq!(org.directory.opened_link(bad).unwrap(), None, "{bad}");
    }
}

#[test]
fn another_organization_with_the_same_key_opens_nothing() {
    let (org, other) = (Org::new(5), Org::new(5));
    let link = link(LinkKind::Join, org.user("owner").id, 1);
    let token = org.directory.link_token(&link).unwrap();
    std::fs::copy(
        org.directory.link_key_file(),
        other.directory.link_key_file(),
    )
    .unwrap();
    let mut other = other;
    other.reopen();
    // Two test organizations draw the same numbers; a secret of the real ones differs.
    rusqlite::Connection::open(&other.path)
        .unwrap()
        .execute("UPDATE organization SET digest_key = zeroblob(32)", [])
        .unwrap();
    assert_eq!(other.directory.opened_link(&token).unwrap(), None);
}

#[test]
fn the_key_is_private_and_neither_it_nor_tokens_are_in_the_database() {
    let org = Org::new(5);
    org.invite("ana");
    let file = org.directory.link_key_file();
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let key = std::fs::read(&file).unwrap();
    let token = org
        .directory
        .link_token(&link(LinkKind::Invitation, org.user("ana").id, 1))
        .unwrap();
    let copy = org.path.with_extension("copy");
    org.directory.backup(&copy).unwrap();
    let bytes = std::fs::read(&copy).unwrap();
    let holds = |part: &[u8]| bytes.windows(part.len()).any(|it| it == part);
    assert!(!holds(&key));
    assert!(!holds(token.as_bytes()));
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    let mut org = Org::new(5);
    let file = org.directory.link_key_file();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
    org.reopen();
    let owner = org.user("owner").id;
    let refused = org
        .directory
        .link_token(&link(LinkKind::Password, owner, 1))
        .unwrap_err();
    assert!(
        matches!(&refused, Error::File { why, .. } if why.contains("mode 640")),
        "{refused}"
    );
    assert!(org.directory.ensure_link_key().is_err());
}

#[test]
fn links_die_with_their_key_and_a_restore_takes_the_key() {
    let mut org = Org::new(5);
    org.invite("ana");
    let ana = link(LinkKind::Invitation, org.user("ana").id, 1);
    let token = org.directory.link_token(&ana).unwrap();
    let copy = org.path.with_extension("copy");
    org.directory.backup(&copy).unwrap();
    let path = org.path.clone();
    let options = org.options.clone();
    drop(std::mem::replace(&mut org.directory, Org::new(1).directory));
    Directory::restore(&copy, &path, &options).unwrap();
    org.reopen();
    assert_eq!(org.directory.opened_link(&token).unwrap(), None);
    assert_ne!(org.directory.link_token(&ana).unwrap(), token);
}

#[test]
fn a_link_leads_to_the_public_address() {
    let org = Org::new(5);
    org.invite("ana");
    let ana = link(LinkKind::Invitation, org.user("ana").id, 1);
    let url = || org.directory.link_url(&ana).unwrap();
    assert!(url().starts_with("http://127.0.0.1:8080/accept/"));
    org.directory
        .reached_at(None, "http://127.0.0.1:9999".into());
    assert!(url().starts_with("http://127.0.0.1:9999/accept/"));
    org.apply(usher_core::command::Command::SetSetting {
        setting: usher_core::model::Setting::PublicUrl,
        value: Some("https://people.acme.example".into()),
    });
    let token = org.directory.link_token(&ana).unwrap();
    assert_eq!(url(), format!("https://people.acme.example/accept/{token}"));
}

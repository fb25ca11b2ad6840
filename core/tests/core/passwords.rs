//! Passwords, where there is no single sign-on.

use std::net::IpAddr;

use usher_core::command::{Accept, ChoosePassword, Command, Create, Edit, NewPerson, SetPassword};
use usher_core::model::{Actor, Door, Field, LinkState, Permission, Setting, Status, UserId};
use usher_core::password::{Password, PasswordHash};
use usher_core::{Applied, Result, SignIn, Source};

use crate::org::{Org, address, assert_error, create, newcomer, people, skips, switch};

const GOOD: &str = "grape tunnel orbit fudge";
const OTHER: &str = "plinth wagon ember quiz";

impl Org {
    fn hash(&self, text: &str) -> PasswordHash {
        let password = Password::choose(text, &[]).unwrap();
        self.directory.hash_password(&password).unwrap()
    }

    fn create_with(&self, name: &str, password: &str) -> Applied {
        let person = NewPerson {
            password: Some(self.hash(password)),
            ..people(name).remove(0)
        };
        let Command::Create(create) = create(name) else {
            unreachable!()
        };
        self.apply(Command::Create(Create {
            people: vec![person],
            mail: true,
            ..create
        }))
    }

    fn set_password(&self, name: &str, password: Option<&str>) -> Result<Applied> {
        self.try_apply(Command::SetPassword(SetPassword {
            user: self.user(name).id,
            password: password.map(|it| self.hash(it)),
        }))
    }

    fn sign_in(&self, who: &str, password: &str) -> SignIn {
        let source = Source::Person(IpAddr::from([198, 51, 100, 7]));
        self.directory
            .sign_in(&address(who), password, source)
            .unwrap()
    }

    fn signs_in(&self, who: &str, password: &str) -> bool {
        matches!(self.sign_in(who, password), SignIn::In(_))
    }

    fn choose(&self, user: UserId, generation: i64, password: &str) -> Result<Applied> {
        self.tick(1);
        let session = self.directory.as_actor(Actor::Person(user), Door::Page);
        let command = Command::ChoosePassword(ChoosePassword {
            user,
            generation,
            password: self.hash(password),
        });
        session.apply(session.request(command), None)
    }

    fn mailed(&self, name: &str) -> Vec<String> {
        let conn = rusqlite::Connection::open(&self.path).unwrap();
        let mut statement = conn
            .prepare("SELECT template FROM outbox WHERE user = ?1 ORDER BY seq")
            .unwrap();
        let id = self.user(name).id;
        let rows = statement.query_map([id.as_bytes()], |row| row.get(0));
        rows.unwrap().map(std::result::Result::unwrap).collect()
    }

    fn link(&self, name: &str) -> Option<(i64, LinkState)> {
        let link = self.cli().read().unwrap().password_link(self.user(name).id);
        link.unwrap().map(|it| (it.generation, it.state))
    }

    fn single_sign_on(&self) {
        self.apply(Command::SetSetting {
            setting: Setting::SingleSignOn,
            value: Some("on".into()),
        });
    }
}

#[test]
fn who_is_created_with_a_password_signs_in_with_it_at_once_and_after_a_restart() {
    let mut org = Org::new(5);
    org.create_with("ana", GOOD);
    assert_eq!(org.mailed("ana"), ["account_created"]);
    assert_eq!(org.link("ana"), None);
    org.reopen();
    assert!(org.signs_in("ana", GOOD));
    assert!(!org.signs_in("ana", OTHER));
    assert!(!org.signs_in("owner", GOOD));
    assert!(org.user("ana").last_seen_at.is_some());
    org.assert_chain();
}

#[test]
fn who_is_created_without_a_password_is_mailed_a_link_that_works_once() {
    let org = Org::new(5);
    let Command::Create(ana) = create("ana") else {
        unreachable!()
    };
    org.apply(Command::Create(Create { mail: true, ..ana }));
    assert_eq!(org.mailed("ana"), ["account_created"]);
    assert_eq!(org.link("ana"), Some((1, LinkState::Pending)));
    let ana = org.user("ana").id;
    assert_error(
        org.choose(ana, 2, GOOD),
        "was used, replaced or has expired",
    );
    org.choose(ana, 1, GOOD).unwrap();
    assert_eq!(org.link("ana"), Some((1, LinkState::Used)));
    assert!(org.signs_in("ana", GOOD));
    assert_error(
        org.choose(ana, 1, OTHER),
        "was used, replaced or has expired",
    );
}

#[test]
fn a_link_to_choose_a_password_works_for_72_hours_and_is_replaced_by_a_newer_one() {
    let org = Org::new(5);
    org.create("ana");
    let ana = org.user("ana").id;
    let mail = || org.apply(Command::MailPasswordLink { who: ana.into() });
    mail();
    mail();
    assert_eq!(org.mailed("ana"), ["choose_password", "choose_password"]);
    assert_error(
        org.choose(ana, 1, GOOD),
        "was used, replaced or has expired",
    );
    org.tick(72 * 3600 * 1000);
    assert_error(
        org.choose(ana, 2, GOOD),
        "was used, replaced or has expired",
    );
    mail();
    org.tick(71 * 3600 * 1000);
    org.choose(ana, 3, GOOD).unwrap();
    mail();
    org.set_password("ana", Some(OTHER)).unwrap();
    assert_eq!(org.link("ana"), Some((4, LinkState::Dead)));
    mail();
    org.deactivate("ana");
    assert_error(
        org.choose(ana, 5, GOOD),
        "was used, replaced or has expired",
    );
    let plan = org.plan(Command::MailPasswordLink { who: ana.into() });
    assert_eq!(
        skips(&plan.unwrap()),
        ["ana: inactive: has no account to sign in to"]
    );
}

#[test]
fn who_accepts_chooses_a_password() {
    let org = Org::new(5);
    org.invite("ana");
    let user = org.user("ana").id;
    let session = org.directory.as_actor(Actor::Person(user), Door::Page);
    org.tick(1);
    let accept = Accept {
        records: usher_core::command::OwnRecords::StartFresh,
        user,
        generation: None,
        set: Vec::new(),
        fields: Vec::new(),
        password: Some(org.hash(GOOD)),
    };
    session
        .apply(session.request(Command::Accept(accept)), None)
        .unwrap();
    assert!(org.signs_in("ana", GOOD));
}

#[test]
fn unknown_wrong_and_not_active_are_one_answer_at_one_price() {
    let org = Org::new(2);
    org.create_with("ana", GOOD);
    let price = |who: &str, password: &str| {
        let before = org.directory.passwords_hashed();
        let answer = format!("{:?}", org.sign_in(who, password));
        (answer, org.directory.passwords_hashed() - before)
    };
    let no = ("No".to_owned(), 1);
    assert_eq!(price("ana", OTHER), no);
    assert_eq!(price("nobody", GOOD), no);
    assert_eq!(price("owner", GOOD), no, "who has no password");
    assert_eq!(price("", GOOD), no);
    assert_eq!(price("ana", ""), no);
    org.deactivate("ana");
    assert_eq!(price("ana", GOOD), no, "who has left");
    org.apply(Command::Delete {
        who: org.who("ana"),
    });
    assert_eq!(price("ana", GOOD), no, "who is deleted");
}

#[test]
fn attempts_are_limited_by_name_alike_for_known_and_unknown_and_over_a_restart() {
    let mut org = Org::new(5);
    org.create_with("ana", GOOD);
    let hashed = |org: &Org| org.directory.passwords_hashed();
    for who in ["ana", "nobody"] {
        for _ in 0..10 {
            assert!(matches!(org.sign_in(who, OTHER), SignIn::No), "{who}");
        }
        let before = hashed(&org);
        let SignIn::Later { seconds } = org.sign_in(who, GOOD) else {
            panic!("{who} may go on")
        };
        assert_eq!((seconds, hashed(&org)), (90, before), "{who}");
    }
    org.directory.settle().unwrap();
    org.reopen();
    for who in ["ana", "nobody"] {
        assert!(
            matches!(org.sign_in(who, GOOD), SignIn::Later { .. }),
            "{who}"
        );
    }
    org.tick(90_000);
    assert!(org.signs_in("ana", GOOD));
    assert!((0..10).all(|_| matches!(org.sign_in("ana", OTHER), SignIn::No)));
    let file = std::fs::read(&org.path).unwrap();
    assert!(!file.windows(19).any(|it| it == b"nobody@acme.example"));
}

#[test]
fn the_history_says_that_a_password_changed_and_never_what_it_is() {
    let org = Org::new(5);
    org.create_with("ana", GOOD);
    org.set_password("ana", Some(OTHER)).unwrap();
    let plan = org.set_password("ana", None).unwrap().plan;
    let said = plan.changes.get(0).unwrap().described(&plan.names);
    assert_eq!(
        (said.what.as_str(), said.after.is_null()),
        ("password", true)
    );
    assert!(!org.signs_in("ana", OTHER));
    let conn = rusqlite::Connection::open(&org.path).unwrap();
    let events: String = conn
        .query_row(
            "SELECT group_concat(CAST(body AS TEXT)) FROM events WHERE kind = 'password'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(events, "[false,true],[true,true],[true,false]");
    let again = org.set_password("ana", None).unwrap();
    assert_eq!(skips(&again.plan), ["ana: has no password"]);
}

#[test]
fn a_changed_password_does_not_come_back_by_undo_and_the_plan_says_so() {
    let org = Org::new(5);
    org.create_with("ana", GOOD);
    let batch = org.set_password("ana", Some(OTHER)).unwrap().batch.unwrap();
    let undo = org.plan(Command::Undo { batch }).unwrap();
    assert!(undo.is_empty());
    assert!(skips(&undo)[0].contains("a password does not come back"));
    assert!(org.signs_in("ana", OTHER));
}

#[test]
fn undoing_a_deletion_gives_the_password_back_and_being_made_again_does_not() {
    let org = Org::new(5);
    org.create_with("ana", GOOD);
    org.create_with("bo", GOOD);
    let delete = |names: &str| {
        let applied = org.apply(Command::Delete {
            who: org.who(names),
        });
        applied.batch.unwrap()
    };
    let batch = delete("ana bo");
    org.apply(Command::Undo { batch });
    assert!(org.signs_in("ana", GOOD));
    delete("ana bo");
    org.create("ana");
    assert!(!org.signs_in("ana", GOOD));
    let (okta, _) = org.connect("okta", usher_core::model::NewPeople::Active);
    org.provision(okta, newcomer("bo", "b-1")).unwrap();
    assert!(!org.signs_in("bo", GOOD));
}

#[test]
fn a_link_to_choose_a_password_dies_with_the_address_that_it_was_mailed_to() {
    let org = Org::new(5);
    org.create("ana bo");
    let (ana, bo) = (org.user("ana").id, org.user("bo").id);
    let mail = |who: UserId| drop(org.apply(Command::MailPasswordLink { who: who.into() }));
    let readdress = |who: UserId, name: &str| {
        let mut edit = Edit::of(who);
        edit.set = vec![(Field::Email, Some(address(name)))];
        org.apply(Command::Edit(edit)).batch.unwrap()
    };
    for who in [ana, bo] {
        mail(who);
        org.choose(who, 1, GOOD).unwrap();
        mail(who);
    }
    let batch = readdress(ana, "ana.li");
    assert_eq!(org.link("ana.li"), Some((2, LinkState::Dead)));
    assert_eq!(org.link("bo"), Some((2, LinkState::Pending)));
    assert_error(
        org.choose(ana, 2, GOOD),
        "was used, replaced or has expired",
    );
    mail(ana);
    org.apply(Command::Undo { batch });
    assert_eq!(org.link("ana"), Some((3, LinkState::Dead)));
    assert_error(
        org.choose(ana, 3, GOOD),
        "was used, replaced or has expired",
    );
    org.choose(bo, 2, GOOD).unwrap();
    org.assert_chain();
}

#[test]
fn whoever_has_no_password_yet_is_mailed_another_link_at_another_address() {
    let org = Org::new(5);
    org.create("ana bo cleo");
    let [ana, bo, cleo] = ["ana", "bo", "cleo"].map(|it| org.user(it).id);
    org.apply(Command::GrantPermissions {
        who: bo.into(),
        permissions: vec![Permission::ManageUsers],
    });
    for who in [ana, bo, cleo] {
        org.apply(Command::MailPasswordLink { who: who.into() });
    }
    let readdress = |who: UserId, name: &str| {
        let mut edit = Edit::of(who);
        edit.set = vec![(Field::Email, Some(address(name)))];
        org.apply(Command::Edit(edit)).batch.unwrap()
    };
    let batch = readdress(ana, "ana.li");
    assert_eq!(org.link("ana.li"), Some((2, LinkState::Pending)));
    assert!(org.mailed("ana.li").contains(&"account_created".to_owned()));
    assert_error(
        org.choose(ana, 1, GOOD),
        "was used, replaced or has expired",
    );
    // Whoever may write an administrator's address is not mailed their key.
    readdress(bo, "bo.li");
    assert_eq!(org.link("bo.li"), Some((1, LinkState::Dead)));
    org.apply(Command::Undo { batch });
    assert_eq!(org.link("ana"), Some((3, LinkState::Pending)));
    org.choose(ana, 3, GOOD).unwrap();
    org.tick(72 * 3600 * 1000);
    readdress(cleo, "cleo.li");
    assert_eq!(org.link("cleo.li"), Some((1, LinkState::Dead)));
    org.assert_chain();
}

#[test]
fn a_link_to_choose_a_password_dies_with_the_account() {
    let org = Org::new(5);
    org.create("ana bo cleo");
    let ids = ["ana", "bo", "cleo"].map(|it| org.user(it).id);
    for who in ids {
        org.apply(Command::MailPasswordLink { who: who.into() });
    }
    let off = org.deactivate("ana").batch.unwrap();
    let undone = org.apply(Command::Undo { batch: off });
    let said = "ana: a link to choose a password that ended does not come back; mail another";
    assert_eq!(skips(&undone.plan), [said]);
    org.apply(Command::Delete {
        who: org.who("bo cleo"),
    });
    let (okta, _) = org.connect("okta", usher_core::model::NewPeople::Active);
    org.provision(okta, newcomer("bo", "b-1")).unwrap();
    org.create("cleo");
    for (name, who) in ["ana", "bo", "cleo"].into_iter().zip(ids) {
        assert_eq!(org.user(name).status, Status::Active);
        assert_eq!(org.link(name), Some((1, LinkState::Dead)));
        assert_error(
            org.choose(who, 1, GOOD),
            "was used, replaced or has expired",
        );
    }
}

#[test]
fn a_deleted_person_whom_a_provider_brings_back_switched_off_has_no_password_from_before() {
    let org = Org::new(5);
    org.create_with("ana", GOOD);
    org.apply(Command::Delete {
        who: org.who("ana"),
    });
    let (okta, _) = org.connect("okta", usher_core::model::NewPeople::Active);
    let mut ana = newcomer("ana", "a-1");
    ana.active = Some(false);
    org.provision(okta, ana).unwrap();
    let user = org.user("ana").id;
    org.provision(okta, switch(user, true)).unwrap();
    assert_eq!(org.user("ana").status, Status::Active);
    assert!(!org.signs_in("ana", GOOD));
}

#[test]
fn who_is_made_anew_with_mail_gets_a_link_of_their_own_though_the_old_one_was_never_used() {
    let org = Org::new(5);
    org.create("ana");
    let ana = org.user("ana").id;
    org.apply(Command::MailPasswordLink { who: ana.into() });
    org.set_password("ana", Some(GOOD)).unwrap();
    org.apply(Command::MailPasswordLink { who: ana.into() });
    org.apply(Command::Delete { who: ana.into() });
    let Command::Create(create) = create("ana") else {
        unreachable!()
    };
    org.apply(Command::Create(Create {
        mail: true,
        ..create
    }));
    assert_eq!(org.link("ana"), Some((3, LinkState::Pending)));
    assert!(!org.signs_in("ana", GOOD));
    org.choose(ana, 3, OTHER).unwrap();
    org.assert_chain();
}

#[test]
fn erasing_destroys_the_password_too() {
    let org = Org::new(5);
    org.create_with("ana", GOOD);
    let ana = org.user("ana").id;
    org.apply(Command::MailPasswordLink { who: ana.into() });
    org.apply(Command::Delete { who: ana.into() });
    org.apply(Command::Erase { who: ana.into() });
    let read = org.cli();
    let read = read.read().unwrap();
    assert!(!read.has_password(ana).unwrap());
    assert_eq!(read.password_link(ana).unwrap(), None);
}

#[test]
fn under_single_sign_on_there_are_no_passwords_by_any_door() {
    let org = Org::new(5);
    org.create_with("ana", GOOD);
    org.single_sign_on();
    let why = "identity provider";
    assert_error(org.set_password("ana", Some(OTHER)), why);
    let who = org.who("ana");
    assert_error(org.try_apply(Command::MailPasswordLink { who }), why);
    let source = Source::Peer(IpAddr::from([127, 0, 0, 1]));
    let signed_in = org.directory.sign_in(&address("ana"), GOOD, source);
    assert_error(signed_in, why);
    // Whoever is created then is mailed the login without a link.
    let Command::Create(bo) = create("bo") else {
        unreachable!()
    };
    org.apply(Command::Create(Create { mail: true, ..bo }));
    assert_eq!((org.mailed("bo").len(), org.link("bo")), (1, None));
    // What is there may be taken away.
    org.set_password("ana", None).unwrap();
}

#[test]
fn an_administrators_password_is_the_owners_to_set() {
    let org = Org::new(5);
    org.create("ana bo");
    let owner = org.user("owner").id;
    let conn = rusqlite::Connection::open(&org.path).unwrap();
    let ana = org.user("ana").id;
    conn.execute(
        "INSERT INTO permissions (user, permission) VALUES (?1, ?2)",
        rusqlite::params![ana.as_bytes(), Permission::ManageUsers.as_str()],
    )
    .unwrap();
    let session = org
        .directory
        .as_actor(Actor::Administrator(ana), Door::Console);
    let set = |user| {
        let password = Some(org.hash(GOOD));
        org.tick(1);
        let request = session.request(Command::SetPassword(SetPassword { user, password }));
        session.apply(request, None).unwrap()
    };
    let refused = set(owner);
    assert_eq!(refused.batch, None);
    assert_eq!(
        skips(&refused.plan),
        ["owner: an administrator; only owners may"]
    );
    assert!(set(org.user("bo").id).batch.is_some());
}

#[test]
fn who_had_to_wait_for_a_seat_is_mailed_the_link_when_promoted() {
    let org = Org::new(2);
    org.create("ana");
    let Command::Create(bo) = create("bo") else {
        unreachable!()
    };
    org.apply_when_full(
        Command::Create(Create { mail: true, ..bo }),
        usher_core::command::WhenFull::QueueRest,
    );
    assert_eq!(org.link("bo"), None);
    org.deactivate("ana");
    assert_eq!(org.link("bo"), Some((1, LinkState::Pending)));
    assert_eq!(org.mailed("bo"), ["promoted"]);
}

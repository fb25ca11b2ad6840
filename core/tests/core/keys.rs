//! Keys with which administrators come in over SSH.

use usher_core::Session;
use usher_core::change::Change;
use usher_core::command::Command;
use usher_core::directory::HistoryPage;
use usher_core::model::{Actor, Door, Fingerprint, NewPeople, Permission, SshKey, Status};

use crate::org::{Org, assert_error, newcomer, skips, switch};

pub(crate) const KEYS: [&str; 3] = [
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINBAMfae/WjJ+p7DQvIcyiX6DYUhawanLXDE7x4n0Ce4 ana@laptop",
    "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBB+ziRe3wDOLAwn0DC13hnrHeVwEYVN2/VbFloBp9lie65VSHgR8h2S0erMRQF3yuFnHpBJ2KsCOgXSsYgeJuxs=",
    "ecdsa-sha2-nistp521 AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBAGcQr/sErYK67BvJK+FHOeVIlefT35NojFjDxvc1gic+Y7TUC599Si9gSNNxlsIfJUmtnTxua0cUp0g/g8j4VJXJwFGiQlMCq47FPdf7or/RM/XYEFUG98dI71eP2kZB2eduknsGDlnQcniu8GT0oizTPreaXDUn/jjn92LW3fog28aEg== old",
];

fn key(i: usize) -> SshKey {
    SshKey::parse(KEYS[i]).unwrap()
}

/// An owner, and admin, who manages users, and mia, whom nobody asked.
fn company() -> Org {
    let org = Org::new(20);
    org.create("admin mia");
    org.permit("admin", Permission::ManageUsers);
    org
}

impl Org {
    fn give(&self, name: &str, i: usize) -> Command {
        Command::AddSshKey {
            who: self.who(name),
            key: key(i),
        }
    }

    fn take(&self, name: &str, fingerprint: Option<&str>) -> Command {
        Command::RemoveSshKeys {
            who: self.who(name),
            fingerprint: fingerprint.map(str::to_owned),
        }
    }

    /// Who comes in by which key.
    fn open(&self) -> Vec<(String, Fingerprint)> {
        let cli = self.cli();
        let read = cli.read().unwrap();
        let open = read.ssh_keys_that_open(None).unwrap().into_iter();
        let named = |user| read.labels_of(&[user]).unwrap().remove(&user).unwrap();
        open.map(|it| (crate::org::short(&named(it.user)), it.key.fingerprint()))
            .collect()
    }

    fn comes_in(&self, name: &str, i: usize) -> Session {
        let user = Actor::Administrator(self.user(name).id);
        let session = self.directory.as_actor(user, Door::Console);
        session.by_key(key(i).fingerprint())
    }
}

#[test]
fn a_key_opens_for_one_person_and_is_given_taken_and_undone_like_anything_else() {
    let org = company();
    let before = org.state();
    let given = org.apply(org.give("admin", 0));
    assert_eq!(org.open(), [("admin".to_owned(), key(0).fingerprint())]);
    for (who, i, why) in [
        ("admin", 0, "admin: has this key already"),
        (
            "owner",
            0,
            "owner: this key is somebody else's; make one for each",
        ),
        ("mia", 1, "mia: not an active administrator"),
    ] {
        assert_eq!(skips(&org.plan(org.give(who, i)).unwrap()), [why]);
    }
    org.apply(org.give("admin", 1));
    org.apply(org.give("owner", 2));
    let cli = org.cli();
    let read = cli.read().unwrap();
    let found = read.ssh_keys_that_open(Some(key(1).fingerprint())).unwrap();
    assert_eq!(found[0].user, org.user("admin").id);
    assert_eq!((found.len(), &found[0].key), (1, &key(1)));
    drop(read);
    let plan = org.plan(org.take("admin", Some("SHA256:nothing"))).unwrap();
    assert_eq!(skips(&plan), ["admin: has no key of this fingerprint"]);
    let taken = org.apply(org.take("admin", Some(&key(1).fingerprint().to_string()[..14])));
    assert_eq!(taken.plan.changes.len(), 1);
    assert_eq!(org.open().len(), 2);
    org.apply(Command::Undo {
        batch: taken.batch.unwrap(),
    });
    assert_eq!(org.open().len(), 3);
    org.apply(org.take("admin", None));
    org.apply(org.take("owner", None));
    assert_eq!((org.open(), org.state()), (Vec::new(), before));
    let undo = Command::Undo {
        batch: given.batch.unwrap(),
    };
    assert_eq!(
        skips(&org.plan(undo).unwrap())[0],
        "admin: the key changed since"
    );
    org.assert_chain();
}

#[test]
fn everybody_gives_and_takes_their_own_and_owners_others() {
    let org = company();
    org.create("coach");
    org.permit("coach", Permission::ManageReports);
    org.apply_as("admin", org.give("admin", 0)).unwrap();
    org.apply_as("coach", org.give("coach", 1)).unwrap();
    for beyond in [
        org.give("owner", 2),
        org.give("coach", 2),
        org.take("coach", None),
    ] {
        let applied = org.apply_as("admin", beyond).unwrap();
        assert!(applied.batch.is_none());
        let skipped: Vec<_> = applied
            .plan
            .skipped
            .iter()
            .map(|it| it.reason.as_str())
            .collect();
        assert_eq!(skipped, ["nobody whom you may do this to"]);
    }
    assert_error(
        org.apply_as("mia", org.give("mia", 2)),
        "not an active administrator",
    );
    let taken = org.apply_as("admin", org.take("admin", None)).unwrap();
    let undo = Command::Undo {
        batch: taken.batch.unwrap(),
    };
    org.apply_as("admin", undo).unwrap();
    org.apply_as("owner", org.take("coach", None)).unwrap();
    org.apply_as("owner", org.give("coach", 2)).unwrap();
    assert_eq!(
        org.open(),
        [
            ("admin".to_owned(), key(0).fingerprint()),
            ("coach".to_owned(), key(2).fingerprint())
        ]
    );
}

#[test]
fn the_history_says_by_its_fingerprint_which_key_it_was() {
    let org = company();
    org.apply(org.give("admin", 0));
    let cli = org.cli();
    let read = cli.read().unwrap();
    let (user, names) = (org.user("admin").id, Default::default());
    let page = HistoryPage {
        user: Some(user),
        limit: 100,
        ..HistoryPage::default()
    };
    let events = read.history(&page).unwrap();
    let last = events.last().unwrap().change.as_ref().unwrap();
    assert!(
        matches!(last, Change::SshKey { after: true, .. }),
        "{last:?}"
    );
    let said = last.described(&names);
    assert_eq!(said.what, format!("SSH key {}", key(0).fingerprint()));
}

#[test]
fn whoever_is_taken_off_loses_their_keys_and_does_not_regain_them_by_being_provisioned() {
    let org = company();
    let (connection, _) = org.connect("okta", NewPeople::Active);
    org.apply(org.give("admin", 0));
    let admin = org.user("admin").id;
    let off = org.deactivate("admin");
    assert_eq!(org.open(), []);
    let back = |name: &str| {
        let session = org.acting(name);
        let undo = Command::Undo {
            batch: off.batch.unwrap(),
        };
        session.plan(&session.request(undo)).unwrap()
    };
    org.create("boss");
    org.permit("boss", Permission::ManageUsers);
    assert!(skips(&back("boss")).contains(&"admin: a key comes back by an owner only".to_owned()));
    let undone = org.apply(Command::Undo {
        batch: off.batch.unwrap(),
    });
    assert!(undone.plan.skipped.is_empty(), "{:?}", undone.plan.skipped);
    assert_eq!(org.open().len(), 1);
    org.provision(connection, switch(admin, false)).unwrap();
    org.provision(connection, switch(admin, true)).unwrap();
    assert_eq!(
        (org.user("admin").status, org.open()),
        (Status::Active, vec![])
    );
    org.permit("admin", Permission::ManageUsers);
    assert_eq!(org.open(), [], "a permission brings no key back");
    org.apply(org.give("admin", 0));
    org.apply(Command::Delete {
        who: org.who("admin"),
    });
    org.provision(connection, newcomer("admin", "")).unwrap();
    org.permit("admin", Permission::ManageUsers);
    assert_eq!((org.user("admin").id, org.open()), (admin, vec![]));
}

#[test]
fn who_has_no_permission_any_more_does_not_come_in_though_their_key_is_kept() {
    let org = company();
    org.apply(org.give("admin", 0));
    org.apply(Command::RevokePermissions {
        who: org.who("admin"),
        permissions: vec![Permission::ManageUsers],
    });
    assert_eq!(org.open(), []);
    org.permit("admin", Permission::ManageAssignments);
    assert_eq!(org.open().len(), 1);
}

#[test]
fn a_session_ends_with_the_key_that_opened_it() {
    let org = company();
    org.apply(org.give("admin", 0));
    org.apply(org.give("admin", 1));
    let (lost, kept) = (org.comes_in("admin", 0), org.comes_in("admin", 1));
    let prepared = lost.request(org.give("admin", 2));
    lost.plan(&prepared).unwrap();
    drop(lost.read().unwrap());
    let fingerprint = key(0).fingerprint().to_string();
    org.apply(org.take("admin", Some(&fingerprint)));
    let why = "the key with which you came in opens for you no longer";
    assert_error(lost.read().map(drop), why);
    assert_error(lost.plan(&prepared), why);
    assert_error(lost.apply(prepared, None), why);
    kept.read().unwrap();
    // Somebody else's key does not help either.
    org.apply(org.give("owner", 0));
    assert_error(lost.read().map(drop), why);
}

#[test]
fn taking_somebodys_last_key_says_so() {
    let org = company();
    org.apply(org.give("admin", 0));
    org.apply(org.give("admin", 1));
    let told = |command: Command| -> Vec<String> {
        let plan = org.plan(command).unwrap();
        plan.skipped.iter().map(|it| it.reason.clone()).collect()
    };
    let first = key(0).fingerprint().to_string();
    assert!(told(org.take("admin", Some(&first))).is_empty());
    assert!(told(org.take("admin", None))[0].starts_with("has no key left"));
    org.apply(org.take("admin", Some(&first)));
    let second = key(1).fingerprint().to_string();
    assert_eq!(told(org.take("admin", Some(&second))).len(), 1);
}

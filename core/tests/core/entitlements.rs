//! Add-on pools that a provider asks for: what they bring, what goes with them, and what stays (DESIGN §4 and §5).

use usher_core::command::{Command, Provision, ProvisionTarget};
use usher_core::model::{GroupRole, NewPeople, Progress, Status, TrainingKind, UserId};
use usher_core::{Applied, Error, Result};

use crate::org::{Org, assert_error, newcomer, skips, switch};

/// What a provider sends to make somebody who is to have these pools.
fn entitled(name: &str, external_id: &str, pools: &str) -> Provision {
    Provision {
        entitlements: Some(words(pools)),
        ..newcomer(name, external_id)
    }
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

struct Provided {
    org: Org,
    okta: usher_core::model::ConnectionId,
}

impl Provided {
    fn new(new_people: NewPeople) -> Self {
        let org = Org::new(9);
        org.add_pool("library", 2);
        org.add_pool("method", 2);
        let (okta, _) = org.connect("okta", new_people);
        Self { org, okta }
    }

    fn make(&self, name: &str, pools: &str) -> Result<Applied> {
        self.org.provision(self.okta, entitled(name, name, pools))
    }

    fn ask(&self, name: &str, pools: &str) -> Result<Applied> {
        let target = ProvisionTarget::Existing {
            user: self.org.user(name).id,
            version: None,
        };
        let provision = Provision {
            entitlements: Some(words(pools)),
            ..Provision::of(target)
        };
        self.org.provision(self.okta, provision)
    }

    /// How somebody holds the library and the method.
    fn holds(&self, name: &str) -> String {
        ["library", "method"]
            .map(|it| self.org.holds(name, it))
            .join(" ")
    }

    fn id(&self, name: &str) -> UserId {
        self.org.user(name).id
    }

    fn switch(&self, name: &str, active: bool) -> Applied {
        self.org
            .provision(self.okta, switch(self.id(name), active))
            .unwrap()
    }
}

#[test]
fn an_entitlement_brings_a_license_and_takes_it_back_and_undo_turns_both() {
    let it = Provided::new(NewPeople::Active);
    it.make("ana", "Library").unwrap();
    assert_eq!(it.holds("ana"), "reserved none");
    let moved = it.ask("ana", "METHOD method").unwrap();
    assert_eq!(it.holds("ana"), "none reserved");
    it.org.undo(&moved);
    assert_eq!(it.holds("ana"), "reserved none");
    // After the undo the provider takes what it gave, as before.
    it.ask("ana", "").unwrap();
    assert_eq!(it.holds("ana"), "none none");
    assert_eq!(it.org.seats("library").0, 0);
    let made = it.make("bo", "library").unwrap();
    it.org.undo(&made);
    assert_eq!(it.org.user("bo").status, Status::Deleted);
    assert_eq!(it.org.seats("library").0, 0);
    it.org.assert_chain();
}

#[test]
fn what_others_gave_is_not_the_provider_s_to_take() {
    let it = Provided::new(NewPeople::Active);
    it.make("ana", "").unwrap();
    let grant = Command::Grant {
        who: it.org.who("ana"),
        pool: "library".parse().unwrap(),
        until: None,
    };
    it.org.apply(grant);
    it.ask("ana", "library").unwrap();
    it.ask("ana", "").unwrap();
    assert_eq!(it.holds("ana"), "reserved none", "an administrator's");

    it.org.add_group("Sales");
    it.org
        .add_training("Reading", TrainingKind::PreWork, Some("method"));
    it.org.carry("Sales", "", "library");
    it.make("bo", "library method").unwrap();
    it.org.join("bo", "Sales", GroupRole::Learner);
    it.org.assign("bo", "Reading");
    let left = it.ask("bo", "").unwrap();
    assert_eq!(it.holds("bo"), "reserved reserved");
    let said = skips(&left.plan).join("; ");
    assert!(
        said.contains("library stays") && said.contains("method stays"),
        "{said}"
    );
}

#[test]
fn two_connections_that_ask_for_the_same_share_the_license() {
    let it = Provided::new(NewPeople::Active);
    let (entra, _) = it.org.connect("entra", NewPeople::Active);
    it.make("ana", "library").unwrap();
    let target = ProvisionTarget::Existing {
        user: it.id("ana"),
        version: None,
    };
    let by_entra = |pools: &str| Provision {
        entitlements: Some(words(pools)),
        ..Provision::of(target.clone())
    };
    it.org.provision(entra, by_entra("library")).unwrap();
    it.ask("ana", "").unwrap();
    assert_eq!(it.holds("ana"), "reserved none");
    it.org.provision(entra, by_entra("")).unwrap();
    assert_eq!(it.holds("ana"), "none none");
}

#[test]
fn a_consumed_license_returns_only_to_a_recoverable_pool() {
    let it = Provided::new(NewPeople::Active);
    it.org
        .add_training("Reading", TrainingKind::PreWork, Some("library"));
    it.make("ana", "library").unwrap();
    it.org.assign("ana", "Reading");
    it.org.progress("ana", "Reading", Progress::Started);
    it.org.progress("ana", "Reading", Progress::Completed);
    assert_eq!(it.holds("ana"), "consumed none");
    let told = it.ask("ana", "").unwrap();
    assert_eq!(it.holds("ana"), "consumed none");
    assert!(
        skips(&told.plan).join("").contains("consumed and stays"),
        "{:?}",
        told.plan.skipped
    );

    let it = Provided::new(NewPeople::Active);
    it.org.set_pool(
        "library",
        usher_core::command::PoolEdit {
            recoverable: Some(true),
            ..usher_core::command::PoolEdit::default()
        },
    );
    it.org
        .add_training("Reading", TrainingKind::PreWork, Some("library"));
    it.make("ana", "library").unwrap();
    it.org.assign("ana", "Reading");
    it.org.progress("ana", "Reading", Progress::Completed);
    it.ask("ana", "").unwrap();
    assert_eq!(it.holds("ana"), "none none");
}

#[test]
fn a_full_pool_queues_without_holding_anybody_up_or_refuses_the_whole_request() {
    let it = Provided::new(NewPeople::Active);
    it.make("ana", "library").unwrap();
    it.make("bo", "library").unwrap();
    it.make("cleo", "library method").unwrap();
    assert_eq!(it.org.user("cleo").status, Status::Active);
    assert_eq!(it.holds("cleo"), "queued reserved");
    // Who gives it back lets the next one up.
    it.ask("ana", "").unwrap();
    assert_eq!(it.holds("cleo"), "reserved reserved");

    it.org.at_capacity("library", "refuse");
    let error = it.make("dan", "library").unwrap_err();
    assert!(matches!(error, Error::NoSeat(_)), "{error}");
    assert!(error.to_string().contains("library"), "{error}");
    assert!(
        it.org
            .cli()
            .read()
            .unwrap()
            .find_user("dan@acme.example")
            .is_err()
    );
    assert_error(it.ask("ana", "library method"), "library");
    assert_eq!(it.holds("ana"), "none none", "all or nothing");

    it.org.at_capacity("library", "fallback:method");
    it.ask("cleo", "library").unwrap();
    it.ask("ana", "library").unwrap();
    assert_eq!(it.holds("ana"), "none reserved", "another pool's license");
    it.ask("ana", "").unwrap();
    assert_eq!(it.holds("ana"), "none none");
}

#[test]
fn leaving_frees_it_and_coming_back_brings_it_whole_or_not_at_all() {
    let it = Provided::new(NewPeople::Active);
    it.make("ana", "library").unwrap();
    it.switch("ana", false);
    assert_eq!(it.holds("ana"), "none none");
    let back = it.switch("ana", true);
    assert_eq!(it.holds("ana"), "reserved none");
    it.org.undo(&back);
    assert_eq!(it.holds("ana"), "none none");
    it.switch("ana", true);

    // What is asked for while somebody is away comes with them.
    it.switch("ana", false);
    it.ask("ana", "method").unwrap();
    assert_eq!(it.holds("ana"), "none none");
    it.switch("ana", true);
    assert_eq!(it.holds("ana"), "none reserved");

    // Off with one request that also asks for something gives everything back, and on takes all or nothing.
    it.switch("ana", false);
    it.make("bo", "method").unwrap();
    it.make("cleo", "method").unwrap();
    it.org.at_capacity("method", "refuse");
    assert_error(
        it.org.provision(it.okta, switch(it.id("ana"), true)),
        "method",
    );
    assert_eq!(it.org.user("ana").status, Status::Inactive);
    it.ask("bo", "").unwrap();
    it.org.apply(Command::Reactivate {
        who: it.org.who("ana"),
        restore_assignments: false,
    });
    assert_eq!(it.holds("ana"), "none reserved", "also by an administrator");
    it.ask("ana", "").unwrap();
    assert_eq!(
        it.holds("ana"),
        "none none",
        "and it is still the provider's"
    );
}

#[test]
fn who_waits_or_is_queued_gets_it_when_they_are_in() {
    let it = Provided::new(NewPeople::Waiting);
    it.make("ana", "library").unwrap();
    assert_eq!(
        it.holds("ana"),
        "reserved none",
        "it counts from the invitation"
    );
    it.org.set_pool(
        "method",
        usher_core::command::PoolEdit {
            counts_from: Some(usher_core::model::CountsFrom::Activation),
            ..usher_core::command::PoolEdit::default()
        },
    );
    it.ask("ana", "method").unwrap();
    assert_eq!(it.holds("ana"), "none none");
    it.org.accept("ana").unwrap();
    assert_eq!(it.holds("ana"), "none reserved");

    let it = Provided::new(NewPeople::Active);
    it.org.set_pool(
        "access",
        usher_core::command::PoolEdit {
            purchased: Some(1),
            ..usher_core::command::PoolEdit::default()
        },
    );
    it.make("bo", "library").unwrap();
    assert_eq!(it.org.user("bo").status, Status::Queued);
    assert_eq!(it.holds("bo"), "none none");
    it.org.set_pool(
        "access",
        usher_core::command::PoolEdit {
            purchased: Some(2),
            ..usher_core::command::PoolEdit::default()
        },
    );
    assert_eq!(it.holds("bo"), "reserved none");
    it.ask("bo", "").unwrap();
    assert_eq!(it.holds("bo"), "none none");
}

#[test]
fn what_names_no_pool_is_noted_and_asked_for_again_with_the_next_write() {
    let mut it = Provided::new(NewPeople::Active);
    let told = it.make("ana", "access nothing-such a%b").unwrap();
    let said = skips(&told.plan);
    assert_eq!(said.len(), 3, "{said:?}");
    it.org.add_pool("nothing-such", 1);
    it.ask("ana", "nothing-such").unwrap();
    assert_eq!(it.org.holds("ana", "nothing-such"), "reserved");
    it.org.reopen();
    it.ask("ana", "").unwrap();
    assert_eq!(it.org.holds("ana", "nothing-such"), "none");
}

#[test]
fn who_is_deleted_and_provisioned_again_has_what_is_asked_for_then() {
    let it = Provided::new(NewPeople::Active);
    it.make("ana", "library").unwrap();
    let ana = it.id("ana");
    it.org.apply(Command::Delete { who: ana.into() });
    it.make("ana", "method").unwrap();
    assert_eq!(it.id("ana"), ana);
    assert_eq!(it.holds("ana"), "none reserved");
    it.org.apply(Command::Delete { who: ana.into() });
    it.org.apply(Command::Erase { who: ana.into() });
    it.org.assert_chain();
}

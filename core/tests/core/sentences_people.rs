//! Sentences of DESIGN §4 about people, permissions and groups that no other scenario says.

use usher_core::command::{
    Accept, Command, Edit, GroupTarget, Invite, OwnRecords, PoolEdit, ProvisionGroup,
};
use usher_core::model::{
    Actor, AssignmentState, CountsFrom, Door, Field, GroupRole, NewPeople, Permission, Setting,
    Status, TrainingKind,
};

use crate::join::agree;
use crate::org::{Org, address, assert_error, invite, newcomer, people, skips};

#[test]
fn inviting_an_inactive_person_is_skipped_with_reactivate_instead() {
    let org = Org::new(5);
    org.create("ana");
    org.deactivate("ana");
    let applied = org.apply(invite("ana bo"));
    assert_eq!(skips(&applied.plan), ["ana: inactive: reactivate instead"]);
    assert_eq!(org.user("ana").status, Status::Inactive);
    assert_eq!(org.user("bo").status, Status::Waiting);
}

#[test]
fn pending_invitations_die_when_somebody_is_deactivated() {
    let org = Org::new(5);
    org.invite("ana");
    org.deactivate("ana");
    assert!(org.accept("ana").is_err());
    assert_eq!(org.user("ana").status, Status::Inactive);
    org.apply(Command::Reactivate {
        who: org.who("ana"),
        restore_assignments: false,
    });
    assert_eq!(org.user("ana").status, Status::Waiting);
    org.accept("ana").unwrap();
}

#[test]
fn resending_replaces_the_link_and_the_old_one_dies() {
    let org = Org::new(5);
    org.invite("ana");
    let user = org.user("ana").id;
    let generation = || {
        let session = org.cli();
        let invitation = session.read().unwrap().invitation(user).unwrap();
        invitation.unwrap().generation
    };
    let old = generation();
    org.apply(Command::Resend {
        who: org.who("ana"),
        mail: false,
    });
    assert_eq!(generation(), old + 1);
    let accept = |generation| {
        let session = org.directory.as_actor(Actor::Person(user), Door::Page);
        org.tick(1);
        session.apply(
            session.request(Command::Accept(Accept {
                user,
                generation: Some(generation),
                set: Vec::new(),
                fields: Vec::new(),
                password: None,
                records: OwnRecords::StartFresh,
            })),
            None,
        )
    };
    assert!(accept(old).is_err());
    assert_eq!(org.user("ana").status, Status::Waiting);
    accept(old + 1).unwrap();
    assert_eq!(org.user("ana").status, Status::Active);
}

#[test]
fn who_accepted_into_a_full_pool_is_promoted_straight_to_active() {
    let org = Org::new(2);
    org.set_pool(
        "access",
        PoolEdit {
            counts_from: Some(CountsFrom::Activation),
            ..PoolEdit::default()
        },
    );
    org.create("ana");
    org.invite("bo");
    org.accept("bo").unwrap();
    assert_eq!(org.user("bo").status, Status::Queued);
    let left = org.deactivate("ana");
    assert_eq!((left.promoted, org.user("bo").status), (1, Status::Active));
    let session = org.cli();
    let open = session
        .read()
        .unwrap()
        .invitation(org.user("bo").id)
        .unwrap();
    assert!(
        open.is_none_or(|it| it.state.as_str() != "pending"),
        "{open:?}"
    );
}

#[test]
fn an_address_is_unique_among_people_not_erased_and_an_equal_one_is_a_conflict() {
    let org = Org::new(9);
    org.create("ana bo");
    org.deactivate("ana");
    let taken = |value: &str| {
        Command::Edit(Edit {
            set: vec![(Field::Email, Some(value.into()))],
            ..Edit::of(org.who("bo"))
        })
    };
    let refused = org.plan(taken("ANA@acme.example")).unwrap();
    assert!(
        refused.is_empty() && refused.skipped.len() == 1,
        "{refused:?}"
    );
    // A Kelvin sign is not a k.
    org.create("kim");
    org.apply(taken("\u{212a}im@acme.example"));
    let ana = org.who("ana");
    org.apply(Command::Delete { who: ana.clone() });
    org.apply(Command::Erase { who: ana });
    let session = org.cli();
    assert!(session.read().unwrap().find_user(&address("ana")).is_err());
    org.create("ana");
    assert_eq!(org.user("ana").status, Status::Active);
}

#[test]
fn each_person_has_one_manager_and_there_are_no_cycles() {
    let org = Org::new(9);
    org.create("ana bo cleo");
    org.set_manager("bo", "ana");
    org.set_manager("cleo", "bo");
    org.set_manager("cleo", "ana");
    assert_eq!(org.manager("cleo").as_deref(), Some("ana"));
    org.set_manager("cleo", "bo");
    let edit = |who: &str, manager: &str| {
        Command::Edit(Edit {
            manager: Some(Some(address(manager))),
            ..Edit::of(org.who(who))
        })
    };
    for (who, manager) in [("ana", "cleo"), ("ana", "bo"), ("bo", "bo")] {
        let plan = org.plan(edit(who, manager));
        let is_refused = plan.as_ref().map_or(true, |it| it.is_empty());
        assert!(is_refused, "{who} reports to {manager}: {plan:?}");
    }
}

#[test]
fn a_manager_assigns_everyone_below_at_any_depth_without_a_permission_flag() {
    let org = Org::new(9);
    org.create("boss lead dev other");
    org.set_manager("lead", "boss");
    org.set_manager("dev", "lead");
    org.add_training("Intro", TrainingKind::Course, None);
    let assign = |who: &str| Command::Assign {
        who: org.who(who),
        training: "Intro".into(),
    };
    let applied = org.apply_as("boss", assign("lead dev other")).unwrap();
    assert_eq!(applied.plan.skipped.len(), 1, "{:?}", applied.plan.skipped);
    let learns = |who: &str| {
        let session = org.cli();
        let all = session.read().unwrap().assignments_of(org.user(who).id);
        all.unwrap()
            .iter()
            .any(|it| it.assignment.state == AssignmentState::Assigned)
    };
    assert_eq!(["lead", "dev", "other"].map(learns), [true, true, false]);
    assert_error(org.apply_as("dev", assign("lead")), "not allowed");
}

#[test]
fn the_owner_made_by_init_may_raise_what_is_purchased() {
    let org = Org::new(2);
    let session = org.cli();
    let owned = session
        .read()
        .unwrap()
        .permissions_of(org.user("owner").id)
        .unwrap();
    assert!(
        owned.contains(&Permission::AuthorizedPurchaser),
        "{owned:?}"
    );
    let raise = Command::SetPool {
        name: "access".parse().unwrap(),
        set: PoolEdit {
            purchased: Some(3),
            ..PoolEdit::default()
        },
    };
    org.apply_as("owner", raise).unwrap();
}

#[test]
fn access_is_always_recoverable() {
    let org = Org::new(2);
    let set = Command::SetPool {
        name: "access".parse().unwrap(),
        set: PoolEdit {
            recoverable: Some(false),
            ..PoolEdit::default()
        },
    };
    assert_error(org.plan(set), "recoverable");
}

#[test]
fn who_runs_a_group_cannot_set_a_delete_on_date() {
    let org = Org::new(9);
    org.add_group("Sales");
    org.create("gus una");
    org.join("gus", "Sales", GroupRole::Administrator);
    org.join("una", "Sales", GroupRole::UserAdministrator);
    let invited = |who: &str, day: Option<&str>| {
        let mut people = people(who);
        people[0].profile.delete_on = day.map(str::to_owned);
        Command::Invite(Invite {
            people,
            groups: vec![("Sales".into(), GroupRole::Learner)],
            pools: Vec::new(),
            mail: true,
            send_on: None,
        })
    };
    for who in ["gus", "una"] {
        let dated = invited("ana", Some("2028-01-01"));
        assert_error(org.apply_as(who, dated), "deletion date");
        let edit = Command::Edit(Edit {
            set: vec![(Field::DeleteOn, Some("2028-01-01".into()))],
            ..Edit::of(org.who("gus"))
        });
        assert_error(org.apply_as(who, edit), "not allowed");
    }
    org.apply_as("gus", invited("ana", None)).unwrap();
}

#[test]
fn protecting_somebody_is_the_owners_alone() {
    let org = Org::new(9);
    org.create("ana admin");
    org.permit("admin", Permission::ManageUsers);
    let protect = |on| {
        Command::Edit(Edit {
            protected: Some(on),
            ..Edit::of(org.who("ana"))
        })
    };
    assert_error(org.apply_as("admin", protect(true)), "not allowed");
    org.apply_as("owner", protect(true)).unwrap();
    assert!(org.user("ana").protected);
    assert_error(org.apply_as("admin", protect(false)), "not allowed");
    assert!(org.user("ana").protected);
}

#[test]
fn a_provider_gives_nobody_a_role_above_learner_and_changes_none() {
    let org = Org::new(9);
    let (okta, _) = org.connect("okta", NewPeople::Active);
    org.provision(okta, newcomer("ana", "1")).unwrap();
    org.provision(okta, newcomer("bo", "2")).unwrap();
    let sent = |target, name: &str, add, remove| {
        let session = org.directory.as_actor(Actor::Connection(okta), Door::Scim);
        org.tick(1);
        let group = ProvisionGroup {
            target,
            name: Some(name.into()),
            external_id: None,
            only: false,
            add,
            remove,
        };
        session.apply(session.request(Command::ProvisionGroup(group)), None)
    };
    sent(GroupTarget::New, "Sales", org.ids("ana bo"), Vec::new()).unwrap();
    let role = |who: &str| {
        let session = org.cli();
        let all = session.read().unwrap().memberships_of(org.user(who).id);
        all.unwrap().first().map(|it| it.role)
    };
    assert_eq!(role("ana"), Some(GroupRole::Learner));
    org.join("ana", "Sales", GroupRole::Coach);
    let session = org.cli();
    let group = session.read().unwrap().group("Sales").unwrap().id;
    let existing = || GroupTarget::Existing {
        group,
        version: None,
    };
    sent(existing(), "Sales", org.ids("ana"), Vec::new()).unwrap();
    assert_eq!(role("ana"), Some(GroupRole::Coach));
    // Nor does it take such a role away.
    let _ = sent(existing(), "Sales", Vec::new(), org.ids("ana"));
    assert_eq!(role("ana"), Some(GroupRole::Coach));
    let user = org.user("ana");
    let permissions = session.read().unwrap().permissions_of(user.id).unwrap();
    assert!(permissions.is_empty() && !user.protected);
}

#[test]
fn only_the_domains_and_addresses_of_the_allow_list_may_wish_to_join() {
    let org = Org::new(9);
    org.apply(agree(&[
        (Setting::JoinPage, "on"),
        (Setting::JoinAllow, "acme.example, ana@home.example"),
    ]));
    let admits = |who: &str| {
        let session = org.cli();
        let settings = session.read().unwrap().settings().unwrap();
        settings.join.admits(&who.parse().unwrap())
    };
    let asked = [
        "bo@ACME.example",
        "ana@home.example",
        "bo@home.example",
        "bo@notacme.example",
        "bo@acme.example.evil.example",
    ];
    assert_eq!(asked.map(admits), [true, true, false, false, false]);
}

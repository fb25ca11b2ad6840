//! Who is who for an identity provider, and what it may not do (DESIGN §4 and §5).

use usher_core::command::{
    Command, Edit, GroupTarget, PoolEdit, Provision, ProvisionGroup, ProvisionTarget,
};
use usher_core::model::{Actor, Door, Field, NewPeople, Status};

use crate::org::{Org, address, assert_error, create, newcomer, skips, switch};

#[test]
fn a_post_for_anyone_live_is_a_conflict_by_any_key() {
    let org = Org::new(9);
    let (okta, _) = org.connect("okta", NewPeople::Active);
    org.provision(okta, newcomer("ana", "1")).unwrap();
    org.create("bo");
    org.create("cleo");
    org.deactivate("cleo");
    for (name, external_id) in [("other", "1"), ("ANA", "2"), ("bo", "3"), ("cleo", "4")] {
        assert_error(
            org.provision(okta, newcomer(name, external_id)),
            "already taken",
        );
    }
}

#[test]
fn a_deleted_person_comes_back_with_the_same_row_and_a_recycled_address_inherits_nothing() {
    let org = Org::new(9);
    let (okta, _) = org.connect("okta", NewPeople::Active);
    let first = org
        .provision(okta, newcomer("ana", "1"))
        .unwrap()
        .user
        .unwrap();
    org.provision(okta, switch(first, false)).unwrap();
    org.apply(Command::Delete { who: first.into() });
    let again = org
        .provision(okta, newcomer("ana", "1"))
        .unwrap()
        .user
        .unwrap();
    assert_eq!(again, first);
    assert_eq!(org.user("ana").status, Status::Active);
    let deleted = org.apply(Command::Delete { who: first.into() });
    let namesake = org
        .provision(okta, newcomer("ana", "2"))
        .unwrap()
        .user
        .unwrap();
    assert_ne!(namesake, first, "another externalId is another person");
    let old = org.cli().read().unwrap().user(first).unwrap().unwrap();
    assert_eq!((old.profile.email, old.profile.user_name), (None, None));
    let plan = org
        .plan(Command::Undo {
            batch: deleted.batch.unwrap(),
        })
        .unwrap();
    assert!(plan.changes.is_empty(), "nobody without a name comes back");
    assert!(
        skips(&plan)[0].ends_with("the former address and user name are somebody else's now"),
        "{:?}",
        skips(&plan)
    );
    org.assert_chain();
}

#[test]
fn adoption_is_by_id_and_recorded() {
    let org = Org::new(9);
    let (okta, _) = org.connect("okta", NewPeople::Active);
    org.create("ana");
    let ana = org.user("ana");
    let adopt = Provision {
        target: ProvisionTarget::Existing {
            user: ana.id,
            version: Some(ana.version),
        },
        external_id: Some(Some("7".into())),
        set: vec![
            (Field::UserName, Some(address("ana"))),
            (Field::Title, Some("Lead".into())),
        ],
        manager: None,
        active: Some(true),
        ..Provision::of(ProvisionTarget::New)
    };
    org.provision(okta, adopt.clone()).unwrap();
    assert_eq!(org.user("ana").connection, Some(okta));
    let cli = org.cli();
    let read = cli.read().unwrap();
    assert_eq!(
        read.user_by_external_id(okta, "7").unwrap().map(|it| it.id),
        Some(ana.id)
    );
    assert_eq!(read.user_by_external_id(okta, "07").unwrap(), None);
    drop(read);
    assert_error(org.provision(okta, adopt), "changed by somebody else");
}

#[test]
fn a_deactivation_by_a_person_holds_until_the_provider_says_false_and_then_true() {
    let org = Org::new(9);
    let (okta, _) = org.connect("okta", NewPeople::Active);
    let ana = org
        .provision(okta, newcomer("ana", "1"))
        .unwrap()
        .user
        .unwrap();
    org.deactivate("ana");
    org.provision(okta, switch(ana, true)).unwrap();
    assert_eq!(org.user("ana").status, Status::Inactive);
    org.provision(okta, switch(ana, false)).unwrap();
    org.provision(okta, switch(ana, true)).unwrap();
    assert_eq!(org.user("ana").status, Status::Active);
    org.provision(okta, switch(ana, false)).unwrap();
    org.provision(okta, switch(ana, true)).unwrap();
    assert_eq!(
        org.user("ana").status,
        Status::Active,
        "the provider's own deactivation does not hold"
    );
}

#[test]
fn an_owner_is_out_of_a_provider_s_reach() {
    let org = Org::new(9);
    let (okta, _) = org.connect("okta", NewPeople::Active);
    let owner = org.user("owner").id;
    assert_error(org.provision(okta, switch(owner, false)), "is an owner");
    let rename = Provision {
        set: vec![(Field::Email, Some(address("mallory")))],
        active: None,
        ..switch(owner, true)
    };
    assert_error(org.provision(okta, rename), "is an owner");
    let title = Provision {
        set: vec![(Field::Title, Some("CEO".into()))],
        active: Some(true),
        ..switch(owner, true)
    };
    org.provision(okta, title).unwrap();
    assert_eq!(org.user("owner").profile.title.as_deref(), Some("CEO"));
}

#[test]
fn a_request_that_leaves_an_active_person_active_passes_even_when_the_pool_is_full() {
    let org = Org::new(2);
    let (okta, _) = org.connect("okta", NewPeople::Active);
    org.at_capacity("access", "refuse");
    let ana = org
        .provision(okta, newcomer("ana", "1"))
        .unwrap()
        .user
        .unwrap();
    let applied = org.provision(okta, switch(ana, true)).unwrap();
    assert!(applied.plan.is_empty());
    assert_error(org.provision(okta, newcomer("bo", "2")), "0 free");
}

#[test]
fn a_connection_that_makes_people_wait_invites_them() {
    let org = Org::new(9);
    let (okta, _) = org.connect("okta", NewPeople::Waiting);
    org.provision(okta, newcomer("ana", "1")).unwrap();
    assert_eq!(
        org.roster(),
        "ana waiting access:reserved\nowner active access:consumed"
    );
    org.accept("ana").unwrap();
}

#[test]
fn tokens_rotate_with_an_overlap_and_end_on_revocation() {
    let org = Org::new(9);
    let (okta, old) = org.connect("okta", NewPeople::Active);
    assert_eq!(org.directory.authenticate(&old).unwrap(), Some(okta));
    let new = org
        .apply(Command::RotateToken {
            name: "okta".into(),
            overlap_ms: 60_000,
        })
        .token
        .unwrap();
    for token in [&old, &new] {
        assert_eq!(org.directory.authenticate(token).unwrap(), Some(okta));
    }
    org.tick(60_001);
    assert_eq!(org.directory.authenticate(&old).unwrap(), None);
    assert_eq!(org.directory.authenticate(&new).unwrap(), Some(okta));
    org.apply(Command::RevokeConnection {
        name: "okta".into(),
    });
    assert_eq!(org.directory.authenticate(&new).unwrap(), None);
    assert_error(org.provision(okta, newcomer("ana", "1")), "revoked");
    for bad in ["", "x", "usher_scim_", &new[..new.len() - 1]] {
        assert_eq!(org.directory.authenticate(bad).unwrap(), None);
    }
}

#[test]
fn somebody_who_was_seated_by_a_fallback_needs_one_seat_when_they_come_back() {
    let org = Org::new(2);
    let (okta, _) = org.connect("okta", NewPeople::Active);
    org.add_pool("spare", 1);
    org.set_pool(
        "spare",
        PoolEdit {
            recoverable: Some(true),
            ..PoolEdit::default()
        },
    );
    org.at_capacity("access", "fallback:spare");
    org.provision(okta, newcomer("ana", "1")).unwrap();
    let bo = org
        .provision(okta, newcomer("bo", "2"))
        .unwrap()
        .user
        .unwrap();
    assert_eq!(org.seats("spare"), (1, 0, 0));
    org.provision(okta, switch(bo, false)).unwrap();
    org.deactivate("ana");
    org.provision(okta, switch(bo, true)).unwrap();
    assert_eq!(
        org.roster(),
        "ana inactive\nbo active access:consumed\nowner active access:consumed"
    );
}

#[test]
fn names_of_a_deleted_record_are_taken_from_it_once() {
    let org = Org::new(9);
    let (okta, _) = org.connect("okta", NewPeople::Active);
    let first = org
        .provision(okta, newcomer("ana", "1"))
        .unwrap()
        .user
        .unwrap();
    org.apply(Command::Delete { who: first.into() });
    let applied = org.provision(okta, newcomer("ana", "2")).unwrap();
    let mut changes = applied.plan.changes.as_slice().unwrap().to_vec();
    let all = changes.len();
    changes.dedup();
    changes.retain(|it| it.user() == Some(first));
    assert_eq!(
        (changes.len(), all),
        (3, 5),
        "email and user name, once each, and that the provider said more of them"
    );
}

#[test]
fn a_record_that_comes_back_switched_off_is_active_once_the_provider_switches_it_on() {
    let org = Org::new(9);
    let (okta, _) = org.connect("okta", NewPeople::Active);
    org.invite("ana");
    org.apply(Command::Cancel {
        who: org.who("ana"),
    });
    let off = Provision {
        active: Some(false),
        ..newcomer("ana", "1")
    };
    let ana = org.provision(okta, off).unwrap().user.unwrap();
    assert_eq!(org.user("ana").status, Status::Inactive);
    org.provision(okta, switch(ana, true)).unwrap();
    assert_eq!(org.user("ana").status, Status::Active);
}

#[test]
fn nobody_takes_the_address_that_somebody_goes_by_as_a_user_name() {
    let org = Org::new(9);
    let (okta, _) = org.connect("okta", NewPeople::Active);
    org.create("ana");
    let mut impostor = newcomer("mallory", "1");
    impostor.set[0] = (Field::UserName, Some(address("ANA")));
    assert_error(org.provision(okta, impostor), "userName is already taken");
    let mallory = org
        .provision(okta, newcomer("mallory", "1"))
        .unwrap()
        .user
        .unwrap();
    let rename = Provision {
        set: vec![(Field::UserName, Some(address("owner")))],
        active: None,
        ..switch(mallory, true)
    };
    assert_error(org.provision(okta, rename), "userName is already taken");
    let owner = org.user("owner").id;
    let write = |name: &str| Provision {
        set: vec![(Field::UserName, Some(address(name)))],
        active: None,
        ..switch(owner, true)
    };
    assert_error(org.provision(okta, write("evil")), "is an owner");
    org.provision(okta, write("owner")).unwrap();
    let set = vec![(Field::UserName, Some(address("ana")))];
    let plan = org
        .plan(Command::Edit(Edit {
            set,
            ..Edit::of(mallory)
        }))
        .unwrap();
    assert_eq!(skips(&plan).len(), 1);
    let mut other = newcomer("zoe", "2");
    other.set[1] = (Field::Email, Some(address("other")));
    org.provision(okta, other).unwrap();
    assert_eq!(
        skips(&org.plan(create("zoe")).unwrap()),
        ["zoe: the user name is somebody else's"]
    );
}

#[test]
fn the_remedy_names_how_many_to_purchase_even_when_more_are_held_than_purchased() {
    let org = Org::new(5);
    org.create("ana bo cleo");
    org.set_pool(
        "access",
        PoolEdit {
            purchased: Some(1),
            ..PoolEdit::default()
        },
    );
    assert_error(org.try_apply(create("dora")), "purchase 4 more");
}

#[test]
fn a_revoked_connection_stays_revoked() {
    let org = Org::new(9);
    let (_, token) = org.connect("okta", NewPeople::Active);
    let revoked = org.apply(Command::RevokeConnection {
        name: "okta".into(),
    });
    let plan = org
        .plan(Command::Undo {
            batch: revoked.batch.unwrap(),
        })
        .unwrap();
    assert_eq!(
        skips(&plan),
        ["okta: a revoked connection stays revoked; add another instead"]
    );
    assert!(plan.is_empty());
    assert_eq!(org.directory.authenticate(&token).unwrap(), None);
}

#[test]
fn what_a_provider_called_a_group_that_was_removed_is_free_for_another() {
    let org = Org::new(9);
    let (okta, _) = org.connect("okta", NewPeople::Active);
    let provide = |name: &str| {
        let session = org.directory.as_actor(Actor::Connection(okta), Door::Scim);
        org.tick(1);
        session.apply(
            session.request(Command::ProvisionGroup(ProvisionGroup {
                target: GroupTarget::New,
                name: Some(name.into()),
                external_id: Some(Some("g1".into())),
                only: false,
                add: Vec::new(),
                remove: Vec::new(),
            })),
            None,
        )
    };
    provide("Sales").unwrap();
    assert_error(provide("Support"), "already taken");
    // An administrator removes it; the provider makes it anew.
    let removed = org.apply(Command::RemoveGroup {
        group: "Sales".into(),
    });
    provide("Sales").unwrap();
    let undone = org.apply(Command::Undo {
        batch: removed.batch.unwrap(),
    });
    assert_eq!(
        skips(&undone.plan),
        [
            "Sales: the name is another group's now",
            "Sales: the group was removed since"
        ]
    );
}

#[test]
fn undoing_a_provider_s_new_group_lets_those_go_who_came_with_it_and_removes_it() {
    let org = Org::new(9);
    let (okta, _) = org.connect("okta", NewPeople::Active);
    org.create("ana bo");
    let session = org.directory.as_actor(Actor::Connection(okta), Door::Scim);
    org.tick(1);
    let provide = ProvisionGroup {
        target: GroupTarget::New,
        name: Some("Sales".into()),
        external_id: Some(Some("g1".into())),
        only: false,
        add: org.ids("ana bo"),
        remove: Vec::new(),
    };
    let made = session
        .apply(session.request(Command::ProvisionGroup(provide)), None)
        .unwrap();
    let undone = org.apply(Command::Undo {
        batch: made.batch.unwrap(),
    });
    assert_eq!(skips(&undone.plan), [""; 0]);
    let session = org.cli();
    let read = session.read().unwrap();
    assert!(read.groups().unwrap().is_empty());
    for ana in org.ids("ana bo") {
        assert!(read.memberships_of(ana).unwrap().is_empty());
    }
}

#[test]
fn another_connection_lets_nobody_skip_the_acceptance_that_their_own_asks_for() {
    let org = Org::new(9);
    let (asking, _) = org.connect("asking", NewPeople::Waiting);
    let (seating, _) = org.connect("seating", NewPeople::Active);
    let mut ana = newcomer("ana", "ext-ana");
    ana.active = Some(false);
    org.provision(asking, ana).unwrap();
    let user = org.user("ana").id;
    org.provision(seating, switch(user, true)).unwrap();
    assert_eq!(org.user("ana").status, Status::Waiting);

    let mut bo = newcomer("bo", "ext-bo");
    bo.active = Some(false);
    org.provision(seating, bo).unwrap();
    let user = org.user("bo").id;
    org.provision(seating, switch(user, true)).unwrap();
    assert_eq!(org.user("bo").status, Status::Active);
}

//! Sentences of DESIGN §4 that concern every status, command or door at once: each scenario says one.

use std::collections::BTreeSet;

use usher_core::command::{
    Accept, Command, Edit, Invite, OwnRecords, PoolEdit, ProgressReport, Request, WhenFull,
};
use usher_core::model::{
    Access, Actor, ConnectionPolicy, CountsFrom, Door, Field, GroupRole, Hold, InvitationState,
    NewPeople, Permission, Progress, Setting, Status, TrainingKind,
};
use usher_core::plan::Template;

use crate::org::{Org, address, assert_error, create, invite, newcomer, people, skips, switch};

/// Somebody of every status: the status is their first name.
fn one_of_each() -> Org {
    let org = Org::new(9);
    org.apply(Command::ImportIndividuals {
        accounts: vec![usher_core::model::NewIndividual {
            email: "pending@acme.example".parse().unwrap(),
            first_name: None,
            last_name: None,
            records: Vec::new(),
        }],
    });
    org.invite("waiting pending cancelled");
    org.create("active inactive deleted erased");
    org.apply(Command::Cancel {
        who: org.who("cancelled"),
    });
    org.deactivate("inactive");
    for who in ["deleted", "erased"] {
        org.apply(Command::Delete { who: org.who(who) });
    }
    org.set_pool(
        "access",
        PoolEdit {
            purchased: Some(4),
            ..PoolEdit::default()
        },
    );
    org.apply_when_full(create("queued"), WhenFull::QueueRest);
    org
}

#[test]
fn each_status_holds_an_access_license_and_comes_in_as_the_table_says() {
    let org = one_of_each();
    let erased = org.user("erased").id;
    org.apply(Command::Erase { who: erased.into() });
    let table = [
        ("queued", Status::Queued, "queued", false),
        ("waiting", Status::Waiting, "reserved", false),
        ("pending", Status::PendingTransfer, "reserved", false),
        ("active", Status::Active, "consumed", true),
        ("inactive", Status::Inactive, "", false),
        ("cancelled", Status::Cancelled, "", false),
        ("deleted", Status::Deleted, "", false),
    ];
    let session = org.cli();
    let read = session.read().unwrap();
    for (name, status, holds, comes_in) in table {
        let user = org.user(name);
        let licenses = read.licenses_of(&[user.id]).unwrap();
        let held = licenses.first().map_or("", |it| it.hold.as_str());
        assert_eq!((user.status, held), (status, holds), "{name}");
        let may = read.may_come_in(&[address(name)]).unwrap();
        assert_eq!(
            may,
            [if comes_in { Access::Yes } else { Access::No }],
            "{name}"
        );
    }
    let gone = read.user(erased).unwrap().unwrap();
    assert_eq!(gone.status, Status::Erased);
    assert_eq!(gone.profile, Default::default());
    assert!(read.licenses_of(&[erased]).unwrap().is_empty());
    assert_eq!(
        read.may_come_in(&[erased.to_string()]).unwrap(),
        [Access::No]
    );
}

#[test]
fn invite_leads_from_none_cancelled_and_deleted_to_waiting() {
    let org = one_of_each();
    org.set_pool(
        "access",
        PoolEdit {
            purchased: Some(9),
            ..PoolEdit::default()
        },
    );
    let names = "none cancelled deleted waiting active inactive queued";
    let applied = org.invite(names);
    assert_eq!(
        skips(&applied.plan),
        [
            "waiting: already waiting",
            "active: already active",
            "inactive: inactive: reactivate instead",
            "queued: already active",
        ]
    );
    for name in ["none", "cancelled", "deleted"] {
        assert_eq!(org.user(name).status, Status::Waiting, "{name}");
    }
}

#[test]
fn inviting_can_leave_out_the_mail_and_the_link_works_all_the_same() {
    let org = Org::new(9);
    let Command::Invite(silent) = invite("ana") else {
        unreachable!()
    };
    let applied = org.apply(Command::Invite(Invite {
        mail: false,
        ..silent
    }));
    assert_eq!(applied.plan.mails(), 0);
    org.accept("ana").unwrap();
}

#[test]
fn create_leads_from_none_and_deleted_to_active_at_once() {
    let org = one_of_each();
    org.set_pool(
        "access",
        PoolEdit {
            purchased: Some(9),
            ..PoolEdit::default()
        },
    );
    let applied = org.create("none deleted cancelled inactive");
    assert_eq!(
        skips(&applied.plan),
        [
            "cancelled: cancelled: resend or invite instead",
            "inactive: inactive: reactivate instead",
        ]
    );
    for name in ["none", "deleted"] {
        assert_eq!(org.user(name).status, Status::Active, "{name}");
    }
}

#[test]
fn provision_leads_from_none_cancelled_and_deleted_to_active_or_waiting_per_connection() {
    for (policy, status) in [
        (NewPeople::Active, Status::Active),
        (NewPeople::Waiting, Status::Waiting),
    ] {
        let org = Org::new(9);
        let (okta, _) = org.connect("okta", policy);
        org.invite("cancelled deleted");
        org.apply(Command::Cancel {
            who: org.who("cancelled"),
        });
        org.apply(Command::Delete {
            who: org.who("deleted"),
        });
        for name in ["none", "cancelled", "deleted"] {
            org.provision(okta, newcomer(name, name)).unwrap();
            assert_eq!(org.user(name).status, status, "{name}");
        }
    }
}

#[test]
fn provisioning_mails_only_if_the_connection_says_so() {
    let org = Org::new(9);
    for mails in [false, true] {
        let name = format!("mails-{mails}");
        org.apply(Command::AddConnection {
            name: name.clone(),
            policy: ConnectionPolicy {
                new_people: NewPeople::Waiting,
                mails,
                ..ConnectionPolicy::default()
            },
        });
        let id = org.cli().read().unwrap().connection(&name).unwrap().id;
        let applied = org.provision(id, newcomer(&name, "1")).unwrap();
        assert_eq!(applied.plan.mails(), usize::from(mails));
    }
}

#[test]
fn whoever_accepts_says_their_name_and_needs_no_password_under_single_sign_on() {
    let org = Org::new(9);
    org.apply(Command::SetSetting {
        setting: Setting::SingleSignOn,
        value: Some("on".into()),
    });
    org.invite("ana");
    let user = org.user("ana").id;
    let session = org.directory.as_actor(Actor::Person(user), Door::Page);
    let accept = Accept {
        user,
        generation: None,
        set: vec![
            (Field::FirstName, Some("Anastasia".into())),
            (Field::Title, Some("Queen".into())),
        ],
        fields: Vec::new(),
        password: None,
        records: OwnRecords::StartFresh,
    };
    session
        .apply(session.request(Command::Accept(accept)), None)
        .unwrap();
    let profile = org.user("ana").profile;
    assert_eq!(profile.first_name.as_deref(), Some("Anastasia"));
    assert_eq!(profile.title, None, "a title is not theirs to say");
}

#[test]
fn cancel_leads_from_waiting_pending_transfer_and_queued_to_cancelled_and_resend_back() {
    let org = one_of_each();
    org.apply_when_full(invite("later"), WhenFull::QueueRest);
    let names = "waiting pending later active inactive";
    let applied = org.apply(Command::Cancel {
        who: org.who(names),
    });
    assert_eq!(
        skips(&applied.plan),
        [
            "active: active, not invited",
            "inactive: inactive, not invited"
        ]
    );
    for name in ["waiting", "pending", "later"] {
        assert_eq!(org.user(name).status, Status::Cancelled, "{name}");
        assert_error(org.accept(name), "cancelled");
    }
    org.set_pool(
        "access",
        PoolEdit {
            purchased: Some(9),
            ..PoolEdit::default()
        },
    );
    org.apply(Command::Resend {
        who: org.who("waiting pending later"),
        mail: true,
    });
    assert_eq!(org.user("waiting").status, Status::Waiting);
    assert_eq!(org.user("pending").status, Status::PendingTransfer);
    assert_eq!(org.user("later").status, Status::Waiting);
}

#[test]
fn any_live_person_is_edited_and_whoever_is_gone_is_not() {
    let org = one_of_each();
    let names = "queued waiting pending active inactive cancelled deleted";
    let applied = org.apply(Command::Edit(Edit {
        set: vec![(Field::Title, Some("Dr".into()))],
        ..Edit::of(org.who(names))
    }));
    let skipped: Vec<String> = skips(&applied.plan);
    assert_eq!(skipped, ["cancelled: cancelled", "deleted: deleted"]);
    assert_eq!(org.user("inactive").profile.title.as_deref(), Some("Dr"));
}

#[test]
fn the_address_of_an_active_person_is_changed_with_a_notice_and_a_waiting_one_gets_none() {
    let org = one_of_each();
    let rename = |from: &str, to: &str| {
        org.apply(Command::Edit(Edit {
            set: vec![(Field::Email, Some(address(to)))],
            ..Edit::of(org.who(from))
        }))
    };
    // To the old address and to the new one.
    assert_eq!(rename("active", "renamed").plan.mails(), 2);
    let put_right = rename("waiting", "other").plan;
    let mails: Vec<Template> = put_right
        .effects
        .mails
        .iter()
        .map(|it| it.template)
        .collect();
    assert_eq!(mails, [Template::Invitation], "no notice, but the link");
    assert_eq!(org.user("renamed").status, Status::Active);
}

#[test]
fn the_notice_of_a_changed_address_is_mailed_to_both_addresses() {
    let org = one_of_each();
    let who = org.user("active").id;
    org.apply(Command::Edit(Edit {
        set: vec![(Field::Email, Some(address("renamed")))],
        ..Edit::of(org.who("active"))
    }));
    let conn = rusqlite::Connection::open(&org.path).unwrap();
    let sql = "SELECT coalesce(address, 'the new one') FROM outbox WHERE user = ?1 \
        AND template IN ('email_changed', 'email_left') ORDER BY template";
    let mut rows = conn.prepare(sql).unwrap();
    let to = rows.query_map([who.as_bytes()], |row| row.get::<_, String>(0));
    let to: Vec<String> = to.unwrap().map(Result::unwrap).collect();
    assert_eq!(to, ["the new one".to_owned(), address("active")]);
}

#[test]
fn deactivate_leads_from_queued_waiting_pending_transfer_and_active_to_inactive() {
    let org = one_of_each();
    let names = "queued waiting pending active inactive cancelled deleted";
    let applied = org.deactivate(names);
    let skipped: BTreeSet<String> = skips(&applied.plan).into_iter().collect();
    assert_eq!(
        skipped.into_iter().collect::<Vec<_>>(),
        [
            "cancelled: already cancelled",
            "deleted: already deleted",
            "inactive: already inactive",
        ]
    );
    assert_eq!(
        org.seats("access"),
        (1, 3, 0),
        "only the owner's seat is held"
    );
    let session = org.cli();
    let read = session.read().unwrap();
    for name in ["queued", "waiting", "pending", "active"] {
        assert_eq!(org.user(name).status, Status::Inactive, "{name}");
        let invitation = read.invitation(org.user(name).id).unwrap();
        let dead = invitation.is_none_or(|it| it.state == InvitationState::Dead);
        assert!(dead, "the invitation of {name} dies");
    }
}

#[test]
fn delete_leads_from_any_status_to_deleted_and_only_from_there_erase_to_erased() {
    let org = one_of_each();
    let names = "queued waiting pending active inactive cancelled";
    let who = org.who(names);
    let early = org.plan(Command::Erase { who: who.clone() }).unwrap();
    assert_eq!((early.changes.len(), early.skipped.len()), (0, 6));
    org.apply(Command::Delete { who: who.clone() });
    for name in names.split(' ') {
        assert_eq!(org.user(name).status, Status::Deleted, "{name}");
    }
    org.apply(Command::Erase { who });
    assert_eq!(org.statuses()[&Status::Erased], 6);
}

#[test]
fn every_command_that_would_seat_somebody_queues_them_where_that_is_chosen_or_the_pool_s_policy() {
    let org = Org::new(3);
    let (okta, _) = org.connect("okta", NewPeople::Active);
    org.create("reactivated");
    org.deactivate("reactivated");
    org.invite("resent");
    org.apply(Command::Cancel {
        who: org.who("resent"),
    });
    org.set_pool(
        "access",
        PoolEdit {
            counts_from: Some(CountsFrom::Activation),
            ..PoolEdit::default()
        },
    );
    org.invite("accepted");
    org.set_pool(
        "access",
        PoolEdit {
            counts_from: Some(CountsFrom::Invitation),
            ..PoolEdit::default()
        },
    );
    org.create("x y");
    let queue = |command| org.apply_when_full(command, WhenFull::QueueRest);
    queue(invite("invited"));
    queue(create("created"));
    queue(Command::Reactivate {
        who: org.who("reactivated"),
        restore_assignments: true,
    });
    queue(Command::Resend {
        who: org.who("resent"),
        mail: true,
    });
    org.provision(okta, newcomer("provisioned", "1")).unwrap();
    org.accept("accepted").unwrap();
    let names = "invited created reactivated resent provisioned accepted";
    for name in names.split(' ') {
        assert_eq!(org.user(name).status, Status::Queued, "{name}");
    }
    // And each goes to the status that its entry leads to, in order.
    org.set_pool(
        "access",
        PoolEdit {
            purchased: Some(20),
            ..PoolEdit::default()
        },
    );
    for name in ["invited", "resent"] {
        assert_eq!(org.user(name).status, Status::Waiting, "{name}");
    }
    for name in ["created", "reactivated", "provisioned", "accepted"] {
        assert_eq!(org.user(name).status, Status::Active, "{name}");
    }
}

#[test]
fn a_queue_entry_keeps_what_it_leads_to_and_whether_mail_is_wanted_and_promotion_makes_the_invitation()
 {
    let org = Org::new(1);
    let Command::Invite(silent) = invite("silent") else {
        unreachable!()
    };
    let silent = Command::Invite(Invite {
        mail: false,
        ..silent
    });
    for command in [silent, invite("loud")] {
        org.apply_when_full(command, WhenFull::QueueRest);
    }
    let session = org.cli();
    for name in ["silent", "loud"] {
        let read = session.read().unwrap();
        let user = org.user(name).id;
        let license = read.licenses_of(&[user]).unwrap()[0];
        let Hold::Queued(entry) = license.hold else {
            panic!("{name} is not queued")
        };
        assert_eq!(entry.leads_to, Status::Waiting);
        assert_eq!(entry.mail, name == "loud");
        assert_eq!(read.invitation(user).unwrap(), None);
    }
    let raised = org.set_pool(
        "access",
        PoolEdit {
            purchased: Some(3),
            ..PoolEdit::default()
        },
    );
    assert_eq!(raised.promotions.len(), 1);
    let conn = rusqlite::Connection::open(&org.path).unwrap();
    let mailed = |name: &str| -> i64 {
        let sql = "SELECT count(*) FROM outbox WHERE user = ?1";
        let user = org.user(name).id;
        conn.query_row(sql, [user.as_bytes()], |row| row.get(0))
            .unwrap()
    };
    assert_eq!((mailed("silent"), mailed("loud")), (0, 1));
    for name in ["silent", "loud"] {
        org.accept(name).unwrap();
    }
}

#[test]
fn a_change_of_policy_promotes() {
    let org = Org::new(2);
    let (okta, _) = org.connect("okta", NewPeople::Active);
    org.create("ana");
    org.provision(okta, newcomer("bo", "1")).unwrap();
    assert_eq!(org.user("bo").status, Status::Queued);
    org.at_capacity("access", "grace:50");
    assert_eq!(org.user("bo").status, Status::Active);
}

#[test]
fn access_always_exists_counts_from_invitation_and_tells_at_80_95_and_100_percent_by_default() {
    let org = Org::new(5);
    let session = org.cli();
    let pool = session.read().unwrap().pools().unwrap().remove(0);
    assert_eq!(pool.name.as_str(), "access");
    assert_eq!(pool.terms.counts_from, CountsFrom::Invitation);
    assert_eq!(pool.terms.at_capacity.to_string(), "queue");
    assert!(pool.terms.recoverable);
    assert_eq!(format!("{:?}", pool.terms.alarms), "Alarms([80, 95, 100])");
    let again = Command::AddPool {
        name: "access".parse().unwrap(),
        set: PoolEdit::default(),
    };
    assert_error(org.plan(again), "there is a pool access already");
    let grant = Command::Grant {
        who: org.who("owner"),
        pool: "access".parse().unwrap(),
        until: None,
    };
    assert_error(org.plan(grant), "access comes with the person");
}

#[test]
fn add_on_licenses_are_granted_by_an_administrator_a_group_and_pre_work_and_reserved_until_started()
{
    let org = Org::new(9);
    org.add_pool("library", 5);
    org.add_training("Reading", TrainingKind::PreWork, Some("library"));
    org.add_group("Sales");
    org.carry("Sales", "", "library");
    org.create("ana bo cleo");
    org.apply(Command::Grant {
        who: org.who("ana"),
        pool: "library".parse().unwrap(),
        until: None,
    });
    org.join("bo", "Sales", GroupRole::Learner);
    org.assign("cleo", "Reading");
    assert_eq!(
        org.roster(),
        "ana active access:consumed library:reserved\n\
         bo active access:consumed library:reserved\n\
         cleo active access:consumed library:reserved\n\
         owner active access:consumed"
    );
    let started = ["ana", "bo", "cleo"].map(|who| ProgressReport {
        who: address(who),
        training: "Reading".into(),
        step: Progress::Started,
    });
    org.apply(Command::Progress {
        reports: started.into(),
    });
    assert_eq!(org.roster().matches("library:consumed").count(), 3);
}

#[test]
fn email_and_user_name_are_one_person_s_however_they_are_written_and_commands_take_either_or_the_id()
 {
    let org = Org::new(9);
    let (okta, _) = org.connect("okta", NewPeople::Active);
    let mut ana = newcomer("ana", "1");
    ana.set[0] = (Field::UserName, Some("Ana.Li".into()));
    org.provision(okta, ana).unwrap();
    let session = org.cli();
    let read = session.read().unwrap();
    let id = org.user("ana").id;
    for name in [
        "ANA@acme.example",
        "ana@ACME.example",
        "aNA.lI",
        &id.to_string(),
    ] {
        assert_eq!(read.find_user(name).unwrap().id, id, "{name}");
    }
    // An equal one is a conflict, or skipped where a person is told.
    for field in [Field::UserName, Field::Email] {
        let mut other = newcomer("other", "2");
        let taken = if field == Field::UserName {
            "ANA.LI".to_owned()
        } else {
            address("ana").to_uppercase()
        };
        other.set.retain(|it| it.0 != field);
        other
            .set
            .push((field, Field::parse(field, &taken).unwrap()));
        assert_error(org.provision(okta, other), "already taken");
    }
    let mut upper = people("bo");
    upper[0].profile.email = Field::parse(Field::Email, "ANA@acme.example").unwrap();
    let applied = org.apply(Command::Invite(Invite {
        people: upper,
        groups: Vec::new(),
        pools: Vec::new(),
        mail: false,
        send_on: None,
    }));
    assert_eq!(applied.plan.people(), 0);
    assert_eq!(applied.plan.skipped[0].reason, "already active");
}

#[test]
fn scim_edits_the_profile_of_an_administrator_who_is_no_owner_and_deactivates_them() {
    let org = Org::new(9);
    let (okta, _) = org.connect("okta", NewPeople::Active);
    org.create("ana");
    org.permit("ana", Permission::ManageUsers);
    let ana = org.user("ana").id;
    let mut titled = switch(ana, true);
    titled.set = vec![(Field::Title, Some("Dr".into()))];
    org.provision(okta, titled).unwrap();
    assert_eq!(org.user("ana").profile.title.as_deref(), Some("Dr"));
    org.provision(okta, switch(ana, false)).unwrap();
    assert_eq!(org.user("ana").status, Status::Inactive);
    // Nobody regains permissions by being provisioned again.
    org.provision(okta, switch(ana, true)).unwrap();
    assert_eq!(org.user("ana").status, Status::Active);
    let session = org.cli();
    assert_eq!(session.read().unwrap().permissions_of(ana).unwrap(), []);
}

#[test]
fn while_a_deactivation_by_a_person_holds_other_attributes_apply() {
    let org = Org::new(9);
    let (okta, _) = org.connect("okta", NewPeople::Active);
    org.provision(okta, newcomer("ana", "1")).unwrap();
    org.deactivate("ana");
    let mut still = switch(org.user("ana").id, true);
    still.set = vec![(Field::Title, Some("Dr".into()))];
    let applied = org.provision(okta, still).unwrap();
    assert_eq!(applied.plan.skipped.len(), 1);
    let ana = org.user("ana");
    assert_eq!(ana.status, Status::Inactive);
    assert_eq!(ana.profile.title.as_deref(), Some("Dr"));
}

#[test]
fn what_a_refused_command_would_have_done_is_nowhere() {
    let org = one_of_each();
    let before = org.state();
    let session = org.cli();
    let request = Request {
        when_full: WhenFull::Ask,
        ..session.request(create("one two three"))
    };
    assert_error(session.apply(request, None), "3 are needed");
    assert_eq!(org.state(), before);
    org.assert_chain();
}

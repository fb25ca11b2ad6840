//! Who may do what, to whom: each sentence of DESIGN §4 about permissions, by somebody who acts.

use usher_core::command::{Command, Edit, Invite, PoolEdit, Provision, ProvisionTarget};
use usher_core::directory::HistoryPage;
use usher_core::model::{
    Actor, Approval, ApprovalId, Door, Field, GroupRole, NewPeople, Permission, Status, UserId,
};
use usher_core::query::{self, Expr, PageFrom, SortBy, UsersPage};
use usher_core::{Applied, Result, Selection, Session};

use crate::org::{Org, address, assert_error, invite, newcomer, people, short, skips, switch};

impl Org {
    /// A session of an administrator, by name.
    pub(crate) fn acting(&self, name: &str) -> Session {
        let user = self.user(name).id;
        self.directory
            .as_actor(Actor::Administrator(user), Door::Cli)
    }

    pub(crate) fn apply_as(&self, name: &str, command: Command) -> Result<Applied> {
        let session = self.acting(name);
        self.tick(1);
        session.apply(session.request(command), None)
    }

    pub(crate) fn permit(&self, name: &str, permission: Permission) -> Applied {
        self.apply(grant(self.who(name), permission))
    }

    fn group(&self, name: &str) {
        self.apply(Command::AddGroup { name: name.into() });
    }

    fn permissions(&self, name: &str) -> Vec<Permission> {
        let (user, cli) = (self.user(name).id, self.cli());
        cli.read().unwrap().permissions_of(user).unwrap()
    }

    fn pending(&self) -> Vec<Approval> {
        let cli = self.cli();
        let read = cli.read().unwrap();
        let all = read.approvals().unwrap();
        all.into_iter()
            .filter(|it| it.is_open(read.now()))
            .collect()
    }
}

fn grant(who: Selection, permission: Permission) -> Command {
    Command::GrantPermissions {
        who,
        permissions: vec![permission],
    }
}

fn revoke(who: Selection, permission: Permission) -> Command {
    Command::RevokePermissions {
        who,
        permissions: vec![permission],
    }
}

fn invite_to(names: &str, group: &str, role: GroupRole) -> Command {
    Command::Invite(Invite {
        people: people(names),
        groups: vec![(group.into(), role)],
        pools: Vec::new(),
        mail: false,
        send_on: None,
    })
}

/// Whom a session sees in a list, by name.
fn seen(session: &Session, query: &str) -> Vec<String> {
    let read = session.read().unwrap();
    let page = UsersPage {
        query: query::parse(query, read.now()).unwrap(),
        sort: SortBy::Email,
        descending: false,
        from: PageFrom::Start,
        limit: 100,
    };
    let users = read.users(&page).unwrap();
    let count = read.count_users(&page.query).unwrap();
    assert_eq!(i64::try_from(users.len()).unwrap(), count, "{query}");
    users.iter().map(|it| short(&it.label())).collect()
}

/// ceo ← boss ← lead ← dev, and ops beside them; sales has an administrator and a member.
fn company() -> Org {
    let org = Org::new(40);
    org.create("ceo boss lead dev ops admin gus mia");
    for (who, manager) in [("boss", "ceo"), ("lead", "boss"), ("dev", "lead")] {
        org.set_manager(who, manager);
    }
    org.group("Sales");
    org.group("Support");
    org.join("gus", "Sales", GroupRole::Administrator);
    org.join("mia", "Sales", GroupRole::Learner);
    org.join("ops", "Support", GroupRole::Learner);
    org
}

#[test]
fn whoever_has_no_role_may_do_and_see_nothing() {
    let org = company();
    for name in ["dev", "mia"] {
        assert_error(
            org.apply_as(name, invite("x")),
            "not an active administrator",
        );
        assert_error(
            org.acting(name).read().map(drop),
            "not an active administrator",
        );
    }
}

#[test]
fn a_manager_sees_everyone_below_at_any_depth_without_a_permission_flag() {
    let org = company();
    let boss = org.acting("boss");
    assert_eq!(seen(&boss, ""), ["boss", "dev", "lead"]);
    assert_eq!(seen(&boss, "status:active"), ["boss", "dev", "lead"]);
    assert_eq!(seen(&boss, "=ops@acme.example"), Vec::<String>::new());
    let read = boss.read().unwrap();
    assert_eq!(
        read.find_user("dev@acme.example").unwrap().id,
        org.user("dev").id
    );
    assert_error(
        read.find_user("ops@acme.example"),
        "there is no user ops@acme.example",
    );
    assert!(read.user(org.user("ceo").id).unwrap().is_none());
    assert_eq!(read.status_counts().unwrap()[&Status::Active], 3);
    let events = |user| {
        let page = HistoryPage {
            user,
            limit: 1_000,
            ..HistoryPage::default()
        };
        read.history(&page).unwrap()
    };
    assert!(!events(Some(org.user("dev").id)).is_empty());
    assert!(events(Some(org.user("ops").id)).is_empty());
    let mine = org.ids("boss lead dev");
    assert!(
        events(None)
            .iter()
            .all(|it| it.user.is_some_and(|it| mine.contains(&it)))
    );
    assert!(
        read.batches(None, 100).unwrap().is_empty(),
        "they applied none"
    );
    drop(read);
    assert_error(
        org.apply_as(
            "boss",
            Command::Deactivate {
                who: org.who("dev"),
            },
        ),
        "deactivate is not allowed: it needs owner or manage_users",
    );
}

#[test]
fn below_means_any_depth_and_follows_every_move() {
    let org = company();
    let cli = org.cli();
    assert_eq!(
        seen(&cli, "below:ceo@acme.example"),
        ["boss", "dev", "lead"]
    );
    assert_eq!(seen(&cli, "below:lead@acme.example"), ["dev"]);
    assert_eq!(
        seen(&cli, "-below:ceo@acme.example name:boss"),
        Vec::<String>::new()
    );
    assert_eq!(
        seen(&cli, "below:nobody@acme.example"),
        Vec::<String>::new()
    );
    org.set_manager("ops", "dev");
    assert_eq!(
        seen(&cli, "below:boss@acme.example"),
        ["dev", "lead", "ops"]
    );
    org.deactivate("lead boss");
    assert_eq!(
        seen(&cli, "below:ceo@acme.example status:active"),
        ["dev", "ops"]
    );
}

#[test]
fn who_runs_a_group_sees_that_group_only_and_invites_to_it_only() {
    let org = company();
    let gus = org.acting("gus");
    assert_eq!(seen(&gus, ""), ["gus", "mia"]);
    let names: Vec<String> = gus
        .read()
        .unwrap()
        .groups()
        .unwrap()
        .into_iter()
        .map(|it| it.name)
        .collect();
    assert_eq!(names, ["Sales"]);
    assert_error(
        org.apply_as("gus", invite("new")),
        "invites to that group only",
    );
    assert_error(
        org.apply_as("gus", invite_to("new", "Support", GroupRole::Learner)),
        "there is no group Support",
    );
    let applied = org
        .apply_as("gus", invite_to("new ops mia", "Sales", GroupRole::Learner))
        .unwrap();
    // Where somebody stands whom they do not see is not told.
    assert_eq!(
        skips(&applied.plan),
        [
            "ops: known already; who manages users can bring them in",
            "mia: already active",
        ]
    );
    assert_eq!(seen(&gus, "status:waiting"), ["new"]);
    for command in [
        Command::Edit(Edit {
            set: vec![(Field::Title, Some("x".into()))],
            ..Edit::of(org.who("mia"))
        }),
        Command::Deactivate {
            who: org.who("mia"),
        },
        Command::Cancel {
            who: org.who("new"),
        },
    ] {
        assert_error(org.apply_as("gus", command), "is not allowed");
    }
    // What they invited by mistake they take back themselves; what others did is not theirs to undo.
    let undo = |applied: &Applied| Command::Undo {
        batch: applied.batch.unwrap(),
    };
    org.apply_as("gus", undo(&applied)).unwrap();
    assert_eq!(org.user("new").status, Status::Deleted);
    let others = org.invite("other");
    assert_error(org.apply_as("gus", undo(&others)), "there is no batch");
}

#[test]
fn who_runs_a_group_gives_no_role_above_their_own() {
    let org = company();
    org.create("una");
    org.join("una", "Sales", GroupRole::UserAdministrator);
    for (role, ok) in [
        (GroupRole::Learner, true),
        (GroupRole::Author, true),
        (GroupRole::UserAdministrator, true),
        (GroupRole::Administrator, false),
    ] {
        let name = format!("new{}", role.as_str().replace('_', "-"));
        let result = org.apply_as("una", invite_to(&name, "Sales", role));
        if ok {
            result.unwrap();
        } else {
            assert_error(result, "more than your own role");
        }
    }
}

#[test]
fn a_resent_invitation_of_the_group_is_within_reach_and_others_are_not_named() {
    let org = company();
    org.apply(invite_to("guest", "Sales", GroupRole::Learner));
    org.invite("stranger");
    let resend = |who| Command::Resend { who, mail: false };
    let applied = org
        .apply_as("gus", resend(org.who("guest stranger")))
        .unwrap();
    assert_eq!(applied.plan.people(), 1);
    let said = skips(&applied.plan).join("\n");
    assert!(
        !said.contains("stranger@") && said.contains("nobody whom you may do this to"),
        "{said}"
    );
    let applied = org
        .apply_as("gus", resend(Expr::Status(vec![Status::Waiting]).into()))
        .unwrap();
    assert_eq!(
        applied.plan.people(),
        1,
        "a query finds the group's people only"
    );
}

#[test]
fn permissions_are_given_and_taken_by_owners_only_and_both_are_undone() {
    let org = company();
    let given = org.permit("admin", Permission::ManageUsers);
    assert_eq!(org.permissions("admin"), [Permission::ManageUsers]);
    for command in [
        grant(org.who("admin"), Permission::Owner),
        grant(org.who("admin"), Permission::AuthorizedPurchaser),
        revoke(org.who("owner"), Permission::Owner),
    ] {
        assert_error(org.apply_as("admin", command), "it needs owner");
    }
    let before = org.state();
    let taken = org.apply(revoke(org.who("admin"), Permission::ManageUsers));
    assert!(org.permissions("admin").is_empty());
    assert_error(
        org.apply_as("admin", invite("x")),
        "not an active administrator",
    );
    org.apply(Command::Undo {
        batch: taken.batch.unwrap(),
    });
    assert_eq!(org.state(), before);
    org.apply(Command::Undo {
        batch: given.batch.unwrap(),
    });
    assert!(org.permissions("admin").is_empty());
    org.invite("guest");
    let plan = org
        .plan(grant(org.who("guest"), Permission::ManageUsers))
        .unwrap();
    assert_eq!(
        skips(&plan),
        ["guest: waiting; only active people are administrators"]
    );
}

#[test]
fn raising_what_is_purchased_needs_an_authorized_purchaser() {
    let org = company();
    org.permit("admin", Permission::Owner);
    let set = |purchased| Command::SetPool {
        name: "access".parse().unwrap(),
        set: PoolEdit {
            purchased: Some(purchased),
            ..PoolEdit::default()
        },
    };
    assert_error(
        org.apply_as("admin", set(100)),
        "needs the permission authorized_purchaser",
    );
    org.apply_as("admin", set(30)).unwrap();
    org.apply_as("owner", set(100)).unwrap();
    assert_error(org.apply_as("boss", set(101)), "is not allowed");
}

#[test]
fn handing_out_more_than_was_purchased_needs_an_authorized_purchaser_as_well() {
    let org = company();
    org.permit("admin", Permission::Owner);
    let policy = |text: &str| Command::SetPool {
        name: "access".parse().unwrap(),
        set: PoolEdit {
            at_capacity: Some(text.parse().unwrap()),
            ..PoolEdit::default()
        },
    };
    assert_error(
        org.apply_as("admin", policy("grace:100")),
        "handing out more than was purchased needs the permission authorized_purchaser",
    );
    org.apply_as("admin", policy("refuse")).unwrap();
    org.apply_as("owner", policy("grace:20")).unwrap();
    assert_error(
        org.apply_as("admin", policy("grace:30")),
        "more than was purchased",
    );
    let lowered = org.apply_as("admin", policy("grace:10")).unwrap();
    let back = Command::Undo {
        batch: lowered.batch.unwrap(),
    };
    assert_error(org.apply_as("admin", back), "more than was purchased");
}

#[test]
fn who_gets_a_permission_does_not_approve_it() {
    let org = company();
    org.permit("admin", Permission::ManageUsers);
    org.permit("boss", Permission::ManageUsers);
    org.apply_as(
        "owner",
        grant(org.who("boss"), Permission::AuthorizedPurchaser),
    )
    .unwrap();
    let approve = Command::Approve {
        approval: org.pending()[0].id,
    };
    assert_error(
        org.apply_as("boss", approve.clone()),
        "who gets the permission cannot approve it",
    );
    org.apply_as("admin", approve).unwrap();
}

#[test]
fn until_there_are_two_administrators_an_owner_alone_makes_purchasers_and_the_history_says_so() {
    let org = company();
    let applied = org
        .apply_as(
            "owner",
            grant(org.who("boss"), Permission::AuthorizedPurchaser),
        )
        .unwrap();
    assert_eq!(org.permissions("boss"), [Permission::AuthorizedPurchaser]);
    let said = serde_json::to_string(&applied.plan).unwrap();
    assert!(said.contains("there is no second administrator"), "{said}");
}

#[test]
fn once_there_are_two_a_second_administrator_approves_a_purchaser() {
    let org = company();
    org.permit("admin", Permission::ManageUsers);
    let asked = org
        .apply_as(
            "owner",
            grant(org.who("boss"), Permission::AuthorizedPurchaser),
        )
        .unwrap();
    assert!(org.permissions("boss").is_empty(), "nothing yet");
    let [approval] = &org.pending()[..] else {
        panic!("one waits")
    };
    let approve = Command::Approve {
        approval: approval.id,
    };
    let again = org
        .plan(grant(org.who("boss"), Permission::AuthorizedPurchaser))
        .unwrap();
    assert_eq!(skips(&again), ["boss: asked already, and not decided yet"]);
    assert_error(
        org.apply_as("owner", approve.clone()),
        "who asked cannot approve",
    );
    assert_error(org.apply_as("boss", approve.clone()), "is not allowed");
    assert_error(
        org.try_apply(approve.clone()),
        "it needs owner or manage_users",
    );
    let done = org.apply_as("admin", approve.clone()).unwrap();
    assert_eq!(org.permissions("boss"), [Permission::AuthorizedPurchaser]);
    assert_error(org.apply_as("admin", approve), "approved already");
    assert!(org.pending().is_empty());
    org.apply(Command::Undo {
        batch: done.batch.unwrap(),
    });
    assert!(org.permissions("boss").is_empty(), "undone by an owner");
    let undone = org.apply(Command::Undo {
        batch: asked.batch.unwrap(),
    });
    assert_eq!(
        skips(&undone.plan),
        ["boss: what was asked was approved since"]
    );
    org.assert_chain();
}

#[test]
fn an_approval_expires_is_rejected_or_taken_back() {
    let org = company();
    org.permit("admin", Permission::ManageUsers);
    let ask = || {
        org.apply_as(
            "owner",
            grant(org.who("boss"), Permission::AuthorizedPurchaser),
        )
        .unwrap()
    };
    let first = ask();
    let id = org.pending()[0].id;
    org.tick(7 * 24 * 3600 * 1000);
    assert_error(
        org.apply_as("admin", Command::Approve { approval: id }),
        "expired already",
    );
    ask();
    let second = org.pending()[0].id;
    let rejected = org
        .apply_as("admin", Command::Reject { approval: second })
        .unwrap();
    assert_error(
        org.apply_as("admin", Command::Approve { approval: second }),
        "rejected already",
    );
    org.apply(Command::Undo {
        batch: rejected.batch.unwrap(),
    });
    assert_eq!(org.pending().len(), 1, "a rejection can be undone");
    let third = Command::Reject { approval: second };
    org.apply(third);
    let fourth = ask();
    org.apply(Command::Undo {
        batch: fourth.batch.unwrap(),
    });
    assert!(org.pending().is_empty(), "asking can be undone");
    assert!(org.permissions("boss").is_empty());
    let unknown = Command::Approve {
        approval: ApprovalId::from_bytes([9; 16]),
    };
    assert_error(org.apply_as("admin", unknown), "there is no approval");
    let late = org.apply(Command::Undo {
        batch: first.batch.unwrap(),
    });
    assert_eq!(
        skips(&late.plan),
        ["boss: what was asked was withdrawn since"]
    );
}

#[test]
fn what_is_approved_is_exactly_what_was_shown_or_it_says_what_moved() {
    let org = company();
    org.create("second");
    org.permit("admin", Permission::ManageUsers);
    org.permit("second", Permission::Owner);
    let ask = |name: &str| {
        org.apply_as(
            "second",
            grant(org.who(name), Permission::AuthorizedPurchaser),
        )
        .unwrap();
        let approval = org
            .pending()
            .into_iter()
            .find(|it| it.user == org.user(name).id)
            .unwrap();
        Command::Approve {
            approval: approval.id,
        }
    };
    let (renamed, left, demoted) = (ask("lead"), ask("dev"), ask("boss"));
    org.apply(Command::Edit(Edit {
        set: vec![(Field::Email, Some("lead2@acme.example".into()))],
        ..Edit::of(org.who("lead"))
    }));
    org.deactivate("dev");
    assert_error(org.apply_as("admin", renamed), "goes by another name now");
    assert_error(org.apply_as("admin", left), "the person is inactive");
    org.apply(revoke(org.who("second"), Permission::Owner));
    assert_error(org.apply_as("admin", demoted), "not an owner any more");
}

#[test]
fn taking_the_right_to_purchase_back_by_undo_needs_a_second_administrator_too() {
    let org = company();
    org.permit("boss", Permission::AuthorizedPurchaser);
    org.permit("admin", Permission::ManageUsers);
    let taken = org.apply(revoke(org.who("boss"), Permission::AuthorizedPurchaser));
    let undone = org.apply(Command::Undo {
        batch: taken.batch.unwrap(),
    });
    assert!(org.permissions("boss").is_empty());
    assert!(
        skips(&undone.plan)[0].contains("second administrator"),
        "{:?}",
        undone.plan.skipped
    );
}

/// Every way in which somebody could be taken off, by the strongest actor who may take it.
fn doors(org: &Org, name: &str) -> Vec<(&'static str, Result<Applied>)> {
    let (connection, _) = org.connect("okta", NewPeople::Active);
    let user = org.user(name).id;
    let who = || Selection::from(user);
    let scim = org
        .directory
        .as_actor(Actor::Connection(connection), Door::Scim);
    let deleted = scim.apply(scim.request(Command::Delete { who: who() }), None);
    let scheduled = org.directory.as_actor(Actor::FileOwner, Door::Api);
    vec![
        (
            "deactivate",
            org.try_apply(Command::Deactivate { who: who() }),
        ),
        (
            "deactivate by query",
            org.try_apply(Command::Deactivate {
                who: Expr::Everybody.into(),
            }),
        ),
        ("delete", org.try_apply(Command::Delete { who: who() })),
        ("erase", org.try_apply(Command::Erase { who: who() })),
        ("cancel", org.try_apply(Command::Cancel { who: who() })),
        (
            "unattended",
            scheduled.apply(scheduled.request(Command::Deactivate { who: who() }), None),
        ),
        (
            "scim active: false",
            org.provision(connection, switch(user, false)),
        ),
        ("scim DELETE", deleted),
        (
            "scim PUT of another",
            org.provision(
                connection,
                Provision {
                    target: ProvisionTarget::Existing {
                        user,
                        version: None,
                    },
                    set: vec![(Field::Email, Some("thief@acme.example".into()))],
                    active: Some(false),
                    ..newcomer(name, "")
                },
            ),
        ),
        ("revoke", org.try_apply(revoke(who(), Permission::Owner))),
        ("undo of whatever brought them in", undo_all(org)),
    ]
}

/// Undoes every batch but those by which somebody is protected or the last owner, newest first; answers with the last.
fn undo_all(org: &Org) -> Result<Applied> {
    let cli = org.cli();
    let batches = cli.read().unwrap().batches(None, 1_000).unwrap();
    let mut last = None;
    let gives_way = |it: &str| matches!(it, "edit" | "admin_revoke");
    for batch in batches.into_iter().filter(|it| !gives_way(&it.command)) {
        last = Some(org.try_apply(Command::Undo { batch: batch.id }));
    }
    last.unwrap()
}

#[test]
fn the_last_owner_cannot_be_taken_off_through_any_door() {
    let org = company();
    org.permit("admin", Permission::Owner);
    org.apply(revoke(org.who("owner"), Permission::Owner));
    // The last owner was made by a grant, whose undo is one of the doors.
    for (door, _) in doors(&org, "admin") {
        let admin = org.user("admin");
        assert_eq!(admin.status, Status::Active, "{door}");
        let owners: Vec<UserId> = org
            .cli()
            .read()
            .unwrap()
            .administrators()
            .unwrap()
            .into_iter()
            .filter(|it| {
                it.permissions.contains(&Permission::Owner) && it.user.status == Status::Active
            })
            .map(|it| it.user.id)
            .collect();
        assert!(!owners.is_empty(), "{door}");
    }
}

#[test]
fn who_is_protected_cannot_be_taken_off_through_any_door() {
    let org = company();
    let protect = |protected| {
        Command::Edit(Edit {
            protected: Some(protected),
            ..Edit::of(org.who("dev"))
        })
    };
    org.permit("admin", Permission::ManageUsers);
    assert_error(org.apply_as("admin", protect(true)), "it needs owner");
    org.apply(protect(true));
    for (door, _) in doors(&org, "dev") {
        assert_eq!(org.user("dev").status, Status::Active, "{door}");
    }
}

#[test]
fn protection_is_undone_by_owners() {
    let org = company();
    let before = org.state();
    let applied = org.apply(Command::Edit(Edit {
        protected: Some(true),
        ..Edit::of(org.who("dev"))
    }));
    assert!(org.user("dev").protected);
    org.apply(Command::Undo {
        batch: applied.batch.unwrap(),
    });
    assert_eq!(org.state(), before);
}

#[test]
fn the_database_itself_keeps_the_last_owner_and_who_is_protected() {
    let org = company();
    org.apply(Command::Edit(Edit {
        protected: Some(true),
        ..Edit::of(org.who("dev"))
    }));
    let conn = rusqlite::Connection::open(&org.path).unwrap();
    for (sql, why) in [
        (
            "DELETE FROM permissions WHERE permission = 'owner'",
            "the last owner stays",
        ),
        (
            "UPDATE users SET status = 'inactive' WHERE email = 'dev@acme.example'",
            "protected people stay",
        ),
    ] {
        let error = conn.execute(sql, []).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn nobody_regains_permissions_links_or_group_roles_by_being_provisioned_again() {
    let org = company();
    let (connection, _) = org.connect("okta", NewPeople::Active);
    org.permit("admin", Permission::ManageUsers);
    org.join("admin", "Sales", GroupRole::Administrator);
    org.apply(Command::LinkSystemUser {
        system_user: "ada".into(),
        who: org.who("admin"),
    });
    let admin = org.user("admin").id;
    let keys = || {
        let permissions = org.permissions("admin");
        let cli = org.cli();
        let read = cli.read().unwrap();
        let roles: Vec<GroupRole> = read
            .memberships_of(admin)
            .unwrap()
            .iter()
            .map(|it| it.role)
            .collect();
        (permissions, read.administrator_of("ada").unwrap(), roles)
    };
    assert_eq!(
        keys(),
        (
            vec![Permission::ManageUsers],
            Some(admin),
            vec![GroupRole::Administrator]
        )
    );
    org.provision(connection, switch(admin, false)).unwrap();
    org.provision(connection, switch(admin, true)).unwrap();
    assert_eq!(org.user("admin").status, Status::Active);
    assert_eq!(keys(), (Vec::new(), None, vec![GroupRole::Learner]));
    let left = org.apply(Command::Delete {
        who: org.who("admin"),
    });
    org.provision(connection, newcomer("admin", "")).unwrap();
    assert_eq!(org.user("admin").id, admin);
    assert_eq!(keys(), (Vec::new(), None, vec![GroupRole::Learner]));
    assert!(left.batch.is_some());
}

#[test]
fn a_link_says_which_administrator_an_operating_system_user_is() {
    let org = company();
    org.permit("admin", Permission::ManageUsers);
    let linked = |name: &str| org.cli().read().unwrap().administrator_of(name).unwrap();
    let link = |system_user: &str, who: &str| Command::LinkSystemUser {
        system_user: system_user.into(),
        who: org.who(who),
    };
    let before = org.state();
    let first = org.apply(link("ada", "admin"));
    assert_eq!(linked("ada"), Some(org.user("admin").id));
    let moved = org.apply(link("ada", "owner"));
    assert_eq!(linked("ada"), Some(org.user("owner").id));
    org.apply(Command::Undo {
        batch: moved.batch.unwrap(),
    });
    assert_eq!(linked("ada"), Some(org.user("admin").id));
    let plan = org.plan(link("bob", "mia")).unwrap();
    assert_eq!(skips(&plan), ["mia: not an active administrator"]);
    org.apply(Command::Undo {
        batch: first.batch.unwrap(),
    });
    assert_eq!((linked("ada"), org.state()), (None, before));
    assert_error(org.apply_as("admin", link("x", "admin")), "it needs owner");
}

#[test]
fn erasing_an_administrator_destroys_the_operating_system_user_s_name() {
    let org = company();
    org.permit("admin", Permission::ManageUsers);
    org.apply(Command::LinkSystemUser {
        system_user: "very-personal".into(),
        who: org.who("admin"),
    });
    let id = org.user("admin").id;
    org.apply(Command::Delete { who: id.into() });
    org.apply(Command::Erase { who: id.into() });
    for file in ["", "-wal"] {
        let bytes = std::fs::read(format!("{}{file}", org.path.display())).unwrap_or_default();
        assert!(
            !bytes.windows(13).any(|it| it == b"very-personal"),
            "usher.db{file}"
        );
    }
    org.assert_chain();
}

#[test]
fn an_administrator_who_is_deactivated_can_neither_act_nor_see_from_that_moment_on() {
    let org = company();
    org.permit("admin", Permission::ManageUsers);
    let session = org.acting("admin");
    let prepared = session.request(invite("x"));
    session.plan(&prepared).unwrap();
    org.deactivate("admin");
    assert_error(session.apply(prepared, None), "not an active administrator");
    assert_error(session.read().map(drop), "not an active administrator");
}

#[test]
fn who_manages_users_does_not_rename_somebody_with_more_rights() {
    let org = company();
    org.permit("boss", Permission::AuthorizedPurchaser);
    org.permit("admin", Permission::ManageUsers);
    let rename = |who: &str| {
        Command::Edit(Edit {
            set: vec![(Field::Email, Some(address("mine")))],
            ..Edit::of(org.who(who))
        })
    };
    let applied = org.apply_as("admin", rename("boss")).unwrap();
    assert_eq!(
        skips(&applied.plan),
        ["boss: has permissions that you do not have; an owner changes how they sign in"]
    );
    org.apply_as("admin", rename("mia")).unwrap();
}

#[test]
fn nobody_keeps_permissions_whose_creation_or_acceptance_is_undone() {
    let org = Org::new(9);
    let made = org.create("ana");
    org.permit("ana", Permission::ManageUsers);
    let undone = org.apply(Command::Undo {
        batch: made.batch.unwrap(),
    });
    assert_eq!(org.user("ana").status, Status::Deleted);
    assert_eq!(org.permissions("ana"), []);
    // Nor by being brought back by whoever gives no permissions; undoing that undo gives them back.
    let (okta, _) = org.connect("okta", NewPeople::Active);
    let back = org.provision(okta, newcomer("ana", "1")).unwrap();
    assert_eq!(org.permissions("ana"), []);
    for batch in [back.batch, undone.batch] {
        org.apply(Command::Undo {
            batch: batch.unwrap(),
        });
    }
    assert_eq!(org.user("ana").status, Status::Active);
    assert_eq!(org.permissions("ana"), [Permission::ManageUsers]);

    org.invite("bo");
    let accepted = org.accept("bo").unwrap();
    org.permit("bo", Permission::ManageUsers);
    org.apply(Command::Undo {
        batch: accepted.batch.unwrap(),
    });
    assert_eq!(org.user("bo").status, Status::Waiting);
    assert_eq!(org.permissions("bo"), []);
}

#[test]
fn the_last_owner_stays_active_whatever_is_undone() {
    let org = Org::new(9);
    org.invite("bo");
    let accepted = org.accept("bo").unwrap();
    org.permit("bo", Permission::Owner);
    org.deactivate("owner");
    let undone = org.apply(Command::Undo {
        batch: accepted.batch.unwrap(),
    });
    assert_eq!(skips(&undone.plan), ["bo: the last owner"]);
    assert_eq!(org.user("bo").status, Status::Active);
}

#[test]
fn undoing_does_to_nobody_what_whoever_undoes_may_not_do_to_them() {
    let org = company();
    org.permit("admin", Permission::ManageUsers);
    org.permit("boss", Permission::Owner);
    let owner = org.user("boss").id;
    let ana = org.user("dev").id;
    let set = |who, field, value: &str| {
        Command::Edit(Edit {
            set: vec![(field, Some(value.to_owned()))],
            ..Edit::of(who)
        })
    };
    let protect = Edit {
        protected: Some(true),
        set: vec![(Field::Title, Some("Dr".into()))],
        ..Edit::of(ana)
    };
    let tomorrow = "2031-01-01";
    org.apply(set(owner, Field::DeactivateOn, tomorrow));
    let cases = [
        (
            org.apply(Command::Edit(protect)),
            "dev: whether somebody is protected is the owners' alone",
        ),
        (
            org.apply(set(owner, Field::UserName, "the-boss")),
            "boss: an owner; only owners may",
        ),
        (
            org.apply(Command::Edit(Edit {
                set: vec![(Field::DeactivateOn, None)],
                ..Edit::of(owner)
            })),
            "boss: an owner; only owners may",
        ),
        (
            org.apply(Command::AddSshKey {
                who: owner.into(),
                key: usher_core::model::SshKey::parse(crate::keys::KEYS[0]).unwrap(),
            }),
            "boss: a key of somebody else's; only owners may",
        ),
    ];
    org.permit("ops", Permission::ManageReports);
    let guest = org.user("ops").id;
    let renamed = org.apply(set(guest, Field::UserName, "the-guest"));
    let cases = cases.into_iter().chain([(
        renamed,
        "ops: has permissions that you do not have; an owner changes how they sign in",
    )]);
    for (applied, why) in cases {
        let undo = Command::Undo {
            batch: applied.batch.unwrap(),
        };
        let before = org.state();
        let undone = org.apply_as("admin", undo.clone()).unwrap();
        assert_eq!(skips(&undone.plan), [why]);
        assert_eq!(org.state(), before, "{why}");
        assert!(org.plan(undo).unwrap().skipped.is_empty(), "an owner may");
    }
}

#[test]
fn who_runs_a_group_no_more_undoes_nothing_in_it() {
    let org = company();
    org.join("gus", "Support", GroupRole::Administrator);
    let undo = |applied: &Applied| Command::Undo {
        batch: applied.batch.unwrap(),
    };
    let beyond = |applied: &Applied| {
        let undone = org.apply_as("gus", undo(applied)).unwrap();
        assert!(undone.batch.is_none());
        for skip in &undone.plan.skipped {
            assert_eq!(skip.reason, "nobody whom you may do this to");
            assert!(!skip.who.contains('@'), "{}", skip.who);
        }
        undone.plan.skipped.len()
    };
    let invite = |name| {
        org.apply_as("gus", invite_to(name, "Sales", GroupRole::Learner))
            .unwrap()
    };
    let (kept, back, moved) = (invite("kept"), invite("back"), invite("moved"));
    let taken_back = org.apply_as("gus", undo(&back)).unwrap();
    // Where they still may, what they undid comes back, and goes again.
    let again = org.apply_as("gus", undo(&taken_back)).unwrap();
    assert_eq!(org.user("back").status, Status::Waiting);
    let taken_back = org.apply_as("gus", undo(&again)).unwrap();
    assert_eq!(org.user("back").status, Status::Deleted);
    // Who is in another group by now is not theirs, and not named.
    org.apply(Command::Edit(Edit {
        remove_groups: vec!["Sales".into()],
        add_groups: vec![("Support".into(), GroupRole::Learner)],
        ..Edit::of(org.who("moved"))
    }));
    org.join("gus", "Support", GroupRole::Learner);
    assert_eq!(beyond(&moved), 1);
    org.join("gus", "Support", GroupRole::Administrator);
    org.join("gus", "Sales", GroupRole::Learner);
    for batch in [&kept, &taken_back, &moved] {
        assert_eq!(beyond(batch), 1);
    }
    assert_eq!(org.user("kept").status, Status::Waiting);
    assert_eq!(org.user("back").status, Status::Deleted);
    // Those who manage everybody undo it still.
    org.permit("admin", Permission::ManageUsers);
    org.apply_as("admin", undo(&kept)).unwrap();
    assert_eq!(org.user("kept").status, Status::Deleted);
}

#[test]
fn a_manager_undoes_nothing_of_people_who_are_no_longer_below_them() {
    let org = company();
    org.add_training("Safety", usher_core::model::TrainingKind::Course, None);
    let assign = |name| Command::Assign {
        who: org.who(name),
        training: "Safety".into(),
    };
    let dev = org.apply_as("lead", assign("dev")).unwrap();
    org.create("new stays");
    org.set_manager("new", "lead");
    org.set_manager("stays", "lead");
    let new = org.apply_as("lead", assign("new")).unwrap();
    org.set_manager("dev", "ceo");
    let undo = |applied: &Applied| Command::Undo {
        batch: applied.batch.unwrap(),
    };
    let undone = org.apply_as("lead", undo(&dev)).unwrap();
    assert!(undone.batch.is_none());
    assert_eq!(
        undone.plan.skipped[0].reason,
        "nobody whom you may do this to"
    );
    assert_eq!(org.learns("dev"), "Safety:assigned");
    let undone = org.apply_as("lead", undo(&new)).unwrap();
    assert_eq!(org.learns("new"), "");
    org.set_manager("new", "ceo");
    assert!(org.apply_as("lead", undo(&undone)).unwrap().batch.is_none());
    assert_eq!(org.learns("new"), "");
}

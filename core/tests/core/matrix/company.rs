//! A company in which there is somebody of every role, and for every command somebody of every scope to give it to.

use usher_core::command::{
    Command, Edit, FieldEdit, Invite, InviteToSession, PoolEdit, ProgressReport, WhenFull,
};
use usher_core::import::{Table, review_individuals};
use usher_core::model::{
    Actor, ApprovalId, BatchId, ConnectionId, Door, Field, FieldKind, GroupRole, Language,
    NewPeople, Permission, PlatformId, Progress, Setting, SshKey, TrainingKind, UserId,
};
use usher_core::password::{Password, PasswordHash};

use usher_core::policy::Role;

use super::Circle;
use crate::org::{Org, address, invite, newcomer, people, switch};

const DAY: i64 = 86_400_000;

pub(crate) struct Company {
    pub(crate) org: Org,
    pub(crate) connection: ConnectionId,
    platform: PlatformId,
    pub(crate) hash: PasswordHash,
    pub(crate) approval: ApprovalId,
    /// A wish to join.
    pub(crate) wish: UserId,
    /// Batches that these applied themselves.
    pub(crate) own: Vec<(Role, BatchId)>,
    /// One that somebody else applied.
    pub(crate) others: BatchId,
}

/// Everybody who acts, and by which name.
const ACTING: [(Role, &str); 12] = [
    (Role::Owner, "own"),
    (Role::ManageUsers, "mu"),
    (Role::ManageAssignments, "ma"),
    (Role::ManageReports, "mr"),
    (Role::AuthorizedPurchaser, "ap"),
    (Role::Manager, "man"),
    (Role::GroupAdministrator, "ga"),
    (Role::GroupUserAdministrator, "gu"),
    (Role::GroupAuthor, "au"),
    (Role::GroupCoach, "co"),
    (Role::GroupLearner, "le"),
    (Role::SessionInstructor, "ins"),
];

const BESIDE: [&str; 4] = ["below", "group", "session", "out"];

impl Company {
    pub(crate) fn new() -> Self {
        let org = Org::new(90);
        for (setting, value) in [
            (Setting::RetentionDays, "1"),
            (Setting::InvitationDays, "300"),
        ] {
            org.apply(Command::SetSetting {
                setting,
                value: Some(value.into()),
            });
        }
        for (pool, purchased) in [("method", 90), ("lib", 90), ("full", 0), ("early", 5)] {
            org.add_pool(pool, purchased);
        }
        for group in ["Sales", "Service", "Empty"] {
            org.add_group(group);
        }
        for training in ["Intro", "Basics", "Other"] {
            org.add_training(training, TrainingKind::Course, None);
        }
        for session in ["Mine", "Theirs"] {
            org.add_training(session, TrainingKind::Session, None);
        }
        org.apply(Command::AddField {
            name: "Shirt".into(),
            kind: FieldKind::Text,
            set: FieldEdit::default(),
        });
        // While the owner is the only administrator, they need nobody's approval.
        org.create("ap");
        org.permit("ap", Permission::AuthorizedPurchaser);
        people_of(&org);
        let (connection, platform) = doors(&org);
        due(&org);
        org.tick(20 * DAY);
        let active = active();
        org.apply(Command::MailPasswordLink {
            who: org.who(&active),
        });
        org.apply_as(
            "owner",
            Command::GrantPermissions {
                who: org.who("misc"),
                permissions: vec![Permission::AuthorizedPurchaser],
            },
        )
        .unwrap();
        let approval = org.cli().read().unwrap().approvals().unwrap()[0].id;
        let password = Password::choose("grape tunnel orbit fudge", &[]).unwrap();
        let hash = org.directory.hash_password(&password).unwrap();
        let (own, others) = batches(&org);
        // A day begins on which a pool does, and nobody has let anybody in yet.
        org.tick(DAY);
        org.apply(crate::join::agree(&[
            (Setting::JoinPage, "on"),
            (Setting::JoinAllow, "*"),
        ]));
        let joiner = "joiner@acme.example".parse().unwrap();
        let wish = org.directory.wish_to_join(&joiner, Language::English);
        Self {
            wish: wish.unwrap().unwrap(),
            org,
            connection,
            platform,
            hash,
            approval,
            own,
            others,
        }
    }

    pub(crate) fn id(&self, name: &str) -> UserId {
        self.org.user(name).id
    }

    fn name(role: Role) -> Option<&'static str> {
        let found = ACTING.iter().find(|it| it.0 == role);
        found.map(|it| it.1)
    }

    pub(crate) fn actor(&self, role: Role) -> (Actor, Door) {
        match role {
            Role::FileOwner => (Actor::FileOwner, Door::Cli),
            Role::Connection => (Actor::Connection(self.connection), Door::Scim),
            Role::Platform => (Actor::Platform(self.platform), Door::Api),
            Role::Scheduler => (Actor::Scheduler, Door::Schedule),
            Role::Person => (Actor::Person(self.id("misc")), Door::Page),
            Role::Owner
            | Role::ManageUsers
            | Role::ManageAssignments
            | Role::ManageReports
            | Role::AuthorizedPurchaser
            | Role::Manager
            | Role::GroupAdministrator
            | Role::GroupUserAdministrator
            | Role::GroupAuthor
            | Role::GroupCoach
            | Role::GroupLearner
            | Role::SessionInstructor => {
                let name = Self::name(role).unwrap();
                (Actor::Administrator(self.id(name)), Door::Cli)
            }
        }
    }

    /// Somebody in a circle, in a state: `a`ctive, `w`aiting, `i`nactive or `d`eleted. Whoever acts is active.
    pub(crate) fn somebody(&self, role: Role, circle: Circle, state: char) -> Option<String> {
        let beside = match circle {
            Circle::Whole => return None,
            Circle::Own if state != 'a' => return None,
            Circle::Own if role == Role::Person => return Some("misc".to_owned()),
            Circle::Own => return Self::name(role).map(str::to_owned),
            Circle::Below => BESIDE[0],
            Circle::Group => BESIDE[1],
            Circle::Session if state != 'a' => return None,
            Circle::Session => BESIDE[2],
            Circle::Outside => BESIDE[3],
        };
        Some(format!("{beside}-{state}"))
    }

    pub(crate) fn link_of(&self, name: &str) -> i64 {
        let conn = rusqlite::Connection::open(&self.org.path).unwrap();
        let sql = "SELECT generation FROM password_links WHERE user = ?1";
        conn.query_row(sql, [self.id(name).as_bytes()], |row| row.get(0))
            .unwrap()
    }
}

/// A key of its own for each number.
pub(crate) fn ssh_key(number: usize) -> SshKey {
    SshKey::parse(&format!(
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINBAMfae/WjJ+p7DQvIcyiX6DYUhawanLXDE7x4n{number:04} key"
    ))
    .unwrap()
}

/// Whoever is active.
fn active() -> String {
    let acting = ACTING.iter().map(|it| it.1.to_owned());
    let beside = BESIDE.iter().map(|it| format!("{it}-a"));
    let all: Vec<String> = acting.chain(beside).chain(["misc".into()]).collect();
    all.join(" ")
}

fn people_of(org: &Org) {
    let without_ap = active().replace(" ap ", " ");
    org.create(&format!("{without_ap} first other"));
    for state in ["w", "i", "d"] {
        let names: Vec<String> = ["below", "group", "out"]
            .iter()
            .map(|it| format!("{it}-{state}"))
            .collect();
        let names = names.join(" ");
        if state == "w" {
            org.invite(&names);
        } else {
            org.create(&names);
        }
        for name in names.split(' ') {
            if name.starts_with("below") {
                org.set_manager(name, "man");
            }
        }
        org.join(&format!("group-{state}"), "Sales", GroupRole::Learner);
        match state {
            "i" => drop(org.deactivate(&names)),
            "d" => drop(org.apply(Command::Delete {
                who: org.who(&names),
            })),
            _ => {}
        }
    }
    org.set_manager("below-a", "man");
    for (name, role) in [
        ("ga", GroupRole::Administrator),
        ("gu", GroupRole::UserAdministrator),
        ("au", GroupRole::Author),
        ("co", GroupRole::Coach),
        ("ins", GroupRole::Coach),
        ("le", GroupRole::Learner),
        ("group-a", GroupRole::Learner),
    ] {
        org.join(name, "Sales", role);
    }
    org.apply(Command::SetInstructors {
        training: "Mine".into(),
        who: org.who("ins"),
        are: true,
    });
    org.assign("session-a", "Mine");
    for (name, permission) in [
        ("own", Permission::Owner),
        ("mu", Permission::ManageUsers),
        ("ma", Permission::ManageAssignments),
        ("mr", Permission::ManageReports),
        ("other", Permission::ManageReports),
    ] {
        org.permit(name, permission);
    }
    for (number, name) in ACTING.iter().map(|it| it.1).chain(["other"]).enumerate() {
        org.apply(Command::AddSshKey {
            who: org.who(name),
            key: ssh_key(number),
        });
    }
    org.apply(Command::LinkSystemUser {
        system_user: "linked".into(),
        who: org.who("mu"),
    });
    let active = active();
    org.assign(&active, "Basics");
    let give = |pool: &str, names: &str| {
        let command = Command::Grant {
            who: org.who(names),
            pool: pool.parse().unwrap(),
            until: None,
        };
        org.apply_when_full(command, WhenFull::QueueRest);
    };
    give("lib", &active);
    give("full", "first");
    give("full", &active);
    org.apply(Command::Edit(Edit {
        add_labels: vec!["blue".into()],
        ..Edit::of(org.who("misc"))
    }));
}

fn doors(org: &Org) -> (ConnectionId, PlatformId) {
    let (okta, _) = org.connect("okta", NewPeople::Active);
    let (entra, _) = org.connect("entra", NewPeople::Active);
    org.provision(okta, newcomer("held", "1")).unwrap();
    org.apply(Command::SetBrake {
        name: "okta".into(),
        brake: Some(usher_core::model::Brake {
            share: 0,
            floor: 0,
            ..usher_core::model::Brake::default()
        }),
    });
    org.provision(okta, switch(org.user("held").id, false))
        .unwrap();
    org.apply(Command::AddPlatform {
        name: "lms".into(),
        scopes: "access,progress".parse().unwrap(),
    });
    let platform = org.cli().read().unwrap().platforms().unwrap()[0].id;
    let file = "email,training\nout-a@acme.example,Intro\nstranger@acme.example,Intro\n";
    let accounts = review_individuals(&Table::read(file.as_bytes()).unwrap())
        .unwrap()
        .accounts;
    org.apply(Command::ImportIndividuals { accounts });
    (entra, platform)
}

/// Somebody for each thing that will be due, and whom the first day of a pool lets in.
fn due(org: &Org) {
    org.create("due-deactivate due-delete due-end due-erase");
    let day = "2027-01-20";
    org.set_date("due-deactivate", Field::DeactivateOn, day);
    org.set_date("due-delete", Field::DeleteOn, day);
    org.add_training("Told", TrainingKind::Course, Some("method"));
    let told = org.request(Command::Progress {
        reports: vec![ProgressReport {
            who: address("due-end"),
            training: "Told".into(),
            step: Progress::Started,
        }],
    });
    let platform = org.directory.as_actor(Actor::FileOwner, Door::Api);
    platform.apply(told, None).unwrap();
    org.apply(Command::Grant {
        who: org.who("due-end"),
        pool: "method".parse().unwrap(),
        until: Some(Some(day.parse().unwrap())),
    });
    let Command::Invite(invite) = invite("due-send") else {
        unreachable!()
    };
    org.apply(Command::Invite(Invite {
        send_on: Some(day.parse().unwrap()),
        ..invite
    }));
    org.apply(Command::Delete {
        who: org.who("due-erase"),
    });
    org.set_pool(
        "early",
        PoolEdit {
            starts_on: Some(Some("2027-02-05".parse().unwrap())),
            ..PoolEdit::default()
        },
    );
    let early = Command::Grant {
        who: org.who("misc"),
        pool: "early".parse().unwrap(),
        until: None,
    };
    org.apply_when_full(early, WhenFull::QueueRest);
}

/// What those who may undo what they did themselves have done, and what nobody of them did.
fn batches(org: &Org) -> (Vec<(Role, BatchId)>, BatchId) {
    let to_sales = |name: &str| Invite {
        people: people(name),
        groups: vec![("Sales".into(), GroupRole::Learner)],
        pools: Vec::new(),
        mail: false,
        send_on: None,
    };
    let assign = |name: &str| Command::Assign {
        who: org.who(name),
        training: "Other".into(),
    };
    let lower = Command::SetPool {
        name: "method".parse().unwrap(),
        set: PoolEdit {
            purchased: Some(80),
            ..PoolEdit::default()
        },
    };
    let session = Command::InviteToSession(InviteToSession {
        session: "Mine".into(),
        invite: to_sales("new-3"),
    });
    let mut own = Vec::new();
    for (role, command) in [
        (Role::Owner, assign("misc")),
        (Role::ManageUsers, Command::Invite(to_sales("new-0"))),
        (Role::ManageAssignments, assign("out-a")),
        (Role::AuthorizedPurchaser, lower),
        (Role::Manager, assign("below-a")),
        (Role::GroupAdministrator, Command::Invite(to_sales("new-1"))),
        (
            Role::GroupUserAdministrator,
            Command::Invite(to_sales("new-2")),
        ),
        (Role::SessionInstructor, session),
    ] {
        let name = Company::name(role).unwrap();
        let applied = org.apply_as(name, command).unwrap();
        own.push((role, applied.batch.unwrap()));
    }
    let others = org.apply(Command::Invite(to_sales("new-4")));
    (own, others.batch.unwrap())
}

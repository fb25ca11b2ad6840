//! Whoever sees a part of the people is told nothing of the others by any reading verb. The verbs are read from the
//! source, so that a new one has to say here what it tells.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::path::Path;

use usher_core::command::{
    Command, Edit, FieldEdit, GroupTarget, Invite, PoolEdit, ProvisionGroup, WhenFull,
};
use usher_core::directory::{DuePage, HistoryFilter, HistoryPage, Named};
use usher_core::model::{
    Actor, Asked, AskedFilter, AssignmentState, ConnectionId, Due, DueKind, DueWhat, Field,
    FieldId, FieldKind, GroupId, GroupRole, NewPeople, Period, Permission, PoolId, Progress, Step,
    TrainingId, TrainingKind, UserId, VisibleTo, When,
};
use usher_core::query::{Expr, ListFrom, Listing, Order, PageFrom, SortBy, TextField, UsersPage};
use usher_core::{Read, Result};

use crate::org::{Org, address, newcomer, people};

/// What is read with: everything of which there is something hidden.
struct World {
    people: Vec<UserId>,
    names: Vec<String>,
    groups: Vec<GroupId>,
    connection: ConnectionId,
    pools: Vec<PoolId>,
    trainings: Vec<TrainingId>,
    fields: Vec<FieldId>,
    batches: Vec<String>,
    actors: Vec<Actor>,
}

const SEEN_BY_GUS: [&str; 3] = ["qgus", "qmia", "qguest"];
const SEEN_BY_BOSS: [&str; 3] = ["qboss", "qlead", "qdev"];
const HIDDEN: [&str; 3] = ["qops", "qadmin", "qwait"];

/// qboss ← qlead ← qdev; Sales, run by qgus, with qmia, who reports to qops, and qguest, who is invited; and beside them
/// qops, qadmin and qwait. Everybody has everything that can be told of somebody.
fn world() -> (Org, World) {
    let org = Org::new(40);
    org.add_pool("method", 2);
    for group in ["Sales", "Qgroup"] {
        org.add_group(group);
    }
    org.add_training("Intro", TrainingKind::Course, Some("method"));
    org.add_training("Day", TrainingKind::Session, None);
    org.carry("Qgroup", "Intro", "");
    let field = |name: &str, visible_to| Command::AddField {
        name: name.into(),
        kind: FieldKind::Text,
        set: FieldEdit {
            visible_to: Some(visible_to),
            ..FieldEdit::default()
        },
    };
    org.apply(field("Shirt", VisibleTo::Everybody));
    org.apply(field("Qsecret", VisibleTo::Administrators));
    org.create("qgus qmia qboss qlead qdev qops qadmin");
    org.apply(Command::Invite(Invite {
        people: people("qguest qwait"),
        groups: Vec::new(),
        pools: Vec::new(),
        mail: true,
        send_on: None,
    }));
    for (who, manager) in [("qlead", "qboss"), ("qdev", "qlead"), ("qmia", "qops")] {
        org.set_manager(who, manager);
    }
    org.join("qgus", "Sales", GroupRole::Administrator);
    org.join("qmia qguest", "Sales", GroupRole::Learner);
    org.join("qmia qops qwait", "Qgroup", GroupRole::Learner);
    org.permit("qadmin", Permission::ManageUsers);
    org.apply(Command::LinkSystemUser {
        system_user: "qsys".into(),
        who: org.who("qadmin"),
    });
    let line =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINBAMfae/WjJ+p7DQvIcyiX6DYUhawanLXDE7x4n0Ce4 qadmin";
    org.apply(Command::AddSshKey {
        who: org.who("qadmin"),
        key: usher_core::model::SshKey::parse(line).unwrap(),
    });
    let all = "qgus qmia qguest qboss qlead qdev qops qadmin qwait";
    for name in all.split(' ') {
        org.apply(Command::Edit(Edit {
            set: vec![
                (Field::Labels, Some(format!("label-of-{name}"))),
                (Field::Title, Some(format!("title of {name}"))),
                (Field::DeleteOn, Some("2028-05-01".into())),
            ],
            fields: vec![
                ("Shirt".into(), Some(format!("shirt of {name}"))),
                ("Qsecret".into(), Some(format!("secret of {name}"))),
            ],
            ..Edit::of(org.who(name))
        }));
    }
    org.assign(all, "Intro");
    org.progress("qops", "Intro", Progress::Started);
    let report = usher_core::command::ProgressReport {
        who: address("qadmin"),
        training: "Intro".into(),
        step: Progress::Started,
    };
    let api = (Actor::FileOwner, usher_core::model::Door::Api);
    let api = org.directory.as_actor(api.0, api.1);
    let told = org.request(Command::Progress {
        reports: vec![report],
    });
    api.apply(told, None).unwrap();
    org.apply(Command::SetInstructors {
        training: "Day".into(),
        who: org.who("qops qmia qlead"),
        are: true,
    });
    org.apply(Command::MailPasswordLink {
        who: org.who("qops qadmin"),
    });
    let granted = Command::Grant {
        who: org.who("qmia qops qlead"),
        pool: "method".parse().unwrap(),
        until: Some(Some("2028-06-01".parse().unwrap())),
    };
    org.apply_when_full(granted, WhenFull::QueueRest);
    for group in ["Sales", "Qgroup"] {
        org.apply(Command::SetGroupBudget {
            group: group.into(),
            seats: Some(9),
        });
    }
    org.apply(Command::AddField {
        name: "Size".into(),
        kind: FieldKind::Choice,
        set: FieldEdit {
            add_values: vec!["S".into(), "M".into()],
            ..FieldEdit::default()
        },
    });
    org.apply(Command::Edit(Edit {
        fields: vec![("Size".into(), Some("S".into()))],
        ..Edit::of(org.who("qops qmia qlead"))
    }));
    let (connection, _) = org.connect("okta", NewPeople::Active);
    org.provision(connection, newcomer("qprov", "ext-1"))
        .unwrap();
    let brake = Some(usher_core::model::Brake {
        share: 0,
        floor: 0,
        ..usher_core::model::Brake::default()
    });
    org.apply(Command::SetBrake {
        name: "okta".into(),
        brake,
    });
    let leaver = crate::org::switch(org.user("qprov").id, false);
    org.provision(connection, leaver).unwrap();
    let asked = usher_core::model::NewAsked {
        method: "POST",
        path: "/Users".into(),
        status: 409,
        body: Some("{}".into()),
        ..usher_core::model::NewAsked::default()
    };
    let (kept, waiting) = std::sync::mpsc::channel();
    org.directory
        .as_actor(Actor::Connection(connection), usher_core::model::Door::Scim)
        .keep_asked(vec![asked], move |noted| kept.send(noted).unwrap());
    waiting.recv().unwrap().unwrap();
    org.apply(Command::AddPlatform {
        name: "qplatform".into(),
        scopes: "access".parse().unwrap(),
    });
    let file = "email,first name\nqown@home.example,Qown\n";
    let table = usher_core::import::Table::read(file.as_bytes()).unwrap();
    org.apply(Command::ImportIndividuals {
        accounts: usher_core::import::review_individuals(&table)
            .unwrap()
            .accounts,
    });
    org.set_pool(
        "access",
        PoolEdit {
            starts_on: Some(Some("2020-01-01".parse().unwrap())),
            ..PoolEdit::default()
        },
    );
    org.apply_as("qadmin", crate::org::create("qlast")).unwrap();
    let cli = org.cli();
    let read = cli.read().unwrap();
    let names: Vec<String> = all.split(' ').chain(["qprov"]).map(address).collect();
    let people = read.find_users(&names).unwrap();
    let world = World {
        actors: people.iter().copied().map(Actor::Administrator).collect(),
        people,
        names,
        groups: read.group_names().unwrap().into_keys().collect(),
        connection,
        pools: read.pools().unwrap().iter().map(|it| it.id).collect(),
        trainings: read.training_names().unwrap().into_keys().collect(),
        fields: read
            .custom_fields()
            .unwrap()
            .iter()
            .map(|it| it.id)
            .collect(),
        batches: read
            .batches(None, 1_000)
            .unwrap()
            .iter()
            .map(|it| it.id.to_string())
            .collect(),
    };
    drop(read);
    (org, world)
}

/// What a verb tells, of everything that it can be asked.
type Tells = fn(&Read<'_>, &World) -> String;

fn told<T: Debug>(answer: Result<T>) -> String {
    match answer {
        Ok(answer) => format!("{answer:?}\n"),
        Err(error) => format!("refused: {error}\n"),
    }
}

fn each<I: Copy, T: Debug>(of: &[I], ask: impl Fn(I) -> Result<T>) -> String {
    of.iter().map(|it| told(ask(*it))).collect()
}

fn everybody(sort: SortBy) -> UsersPage {
    let all = usher_core::model::Status::ALL.to_vec();
    UsersPage {
        query: Expr::Status(all),
        sort,
        descending: false,
        from: PageFrom::Start,
        limit: 1_000,
    }
}

fn listing() -> Listing {
    Listing {
        query: Expr::Everybody,
        order: Order::Creation,
        from: ListFrom::Place(1),
        limit: 1_000,
        total: None,
    }
}

/// Every reading verb. Those in the second list tell nothing of anybody.
const VERBS: &[(&str, Tells)] = &[
    ("user", |r, w| each(&w.people, |it| r.user(it))),
    ("find_user", |r, w| {
        let found = w.names.iter().filter_map(|it| r.find_user(it).ok());
        format!("{:?}", found.collect::<Vec<_>>())
    }),
    ("find_users", |r, w| {
        let one = |it: &String| r.find_users(std::slice::from_ref(it)).ok();
        format!("{:?}", w.names.iter().filter_map(one).collect::<Vec<_>>())
    }),
    ("user_by_external_id", |r, w| {
        told(r.user_by_external_id(w.connection, "ext-1"))
    }),
    ("labels_of", |r, w| told(r.labels_of(&w.people))),
    ("doubtful_addresses", |r, w| {
        let near = w.names.iter().map(|it| it.replace(".example", ".exmaple"));
        let near: Vec<String> = near.collect();
        told(r.doubtful_addresses(near.iter().map(String::as_str)))
    }),
    ("whole", |r, w| {
        each(&w.people, |it| r.whole(w.connection, Named::Id(it)))
    }),
    ("whole_page", |r, w| {
        let everybody = Listing {
            query: Expr::Everybody,
            order: Order::Creation,
            from: ListFrom::Place(1),
            limit: 1_000,
            total: None,
        };
        format!(
            "{}{}",
            told(r.whole_page(w.connection, &everybody)),
            told(r.edition_page(&everybody))
        )
    }),
    ("whole_among", |r, w| {
        told(r.whole_among(w.connection, &Expr::Everybody, &[1, 2, 3, 4, 5, 6, 7, 8]))
    }),
    ("editions_among", |r, _| {
        told(r.editions_among(&Expr::Everybody, &[1, 2, 3, 4, 5, 6, 7, 8]))
    }),
    ("walk", |r, _| {
        told(r.walk(&Expr::Everybody, &Order::Creation))
    }),
    ("edition", |r, w| {
        each(&w.people, |it| r.edition(w.connection, Named::Id(it)))
    }),
    ("edition_page", |r, _| {
        let inactive = Listing {
            query: Expr::Status(vec![usher_core::model::Status::Inactive]),
            order: Order::Creation,
            from: ListFrom::Place(1),
            limit: 1_000,
            total: None,
        };
        told(r.edition_page(&inactive))
    }),
    ("licenses_of", |r, w| told(r.licenses_of(&w.people))),
    ("queue_position", |r, w| {
        let pools = w.pools.iter();
        pools
            .map(|pool| each(&w.people, |it| r.queue_position(*pool, it)))
            .collect()
    }),
    ("queue", |r, w| each(&w.pools, |it| r.queue(it, 100))),
    ("memberships_of", |r, w| {
        each(&w.people, |it| r.memberships_of(it))
    }),
    ("permissions_of", |r, w| {
        each(&w.people, |it| r.permissions_of(it))
    }),
    ("administrators", |r, _| told(r.administrators())),
    ("administrator_of", |r, _| told(r.administrator_of("qsys"))),
    ("ssh_keys_that_open", |r, _| {
        told(r.ssh_keys_that_open(None))
    }),
    ("ssh_keys_of", |r, w| {
        each(&w.people, |it| r.ssh_keys_of(it))
    }),
    ("approvals", |r, _| told(r.approvals())),
    ("budget_of", |r, w| each(&w.groups, |it| r.budget_of(it))),
    ("link", |r, w| {
        each(&w.people, |it| r.link(w.connection, it))
    }),
    ("invitation", |r, w| each(&w.people, |it| r.invitation(it))),
    ("names_for", |r, _| {
        let page = HistoryPage {
            limit: 10_000,
            ..HistoryPage::default()
        };
        let events = r.history(&page).unwrap();
        let names = r
            .names_for(events.iter().filter_map(|it| it.change.as_ref()))
            .unwrap();
        let said = events
            .iter()
            .filter_map(|it| it.change.as_ref())
            .map(|it| it.described(&names));
        said.map(|it| format!("{it:?}\n")).collect()
    }),
    ("imports", |r, _| told(r.imports(None, 100))),
    ("actor_name", |r, w| each(&w.actors, |it| r.actor_name(it))),
    ("groups", |r, _| told(r.groups())),
    ("group_names", |r, _| told(r.group_names())),
    ("group", |r, _| format!("{:?}", r.group("Qgroup").ok())),
    ("carried_by", |r, w| each(&w.groups, |it| r.carried_by(it))),
    ("roles_in", |r, w| {
        each(&w.groups, |it| r.roles_in(it, &w.people))
    }),
    ("instructors_of", |r, w| {
        each(&w.trainings, |it| r.instructors_of(it))
    }),
    ("carriers_of", |r, w| {
        each(&w.trainings, |it| r.carriers_of(it))
    }),
    ("license_requests_of", |r, w| {
        each(&w.people, |it| r.license_requests_of(it))
    }),
    ("entitlements_of", |r, w| {
        each(&w.people, |it| r.entitlements_of(it))
    }),
    ("differing_parts", |r, w| {
        each(&w.people, |it| r.differing_parts(it))
    }),
    ("owned_of", |r, w| {
        each(&w.people, |it| {
            let user = r.user(it)?;
            user.map(|user| r.owned_of(&user)).transpose()
        })
    }),
    ("assignments_of", |r, w| {
        each(&w.people, |it| r.assignments_of(it))
    }),
    ("assigned", |r, w| {
        let states = AssignmentState::ALL;
        states
            .iter()
            .map(|state| each(&w.trainings, |it| r.assigned(it, *state, None, 100)))
            .collect()
    }),
    ("batches", |r, _| told(r.batches(None, 1_000))),
    ("stand_otherwise", |r, w| {
        let batches = w.batches.iter();
        let known = batches.filter_map(|it| r.find_batch(it).ok());
        known
            .map(|it| told(r.stand_otherwise(it.id, 1_000)))
            .collect()
    }),
    ("who_have_reports", |r, w| {
        told(r.who_have_reports(&w.people))
    }),
    ("find_batch", |r, w| {
        w.batches
            .iter()
            .map(|it| told(r.find_batch(it).map(|it| it.actor)))
            .collect()
    }),
    ("history", |r, w| {
        let of = |user| HistoryPage {
            user,
            limit: 10_000,
            ..HistoryPage::default()
        };
        told(r.history(&of(None))) + &each(&w.people, |it| r.history(&of(Some(it))))
    }),
    ("history_of", |r, w| {
        let all = r.history_of(&HistoryFilter::default(), 0, 10_000);
        let people = Some(w.people.iter().copied().collect());
        let of = HistoryFilter {
            people,
            ..HistoryFilter::default()
        };
        told(all) + &told(r.history_of(&of, 0, 10_000))
    }),
    ("users", |r, _| {
        SortBy::NAMED
            .into_iter()
            .map(|(_, it)| told(r.users(&everybody(it))))
            .collect()
    }),
    ("values_of", |r, _| {
        let fields = [
            TextField::FunctionalArea,
            TextField::Title,
            TextField::Region,
            TextField::Language,
        ];
        each(&fields, |it| r.values_of(it, 100))
    }),
    ("ids_of", |r, _| {
        told(r.ids_of(&everybody(SortBy::Name).query))
    }),
    ("places", |r, _| {
        told(r.places(&Expr::Everybody, SortBy::Manager, false))
    }),
    ("users_at", |r, _| {
        let places = r.places(&Expr::Everybody, SortBy::Name, false).unwrap();
        told(r.users_at(&places, &Expr::Everybody))
    }),
    ("users_from", |r, _| {
        told(r.users_from(&Expr::Everybody, 1, 1_000))
    }),
    ("licenses_ever", |r, w| {
        each(&w.people, |it| r.licenses_ever(it, None))
    }),
    ("person_at", |r, w| {
        let now = r.moment(&When::At(r.now())).unwrap();
        each(&w.people, |it| r.person_at(it, now))
    }),
    ("due", |r, _| {
        let page = |query| DuePage {
            query,
            limit: 1_000,
            ..DuePage::default()
        };
        told(r.due(&page(None))) + &told(r.due(&page(Some(Expr::Everybody))))
    }),
    ("why_nothing_comes", |r, w| {
        let ends = |pool: PoolId| {
            let due = w.people.iter().map(|user| Due {
                at: r.now(),
                day: "2027-02-01".parse().unwrap(),
                what: DueWhat::Person {
                    kind: DueKind::LicenseEnd,
                    user: *user,
                    pool: Some(pool),
                },
            });
            r.why_nothing_comes(&due.collect::<Vec<_>>())
        };
        each(&w.pools, ends)
    }),
    ("has_mails_due", |r, _| told(r.has_mails_due())),
    ("license_ends_of", |r, w| told(r.license_ends_of(&w.people))),
    ("tree_roots", |r, _| told(r.tree_roots())),
    ("reports_of", |r, w| each(&w.people, |it| r.reports_of(it))),
    ("list", |r, _| told(r.list(&listing()).map(|it| it.users))),
    ("custom_fields", |r, _| told(r.custom_fields())),
    ("vocabulary", |r, _| told(r.vocabulary())),
    ("vocabulary_with_names", |r, _| {
        told(r.vocabulary_with_names())
    }),
    ("fields_of", |r, w| told(r.fields_of(&w.people))),
    ("field_values_of", |r, w| {
        each(&w.people, |it| r.field_values_of(it))
    }),
    ("shown_values", |r, w| {
        let all: Vec<_> = w
            .fields
            .iter()
            .map(|it| (*it, "value".to_owned()))
            .collect();
        told(r.shown_values(&all))
    }),
    ("choice_counts", |r, w| {
        each(&w.fields, |it| r.choice_counts(it))
    }),
    ("has_password", |r, w| {
        each(&w.people, |it| r.has_password(it))
    }),
    ("password_link", |r, w| {
        each(&w.people, |it| r.password_link(it))
    }),
    ("views", |r, w| each(&w.actors, |it| r.views(it))),
    ("look", |r, w| each(&w.actors, |it| r.look(it))),
    ("labels", |r, _| told(r.labels())),
    ("leaving", |r, w| each(&w.people, |it| r.leaving(it))),
    ("is_held", |r, w| each(&w.people, |it| r.is_held(it))),
    ("outbox", |r, _| {
        told(r.outbox(usher_core::OutboxFilter::default(), 1_000))
    }),
    ("outbox_mail", |r, _| {
        (1..100).map(|it| told(r.outbox_mail(it))).collect()
    }),
    ("undelivered", |r, w| {
        each(&w.people, |it| r.undelivered(it))
    }),
    ("invitation_progress", |r, w| {
        each(&w.people, |it| r.invitation_progress(it))
    }),
    ("invitations", |r, _| {
        told(r.invitations(&everybody(SortBy::Name)))
    }),
    ("invitation_wishes", |r, _| told(r.invitation_wishes(100))),
];

/// What only those are told who see everybody.
const WHOLE: &[(&str, Tells)] = &[
    ("audit_verify", |r, _| told(r.audit_verify())),
    ("audit_head", |r, _| told(r.audit_head())),
    ("imported_file", |r, _| {
        told(r.imported_file(usher_core::model::BatchId::from_bytes([1; 16])))
    }),
    ("audit_holds", |r, _| {
        let head = usher_core::directory::Head {
            seq: 1,
            hash: String::new(),
            at: None,
        };
        told(r.audit_holds(&head))
    }),
    ("faults", |r, _| told(r.faults())),
    ("wasted", |r, _| {
        told(r.wasted(&usher_core::waste::Wasteful {
            reasons: usher_core::waste::Reason::ALL.into_iter().collect(),
            not_seen_since: r.now(),
            invited_before: r.now(),
            pool: None,
            except: BTreeSet::new(),
            limit: 100,
        }))
    }),
    ("pools_at", |r, _| {
        told(r.pools_at(r.moment(&When::At(r.now())).unwrap()))
    }),
    ("pools_over", |r, _| {
        told(r.pools_over(Period::Last(3, Step::Day), Step::Day))
    }),
    ("next_due", |r, _| told(r.next_due())),
    ("outbox_counts", |r, _| told(r.outbox_counts())),
    ("waiting_progress", |r, _| {
        told(r.waiting_progress(None, 100))
    }),
    ("waiting_progress_count", |r, _| {
        told(r.waiting_progress_count())
    }),
    ("individuals", |r, _| told(r.individuals(None, 100))),
    ("individual", |r, _| told(r.individual("qown@home.example"))),
    ("individual_by_id", |r, _| {
        told(r.individual_by_id(usher_core::model::IndividualId::from_bytes([1; 16])))
    }),
    ("platforms", |r, _| told(r.platforms())),
    ("may_come_in", |r, w| told(r.may_come_in(&w.names))),
    ("provided_groups", |r, w| {
        told(r.provided_groups(w.connection))
    }),
    ("provided_group", |r, w| {
        each(&w.groups, |it| r.provided_group(w.connection, it))
    }),
    ("provided_group_named", |r, w| {
        told(r.provided_group_named(w.connection, "Sales"))
    }),
    ("provided_group_called", |r, w| {
        told(r.provided_group_called(w.connection, "x"))
    }),
    ("learners_of", |r, w| {
        each(&w.groups, |it| r.learners_of(it))
    }),
    ("groups_of", |r, w| told(r.groups_of(&w.people))),
    ("drifts", |r, _| told(r.drifts(None))),
    ("asked", |r, _| told(r.asked(&AskedFilter::default(), 100))),
    ("asked_by_number", |r, _| told(r.asked_by_number(1))),
    ("check_replay", |r, w| {
        told(r.check_replay(&failed(w.connection), false))
    }),
    ("check_group_replay", |r, w| {
        let group = w.groups.first().copied();
        let command = Command::ProvisionGroup(ProvisionGroup {
            target: match group {
                Some(group) => GroupTarget::Removed {
                    group,
                    version: None,
                },
                None => GroupTarget::New,
            },
            name: None,
            external_id: None,
            only: false,
            add: Vec::new(),
            remove: Vec::new(),
        });
        told(r.check_group_replay(&failed(w.connection), &command, false))
    }),
    ("repeats_held_deletion", |r, w| {
        each(&w.people, |it| r.repeats_held_deletion(w.connection, it))
    }),
    ("connection_activity", |r, w| {
        told(r.connection_activity(w.connection))
    }),
    ("brake_room", |r, w| told(r.brake_room(w.connection))),
    ("people_of_connection", |r, w| {
        told(r.people_of_connection(w.connection))
    }),
    ("held_people", |r, _| told(r.held_people(None))),
];

/// A request that failed, as one would be read.
fn failed(connection: ConnectionId) -> Asked {
    Asked {
        seq: 1,
        connection,
        at: usher_core::model::Timestamp::from_millis(0),
        method: "POST".into(),
        path: "/Users".into(),
        status: 409,
        error: None,
        user: None,
        whom: None,
        batch: None,
        body: Some("{}".into()),
        replayed: None,
        times: 1,
    }
}

/// What is told to whoever may read at all, and why it may be.
const OPEN: &[(&str, &str)] = &[
    ("now", "the instant of reading"),
    (
        "organization",
        "its name and time zone, which every date is told by",
    ),
    ("sees_administrators_fields", "what whoever reads may do"),
    ("sees_everybody", "as sees_administrators_fields"),
    ("pools", "what every plan of an invitation tells"),
    ("pool", "as pools"),
    (
        "connections",
        "their names, in lists of people; without tokens",
    ),
    (
        "part_names",
        "names of fields that whoever reads may know of",
    ),
    ("connection", "as connections"),
    (
        "mail_texts",
        "the organization's own words, which its mails say to everybody",
    ),
    ("connection_by_id", "as connections"),
    (
        "any_mapped",
        "that a mapping sets something aside, and not of whom",
    ),
    (
        "trainings",
        "what there is to learn; counts are of the people seen",
    ),
    ("trainings_ever", "as trainings"),
    ("training", "as trainings"),
    ("training_names", "as trainings"),
    ("count_users", "counted among the people seen"),
    ("status_counts", "counted among the people seen"),
    (
        "newest_batch",
        "that something was done, and not what to whom",
    ),
    ("explain", "for tests"),
    ("explain_absence", "for tests"),
    ("explain_list", "for tests"),
    ("explain_history_of", "for tests"),
    ("moment", "a place in the history, of their own batches"),
    ("moment_before", "as moment"),
    ("moment_after", "as moment"),
    (
        "logo",
        "the organization's own picture, which everybody sees",
    ),
    (
        "seal",
        "a key for things of one kind, which says nothing of anybody",
    ),
    ("was_anybody_seen", "refused to those who see a part"),
    ("forecasts", "nothing, for those who see a part"),
    ("brake", "nothing, for those who see a part"),
    ("held_counts", "nothing, for those who see a part"),
    ("settings", "what the organization has set about itself"),
    ("setting", "as settings"),
];

/// The names of all methods by which something is read, from the text of the core.
fn verbs() -> BTreeSet<String> {
    fn look(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                look(&path, found);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for block in text.split("impl Read<'_> {").skip(1) {
                let block = &block[..block.find("\n}\n").unwrap()];
                for line in block.lines() {
                    let name = line.trim_start().strip_prefix("pub fn ");
                    let end = |it: &str| it.find(['(', '<']).unwrap();
                    found.extend(name.map(|it| it[..end(it)].to_owned()));
                }
            }
        }
    }
    let mut found = BTreeSet::new();
    look(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut found,
    );
    found
}

#[test]
fn every_reading_verb_says_what_it_tells_whoever_sees_a_part() {
    let listed = VERBS.iter().chain(WHOLE).map(|it| it.0);
    let listed: Vec<&str> = listed.chain(OPEN.iter().map(|it| it.0)).collect();
    let known: BTreeSet<String> = listed.iter().map(|it| (*it).to_owned()).collect();
    assert_eq!(known.len(), listed.len(), "a verb is listed twice");
    let verbs = verbs();
    assert!(verbs.len() > 70, "{verbs:?}");
    let new: Vec<_> = verbs.difference(&known).collect();
    assert!(
        new.is_empty(),
        "say in core/tests/core/sight.rs what {new:?} tell whoever sees a part of the people"
    );
    let gone: Vec<_> = known.difference(&verbs).collect();
    assert!(gone.is_empty(), "{gone:?}");
}

/// What a verb tells of these words and people, but the id of somebody's manager.
fn leaks(verb: &str, text: &str, words: &[String], ids: &[UserId]) -> Vec<String> {
    let mut text = text.to_lowercase();
    for id in ids {
        for manager in ["manager", "before", "after"] {
            text = text.replace(&format!("{manager}: some({id:?})"), manager);
            text = text.replace(&format!("{manager}: string(\"{id}\")"), manager);
        }
    }
    let words = words
        .iter()
        .cloned()
        .chain(ids.iter().map(|it| it.to_string()));
    words
        .filter_map(|word| {
            let at = text.find(&word)?;
            let around = text.get(at.saturating_sub(200)..(at + 100).min(text.len()));
            Some(format!(
                "{verb} tells of {word}: {}",
                around.unwrap_or_default()
            ))
        })
        .collect()
}

#[test]
fn no_reading_verb_tells_whoever_sees_a_part_of_anybody_else() {
    let (org, world) = world();
    let mut told = Vec::new();
    for (who, seen) in [("qgus", SEEN_BY_GUS), ("qboss", SEEN_BY_BOSS)] {
        let all = [SEEN_BY_GUS, SEEN_BY_BOSS, HIDDEN].concat();
        let hidden: Vec<&str> = all.into_iter().filter(|it| !seen.contains(it)).collect();
        let ids = org.ids(&hidden.join(" "));
        let mut words: Vec<String> = hidden.iter().map(|it| (*it).to_owned()).collect();
        words.extend(["qprov", "qlast", "qsecret", "qplatform", "qown"].map(str::to_owned));
        // A manager sees people without regard to groups, and so the groups.
        if who == "qgus" {
            words.push("qgroup".to_owned());
        }
        let session = org.acting(who);
        let read = session.read().unwrap();
        for (verb, tells) in VERBS {
            told.extend(leaks(
                &format!("{who}: {verb}"),
                &tells(&read, &world),
                &words,
                &ids,
            ));
        }
        for (verb, tells) in WHOLE {
            let text = tells(&read, &world);
            let refused = text.lines().all(|it| it.starts_with("refused: "));
            assert!(refused && !text.is_empty(), "{who}: {verb} tells {text}");
        }
        assert_eq!(read.count_users(&Expr::Everybody).unwrap(), 3, "{who}");
        let statuses: i64 = read.status_counts().unwrap().values().sum();
        assert_eq!(statuses, 3, "{who}");
        let intro = read.training("Intro").unwrap().counts;
        assert_eq!((intro.assigned, intro.started), (3, 0), "{who}");
        assert_eq!(read.trainings().unwrap()[1].counts.assigned, 3, "{who}");
        assert!(read.forecasts().unwrap().is_empty(), "{who}");
        let tokens = read.connections().unwrap();
        assert!(tokens.iter().all(|it| it.tokens.is_empty()), "{who}");
    }
    assert!(told.is_empty(), "{}", told.join("\n"));
    // And whoever sees everybody is told: the words are there to be found.
    let cli = org.cli();
    let read = cli.read().unwrap();
    let mut silent = Vec::new();
    for (verb, tells) in VERBS.iter().chain(WHOLE) {
        let text = tells(&read, &world);
        if text.lines().all(|it| matches!(it, "[]" | "None" | "{}")) {
            silent.push(*verb);
        }
        assert!(!text.contains("shown to those who see everybody"), "{verb}");
    }
    // Of these there is nothing here, and the narrowing is one line.
    let nothing = [
        "approvals",
        "imports",
        "license_requests_of",
        "entitlements_of",
        "differing_parts",
        "views",
        "look",
        "undelivered",
        "invitation_wishes",
        "imported_file",
        "faults",
        "individual_by_id",
        "provided_group_called",
        "drifts",
    ];
    assert_eq!(silent, nothing);
}

/// The names of those whom a query finds for somebody, in order of creation.
fn found_by(org: &Org, who: &str, query: &str) -> String {
    let all = org.cli();
    let vocabulary = all.read().unwrap().vocabulary().unwrap();
    let query = usher_core::query::parse_with(query, org.directory.now(), &vocabulary).unwrap();
    let session = org.acting(who);
    let read = session.read().unwrap();
    let found = read.ids_of(&query).unwrap();
    assert_eq!(read.count_users(&query).unwrap() as usize, found.len());
    let names = found.iter().map(|it| read.user(*it).unwrap().unwrap());
    let names = names.map(|it| it.profile.email.unwrap());
    let names: Vec<String> = names.map(|it| it.replace("@acme.example", "")).collect();
    names.join(" ")
}

#[test]
fn what_is_hidden_of_somebody_cannot_be_asked_for_either() {
    let (org, _) = world();
    org.set_manager("qguest", "qmia");
    org.permit("qlead", Permission::ManageReports);
    let finds = |who: &str, cases: &[(&str, &str)]| {
        for (query, found) in cases {
            assert_eq!(found_by(&org, who, query), *found, "{who} asks {query}");
        }
    };
    // qmia's manager is not in the group, and neither is the group that she is in besides.
    finds(
        "qgus",
        &[
            ("manager:qops@acme.example", ""),
            ("below:qops@acme.example", ""),
            ("-manager:qops@acme.example", "qgus qmia qguest"),
            ("manager:qmia@acme.example", "qguest"),
            ("below:qmia@acme.example", "qguest"),
            ("has:manager", "qguest"),
            ("no:manager", "qgus qmia"),
            ("group:Qgroup", ""),
            ("group:Qgroup:learner", ""),
            ("group:Sales", "qgus qmia qguest"),
            ("role:administrator", "qgus"),
        ],
    );
    org.join("qmia", "Sales", GroupRole::Coach);
    org.join("qguest", "Qgroup", GroupRole::Author);
    finds("qgus", &[("role:coach", "qmia"), ("role:author", "")]);
    // Nor by a line of managers that goes through somebody who is not seen.
    org.apply(Command::Edit(Edit {
        manager: Some(None),
        ..Edit::of(org.who("qguest"))
    }));
    org.set_manager("qops", "qguest");
    finds(
        "qgus",
        &[("below:qguest@acme.example", ""), ("has:manager", "")],
    );
    finds("qadmin", &[("below:qguest@acme.example", "qmia qops")]);
    // Who sees a line of people sees their managers and their groups.
    finds(
        "qboss",
        &[
            ("below:qlead@acme.example", "qdev"),
            ("below:qboss@acme.example", "qlead qdev"),
            ("has:manager", "qlead qdev"),
            ("manager:qops@acme.example", ""),
        ],
    );
    // Who sees everybody, but not what is for administrators.
    finds(
        "qlead",
        &[(
            "has:Shirt",
            "qgus qmia qboss qlead qdev qops qadmin qguest qwait",
        )],
    );
    finds("qlead", &[("has:Qsecret", ""), ("Qsecret:qops", "")]);
    finds("qadmin", &[("Qsecret:qops", "qops")]);
    // Nor does a command for those whom a query finds tell.
    let hidden = Expr::Group("Qgroup".into());
    let session = org.acting("qgus");
    let request = session.request(Command::Resend {
        who: hidden.into(),
        mail: true,
    });
    let plan = session.plan(&request).unwrap();
    assert!(plan.is_empty() && plan.skipped.is_empty(), "{plan:?}");
}

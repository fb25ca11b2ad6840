//! Lists in the order of managers, labels and custom fields: whole, in pages, in both directions, of everybody and of few.

use std::collections::HashMap;

use usher_core::Session;
use usher_core::command::{Command, Create, Edit, FieldEdit, NewPerson};
use usher_core::model::{
    Actor, Door, Field, FieldKind, NewPeople, Permission, Profile, Status, User, UserId, VisibleTo,
};
use usher_core::query::{Expr, PageFrom, SortBy, UsersPage};

use crate::org::{Org, address, newcomer};

fn field(name: &str, kind: FieldKind, values: &[&str], visible_to: VisibleTo) -> Command {
    Command::AddField {
        name: name.into(),
        kind,
        set: FieldEdit {
            add_values: values.iter().map(|it| (*it).to_owned()).collect(),
            visible_to: Some(visible_to),
            ..FieldEdit::default()
        },
    }
}

fn person(name: &str, manager: Option<&str>, labels: &str, fields: &[(&str, &str)]) -> NewPerson {
    NewPerson {
        profile: Profile {
            email: Some(address(name)),
            first_name: Some(name.into()),
            labels: Some(labels.to_owned()).filter(|it| !it.is_empty()),
            ..Profile::default()
        },
        manager: manager.map(address),
        fields: fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        ..NewPerson::default()
    }
}

fn create(org: &Org, people: Vec<NewPerson>) {
    org.apply(Command::Create(Create {
        people,
        groups: Vec::new(),
        pools: Vec::new(),
        mail: false,
    }));
}

/// Everybody in pages of that many, in one direction, as they come.
fn walk(
    session: &Session,
    query: &Expr,
    sort: SortBy,
    descending: bool,
    limit: usize,
) -> Vec<User> {
    let read = session.read().unwrap();
    let mut all: Vec<User> = Vec::new();
    let mut from = PageFrom::Start;
    loop {
        let page = UsersPage {
            query: query.clone(),
            sort,
            descending,
            from,
            limit,
        };
        let users = read.users(&page).unwrap();
        let more = users.len() == limit;
        all.extend(users);
        match all.last() {
            Some(last) if more => from = PageFrom::After(last.id),
            _ => return all,
        }
    }
}

/// Everybody in the order that is told at once.
fn at_once(session: &Session, query: &Expr, sort: SortBy, descending: bool) -> Vec<User> {
    let read = session.read().unwrap();
    let places = read.places(query, sort, descending).unwrap();
    let pages = places.chunks(3).map(|it| read.users_at(it, query).unwrap());
    pages.flatten().collect()
}

/// The same from the end on.
fn walk_back(
    session: &Session,
    query: &Expr,
    sort: SortBy,
    descending: bool,
    limit: usize,
) -> Vec<User> {
    let read = session.read().unwrap();
    let mut all: Vec<User> = Vec::new();
    let mut from = PageFrom::End;
    loop {
        let page = UsersPage {
            query: query.clone(),
            sort,
            descending,
            from,
            limit,
        };
        let users = read.users(&page).unwrap();
        let more = users.len() == limit;
        all.splice(..0, users);
        match all.first() {
            Some(first) if more => from = PageFrom::Before(first.id),
            _ => return all,
        }
    }
}

/// Whoever has something by what they have, then the others; ties by creation.
fn expected(all: &[User], descending: bool, key: impl Fn(&User) -> Option<String>) -> Vec<UserId> {
    let mut have: Vec<_> = all.iter().filter(|it| key(it).is_some()).collect();
    let mut lack: Vec<_> = all.iter().filter(|it| key(it).is_none()).collect();
    have.sort_by_key(|it| key(it));
    if descending {
        have.reverse();
        lack.reverse();
    }
    have.iter().chain(&lack).map(|it| it.id).collect()
}

fn assert_sorted(session: &Session, sort: SortBy, key: impl Fn(&User) -> Option<String>) {
    for query in [Expr::Everybody, Expr::Status(vec![Status::Active])] {
        let all = walk(session, &query, SortBy::Created, false, 1_000);
        assert!(all.len() > 5);
        for descending in [false, true] {
            let expected = expected(&all, descending, &key);
            let ids = |all: Vec<User>| all.iter().map(|it| it.id).collect::<Vec<_>>();
            let at_once = ids(at_once(session, &query, sort, descending));
            assert_eq!(at_once, expected, "{sort:?} {descending} {query:?} at once");
            for limit in [1, 3, 1_000] {
                let said = format!("{sort:?} {descending} {limit} {query:?}");
                let forth = ids(walk(session, &query, sort, descending, limit));
                assert_eq!(forth, expected, "{said}");
                let back = ids(walk_back(session, &query, sort, descending, limit));
                assert_eq!(back, expected, "{said} from the end");
            }
            let at = |user| UsersPage {
                query: query.clone(),
                sort,
                descending,
                from: PageFrom::At(user),
                limit: 2,
            };
            for pair in expected.windows(2) {
                let page = session.read().unwrap().users(&at(pair[0])).unwrap();
                assert_eq!(ids(page), pair, "{sort:?} {descending} at somebody");
            }
        }
    }
}

/// Somebody who has a user name and no address.
fn bare(org: &Org) {
    let (connection, _) = org.connect("okta", NewPeople::Active);
    let mut wanted = newcomer("x", "x");
    wanted.set = vec![(Field::UserName, Some("a bare name".into()))];
    org.provision(connection, wanted).unwrap();
}

/// By an address, else behind all that have one.
fn label(user: &User) -> String {
    match &user.profile.email {
        Some(email) => email.clone(),
        None => format!("~{}", user.label()),
    }
}

fn roster() -> Org {
    let org = Org::new(2_000);
    bare(&org);
    for command in [
        field("Cost center", FieldKind::Text, &[], VisibleTo::Everybody),
        field("Start", FieldKind::Date, &[], VisibleTo::Everybody),
        field(
            "Size",
            FieldKind::Choice,
            &["small", "large", "Medium"],
            VisibleTo::Everybody,
        ),
        field("Grade", FieldKind::Text, &[], VisibleTo::Administrators),
    ] {
        org.apply(command);
    }
    create(
        &org,
        ["zoe", "mia", "abe"]
            .map(|it| person(it, None, "", &[]))
            .to_vec(),
    );
    create(
        &org,
        vec![
            person(
                "a1",
                Some("zoe"),
                "temp",
                &[("Cost center", "42"), ("Size", "small"), ("Grade", "9")],
            ),
            person(
                "a2",
                Some("abe"),
                "",
                &[
                    ("Cost center", "Älpha"),
                    ("Start", "2026-03-01"),
                    ("Grade", "1"),
                ],
            ),
            person(
                "a3",
                Some("mia"),
                "Board, temp",
                &[("Size", "large"), ("Start", "2024-12-31")],
            ),
            person(
                "a4",
                None,
                "board",
                &[("Cost center", "beta"), ("Size", "Medium")],
            ),
            person(
                "a5",
                Some("abe"),
                "",
                &[("Cost center", "42"), ("Size", "small"), ("Grade", "5")],
            ),
            NewPerson {
                manager: Some("a bare name".into()),
                ..person("a0", None, "", &[])
            },
            person(
                "a6",
                Some("a3"),
                "zz",
                &[("Start", "2026-03-01"), ("Size", "Medium")],
            ),
        ],
    );
    org
}

fn custom(org: &Org, name: &str) -> SortBy {
    let fields = org.cli().read().unwrap().custom_fields().unwrap();
    SortBy::Custom(fields.iter().find(|it| it.terms.name == name).unwrap().id)
}

#[test]
fn people_are_listed_in_the_order_of_any_column() {
    let org = roster();
    let session = org.cli();
    let read = session.read().unwrap();
    let everybody = walk(&org.cli(), &Expr::Everybody, SortBy::Created, false, 1_000);
    let ids: Vec<_> = everybody.iter().map(|it| it.id).collect();
    let managers: HashMap<_, _> = everybody.iter().map(|it| (it.id, label(it))).collect();
    let fields = read.fields_of(&ids).unwrap();
    drop(read);
    let of = |user: &User, name: &str| {
        let all = fields.get(&user.id)?;
        all.iter()
            .find(|it| it.0 == name)
            .map(|it| it.1.to_lowercase())
    };
    assert_sorted(&session, SortBy::Manager, |it| {
        managers.get(&it.manager?).cloned()
    });
    assert_sorted(&session, SortBy::Labels, |it| {
        it.profile.labels.as_ref().map(|it| it.to_lowercase())
    });
    assert_sorted(&session, custom(&org, "Start"), |it| of(it, "Start"));
    // By their names, not in the order in which they were added.
    assert_sorted(&session, custom(&org, "Size"), |it| of(it, "Size"));
    assert_sorted(&session, custom(&org, "Cost center"), |it| {
        of(it, "Cost center").map(|it| it.replace('ä', "a"))
    });
}

#[test]
fn with_many_managers_the_order_is_the_same() {
    let org = Org::new(2_000);
    let name = |n: usize| format!("m{:03}", (n * 7919) % 997);
    let heads = (0..450).map(|n| person(&name(n), None, "", &[]));
    create(&org, heads.collect());
    let reports =
        (0..450).map(|n| person(&format!("r{n:03}"), Some(&name((n * 31) % 450)), "", &[]));
    create(&org, reports.collect());
    bare(&org);
    org.apply(Command::Edit(Edit {
        manager: Some(Some("a bare name".into())),
        ..Edit::of(org.who("r003 r007"))
    }));
    let session = org.cli();
    let all = walk(&session, &Expr::Everybody, SortBy::Created, false, 1_000);
    let labels: HashMap<_, _> = all.iter().map(|it| (it.id, label(it))).collect();
    for descending in [false, true] {
        let expected = expected(&all, descending, |it| labels.get(&it.manager?).cloned());
        for limit in [70, 1_000] {
            let forth = walk(
                &session,
                &Expr::Everybody,
                SortBy::Manager,
                descending,
                limit,
            );
            let forth: Vec<_> = forth.iter().map(|it| it.id).collect();
            assert_eq!(forth, expected, "{descending} {limit}");
            let back = walk_back(
                &session,
                &Expr::Everybody,
                SortBy::Manager,
                descending,
                limit,
            );
            let back: Vec<_> = back.iter().map(|it| it.id).collect();
            assert_eq!(back, expected, "{descending} {limit} from the end");
        }
    }
}

#[test]
fn an_order_tells_nobody_what_they_may_not_see() {
    let org = roster();
    org.apply(Command::GrantPermissions {
        who: org.who("mia"),
        permissions: vec![Permission::ManageReports],
    });
    let mia = org
        .directory
        .as_actor(Actor::Administrator(org.user("mia").id), Door::Console);
    let by_grade = |session: &Session| {
        let all = walk(session, &Expr::Everybody, custom(&org, "Grade"), false, 100);
        all.iter().map(|it| it.id).collect::<Vec<_>>()
    };
    let by_creation = |session: &Session| {
        let all = walk(session, &Expr::Everybody, SortBy::Created, false, 100);
        all.iter().map(|it| it.id).collect::<Vec<_>>()
    };
    assert_ne!(by_grade(&org.cli()), by_creation(&org.cli()));
    assert_eq!(by_grade(&mia), by_creation(&mia));
}

#[test]
fn a_page_of_everybody_in_these_orders_is_neither_scanned_nor_sorted() {
    let org = roster();
    let session = org.cli();
    let read = session.read().unwrap();
    let fields = ["Start", "Size", "Cost center"].map(|it| custom(&org, it));
    for sort in fields.into_iter().chain([SortBy::Manager]) {
        for (descending, from) in [(false, PageFrom::Start), (true, PageFrom::End)] {
            let page = UsersPage {
                query: Expr::Everybody,
                sort,
                descending,
                from,
                limit: 100,
            };
            let steps = read.explain(&page).unwrap();
            for step in &steps {
                let whole = step.trim() == "SCAN users" || step.contains("TEMP B-TREE");
                assert!(!whole, "{sort:?}: {steps:?}");
            }
        }
    }
}

#[test]
fn an_order_that_is_told_at_once_is_that_of_the_pages() {
    let org = roster();
    org.invite("kim");
    org.deactivate("mia");
    let all = org.cli();
    let vocabulary = all.read().unwrap().vocabulary().unwrap();
    let parse =
        |it: &str| usher_core::query::parse_with(it, org.directory.now(), &vocabulary).unwrap();
    let queries = [
        Expr::Everybody,
        Expr::Status(vec![Status::Active, Status::Waiting, Status::Inactive]),
        parse("a"),
        parse("-status:active"),
        parse("manager:zoe@acme.example"),
    ];
    for query in &queries {
        for (word, sort) in SortBy::NAMED {
            for descending in [false, true] {
                let ids = |all: Vec<User>| all.iter().map(|it| it.id).collect::<Vec<_>>();
                let pages = ids(walk(&all, query, sort, descending, 4));
                let at_once = ids(at_once(&all, query, sort, descending));
                assert_eq!(at_once, pages, "{word} {descending} {query:?}");
            }
        }
    }
}

#[test]
fn whoever_changes_while_an_order_is_read_is_met_once_where_they_stood() {
    let org = Org::new(40);
    org.create("ana bo cy dan eve");
    let query = Expr::Status(vec![Status::Active]);
    let names = |users: &[User]| -> Vec<String> {
        let first = users.iter().map(|it| it.profile.first_name.clone());
        first.map(Option::unwrap_or_default).collect()
    };
    let session = org.cli();
    let read = session.read().unwrap();
    let places = read.places(&query, SortBy::Name, false).unwrap();
    let mut met = names(&read.users_at(&places[..3], &query).unwrap());
    // Ana goes behind all that were read and Eve before them; Dan is found no more, and Fay is new.
    for (who, name) in [("ana", "Zoe"), ("eve", "Abe")] {
        org.apply(Command::Edit(Edit {
            set: vec![(Field::FirstName, Some(name.into()))],
            ..Edit::of(org.who(who))
        }));
    }
    org.deactivate("dan");
    org.create("fay");
    met.extend(names(&read.users_at(&places[3..], &query).unwrap()));
    // The owner has no name.
    assert_eq!(met, ["ana", "bo", "cy", "Abe", ""]);
}

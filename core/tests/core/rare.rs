//! Rare people are found by whatever they are rare for, whether the text index has reached them or not.

use usher_core::command::{Command, Create, Edit, FieldEdit, NewPerson};
use usher_core::model::{
    Field, FieldKind, GroupRole, Profile, Progress, Status, TrainingKind, User,
};
use usher_core::query::{PageFrom, SortBy, UsersPage, parse, parse_with};

use crate::org::{Org, address};

const QUERIES: [&str; 22] = [
    "region:emea",
    "region:=emea",
    "region:em*",
    "region:e*",
    "region:a",
    "region:=é",
    "language:de",
    "language:=de",
    "language:d*",
    "no:region",
    "has:region",
    "no:title",
    "no:first_name",
    "no:name",
    "no:manager",
    "has:manager",
    "-has:language",
    "title:q",
    "title:qx",
    "q",
    "z",
    "no:title region:emea",
];

fn person(i: usize) -> NewPerson {
    let some = |it: bool, text: &str| it.then(|| text.to_owned());
    NewPerson {
        profile: Profile {
            email: Some(address(&format!("p{i}"))),
            first_name: some(!i.is_multiple_of(17), "Ana"),
            last_name: some(
                !i.is_multiple_of(34),
                if i % 50 == 3 { "Quix" } else { "Bo" },
            ),
            title: some(i % 40 != 1, if i % 60 == 7 { "Chief of Qx" } else { "Dev" }),
            region: match i % 30 {
                0 => some(true, "EMEA"),
                1 => some(true, "Émea South"),
                2 => some(true, "é"),
                3..=12 => some(true, "Apac"),
                _ => None,
            },
            language: some(i % 25 < 20, if i % 25 == 4 { "de" } else { "en" }),
            ..Profile::default()
        },
        ..NewPerson::default()
    }
}

/// What the query language says, said once more of one person.
fn is_found(query: &str, user: &User) -> bool {
    let profile = &user.profile;
    let low = |it: &Option<String>| {
        let text = it.as_deref().unwrap_or_default().to_lowercase();
        text.replace('é', "e")
    };
    let (region, language, title) = (
        low(&profile.region),
        low(&profile.language),
        low(&profile.title),
    );
    let names = [
        &profile.first_name,
        &profile.last_name,
        &profile.display_name,
    ];
    let words = [
        low(&profile.first_name),
        low(&profile.last_name),
        low(&profile.email),
        title.clone(),
    ]
    .join(" ");
    let begins = |letter: char| words.split(' ').any(|it| it.starts_with(letter));
    match query {
        "region:emea" => region.contains("emea"),
        "region:=emea" => region == "emea",
        "region:em*" => region.starts_with("em"),
        "region:e*" => region.starts_with('e'),
        "region:a" => region.contains('a'),
        "region:=é" => region == "e",
        "language:de" => language.contains("de"),
        "language:=de" => language == "de",
        "language:d*" => language.starts_with('d'),
        "no:region" => region.is_empty(),
        "has:region" => !region.is_empty(),
        "no:title" => title.is_empty(),
        "no:first_name" => profile.first_name.is_none(),
        "no:name" => names.iter().all(|it| it.is_none()),
        "no:manager" => user.manager.is_none(),
        "has:manager" => user.manager.is_some(),
        "-has:language" => language.is_empty(),
        "title:q" => title.contains('q'),
        "title:qx" => title.contains("qx"),
        "q" => begins('q'),
        "z" => begins('z'),
        "no:title region:emea" => title.is_empty() && region.contains("emea"),
        other => panic!("{other}"),
    }
}

fn check(org: &Org, when: &str) {
    let cli = org.cli();
    let read = cli.read().unwrap();
    let page = |query: &str| UsersPage {
        query: parse(query, read.now()).unwrap(),
        sort: SortBy::Name,
        descending: false,
        from: PageFrom::Start,
        limit: 1_000,
    };
    let everybody = read.users(&page("")).unwrap();
    for query in QUERIES {
        let page = page(query);
        let mut found: Vec<_> = read.users(&page).unwrap().iter().map(|it| it.id).collect();
        let expected = everybody.iter().filter(|it| is_found(query, it));
        let mut expected: Vec<_> = expected.map(|it| it.id).collect();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{query} {when}");
        let count = usize::try_from(read.count_users(&page.query).unwrap()).unwrap();
        assert_eq!(count, expected.len(), "{query} counted {when}");
    }
}

#[test]
fn rare_people_are_found_by_region_language_letters_and_what_they_lack_also_before_they_are_indexed()
 {
    let org = Org::new(500);
    org.apply(Command::Create(Create {
        people: (0..240).map(person).collect(),
        groups: Vec::new(),
        pools: Vec::new(),
        mail: false,
    }));
    for i in [5, 6, 7] {
        org.set_manager(&format!("p{i}"), "p1");
    }
    check(&org, "when they are new");
    org.directory.settle().unwrap();
    check(&org, "when they are indexed");
    let edit = |names: &str, set: &[(Field, Option<&str>)]| {
        let set = set.iter().map(|it| (it.0, it.1.map(str::to_owned)));
        org.apply(Command::Edit(Edit {
            set: set.collect(),
            ..Edit::of(org.who(names))
        }));
    };
    edit(
        "p0 p31",
        &[(Field::Region, None), (Field::Title, Some("Qx"))],
    );
    edit(
        "p14 p15",
        &[(Field::Region, Some("emea")), (Field::Language, Some("de"))],
    );
    edit(
        "p2",
        &[(Field::FirstName, None), (Field::LastName, Some("Zed"))],
    );
    check(&org, "when some were edited");
    org.directory.settle().unwrap();
    check(&org, "when the edits are indexed");
    let gone = org.who("p30 p4 p67");
    org.apply(Command::Delete { who: gone.clone() });
    check(&org, "when some were deleted");
    org.apply(Command::Erase { who: gone });
    check(&org, "when some were erased");
    assert_eq!(org.statuses()[&Status::Erased], 3);
    org.directory.settle().unwrap();
    check(&org, "in the end");
}

/// An organization in which nearly everybody is and has everything.
fn alike() -> Org {
    let org = Org::new(500);
    org.add_pool("method", 300);
    org.add_training("Intro", TrainingKind::Course, None);
    org.add_group("Sales");
    let text = |name: &str| Command::AddField {
        name: name.into(),
        kind: FieldKind::Text,
        set: FieldEdit::default(),
    };
    org.apply(text("Shirt"));
    org.apply(Command::Create(Create {
        people: (0..120).map(person).collect(),
        groups: Vec::new(),
        pools: Vec::new(),
        mail: false,
    }));
    let all = |without: &[usize]| {
        let names = (0..120).filter(|it| !without.contains(it));
        names
            .map(|it| format!("p{it}"))
            .collect::<Vec<_>>()
            .join(" ")
    };
    org.join(&all(&[3, 90]), "Sales", GroupRole::Learner);
    org.join("p7 p8", "Sales", GroupRole::Coach);
    org.assign(&all(&[5]), "Intro");
    org.progress("p6", "Intro", Progress::Completed);
    org.apply(Command::Grant {
        who: org.who(&all(&[9, 10])),
        pool: "method".parse().unwrap(),
        until: None,
    });
    org.set_manager(&all(&[0, 1, 2]), "p0");
    org.apply(Command::Edit(Edit {
        set: vec![(Field::DeleteOn, Some("2028-05-01".into()))],
        add_labels: vec!["blue".into()],
        fields: vec![("Shirt".into(), Some("Large".into()))],
        ..Edit::of(org.who(&all(&[11])))
    }));
    org.apply(Command::Edit(Edit {
        set: vec![(Field::FunctionalArea, Some("Sales".into()))],
        ..Edit::of(org.who(&all(&[12, 13])))
    }));
    org.apply(Command::Edit(Edit {
        set: vec![(Field::FunctionalArea, Some("Désign".into()))],
        fields: vec![("Shirt".into(), Some("Small".into()))],
        ..Edit::of(org.who("p12"))
    }));
    org.deactivate("p14 p15");
    org.apply(Command::Delete {
        who: org.who("p16 p17"),
    });
    org.apply(Command::Erase {
        who: org.who("p17"),
    });
    org
}

const HELD: [&str; 29] = [
    "group:Nothing",
    "manager:nobody@acme.example",
    "group:Sales",
    "group:Sales:learner",
    "training:Intro",
    "training:Intro:assigned",
    "assignment:assigned",
    "label:blue",
    "has:Shirt",
    "Shirt:large",
    "Shirt:l*",
    "pool:method",
    "pool:method:reserved",
    "pool:access",
    "manager:p0@acme.example",
    "has:delete_on",
    "delete_on:2028-05-01",
    "has:deactivate_on",
    "has:send_on",
    "status:active",
    "status:active,waiting",
    "area:sales",
    "area:s*",
    "area:=sales",
    "title:dev",
    "region:apac",
    "language:en",
    "email:acme",
    "updated:>2020-01-01",
];

#[test]
fn whoever_is_not_something_is_everybody_but_those_who_are_in_any_list() {
    let org = alike();
    let cli = org.cli();
    for settled in [false, true] {
        if settled {
            org.directory.settle().unwrap();
        }
        let read = cli.read().unwrap();
        let vocabulary = read.vocabulary().unwrap();
        let found = |query: &str, sort| {
            let page = UsersPage {
                query: parse_with(query, read.now(), &vocabulary).unwrap(),
                sort,
                descending: false,
                from: PageFrom::Start,
                limit: 1_000,
            };
            let users = read.users(&page).unwrap();
            let mut found: Vec<_> = users.iter().map(|it| it.id).collect();
            found.sort_unstable();
            found
        };
        for scope in ["", "status:deleted,erased,active,inactive", "status:active"] {
            let everybody = found(scope, SortBy::Name);
            for held in HELD {
                // Where a status is named, those who are gone are meant too.
                if scope.is_empty() && held.starts_with("status:") {
                    continue;
                }
                let holders = found(&format!("({held}) {scope}"), SortBy::Name);
                let mut others = everybody.clone();
                others.retain(|it| !holders.contains(it));
                for sort in [SortBy::Name, SortBy::Created, SortBy::Area, SortBy::Seen] {
                    let query = format!("-{held} {scope}");
                    assert_eq!(found(&query, sort), others, "{query} by {sort:?}");
                }
            }
        }
        let two = found("-group:Sales -label:blue", SortBy::Name);
        assert_eq!(two.len(), 1, "the owner");
        assert_eq!(found("-(group:Sales or label:blue)", SortBy::Name), two);
        assert_eq!(found("-group:Sales -area:design", SortBy::Name).len(), 3);
    }
}

#[test]
fn who_lacks_something_is_told_from_two_indexes_in_one_order_and_nobody_is_looked_at() {
    let org = alike();
    let cli = org.cli();
    let read = cli.read().unwrap();
    let vocabulary = read.vocabulary().unwrap();
    let merged = [
        "group:Sales",
        "group:Sales:coach",
        "training:Intro",
        "training:Intro:assigned",
        "label:blue",
        "has:Shirt",
        "pool:method",
        "manager:p0@acme.example",
        "has:delete_on",
        "status:active",
        "area:sales",
        "title:dev",
        "region:apac",
        "email:acme",
    ];
    for held in merged {
        let query = parse_with(&format!("-{held}"), read.now(), &vocabulary).unwrap();
        let plan = read.explain_absence(&query).unwrap().expect(held);
        let merges = plan.iter().any(|it| it == "MERGE (EXCEPT)");
        let is_side = ["manager", "status", "area", "title", "region", "email"];
        let is_side = is_side.iter().any(|it| held.starts_with(it));
        assert_eq!(merges, !is_side, "{held}: {plan:#?}");
        for step in &plan {
            let mut words = step.split(' ');
            let looks = (words.next(), words.next());
            let reads_all = matches!(looks, (Some("SCAN"), Some("users" | "few" | "gone")));
            let narrow = ["COVERING INDEX", "INDEX users_without_manager"];
            let is_narrow = narrow.iter().any(|it| step.contains(it));
            assert!(!reads_all || is_narrow, "{held}: {plan:#?}");
        }
    }
}

//! Custom fields, labels, and names that wait for acceptance.

use std::collections::BTreeMap;

use usher_core::command::{Command, Create, Edit, FieldEdit, Invite};
use usher_core::directory::HistoryPage;
use usher_core::model::{
    Actor, Door, Field, FieldKind, NewPeople, Permission, Setting, Status, UserId, VisibleTo,
};
use usher_core::query::{Expr, PageFrom, SortBy, UsersPage, parse_with};
use usher_core::{Read, Selection, Session};

use crate::org::{Org, assert_error, newcomer, people, short, skips};
use crate::settings::set;

fn add(name: &str, kind: FieldKind, values: &[&str]) -> Command {
    Command::AddField {
        name: name.into(),
        kind,
        set: FieldEdit {
            add_values: values.iter().map(|it| (*it).to_owned()).collect(),
            ..FieldEdit::default()
        },
    }
}

fn edit(who: impl Into<Selection>, fields: &[(&str, &str)]) -> Command {
    let value = |it: &str| Some(it.to_owned()).filter(|it| !it.is_empty());
    Command::Edit(Edit {
        fields: fields
            .iter()
            .map(|(name, text)| ((*name).to_owned(), value(text)))
            .collect(),
        ..Edit::of(who)
    })
}

fn field(name: &str, set: FieldEdit) -> Command {
    Command::SetField {
        name: name.into(),
        set,
    }
}

fn find(read: &Read<'_>, query: &str) -> String {
    let query = parse_with(query, read.now(), &read.vocabulary().unwrap()).unwrap();
    let page = UsersPage {
        query,
        sort: SortBy::Email,
        descending: false,
        from: PageFrom::Start,
        limit: 100,
    };
    let names: Vec<_> = read
        .users(&page)
        .unwrap()
        .iter()
        .map(|it| short(&it.label()))
        .collect();
    assert_eq!(
        read.count_users(&page.query).unwrap(),
        i64::try_from(names.len()).unwrap()
    );
    names.join(" ")
}

fn found(org: &Org, query: &str) -> String {
    find(&org.cli().read().unwrap(), query)
}

fn fields_of(session: &Session, user: UserId) -> BTreeMap<String, String> {
    let mut all = session.read().unwrap().fields_of(&[user]).unwrap();
    all.remove(&user).unwrap_or_default().into_iter().collect()
}

fn shown(org: &Org, name: &str) -> String {
    let fields = fields_of(&org.cli(), org.user(name).id);
    let said: Vec<_> = fields.iter().map(|(k, v)| format!("{k}={v}")).collect();
    said.join(" ")
}

fn with_fields() -> Org {
    let org = Org::new(20);
    org.apply(add("Cost center", FieldKind::Text, &[]));
    org.apply(add("Joined", FieldKind::Date, &[]));
    org.apply(add("Shirt", FieldKind::Choice, &["S", "M", "Extra Large"]));
    org.create("ana bo carl dora");
    org.apply(edit(
        org.who("ana"),
        &[
            ("cost center", "Café 4711"),
            ("joined", "2024-02-29"),
            ("SHIRT", "extra large"),
        ],
    ));
    org.apply(edit(
        org.who("bo carl"),
        &[("Cost-Center", "4712"), ("Shirt", "M")],
    ));
    org.apply(edit(org.who("carl"), &[("Joined", "2026-01-31")]));
    org
}

#[test]
fn a_custom_field_is_text_a_date_or_a_choice_and_is_found_by_its_name() {
    let org = with_fields();
    assert_eq!(
        shown(&org, "ana"),
        "Cost center=Café 4711 Joined=2024-02-29 Shirt=Extra Large"
    );
    let cases = [
        ("cost_center:471", "ana bo carl"),
        ("Cost-Center:=4712", "bo carl"),
        ("cost-center:\"cafe 4711\"", "ana"),
        ("cost-center:caf*", "ana"),
        ("has:cost-center", "ana bo carl"),
        ("no:cost_center", "dora owner"),
        ("joined:2024", "ana"),
        ("joined:>=2025-01-01", "carl"),
        ("joined:2024-02-29..2026-01-31", "ana carl"),
        ("joined:<2026-01-31", "ana"),
        ("joined:2026-01-31", "carl"),
        ("shirt:m", "bo carl"),
        ("shirt:\"EXTRA  large\",s", "ana"),
        ("-shirt:m has:shirt", "ana"),
        ("shirt:m status:active -=carl@acme.example", "bo"),
    ];
    for (query, names) in cases {
        assert_eq!(found(&org, query), names, "{query}");
    }
    assert_error(
        org.plan(edit(org.who("ana"), &[("joined", "soon")])),
        "calendar day",
    );
    assert_error(
        org.plan(edit(org.who("ana"), &[("Shirt", "XXL")])),
        "use S, M, Extra Large",
    );
    assert_error(
        org.plan(edit(org.who("ana"), &[("Shoe", "42")])),
        "there is no field Shoe",
    );
}

#[test]
fn renaming_a_field_or_a_value_breaks_nothing() {
    let org = with_fields();
    let before = org.state();
    let rename = org.apply(field(
        "Cost center",
        FieldEdit {
            name: Some("Budget".into()),
            ..FieldEdit::default()
        },
    ));
    let renamed = org.apply(field(
        "Shirt",
        FieldEdit {
            rename_values: vec![("M".into(), "Medium".into())],
            ..FieldEdit::default()
        },
    ));
    assert_eq!(shown(&org, "bo"), "Budget=4712 Shirt=Medium");
    // What was kept with the old names still finds the same people.
    for query in ["cost_center:4712 shirt:m", "budget:4712 shirt:medium"] {
        assert_eq!(found(&org, query), "bo carl", "{query}");
    }
    org.apply(Command::Undo {
        batch: renamed.batch.unwrap(),
    });
    org.apply(Command::Undo {
        batch: rename.batch.unwrap(),
    });
    assert_eq!(org.state(), before);
    assert_eq!(found(&org, "shirt:medium"), "bo carl");
}

#[test]
fn a_removed_value_stays_with_whoever_has_it_and_can_come_back() {
    let org = with_fields();
    let values = |add: &str, remove: &str| {
        let list = |it: &str| it.split_whitespace().map(str::to_owned).collect();
        field(
            "Shirt",
            FieldEdit {
                add_values: list(add),
                remove_values: list(remove),
                ..FieldEdit::default()
            },
        )
    };
    org.apply(values("", "M"));
    assert_eq!(shown(&org, "bo"), "Cost center=4712 Shirt=M");
    assert_eq!(found(&org, "shirt:m"), "bo carl");
    assert_error(org.plan(edit(org.who("dora"), &[("Shirt", "M")])), "use S");
    org.apply(values("m", ""));
    org.apply(edit(org.who("dora"), &[("Shirt", "M")]));
    assert_eq!(found(&org, "shirt:m"), "bo carl dora");
    assert_error(
        org.plan(field(
            "Shirt",
            FieldEdit {
                rename_values: vec![("S".into(), "m".into())],
                ..FieldEdit::default()
            },
        )),
        "already",
    );
}

#[test]
fn a_removed_field_comes_back_with_everything_by_undo() {
    let org = with_fields();
    let removed = org.apply(Command::RemoveField {
        name: "shirt".into(),
    });
    assert_eq!(shown(&org, "bo"), "Cost center=4712");
    assert_error(org.plan(edit(org.who("bo"), &[("Shirt", "M")])), "no field");
    let again = org.apply(add("Shirt", FieldKind::Text, &[]));
    let undo = |batch| Command::Undo { batch };
    assert_eq!(
        skips(&org.plan(undo(removed.batch.unwrap())).unwrap()),
        ["Shirt: another field has that name now"]
    );
    org.apply(undo(again.batch.unwrap()));
    org.apply(undo(removed.batch.unwrap()));
    assert_eq!(shown(&org, "bo"), "Cost center=4712 Shirt=M");
}

#[test]
fn names_that_queries_need_are_refused() {
    let org = with_fields();
    for (name, words) in [
        ("Title", "everybody has"),
        ("functional area", "everybody has"),
        ("cost-center", "already"),
        ("a:b", "query language"),
        (" ", "empty"),
        ("-x", "query language"),
    ] {
        assert_error(org.plan(add(name, FieldKind::Text, &[])), words);
    }
    assert_error(
        org.plan(add("Size", FieldKind::Text, &["S"])),
        "only a choice",
    );
}

#[test]
fn values_are_kept_over_deletion_and_return_and_destroyed_by_erasing() {
    let org = with_fields();
    org.apply(Command::Delete {
        who: org.who("ana"),
    });
    org.create("ana");
    assert_eq!(
        shown(&org, "ana"),
        "Cost center=Café 4711 Joined=2024-02-29 Shirt=Extra Large"
    );
    let ana = org.user("ana").id;
    org.apply(Command::Delete { who: ana.into() });
    org.apply(Command::Erase { who: ana.into() });
    let bytes = std::fs::read(&org.path).unwrap();
    let holds = |text: &str| bytes.windows(text.len()).any(|it| it == text.as_bytes());
    assert!(!holds("Café 4711"), "the value is still in the file");
    let session = org.cli();
    let read = session.read().unwrap();
    let page = HistoryPage {
        user: Some(ana),
        limit: 100,
        ..HistoryPage::default()
    };
    let events = read.history(&page).unwrap();
    let values: Vec<_> = events
        .iter()
        .filter(|it| it.kind == "field_value")
        .collect();
    assert_eq!(values.len(), 3);
    assert!(values.iter().all(|it| it.change.is_none()));
    org.assert_chain();
}

#[test]
fn a_custom_field_can_be_required_on_invite() {
    let org = Org::new(9);
    org.apply(add("Cost center", FieldKind::Text, &[]));
    org.apply(set(Setting::RequiredOnInvite, "email, cost center"));
    let value = || {
        let session = org.cli();
        let read = session.read().unwrap();
        read.setting(Setting::RequiredOnInvite)
            .unwrap()
            .value
            .unwrap()
    };
    assert_eq!(value(), "email,Cost center");
    let invite = |cost_center: Option<&str>| {
        let mut people = people("ana");
        let given = cost_center.map(|it| ("COST CENTER".to_owned(), it.to_owned()));
        people[0].fields.extend(given);
        Command::Invite(Invite {
            people,
            groups: Vec::new(),
            pools: Vec::new(),
            mail: false,
            send_on: None,
        })
    };
    assert_eq!(
        skips(&org.plan(invite(None)).unwrap()),
        ["ana: Cost center is required; give what is missing, or make the field optional"]
    );
    org.apply(invite(Some("4711")));
    assert_eq!(shown(&org, "ana"), "Cost center=4711");
    org.apply(set(Setting::RequiredOnInvite, "email"));
    assert_eq!(value(), "email");
    // A provider is not asked.
    org.apply(field(
        "cost center",
        FieldEdit {
            required: Some(true),
            ..FieldEdit::default()
        },
    ));
    let (okta, _) = org.connect("okta", NewPeople::Active);
    org.provision(okta, newcomer("bo", "1")).unwrap();
}

#[test]
fn a_field_for_administrators_only_is_hidden_from_everybody_else() {
    let org = with_fields();
    org.apply(field(
        "Cost center",
        FieldEdit {
            visible_to: Some(VisibleTo::Administrators),
            ..FieldEdit::default()
        },
    ));
    let owner = org
        .directory
        .as_actor(Actor::Administrator(org.user("owner").id), Door::Console);
    org.apply(Command::GrantPermissions {
        who: org.who("carl"),
        permissions: vec![Permission::ManageAssignments],
    });
    let bo = org.user("bo").id;
    assert_eq!(fields_of(&owner, bo).len(), 2);
    assert_eq!(find(&owner.read().unwrap(), "cost-center:4712"), "bo carl");
    for other in [Actor::Person(bo), Actor::Administrator(org.user("carl").id)] {
        let session = org.directory.as_actor(other, Door::Console);
        assert_eq!(
            fields_of(&session, bo),
            [("Shirt".to_owned(), "M".to_owned())].into()
        );
        let read = session.read().unwrap();
        let vocabulary = read.vocabulary().unwrap();
        assert!(parse_with("cost-center:4712", read.now(), &vocabulary).is_err());
        let page = HistoryPage {
            user: Some(bo),
            limit: 100,
            ..HistoryPage::default()
        };
        let told = format!("{:?}", read.history(&page).unwrap());
        assert!(!told.contains("4712"), "{told}");
    }
}

#[test]
fn any_field_of_everybody_whom_a_query_finds_is_set_in_one_batch_and_undone() {
    let mut org = Org::new(5_000);
    org.apply(add("Wave", FieldKind::Choice, &["One", "Two"]));
    let names: Vec<String> = (0..1_500).map(|i| format!("p{i:04}")).collect();
    org.apply(Command::Create(Create {
        people: people(&names.join(" ")),
        groups: Vec::new(),
        pools: Vec::new(),
        mail: false,
    }));
    org.apply(edit(org.who("p0000 p0001"), &[("Wave", "Two")]));
    let before = org.state();
    let mut all = Edit::of(Expr::Everybody);
    all.set = vec![(Field::Region, Some("EMEA".into()))];
    all.add_labels = vec!["moved".into()];
    all.fields = vec![("wave".into(), Some("Two".into()))];
    let applied = org.apply(Command::Edit(all));
    assert_eq!(applied.plan.people(), 1_501);
    assert_eq!(found(&org, "wave:one"), "");
    let count = |org: &Org, query: &str| {
        let session = org.cli();
        let read = session.read().unwrap();
        let query = parse_with(query, read.now(), &read.vocabulary().unwrap()).unwrap();
        read.count_users(&query).unwrap()
    };
    assert_eq!(count(&org, "wave:two label:MOVED region:emea"), 1_501);
    org.reopen();
    org.apply(Command::Undo {
        batch: applied.batch.unwrap(),
    });
    assert_eq!(org.state(), before);
    assert_eq!(count(&org, "wave:two"), 2);
}

#[test]
fn labels_are_listed_with_counts_renamed_and_removed() {
    let org = Org::new(9);
    org.create("ana bo");
    org.create("carl");
    let label = |who: &str, labels: &[&str]| {
        Command::Edit(Edit {
            add_labels: labels.iter().map(|it| (*it).to_owned()).collect(),
            ..Edit::of(org.who(who))
        })
    };
    org.apply(label("ana bo", &["Wave-1", "mentor"]));
    org.apply(label("carl", &["wave-1"]));
    org.apply(Command::Delete {
        who: org.who("carl"),
    });
    let labels = || {
        let labels = org.cli().read().unwrap().labels().unwrap();
        let said = labels.iter().map(|it| format!("{} {}", it.name, it.people));
        said.collect::<Vec<_>>().join(", ")
    };
    assert_eq!(labels(), "mentor 2, Wave-1 2");
    let before = org.state();
    let renamed = org.apply(Command::RenameLabel {
        label: "WAVE-1".into(),
        to: Some("Mentor".into()),
    });
    assert_eq!(labels(), "Mentor 2");
    assert_eq!(org.user("ana").profile.labels.as_deref(), Some("Mentor"));
    org.apply(Command::Undo {
        batch: renamed.batch.unwrap(),
    });
    assert_eq!(org.state(), before);
    org.apply(Command::RenameLabel {
        label: "mentor".into(),
        to: None,
    });
    assert_eq!(labels(), "Wave-1 2");
    assert_eq!(found(&org, "label:wave-1"), "ana bo");
    assert_eq!(found(&org, "label:mentor"), "");
    assert_error(
        org.plan(Command::RenameLabel {
            label: "nobody".into(),
            to: None,
        }),
        "there is no label nobody",
    );
}

#[test]
fn where_single_sign_on_is_on_a_user_name_that_is_another_address_is_flagged() {
    let org = Org::new(9);
    let (okta, _) = org.connect("okta", NewPeople::Active);
    for (name, email, kept) in [
        ("same@acme.example", "Same@acme.example", None),
        (
            "alias@acme.example",
            "ana@acme.example",
            Some("Alias@acme.example"),
        ),
        (
            "old@acme.example",
            "bo@acme.example",
            Some("x@acme.example"),
        ),
        ("carl", "carl@acme.example", None),
    ] {
        let mut provision = newcomer("x", name);
        let kept =
            kept.map(|it| format!("{{\"emails\":[{{\"value\":\"{it}\",\"type\":\"home\"}}]}}"));
        provision.set = vec![
            (Field::UserName, Some(name.into())),
            (Field::Email, Some(email.into())),
            (Field::Kept, kept),
        ];
        org.provision(okta, provision).unwrap();
    }
    assert_eq!(found(&org, "is:sso-mismatch"), "");
    org.apply(set(Setting::SingleSignOn, "on"));
    assert_eq!(found(&org, "is:sso-mismatch"), "bo");
}

#[test]
fn names_stay_hidden_until_acceptance_where_that_is_set() {
    let org = Org::new(9);
    org.invite("ana bo");
    org.accept("bo").unwrap();
    let name = |name: &str| org.user(name).profile.first_name;
    assert_eq!(found(&org, "first_name:ana"), "ana");
    org.apply(set(Setting::NamesAfterAcceptance, "on"));
    assert_eq!((name("ana"), name("bo").as_deref()), (None, Some("bo")));
    let ana = org.user("ana").id;
    assert_eq!(found(&org, "first_name:ana"), "");
    assert_eq!(found(&org, "first_name:bo"), "bo");
    // The address is no name, and goes on to be found.
    assert_eq!(found(&org, "ana@acme"), "ana");
    let mut edit = Edit::of(ana);
    edit.set = vec![(Field::LastName, Some("Zzyzx".into()))];
    org.apply(Command::Edit(edit));
    assert_eq!(found(&org, "zzyzx"), "");
    assert_eq!(found(&org, "no:last_name"), "ana bo owner");
    let session = org.cli();
    let page = HistoryPage {
        user: Some(ana),
        limit: 100,
        ..HistoryPage::default()
    };
    let told = |session: &Session| {
        format!("{:?}", session.read().unwrap().history(&page).unwrap()).contains("Zzyzx")
    };
    assert!(!told(&session));
    // Nor does a plan say what the name was, nor what it would be again.
    let mut edit = Edit::of(ana);
    edit.set = vec![(Field::LastName, Some("Typed".into()))];
    let said = serde_json::to_string(&org.plan(Command::Edit(edit.clone())).unwrap()).unwrap();
    assert!(said.contains("Typed") && !said.contains("Zzyzx"), "{said}");
    let batch = org.apply(Command::Edit(edit)).batch.unwrap();
    let said = serde_json::to_string(&org.plan(Command::Undo { batch }).unwrap()).unwrap();
    assert!(said.contains("last_name"), "{said}");
    assert!(!said.contains("Typed") && !said.contains("Zzyzx"), "{said}");
    org.apply(Command::Undo { batch });
    // A command for everybody of that name finds as little as the list.
    let by_name = parse_with("first_name:ana", org.directory.now(), &Default::default()).unwrap();
    let plan = org.plan(Command::Deactivate {
        who: by_name.into(),
    });
    assert!(plan.unwrap().is_empty());
    org.accept("ana").unwrap();
    assert_eq!(found(&org, "zzyzx"), "ana");
    assert!(told(&session));
    assert_eq!(org.user("ana").status, Status::Active);
}

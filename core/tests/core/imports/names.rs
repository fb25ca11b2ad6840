//! Two people never answer to one name: by files, by edits, and by being brought in, a user name is nobody's address who goes by
//! it.

use usher_core::command::{Command, Create, Edit};
use usher_core::import::Mode;
use usher_core::model::{Field, NewPeople};

use super::{faults, import, review};
use crate::org::{Org, newcomer, people, skips};

#[test]
fn a_user_name_in_a_file_is_nobody_s_address_who_signs_in_with_it() {
    let org = Org::new(20);
    org.create("ana bo");
    let why = "is the address of row 3, who signs in with it: choose another, or leave it empty";
    let texts = [
        "email|user name\nun@acme.example|CY@acme.example\ncy@acme.example|",
        "email|user name\nun@acme.example|ana@acme.example\nana@acme.example|",
    ];
    for text in texts {
        for mode in [Mode::Both, Mode::Create] {
            let found = faults(&review(&org, import(text, mode)));
            assert!(!found.is_empty(), "{text} {mode:?}");
            assert!(found.iter().all(|it| it.starts_with("B2: ")), "{found:?}");
        }
    }
    assert_eq!(
        faults(&review(&org, import(texts[0], Mode::Invite))),
        [format!("B2: {why}")]
    );
    let after = "email|user name\ncy@acme.example|\nun@acme.example|cy@acme.example";
    assert_eq!(
        faults(&review(&org, import(after, Mode::Both))),
        ["B3: is the address of row 2, who signs in with it: choose another, or leave it empty"]
    );
    // Whoever has another user name does not sign in with it.
    for fine in [
        "email|user name\nun@acme.example|cy@acme.example\ncy@acme.example|cyrus",
        "email|user name\nun@acme.example|un@acme.example\ncy@acme.example|cy@acme.example",
    ] {
        assert_eq!(
            faults(&review(&org, import(fine, Mode::Both))),
            [""; 0],
            "{fine}"
        );
    }
    // Also where the roster knows that they have one, until the file takes it from them.
    org.apply(Command::Edit(Edit {
        set: vec![(Field::UserName, Some("annie".into()))],
        ..Edit::of(org.who("ana"))
    }));
    let named = "email|user name\nun@acme.example|ana@acme.example\nana@acme.example|";
    assert_eq!(faults(&review(&org, import(named, Mode::Both))), [""; 0]);
    let cleared = "email|user name\nun@acme.example|ana@acme.example\nana@acme.example|(clear)";
    assert_eq!(
        faults(&review(&org, import(cleared, Mode::Both))),
        [format!("B2: {why}")]
    );
}

#[test]
fn nobody_comes_to_sign_in_by_an_address_that_is_somebody_else_s_user_name() {
    let org = Org::new(20);
    org.create("ana bo");
    let name = |who: &str, name: Option<&str>| Edit {
        set: vec![(Field::UserName, name.map(str::to_owned))],
        ..Edit::of(org.who(who))
    };
    org.apply(Command::Edit(name("ana", Some("annie"))));
    org.apply(Command::Edit(name("bo", Some("ana@acme.example"))));
    let cleared = org.apply(Command::Edit(name("ana", None)));
    assert_eq!(
        skips(&cleared.plan),
        ["ana: the address is somebody else's user name"]
    );
    let both = Edit {
        set: vec![
            (Field::UserName, None),
            (Field::Email, Some("anna@acme.example".into())),
        ],
        ..Edit::of(org.who("ana"))
    };
    assert_eq!(skips(&org.apply(Command::Edit(both)).plan), [""; 0]);
    // Nor by being brought in at once.
    let mut people = people("cy dan");
    people[1].profile.user_name = Some("cy@acme.example".into());
    let created = org.apply(Command::Create(Create {
        people,
        groups: Vec::new(),
        pools: Vec::new(),
        mail: false,
    }));
    assert_eq!(
        skips(&created.plan),
        ["dan: the user name is somebody else's of those named here"]
    );
}

#[test]
fn a_language_that_nobody_knows_is_told_where_people_type_it_and_kept_where_a_provider_wrote_it() {
    let org = Org::new(20);
    org.create("ana");
    let text = "email|language\nana@acme.example|Klingonisch\nbo@acme.example|Portuguese\ncy@acme.example|Deutsch\n\
        dan@acme.example|pt-BR";
    let why = "is not one that is known; use a tag such as en, de-AT or pt-BR, or English, French, German or Spanish";
    assert_eq!(
        faults(&review(&org, import(text, Mode::Both))),
        [format!("B2: {why}"), format!("B3: {why}"),]
    );
    let edit = Edit {
        set: vec![(Field::Language, Some("Klingonisch".into()))],
        ..Edit::of(org.who("ana"))
    };
    let skipped = org.apply(Command::Edit(edit));
    assert_eq!(skips(&skipped.plan), [format!("ana: language {why}")]);
    // Whatever a provider says is kept, and an export of it changes nothing.
    let (okta, _) = org.connect("okta", NewPeople::Active);
    let mut eve = newcomer("eve", "e1");
    eve.set.push((Field::Language, Some("Klingonisch".into())));
    org.provision(okta, eve).unwrap();
    let kept = review(
        &org,
        import("email|language\neve@acme.example|Klingonisch", Mode::Both),
    );
    assert_eq!(faults(&kept), [""; 0]);
}

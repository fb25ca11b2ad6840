//! Saved views: whose they are, and that they mean the same when a field is called otherwise.

use usher_core::command::{Command, FieldEdit, GroupEdit};
use usher_core::model::{Actor, ConsoleLook, Door, FieldKind, Permission, View};

use crate::org::Org;

fn view(name: &str, query: &str) -> View {
    View {
        name: name.into(),
        query: query.into(),
        columns: vec!["name".into(), "area".into()],
        sort: "name".into(),
        descending: true,
    }
}

#[test]
fn a_view_survives_the_renaming_of_a_field_and_another_of_its_old_name() {
    let org = Org::new(3);
    let session = org.directory.as_actor(Actor::FileOwner, Door::Console);
    let done = |command| {
        session
            .apply(session.request(command), None)
            .expect("applied");
    };
    let field = |name: &str| Command::AddField {
        name: name.into(),
        kind: FieldKind::Text,
        set: FieldEdit::default(),
    };
    done(field("Cost center"));
    let query = "ana (-cost-center:4711 or has:cost_center) title:\"cost_center:x\"";
    session.save_view(view("Mine", query)).expect("saved");
    done(Command::SetField {
        name: "Cost center".into(),
        set: FieldEdit {
            name: Some("Kostenstelle".into()),
            ..FieldEdit::default()
        },
    });
    done(field("Cost center"));
    let views = || session.read().unwrap().views(Actor::FileOwner).unwrap();
    let now = "ana (-kostenstelle:4711 or has:kostenstelle) title:\"cost_center:x\"";
    assert_eq!(views(), [view("Mine", now)]);
    // One of the same name takes its place; the name is compared without regard to case.
    session
        .save_view(view("mine", "status:active"))
        .expect("saved");
    assert_eq!(views(), [view("mine", "status:active")]);
    session.remove_view("MINE").expect("removed");
    assert_eq!(views(), []);
}

#[test]
fn a_view_survives_the_renaming_of_what_it_names() {
    let org = Org::new(3);
    let session = org.directory.as_actor(Actor::FileOwner, Door::Console);
    let done = |command| {
        session
            .apply(session.request(command), None)
            .expect("applied");
    };
    let group = |name: &str| Command::AddGroup { name: name.into() };
    done(group("Team A"));
    let query = "(group:\"team a\" or group:\"Team A\":coach) pool:access";
    session.save_view(view("Mine", query)).expect("saved");
    done(Command::EditGroup {
        group: "Team A".into(),
        set: GroupEdit {
            name: Some("Sales, north".into()),
            ..GroupEdit::default()
        },
    });
    // Another one of the old name is not meant.
    done(group("Team A"));
    let now = "(group:\"Sales, north\" or group:\"Sales, north\":coach) pool:access";
    assert_eq!(
        session.read().unwrap().views(Actor::FileOwner).unwrap(),
        [view("Mine", now)]
    );
}

#[test]
fn a_view_is_its_owners_and_must_be_understood() {
    let org = Org::new(3);
    let file = org.directory.as_actor(Actor::FileOwner, Door::Console);
    let owner = file
        .read()
        .unwrap()
        .find_user("owner@acme.example")
        .unwrap();
    let session = org
        .directory
        .as_actor(Actor::Administrator(owner.id), Door::Console);
    session.save_view(view("Mine", "")).expect("saved");
    assert_eq!(file.read().unwrap().views(Actor::FileOwner).unwrap(), []);
    assert!(session.save_view(view("Odd", "colour:red")).is_err());
    assert!(session.save_view(view(" ", "")).is_err());
}

#[test]
fn erasing_somebody_takes_the_views_that_name_them() {
    let org = Org::new(5);
    let session = org.directory.as_actor(Actor::FileOwner, Door::Console);
    let done = |command| {
        session
            .apply(session.request(command), None)
            .expect("applied");
    };
    org.create("ana bo");
    session
        .save_view(view("A", "ANA@acme.example"))
        .expect("saved");
    session
        .save_view(view("B", "status:active"))
        .expect("saved");
    let ana = session
        .read()
        .unwrap()
        .find_user("ana@acme.example")
        .unwrap()
        .id;
    done(Command::Delete { who: ana.into() });
    done(Command::Erase { who: ana.into() });
    let views = session.read().unwrap().views(Actor::FileOwner).unwrap();
    assert_eq!(views, [view("B", "status:active")]);
}

#[test]
fn how_a_console_looks_is_each_administrators_own_and_erased_with_them() {
    let org = Org::new(5);
    org.create("ana");
    let owner = org.directory.as_actor(Actor::FileOwner, Door::Console);
    let done = |command| owner.apply(owner.request(command), None).expect("applied");
    let ana = owner.read().unwrap().find_user("ana@acme.example").unwrap();
    let ana = ana.id;
    done(Command::GrantPermissions {
        who: ana.into(),
        permissions: vec![Permission::ManageUsers],
    });
    let look = |theme: &str, plain| ConsoleLook {
        theme: theme.into(),
        plain,
    };
    let session = org
        .directory
        .as_actor(Actor::Administrator(ana), Door::Console);
    session.save_look(look("dark", true)).expect("kept");
    session.save_look(look("mono", true)).expect("kept");
    let kept = |actor| owner.read().unwrap().look(actor).unwrap();
    assert_eq!(
        kept(Actor::Administrator(ana)),
        Some(look("mono", true)),
        "the newer one"
    );
    assert_eq!(kept(Actor::FileOwner), None);
    done(Command::Delete { who: ana.into() });
    done(Command::Erase { who: ana.into() });
    assert_eq!(kept(Actor::Administrator(ana)), None);
}

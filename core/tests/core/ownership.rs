//! What a connection maps and owns, what overrides it and until when, and where the roster differs from it.

use usher_core::command::{Command, ConnectionEdit, Edit, FieldEdit, Provision, ProvisionTarget};
use usher_core::model::{
    Actor, ConnectionId, Door, Field, FieldKind, NewPeople, Part, Permission, Status, UserId,
    VisibleTo,
};
use usher_core::{Applied, Result, Selection};

use crate::org::{Org, address, assert_error, newcomer, short, skips, switch};

fn title(org: &Org, who: &str, to: &str, overriding: bool) -> Command {
    Command::Edit(Edit {
        set: vec![(Field::Title, Some(to.to_owned()))],
        overriding,
        ..Edit::of(org.who(who))
    })
}

fn existing(user: UserId) -> Provision {
    Provision::of(ProvisionTarget::Existing {
        user,
        version: None,
    })
}

/// What a provider sends that writes the title, or says what it is already.
fn writes(org: &Org, okta: ConnectionId, who: &str, to: &str) -> Result<Applied> {
    let user = org.user(who);
    let same = user.profile.title.as_deref() == Some(to);
    let provision = Provision {
        set: (!same)
            .then(|| (Field::Title, Some(to.to_owned())))
            .into_iter()
            .collect(),
        spoken: vec![Part::Field(Field::Title)],
        ..existing(user.id)
    };
    org.provision(okta, provision)
}

/// `who part: theirs / ours (why)` of every place.
fn drifts(org: &Org) -> Vec<String> {
    let found = org.cli().read().unwrap().drifts(None).unwrap();
    let word = |it: &Option<String>| it.clone().unwrap_or_else(|| "-".into());
    found
        .iter()
        .map(|it| {
            let (theirs, ours) = (word(&it.provider), word(&it.roster));
            let who = short(&it.label);
            format!("{who} {}: {theirs} / {ours} ({})", it.part, it.why.as_str())
        })
        .collect()
}

fn provided() -> (Org, ConnectionId) {
    let org = Org::new(30);
    let (okta, _) = org.connect("okta", NewPeople::Active);
    let mut ana = newcomer("ana", "1");
    ana.set.push((Field::Title, Some("Clerk".into())));
    org.provision(okta, ana).unwrap();
    (org, okta)
}

#[test]
fn what_a_connection_sends_is_its_own_until_overridden_and_until_it_writes_again() {
    let (mut org, okta) = provided();
    let plan = org.plan(title(&org, "ana", "Boss", false)).unwrap();
    assert!(plan.changes.is_empty());
    let why = skips(&plan).join("; ");
    assert!(
        why.contains("title is owned by okta") && why.contains("--override"),
        "{why}"
    );
    // What it never sent, and people of nobody's, are as free as ever.
    let area = Command::Edit(Edit {
        set: vec![(Field::FunctionalArea, Some("Sales".into()))],
        ..Edit::of(org.who("ana"))
    });
    org.apply(area);
    org.create("bo");
    org.apply(title(&org, "bo", "Boss", false));

    let before = org.state();
    let set = org.apply(title(&org, "ana", "Boss", true));
    assert_eq!(drifts(&org), ["ana title: Clerk / Boss (overridden)"]);
    // Overriding again keeps what the provider said; going back to it ends the difference.
    org.apply(title(&org, "ana", "Chief", true));
    assert_eq!(drifts(&org), ["ana title: Clerk / Chief (overridden)"]);
    let back = org.apply(title(&org, "ana", "Clerk", true));
    assert_eq!(drifts(&org), Vec::<String>::new());
    org.undo(&back);
    assert_eq!(drifts(&org), ["ana title: Clerk / Chief (overridden)"]);
    org.reopen();
    assert_eq!(drifts(&org), ["ana title: Clerk / Chief (overridden)"]);

    // A write of something else leaves it; a write of the title ends it, whatever it says.
    org.provision(okta, switch(org.user("ana").id, true))
        .unwrap();
    assert_eq!(org.user("ana").profile.title.as_deref(), Some("Chief"));
    writes(&org, okta, "ana", "Clerk").unwrap();
    assert_eq!(org.user("ana").profile.title.as_deref(), Some("Clerk"));
    assert_eq!(drifts(&org), Vec::<String>::new());
    org.apply(title(&org, "ana", "Boss", true));
    writes(&org, okta, "ana", "Boss").unwrap();
    assert_eq!(drifts(&org), Vec::<String>::new(), "they agree");

    // Undoing an override brings both back.
    writes(&org, okta, "ana", "Clerk").unwrap();
    let again = org.apply(title(&org, "ana", "Boss", true));
    org.undo(&again);
    assert_eq!(drifts(&org), Vec::<String>::new());
    let words = |it: &str| it.lines().filter(|it| it.contains("ana")).count();
    assert_eq!(words(&org.state()), words(&before));
    assert!(set.batch.is_some());
    org.assert_chain();
}

#[test]
fn what_it_owns_can_be_chosen() {
    let (org, _) = provided();
    let own = |fields: Option<&str>| Command::OwnFields {
        name: "okta".into(),
        fields: fields.map(|it| it.split_whitespace().map(str::to_owned).collect()),
    };
    let owned = || {
        let read = org.cli();
        let read = read.read().unwrap();
        read.owned_of(&org.user("ana")).unwrap()
    };
    let all = "email user_name first_name title";
    let names = |text: &str| {
        text.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(owned(), Some(("okta".to_owned(), names(all))));
    let none = org.apply(own(Some("")));
    assert_eq!(owned(), None);
    org.apply(title(&org, "ana", "Boss", false));
    assert_eq!(drifts(&org), Vec::<String>::new(), "nobody's");
    org.undo(&none);
    assert_eq!(owned().unwrap().1.len(), 4);
    org.apply(Command::AddField {
        name: "Shirt".into(),
        kind: FieldKind::Text,
        set: FieldEdit::default(),
    });
    org.apply(own(Some("manager shirt AREA")));
    assert_eq!(owned().unwrap().1, names("functional_area manager Shirt"));
    let edit = |overriding| {
        Command::Edit(Edit {
            fields: vec![("shirt".into(), Some("M".into()))],
            manager: Some(Some(address("owner"))),
            overriding,
            ..Edit::of(org.who("ana"))
        })
    };
    assert_eq!(skips(&org.plan(edit(false)).unwrap()).len(), 2);
    org.apply(edit(true));
    let owner = address("owner");
    assert_eq!(
        drifts(&org),
        [
            "ana Shirt: - / M (overridden)".to_owned(),
            format!("ana manager: - / {owner} (overridden)")
        ]
    );
    assert_error(
        org.plan(own(Some("shoes"))),
        "is no field that a provider writes",
    );
    // A revoked connection owns nothing, and nothing differs from it.
    org.apply(Command::RevokeConnection {
        name: "okta".into(),
    });
    assert_eq!((owned(), drifts(&org).len()), (None, 0));
    assert_error(org.plan(own(None)), "revoked");
}

#[test]
fn a_deactivation_by_a_person_is_listed_until_the_provider_agrees() {
    let (org, okta) = provided();
    let ana = org.user("ana").id;
    let held = ["ana active: true / false (held)"];
    let off = org.deactivate("ana");
    assert_eq!(drifts(&org), held);
    org.provision(okta, switch(ana, true)).unwrap();
    assert_eq!(drifts(&org), held);
    org.undo(&off);
    assert_eq!(drifts(&org).len(), 0);
    org.deactivate("ana");
    org.provision(okta, switch(ana, false)).unwrap();
    assert_eq!(drifts(&org).len(), 0, "they agree");
    org.provision(okta, switch(ana, true)).unwrap();
    assert_eq!(org.user("ana").status, Status::Active);
    org.provision(okta, switch(ana, false)).unwrap();
    assert_eq!(
        drifts(&org).len(),
        0,
        "its own deactivation is no difference"
    );
    org.provision(okta, switch(ana, true)).unwrap();
    org.deactivate("ana");
    org.apply(Command::Reactivate {
        who: ana.into(),
        restore_assignments: false,
    });
    assert_eq!(drifts(&org).len(), 0);
    org.deactivate("ana");
    let gone = org.apply(Command::Delete { who: ana.into() });
    let deleted = ["ana active: true / deleted (overridden)"];
    assert_eq!(drifts(&org), deleted);
    org.undo(&gone);
    assert_eq!(drifts(&org), held);
    org.apply(Command::Delete { who: ana.into() });
    assert_eq!(drifts(&org), deleted);
    org.apply(Command::Erase { who: ana.into() });
    assert_eq!(drifts(&org).len(), 0, "gone for good");
    org.assert_chain();
}

#[test]
fn who_is_in_or_gone_against_what_the_provider_said_is_listed() {
    let (mut org, okta) = provided();
    let ana = org.user("ana").id;
    let none = Vec::<String>::new();
    // The provider's own leaves nothing; back by a person, it has said otherwise.
    org.provision(okta, switch(ana, false)).unwrap();
    assert_eq!(drifts(&org), none);
    let back = org.apply(Command::Reactivate {
        who: ana.into(),
        restore_assignments: false,
    });
    let against = ["ana active: false / true (overridden)"];
    assert_eq!(drifts(&org), against);
    org.reopen();
    assert_eq!(drifts(&org), against);
    let undone = org.undo(&back);
    assert_eq!(drifts(&org), none);
    org.undo(&undone);
    assert_eq!(drifts(&org), against);
    org.provision(okta, switch(ana, true)).unwrap();
    assert_eq!(drifts(&org), none);
    let off_again = org.provision(okta, switch(ana, false)).unwrap();
    org.undo(&off_again);
    assert_eq!(drifts(&org), against);
    org.provision(okta, switch(ana, true)).unwrap();
    assert_eq!(drifts(&org), none, "it says so again");
    org.provision(okta, switch(ana, false)).unwrap();
    org.apply(Command::Reactivate {
        who: ana.into(),
        restore_assignments: false,
    });
    assert_eq!(drifts(&org), against);
    org.provision(okta, switch(ana, false)).unwrap();
    assert_eq!(
        (org.user("ana").status, drifts(&org)),
        (Status::Inactive, none)
    );

    // Whom the provider has deleted and a person brings in again, and takes off: then they agree.
    let dan = org.provision(okta, newcomer("dan", "4")).unwrap();
    let dan = dan.user.unwrap();
    let who = || Selection::from(dan);
    let session = org.directory.as_actor(Actor::Connection(okta), Door::Scim);
    let request = session.request(Command::Delete { who: who() });
    session.apply(request, None).unwrap();
    assert_eq!(drifts(&org), Vec::<String>::new());
    org.create("dan");
    assert_eq!(drifts(&org), ["dan active: false / true (overridden)"]);
    org.apply(Command::Deactivate { who: who() });
    assert_eq!(drifts(&org), Vec::<String>::new());
    // Whom a person deletes and brings in again is as the provider says.
    let eva = org.provision(okta, newcomer("eva", "5")).unwrap();
    let eva = Selection::from(eva.user.unwrap());
    org.apply(Command::Delete { who: eva });
    assert_eq!(drifts(&org), ["eva active: true / deleted (overridden)"]);
    org.create("eva");
    assert_eq!(drifts(&org), Vec::<String>::new());

    // Taken off by a person before the provider knew of them.
    org.create("bo");
    let bo = org.user("bo").id;
    org.deactivate("bo");
    org.provision(okta, switch(bo, true)).unwrap();
    assert_eq!(drifts(&org), ["bo active: true / false (held)"]);
    org.apply(Command::Delete { who: bo.into() });
    assert_eq!(drifts(&org), ["bo active: true / deleted (overridden)"]);
    // It says that they are off as well.
    org.provision(okta, switch(bo, false)).unwrap();
    assert_eq!(drifts(&org), Vec::<String>::new());
    assert_error(org.provision(okta, switch(bo, false)), "no user");

    // What is taken back of what the provider did.
    let cleo = org.provision(okta, newcomer("cleo", "3")).unwrap();
    org.undo(&cleo);
    assert_eq!(drifts(&org), ["cleo active: true / deleted (overridden)"]);
    org.assert_chain();
}

#[test]
fn a_value_that_a_field_does_not_take_keeps_nobody_out_and_is_listed() {
    let (org, okta) = provided();
    let shirt = |values: &[&str]| FieldEdit {
        add_values: values.iter().map(|it| (*it).to_owned()).collect(),
        visible_to: Some(VisibleTo::Administrators),
        ..FieldEdit::default()
    };
    org.apply(Command::AddField {
        name: "Shirt".into(),
        kind: FieldKind::Choice,
        set: shirt(&["S", "M"]),
    });
    org.apply(Command::MapAttributes {
        name: "okta".into(),
        set: vec![("shirt".into(), Some("userType".into()))],
    });
    let field = org.cli().read().unwrap().custom_fields().unwrap()[0].id;
    let says = |word: &str| vec![(Part::Custom(field), Some(word.to_owned()))];
    let bo = Provision {
        mapped: says("XL"),
        ..newcomer("bo", "2")
    };
    let made = org.provision(okta, bo).unwrap();
    assert_eq!(org.user("bo").status, Status::Active);
    let told = skips(&made.plan).join("");
    assert!(
        told.contains("Shirt") && told.contains("use S, M"),
        "{told}"
    );
    assert_eq!(drifts(&org), ["bo Shirt: XL / - (not_taken)"]);
    let again = |word: &str| Provision {
        mapped: says(word),
        ..existing(org.user("bo").id)
    };
    org.provision(okta, again("m")).unwrap();
    assert_eq!(drifts(&org).len(), 0);
    let read = org.cli();
    let shown = |org: &Org| {
        let read = read.read().unwrap();
        read.fields_of(&org.ids("bo")).unwrap().into_values().next()
    };
    assert_eq!(
        shown(&org),
        Some(vec![("Shirt".to_owned(), "M".to_owned())])
    );
    // What is mapped is owned.
    let edit = Command::Edit(Edit {
        fields: vec![("shirt".into(), Some("S".into()))],
        ..Edit::of(org.who("bo"))
    });
    assert!(
        skips(&org.plan(edit).unwrap())
            .join("")
            .contains("Shirt is owned by okta")
    );
    let refused = Command::MapAttributes {
        name: "okta".into(),
        set: vec![("email".into(), Some("userType".into()))],
    };
    assert_error(org.plan(refused), "its own attribute");
}

#[test]
fn a_connection_s_terms_change_and_come_back_and_its_tokens_end() {
    let (org, okta) = provided();
    let set = |set| Command::SetConnection {
        name: "okta".into(),
        set,
    };
    let done = org.apply(set(ConnectionEdit {
        new_people: Some(NewPeople::Waiting),
        mails: Some(true),
        token_days: Some(Some(90)),
    }));
    org.provision(okta, newcomer("bo", "2")).unwrap();
    assert_eq!(org.user("bo").status, Status::Waiting);
    let rotated = org.apply(Command::RotateToken {
        name: "okta".into(),
        overlap_ms: 0,
    });
    let token = rotated.token.unwrap();
    assert!(org.directory.authenticate(&token).unwrap().is_some());
    org.tick(90 * 24 * 3600 * 1000);
    assert_eq!(org.directory.authenticate(&token).unwrap(), None);
    org.undo(&done);
    org.provision(okta, newcomer("cleo", "3")).unwrap();
    assert_eq!(org.user("cleo").status, Status::Active);
    assert_error(
        org.plan(set(ConnectionEdit {
            token_days: Some(Some(0)),
            ..ConnectionEdit::default()
        })),
        "token days",
    );
}

/// Everything of a person that a connection says again.
fn says(org: &Org, connection: ConnectionId, who: &str, title: &str, active: bool) -> Applied {
    let user = org.user(who);
    let same = user.profile.title.as_deref() == Some(title);
    let provision = Provision {
        set: (!same)
            .then(|| (Field::Title, Some(title.to_owned())))
            .into_iter()
            .collect(),
        active: Some(active),
        spoken: vec![Part::Field(Field::Title)],
        ..existing(user.id)
    };
    org.provision(connection, provision).unwrap()
}

#[test]
fn a_connection_does_not_lose_its_person_by_what_another_one_writes() {
    let (org, okta) = provided();
    let (entra, _) = org.connect("entra", NewPeople::Active);
    let met = says(&org, entra, "ana", "Boss", true);
    assert!(
        skips(&met.plan)[0].ends_with("stays with okta, which brought them in"),
        "{:?}",
        skips(&met.plan)
    );
    assert_eq!(org.user("ana").connection, Some(okta));
    assert_eq!(drifts(&org), ["ana title: Clerk / Boss (overridden)"]);
    assert!(skips(&says(&org, entra, "ana", "Boss", true).plan).is_empty());
    writes(&org, okta, "ana", "Clerk").unwrap();
    assert_eq!(drifts(&org), [""; 0]);
    // Off and on by the other one: listed, and still okta's.
    says(&org, entra, "ana", "Clerk", false);
    assert_eq!(org.user("ana").status, Status::Inactive);
    assert_eq!(drifts(&org), ["ana active: true / false (overridden)"]);
    says(&org, entra, "ana", "Clerk", true);
    assert_eq!(
        (org.user("ana").connection, drifts(&org).len()),
        (Some(okta), 0)
    );
    // Once okta has let go of her, whoever brings her in has her.
    says(&org, okta, "ana", "Clerk", false);
    says(&org, entra, "ana", "Clerk", false);
    assert_eq!(org.user("ana").connection, Some(okta));
    says(&org, entra, "ana", "Clerk", true);
    assert_eq!(org.user("ana").connection, Some(entra));
    assert_eq!(drifts(&org), [""; 0], "nobody's word any more");
    // And a connection that is revoked keeps nobody.
    org.apply(Command::RevokeConnection {
        name: "entra".into(),
    });
    says(&org, okta, "ana", "Clerk", true);
    assert_eq!(org.user("ana").connection, Some(okta));
    org.assert_chain();
}

#[test]
fn what_a_provider_may_not_write_of_an_owner_is_not_its_own() {
    let (org, okta) = provided();
    org.create("bo");
    let bo = org.user("bo").id;
    org.apply(Command::GrantPermissions {
        who: org.who("bo"),
        permissions: vec![Permission::Owner],
    });
    org.provision(okta, switch(bo, true)).unwrap();
    let read = org.cli();
    let owned = |who: &str| read.read().unwrap().owned_of(&org.user(who)).unwrap();
    assert_eq!(
        owned("ana").unwrap().1,
        ["email", "user_name", "first_name", "title"]
    );
    assert_eq!(owned("bo").unwrap().1, ["first_name", "title"]);
    let rename = Command::Edit(Edit {
        set: vec![(Field::UserName, Some("bob".into()))],
        ..Edit::of(org.who("bo"))
    });
    let plan = org.plan(rename).unwrap();
    assert_eq!((plan.changes.len(), skips(&plan).len()), (1, 0), "{plan:?}");
}

#[test]
fn names_that_are_no_pool_s_are_listed_until_they_are_not_asked_for_any_more() {
    let (org, okta) = provided();
    org.add_pool("library", 3);
    let asks = |who: UserId, pools: &[&str]| {
        let pools = pools.iter().map(|it| (*it).to_owned()).collect();
        let provision = Provision {
            entitlements: Some(pools),
            ..existing(who)
        };
        org.provision(okta, provision).unwrap()
    };
    let ana = org.user("ana").id;
    let asked = asks(ana, &["libary", "library", "gym"]);
    assert_eq!(
        drifts(&org),
        ["ana entitlements: libary, gym / - (not_taken)"]
    );
    org.apply(Command::Undo {
        batch: asked.batch.unwrap(),
    });
    assert_eq!(drifts(&org), [""; 0]);
    asks(ana, &["gym"]);
    asks(ana, &["library"]);
    assert_eq!(drifts(&org), [""; 0]);
    let mut bo = newcomer("bo", "2");
    bo.entitlements = Some(vec!["gym".into()]);
    org.provision(okta, bo).unwrap();
    assert_eq!(drifts(&org), ["bo entitlements: gym / - (not_taken)"]);
}

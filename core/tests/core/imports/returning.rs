//! Whoever a file brings back, and whoever it does not: what a row says of them is done, or told with its cell, and never
//! dropped without a word.

use usher_core::OutboxFilter;
use usher_core::command::{Command, Edit, FieldEdit, Import, Invite};
use usher_core::import::{Does, Mode};
use usher_core::model::{Field, FieldKind, NewPeople, Status};

use super::{apply, faults, import, plan, review};
use crate::org::{Org, newcomer, people, skips};

fn rest(org: &Org, cancelled: &str, deleted: &str) {
    org.invite(cancelled);
    org.apply(Command::Cancel {
        who: org.who(cancelled),
    });
    org.create(deleted);
    org.apply(Command::Delete {
        who: org.who(deleted),
    });
}

#[test]
fn whoever_is_brought_back_by_their_id_is_invited_at_the_address_that_the_row_says() {
    let org = Org::new(20);
    rest(&org, "ana", "bo");
    let (ana, bo) = (org.user("ana").id, org.user("bo").id);
    let before = org.roster();
    let text = format!(
        "id|email|first name|last name|manager\n{ana}|ana.new@acme.example|(clear)|Li|owner@acme.example\n\
        {bo}|bo.new@acme.example|(clear)|Ek|"
    );
    let applied = apply(&org, import(&text, Mode::Both)).unwrap();
    assert_eq!(applied.plan.review.as_ref().unwrap().faults, []);
    for (name, last) in [("ana.new", "Li"), ("bo.new", "Ek")] {
        let user = org.user(name);
        assert_eq!(user.status, Status::Waiting, "{name}");
        assert_eq!(user.profile.first_name, None, "{name}");
        assert_eq!(user.profile.last_name.as_deref(), Some(last));
    }
    let read = org.cli();
    let mails = read
        .read()
        .unwrap()
        .outbox(OutboxFilter::default(), 10)
        .unwrap();
    let mut to: Vec<_> = mails.iter().take(2).map(|it| it.label.clone()).collect();
    to.sort();
    let new = ["ana.new@acme.example", "bo.new@acme.example"];
    assert_eq!(to, new);
    org.undo(&applied);
    assert_eq!(org.roster(), before);
    assert_eq!(org.user("bo").id, bo, "at the old address");
    assert_eq!(org.user("ana").profile.first_name.as_deref(), Some("ana"));
}

#[test]
fn whoever_is_brought_back_takes_nobody_s_address_and_keeps_what_is_required() {
    let org = Org::new(20);
    rest(&org, "ana", "bo");
    org.create("cy dan");
    org.apply(Command::AddField {
        name: "Badge".into(),
        kind: FieldKind::Text,
        set: FieldEdit {
            required: Some(true),
            ..FieldEdit::default()
        },
    });
    let badge = Command::Edit(Edit {
        fields: vec![("Badge".into(), Some("7".into()))],
        ..Edit::of(org.who("cy"))
    });
    org.apply(badge);
    org.apply(Command::Delete { who: org.who("cy") });
    let (ana, bo, cy) = (org.user("ana").id, org.user("bo").id, org.user("cy").id);
    let text = format!(
        "id|email|badge\n{ana}|dan@acme.example|1\n{bo}|(clear)|1\n{cy}|cy@acme.example|(clear)"
    );
    let found = review(&org, import(&text, Mode::Invite));
    assert_eq!(
        faults(&found),
        [
            "B2: is the address of somebody who is active",
            "B3: cannot be emptied: it is required",
            "C4: cannot be emptied: it is required",
        ]
    );
}

#[test]
fn whoever_is_not_brought_in_by_the_mode_is_told_as_inviting_one_by_one_tells() {
    let org = Org::new(20);
    rest(&org, "ana", "bo");
    org.create("cy dan");
    org.deactivate("cy");
    let text = "email\nana@acme.example\ncy@acme.example\ndan@acme.example";
    for (mode, said) in [
        (
            Mode::Create,
            &[
                "ana: cancelled: resend or invite instead",
                "cy: inactive: reactivate instead",
                "dan: already active",
            ][..],
        ),
        (
            Mode::Invite,
            &["cy: inactive: reactivate instead", "dan: already active"],
        ),
        (Mode::Both, &["cy: inactive: reactivate instead"]),
        (Mode::Update, &[]),
    ] {
        assert_eq!(skips(&plan(&org, import(text, mode))), said, "{mode:?}");
    }
    // Whoever wrote where they stand knows it.
    let known = "email|status\ncy@acme.example|inactive";
    for mode in Mode::ALL {
        assert_eq!(skips(&plan(&org, import(known, mode))), [""; 0], "{mode:?}");
    }
}

/// Ana of a provider, who has said her names and her title.
fn provided() -> Org {
    let org = Org::new(20);
    let (okta, _) = org.connect("okta", NewPeople::Active);
    let mut ana = newcomer("ana", "1");
    ana.set.push((Field::Title, Some("Clerk".into())));
    org.provision(okta, ana).unwrap();
    org
}

#[test]
fn every_cell_that_a_provider_owns_is_told_at_once_with_its_place() {
    let org = provided();
    let text = "email|first name|title|region|user name\nana@acme.example|Anna|Boss|EMEA|anna";
    let found = review(&org, import(text, Mode::Both));
    let why =
        "is owned by okta: change it there, or import with --override, until okta writes it next";
    assert_eq!(
        faults(&found),
        [
            format!("B2: {why}"),
            format!("C2: {why}"),
            format!("E2: {why}")
        ]
    );
    let over = Import {
        overriding: true,
        ..import(text, Mode::Both)
    };
    assert_eq!(review(&org, over.clone()).count(Does::Update), 1);
    apply(&org, over).unwrap();
    assert_eq!(org.user("ana").profile.title.as_deref(), Some("Boss"));
}

#[test]
fn a_provider_s_person_who_is_brought_back_keeps_what_the_provider_owns() {
    let org = provided();
    org.apply(Command::Delete {
        who: org.who("ana"),
    });
    let text = "email|title|region\nana@acme.example|Boss|EMEA";
    let found = review(&org, import(text, Mode::Both));
    assert_eq!(
        faults(&found),
        [
            "B2: is owned by okta: change it there, or import with --override, until okta writes it next"
        ]
    );
    let mut again = people("ana");
    again[0].profile.title = Some("Boss".into());
    again[0].profile.region = Some("EMEA".into());
    let plan = org
        .try_apply(Command::Invite(Invite {
            people: again,
            groups: Vec::new(),
            pools: Vec::new(),
            mail: true,
            send_on: None,
        }))
        .unwrap()
        .plan;
    let said = "ana: comes back with the title that okta owns: change it there, or by edit with --override";
    assert_eq!(skips(&plan), [said]);
    let ana = org.user("ana");
    assert_eq!(ana.status, Status::Waiting);
    assert_eq!(ana.profile.title.as_deref(), Some("Clerk"));
    assert_eq!(ana.profile.region.as_deref(), Some("EMEA"));
    let read = org.cli();
    let drifts = read.read().unwrap().drifts(None).unwrap();
    assert!(drifts.iter().all(|it| it.part != "title"));
}

#[test]
fn whoever_was_cancelled_is_deleted_by_a_file_and_what_cannot_be_is_told_as_it_is() {
    let org = Org::new(20);
    rest(&org, "ana", "bo");
    org.invite("cy");
    org.create("dan");
    for mode in [Mode::Both, Mode::Update] {
        let text = "email|status|title\nana@acme.example|inactive|\nbo@acme.example|cancelled|\n\
            cy@acme.example|active|\ndan@acme.example|cancelled|";
        let found = review(&org, import(text, mode));
        assert_eq!(
            faults(&found),
            [
                "B2: is cancelled and holds no seat to be taken off: leave the status empty",
                "B3: is deleted, and only an invitation can be cancelled: leave the status empty",
                "B4: is invited and comes in by accepting: leave the status empty",
                "B5: is active, and only an invitation can be cancelled: say inactive to take them off",
            ],
            "{mode:?}"
        );
        let never = review(&org, import("email|status\nana@acme.example|active", mode));
        assert_eq!(
            faults(&never),
            ["B2: was never in: say waiting to invite them again"],
            "{mode:?}"
        );
        let more = "email|status|title\nana@acme.example|deleted|Chief";
        assert_eq!(
            faults(&review(&org, import(more, mode))),
            [
                "C2: would be changed, and the person is cancelled: bring them back first, or leave the row out"
            ],
            "{mode:?}"
        );
        let before = org.roster();
        let gone = import("email|status\nana@acme.example|deleted", mode);
        let applied = apply(&org, gone).unwrap();
        assert_eq!(org.user("ana").status, Status::Deleted);
        org.undo(&applied);
        assert_eq!(org.roster(), before);
    }
    // Whoever nobody knows is told so.
    let new = "email|status\nnew@acme.example|inactive";
    assert_eq!(
        faults(&review(&org, import(new, Mode::Both))),
        [
            "B2: nobody of that address is on the roster: leave the status empty, or say waiting or active"
        ]
    );
}

//! Addresses that change while mail is on its way: who hears of it, and which links still work.

use usher_core::OutboxFilter;
use usher_core::command::{Accept, Command, Edit, Invite, OwnRecords};
use usher_core::model::{Actor, Door, Field, Status};

use super::{edit, willing};
use crate::org::{Org, invite};

#[test]
fn an_address_that_changes_is_told_at_both_ends() {
    let org = Org::new(9);
    let (config, taken) = willing();
    org.create("ana");
    org.directory.bring_out(&config).unwrap();
    taken.lock().unwrap().clear();
    edit(&org, "ana", Field::Email, Some("anna@acme.example"));
    org.directory.bring_out(&config).unwrap();
    let taken = taken.lock().unwrap();
    let mut said: Vec<(String, bool)> = taken
        .iter()
        .map(|it| (it.to.clone(), it.text.contains("anna@")))
        .collect();
    said.sort();
    // The address that was left is told that it was, and not for which one.
    assert_eq!(
        said,
        [
            ("ana@acme.example".to_owned(), false),
            ("anna@acme.example".to_owned(), true)
        ]
    );
}

#[test]
fn undoing_a_change_of_address_is_told_at_both_ends() {
    let org = Org::new(9);
    let (config, taken) = willing();
    org.create("ana");
    let edited = org.apply(Command::Edit(Edit {
        set: vec![(Field::Email, Some("anna@acme.example".to_owned()))],
        ..Edit::of(org.who("ana"))
    }));
    org.directory.bring_out(&config).unwrap();
    taken.lock().unwrap().clear();
    let batch = edited.batch.unwrap();
    org.apply(Command::Undo { batch });
    org.directory.bring_out(&config).unwrap();
    let taken = taken.lock().unwrap();
    let mut to: Vec<&str> = taken.iter().map(|it| it.to.as_str()).collect();
    to.sort_unstable();
    assert_eq!(to, ["ana@acme.example", "anna@acme.example"]);
}

#[test]
fn whoever_reads_an_address_that_was_wrong_comes_in_as_nobody() {
    let org = Org::new(9);
    let (config, taken) = willing();
    org.invite("wrong");
    org.directory.bring_out(&config).unwrap();
    edit(&org, "wrong", Field::Email, Some("right@acme.example"));
    org.directory.bring_out(&config).unwrap();
    let user = org.user("right").id;
    let accept = |generation| {
        org.tick(1);
        let session = org.directory.as_actor(Actor::Person(user), Door::Page);
        session.apply(
            session.request(Command::Accept(Accept {
                user,
                generation: Some(generation),
                set: Vec::new(),
                fields: Vec::new(),
                password: None,
                records: OwnRecords::StartFresh,
            })),
            None,
        )
    };
    assert!(accept(1).is_err(), "the link that went astray");
    let to: Vec<String> = taken
        .lock()
        .unwrap()
        .iter()
        .map(|it| it.to.clone())
        .collect();
    assert_eq!(to, ["wrong@acme.example", "right@acme.example"]);
    let cli = org.cli();
    let read = cli.read().unwrap();
    let mails = read.outbox(OutboxFilter::default(), 10).unwrap();
    let said: Vec<&str> = mails.iter().map(|it| it.label.as_str()).collect();
    assert_eq!(said, ["right@acme.example", "wrong@acme.example"]);
    accept(2).unwrap();
    assert_eq!(org.user("right").status, Status::Active);
    org.assert_chain();
}

#[test]
fn another_way_to_write_the_same_address_leaves_the_link_alone() {
    let org = Org::new(9);
    org.invite("ana");
    edit(&org, "ana", Field::Email, Some("Ana@acme.example"));
    let user = org.user("ana").id;
    let cli = org.cli();
    let invitation = cli.read().unwrap().invitation(user).unwrap().unwrap();
    assert_eq!(invitation.generation, 1);
}

#[test]
fn who_was_mailed_no_invitation_is_mailed_none_because_their_address_is_put_right() {
    let org = Org::new(9);
    let (config, taken) = willing();
    let Command::Invite(command) = invite("ana") else {
        unreachable!()
    };
    org.apply(Command::Invite(Invite {
        mail: false,
        ..command
    }));
    edit(&org, "ana", Field::Email, Some("anna@acme.example"));
    org.directory.bring_out(&config).unwrap();
    assert!(taken.lock().unwrap().is_empty());
}

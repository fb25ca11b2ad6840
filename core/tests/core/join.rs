//! The join page: what is agreed about it.

use usher_core::command::Command;
use usher_core::model::{JoinPage, Setting};

use crate::org::{Org, assert_error};

pub(crate) fn agree(set: &[(Setting, &str)]) -> Command {
    let set = set
        .iter()
        .map(|(it, value)| (*it, Some((*value).to_owned())));
    Command::SetJoinPage { set: set.collect() }
}

fn page(org: &Org) -> JoinPage {
    let session = org.cli();
    session.read().unwrap().settings().unwrap().join
}

#[test]
fn a_join_page_is_off_until_it_is_turned_on_and_is_undone_as_one() {
    let mut org = Org::new(5);
    let ana = "ana@acme.example".parse().unwrap();
    assert_eq!(page(&org).open_slug(), None);
    assert!(!page(&org).admits(&ana));
    org.apply(Command::AddGroup {
        name: "Sales".to_owned(),
    });
    let terms = agree(&[
        (Setting::JoinPage, "on"),
        (Setting::JoinAllow, "Acme.example"),
        (Setting::JoinGroup, "sales"),
        (Setting::JoinText, "Welcome.\nCome in."),
    ]);
    let applied = org.apply(terms);
    org.reopen();
    let now = page(&org);
    assert_eq!(now.open_slug(), Some("acme"), "of the organization's name");
    assert!(now.admits(&ana));
    assert!(!now.admits(&"ana@other.example".parse().unwrap()));
    assert_eq!(now.text.as_deref(), Some("Welcome.\nCome in."));
    let session = org.cli();
    let group = session.read().unwrap().setting(Setting::JoinGroup).unwrap();
    assert_eq!(group.value.as_deref(), Some("Sales"));
    let plan = &applied.plan;
    let mut said = plan.changes.iter().map(|it| it.described(&plan.names));
    assert!(said.any(|it| it.after == "Sales"), "{:?}", plan.changes);
    org.apply(Command::Undo {
        batch: applied.batch.unwrap(),
    });
    assert_eq!(page(&org).open_slug(), None);
    assert_eq!(page(&org).slug, None);
    org.assert_chain();
}

#[test]
fn what_makes_no_join_page_is_refused() {
    let org = Org::new(5);
    for (setting, value, why) in [
        (Setting::JoinSlug, "a/b", "not a slug"),
        (Setting::JoinAllow, "http://acme.example", "cannot have"),
        (Setting::JoinGroup, "Nobody's", "group"),
        (Setting::JoinText, "\u{1b}[2J", "control"),
        (Setting::RetentionDays, "1", "not about the join page"),
    ] {
        assert_error(org.plan(agree(&[(setting, value)])), why);
    }
}

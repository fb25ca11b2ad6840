//! The join page: what is agreed about it, and who comes in by it.

use usher_core::command::{Command, Join, PoolEdit};
use usher_core::model::{Actor, Door, Field, JoinPage, Language, Setting, Status, UserId};
use usher_core::plan::Template;
use usher_core::{Applied, Error, OutboxFilter, Result};

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
fn a_join_page_that_is_turned_on_under_a_name_of_its_own_is_undone_whole() {
    let org = Org::new(5);
    let applied = org.apply(agree(&[
        (Setting::JoinPage, "on"),
        (Setting::JoinSlug, "welcome"),
        (Setting::JoinAllow, "acme.example"),
    ]));
    assert_eq!(page(&org).open_slug(), Some("welcome"));
    let undone = org.apply(Command::Undo {
        batch: applied.batch.unwrap(),
    });
    assert_eq!(crate::org::skips(&undone.plan), Vec::<String>::new());
    assert_eq!(page(&org).open_slug(), None);
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

impl Org {
    /// A join page for everybody of acme.example.
    fn opens_its_page(&self) {
        self.apply(agree(&[
            (Setting::JoinPage, "on"),
            (Setting::JoinAllow, "acme.example"),
        ]));
    }

    fn wishes(&self, address: &str) -> Option<UserId> {
        let address = address.parse().unwrap();
        let wished = self.directory.wish_to_join(&address, Language::German);
        wished.unwrap()
    }

    fn joins(&self, wish: UserId, generation: i64) -> Result<Applied> {
        let session = self.directory.as_actor(Actor::Person(wish), Door::Page);
        self.tick(1);
        let join = Command::Join(Join {
            wish,
            generation,
            set: vec![(Field::FirstName, Some("Ana".to_owned()))],
            fields: Vec::new(),
            password: None,
        });
        session.apply(session.request(join), None)
    }
}

#[test]
fn the_link_seats_whoever_wished_to_join_and_the_wish_does_not() {
    let mut org = Org::new(3);
    org.apply(Command::AddGroup {
        name: "Sales".to_owned(),
    });
    org.opens_its_page();
    org.apply(agree(&[(Setting::JoinGroup, "Sales")]));
    let head = |org: &Org| org.cli().read().unwrap().audit_head().unwrap().seq;
    let before = head(&org);
    let wish = org.wishes("Ana@acme.example").unwrap();
    assert_eq!(org.wishes("ana@other.example"), None);
    assert_eq!(head(&org), before, "a wish makes no history");
    assert_error(org.joins(wish, 2), "used, replaced or has expired");
    assert_eq!(org.wishes("ana@ACME.example"), Some(wish));
    org.reopen();
    let joined = org.joins(wish, 1).unwrap();
    assert_eq!(joined.user, Some(wish));
    let session = org.cli();
    let read = session.read().unwrap();
    let ana = read.find_user("ana@acme.example").unwrap();
    assert_eq!(ana.status, Status::Active);
    assert_eq!(ana.profile.email.as_deref(), Some("ana@ACME.example"));
    assert_eq!(read.memberships_of(ana.id).unwrap().len(), 1);
    drop(read);
    assert_error(org.joins(wish, 1), "already");
    org.apply(Command::Undo {
        batch: joined.batch.unwrap(),
    });
    assert_eq!(org.user("ana").status, Status::Deleted);
    org.assert_chain();
}

#[test]
fn whoever_is_known_is_mailed_what_is_of_use_to_them() {
    let org = Org::new(9);
    org.opens_its_page();
    org.invite("ana");
    org.create("bo");
    org.invite("cy");
    org.apply(Command::Cancel { who: org.who("cy") });
    let session = org.cli();
    let invitation = |name: &str| {
        let read = session.read().unwrap();
        read.invitation(org.user(name).id).unwrap().unwrap()
    };
    let mails = |name: &str| {
        let filter = OutboxFilter {
            user: Some(org.user(name).id),
            ..OutboxFilter::default()
        };
        session.read().unwrap().outbox(filter, 10).unwrap().len()
    };
    let before = invitation("ana");
    org.tick(3_600_000);
    assert_eq!(org.wishes("ana@acme.example"), None);
    let after = invitation("ana");
    assert_eq!(mails("ana"), 2, "their invitation anew");
    assert_eq!(
        after.generation, before.generation,
        "a link in hand is ended by nobody who knows an address"
    );
    assert!(after.expires_at > before.expires_at);
    org.tick(40 * 86_400_000);
    assert_eq!(org.wishes("ana@acme.example"), None);
    assert_eq!(invitation("ana").generation, before.generation + 1);
    let link = || {
        let link = session.read().unwrap().password_link(org.user("bo").id);
        link.unwrap().expect("a way to sign in").generation
    };
    assert_eq!(org.wishes("bo@acme.example"), None);
    let first = link();
    org.tick(3_600_000);
    assert_eq!(org.wishes("bo@acme.example"), None);
    assert_eq!((link(), mails("bo")), (first, 2));
    let wish = org.wishes("cy@acme.example").unwrap();
    let joined = org.joins(wish, 1).unwrap();
    assert_eq!(joined.user, Some(org.user("cy").id), "their own record");
    assert_eq!(org.user("cy").status, Status::Active);
}

#[test]
fn who_joined_and_waits_for_a_seat_is_mailed_when_there_is_one() {
    let org = Org::new(1);
    org.opens_its_page();
    let ana = org.wishes("ana@acme.example").unwrap();
    org.joins(ana, 1).unwrap();
    assert_eq!(org.user("ana").status, Status::Queued);
    org.set_pool(
        "access",
        PoolEdit {
            purchased: Some(2),
            ..PoolEdit::default()
        },
    );
    assert_eq!(org.user("ana").status, Status::Active);
    let filter = OutboxFilter {
        user: Some(ana),
        ..OutboxFilter::default()
    };
    let session = org.cli();
    let mails = session.read().unwrap().outbox(filter, 10).unwrap();
    let templates: Vec<Template> = mails.iter().map(|it| it.template).collect();
    assert!(templates.contains(&Template::Promoted), "{templates:?}");
}

#[test]
fn a_link_to_join_ends_with_the_page_with_time_and_with_the_seats() {
    let org = Org::new(2);
    org.opens_its_page();
    let (ana, bo, cy) = (
        org.wishes("ana@acme.example").unwrap(),
        org.wishes("bo@acme.example").unwrap(),
        org.wishes("cy@acme.example").unwrap(),
    );
    org.apply(agree(&[(Setting::JoinAllow, "ana@acme.example")]));
    assert_error(org.joins(bo, 1), "does not let this address in");
    org.apply(agree(&[(Setting::JoinPage, "off")]));
    assert_error(org.joins(ana, 1), "does not let this address in");
    org.opens_its_page();
    org.joins(ana, 1).unwrap();
    org.joins(bo, 1).unwrap();
    assert_eq!(org.user("bo").status, Status::Queued);
    org.at_capacity("access", "refuse");
    assert!(matches!(org.joins(cy, 1), Err(Error::NoSeat(_))));
    org.at_capacity("access", "queue");
    org.tick(72 * 3_600_000);
    assert_error(org.joins(cy, 1), "has expired");
    org.directory.trim_wishes().unwrap();
    let conn = rusqlite::Connection::open(&org.path).unwrap();
    let left = "SELECT (SELECT count(*) FROM wishes) + (SELECT count(*) FROM outbox WHERE template = 'join')";
    let left: i64 = conn.query_row(left, [], |row| row.get(0)).unwrap();
    assert_eq!(left, 0, "nobody's address stays who did not come");
}

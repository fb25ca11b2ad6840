//! Days in queries begin where the organization is, and not at Greenwich.

use usher_core::command::{Command, Edit, FieldEdit};
use usher_core::model::{Field, FieldKind, Setting, Timestamp};
use usher_core::query::{PageFrom, SortBy, UsersPage, parse_with};

use crate::org::{Org, short};
use crate::settings::set;

/// Whom a query finds, typed by whoever owns the file.
fn find(org: &Org, query: &str) -> String {
    let cli = org.cli();
    let read = cli.read().unwrap();
    let page = UsersPage {
        query: parse_with(query, read.now(), &read.vocabulary().unwrap()).unwrap(),
        sort: SortBy::Email,
        descending: false,
        from: PageFrom::Start,
        limit: 100,
    };
    let users = read.users(&page).unwrap();
    let names: Vec<_> = users.iter().map(|it| short(&it.label())).collect();
    names.join(" ")
}

/// Goes to an instant.
fn go_to(org: &Org, instant: &str) {
    let at: Timestamp = instant.parse().unwrap();
    org.clock
        .0
        .store(at.as_millis(), std::sync::atomic::Ordering::SeqCst);
}

#[test]
fn today_and_every_day_begin_in_the_organization_s_time_zone() {
    let org = Org::new(9);
    org.apply(set(Setting::TimeZone, "Pacific/Auckland"));
    // Half past midnight on the 11th of February there; at Greenwich it is still the 10th.
    go_to(&org, "2027-02-10T10:30:00Z");
    org.create("before");
    go_to(&org, "2027-02-10T11:30:00Z");
    org.create("after");
    org.apply(Command::AddField {
        name: "Joined".into(),
        kind: FieldKind::Date,
        set: FieldEdit::default(),
    });
    let dated = |who: &str, day: &str| {
        org.apply(Command::Edit(Edit {
            set: vec![(Field::DeleteOn, Some(day.into()))],
            fields: vec![("Joined".into(), Some(day.into()))],
            ..Edit::of(org.who(who))
        }));
    };
    dated("before", "2027-02-12");
    dated("after", "2027-02-13");
    for (query, found) in [
        ("created:today", "after"),
        ("created:yesterday", "before"),
        ("created:2027-02-10", "before"),
        ("created:2027-02-11", "after"),
        ("created:>=2027-02-11 created:<2027-02-12", "after"),
        ("created:2027-02-10..2027-02-11", "after before"),
        // An instant says its own zone.
        (
            "created:<2027-02-10T11:00:00Z created:>2027-02-01",
            "before",
        ),
        ("delete_on:tomorrow", "before"),
        ("delete_on:<2d", "before"),
        ("delete_on:>1d", "after"),
        ("joined:2027-02-12", "before"),
        ("joined:>=2027-02-13", "after"),
        ("joined:2027-02", "after before"),
    ] {
        assert_eq!(find(&org, query), found, "{query}");
    }
    // Elsewhere it is another day.
    org.apply(set(Setting::TimeZone, "UTC"));
    assert_eq!(find(&org, "created:today"), "after before");
    assert_eq!(find(&org, "joined:2027-02-12"), "before");
}

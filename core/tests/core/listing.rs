//! Lists for identity providers: any place is found however many were deleted before it, and further addresses are found
//! until the person is erased.

use usher_core::Selection;
use usher_core::command::Command;
use usher_core::model::{Field, UserId};
use usher_core::query::{Attribute, Expr, ListFrom, Listing, Order};

use crate::org::{Org, create, newcomer};

fn listed(org: &Org, query: Expr, from: ListFrom, limit: i64) -> (Vec<UserId>, i64) {
    let listing = Listing {
        query,
        order: Order::Creation,
        from,
        limit,
        total: None,
    };
    let listed = org.cli().read().unwrap().list(&listing).unwrap();
    (listed.users.iter().map(|it| it.id).collect(), listed.total)
}

#[test]
fn every_place_is_found_however_many_were_deleted_before_it() {
    let org = Org::new(5_000);
    let names: Vec<String> = (0..3_500).map(|it| format!("p{it}")).collect();
    org.apply(create(&names.join(" ")));
    let everybody = |from, limit| listed(&org, Expr::Everybody, from, limit);
    let all = everybody(ListFrom::Place(1), 10_000).0;
    assert_eq!(all.len(), 3_501);
    let check = || {
        let (shown, total) = everybody(ListFrom::Place(1), 10_000);
        assert_eq!(total, i64::try_from(shown.len()).unwrap());
        let places = (1..).zip(&shown).step_by(37).map(|(place, _)| place);
        for place in places.chain([1, 2, 1_023, 1_024, 1_025, 2_048, 2_049, total, total + 1]) {
            let from = usize::try_from(place).unwrap() - 1;
            let expected: Vec<_> = shown.iter().skip(from).take(3).copied().collect();
            assert_eq!(
                everybody(ListFrom::Place(place), 3).0,
                expected,
                "place {place}"
            );
        }
    };
    check();
    // A whole block, a few of another, every third of a third one.
    let gone = |it: &usize| {
        (1_024..2_048).contains(it) || (40..45).contains(it) || *it > 2_100 && it.is_multiple_of(3)
    };
    let gone: Vec<UserId> = (0..all.len()).filter(gone).map(|it| all[it]).collect();
    let delete = org.apply(Command::Delete {
        who: Selection::Ids(gone.clone()),
    });
    check();
    org.apply(Command::Erase {
        who: Selection::Ids(gone[..50].to_vec()),
    });
    check();
    org.apply(Command::Undo {
        batch: delete.batch.unwrap(),
    });
    check();
    assert_eq!(everybody(ListFrom::Place(1), 10_000).1, 3_501 - 50);
}

#[test]
fn a_further_address_is_found_until_it_is_taken_away_or_the_person_is_erased() {
    let org = Org::new(10);
    let (okta, _) = org.connect("okta", usher_core::model::NewPeople::Active);
    let kept =
        r#"{"emails":[{"value":null,"type":"work"},{"value":"Ana@Home.example","type":"home"}]}"#;
    let mut ana = newcomer("ana", "e1");
    ana.set.push((Field::Kept, Some(kept.to_owned())));
    let ana = org.provision(okta, ana).unwrap().user.unwrap();
    let found = |address: &str| {
        let condition = Expr::Attribute(Box::new(Attribute::Address(address.to_owned())));
        listed(&org, condition, ListFrom::Place(1), 10).0
    };
    assert_eq!(found("ana@home.example"), [ana]);
    assert_eq!(found("ANA@acme.example"), [ana]);
    assert_eq!(found("bo@home.example"), []);
    org.apply(Command::Delete { who: ana.into() });
    assert_eq!(found("ana@home.example"), []);
    org.apply(Command::Erase { who: ana.into() });
    drop(org.cli());
    let bytes = std::fs::read(&org.path).unwrap();
    let has = |needle: &[u8]| bytes.windows(needle.len()).any(|it| it == needle);
    assert!(!has(b"home.example") && !has(b"Home.example"));
}

//! What files ask of pools: everybody counts who would come, whomever they report to.

use usher_core::command::{Command, Import, WhenFull};
use usher_core::import::{Does, Mode};
use usher_core::model::Status;

use super::{door, faults, import, plan};
use crate::org::Org;

/// Everybody of it reports to somebody above.
fn tree(people: usize) -> String {
    let mut text = "email|manager\np0@acme.example|\n".to_owned();
    for i in 1..people {
        text += &format!("p{i}@acme.example|p{}@acme.example\n", i / 2);
    }
    text
}

#[test]
fn everybody_of_a_file_counts_who_asks_for_a_seat_also_whose_manager_gets_none() {
    let org = Org::new(5);
    let file = import(&tree(20), Mode::Both);
    let asked = plan(&org, file.clone());
    assert_eq!(
        asked.shortfalls[0].to_string(),
        "access has 4 free of 5 purchased (1 held), and 20 are needed; purchase 16 more, free some by deactivating people, \
         or queue"
    );
    let partial = Import {
        partial: true,
        ..file.clone()
    };
    let found = plan(&org, partial).review.unwrap();
    let found = faults(&found);
    assert_eq!(found.len(), 16);
    assert_eq!(found[0], "6: no free seat in access");
    assert_eq!(
        found[4],
        "B10: no free seat in access for the manager, who is of this file too"
    );
    // Whoever chose so leaves them out.
    let session = door(&org);
    let mut request = session.request(Command::Import(file.clone()));
    request.when_full = WhenFull::Fewer;
    let applied = session.apply(request, None).unwrap();
    let review = applied.plan.review.unwrap();
    assert_eq!(faults(&review), [""; 0]);
    assert_eq!(
        (review.count(Does::Invite), review.count(Does::Nothing)),
        (4, 16)
    );
    assert_eq!(org.user("p3").status, Status::Waiting);
}

#[test]
fn who_reports_to_somebody_with_something_wrong_asks_for_a_seat_once_that_is_mended() {
    let org = Org::new(5);
    let text = tree(20).replacen("p1@acme.example|p0@", "p1@acme.example|nobody@", 1);
    let found = plan(&org, import(&text, Mode::Both));
    let review = found.review.unwrap();
    assert_eq!(review.count(Does::Wrong), 19);
    assert_eq!(review.count(Does::Invite) + review.wrong_arrivals, 20);
}

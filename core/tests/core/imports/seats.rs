//! What files ask of pools: everybody counts who would come, whomever they report to.

use usher_core::command::{Command, Import, WhenFull};
use usher_core::import::{Does, Mode, write_error_copy};
use usher_core::model::Status;

use super::{apply, door, faults, import, plan, review};
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
        (review.count(Does::Invite), review.count(Does::LeftOut)),
        (4, 16)
    );
    let imported = org
        .cli()
        .read()
        .unwrap()
        .imports(None, 1)
        .unwrap()
        .remove(0);
    let terms = imported.terms;
    assert_eq!(
        (terms.arrived, terms.left_out, terms.unchanged, terms.wrong),
        (4, 16, 0, 0)
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

#[test]
fn what_a_file_frees_is_there_for_those_who_come_by_it_in_whichever_order_its_rows_stand() {
    for leavers in [1, 40, 1_200] {
        let org = Org::new(leavers + 2);
        let names: Vec<String> = (0..leavers).map(|it| format!("old{it}")).collect();
        org.create(&names.join(" "));
        let new = "email|status\n".to_owned();
        let come: String = (0..=leavers)
            .map(|it| format!("new{it}@acme.example|\n"))
            .collect();
        let go: String = names
            .iter()
            .map(|it| format!("{it}@acme.example|inactive\n"))
            .collect();
        for text in [format!("{new}{come}{go}"), format!("{new}{go}{come}")] {
            let file = import(&text, Mode::Both);
            let found = plan(&org, file.clone());
            assert_eq!(found.shortfalls, [], "{leavers}");
            let batch = apply(&org, file).unwrap().batch.unwrap();
            assert_eq!(org.seats("access").0, leavers + 2);
            assert_eq!(org.user("old0").status, Status::Inactive);
            org.apply(Command::Undo { batch });
            assert_eq!(org.seats("access").0, leavers + 1);
            assert_eq!(org.user("old0").status, Status::Active);
            // One more than fits is told with what is free by then.
            let more = format!("{text}one.more@acme.example|\n");
            let short = plan(&org, import(&more, Mode::Both)).shortfalls;
            let (free, held) = (leavers + 1, 1);
            assert_eq!(
                short[0].to_string(),
                format!(
                    "access has {free} free of {} purchased ({held} held), and {} are needed; purchase 1 more, free some by \
                     deactivating people, or queue",
                    leavers + 2,
                    leavers + 2
                )
            );
        }
    }
}

#[test]
fn what_a_file_frees_goes_to_those_who_waited_before_it() {
    let org = Org::new(3);
    org.create("ana bo");
    let session = door(&org);
    let mut queued = session.request(Command::Import(import(
        "email\ncy@acme.example",
        Mode::Invite,
    )));
    queued.when_full = WhenFull::QueueRest;
    session.apply(queued, None).unwrap();
    assert_eq!(org.user("cy").status, Status::Queued);
    let swap = import(
        "email|status\nana@acme.example|inactive\ndan@acme.example|",
        Mode::Both,
    );
    let short = plan(&org, swap).shortfalls;
    assert_eq!((short[0].free, short[0].asked, short[0].missing), (0, 1, 1));
    let two =
        "email|status\nana@acme.example|inactive\nbo@acme.example|inactive\ndan@acme.example|";
    apply(&org, import(two, Mode::Both)).unwrap();
    assert_eq!(org.user("cy").status, Status::Waiting);
    assert_eq!(org.user("dan").status, Status::Waiting);
}

#[test]
fn a_license_that_a_file_takes_back_is_there_for_others_of_it() {
    let org = Org::new(9);
    org.add_pool("pro", 1);
    org.create("ana bo");
    org.apply(Command::Grant {
        who: org.who("ana"),
        pool: "pro".parse().unwrap(),
        until: None,
    });
    let text = "email|licenses\nbo@acme.example|pro\nana@acme.example|(clear)";
    assert_eq!(faults(&review(&org, import(text, Mode::Both))), [""; 0]);
    apply(&org, import(text, Mode::Both)).unwrap();
    assert_eq!(org.seats("pro").0, 1);
}

#[test]
fn who_waits_for_a_seat_and_who_found_none_are_counted_apart() {
    for (when_full, partial, expected) in [
        (WhenFull::QueueRest, false, [6, 3, 0, 0]),
        (WhenFull::Fewer, false, [3, 0, 3, 0]),
        (WhenFull::Ask, true, [3, 0, 3, 1]),
    ] {
        let org = Org::new(4);
        let wrong = if partial { "\nno address" } else { "" };
        let text = format!(
            "email\n{}{wrong}",
            (0..6)
                .map(|it| format!("p{it}@acme.example\n"))
                .collect::<String>()
        );
        let mut several = (*super::sheet(&text)).clone();
        several.about.sheet = Some("Berlin".into());
        several.about.others = vec!["Paris".into()];
        let file = Import {
            partial,
            file: Some("people.xlsx".into()),
            ..Import::of(std::sync::Arc::new(several), Mode::Both)
        };
        let session = door(&org);
        let mut request = session.request(Command::Import(file));
        request.when_full = when_full;
        let applied = session.apply(request, None).unwrap();
        let review = applied.plan.review.unwrap();
        let terms = org
            .cli()
            .read()
            .unwrap()
            .imports(None, 1)
            .unwrap()
            .remove(0)
            .terms;
        let counts = [terms.arrived, terms.queued, terms.left_out, terms.wrong];
        assert_eq!(counts, expected, "{when_full:?}");
        assert_eq!(review.count(Does::Queue), terms.queued);
        assert_eq!(terms.unchanged, 0);
        assert_eq!(terms.named().as_deref(), Some("people.xlsx, Berlin"));
        if partial {
            let folder = tempfile::tempdir().unwrap();
            let rows = write_error_copy(&review, &folder.path().join("rest.xlsx"), false).unwrap();
            assert_eq!(rows, 4);
        }
    }
}

//! What files ask of pools: everybody counts who would come, whomever they report to.

use usher_core::command::{Command, Import, PoolEdit, WhenFull};
use usher_core::import::{Does, Mode, write_error_copy};
use usher_core::model::{CountsFrom, Status};

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
        (4, Some(16), 0, 0)
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
            let (free, all) = (leavers + 1, leavers + 2);
            let back = match leavers {
                1 => "1 is".to_owned(),
                many => format!("{many} are"),
            };
            assert_eq!(
                short[0].to_string(),
                format!(
                    "access has {free} free of {all} purchased (1 held once {back} given back), and {all} are needed; purchase \
                     1 more, free some by deactivating people, or queue"
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
    assert_eq!(
        short[0].to_string(),
        "access has 0 free of 3 purchased (2 held once 1 is given back, 1 for who waited before), and 1 is needed; purchase 1 \
         more, free some by deactivating people, or queue"
    );
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
        let (queued, left_out) = (terms.queued.unwrap(), terms.left_out.unwrap());
        let counts = [terms.arrived, queued, left_out, terms.wrong];
        assert_eq!(counts, expected, "{when_full:?}");
        assert_eq!(review.count(Does::Queue), queued);
        assert_eq!(terms.unchanged, 0);
        assert_eq!(terms.named().as_deref(), Some("people.xlsx, Berlin"));
        if partial {
            let folder = tempfile::tempdir().unwrap();
            let rows = write_error_copy(&review, &folder.path().join("rest.xlsx"), false).unwrap();
            assert_eq!(rows, 4);
        }
    }
}

#[test]
fn a_seat_that_a_wrong_row_will_give_back_is_told_with_what_lacks() {
    let org = Org::new(3);
    org.create("ana bo");
    let rows = "email|status|deactivate on\nana@acme.example|inactive|31.31.2031\nbo@acme.example||31.31.2031\n";
    let text = format!("{rows}cy@acme.example||\nrest@acme.example|deleted|");
    let found = plan(&org, import(&text, Mode::Both));
    assert_eq!(
        found.shortfalls[0].to_string(),
        "access has 0 free of 3 purchased (3 held), and 1 is needed; purchase 1 more, free some by deactivating people, or queue"
    );
    let review = found.review.unwrap();
    assert_eq!((review.wrong_arrivals, review.wrong_leavers), (1, 1));
    // Whoever holds none gives none back.
    org.deactivate("ana");
    let text = "email|status|deactivate on\nana@acme.example|deleted|31.31.2031";
    assert_eq!(review_of(&org, text).wrong_leavers, 0);
}

fn review_of(org: &Org, text: &str) -> usher_core::import::Review {
    review(org, import(text, Mode::Both))
}

#[test]
fn whoever_is_seated_again_by_a_row_gets_the_licenses_that_it_names() {
    let org = Org::new(9);
    org.add_pool("pro", 1);
    org.create("ana bo cy");
    org.deactivate("ana bo");
    let text = "email|status|licenses\nana@acme.example|active|pro";
    let file = import(text, Mode::Both);
    assert_eq!(faults(&review(&org, file.clone())), [""; 0]);
    let applied = apply(&org, file).unwrap();
    assert_eq!(org.user("ana").status, Status::Active);
    assert_eq!(org.seats("pro").0, 1);
    // What they had and comes back with them is not given twice.
    let consumed = Command::Deactivate {
        who: org.who("ana"),
    };
    let away = org.apply(consumed);
    org.undo(&away);
    assert_eq!(org.seats("pro").0, 1);
    org.undo(&applied);
    assert_eq!((org.seats("access").0, org.seats("pro").0), (2, 0));
}

#[test]
fn a_row_that_fails_late_holds_no_seat_that_others_could_have() {
    let org = Org::new(3);
    org.add_pool("pro", 0);
    org.create("ana bo");
    org.deactivate("ana");
    let text = "email|status|licenses\nana@acme.example|active|pro\nbo@acme.example|inactive|pro\n";
    let found = plan(&org, import(text, Mode::Both));
    let told = faults(found.review.as_ref().unwrap());
    assert_eq!(told, ["C2: no free seat in pro"]);
    let access = &found.effects.pools[0];
    assert_eq!((access.held_before, access.held_after), (2, 1));
    // One seat is free, and one comes back: both are for who is new behind her.
    let text = "email|status|licenses|manager\nana@acme.example|active|pro|\ncy@acme.example|||ana@acme.example\n\
        dan@acme.example|||";
    let partial = Import {
        partial: true,
        ..import(text, Mode::Both)
    };
    let found = plan(&org, partial);
    let review = found.review.unwrap();
    assert_eq!(
        faults(&review),
        [
            "C2: no free seat in pro",
            "D3: no free seat in pro for the manager, who is of this file too",
        ]
    );
    assert_eq!(review.count(Does::Invite), 1);
    let access = &found.effects.pools[0];
    assert_eq!((access.held_before, access.held_after), (2, 3));
}

#[test]
fn whoever_left_while_they_waited_to_be_in_at_once_gets_the_licenses_of_who_is_in() {
    let org = Org::new(1);
    org.add_pool("pro", 1);
    org.set_pool(
        "pro",
        PoolEdit {
            counts_from: Some(CountsFrom::Activation),
            ..PoolEdit::default()
        },
    );
    let session = org.cli();
    let mut queued = session.request(crate::org::create("ana"));
    queued.when_full = WhenFull::QueueRest;
    session.apply(queued, None).unwrap();
    assert_eq!(org.user("ana").status, Status::Queued);
    org.deactivate("ana");
    org.set_pool(
        "access",
        PoolEdit {
            purchased: Some(5),
            ..PoolEdit::default()
        },
    );
    let text = "email|status|licenses\nana@acme.example|waiting|pro";
    apply(&org, import(text, Mode::Both)).unwrap();
    assert_eq!(org.user("ana").status, Status::Active);
    assert_eq!(org.seats("pro").0, 1);
}

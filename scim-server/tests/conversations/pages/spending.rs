//! A link is spent once, by whoever is first, and never by looking at it.

use std::sync::Barrier;

use usher_core::model::Status;

use super::{House, filled};

#[test]
fn looking_changes_nothing() {
    let house = House::with_seats(3);
    house.invite("ana@acme.example", &[]);
    house.accept(&house.link("ana@acme.example"));
    house.invite("bo@acme.example", &[]);
    let path = house.link("bo@acme.example");
    let head = house.org.directory.as_actor(
        usher_core::model::Actor::FileOwner,
        usher_core::model::Door::Cli,
    );
    let state = || {
        let read = head.read().expect("a reader");
        let bo = read.find_user("bo@acme.example").expect("the person");
        let invitation = read.invitation(bo.id).expect("a reader");
        (read.audit_head().expect("a head").seq, bo, invitation)
    };
    let before = format!("{:?}", state());
    let scanner = "User-Agent: Mozilla/5.0 (safelinks)\r\nPurpose: prefetch\r\n";
    for round in 0..300 {
        let method = ["GET", "HEAD"][round % 2];
        let looked = house.org.raw(method, &path, scanner, b"");
        assert_eq!(looked.status, 200);
        assert_eq!(looked.text.is_empty(), method == "HEAD");
    }
    for method in ["OPTIONS", "PUT", "DELETE", "PATCH"] {
        assert_eq!(house.org.raw(method, &path, scanner, b"").status, 405);
    }
    assert_eq!(format!("{:?}", state()), before);
    let done = house.accept(&path);
    assert_eq!(done.status, 200, "{}", done.text);
}

#[test]
fn of_many_who_spend_one_link_at_once_exactly_one_wins() {
    const ROUNDS: usize = 12;
    const AT_ONCE: usize = 8;
    let house = House::with_seats(ROUNDS as i64 + 1);
    house.set(usher_core::model::Setting::SingleSignOn, "on");
    for round in 0..ROUNDS {
        let address = format!("p{round}@acme.example");
        house.invite(&address, &[]);
        let path = house.link(&address);
        let form = house.begin(&path);
        let start = Barrier::new(AT_ONCE);
        let wins = std::thread::scope(|scope| {
            let tries: Vec<_> = (0..AT_ONCE)
                .map(|_| {
                    scope.spawn(|| {
                        start.wait();
                        house.send(&path, &form, &filled())
                    })
                })
                .collect();
            let pages = tries.into_iter().map(|it| it.join().expect("an answer"));
            pages
                .filter(|it| {
                    assert_eq!(it.status, 200, "{}", it.text);
                    it.text.contains("<h1>You are in</h1>")
                })
                .count()
        });
        assert_eq!(wins, 1, "round {round}");
        assert_eq!(house.status(&address), Status::Active);
    }
}

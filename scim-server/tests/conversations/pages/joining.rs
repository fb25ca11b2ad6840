//! The join page: whoever types an address hears the same; the mailed link seats them.

use std::time::{Duration, Instant};

use usher_core::command::Command;
use usher_core::link::{Link, LinkKind};
use usher_core::model::{Language, Setting, Status};

use super::{House, filled};
use crate::org::Reply;

impl House {
    fn agree(&self, set: &[(Setting, &str)]) {
        let set = set
            .iter()
            .map(|(it, value)| (*it, Some((*value).to_owned())));
        self.org.admin(Command::SetJoinPage { set: set.collect() });
    }

    fn opens_its_page(&self) {
        self.agree(&[
            (Setting::JoinPage, "on"),
            (Setting::JoinAllow, "acme.example"),
            (Setting::JoinText, "For <everybody> here."),
        ]);
    }

    fn asks(&self, address: &str) -> Reply {
        let page = self.get("/join/acme");
        assert_eq!(page.status, 200, "{}", page.text);
        self.send("/join/acme", &page, &[("address", address)])
    }

    /// The path of the link that is mailed to somebody who asks.
    fn join_link(&self, address: &str) -> String {
        let address = address.parse().expect("an address");
        let wished = self.org.directory.wish_to_join(&address, Language::English);
        let user = wished.expect("the writer").expect("a wish");
        let link = Link {
            kind: LinkKind::Join,
            user,
            generation: 1,
        };
        let token = self.org.directory.link_token(&link).expect("a token");
        format!("/join/acme/{token}")
    }
}

#[test]
fn every_address_hears_the_same() {
    let house = House::with_seats(5);
    assert_eq!(house.get("/join/acme").status, 404, "off until turned on");
    house.opens_its_page();
    house.invite("known@acme.example", &[]);
    let page = house.get("/join/acme");
    assert!(page.text.contains("For &lt;everybody&gt; here."));
    assert_eq!(house.get("/join/other").status, 404);
    let bad = house.asks("nobody");
    assert_eq!(bad.status, 422, "{}", bad.text);
    let said = |address: &str| {
        let reply = house.asks(address);
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.text.replace(address, "X")
    };
    let first = said("new@acme.example");
    for address in [
        "known@acme.example",
        "stranger@other.example",
        "owner@acme.example",
    ] {
        assert_eq!(said(address), first, "{address}");
    }
    let events = house.org.events();
    let until = Instant::now() + Duration::from_secs(10);
    // Of the four, one gets a link to join, one their invitation anew, one a way to sign in, and one nothing.
    while house.password_link("owner@acme.example").is_none() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(house.password_link("owner@acme.example").is_some());
    assert!(house.org.events() >= events);
    let head = "Content-Type: application/x-www-form-urlencoded\r\nSec-Fetch-Site: cross-site\r\n";
    let foreign = house
        .org
        .raw("POST", "/join/acme", head, b"address=a%40acme.example");
    assert_eq!(foreign.status, 403, "{}", foreign.text);
}

#[test]
fn the_mailed_link_seats_a_joiner_once() {
    let house = House::with_seats(1);
    house.opens_its_page();
    let (ana, bo) = (
        house.join_link("ana@acme.example"),
        house.join_link("bo@acme.example"),
    );
    let events = house.org.events();
    for _ in 0..20 {
        assert_eq!(house.get(&ana).status, 200);
    }
    assert_eq!(house.org.events(), events, "looking changes nothing");
    let form = house.get(&ana);
    assert!(form.text.contains("value=\"ana@acme.example\""));
    let without = house.send(&ana, &form, &[("password", ""), ("first", "")]);
    assert_eq!(without.status, 422, "{}", without.text);
    let joined = house.send(&ana, &form, &filled());
    assert_eq!(joined.status, 200, "{}", joined.text);
    assert!(joined.text.contains("Welcome to Acme, Ana."));
    let user = house.user("ana@acme.example");
    assert_eq!(user.status, Status::Active);
    assert_eq!(user.profile.functional_area.as_deref(), Some("Sales"));
    let again = house.send(&ana, &form, &filled());
    assert!(again.text.contains("known already"), "{}", again.text);
    let later = house.get(&ana);
    assert_eq!(later.status, 200, "{}", later.text);
    assert!(later.text.contains("known already"), "{}", later.text);
    let form = house.get(&bo);
    let queued = house.send(&bo, &form, &filled());
    assert!(queued.text.contains("is number 1."), "{}", queued.text);
    assert!(house.get(&bo).text.contains("is number 1."));
    assert_eq!(house.status("bo@acme.example"), Status::Queued);
}

#[test]
fn whoever_types_the_servers_name_sees_a_page_and_a_program_what_it_lacks() {
    let house = House::with_seats(5);
    let typed = house.org.raw("GET", "/", "Accept: text/html,*/*\r\n", b"");
    assert_eq!(typed.status, 404);
    assert!(typed.text.contains("<!DOCTYPE html>"), "{}", typed.text);
    let program = house.org.raw("GET", "/", "Accept: */*\r\n", b"");
    assert_eq!(program.status, 401);
    assert!(program.text.starts_with('{'), "{}", program.text);
}

#[test]
fn whoever_is_invited_meanwhile_is_told_so() {
    let house = House::with_seats(5);
    house.opens_its_page();
    let path = house.join_link("ana@acme.example");
    house.invite("ana@acme.example", &[]);
    let page = house.get(&path);
    assert_eq!(page.status, 200);
    assert!(page.text.contains("Acme has invited you"), "{}", page.text);
    assert!(!page.text.contains("an account"), "{}", page.text);
}

#[test]
fn a_link_to_join_is_dead_when_it_is_old_or_the_page_is_closed() {
    let house = House::with_seats(5);
    house.opens_its_page();
    let path = house.join_link("ana@acme.example");
    let form = house.get(&path);
    // It works under the page's older name, too, as whoever holds it has it in a mail.
    house.agree(&[(Setting::JoinSlug, "people")]);
    assert_eq!(house.get(&path).status, 200);
    assert_eq!(house.get("/join/acme").status, 404);
    house.agree(&[(Setting::JoinSlug, "acme")]);
    house.agree(&[(Setting::JoinAllow, "other.example")]);
    let shut = house.send(&path, &form, &filled());
    assert_eq!(shut.status, 410, "{}", shut.text);
    assert!(shut.text.contains("href=\"/join/acme\""), "{}", shut.text);
    house.agree(&[(Setting::JoinPage, "off")]);
    assert_eq!(house.get(&path).status, 404);
    house.opens_its_page();
    assert_eq!(house.get(&path).status, 200);
    house.pass_days(4);
    assert_eq!(house.get(&path).status, 410);
    assert_eq!(house.get("/join/acme/abc").status, 410);
}

//! Forms: what is asked, what is refused, and from where.

use std::time::{Duration, Instant};

use usher_core::command::{Command, Create, Edit, FieldEdit, NewPerson};
use usher_core::import::{Table, review_individuals};
use usher_core::model::{Actor, Door, Field, FieldKind, Setting, Status, VisibleTo};
use usher_core::{Selection, SignIn, Source};

use super::{ANA, GOOD, House, filled};
use crate::org::Reply;

impl House {
    fn signs_in(&self, who: &str, password: &str) -> bool {
        let source = Source::Peer([198, 51, 100, 7].into());
        let came = self.org.directory.sign_in(who, password, source);
        matches!(came, Ok(SignIn::In(_)))
    }

    fn import_account(&self) {
        let table = "email,first_name,training,state\nana@acme.example,Ana,Intro,completed\n";
        let table = Table::read(table.as_bytes()).expect("a table");
        let accounts = review_individuals(&table).expect("accounts").accounts;
        self.org.admin(Command::ImportIndividuals { accounts });
    }

    fn assignments(&self, who: &str) -> usize {
        let session = self.org.directory.as_actor(Actor::FileOwner, Door::Cli);
        let read = session.read().expect("a reader");
        let assigned = read.assignments_of(self.user(who).id).expect("a reader");
        assigned.len()
    }
}

/// Which fields a page says are wrong.
fn wrong(page: &Reply) -> Vec<&str> {
    let Some((_, rest)) = page.text.split_once("role=\"alert\"") else {
        return Vec::new();
    };
    let list = rest.split_once("</ul>").map_or("", |it| it.0);
    let links = list.split("href=\"#").skip(1);
    links.filter_map(|it| Some(it.split_once('"')?.0)).collect()
}

#[test]
fn what_is_wrong_is_said_with_the_way_to_its_field() {
    let house = House::with_seats(3);
    house.invite(ANA, &[]);
    let path = house.link(ANA);
    let form = house.begin(&path);
    let with = |changed: &[(&'static str, &'static str)]| {
        let mut fields = filled();
        fields.retain(|it| changed.iter().all(|other| other.0 != it.0));
        fields.extend_from_slice(changed);
        house.send(&path, &form, &fields)
    };
    for (changed, fields) in [
        (&[("first", " "), ("last", "")][..], &["first", "last"][..]),
        (&[("first", "A\u{202e}na")], &["first"]),
        (&[("password", "short"), ("repeat", "short")], &["password"]),
        (
            &[("password", "Password123!"), ("repeat", "Password123!")],
            &["password"],
        ),
        (&[("password", "ana@acme.example")], &["password"]),
        (&[("repeat", "grape tunnel orbit fudges")], &["repeat"]),
        (&[("password", "")], &["password"]),
    ] {
        let page = with(changed);
        assert_eq!(page.status, 422, "{}", page.text);
        assert_eq!(wrong(&page), fields, "{}", page.text);
        for field in fields {
            let input = page.text.split(&format!("id=\"{field}\"")).nth(1);
            let input = input
                .and_then(|it| it.split_once('>'))
                .map_or("", |it| it.0);
            assert!(input.contains("aria-invalid=\"true\""), "{field} {input}");
            assert!(input.contains(&format!("{field}-wrong")), "{field} {input}");
        }
        assert!(!page.text.contains(GOOD), "a password never comes back");
        assert_eq!(house.status(ANA), Status::Waiting);
    }
    let page = with(&[("first", "<script>alert(1)</script>"), ("last", "")]);
    assert!(
        page.text.contains("value=\"&lt;script&gt;"),
        "{}",
        page.text
    );
    assert!(!page.text.contains("<script"), "{}", page.text);
    assert_eq!(with(&[]).status, 200);
    assert!(house.signs_in(ANA, GOOD));
}

#[test]
fn an_account_of_ones_own_comes_along_or_stays() {
    for (choice, assignments) in [("transfer", 1), ("fresh", 0)] {
        let house = House::with_seats(3);
        house.org.admin(Command::AddTraining {
            name: "Intro".to_owned(),
            kind: usher_core::model::TrainingKind::Course,
            pool: None,
            held_on: None,
        });
        house.import_account();
        house.invite(ANA, &[]);
        assert_eq!(house.status(ANA), Status::PendingTransfer);
        let path = house.link(ANA);
        assert!(house.get(&path).text.contains("an account of your own"));
        let form = house.begin(&path);
        assert!(form.text.contains("Intro (completed)"), "{}", form.text);
        assert!(form.text.contains("value=\"Ana\""), "the account's name");
        let without = house.send(&path, &form, &filled());
        assert_eq!(wrong(&without), ["transfer"]);
        let mut fields = filled();
        fields.push(("records", choice));
        let done = house.send(&path, &form, &fields);
        assert_eq!(done.status, 200, "{}", done.text);
        assert_eq!(house.assignments(ANA), assignments, "{choice}");
    }
}

#[test]
fn under_single_sign_on_nobody_chooses_a_password() {
    let house = House::with_seats(3);
    house.set(Setting::SingleSignOn, "on");
    house.set(Setting::RequiredOnInvite, "email,title");
    house.set(Setting::SignInUrl, "https://academy.acme.example/in");
    house.invite(ANA, &[(Field::Title, "Chief")]);
    house.set(Setting::RequiredOnInvite, "email,title,region");
    let path = house.link(ANA);
    let form = house.begin(&path);
    assert!(!form.text.contains("password\""), "{}", form.text);
    assert!(!form.text.contains("Chief") && form.text.contains("id=\"region\""));
    let fields = [("first", "Ana"), ("last", "Li"), ("region", "North")];
    let done = house.send(&path, &form, &fields);
    assert_eq!(done.status, 200, "{}", done.text);
    assert!(
        done.text
            .contains("href=\"https://academy.acme.example/in\"")
    );
    let user = house.user(ANA);
    assert_eq!(user.profile.region.as_deref(), Some("North"));
    assert_eq!(user.profile.title.as_deref(), Some("Chief"));
    let forgot = house.get("/password");
    assert!(forgot.text.contains("There is no password"));
}

#[test]
fn a_form_is_taken_from_our_own_page_only() {
    let house = House::with_seats(3);
    house.invite(ANA, &[]);
    let path = house.link(ANA);
    let form = house.begin(&path);
    for headers in [
        "Sec-Fetch-Site: cross-site\r\n",
        "Sec-Fetch-Site: same-site\r\n",
        "Origin: https://evil.example\r\n",
    ] {
        let foreign = house.send_from(&path, &form, &filled(), headers);
        assert_eq!(foreign.status, 403, "{}", foreign.text);
    }
    let other = house.get("/password");
    for (page, token) in [(&form, "abc"), (&form, ""), (&other, "")] {
        let mut fields = filled();
        fields.push(("step", "accept"));
        if page.text == form.text {
            fields.push(("form", token));
        }
        let stale = house.send(&path, page, &fields);
        assert_eq!(stale.status, 400, "{}", stale.text);
        assert!(stale.text.contains("open for too long"));
    }
    let json = "Content-Type: application/json\r\n";
    assert_eq!(house.org.raw("POST", &path, json, b"{}").status, 400);
    let large = vec![b'a'; 20_000];
    let kind = "Content-Type: application/x-www-form-urlencoded\r\n";
    assert_eq!(house.org.raw("POST", &path, kind, &large).status, 413);
    assert_eq!(house.org.raw("DELETE", &path, "", b"").status, 405);
    assert_eq!(house.status(ANA), Status::Waiting);
    house.pass_days(1);
    let old = house.send(&path, &form, &filled());
    assert_eq!(old.status, 400, "a page of yesterday: {}", old.text);
    let page = house.get(&path);
    for (name, value) in [
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("content-type", "text/html; charset=utf-8"),
    ] {
        assert_eq!(page.header(name), Some(value), "{name}");
    }
    let policy = page.header("content-security-policy").unwrap_or_default();
    for part in [
        "default-src 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!page.text.contains("style=\"") && !page.text.contains("<style"));
    assert_eq!(house.get("/pages/style.css").status, 200);
    assert_eq!(house.get("/pages/logo").status, 404);
}

#[test]
fn who_forgets_a_password_gets_a_link_and_nobody_else_learns_who_that_is() {
    let house = House::with_seats(3);
    house.invite(ANA, &[]);
    house.accept(&house.link(ANA));
    let ask = |address: &str| {
        let page = house.get("/password");
        house.send("/password", &page, &[("address", address)])
    };
    assert_eq!(wrong(&ask("no address")), ["address"]);
    let events = house.org.events();
    let unknown = ask("bob@acme.example");
    let known = ask(ANA);
    assert_eq!(known.status, 200, "{}", known.text);
    assert_eq!(
        known.text.replace(ANA, "X"),
        unknown.text.replace("bob@acme.example", "X")
    );
    let until = Instant::now() + Duration::from_secs(10);
    while house.password_link(ANA).is_none() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(20));
    }
    let path = house.password_link(ANA).expect("a link was made");
    assert!(house.org.events() > events);
    let form = house.get(&path);
    assert_eq!(form.status, 200, "{}", form.text);
    let other = "seven quiet lamps hum";
    let weak = house.send(&path, &form, &[("password", "short"), ("repeat", "short")]);
    assert_eq!(wrong(&weak), ["password"]);
    let chosen = house.send(&path, &form, &[("password", other), ("repeat", other)]);
    assert_eq!(chosen.status, 200, "{}", chosen.text);
    assert!(house.signs_in(ANA, other) && !house.signs_in(ANA, GOOD));
    let dead = house.get(&path);
    assert_eq!(dead.status, 410, "{}", dead.text);
    assert!(dead.text.contains("href=\"/password\""));
    // Known and unknown are counted alike.
    for address in [ANA, "bob@acme.example"] {
        let statuses: Vec<u16> = (0..3).map(|_| ask(address).status).collect();
        assert_eq!(statuses, [200, 200, 429], "{address}");
    }
}

/// The answer is given before anything is looked up, so it takes as long for an address that somebody has. A machine on which
/// much else runs is allowed for: a look-up, a write and its sync would be many times this.
#[test]
fn a_known_address_is_answered_as_soon_as_one_that_nobody_has() {
    const EACH: usize = 20;
    let house = House::with_seats(30);
    let named = |who: &str, i: usize| format!("{who}{i}@acme.example");
    let person = |i| {
        let mut person = NewPerson::default();
        person.profile.set(Field::Email, Some(named("known", i)));
        person
    };
    house.org.admin(Command::Create(Create {
        people: (0..EACH).map(person).collect(),
        groups: Vec::new(),
        pools: Vec::new(),
        mail: false,
    }));
    let page = house.get("/password");
    let took = |address: String| {
        let begun = Instant::now();
        let answer = house.send("/password", &page, &[("address", &address)]);
        assert_eq!(answer.status, 200, "{}", answer.text);
        begun.elapsed()
    };
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for i in 0..EACH {
        known.push(took(named("known", i)));
        unknown.push(took(named("nobody", i)));
    }
    known.sort_unstable();
    unknown.sort_unstable();
    let ratio = known[EACH / 2].as_secs_f64() / unknown[EACH / 2].as_secs_f64();
    assert!(
        (0.33..3.0).contains(&ratio),
        "{ratio}: {known:?} {unknown:?}"
    );
    // Those who may have one are mailed a link all the same.
    let until = Instant::now() + Duration::from_secs(20);
    while house.password_link(&named("known", EACH - 1)).is_none() {
        assert!(Instant::now() < until, "nobody is mailed");
        std::thread::sleep(Duration::from_millis(20));
    }
}

impl House {
    fn field(&self, name: &str, kind: FieldKind, visible: VisibleTo, values: &[&str]) {
        self.org.admin(Command::AddField {
            name: name.to_owned(),
            kind,
            set: FieldEdit {
                visible_to: Some(visible),
                add_values: values.iter().map(|it| (*it).to_owned()).collect(),
                ..FieldEdit::default()
            },
        });
    }

    fn require(&self, name: &str) {
        self.org.admin(Command::SetField {
            name: name.to_owned(),
            set: FieldEdit {
                required: Some(true),
                ..FieldEdit::default()
            },
        });
    }

    fn own_fields(&self, who: &str) -> Vec<(String, String)> {
        let session = self.org.directory.as_actor(Actor::FileOwner, Door::Cli);
        let read = session.read().expect("a reader");
        let id = self.user(who).id;
        let mut all = read.fields_of(&[id]).expect("a reader");
        all.remove(&id).unwrap_or_default()
    }
}

#[test]
fn fields_of_the_organizations_own_that_everybody_must_have_are_asked_for_when_they_are_not_known()
{
    let house = House::with_seats(3);
    let (everybody, administrators) = (VisibleTo::Everybody, VisibleTo::Administrators);
    house.field("Badge", FieldKind::Text, everybody, &[]);
    house.field("Shirt", FieldKind::Choice, everybody, &["Small", "<Large>"]);
    house.field("Born", FieldKind::Date, everybody, &[]);
    house.field("Grade", FieldKind::Text, administrators, &[]);
    house.field("Hobby", FieldKind::Text, everybody, &[]);
    house.invite(ANA, &[]);
    for name in ["Badge", "Shirt", "Born", "Grade"] {
        house.require(name);
    }
    house.org.admin(Command::Edit(Edit {
        fields: vec![("Badge".to_owned(), Some("0042".to_owned()))],
        ..Edit::of(Selection::Ids(vec![house.user(ANA).id]))
    }));
    let path = house.link(ANA);
    let form = house.begin(&path);
    for (name, is_asked) in [
        ("Shirt", true),
        ("Born", true),
        ("Badge", false),
        ("Grade", false),
        ("Hobby", false),
    ] {
        assert_eq!(form.text.contains(name), is_asked, "{name} {}", form.text);
    }
    assert!(form.text.contains("value=\"&lt;Large&gt;\""));
    assert!(form.text.contains("type=\"date\""), "{}", form.text);
    let with = |shirt, born| {
        let mut fields = filled();
        fields.extend([("own-1", shirt), ("own-2", born)]);
        house.send(&path, &form, &fields)
    };
    assert_eq!(wrong(&with("", "")), ["own-1", "own-2"]);
    let page = with("Huge", "2000-02-30");
    assert_eq!(wrong(&page), ["own-1", "own-2"]);
    let page = with("<Large>", "");
    assert_eq!(wrong(&page), ["own-2"]);
    assert!(page.text.contains("value=\"&lt;Large&gt;\" selected"));
    assert_eq!(house.status(ANA), Status::Waiting);
    assert_eq!(with("<Large>", "2000-02-29").status, 200);
    assert_eq!(house.status(ANA), Status::Active);
    let expected = [
        ("Badge", "0042"),
        ("Shirt", "<Large>"),
        ("Born", "2000-02-29"),
    ];
    let expected = expected.map(|it| (it.0.to_owned(), it.1.to_owned()));
    assert_eq!(house.own_fields(ANA), expected);
}

#[test]
fn an_answer_goes_to_the_field_that_was_asked_for_whatever_is_asked_by_now() {
    let house = House::with_seats(3);
    house.invite(ANA, &[]);
    for name in ["Later", "Shoes"] {
        house.field(name, FieldKind::Text, VisibleTo::Everybody, &[]);
        house.require(name);
    }
    let path = house.link(ANA);
    let form = house.begin(&path);
    // Meanwhile the first of the two becomes known.
    house.org.admin(Command::Edit(Edit {
        fields: vec![("Later".to_owned(), Some("known".to_owned()))],
        ..Edit::of(Selection::Ids(vec![house.user(ANA).id]))
    }));
    let mut fields = filled();
    fields.extend([("own-1", "for later"), ("own-2", "44")]);
    let done = house.send(&path, &form, &fields);
    assert_eq!(done.status, 200, "{}", done.text);
    let expected = [("Later", "known"), ("Shoes", "44")];
    let expected = expected.map(|it| (it.0.to_owned(), it.1.to_owned()));
    assert_eq!(house.own_fields(ANA), expected);
}

#[test]
fn whose_invitation_was_withdrawn_may_ask_for_another_and_others_decide() {
    let house = House::with_seats(3);
    house.invite(ANA, &[]);
    let path = house.link(ANA);
    let id = house.user(ANA).id;
    house.org.admin(Command::Cancel {
        who: Selection::Ids(vec![id]),
    });
    let page = house.get(&path);
    assert_eq!(page.status, 410, "{}", page.text);
    let session = house.org.directory.as_actor(Actor::FileOwner, Door::Cli);
    let asked = || {
        let read = session.read().expect("a reader");
        read.invitation_wishes(10).expect("a reader").len()
    };
    assert_eq!(asked(), 0, "looking asks for nothing");
    let said = house.send(&path, &page, &[]);
    assert_eq!(said.status, 200, "{}", said.text);
    let begun = Instant::now();
    while asked() == 0 {
        assert!(begun.elapsed() < Duration::from_secs(20), "nobody is told");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(house.status(ANA), Status::Cancelled);
    // Not again and again.
    let mut last = 200;
    for _ in 0..12 {
        last = house.send(&path, &page, &[]).status;
    }
    assert_eq!(last, 429);
    // Who was in and left is not offered it.
    house.invite("bo@acme.example", &[]);
    let path = house.link("bo@acme.example");
    assert_eq!(house.accept(&path).status, 200);
    house.org.admin(Command::Deactivate {
        who: Selection::Ids(vec![house.user("bo@acme.example").id]),
    });
    assert!(!house.get(&path).text.contains("value=\"ask\""));
}

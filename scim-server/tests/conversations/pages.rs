//! What invited people see and send, over HTTP as a browser without scripts would.

mod forms;
mod joining;
mod spending;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use usher_core::command::{Command, Invite, NewPerson};
use usher_core::link::{Link, LinkKind};
use usher_core::mail::{MailConfig, Out};
use usher_core::model::{Actor, Door, Field, Setting, Status, Timestamp, User};
use usher_core::plan::Template;
use usher_core::{Clock, Options, OutboxFilter, Selection};

use crate::org::{Org, Reply, encoded};

const ANA: &str = "ana@acme.example";
const GOOD: &str = "grape tunnel orbit fudge";
const DAY_MS: i64 = 24 * 3600 * 1000;

/// An organization that invites, and a clock that can be put forward.
pub(crate) struct House {
    pub(crate) org: Org,
    ahead: Arc<Ahead>,
}

struct Ahead(AtomicI64);

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        let real = usher_core::SystemClock.now();
        real.plus_millis(self.0.load(Ordering::Relaxed))
    }
}

impl House {
    pub(crate) fn with_seats(seats: i64) -> Self {
        let ahead = Arc::new(Ahead(AtomicI64::new(0)));
        let options = Options {
            clock: ahead.clone(),
            ..Options::default()
        };
        let org = Org::opened(seats, options, |_| {});
        Self { org, ahead }
    }

    pub(crate) fn pass_days(&self, days: i64) {
        self.ahead.0.fetch_add(days * DAY_MS, Ordering::Relaxed);
    }

    /// Puts out what the calendar causes, and brings out every mail, into files.
    fn bring_out(&self) {
        let directory = &self.org.directory;
        directory.put_reminders().expect("reminders");
        let out = Out::Folder(directory.mail_folder());
        let config = MailConfig {
            out,
            from: "usher@acme.example".parse().expect("an address"),
            reply_to: None,
            pace: 0,
        };
        directory.bring_out(&config).expect("the mails");
    }

    pub(crate) fn set(&self, setting: Setting, value: &str) {
        let value = Some(value.to_owned());
        self.org.admin(Command::SetSetting { setting, value });
    }

    /// Invites somebody, of whom so much is known.
    pub(crate) fn invite(&self, address: &str, known: &[(Field, &str)]) {
        let mut person = NewPerson::default();
        person.profile.set(Field::Email, Some(address.to_owned()));
        for (field, value) in known {
            person.profile.set(*field, Some((*value).to_owned()));
        }
        self.org.admin(Command::Invite(Invite {
            people: vec![person],
            groups: Vec::new(),
            pools: Vec::new(),
            mail: true,
            send_on: None,
        }));
    }

    pub(crate) fn user(&self, address: &str) -> User {
        let session = self.org.directory.as_actor(Actor::FileOwner, Door::Cli);
        let read = session.read().expect("a reader");
        read.find_user(address).expect("the person")
    }

    pub(crate) fn status(&self, address: &str) -> Status {
        self.user(address).status
    }

    /// The path of the link that is in the newest invitation.
    pub(crate) fn link(&self, address: &str) -> String {
        let user = self.user(address).id;
        let session = self.org.directory.as_actor(Actor::FileOwner, Door::Cli);
        let read = session.read().expect("a reader");
        let invitation = read.invitation(user).expect("a reader");
        let generation = invitation.expect("an invitation").generation;
        self.path(LinkKind::Invitation, user, generation)
    }

    /// The path of the link in it by which nobody is reminded any more.
    pub(crate) fn reminders_link(&self, address: &str) -> String {
        self.path(LinkKind::Reminders, self.user(address).id, 1)
    }

    /// The path of the newest link to choose a password.
    pub(crate) fn password_link(&self, address: &str) -> Option<String> {
        let user = self.user(address).id;
        let session = self.org.directory.as_actor(Actor::FileOwner, Door::Cli);
        let read = session.read().expect("a reader");
        let link = read.password_link(user).expect("a reader")?;
        Some(self.path(LinkKind::Password, user, link.generation))
    }

    fn path(&self, kind: LinkKind, user: usher_core::model::UserId, generation: i64) -> String {
        let link = Link {
            kind,
            user,
            generation,
        };
        let token = self.org.directory.link_token(&link).expect("a token");
        match kind {
            LinkKind::Invitation => format!("/accept/{token}"),
            LinkKind::Password => format!("/password/{token}"),
            LinkKind::Join => format!("/join/acme/{token}"),
            LinkKind::Reminders => format!("/reminders/{token}"),
        }
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.org.raw("GET", path, "", b"")
    }

    /// Sends the form of a page, as a browser does, with these fields filled in.
    pub(crate) fn send(&self, path: &str, page: &Reply, fields: &[(&str, &str)]) -> Reply {
        self.send_from(path, page, fields, "Sec-Fetch-Site: same-origin\r\n")
    }

    pub(crate) fn send_from(
        &self,
        path: &str,
        page: &Reply,
        fields: &[(&str, &str)],
        headers: &str,
    ) -> Reply {
        let mut all = hidden(&page.text);
        for (name, value) in fields {
            all.retain(|it| it.0 != *name);
            all.push(((*name).to_owned(), (*value).to_owned()));
        }
        let pairs = all
            .iter()
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
        let body = pairs.collect::<Vec<_>>().join("&");
        let head = format!("Content-Type: application/x-www-form-urlencoded\r\n{headers}");
        self.org.raw("POST", path, &head, body.as_bytes())
    }

    /// Presses the button of the first page: the page to fill in.
    pub(crate) fn begin(&self, path: &str) -> Reply {
        let welcome = self.get(path);
        assert_eq!(welcome.status, 200, "{}", welcome.text);
        let form = self.send(path, &welcome, &[]);
        assert_eq!(form.status, 200, "{}", form.text);
        form
    }

    /// Goes all the way.
    pub(crate) fn accept(&self, path: &str) -> Reply {
        let form = self.begin(path);
        self.send(path, &form, &filled())
    }
}

/// A form that is filled in well.
pub(crate) fn filled() -> Vec<(&'static str, &'static str)> {
    vec![
        ("first", "Ana"),
        ("last", "Lí"),
        ("area", "Sales"),
        ("password", GOOD),
        ("repeat", GOOD),
    ]
}

/// What a page's form sends by itself.
fn hidden(page: &str) -> Vec<(String, String)> {
    let attribute = |input: &str, name: &str| {
        let (_, rest) = input.split_once(&format!("{name}=\""))?;
        rest.split_once('"').map(|it| it.0.to_owned())
    };
    page.split("<input ")
        .skip(1)
        .filter(|it| it.starts_with("type=\"hidden\""))
        .filter_map(|it| Some((attribute(it, "name")?, attribute(it, "value")?)))
        .collect()
}

#[test]
fn a_link_leads_from_the_mail_to_an_active_person() {
    let house = House::with_seats(3);
    house.invite(ANA, &[(Field::FirstName, "Anna")]);
    let path = house.link(ANA);
    let welcome = house.get(&path);
    assert_eq!(welcome.status, 200);
    assert!(welcome.text.contains("<h1>Acme invites you</h1>"));
    assert!(welcome.text.contains("a…\u{2060}@acme.example"));
    for personal in [ANA, "Anna"] {
        assert!(
            !welcome.text.contains(personal),
            "whoever only looks learns no more than the mail said"
        );
    }
    let form = house.begin(&path);
    assert!(form.text.contains("value=\"Anna\""), "{}", form.text);
    assert!(form.text.contains(ANA));
    assert_eq!(house.status(ANA), Status::Waiting);
    let done = house.send(&path, &form, &filled());
    assert_eq!(done.status, 200, "{}", done.text);
    assert!(done.text.contains("Welcome to Acme, Ana."), "{}", done.text);
    let user = house.user(ANA);
    assert_eq!(user.status, Status::Active);
    assert_eq!(user.profile.last_name.as_deref(), Some("Lí"));
    assert_eq!(user.profile.language, None, "nobody has said one");
    let again = house.get(&path);
    assert!(
        again.text.contains("has been accepted") && again.text.contains("/password"),
        "{}",
        again.text
    );
}

#[test]
fn a_page_says_what_has_become_of_its_link() {
    let house = House::with_seats(9);
    house.set(Setting::HelpContact, "help@acme.example");
    for name in ["old", "late", "gone"] {
        house.invite(&format!("{name}@acme.example"), &[]);
    }
    let (old, late, gone) = (
        house.link("old@acme.example"),
        house.link("late@acme.example"),
        house.link("gone@acme.example"),
    );
    let who = |name: &str| Selection::from(house.user(&format!("{name}@acme.example")).id);
    let (old_id, gone_id) = (who("old"), who("gone"));
    house.pass_days(13);
    house.org.admin(Command::Resend {
        who: old_id,
        mail: true,
    });
    house.org.admin(Command::Cancel { who: gone_id });
    house.pass_days(2);
    for (path, status, says) in [
        (&old, 410, "There is a newer invitation"),
        (&late, 410, "This invitation has expired"),
        (&gone, 410, "This invitation was withdrawn"),
        (&format!("{late}x"), 404, "This link does not work"),
        (&"/accept/abc".to_owned(), 404, "This link does not work"),
        (&"/accept".to_owned(), 404, "There is nothing here"),
    ] {
        let page = house.get(path);
        assert_eq!(page.status, status, "{path} {}", page.text);
        assert!(page.text.contains(says), "{path} {}", page.text);
        assert!(page.text.contains("mailto:help@acme.example"));
        let pressed = house.send(path, &page, &[("step", "accept")]);
        assert!(pressed.status >= 400, "{path} {}", pressed.text);
    }
    assert_eq!(house.status("late@acme.example"), Status::Waiting);
    // Whoever holds an old link of an invitation that is still meant gets a new one by mail.
    for path in [&old, &late] {
        let events = house.org.events();
        let page = house.get(path);
        let asked = house.send(path, &page, &[]);
        assert_eq!(asked.status, 200, "{}", asked.text);
        assert!(asked.text.contains("a new mail is on its way"));
        assert!(house.org.events() > events);
    }
    for name in ["old", "late"] {
        let address = format!("{name}@acme.example");
        let done = house.accept(&house.link(&address));
        assert_eq!(done.status, 200, "{}", done.text);
        assert_eq!(house.status(&address), Status::Active);
    }
}

#[test]
fn pages_speak_the_persons_language_and_else_the_browsers() {
    let house = House::with_seats(3);
    house.invite(ANA, &[]);
    house.invite("bo@acme.example", &[(Field::Language, "de-AT")]);
    let path = house.link(ANA);
    let french = house
        .org
        .raw("GET", &path, "Accept-Language: fr-CH, en;q=0.5\r\n", b"");
    assert!(french.text.contains("<html lang=\"fr\">"));
    assert_eq!(french.header("content-language"), Some("fr"));
    assert!(french.text.contains("Acme vous invite"));
    let german = house.get(&house.link("bo@acme.example"));
    assert!(german.text.contains("Acme lädt Sie ein"));
    // Of whom nothing is known, in the organization's.
    house.set(Setting::Language, "de");
    assert!(house.get(&path).text.contains("Acme lädt Sie ein"));
    let spanish = house.get(&format!("{path}?lang=es"));
    assert!(spanish.text.contains("Acme le invita"));
    // What somebody has chosen by hand stays theirs.
    let address = format!("{path}?lang=es");
    let form = house.send(&address, &spanish, &[]);
    let done = house.send(&address, &form, &filled());
    assert!(done.text.contains("Ya está dentro"), "{}", done.text);
    assert_eq!(house.user(ANA).profile.language.as_deref(), Some("es"));
}

#[test]
fn without_a_free_seat_the_page_says_the_place_in_line() {
    let house = House::with_seats(1);
    house.org.admin(Command::SetPool {
        name: "access".parse().expect("a pool"),
        set: usher_core::command::PoolEdit {
            counts_from: Some(usher_core::model::CountsFrom::Activation),
            ..Default::default()
        },
    });
    for name in ["ana", "bo", "cy"] {
        house.invite(&format!("{name}@acme.example"), &[]);
    }
    let links = ["ana", "bo", "cy"].map(|it| house.link(&format!("{it}@acme.example")));
    assert!(house.accept(&links[0]).text.contains("You are in"));
    assert!(house.accept(&links[1]).text.contains("is number 1."));
    house
        .org
        .at_capacity("access", usher_core::model::AtCapacity::Refuse);
    let full = house.accept(&links[2]);
    assert_eq!(full.status, 409, "{}", full.text);
    assert!(full.text.contains("this link goes on working"));
    house
        .org
        .at_capacity("access", usher_core::model::AtCapacity::Queue);
    assert!(house.accept(&links[2]).text.contains("is number 2."));
    let looked = house.get(&links[2]);
    assert!(looked.text.contains("is number 2."), "{}", looked.text);
    assert_eq!(house.status("cy@acme.example"), Status::Queued);
}

#[test]
fn reminders_end_by_one_press_in_the_mail_program_or_on_the_page_and_by_no_get() {
    let house = House::with_seats(3);
    house.org.admin(Command::SetSetting {
        setting: Setting::Reminders,
        value: Some("1".into()),
    });
    let names = ["ana", "bo", "cy"].map(|it| format!("{it}@acme.example"));
    names.iter().for_each(|it| house.invite(it, &[]));
    house.bring_out();
    let [ana, bo, cy] = names.each_ref().map(|it| house.reminders_link(it));
    // As a mail provider sends it, and as a page does.
    let boundary = "Content-Type: multipart/form-data; boundary=x\r\n";
    let part = b"--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n";
    let said = house.org.raw("POST", &ana, boundary, part);
    assert_eq!(said.status, 200, "{}", said.text);
    let page = house.get(&bo);
    assert!(page.text.contains("No more reminders?"), "{}", page.text);
    let said = house.send(&bo, &page, &[]);
    assert!(
        said.text.contains("will not remind you of this invitation"),
        "{}",
        said.text
    );
    // A scanner looks, and something else is sent.
    assert_eq!(house.get(&cy).status, 200);
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    assert_eq!(house.org.raw("POST", &cy, form, b"step=ask").status, 400);
    let wrong = format!("{cy}x");
    let said = house
        .org
        .raw("POST", &wrong, form, b"List-Unsubscribe=One-Click");
    assert_eq!(said.status, 404);
    house.pass_days(2);
    house.bring_out();
    let session = house.org.directory.as_actor(Actor::FileOwner, Door::Cli);
    let read = session.read().expect("a reader");
    let mails = read.outbox(OutboxFilter::default(), 100);
    let mut mails = mails.expect("the outbox");
    mails.retain(|it| it.template == Template::Reminder);
    let reminded: Vec<&str> = mails.iter().map(|it| it.label.as_str()).collect();
    assert_eq!(reminded, ["cy@acme.example"]);
}

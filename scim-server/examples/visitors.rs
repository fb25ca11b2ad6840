//! An organization whose pages wait to be looked at: people in every state an invited person can be in. Prints the links as
//! one JSON object and serves until its standard input ends. For `cargo xtask pages`, and for whoever works on the pages.

use std::io::Read as _;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use usher_core::command::{Command, Create, FieldEdit, Invite, NewPerson, PoolEdit};
use usher_core::directory::Founding;
use usher_core::import::{Table, review_individuals};
use usher_core::link::{Link, LinkKind};
use usher_core::mail::{MailConfig, Out};
use usher_core::model::{
    Actor, CountsFrom, Date, Door, EmailAddress, Field, FieldKind, Language, Setting, Timestamp,
    TrainingKind,
};
use usher_core::{Clock, Directory, Options, Selection, SystemClock};
use usher_scim_server::{Config, LogFormat, Running, guide, join_sheet, spawn};

type Failure = Box<dyn std::error::Error>;

struct Shifted(std::sync::atomic::AtomicI64);

impl Clock for Shifted {
    fn now(&self) -> Timestamp {
        let ahead = self.0.load(std::sync::atomic::Ordering::Relaxed);
        SystemClock.now().plus_millis(ahead)
    }
}

struct House {
    directory: Directory,
    base: String,
    links: Map<String, Value>,
}

impl House {
    fn does(&self, command: Command) -> Result<(), Failure> {
        let session = self.directory.as_actor(Actor::FileOwner, Door::Cli);
        session.apply(session.request(command), None)?;
        Ok(())
    }

    fn set(&self, setting: Setting, value: &str) -> Result<(), Failure> {
        let value = Some(value.to_owned());
        self.does(Command::SetSetting { setting, value })
    }

    fn person(address: &str, language: Option<&str>) -> NewPerson {
        let mut person = NewPerson::default();
        let profile = &mut person.profile;
        profile.set(Field::Email, Some(address.to_owned()));
        profile.set(Field::FunctionalArea, Some("Sales".to_owned()));
        profile.set(Field::Language, language.map(str::to_owned));
        person
    }

    /// Invites somebody by a mail, which becomes a file, and notes the file.
    fn mail(&mut self, name: &str) -> Result<(), Failure> {
        let address = format!("{name}@acme.example");
        self.asked(&address, None, true)?;
        let folder = self.directory.mail_folder();
        let config = MailConfig {
            from: "usher@acme.example".parse()?,
            reply_to: None,
            pace: 0,
            out: Out::Folder(folder.clone()),
        };
        self.directory.bring_out(&config)?;
        let session = self.directory.as_actor(Actor::FileOwner, Door::Cli);
        let user = session.read()?.find_user(&address)?.id;
        let suffix = format!("-invitation-{user}.eml");
        for file in std::fs::read_dir(folder)? {
            let path = file?.path();
            if path.to_string_lossy().ends_with(&suffix) {
                let said = json!(path.display().to_string());
                self.links.insert("mail".to_owned(), said);
            }
        }
        Ok(())
    }

    fn asked(&self, address: &str, language: Option<&str>, mail: bool) -> Result<(), Failure> {
        self.does(Command::Invite(Invite {
            people: vec![Self::person(address, language)],
            groups: Vec::new(),
            pools: Vec::new(),
            mail,
            send_on: None,
        }))
    }

    /// Invites somebody and notes their link under a name.
    fn invite(&mut self, name: &str, language: Option<&str>) -> Result<Selection, Failure> {
        let address = format!("{name}@acme.example");
        self.asked(&address, language, false)?;
        let session = self.directory.as_actor(Actor::FileOwner, Door::Cli);
        let user = session.read()?.find_user(&address)?.id;
        self.note(name, LinkKind::Invitation, user, 1)?;
        Ok(Selection::from(user))
    }

    /// Writes what is handed out ahead, in every language, and notes the files.
    fn hand_out(&mut self, folder: &Path) -> Result<(), Failure> {
        let session = self.directory.as_actor(Actor::FileOwner, Door::Cli);
        let settings = session.read()?.settings()?;
        let fields = session.read()?.custom_fields()?;
        let today = Date::of(self.directory.now(), &settings.time_zone);
        let mut guides = Vec::new();
        for language in Language::ALL {
            let file = folder.join(format!("guide-{}.html", language.tag()));
            std::fs::write(&file, guide(&settings, &fields, None, language, today))?;
            guides.push(json!(file.display().to_string()));
        }
        let sheet = folder.join("sheet.html");
        let page = join_sheet(&settings, None, Language::English, &self.base);
        std::fs::write(&sheet, page.ok_or("no join page")?)?;
        self.links.insert("guides".to_owned(), Value::Array(guides));
        let said = json!(sheet.display().to_string());
        self.links.insert("sheet".to_owned(), said);
        Ok(())
    }

    fn note(
        &mut self,
        name: &str,
        kind: LinkKind,
        user: usher_core::model::UserId,
        generation: i64,
    ) -> Result<(), Failure> {
        let link = Link {
            kind,
            user,
            generation,
        };
        let token = self.directory.link_token(&link)?;
        let place = match kind {
            LinkKind::Invitation => "accept",
            LinkKind::Password => "password",
            LinkKind::Join => "join/acme",
            LinkKind::Reminders => "reminders",
        };
        let url = format!("{}/{place}/{token}", self.base);
        self.links.insert(name.to_owned(), json!(url));
        Ok(())
    }
}

fn main() -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let base = format!("http://{}", listener.local_addr()?);
    let clock = Arc::new(Shifted(0.into()));
    let options = Options {
        clock: clock.clone(),
        ..Options::default()
    };
    let founding = Founding {
        name: "Acme Academy".to_owned(),
        seats: 12,
        owner: "owner@acme.example".parse()?,
        time_zone: "UTC".parse()?,
    };
    let directory = Directory::create(&folder.path().join("usher.db"), &founding, options)?;
    let mut house = House {
        directory: directory.clone(),
        base: base.clone(),
        links: Map::new(),
    };
    house.set(Setting::HelpContact, "help@acme.example")?;
    house.set(Setting::SignInUrl, "https://academy.acme.example/in")?;
    house.set(
        Setting::WelcomeText,
        "We are glad to have you.\nYour first course waits for you.",
    )?;
    house.does(Command::AddTraining {
        name: "Introduction".to_owned(),
        kind: TrainingKind::Course,
        pool: None,
        held_on: None,
    })?;
    let accounts = "email,first_name,last_name,training,state\n\
        own@acme.example,Olga,Ortiz,Introduction,completed\nown@acme.example,Olga,Ortiz,Safety,started\n";
    let accounts = review_individuals(&Table::read(accounts.as_bytes())?)?.accounts;
    house.does(Command::ImportIndividuals { accounts })?;
    let old = house.invite("old", None)?;
    if let Selection::Ids(ids) = &old
        && let [user] = ids[..]
    {
        house.note("reminded", LinkKind::Reminders, user, 1)?;
    }
    house.invite("late", None)?;
    let gone = house.invite("gone", None)?;
    clock
        .0
        .store(13 * 24 * 3600 * 1000, std::sync::atomic::Ordering::Relaxed);
    house.does(Command::Resend {
        who: old,
        mail: false,
    })?;
    house.does(Command::Cancel { who: gone })?;
    clock
        .0
        .store(15 * 24 * 3600 * 1000, std::sync::atomic::Ordering::Relaxed);
    for (name, language) in [
        ("plain", None),
        ("own", None),
        ("neu", Some("de")),
        ("nouvelle", Some("fr")),
        ("nueva", Some("es")),
    ] {
        house.invite(name, language)?;
    }
    house.set(Setting::PublicUrl, &base)?;
    house.mail("new")?;
    house.does(Command::Create(Create {
        people: vec![House::person("paula@acme.example", None)],
        groups: Vec::new(),
        pools: Vec::new(),
        mail: true,
    }))?;
    // From now on everybody has to have one, and nobody who is invited already does.
    house.does(Command::AddField {
        name: "T-shirt".to_owned(),
        kind: FieldKind::Choice,
        set: FieldEdit {
            required: Some(true),
            add_values: vec!["Small".to_owned(), "Large".to_owned()],
            ..FieldEdit::default()
        },
    })?;
    let session = directory.as_actor(Actor::FileOwner, Door::Cli);
    let paula = session.read()?.find_user("paula@acme.example")?.id;
    house.note("password", LinkKind::Password, paula, 1)?;
    house.does(Command::SetJoinPage {
        set: vec![
            (Setting::JoinPage, Some("on".to_owned())),
            (Setting::JoinSlug, Some("acme".to_owned())),
            (Setting::JoinAllow, Some("acme.example".to_owned())),
            (
                Setting::JoinText,
                Some("For everybody who works at Acme.".to_owned()),
            ),
        ],
    })?;
    let joe: EmailAddress = "joe@acme.example".parse()?;
    let wish = directory.wish_to_join(&joe, Language::English)?;
    if let Some(wish) = wish {
        house.note("join", LinkKind::Join, wish, 1)?;
    }
    // The last seats go to whoever is first; then there is a queue.
    house.does(Command::SetPool {
        name: "access".parse()?,
        set: PoolEdit {
            counts_from: Some(CountsFrom::Activation),
            ..PoolEdit::default()
        },
    })?;
    let (signed_on, its_links) = single_sign_on_house(&folder.path().join("signed-on.db"))?;
    house.links.extend(its_links);
    house.hand_out(folder.path())?;
    let mut config = Config::new(listener, base.clone());
    config.log = LogFormat::default();
    let server = spawn(directory, config)?;
    house.links.insert("base".to_owned(), json!(base));
    println!("{}", Value::Object(house.links));
    std::io::stdin().read_to_end(&mut Vec::new())?;
    server.stop()?;
    signed_on.stop()?;
    Ok(())
}

/// Another organization, whose people sign in at their identity provider, with one free seat for two invited people.
fn single_sign_on_house(path: &Path) -> Result<(Running, Map<String, Value>), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let base = format!("http://{}", listener.local_addr()?);
    let founding = Founding {
        name: "Signed On".to_owned(),
        seats: 2,
        owner: "owner@acme.example".parse()?,
        time_zone: "UTC".parse()?,
    };
    let directory = Directory::create(path, &founding, Options::default())?;
    let mut house = House {
        directory: directory.clone(),
        base: base.clone(),
        links: Map::new(),
    };
    house.set(Setting::SingleSignOn, "on")?;
    house.does(Command::SetPool {
        name: "access".parse()?,
        set: PoolEdit {
            counts_from: Some(CountsFrom::Activation),
            ..PoolEdit::default()
        },
    })?;
    house.invite("signed", None)?;
    house.invite("waits", None)?;
    house.links.insert("other".to_owned(), json!(base));
    let server = spawn(directory, Config::new(listener, base))?;
    Ok((server, house.links))
}

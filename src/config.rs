//! What the server is told: by flags, else the environment, else the configuration file, else a default. One table of
//! options, each with its sentence, is all that there is to know about them.

mod file;
mod options;
mod told;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use usher_core::Directory;
use usher_core::mail::{MailConfig, Out, Smtp, TlsMode};
use usher_core::model::EmailAddress;

use crate::args::{Common, ConfigCommand, MailFlags};
use crate::desk::Desk;
use crate::failure::{Failure, Result};
use crate::output::{Listing, Row, say};

pub(crate) use file::beside;
use options::OPTIONS;
pub(crate) use told::Told;

const COLUMNS: &[&str] = &["OPTION", "VALUE", "FROM", "MEANING"];
const KEYS: &[&str] = &[
    "option",
    "value",
    "from",
    "default",
    "environment",
    "meaning",
];

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Default,
    File,
    Environment,
    Flag,
}

impl Source {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::File => "file",
            Self::Environment => "environment",
            Self::Flag => "flag",
        }
    }
}

/// Every option as it stands.
#[derive(Default)]
pub(crate) struct Setup {
    values: BTreeMap<&'static str, (String, Source)>,
    file: Option<PathBuf>,
    password: Option<String>,
}

impl Setup {
    /// Reads the file and the environment.
    pub(crate) fn load(common: &Common) -> Result<Self> {
        let file = match &common.config {
            Some(named) => Some(named.clone()),
            None => Some(beside(&common.db, ".conf")).filter(|it| it.exists()),
        };
        let mut values = BTreeMap::new();
        if let Some(file) = &file {
            for (name, value) in file::read(file)? {
                values.insert(name, (value, Source::File));
            }
        }
        for option in OPTIONS {
            let variable = option.variable();
            if let Ok(value) = std::env::var(&variable) {
                values.insert(option.name, (value.trim().to_owned(), Source::Environment));
            }
        }
        let password = std::env::var("USHER_SMTP_PASSWORD").ok();
        Ok(Self {
            values,
            file,
            password,
        })
    }

    /// Lets a flag go before everything else.
    pub(crate) fn flag(&mut self, name: &'static str, value: Option<String>) {
        if let Some(value) = value {
            self.values.insert(name, (value, Source::Flag));
        }
    }

    pub(crate) fn mail_flags(&mut self, flags: MailFlags) {
        for (name, value) in [
            ("smtp-host", flags.smtp_host),
            ("smtp-port", flags.smtp_port),
            ("smtp-tls", flags.smtp_tls),
            ("smtp-user", flags.smtp_user),
            ("smtp-password-file", flags.smtp_password_file),
            ("smtp-ca-file", flags.smtp_ca_file),
            ("smtp-hello", flags.smtp_hello),
            ("mail-from", flags.mail_from),
            ("mail-reply-to", flags.mail_reply_to),
            ("mail-pace", flags.mail_pace),
            ("mail-folder", flags.mail_folder),
        ] {
            self.flag(name, value);
        }
    }

    /// The text of an option; none where nothing is said and there is no default, or where nothing is said expressly.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let said = self.values.get(name).map(|it| it.0.as_str());
        let default = || OPTIONS.iter().find(|it| it.name == name)?.default;
        said.or_else(default).filter(|it| !it.is_empty())
    }

    fn source(&self, name: &str) -> Source {
        self.values.get(name).map_or(Source::Default, |it| it.1)
    }

    /// A value of an option that is not text.
    pub(crate) fn parsed<T>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> std::result::Result<T, String>,
    ) -> Result<Option<T>> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        parse(text).map(Some).map_err(|why| {
            let place = match (self.source(name), &self.file) {
                (Source::File, Some(file)) => format!(" in {}", file.display()),
                (Source::Environment, _) => format!(" (from {})", options::variable(name)),
                _ => String::new(),
            };
            Failure::refused(format!("{name}{place} cannot be {text:?}: {why}"))
        })
    }

    /// How mail goes out.
    pub(crate) fn mail(&self, directory: &Directory) -> Result<MailConfig> {
        let host = self.text("smtp-host");
        let address = |name: &str| {
            self.parsed(name, |it| {
                it.parse::<EmailAddress>()
                    .map_err(|error| error.to_string())
            })
        };
        let from = match (address("mail-from")?, host) {
            (Some(from), _) => from,
            (None, None) => "usher@localhost"
                .parse()
                .map_err(|_| Failure::refused("the default of mail-from is no address"))?,
            (None, Some(_)) => {
                return Err(Failure::refused(
                    "smtp-host is set and mail-from is not: say whom mails come from, such as mail-from = usher@corp.example",
                ));
            }
        };
        let pace = self.parsed("mail-pace", |it| {
            it.parse::<u32>()
                .ok()
                .filter(|it| *it <= 60_000)
                .ok_or_else(|| {
                    "write a number of mails a minute up to 60000, or 0 for no limit".to_owned()
                })
        })?;
        let out = match host {
            Some(host) => Out::Smtp(self.smtp(host, &from)?),
            None => {
                let folder = self.text("mail-folder").map(PathBuf::from);
                Out::Folder(folder.unwrap_or_else(|| directory.mail_folder()))
            }
        };
        Ok(MailConfig {
            from,
            reply_to: address("mail-reply-to")?,
            pace: pace.unwrap_or(0),
            out,
        })
    }

    /// How mail would go out, for looking at mails only: what is wrong with the way to the mail server does not matter.
    pub(crate) fn mail_for_looking(&self, directory: &Directory) -> Result<MailConfig> {
        self.mail(directory).or_else(|_| {
            let bare = Self {
                values: BTreeMap::new(),
                file: None,
                password: None,
            };
            bare.mail(directory)
        })
    }

    fn smtp(&self, host: &str, from: &EmailAddress) -> Result<Smtp> {
        let tls = self.parsed("smtp-tls", |it| {
            TlsMode::from_word(it).ok_or_else(|| "write implicit, starttls or none".to_owned())
        })?;
        let tls = tls.unwrap_or(TlsMode::Implicit);
        let port = self.parsed("smtp-port", |it| {
            it.parse::<u16>()
                .ok()
                .filter(|it| *it > 0)
                .ok_or_else(|| "write a number from 1 to 65535".to_owned())
        })?;
        let port = port.unwrap_or(match tls {
            TlsMode::Implicit => 465,
            TlsMode::StartTls => 587,
            TlsMode::None => 25,
        });
        let login = match (self.text("smtp-user"), self.smtp_password()?) {
            (None, None) => None,
            (Some(user), Some(password)) => Some((user.to_owned(), password)),
            (Some(_), None) => {
                return Err(Failure::refused(
                    "smtp-user is set and there is no password: name a file by smtp-password-file, or set USHER_SMTP_PASSWORD",
                ));
            }
            (None, Some(_)) => {
                return Err(Failure::refused(
                    "there is a password for the mail server and no smtp-user to sign in as",
                ));
            }
        };
        if login.is_some() && tls == TlsMode::None && !is_here(host) {
            return Err(Failure::refused(format!(
                "the password would go to {host} unprotected: set smtp-tls to implicit or starttls"
            )));
        }
        let hello = self.text("smtp-hello").map(str::to_owned);
        Ok(Smtp {
            host: host.to_owned(),
            port,
            tls,
            login,
            ca_file: self.text("smtp-ca-file").map(PathBuf::from),
            hello: hello.unwrap_or_else(|| own_name().unwrap_or_else(|| from.mailbox().1)),
        })
    }

    fn smtp_password(&self) -> Result<Option<String>> {
        let Some(file) = self.text("smtp-password-file") else {
            return Ok(self.password.clone().filter(|it| !it.is_empty()));
        };
        file::secret(Path::new(file)).map(Some)
    }
}

/// Whether a mail server is on this machine.
fn is_here(host: &str) -> bool {
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|it| it.is_loopback())
}

/// The machine's name, when it is one that DNS can have.
fn own_name() -> Option<String> {
    let name = rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned();
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    (name.contains('.') && name.chars().all(fits)).then_some(name)
}

pub(crate) fn run(common: &Common, desk: &Desk, command: &ConfigCommand) -> Result<()> {
    match command {
        ConfigCommand::Show => show(common, desk),
    }
}

fn show(common: &Common, desk: &Desk) -> Result<()> {
    let setup = Setup::load(common)?;
    let mut listing = Listing::begin(desk.format, COLUMNS, KEYS);
    for option in OPTIONS {
        let value = setup.text(option.name);
        let from = setup.source(option.name).as_str();
        listing.row(Row {
            cells: vec![
                option.name.to_owned(),
                value.unwrap_or("-").to_owned(),
                from.to_owned(),
                option.meaning.to_owned(),
            ],
            json: vec![
                ("option", json!(option.name)),
                ("value", json!(value)),
                ("from", json!(from)),
                (
                    "default",
                    option.default.map_or(Value::Null, |it| json!(it)),
                ),
                ("environment", json!(option.variable())),
                ("meaning", json!(option.meaning)),
            ],
        })?;
    }
    listing.end("")?;
    let file = match &setup.file {
        Some(file) => format!("The file is {}.", file.display()),
        None => format!(
            "There is no file; {} would be read, or one named by --config.",
            beside(&common.db, ".conf").display()
        ),
    };
    say(
        desk.format,
        &format!(
            "{file} A line is `option = value`; # begins a remark. Flags go before the environment, that before the file."
        ),
    )
}

//! Every option of the server, with its default and what it is for.

/// An option of the server.
pub(crate) struct ServerOption {
    /// Its name in the file, and as a flag.
    pub(crate) name: &'static str,
    /// Its value when nobody says another.
    pub(crate) default: Option<&'static str>,
    /// What it is for.
    pub(crate) meaning: &'static str,
}

impl ServerOption {
    /// Its name in the environment.
    pub(crate) fn variable(&self) -> String {
        variable(self.name)
    }
}

/// The name of an option in the environment.
pub(crate) fn variable(name: &str) -> String {
    format!("USHER_{}", name.to_ascii_uppercase().replace('-', "_"))
}

const fn option(
    name: &'static str,
    default: Option<&'static str>,
    meaning: &'static str,
) -> ServerOption {
    ServerOption {
        name,
        default,
        meaning,
    }
}

/// Every one, in the order of a listing.
pub(crate) const OPTIONS: &[ServerOption] = &[
    option(
        "listen",
        Some("127.0.0.1:8080"),
        "The address to listen on; port 0 takes a free one.",
    ),
    option(
        "public-url",
        None,
        "The address under which people and providers reach the server; goes before the setting of the same name.",
    ),
    option(
        "tls-cert",
        None,
        "The PEM file of the certificate with which the server speaks HTTPS, with those that vouch for it.",
    ),
    option(
        "tls-key",
        None,
        "The PEM file of the certificate's private key.",
    ),
    option(
        "trusted-proxy",
        None,
        "Proxies in front of the server, by their addresses with commas between; their X-Forwarded-For is believed.",
    ),
    option(
        "audit-heads",
        None,
        "A file elsewhere in which the end of the history is noted daily, for `usher audit verify --heads`.",
    ),
    option(
        "log",
        Some("text"),
        "How requests are logged: text, json or off.",
    ),
    option(
        "metrics",
        Some("loopback"),
        "Who may read /metrics: loopback, all or off.",
    ),
    option(
        "pace",
        Some("shared"),
        "How many SCIM requests a second a token may make over time; shared for 200 while others ask too; or off.",
    ),
    option(
        "smtp-host",
        None,
        "The mail server that takes our mail; without one, mails become .eml files in a folder.",
    ),
    option(
        "smtp-port",
        None,
        "Its port; without it 465 for implicit, 587 for starttls, 25 for none.",
    ),
    option(
        "smtp-tls",
        Some("implicit"),
        "How the way to it is protected: implicit (from the first byte), starttls, or none for one on this machine.",
    ),
    option("smtp-user", None, "As whom to sign in to it."),
    option(
        "smtp-password-file",
        None,
        "The file that holds the password, readable by nobody else; or set USHER_SMTP_PASSWORD. It never stands here.",
    ),
    option(
        "smtp-ca-file",
        None,
        "A PEM file of the certificates to believe, instead of those of this machine.",
    ),
    option(
        "smtp-hello",
        None,
        "What to call ourselves to the mail server; without it the machine's name, else the domain of mail-from.",
    ),
    option(
        "mail-from",
        None,
        "The address that mails come from; must be set with smtp-host.",
    ),
    option("mail-reply-to", None, "The address that answers go to."),
    option(
        "mail-pace",
        Some("600"),
        "How many mails a minute go to one domain over time, with ten seconds' worth at once; 0 is no limit.",
    ),
    option(
        "mail-folder",
        None,
        "The folder for mails while there is no mail server; without it FILE.mail beside the database.",
    ),
];

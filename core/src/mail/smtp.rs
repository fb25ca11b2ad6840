//! The conversation with a mail server, each step within its time, so that one that hangs or answers a byte a second holds
//! up nobody for long. What concerns one mail is told apart from what concerns them all: a server that is away, or refuses
//! us as a whole, refuses nobody's mail.

use std::future::Future;
use std::time::Duration;

use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use tokio::time::timeout;

use super::{Letter, Smtp, Verdict, wire};

/// From the first packet to being signed in.
const CONNECT: Duration = Duration::from_secs(45);
/// One command and its answer.
const STEP: Duration = Duration::from_secs(60);
/// The mail itself and its answer. RFC 5321 would wait ten minutes; a server that needs more than five is as good as away.
const HAND_OVER: Duration = Duration::from_secs(300);
/// Saying goodbye, which nobody needs.
const GOODBYE: Duration = Duration::from_secs(2);
/// After so many mails a new connection is made: servers end long ones.
const MOST_ON_ONE: u32 = 200;

/// A connection that mails can be sent over, one after another.
pub(super) struct Line {
    connection: AsyncSmtpConnection,
    sent: u32,
    name: String,
}

/// What came of handing a mail to a line.
pub(super) enum Sent {
    /// The server's verdict, and whether the line can be used again.
    Said(Verdict, bool),
    /// The line had ended since it was last used; nothing was sent.
    Stale,
}

impl Line {
    /// Connects and signs in, or tells why nobody's mail goes out now.
    pub(super) async fn connect(to: &Smtp) -> Result<Self, String> {
        let name = format!("{}:{}", to.host, to.port);
        match timeout(CONNECT, Self::connected(to)).await {
            Ok(result) => result,
            Err(_) => Err(format!("{name} does not answer in time")),
        }
    }

    async fn connected(to: &Smtp) -> Result<Self, String> {
        let name = format!("{}:{}", to.host, to.port);
        let wire = wire::connect(to).await?;
        let hello = ClientId::Domain(to.hello.clone());
        let mut connection = AsyncSmtpConnection::connect_with_transport(Box::new(wire), &hello)
            .await
            .map_err(|error| format!("{name} does not take mail ({})", said(&error)))?;
        if let Some((user, password)) = &to.login {
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            connection
                .auth(
                    &mechanisms,
                    &Credentials::new(user.clone(), password.clone()),
                )
                .await
                .map_err(|error| format!("{name} refuses the login ({})", said(&error)))?;
        }
        Ok(Self {
            connection,
            sent: 0,
            name,
        })
    }

    /// Sends a mail.
    pub(super) async fn send(&mut self, letter: &Letter) -> Sent {
        let mut options = Vec::new();
        if !letter.to.is_ascii()
            && letter
                .envelope
                .to()
                .iter()
                .any(|it| !AsRef::<str>::as_ref(it).is_ascii())
        {
            let can = self
                .connection
                .server_info()
                .supports_feature(Extension::SmtpUtfEight);
            if !can {
                let why = "the mail server does not take addresses with such letters (SMTPUTF8)";
                return Sent::Said(Verdict::Never(why.to_owned()), true);
            }
            options.push(MailParameter::SmtpUtfEight);
        }
        let mail = Mail::new(letter.envelope.from().cloned(), options);
        match self.step(STEP, |it| Box::pin(it.command(mail))).await {
            Step::Done => {}
            Step::Broken(_) if self.sent > 0 => return Sent::Stale,
            // It speaks of us and not of whom the mail is for.
            Step::Refused { code, said, .. } => {
                let why = format!("{} does not take mail from us ({said})", self.name);
                return Sent::Said(Verdict::Down(why), code != 421);
            }
            Step::Broken(why) => return Sent::Said(Verdict::Down(why), false),
        }
        self.sent += 1;
        for recipient in letter.envelope.to() {
            let rcpt = Rcpt::new(recipient.clone(), Vec::new());
            let step = self.step(STEP, |it| Box::pin(it.command(rcpt))).await;
            if let Some(sent) = self.not_done(step).await {
                return sent;
            }
        }
        let step = self.step(STEP, |it| Box::pin(it.command(Data))).await;
        if let Some(sent) = self.not_done(step).await {
            return sent;
        }
        let bytes = &letter.bytes;
        match self.step(HAND_OVER, |it| Box::pin(it.message(bytes))).await {
            Step::Done => Sent::Said(Verdict::Taken, self.sent < MOST_ON_ONE),
            Step::Broken(why) => {
                let why = format!("{why} when it had the mail, which may have arrived");
                Sent::Said(Verdict::Later(why), false)
            }
            step @ Step::Refused { .. } => match self.not_done(step).await {
                Some(sent) => sent,
                None => Sent::Said(Verdict::Taken, false),
            },
        }
    }

    /// What a step means for the mail that did not succeed; none when it did.
    async fn not_done(&mut self, step: Step) -> Option<Sent> {
        match step {
            Step::Done => None,
            Step::Broken(why) => Some(Sent::Said(Verdict::Later(why), false)),
            Step::Refused {
                code: 421, said, ..
            } => Some(Sent::Said(Verdict::Down(said), false)),
            Step::Refused { code, said, policy } => {
                let reset = self.step(STEP, |it| Box::pin(it.command(Rset))).await;
                // A matter of policy is as often a fault of ours as of theirs, and can be mended: it is tried again.
                let verdict = if code >= 500 && !policy {
                    Verdict::Never(said)
                } else {
                    Verdict::Later(said)
                };
                Some(Sent::Said(verdict, matches!(reset, Step::Done)))
            }
        }
    }

    async fn step<'a, T, F>(&'a mut self, within: Duration, run: F) -> Step
    where
        F: FnOnce(
            &'a mut AsyncSmtpConnection,
        )
            -> std::pin::Pin<Box<dyn Future<Output = Result<T, SmtpError>> + Send + 'a>>,
    {
        let name = &self.name;
        match timeout(within, run(&mut self.connection)).await {
            Ok(Ok(_)) => Step::Done,
            Ok(Err(error)) => match error.status() {
                Some(code) => {
                    let said = said(&error);
                    Step::Refused {
                        code: u16::from(code),
                        policy: said.contains(" 5.7."),
                        said,
                    }
                }
                None => Step::Broken(format!("{name} broke off ({})", said(&error))),
            },
            Err(_) => Step::Broken(format!("{name} did not answer in time")),
        }
    }

    /// Ends the connection politely.
    pub(super) async fn quit(mut self) {
        let _ = timeout(GOODBYE, self.connection.quit()).await;
    }
}

enum Step {
    Done,
    /// With its code, whether it is a matter of policy, and its words.
    Refused {
        code: u16,
        policy: bool,
        said: String,
    },
    /// Nothing is known of what became of it.
    Broken(String),
}

/// What a mail server said, without the library's own words around it.
fn said(error: &SmtpError) -> String {
    use std::error::Error as _;
    let words = error.source().map(ToString::to_string).unwrap_or_default();
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    match error.status() {
        Some(code) => format!("{code} {words}"),
        None if words.is_empty() => error.to_string(),
        None => words,
    }
}

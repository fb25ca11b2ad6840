//! Pages for people: accepting an invitation, choosing a password, joining. Written whole on the server, without scripts and
//! without anything from elsewhere. What a newcomer would get wrong: a GET changes nothing, ever, because programs that look
//! through mail open every link in it; and whoever is not known is answered as whoever is, at the same time.
//!
//! Reading order: here the way from an address to a page; `words` (what is said), `html` and `frame` (how it is written),
//! `views` (each page of what it shows); `sent` (what a form brings, and where from); `accept`, `password`, `join`, `reminders`.

mod accept;
mod frame;
mod handout;
mod html;
mod join;
mod later;
mod own_fields;
mod password;
mod reminders;
mod sent;
mod views;
mod words;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};
use tokio::sync::oneshot;
use usher_core::command::Command;
use usher_core::link::Link;
use usher_core::model::{Actor, Door, Language, Settings, UserId};
use usher_core::{Applied, Error};

use crate::answer::{self, Answer};
use crate::fault::Fault;
use crate::log;
use crate::peer;
use crate::route::{self, App};
use frame::{Frame, Look};
pub use handout::{guide, join_sheet};
pub(crate) use later::Later;
use sent::Sent;
use words::words;

/// Largest form, in bytes.
const LARGEST_FORM: usize = 16 * 1024;
/// How every page looks.
const STYLE: &str = include_str!("pages/style.css");
/// Nothing but our own style and picture, nowhere else to send a form, in nobody's frame.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// The first words of addresses that are pages.
pub(crate) const PLACES: [&str; 5] = ["accept", "password", "join", "reminders", "pages"];

/// A page to show.
pub(crate) struct Shown {
    status: StatusCode,
    language: Language,
    html: String,
    /// After how many seconds to come again.
    retry_after: Option<u32>,
}

/// Why there is no page as asked.
#[derive(Debug)]
enum Trouble {
    /// No page has this address.
    Nothing,
    /// The address takes other methods.
    Method,
    /// A form from another site.
    Foreign,
    /// A form that cannot be read.
    Unreadable(StatusCode),
    /// Too many requests: to be repeated after so many seconds.
    Slow(u32),
    /// More passwords than can be hashed.
    Crowded,
    /// A fault of ours or of the machine.
    Broken,
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        match error {
            Error::Busy | Error::Occupied(_) => Self::Crowded,
            error => {
                log::broken(&error);
                Self::Broken
            }
        }
    }
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self::Unreadable(fault.status)
    }
}

/// One request for a page.
struct Visit<'a> {
    app: &'a App,
    head: &'a Parts,
    /// What stands before the path of every address of ours, without a slash at its end.
    prefix: &'a str,
    /// The language that was asked for by hand.
    asked: Option<Language>,
}

/// Answers a request to an address of a page.
pub(crate) async fn answer(app: &App, head: &Parts, place: &[&str], body: Incoming) -> Answer {
    let visit = Visit {
        app,
        head,
        prefix: prefix(&app.base),
        asked: sent::query(head.uri.query(), "lang").and_then(|it| Language::of_tag(&it)),
    };
    if let ["pages", asset] = place {
        return visit.asset(asset).unwrap_or_else(|it| visit.trouble(&it));
    }
    match visit.page(place, body).await {
        Ok(shown) => shown.answer(),
        Err(trouble) => visit.trouble(&trouble),
    }
}

impl<'a> Visit<'a> {
    async fn page(&self, place: &[&str], body: Incoming) -> Result<Shown, Trouble> {
        if let ["reminders", token] = place {
            return Box::pin(reminders::answer(self, token, body)).await;
        }
        if !matches!(
            place,
            ["accept", _] | ["password"] | ["password", _] | ["join", _] | ["join", _, _]
        ) {
            return Err(Trouble::Nothing);
        }
        let sent = match self.head.method {
            Method::GET | Method::HEAD => None,
            Method::POST => {
                if !sent::is_from_here(&self.head.headers, &self.app.base) {
                    return Err(Trouble::Foreign);
                }
                let bytes = route::arrived(body, LARGEST_FORM).await?;
                let form = Sent::read(&self.head.headers, &bytes);
                Some(form.ok_or(Trouble::Unreadable(StatusCode::BAD_REQUEST))?)
            }
            _ => return Err(Trouble::Method),
        };
        match place {
            ["accept", token] => Box::pin(accept::answer(self, token, sent)).await,
            ["password"] => Box::pin(password::forgotten(self, sent)).await,
            ["password", token] => Box::pin(password::answer(self, token, sent)).await,
            ["join", slug] => Box::pin(join::asked(self, slug, sent)).await,
            ["join", slug, token] => Box::pin(join::answer(self, slug, token, sent)).await,
            _ => Err(Trouble::Nothing),
        }
    }

    /// The link of a page's address and what is found by it; none for one that is not ours, or of nobody.
    fn opened<T>(
        &self,
        token: &str,
        find: impl Fn(&Link) -> usher_core::Result<Option<T>>,
    ) -> Result<Option<(Link, T)>, Trouble> {
        let Some(link) = self.app.directory.opened_link(token)? else {
            return Ok(None);
        };
        Ok(find(&link)?.map(|it| (link, it)))
    }

    /// What pages are made of beside themselves.
    fn asset(&self, name: &str) -> Result<Answer, Trouble> {
        if !matches!(self.head.method, Method::GET | Method::HEAD) {
            return Err(Trouble::Method);
        }
        let (kind, bytes) = match name {
            "style.css" => (
                "text/css; charset=utf-8",
                Bytes::from_static(STYLE.as_bytes()),
            ),
            "logo" => {
                let session = self.app.directory.as_actor(Actor::Scheduler, Door::Page);
                let logo = session.read().and_then(|it| it.logo())?;
                let logo = logo.ok_or(Trouble::Nothing)?;
                (logo.kind(), Bytes::copy_from_slice(logo.bytes()))
            }
            _ => return Err(Trouble::Nothing),
        };
        let answer = Response::new(Full::new(bytes));
        let answer = answer::with(answer, header::CONTENT_TYPE, kind);
        let answer = answer::with(answer, header::CACHE_CONTROL, "public, max-age=600");
        Ok(guarded(answer))
    }

    /// How a page looks to somebody who speaks this language, if it is known.
    fn frame<'s>(&self, settings: &'s Settings, language: Option<&str>) -> Frame<'s>
    where
        'a: 's,
    {
        let accepted = self.head.headers.get(header::ACCEPT_LANGUAGE);
        let accepted = || Language::accepted(accepted?.to_str().ok()?);
        let language = self
            .asked
            .or_else(|| Language::of_tag(language?))
            .or_else(accepted)
            .unwrap_or(settings.language);
        Frame {
            settings,
            language,
            look: Look::Served(self.prefix),
        }
    }

    /// A token for the form of this page.
    fn form_token(&self) -> Result<String, Trouble> {
        Ok(self.app.directory.form_token(self.head.uri.path())?)
    }

    /// Whether a form was shown by this page a short while ago.
    fn is_fresh(&self, sent: &Sent) -> Result<bool, Trouble> {
        let directory = &self.app.directory;
        Ok(directory.is_form_token(self.head.uri.path(), sent.get("form"))?)
    }

    /// Counts a wish for a mail, whether or not there is anybody whom it is about.
    fn count_wish(&self, about: &str) -> Result<(), Trouble> {
        let source = peer::of(self.app, self.head).unwrap_or([0, 0, 0, 0].into());
        match self.app.directory.count_wish(about, source)? {
            None => Ok(()),
            Some(seconds) => Err(Trouble::Slow(seconds)),
        }
    }

    /// Gives a command of the person's own to the core's writer and waits until it is on disk.
    async fn apply(&self, user: UserId, command: Command) -> Result<Applied, Error> {
        log::from(Actor::Person(user));
        let session = self.app.directory.as_actor(Actor::Person(user), Door::Page);
        let (answer, answered) = oneshot::channel();
        let request = session.request(command);
        session.apply_then(request, None, move |result| {
            let _ = answer.send(result);
        });
        answered
            .await
            .unwrap_or_else(|_| Err(Error::Broken("the writer stopped".to_owned())))
    }

    /// The page that says what is the matter.
    fn trouble(&self, trouble: &Trouble) -> Answer {
        let Ok(settings) = self.app.directory.shown_settings() else {
            return answer::empty(StatusCode::SERVICE_UNAVAILABLE);
        };
        let frame = self.frame(&settings, None);
        let words = words(frame.language);
        let (status, title, lead) = match trouble {
            Trouble::Nothing => (
                StatusCode::NOT_FOUND,
                words.nothing_title,
                words.nothing_lead,
            ),
            Trouble::Method => (
                StatusCode::METHOD_NOT_ALLOWED,
                words.broken_title,
                words.broken_lead,
            ),
            Trouble::Foreign => (
                StatusCode::FORBIDDEN,
                words.foreign_title,
                words.foreign_lead,
            ),
            Trouble::Unreadable(status) => (*status, words.broken_title, words.stale),
            Trouble::Slow(_) => (
                StatusCode::TOO_MANY_REQUESTS,
                words.slow_title,
                words.slow_lead,
            ),
            Trouble::Crowded => (
                StatusCode::SERVICE_UNAVAILABLE,
                words.crowded_title,
                words.crowded_lead,
            ),
            Trouble::Broken => (
                StatusCode::INTERNAL_SERVER_ERROR,
                words.broken_title,
                words.broken_lead,
            ),
        };
        let retry_after = match trouble {
            Trouble::Slow(seconds) => Some(*seconds),
            Trouble::Crowded => Some(5),
            _ => None,
        };
        let minutes = retry_after.map_or(0, |it| it.div_ceil(60)).to_string();
        let html = views::notice(&frame, title, &words::fill(lead, &[("minutes", &minutes)]));
        let mut shown = frame.shown(status, html);
        shown.retry_after = retry_after;
        let answer = shown.answer();
        match trouble {
            Trouble::Method => answer::with(answer, header::ALLOW, "GET, HEAD, POST"),
            _ => answer,
        }
    }
}

impl Shown {
    fn answer(self) -> Answer {
        let mut answer = Response::new(Full::new(Bytes::from(self.html)));
        *answer.status_mut() = self.status;
        let mut answer = guarded(answer);
        let headers = [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CACHE_CONTROL, "no-store"),
            (header::CONTENT_LANGUAGE, self.language.tag()),
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::X_FRAME_OPTIONS, "DENY"),
            (HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
            (
                HeaderName::from_static("cross-origin-opener-policy"),
                "same-origin",
            ),
        ];
        for (name, value) in headers {
            answer
                .headers_mut()
                .insert(name, HeaderValue::from_static(value));
        }
        match self.retry_after {
            Some(seconds) => answer::with(answer, header::RETRY_AFTER, seconds),
            None => answer,
        }
    }
}

/// What every answer tells a browser: to take it for what it says it is, to tell nobody whence it comes, and to give it to
/// no other site.
fn guarded(mut answer: Answer) -> Answer {
    for (name, value) in [
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ] {
        answer
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    answer
}

/// The path of the public address, without a slash at its end.
fn prefix(base: &str) -> &str {
    let rest = base.split_once("://").map_or(base, |it| it.1);
    rest.find('/').and_then(|it| rest.get(it..)).unwrap_or("")
}

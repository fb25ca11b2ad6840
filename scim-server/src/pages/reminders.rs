//! To be reminded of an invitation no more: by a press in the mail program, which sends the form that RFC 8058 names, and by
//! the page behind the same address. The token is all that says who asks, and there is nothing to gain for anybody else: so
//! the form may come from anywhere. A GET changes nothing here either.

use hyper::{Method, StatusCode};

use super::views;
use super::{LARGEST_FORM, Shown, Trouble, Visit};
use crate::route;
use hyper::body::Incoming;

/// The field and the value that say it (RFC 8058, section 3.1).
pub(super) const ONE_CLICK: (&str, &str) = ("List-Unsubscribe", "One-Click");

/// Answers what is asked of the page.
pub(super) async fn answer(
    visit: &Visit<'_>,
    token: &str,
    body: Incoming,
) -> Result<Shown, Trouble> {
    let directory = &visit.app.directory;
    let is_said = match visit.head.method {
        Method::GET | Method::HEAD => false,
        Method::POST => {
            let body = route::arrived(body, LARGEST_FORM).await?;
            if !says_it(&body) {
                return Err(Trouble::Unreadable(StatusCode::BAD_REQUEST));
            }
            true
        }
        _ => return Err(Trouble::Method),
    };
    let found = visit.opened(token, |link| directory.reminded(link))?;
    let Some((link, invited)) = found else {
        let settings = directory.shown_settings()?;
        let frame = visit.frame(&settings, None);
        return Ok(frame.shown(StatusCode::NOT_FOUND, views::unknown(&frame)));
    };
    let frame = visit.frame(&invited.settings, invited.user.profile.language.as_deref());
    let html = if is_said {
        directory.remind_no_more(&link)?;
        let words = frame.words();
        let lead = frame.say(words.unreminded_lead, &[]);
        views::notice(&frame, words.unreminded_title, &lead)
    } else {
        views::reminders(&frame)
    };
    Ok(frame.shown(StatusCode::OK, html))
}

/// Whether a form says it, of either kind that mail programs send (RFC 8058, section 3.2).
fn says_it(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body);
    let (name, value) = ONE_CLICK;
    text.split('&')
        .any(|it| it.split_once('=') == Some((name, value)))
        || text.contains(&format!("name=\"{name}\"")) && text.contains(value)
}

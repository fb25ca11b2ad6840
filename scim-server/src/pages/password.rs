//! Choosing a password by a mailed link, and having such a link mailed. Who asks for one hears the same, as soon, whether or
//! not there is anybody of that address: what comes of it is done afterwards.

use hyper::StatusCode;
use usher_core::Error;
use usher_core::command::{ChoosePassword, Command};
use usher_core::invited::Choosing;
use usher_core::link::Link;
use usher_core::model::EmailAddress;

use super::accept::{address_of, hashed, password};
use super::frame::Frame;
use super::sent::Sent;
use super::views::{self, Asking};
use super::{Shown, Trouble, Visit};

/// Answers what is asked of the page behind a link.
pub(super) async fn answer(
    visit: &Visit<'_>,
    token: &str,
    sent: Option<Sent>,
) -> Result<Shown, Trouble> {
    let directory = &visit.app.directory;
    let found = visit.opened(token, |link| directory.choosing(link))?;
    let Some((link, choosing)) = found else {
        let settings = directory.shown_settings()?;
        let frame = visit.frame(&settings, None);
        return Ok(dead(visit, &frame));
    };
    let language = choosing.user.profile.language.as_deref();
    let frame = visit.frame(&choosing.settings, language);
    if frame.settings.single_sign_on {
        return Ok(no_passwords(&frame));
    }
    if !choosing.is_open {
        return Ok(dead(visit, &frame));
    }
    let address = address_of(&choosing.user);
    let Some(sent) = sent else {
        let page = views::choose(&frame, address, &visit.form_token()?, &[]);
        return Ok(frame.shown(StatusCode::OK, page));
    };
    let mut wrong = Vec::new();
    let chosen = if visit.is_fresh(&sent)? {
        password(&frame, &sent, &choosing.user.profile, &mut wrong)
    } else {
        wrong.push(("", frame.words().stale.to_owned()));
        None
    };
    if !wrong.is_empty() {
        let page = views::choose(&frame, address, &visit.form_token()?, &wrong);
        return Ok(frame.shown(StatusCode::UNPROCESSABLE_ENTITY, page));
    }
    let hash = hashed(visit, chosen).await?.ok_or(Trouble::Broken)?;
    save(visit, &frame, &link, &choosing, hash).await
}

async fn save(
    visit: &Visit<'_>,
    frame: &Frame<'_>,
    link: &Link,
    choosing: &Choosing,
    password: usher_core::password::PasswordHash,
) -> Result<Shown, Trouble> {
    let command = Command::ChoosePassword(ChoosePassword {
        user: link.user,
        generation: link.generation,
        password,
    });
    match visit.apply(link.user, command).await {
        Ok(_) => {
            let page = views::chosen(frame, address_of(&choosing.user));
            Ok(frame.shown(StatusCode::OK, page))
        }
        // Somebody was quicker with the same link.
        Err(Error::Conflict { .. }) => Ok(dead(visit, frame)),
        Err(error) => Err(error.into()),
    }
}

fn dead(visit: &Visit<'_>, frame: &Frame<'_>) -> Shown {
    let words = frame.words();
    let anew = format!("{}/password", visit.prefix);
    let page = views::dead(frame, words.dead_title, words.dead_lead, &anew);
    frame.shown(StatusCode::GONE, page)
}

fn no_passwords(frame: &Frame<'_>) -> Shown {
    let words = frame.words();
    let lead = frame.say(words.no_passwords_lead, &[]);
    let page = views::notice(frame, words.no_passwords_title, &lead);
    frame.shown(StatusCode::OK, page)
}

/// Answers what is asked of the page for those who have forgotten their password.
pub(super) async fn forgotten(visit: &Visit<'_>, sent: Option<Sent>) -> Result<Shown, Trouble> {
    let settings = visit.app.directory.shown_settings()?;
    let frame = visit.frame(&settings, None);
    if settings.single_sign_on {
        return Ok(no_passwords(&frame));
    }
    let words = frame.words();
    let page = |address: &str, wrong: &[_]| {
        let asking = Asking {
            title: words.forgot_title,
            lead: &frame.say(words.forgot_lead, &[]),
            button: words.forgot_button,
            own_words: None,
            address,
            token: &visit.form_token()?,
            wrong,
        };
        let status = if wrong.is_empty() {
            StatusCode::OK
        } else {
            StatusCode::UNPROCESSABLE_ENTITY
        };
        Ok(frame.shown(status, asking.page(&frame)))
    };
    let Some(sent) = sent else {
        return page("", &[]);
    };
    let said = sent.get("address").trim();
    if !visit.is_fresh(&sent)? {
        return page(said, &[("", words.stale.to_owned())]);
    }
    let Ok(address) = said.parse::<EmailAddress>() else {
        let why = if said.is_empty() {
            words.missing_address
        } else {
            words.bad_address
        };
        return page(said, &[("address", why.to_owned())]);
    };
    visit.count_wish(&address.key())?;
    let lead = frame.say(words.forgot_asked, &[("address", address.as_str())]);
    if !visit.app.later.link_to(address) {
        return Err(Trouble::Crowded);
    }
    Ok(frame.shown(StatusCode::OK, views::asked(&frame, &lead)))
}

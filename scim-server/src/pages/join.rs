//! The join page: whoever types an address of the allow-list there is mailed a link, and the page behind that link lets them
//! in. The first page answers every address alike, at the same time: what comes of it is done afterwards.

use hyper::StatusCode;
use usher_core::Error;
use usher_core::command::{Command, Join};
use usher_core::invited::Standing;
use usher_core::link::{Link, LinkKind};
use usher_core::model::{EmailAddress, Field, Profile, Settings, Status};
use usher_core::wish::Joiner;

use super::accept::{filled_in, hashed, lacking, names, password, with};
use super::frame::{Frame, Wrong};
use super::own_fields;
use super::sent::Sent;
use super::views::{self, Asking, Coming, Details};
use super::{Shown, Trouble, Visit};

/// Answers what is asked of the page on which somebody types their address.
pub(super) async fn asked(
    visit: &Visit<'_>,
    slug: &str,
    sent: Option<Sent>,
) -> Result<Shown, Trouble> {
    let settings = open(visit, slug)?;
    let frame = visit.frame(&settings, None);
    let Some(sent) = sent else {
        return first(visit, &frame, "", &[]);
    };
    let words = frame.words();
    let said = sent.get("address").trim();
    if !visit.is_fresh(&sent)? {
        return first(visit, &frame, said, &[("", words.stale.to_owned())]);
    }
    let Ok(address) = said.parse::<EmailAddress>() else {
        let why = if said.is_empty() {
            words.missing_address
        } else {
            words.bad_address
        };
        return first(visit, &frame, said, &[("address", why.to_owned())]);
    };
    visit.count_wish(&address.key())?;
    let lead = frame.say(words.join_asked, &[("address", address.as_str())]);
    if !visit.app.later.join(address, frame.language) {
        return Err(Trouble::Crowded);
    }
    Ok(frame.shown(StatusCode::OK, views::asked(&frame, &lead)))
}

/// What is set, when the page of this slug is open.
fn open(visit: &Visit<'_>, slug: &str) -> Result<Settings, Trouble> {
    let settings = visit.app.directory.shown_settings()?;
    if settings.join.open_slug() == Some(slug) {
        Ok(settings)
    } else {
        Err(Trouble::Nothing)
    }
}

fn first(
    visit: &Visit<'_>,
    frame: &Frame<'_>,
    address: &str,
    wrong: &[Wrong],
) -> Result<Shown, Trouble> {
    let words = frame.words();
    let page = Asking {
        title: &frame.say(words.join_title, &[]),
        lead: words.join_lead,
        button: words.join_button,
        own_words: frame.settings.join.text.as_deref(),
        address,
        token: &visit.form_token()?,
        wrong,
    };
    Ok(frame.shown(status_of(wrong), page.page(frame)))
}

fn status_of(wrong: &[Wrong]) -> StatusCode {
    if wrong.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    }
}

/// Answers what is asked of the page behind a mailed link.
pub(super) async fn answer(
    visit: &Visit<'_>,
    slug: &str,
    token: &str,
    sent: Option<Sent>,
) -> Result<Shown, Trouble> {
    let directory = &visit.app.directory;
    // A link that was mailed goes on working when the page gets another name.
    let settings = match directory.opened_link(token)? {
        Some(_) => directory.shown_settings()?,
        None => open(visit, slug)?,
    };
    if !settings.join.on {
        return Err(Trouble::Nothing);
    }
    let found = visit.opened(token, |link| directory.joiner(link))?;
    let Some((link, joiner)) = found else {
        let frame = visit.frame(&settings, None);
        return Ok(joined_before(visit, &frame, token)?.unwrap_or_else(|| over(visit, &frame)));
    };
    let frame = visit.frame(&settings, joiner.language.map(|it| it.tag()));
    if joiner.is_known {
        let before = joined_before(visit, &frame, token)?;
        return Ok(before.unwrap_or_else(|| known(&frame, &joiner)));
    }
    let details = Details {
        others: lacking(&settings, &Profile::default())
            .map(|it| (it, String::new()))
            .collect(),
        own: own_fields::asked(&joiner.fields),
        ..Details::default()
    };
    let Some(sent) = sent else {
        return form(visit, &frame, &joiner, &details, &[]);
    };
    if !visit.is_fresh(&sent)? {
        let stale = [("", frame.words().stale.to_owned())];
        return form(visit, &frame, &joiner, &details, &stale);
    }
    let details = filled_in(&sent, details);
    joined(visit, &frame, &link, &joiner, &sent, &details).await
}

fn form(
    visit: &Visit<'_>,
    frame: &Frame<'_>,
    joiner: &Joiner,
    details: &Details,
    wrong: &[Wrong],
) -> Result<Shown, Trouble> {
    let words = frame.words();
    let page = Coming {
        title: &frame.say(words.join_details_title, &[]),
        button: &frame.say(words.join_details_button, &[]),
        address: joiner.address.as_str(),
        details,
        asks_names: true,
        account: None,
        single_sign_on: frame.settings.single_sign_on,
        token: &visit.form_token()?,
        wrong,
    };
    Ok(frame.shown(status_of(wrong), page.page(frame)))
}

async fn joined(
    visit: &Visit<'_>,
    frame: &Frame<'_>,
    link: &Link,
    joiner: &Joiner,
    sent: &Sent,
    details: &Details,
) -> Result<Shown, Trouble> {
    let words = frame.words();
    let address = joiner.address.as_str();
    let mut wrong = Vec::new();
    let mut set = names(details, words, true, &mut wrong);
    let fields = own_fields::values(&details.own, frame, &mut wrong);
    let mut profile = with(&Profile::default(), &set);
    profile.set(Field::Email, Some(address.to_owned()));
    let password = password(frame, sent, &profile, &mut wrong);
    if !wrong.is_empty() {
        return form(visit, frame, joiner, details, &wrong);
    }
    set.push((Field::Language, Some(frame.language.tag().to_owned())));
    let command = Command::Join(Join {
        wish: link.user,
        generation: link.generation,
        set,
        fields,
        password: hashed(visit, password).await?,
    });
    let full = || {
        let lead = frame.say(words.full_lead, &[]);
        let page = views::notice(frame, words.full_title, &lead);
        frame.shown(StatusCode::CONFLICT, page)
    };
    let user = match visit.apply(link.user, command).await {
        Ok(applied) if applied.batch.is_none() => return Ok(full()),
        Ok(applied) => applied.user.ok_or(Trouble::Broken)?,
        Err(Error::NoSeat(_)) => return Ok(full()),
        // Somebody was quicker with the same link, or the page was closed meanwhile.
        Err(Error::Conflict { .. }) => {
            return Ok(match visit.app.directory.joiner(link)? {
                Some(now) if now.is_known => known(frame, &now),
                _ => over(visit, frame),
            });
        }
        Err(error) => return Err(error.into()),
    };
    let directory = &visit.app.directory;
    let now = directory.newcomer(user)?.ok_or(Trouble::Broken)?;
    // The link opens nothing any more in any case: whoever has its address is here.
    visit.app.later.forget(*link);
    let html = match now.1 {
        Standing::Queued(position) => views::queued(frame, position, address),
        _ => views::done(frame, now.0.profile.first_name.as_deref(), address),
    };
    Ok(frame.shown(StatusCode::OK, html))
}

/// What the page says to whoever has come in by this link.
fn joined_before(
    visit: &Visit<'_>,
    frame: &Frame<'_>,
    token: &str,
) -> Result<Option<Shown>, Trouble> {
    let directory = &visit.app.directory;
    let opened = directory.opened_link(token)?;
    let Some(link) = opened.filter(|it| it.kind == LinkKind::Join) else {
        return Ok(None);
    };
    let Some((user, standing)) = directory.newcomer(link.user)? else {
        return Ok(None);
    };
    let address = user.profile.email.unwrap_or_default();
    let html = match standing {
        Standing::Queued(position) => views::queued(frame, position, &address),
        _ if user.status == Status::Active => {
            let words = frame.words();
            let lead = frame.say(words.join_known_lead, &[("address", &address)]);
            views::known(frame, &lead)
        }
        _ => return Ok(None),
    };
    Ok(Some(frame.shown(StatusCode::OK, html)))
}

fn over(visit: &Visit<'_>, frame: &Frame<'_>) -> Shown {
    let words = frame.words();
    let slug = frame.settings.join.slug.as_deref().unwrap_or_default();
    let anew = format!("{}/join/{slug}", visit.prefix);
    let page = views::dead(frame, words.join_over_title, words.join_over_lead, &anew);
    frame.shown(StatusCode::GONE, page)
}

fn known(frame: &Frame<'_>, joiner: &Joiner) -> Shown {
    let words = frame.words();
    if joiner.is_invited {
        let address = [("address", joiner.address.as_str())];
        let lead = frame.say(words.join_invited_lead, &address);
        let title = frame.say(words.join_invited_title, &[]);
        return frame.shown(StatusCode::OK, views::notice(frame, &title, &lead));
    }
    let lead = frame.say(
        words.join_known_lead,
        &[("address", joiner.address.as_str())],
    );
    let page = views::known(frame, &lead);
    frame.shown(StatusCode::OK, page)
}

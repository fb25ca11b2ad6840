//! Accepting an invitation: a page that welcomes, a page to fill in, and what came of it. The first thing that is sent from
//! it is noted as begun; nothing is noted of looking at it.

use hyper::StatusCode;
use usher_core::Error;
use usher_core::command::{Accept, Command, OwnRecords};
use usher_core::invited::{Invited, Standing};
use usher_core::link::Link;
use usher_core::model::{Field, Name, Profile, RequiredItem, Settings, Status, User};
use usher_core::password::{Password, PasswordHash, Weakness};

use super::frame::{Frame, Wrong};
use super::own_fields;
use super::sent::Sent;
use super::views::{self, Coming, Details, Welcome};
use super::words::Words;
use super::{Shown, Trouble, Visit};

/// What an organization may want to know of whoever comes in, beside their names.
const OTHERS: [Field; 3] = [Field::FunctionalArea, Field::Title, Field::Region];

/// Answers what is asked of an invitation's page.
pub(super) async fn answer(
    visit: &Visit<'_>,
    token: &str,
    sent: Option<Sent>,
) -> Result<Shown, Trouble> {
    let directory = &visit.app.directory;
    let found = visit.opened(token, |link| directory.invited(link))?;
    let Some((link, invited)) = found else {
        let settings = directory.shown_settings()?;
        let frame = visit.frame(&settings, None);
        return Ok(frame.shown(StatusCode::NOT_FOUND, views::unknown(&frame)));
    };
    let frame = visit.frame(&invited.settings, invited.user.profile.language.as_deref());
    let Some(sent) = sent else {
        return at_rest(visit, &frame, &invited, &[]);
    };
    if !visit.is_fresh(&sent)? {
        let stale = [("", frame.words().stale.to_owned())];
        return at_rest(visit, &frame, &invited, &stale);
    }
    match (sent.get("step"), invited.standing) {
        ("begin", Standing::Open) => begun(visit, &frame, &link, &invited),
        ("accept", Standing::Open) => accepted(visit, &frame, &link, &invited, &sent).await,
        ("ask", Standing::Expired | Standing::Replaced) => ask(visit, &frame, &invited).await,
        ("ask", Standing::Withdrawn) => ask_again(visit, &frame, &invited),
        _ => at_rest(visit, &frame, &invited, &[]),
    }
}

/// The page as it stands, which whoever opens the link sees first.
fn at_rest(
    visit: &Visit<'_>,
    frame: &Frame<'_>,
    invited: &Invited,
    wrong: &[Wrong],
) -> Result<Shown, Trouble> {
    let words = frame.words();
    let address = views::masked(address_of(&invited.user));
    let until = frame.language.day(invited.until);
    let (status, html) = match invited.standing {
        Standing::Open => {
            let page = Welcome {
                address: &address,
                until: &until,
                has_account: invited.account.is_some(),
                token: &visit.form_token()?,
                wrong,
            };
            let status = if wrong.is_empty() {
                StatusCode::OK
            } else {
                StatusCode::BAD_REQUEST
            };
            (status, page.page(frame))
        }
        Standing::Expired => {
            let lead = frame.say(words.expired_lead, &[("date", &until)]);
            let token = visit.form_token()?;
            let page = views::over(frame, words.expired_title, &lead, &address, &token);
            (StatusCode::GONE, page)
        }
        Standing::Replaced => {
            let token = visit.form_token()?;
            let (title, lead) = (words.replaced_title, words.replaced_lead);
            let page = views::over(frame, title, lead, &address, &token);
            (StatusCode::GONE, page)
        }
        Standing::Used => {
            let forgot = format!("{}/password", visit.prefix);
            let forgot = (!frame.settings.single_sign_on).then_some(forgot);
            (StatusCode::OK, views::used(frame, forgot.as_deref()))
        }
        Standing::Queued(position) => (StatusCode::OK, views::queued(frame, position, &address)),
        Standing::Withdrawn if invited.user.status == Status::Cancelled => {
            let token = visit.form_token()?;
            (StatusCode::GONE, views::withdrawn(frame, &token))
        }
        Standing::Withdrawn => {
            let lead = frame.say(words.withdrawn_lead, &[]);
            let page = views::notice(frame, words.withdrawn_title, &lead);
            (StatusCode::GONE, page)
        }
    };
    Ok(frame.shown(status, html))
}

/// The first press: it is noted, and the form is shown.
fn begun(
    visit: &Visit<'_>,
    frame: &Frame<'_>,
    link: &Link,
    invited: &Invited,
) -> Result<Shown, Trouble> {
    visit.app.directory.note_begun(link.user, link.generation);
    form(visit, frame, invited, &known(invited), &[])
}

/// What is known of the person already, to begin with.
fn known(invited: &Invited) -> Details {
    let profile = &invited.user.profile;
    let own = invited.account.as_ref().map(|it| &it.terms);
    let name = |of: &Option<String>, own: Option<&String>| {
        let found = of.as_ref().or(own);
        found.cloned().unwrap_or_default()
    };
    Details {
        first: name(
            &profile.first_name,
            own.and_then(|it| it.first_name.as_ref()),
        ),
        last: name(&profile.last_name, own.and_then(|it| it.last_name.as_ref())),
        others: lacking(&invited.settings, profile)
            .map(|it| (it, String::new()))
            .collect(),
        own: own_fields::asked(&invited.fields),
        records: None,
    }
}

/// What is wanted to be known of everybody and is not of this person.
pub(super) fn lacking<'p>(
    settings: &'p Settings,
    profile: &'p Profile,
) -> impl Iterator<Item = Field> + 'p {
    let required = settings.required_on_invite.items();
    OTHERS.into_iter().filter(move |it| {
        let is_required = required.contains(&RequiredItem::Field(*it));
        is_required && profile.get(*it).is_none()
    })
}

/// Whether the person says their own names: not where a provider has said both.
fn asks_names(user: &User) -> bool {
    let profile = &user.profile;
    user.connection.is_none() || profile.first_name.is_none() || profile.last_name.is_none()
}

fn form(
    visit: &Visit<'_>,
    frame: &Frame<'_>,
    invited: &Invited,
    details: &Details,
    wrong: &[Wrong],
) -> Result<Shown, Trouble> {
    let words = frame.words();
    let page = Coming {
        title: words.details_title,
        button: &frame.say(words.details_button, &[]),
        address: address_of(&invited.user),
        details,
        asks_names: asks_names(&invited.user),
        account: invited.account.as_ref(),
        single_sign_on: frame.settings.single_sign_on,
        token: &visit.form_token()?,
        wrong,
    };
    let status = if wrong.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    Ok(frame.shown(status, page.page(frame)))
}

async fn accepted(
    visit: &Visit<'_>,
    frame: &Frame<'_>,
    link: &Link,
    invited: &Invited,
    sent: &Sent,
) -> Result<Shown, Trouble> {
    let mut details = filled_in(sent, known(invited));
    details.records = match sent.get("records") {
        "transfer" => Some(OwnRecords::Transfer),
        "fresh" => Some(OwnRecords::StartFresh),
        _ => None,
    };
    let words = frame.words();
    let mut wrong = Vec::new();
    let mut set = names(&details, words, asks_names(&invited.user), &mut wrong);
    if invited.account.is_some() && details.records.is_none() {
        wrong.push(("transfer", words.missing_records.to_owned()));
    }
    let fields = own_fields::values(&details.own, frame, &mut wrong);
    let profile = &invited.user.profile;
    let password = password(frame, sent, &with(profile, &set), &mut wrong);
    if !wrong.is_empty() {
        return form(visit, frame, invited, &details, &wrong);
    }
    if profile.language.is_none() && visit.asked.is_some() {
        set.push((Field::Language, Some(frame.language.tag().to_owned())));
    }
    let command = Command::Accept(Accept {
        user: link.user,
        generation: Some(link.generation),
        set,
        fields,
        password: hashed(visit, password).await?,
        records: details.records.unwrap_or_default(),
    });
    match visit.apply(link.user, command).await {
        Ok(_) => {}
        Err(Error::NoSeat(_)) => {
            let lead = frame.say(words.full_lead, &[]);
            let page = views::notice(frame, words.full_title, &lead);
            return Ok(frame.shown(StatusCode::CONFLICT, page));
        }
        // Somebody was quicker with the same link, or it was withdrawn meanwhile: that is what is shown.
        Err(Error::Conflict { .. }) => {
            return match visit.app.directory.invited(link)? {
                Some(now) => at_rest(visit, frame, &now, &[]),
                None => Err(Trouble::Nothing),
            };
        }
        Err(error) => return Err(error.into()),
    }
    let now = visit.app.directory.invited(link)?;
    let now = now.ok_or(Trouble::Nothing)?;
    let address = address_of(&now.user);
    let html = match now.standing {
        Standing::Queued(position) => views::queued(frame, position, address),
        _ => views::done(frame, now.user.profile.first_name.as_deref(), address),
    };
    Ok(frame.shown(StatusCode::OK, html))
}

/// Mails a new link to the address that was invited.
async fn ask(visit: &Visit<'_>, frame: &Frame<'_>, invited: &Invited) -> Result<Shown, Trouble> {
    let user = invited.user.id;
    visit.count_wish(&user.to_string())?;
    match visit.apply(user, Command::AskForInvitation { user }).await {
        Ok(_) | Err(Error::Conflict { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let page = views::asked(frame, frame.words().asked_lead);
    Ok(frame.shown(StatusCode::OK, page))
}

/// Tells whoever invites people that somebody whose invitation was withdrawn asks for a new one. Writing waits for the disk.
fn ask_again(visit: &Visit<'_>, frame: &Frame<'_>, invited: &Invited) -> Result<Shown, Trouble> {
    let user = &invited.user;
    visit.count_wish(&user.id.to_string())?;
    if user.status == Status::Cancelled && !visit.app.later.ask_again(user.id) {
        return Err(Trouble::Crowded);
    }
    let lead = frame.say(frame.words().wish_told, &[]);
    let page = views::notice(frame, frame.words().asked_title, &lead);
    Ok(frame.shown(StatusCode::OK, page))
}

/// What was filled in, over what is known.
pub(super) fn filled_in(sent: &Sent, mut details: Details) -> Details {
    details.first = sent.get("first").trim().to_owned();
    details.last = sent.get("last").trim().to_owned();
    for (field, said) in &mut details.others {
        let id = id_of(*field);
        *said = sent.get(id).trim().to_owned();
    }
    own_fields::fill_in(&mut details.own, sent);
    details
}

fn id_of(field: Field) -> &'static str {
    match field {
        Field::FirstName => "first",
        Field::LastName => "last",
        Field::FunctionalArea => "area",
        Field::Title => "title",
        _ => "region",
    }
}

/// The fields to set, of what was filled in; what cannot be is noted.
pub(super) fn names(
    details: &Details,
    words: &Words,
    asks_names: bool,
    wrong: &mut Vec<Wrong>,
) -> Vec<(Field, Option<String>)> {
    let mut said: Vec<(Field, &str, &str)> = Vec::new();
    if asks_names {
        said.push((Field::FirstName, &details.first, words.missing_first));
        said.push((Field::LastName, &details.last, words.missing_last));
    }
    for (field, value) in &details.others {
        said.push((*field, value, words.missing_other));
    }
    let mut set = Vec::new();
    for (field, value, missing) in said {
        match Name::parse("name", value) {
            Ok(Some(name)) => set.push((field, Some(name.into_string()))),
            Ok(None) => wrong.push((id_of(field), missing.to_owned())),
            Err(_) => wrong.push((id_of(field), words.bad_name.to_owned())),
        }
    }
    set
}

/// The profile with what the person has just said.
pub(super) fn with(profile: &Profile, set: &[(Field, Option<String>)]) -> Profile {
    let mut profile = profile.clone();
    for (field, value) in set {
        profile.set(*field, value.clone());
    }
    profile
}

/// The password that was chosen, if one is to be; what is wrong with it is noted.
pub(super) fn password(
    frame: &Frame<'_>,
    sent: &Sent,
    profile: &Profile,
    wrong: &mut Vec<Wrong>,
) -> Option<Password> {
    if frame.settings.single_sign_on {
        return None;
    }
    let words = frame.words();
    let chosen = sent.get("password");
    if chosen.is_empty() {
        wrong.push(("password", words.missing_password.to_owned()));
        return None;
    }
    let about = [
        &profile.email,
        &profile.user_name,
        &profile.first_name,
        &profile.last_name,
        &profile.display_name,
    ];
    let about = about.into_iter().filter_map(|it| it.as_deref());
    let about: Vec<&str> = about.chain([frame.organization()]).collect();
    let why = match Password::checked(chosen, &about) {
        Ok(_) if chosen != sent.get("repeat") => {
            wrong.push(("repeat", words.differs.to_owned()));
            return None;
        }
        Ok(password) => return Some(password),
        Err(Weakness::Short) => words.weak_short,
        Err(Weakness::Long) => words.weak_long,
        Err(Weakness::LineBreak) => words.weak_line,
        Err(Weakness::Common) => words.weak_common,
        Err(Weakness::About) => words.weak_about,
    };
    wrong.push(("password", why.to_owned()));
    None
}

/// The hash of a password, when it is its turn.
pub(super) async fn hashed(
    visit: &Visit<'_>,
    password: Option<Password>,
) -> Result<Option<PasswordHash>, Trouble> {
    let Some(password) = password else {
        return Ok(None);
    };
    let directory = visit.app.directory.clone();
    let hashed = visit
        .app
        .sign_in
        .turn(move || directory.hash_password(&password))
        .await;
    match hashed {
        Some(hash) => Ok(Some(hash?)),
        None => Err(Trouble::Crowded),
    }
}

pub(super) fn address_of(user: &User) -> &str {
    let profile = &user.profile;
    let address = profile.email.as_deref();
    address.or(profile.user_name.as_deref()).unwrap_or_default()
}

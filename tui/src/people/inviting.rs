//! The form that invites people, or makes their accounts at once.

use usher_core::command::{Command, Create, Invite, InviteToSession, NewPerson, parse_people};
use usher_core::model::{CustomField, Field as Known, GroupRole, PoolName};

use super::{custom_line, label, list};
use crate::board::Doing;
use crate::effect::{Order, Wish};
use crate::form::{Field, Form, Offer};
use crate::names::{Names, Settable};
use crate::repeating::Named;
use crate::words::{self, quoted};

// What the lines are called; what is known of people has its own names.
const ADDRESSES: &str = "addresses";
const GROUPS: &str = "groups";
const POOLS: &str = "pools";
const SESSION: &str = "session";
const MAIL: &str = "mail";
const ACCOUNT: &str = "account";

/// What of a profile can be given to all of them, and how the command line calls it.
const DETAILS: [(Known, &str); 7] = [
    (Known::FunctionalArea, "area"),
    (Known::Title, "title"),
    (Known::Region, "region"),
    (Known::Language, "language"),
    (Known::Labels, "label"),
    (Known::DeactivateOn, "deactivate-on"),
    (Known::DeleteOn, "delete-on"),
];

/// The form that invites people, with a line for every custom field: what is required comes first.
pub(crate) fn invite(names: &Names) -> Doing {
    let custom = |required: bool| {
        let fields = names.fields.iter();
        let fields = fields.filter(move |it| it.terms.required == required);
        fields.map(|it| custom_line(it).hinting(custom_hint(it)))
    };
    let mut fields = vec![
        Field::new(
            ADDRESSES,
            "Type or paste them, also as Ana Li <ana@corp.example>; commas or spaces between them.",
        )
        .checked(addresses)
        .telling(|text| format!("{} to invite", words::people(parse_people(text).0.len()))),
    ];
    fields.extend(custom(true));
    fields.push(Field::new(GROUPS, "Groups that each of them joins.").offering(Offer::Groups));
    fields.push(
        Field::new(POOLS, "Add-on pools that each of them gets a license of.")
            .offering(Offer::Pools),
    );
    fields.extend(DETAILS.iter().map(|(known, _)| detail(*known)));
    let manager = Field::new(
        "manager",
        "Whom they report to: a name, an address or an id.",
    );
    let manager = manager.offering(Offer::People).setting(Settable::Manager);
    let place = fields.len() - 3;
    fields.insert(place, manager);
    fields.push(mail());
    fields.push(
        Field::new(SESSION, "A session to invite to; it is assigned to them.")
            .offering(Offer::Trainings),
    );
    fields.push(account());
    fields.extend(custom(false));
    Doing::Ask(Box::new(Form::new("Invite people", fields, invited)))
}

fn custom_hint(field: &CustomField) -> &'static str {
    match field.terms.required {
        true => "Required: the same for each of them.",
        false => "The same for each of them.",
    }
}

fn detail(known: Known) -> Field {
    let hint = match known {
        Known::Language => "Such as en or pt-BR.",
        Known::Labels => "Free words, with commas between them.",
        Known::DeactivateOn => "The day on which they are deactivated, such as 2027-01-31.",
        Known::DeleteOn => "The day on which they are deleted, such as 2027-01-31.",
        _ => "The same for each of them.",
    };
    let offer = match known {
        Known::Labels => Offer::Labels,
        _ => Offer::Nothing,
    };
    Field::new(label(known), hint)
        .offering(offer)
        .setting(Settable::Field(known))
        .checked(move |text| {
            known
                .parse_typed(text)
                .map(|_| ())
                .map_err(|it| it.to_string())
        })
}

fn mail() -> Field {
    Field::new(MAIL, "yes, no, or the day on which it is mailed.")
        .with("yes")
        .of_mailing()
}

fn account() -> Field {
    let hint = "invited: they accept first; active: at once, with a link to choose a password.";
    Field::new(ACCOUNT, hint)
        .with("invited")
        .offering(Offer::Words(&["invited", "active"]))
        .checked(|text| match text.trim() {
            "invited" | "active" => Ok(()),
            _ => Err("use invited or active".to_owned()),
        })
}

fn addresses(text: &str) -> Result<(), String> {
    let (people, bad) = parse_people(text);
    match bad.first() {
        None => Ok(()),
        Some(first) => Err(format!(
            "{}, and {} not read: {first}",
            words::people(people.len()),
            words::some(bad.len(), "address").replace("addresss", "addresses"),
        )),
    }
}

/// The line of a form that is called so, with its place.
fn line<'f>(fields: &'f [Field], called: &str) -> Option<(usize, &'f Field)> {
    let mut lines = fields.iter().enumerate();
    lines.find(|(_, it)| it.label == called && !matches!(it.settable(), Some(Settable::Custom(_))))
}

fn text<'f>(fields: &'f [Field], called: &str) -> &'f str {
    line(fields, called).map_or("", |it| it.1.text())
}

fn invited(fields: &[Field]) -> Result<Doing, (usize, String)> {
    let (people, _) = parse_people(text(fields, ADDRESSES));
    if people.is_empty() {
        return Err((0, "type or paste at least one address".to_owned()));
    }
    let common = common(fields)?;
    let at_once = text(fields, ACCOUNT) == "active";
    let (mail, send_on) = (text(fields, MAIL) != "no", text(fields, MAIL).parse().ok());
    let session = Some(text(fields, SESSION)).filter(|it| !it.is_empty());
    if at_once && (send_on.is_some() || session.is_some()) {
        let (called, why) = match send_on {
            Some(_) => (
                MAIL,
                "an account that is made at once is mailed at once: yes or no",
            ),
            None => (
                SESSION,
                "people are invited to a session: leave it empty, or invite them",
            ),
        };
        let at = line(fields, called).map_or(0, |it| it.0);
        return Err((at, why.to_owned()));
    }
    let (command_line, input) = invite_line(fields, &people, at_once);
    let verb = if at_once {
        "Create accounts of"
    } else {
        "Invite"
    };
    let heading = format!("{verb} {}", words::people(people.len()));
    let people = people.into_iter().map(|person| {
        let mut profile = common.profile.clone();
        profile.email = person.profile.email;
        profile.first_name = person.profile.first_name;
        profile.last_name = person.profile.last_name;
        NewPerson {
            profile,
            ..common.clone()
        }
    });
    let people = people.collect();
    let groups = list(line(fields, GROUPS).map(|it| it.1));
    let groups = groups.map(|it| (it, GroupRole::Learner)).collect();
    let mut pools = Vec::new();
    if let Some((at, field)) = line(fields, POOLS) {
        for pool in list(Some(field)) {
            pools.push(
                pool.parse::<PoolName>()
                    .map_err(|it| (at, it.to_string()))?,
            );
        }
    }
    let command = if at_once {
        Command::Create(Create {
            people,
            groups,
            pools,
            mail,
        })
    } else {
        let invite = Invite {
            people,
            groups,
            pools,
            mail,
            send_on,
        };
        match session {
            Some(session) => Command::InviteToSession(InviteToSession {
                session: session.to_owned(),
                invite,
            }),
            None => Command::Invite(invite),
        }
    };
    Ok(Doing::Plan {
        target: "new people".to_owned(),
        wish: Wish::Order(Box::new(
            Order::new(command, heading, command_line).with_input(input),
        )),
    })
}

/// What is the same for each of them.
fn common(fields: &[Field]) -> Result<NewPerson, (usize, String)> {
    let mut common = NewPerson::default();
    for (at, field) in fields.iter().enumerate() {
        match field.settable() {
            Some(Settable::Field(known)) => {
                let value = known.parse_typed(field.text());
                let value = value.map_err(|it| (at, it.to_string()))?;
                common.profile.set(*known, value);
            }
            Some(Settable::Manager) => common.manager = field.given().map(str::to_owned),
            Some(Settable::Custom(name)) => {
                let given = field.given().map(|it| (name.clone(), it.to_owned()));
                common.fields.extend(given);
            }
            None => {}
        }
    }
    Ok(common)
}

/// The command line, and what it reads as its input.
fn invite_line(fields: &[Field], people: &[NewPerson], at_once: bool) -> (String, Option<String>) {
    let verb = if at_once { "create" } else { "invite" };
    let each: Vec<_> = people.iter().filter_map(addressed).collect();
    let named = Named::each(&each);
    let mut said = format!("usher {verb} {}", named.arguments);
    let mut option = |name: &str, value: &str| {
        said.push_str(&format!(" --{name} {}", quoted(value)));
    };
    for field in fields {
        let Some(given) = field.given() else { continue };
        let known = |known: &Known| DETAILS.iter().find(|it| it.0 == *known).map(|it| it.1);
        let name = match field.settable() {
            Some(Settable::Field(it)) => known(it).unwrap_or_default(),
            Some(Settable::Manager) => "manager",
            Some(Settable::Custom(name)) => {
                option("field", &format!("{name}={given}"));
                continue;
            }
            None if field.label == GROUPS => "group",
            None if field.label == POOLS => "pool",
            None if field.label == SESSION => "session",
            None => continue,
        };
        if matches!(name, "group" | "pool" | "label") {
            list(Some(field)).for_each(|it| option(name, &it));
        } else {
            option(name, given);
        }
    }
    match text(fields, MAIL) {
        "no" => said.push_str(" --no-mail"),
        "" | "yes" => {}
        day => said.push_str(&format!(" --send-on {day}")),
    }
    (said, named.input)
}

/// Somebody as the command line takes them, with the names that were typed: `Ana Li <ana@corp.example>`.
fn addressed(person: &NewPerson) -> Option<String> {
    let profile = &person.profile;
    let email = profile.email.as_deref()?;
    let name = match (profile.first_name.as_deref(), profile.last_name.as_deref()) {
        (None, None) => return Some(email.to_owned()),
        (Some(first), None) => first.to_owned(),
        (None, Some(last)) => format!("{last},"),
        (Some(first), Some(last)) if last.contains(char::is_whitespace) => {
            format!("{last}, {first}")
        }
        (Some(first), Some(last)) => format!("{first} {last}"),
    };
    let plain = !name.contains(['"', '\\', '<', '>', ',', ';', '@']);
    Some(if plain {
        format!("{name} <{email}>")
    } else {
        let name = name.replace('\\', "\\\\").replace('"', "\\\"");
        format!("\"{name}\" <{email}>")
    })
}

//! The form that invites people.

use usher_core::command::{Command, Invite, NewPerson, parse_people};
use usher_core::model::{Date, Field as Known, GroupRole, PoolName};

use super::{label, list};
use crate::board::Doing;
use crate::effect::{Order, Wish};
use crate::form::{Field, Form, Offer};
use crate::words::{self, quoted};

/// Most addresses that a command line repeats.
const MOST_ADDRESSES: usize = 6;

/// The form that invites people.
pub(crate) fn invite() -> Doing {
    let profile = |known: Known, hint: &str| {
        Field::new(label(known), hint).checked(move |text| {
            known
                .parse_typed(text)
                .map(|_| ())
                .map_err(|it| it.to_string())
        })
    };
    let fields =
        vec![
        Field::new(
            "addresses",
            "Type or paste them, also as Ana Li <ana@corp.example>; commas or spaces between them.",
        )
        .checked(addresses)
        .telling(|text| format!("{} to invite", words::people(parse_people(text).0.len()))),
        Field::new("groups", "Groups that each of them joins.").offering(Offer::Groups),
        Field::new("pools", "Add-on pools that each of them gets a license of.")
            .offering(Offer::Pools),
        profile(Known::FunctionalArea, "The same for each of them."),
        profile(Known::Title, "The same for each of them."),
        profile(Known::Language, "Such as en or pt-BR."),
        Field::new("manager", "Whom they report to: an address, a user name or an id."),
        profile(Known::Labels, "Free words, with commas between them.").offering(Offer::Labels),
        profile(
            Known::DeleteOn,
            "The day on which they are deleted, such as 2027-01-31.",
        ),
        Field::new("mail", "yes, no, or the day on which it is mailed.")
            .with("yes")
            .offering(Offer::Words(&["yes", "no"]))
            .checked(|text| match text.trim() {
                "" | "yes" | "no" => Ok(()),
                day => day
                    .parse::<Date>()
                    .map(|_| ())
                    .map_err(|_| "say yes, no or a day such as 2027-01-31".to_owned()),
            }),
    ];
    Doing::Ask(Box::new(Form::new("Invite people", fields, invited)))
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

fn invited(fields: &[Field]) -> Result<Doing, (usize, String)> {
    let text = |i: usize| fields.get(i).map_or("", Field::text);
    let given = |i: usize| fields.get(i).and_then(Field::given).map(str::to_owned);
    let (people, _) = parse_people(text(0));
    if people.is_empty() {
        return Err((0, "type or paste at least one address".to_owned()));
    }
    let known = [
        (3, Known::FunctionalArea),
        (4, Known::Title),
        (5, Known::Language),
        (7, Known::Labels),
        (8, Known::DeleteOn),
    ];
    let mut common = NewPerson {
        manager: given(6),
        ..NewPerson::default()
    };
    for (i, field) in known {
        let value = field.parse(text(i)).map_err(|it| (i, it.to_string()))?;
        common.profile.set(field, value);
    }
    let line = invite_line(fields, &people);
    let heading = format!("Invite {}", words::people(people.len()));
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
    let mut pools = Vec::new();
    for pool in list(fields.get(2)) {
        pools.push(pool.parse::<PoolName>().map_err(|it| (2, it.to_string()))?);
    }
    let command = Command::Invite(Invite {
        people: people.collect(),
        groups: list(fields.get(1))
            .map(|it| (it, GroupRole::Learner))
            .collect(),
        pools,
        mail: text(9) != "no",
        send_on: text(9).parse().ok(),
    });
    Ok(Doing::Plan {
        target: "new people".to_owned(),
        wish: Wish::Order(Box::new(Order::new(command, heading, line))),
    })
}

fn invite_line(fields: &[Field], people: &[NewPerson]) -> String {
    let mut line = if people.len() > MOST_ADDRESSES {
        "usher invite - ".to_owned()
    } else {
        let each = people.iter().filter_map(addressed);
        format!("usher invite {}", each.collect::<Vec<_>>().join(" "))
    };
    let named = [
        (1, "group"),
        (2, "pool"),
        (3, "area"),
        (4, "title"),
        (5, "language"),
        (6, "manager"),
        (7, "label"),
        (8, "delete-on"),
    ];
    for (i, name) in named {
        let Some(text) = fields.get(i).and_then(Field::given) else {
            continue;
        };
        let many = matches!(name, "group" | "pool" | "label");
        let values: Vec<_> = if many {
            list(fields.get(i)).collect()
        } else {
            vec![text.to_owned()]
        };
        for value in values {
            line.push_str(&format!(" --{name} {}", quoted(&value)));
        }
    }
    match fields.get(9).map_or("", Field::text) {
        "no" => line.push_str(" --no-mail"),
        "" | "yes" => {}
        day => line.push_str(&format!(" --send-on {day}")),
    }
    line.trim_end().to_owned()
}

/// Somebody as an argument of a shell, with the names that were typed: `'Ana Li <ana@corp.example>'`.
fn addressed(person: &NewPerson) -> Option<String> {
    let profile = &person.profile;
    let email = profile.email.as_deref()?;
    let name = match (profile.first_name.as_deref(), profile.last_name.as_deref()) {
        (None, None) => return Some(quoted(email)),
        (Some(first), None) => first.to_owned(),
        (None, Some(last)) => format!("{last},"),
        (Some(first), Some(last)) if last.contains(char::is_whitespace) => {
            format!("{last}, {first}")
        }
        (Some(first), Some(last)) => format!("{first} {last}"),
    };
    let plain = !name.contains(['"', '\\', '<', '>', ',', ';', '@']);
    Some(quoted(&if plain {
        format!("{name} <{email}>")
    } else {
        let name = name.replace('\\', "\\\\").replace('"', "\\\"");
        format!("\"{name}\" <{email}>")
    }))
}

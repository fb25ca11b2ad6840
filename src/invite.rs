//! `usher invite` and `usher create`: new people from addresses.

use usher_core::Error;
use usher_core::command::{Command, Create, Invite, InviteToSession, NewPerson, parse_people};
use usher_core::model::Field;

use crate::args::{CreateArgs, Details, InviteArgs};
use crate::confirm::carry_out;
use crate::desk::Desk;
use crate::failure::{Failure, Result, complain};
use crate::who::read_input;

/// How many addresses that cannot be read are named.
const NAMED: usize = 10;

/// Invites people.
pub(crate) fn invite(desk: &Desk, args: InviteArgs) -> Result<()> {
    let people = people(&args.addresses, &args.details)?;
    tell_doubts(desk, &people)?;
    let Details {
        group,
        pool,
        no_mail,
        ..
    } = args.details;
    let invite = Invite {
        people,
        groups: group,
        pools: pool,
        mail: !no_mail,
        send_on: args.send_on,
    };
    let command = match args.session {
        Some(session) => Command::InviteToSession(InviteToSession { session, invite }),
        None => Command::Invite(invite),
    };
    carry_out(desk, command, &args.plan)
}

/// Makes active accounts.
pub(crate) fn create(desk: &Desk, args: CreateArgs) -> Result<()> {
    let with_password = args.password || args.password_stdin;
    if args.password_stdin && args.addresses.iter().any(|it| it == "-") {
        return Err(Failure::Usage(
            "standard input is either addresses or a password".into(),
        ));
    }
    let mut people = people(&args.addresses, &args.details)?;
    tell_doubts(desk, &people)?;
    if with_password {
        let [one] = people.as_mut_slice() else {
            return Err(Failure::Usage(
                "a password is for one person; leave it out, and everybody is mailed a link to choose one"
                    .into(),
            ));
        };
        one.password = Some(crate::password::of(
            desk,
            &one.profile,
            args.password_stdin,
        )?);
    }
    let Details {
        group,
        pool,
        no_mail,
        ..
    } = args.details;
    let command = Command::Create(Create {
        people,
        groups: group,
        pools: pool,
        mail: !no_mail,
    });
    carry_out(desk, command, &args.plan)
}

/// Everybody named, with the details on each. One address that cannot be read refuses all.
fn people(addresses: &[String], details: &Details) -> Result<Vec<NewPerson>> {
    let (mut people, mut bad) = (Vec::new(), Vec::new());
    for text in addresses {
        let input = if text == "-" {
            let input = read_input()?;
            // What a file may begin with is no part of what is in it.
            input.strip_prefix('\u{feff}').unwrap_or(&input).to_owned()
        } else {
            text.clone()
        };
        let (more, unread) = parse_people(&input);
        people.extend(more);
        bad.extend(unread);
    }
    if !bad.is_empty() {
        return Err(unreadable(&bad));
    }
    if people.is_empty() {
        return Err(Failure::refused(
            "nothing was applied: no address was given",
        ));
    }
    if people.len() > 1 && (details.first_name.is_some() || details.last_name.is_some()) {
        return Err(Failure::Usage(
            "--first-name and --last-name are for one person; write `Ana Li <ana@corp.example>`"
                .into(),
        ));
    }
    for person in &mut people {
        describe(person, details)?;
    }
    Ok(people)
}

/// Tells which addresses are probably mistyped, before anybody is asked about the plan.
fn tell_doubts(desk: &Desk, people: &[NewPerson]) -> Result<()> {
    let emails = people.iter().filter_map(|it| it.profile.email.as_deref());
    let doubts = desk.read()?.doubtful_addresses(emails)?;
    for doubt in doubts.iter().take(NAMED) {
        complain(&format!("mistyped? {doubt}"));
    }
    if doubts.len() > NAMED {
        complain(&format!("mistyped? and {} more", doubts.len() - NAMED));
    }
    Ok(())
}

fn unreadable(bad: &[String]) -> Failure {
    let shown: Vec<String> = bad
        .iter()
        .take(NAMED)
        .map(|it| it.chars().take(80).collect())
        .collect();
    let more = bad.len().saturating_sub(NAMED);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    Failure::Usage(format!(
        "nothing was applied: these are not addresses: {}{more}",
        shown.join(", ")
    ))
}

fn describe(person: &mut NewPerson, details: &Details) -> Result<(), Error> {
    let labels = (!details.label.is_empty()).then(|| details.label.join(","));
    let given = [
        (Field::FirstName, &details.first_name),
        (Field::LastName, &details.last_name),
        (Field::FunctionalArea, &details.area),
        (Field::Title, &details.title),
        (Field::Region, &details.region),
        (Field::Language, &details.language),
        (Field::Labels, &labels),
        (
            Field::DeactivateOn,
            &details.deactivate_on.map(|it| it.to_string()),
        ),
        (Field::DeleteOn, &details.delete_on.map(|it| it.to_string())),
    ];
    for (field, value) in given {
        if let Some(value) = value {
            person.profile.set(field, field.parse_typed(value)?);
        }
    }
    person.manager.clone_from(&details.manager);
    person.fields.clone_from(&details.field);
    Ok(())
}

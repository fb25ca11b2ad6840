//! The table of role × command × scope, played cell by cell: whoever has the role gives the command to somebody within
//! each scope, and it does something exactly where the table says so. A command without a case here fails the test.

mod cases;
mod company;

use std::fmt::Debug;

use usher_core::command::{Command, WhenFull};
use usher_core::model::{Actor, Door, UserId};
use usher_core::plan::Changes;
use usher_core::policy::{Role, Scope, TABLE, scope_of};
use usher_core::{Error, Plan, Session};

use company::Company;

/// To whom somebody does something, seen from them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Circle {
    /// To the organization.
    Whole,
    /// To themself.
    Own,
    /// To somebody below them, or below the only manager there is.
    Below,
    /// To somebody in the group that they have a role in.
    Group,
    /// To somebody in the session that they hold.
    Session,
    /// To somebody who has nothing to do with them.
    Outside,
}

const PEOPLE: [Circle; 5] = [
    Circle::Own,
    Circle::Below,
    Circle::Group,
    Circle::Session,
    Circle::Outside,
];

/// What is to happen where it is allowed.
pub(crate) enum Does {
    /// Something, to nobody who can be told before.
    Anything(Command),
    /// Something to this person.
    To(UserId, Command),
    /// The same, by the person themself rather than by an administrator.
    By(UserId, UserId, Command),
    /// The person is seen.
    Shows(UserId),
    /// Fields for administrators are seen.
    ShowsFields,
    /// Something, in the place of a connection.
    InPlace(Command),
}

/// What the table says, and the sentences beside it.
fn is_allowed(command: &str, role: Role, circle: Circle) -> bool {
    let scope = scope_of(role, command);
    match (command, role, circle) {
        // Whoever sees anybody sees themself.
        ("see", _, Circle::Own) => scope.is_some(),
        // Whoever sets an administrator's password can become them: only owners may.
        ("password_set" | "password_mail", Role::ManageUsers, Circle::Own) => false,
        _ => is_within(scope, circle),
    }
}

fn is_within(scope: Option<Scope>, circle: Circle) -> bool {
    match scope {
        None => false,
        Some(Scope::Everybody) => true,
        Some(Scope::Below) => circle == Circle::Below,
        Some(Scope::OwnGroup) => circle == Circle::Group,
        Some(Scope::OwnSession) => circle == Circle::Session,
        Some(Scope::Own) => circle == Circle::Own,
    }
}

/// Whether it does anything of what it is for; an error is one that forbids.
fn does(planned: &Result<Plan, Error>, to: Option<UserId>) -> bool {
    match planned {
        Err(error) if is_refusal(error) => false,
        Err(error) => panic!("neither allowed nor refused: {error}"),
        Ok(plan) => plan
            .changes
            .iter()
            .any(|it| to.is_none() || it.user() == to),
    }
}

/// Whoever may not see somebody is told that there is nobody.
fn is_refusal(error: &Error) -> bool {
    matches!(error, Error::Forbidden { .. } | Error::NotFound { .. })
}

fn plan(session: &Session, command: Command) -> Result<Plan, Error> {
    let mut request = session.request(command);
    request.when_full = WhenFull::QueueRest;
    session.plan(&request)
}

impl Company {
    fn session(&self, role: Role) -> Session {
        let (actor, door) = self.actor(role);
        self.org.directory.as_actor(actor, door)
    }

    /// Whether a role gets what it wants.
    fn plays(&self, role: Role, wanted: Does) -> (bool, impl Debug) {
        let session = self.session(role);
        let told = |it: Result<Plan, Error>| it.map(|it| (it.changes, it.skipped));
        match wanted {
            Does::Anything(command) => {
                let planned = plan(&session, command);
                (does(&planned, None), told(planned))
            }
            Does::InPlace(command) => {
                let planned = plan(&session.on_behalf(self.connection), command);
                (does(&planned, None), told(planned))
            }
            Does::To(who, command) => {
                let planned = plan(&session, command);
                (does(&planned, Some(who)), told(planned))
            }
            Does::By(person, who, command) => {
                let session = match role {
                    Role::Person => self
                        .org
                        .directory
                        .as_actor(Actor::Person(person), Door::Page),
                    _ => session,
                };
                let planned = plan(&session, command);
                (does(&planned, Some(who)), told(planned))
            }
            Does::Shows(who) => {
                let seen = session
                    .read()
                    .is_ok_and(|it| it.user(who).unwrap().is_some());
                (seen, Ok((Changes::default(), Vec::new())))
            }
            Does::ShowsFields => {
                let seen = session
                    .read()
                    .is_ok_and(|it| it.sees_administrators_fields());
                (seen, Ok((Changes::default(), Vec::new())))
            }
        }
    }
}

#[test]
fn every_cell_of_the_table_is_what_happens_and_whoever_has_none_is_refused_in_words() {
    let company = Company::new();
    let (mut wrong, mut allowed, mut denied) = (Vec::new(), 0, 0);
    for row in TABLE {
        for role in Role::ALL {
            let mut anywhere = false;
            for circle in [Circle::Whole].into_iter().chain(PEOPLE) {
                let Some(wanted) = company.case(row.command, role, circle) else {
                    continue;
                };
                anywhere = true;
                let expected = is_allowed(row.command, role, circle);
                let (happened, what) = company.plays(role, wanted);
                if happened {
                    allowed += 1;
                } else {
                    denied += 1;
                }
                if happened != expected {
                    wrong.push(format!(
                        "{} by {} to {circle:?}: {:?} in the table, and {what:?}",
                        row.command,
                        role.as_str(),
                        scope_of(role, row.command)
                    ));
                }
            }
            assert!(
                anywhere,
                "{} has no case for {}",
                row.command,
                role.as_str()
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(allowed > 300 && denied > 900, "{allowed} {denied}");
    refuses_whoever_has_no_cell(&company);
}

/// The role that is denied is told so, and not merely left without an effect.
fn refuses_whoever_has_no_cell(company: &Company) {
    for row in TABLE {
        for role in Role::ALL {
            if scope_of(role, row.command).is_some() {
                continue;
            }
            for circle in [Circle::Whole, Circle::Outside] {
                let command = match company.case(row.command, role, circle) {
                    Some(Does::Anything(it) | Does::To(_, it) | Does::By(_, _, it)) => it,
                    _ => continue,
                };
                let planned = plan(&company.session(role), command);
                assert!(
                    matches!(planned, Err(Error::Forbidden { .. })),
                    "{} by {}: {planned:?}",
                    row.command,
                    role.as_str()
                );
            }
        }
    }
}

#[test]
fn a_plan_that_is_made_again_later_has_the_digest_that_was_shown() {
    let company = Company::new();
    let (mut moved, mut n_plans) = (Vec::new(), 0);
    for row in TABLE {
        for circle in [Circle::Whole].into_iter().chain(PEOPLE) {
            let command = match company.case(row.command, Role::Owner, circle) {
                Some(Does::Anything(it) | Does::To(_, it)) => it,
                _ => continue,
            };
            let session = company.session(Role::Owner);
            let Ok(first) = plan(&session, command.clone()) else {
                continue;
            };
            company.org.tick(90_000);
            let second = plan(&session, command).unwrap();
            n_plans += 1;
            if first.digest != second.digest {
                moved.push(format!("{} to {circle:?}", row.command));
            }
        }
    }
    assert!(moved.is_empty(), "{}", moved.join("\n"));
    assert!(n_plans > 80, "{n_plans}");
}

//! Whose training it is, and how far they are.

use usher_core::command::{Command, ProgressReport};
use usher_core::model::{AssignmentState, Progress, UserId};
use usher_core::{Read, Result};

use super::Topic;
use crate::board::{Act, Doing, Found, Here, Item, Kind, text};
use crate::effect::{Order, Wish};
use crate::key::Key;
use crate::people::plan;
use crate::theme::Role;
use crate::verb::Verb;
use crate::words::quoted;
use crate::zone::Zone;

pub(super) const KIND: Kind = Kind {
    name: "learners",
    sentence: "Whose training it is, and how far they are.",
    columns: &[
        text("State", 10, 0),
        text("Email", 24, 2),
        text("Assigned", 11, 0),
        text("Started", 11, 0),
        text("Completed", 11, 0),
        text("Ended", 11, 0),
    ],
    empty: "this is nobody's training",
    read,
    acts: &[
        Act {
            key: Key::Delete,
            name: "unassign",
            sentence: "End the assignment of the marked people, else of this one, before it is done.",
            does: unassign,
        },
        Act {
            key: Key::Char('S'),
            name: "started",
            sentence: "Record that the person has started.",
            does: |here| progress(here, Progress::Started),
        },
        Act {
            key: Key::Char('C'),
            name: "completed",
            sentence: "Record that the person is done.",
            does: |here| progress(here, Progress::Completed),
        },
    ],
};

fn read(read: &Read<'_>, topic: &Topic, limit: usize) -> Result<Found> {
    let zone = Zone::of(read)?;
    let Topic::Learners(name) = topic else {
        return Ok(Found::default());
    };
    let training = read.training(name)?;
    let (mut items, mut more) = (Vec::new(), false);
    for state in AssignmentState::ALL {
        let left = limit - items.len();
        let page = read.assigned(training.id, state, None, left + 1)?;
        more |= page.len() > left;
        let users: Vec<UserId> = page.iter().map(|it| it.user).collect();
        let labels = read.labels_of(&users)?;
        for assigned in page.into_iter().take(left) {
            let it = assigned.assignment;
            let on = |at: Option<_>| at.map_or_else(|| "-".to_owned(), |it| zone.day(it));
            let label = labels.get(&assigned.user).cloned();
            let cells = vec![
                state.as_str().to_owned(),
                label.unwrap_or_else(|| assigned.user.to_string()),
                zone.day(it.assigned_at),
                on(it.started_at),
                on(it.completed_at),
                on(it.ended_at),
            ];
            let role = match state {
                AssignmentState::Completed => Role::Good,
                AssignmentState::Ended => Role::Muted,
                _ => Role::Plain,
            };
            items.push(
                Item::new(assigned.user, cells)
                    .looking(role)
                    .about(assigned.user),
            );
        }
    }
    let name = &training.terms.name;
    let title = match super::trainings::held_by(read, &training)?.as_str() {
        "" => format!("training {name}"),
        who => format!("training {name}, held by {who}"),
    };
    Ok(Found { title, items, more })
}

fn unassign(here: &Here<'_>) -> Doing {
    let Topic::Learners(training) = here.topic else {
        return Doing::Say("nobody is here".to_owned());
    };
    here.with_people(|whom| plan(whom, Verb::Unassign(training.clone())))
}

fn progress(here: &Here<'_>, step: Progress) -> Doing {
    let Topic::Learners(training) = here.topic else {
        return Doing::Say("nobody is here".to_owned());
    };
    let (who, user) = match here.one_person().map(|it| (it.cell(1), it.who)) {
        Ok((who, Some(user))) => (who, user),
        Ok((_, None)) => return Doing::Say("nobody is here".to_owned()),
        Err(why) => return Doing::Say(why),
    };
    let report = ProgressReport {
        who: user.to_string(),
        training: training.clone(),
        step,
    };
    let order = Order::new(
        Command::Progress {
            reports: vec![report],
        },
        format!("{who} has {} {training}", step.as_str()),
        format!(
            "usher progress {} {} {}",
            quoted(who),
            quoted(training),
            step.as_str()
        ),
    );
    Doing::Plan {
        target: who.to_owned(),
        wish: Wish::Order(Box::new(order)),
    }
}

//! Trainings, and how many people stand where with each.

use usher_core::command::{Command, TrainingEdit};
use usher_core::model::{Date, PoolName, Training, TrainingKind};
use usher_core::{Read, Result};

use super::Topic;
use crate::board::{Act, Doing, Found, Here, Item, Kind, number, text};
use crate::effect::{Order, Wish};
use crate::form::{Field, Form, Offer};
use crate::key::Key;
use crate::people::list;
use crate::verb::Verb;
use crate::words::{self, quoted};

pub(super) const KIND: Kind = Kind {
    name: "trainings",
    sentence: "Trainings, and how many people stand where with each.",
    columns: &[
        text("Training", 20, 1),
        text("Kind", 8, 0),
        text("Pool", 11, 0),
        text("On", 10, 0),
        number("Assigned", 8),
        number("Started", 7),
        number("Completed", 9),
        number("Ended", 6),
        text("Instructors", 20, 1),
    ],
    empty: "there are no trainings yet; i adds one",
    read,
    acts: &[
        Act {
            key: Key::Enter,
            name: "people",
            sentence: "Show whose training it is and how far they are.",
            does: |here| on(here, |name| Doing::Open(Topic::Learners(name.to_owned()))),
        },
        Act {
            key: Key::Char('h'),
            name: "as people",
            sentence: "List those whose training it is on the screen of people.",
            does: |here| on(here, |name| Doing::People(format!("training:\"{name}\""))),
        },
        Act {
            key: Key::Char('e'),
            name: "edit",
            sentence: "Change its name, its pool or its day.",
            does: edit,
        },
        Act {
            key: Key::Char('i'),
            name: "new training",
            sentence: "Add something to learn.",
            does: |_| add(),
        },
        Act {
            key: Key::Char('='),
            name: "instructors",
            sentence: "Say who holds the session.",
            does: instructors,
        },
        Act {
            key: Key::Delete,
            name: "remove",
            sentence: "Remove the training; open assignments end, reports still cover it.",
            does: |here| on(here, remove),
        },
    ],
};

fn on(here: &Here<'_>, does: impl FnOnce(&str) -> Doing) -> Doing {
    match here.item {
        Some(item) => does(item.cell(0)),
        None => Doing::Say("there is no training here".to_owned()),
    }
}

fn read(read: &Read<'_>, _: &Topic, _: usize) -> Result<Found> {
    let pools = read.pools()?;
    let mut items = Vec::new();
    for training in read.trainings()? {
        let held_by = held_by(read, &training)?;
        let (terms, counts) = (training.terms, training.counts);
        let pool = pools.iter().find(|it| Some(it.id) == terms.pool);
        let cells = vec![
            terms.name.clone(),
            terms.kind.as_str().replace('_', "-"),
            pool.map_or_else(|| "-".to_owned(), |it| it.name.to_string()),
            terms
                .held_on
                .map_or_else(|| "-".to_owned(), |it| it.to_string()),
            words::number(counts.assigned),
            words::number(counts.started),
            words::number(counts.completed),
            words::number(counts.ended),
            held_by,
        ];
        items.push(Item::new(training.id, cells).opening(Topic::Learners(terms.name)));
    }
    Ok(Found {
        title: "trainings".to_owned(),
        items,
        more: false,
    })
}

/// Who holds a session, as addresses.
pub(super) fn held_by(read: &Read<'_>, training: &Training) -> Result<String> {
    if training.terms.kind != TrainingKind::Session {
        return Ok(String::new());
    }
    let instructors = read.instructors_of(training.id)?;
    let labels = read.labels_of(&instructors)?;
    let labels: Vec<_> = instructors
        .iter()
        .filter_map(|it| labels.get(it))
        .map(String::as_str)
        .collect();
    Ok(labels.join(", "))
}

fn instructors(here: &Here<'_>) -> Doing {
    let Some(item) = here.item.filter(|it| it.cell(1) == "session") else {
        return Doing::Say("only sessions have instructors".to_owned());
    };
    let now = match item.cell(8) {
        "" => "Nobody holds it yet.".to_owned(),
        who => format!("Now {who}."),
    };
    let line = |label: &str, hint: &str| {
        Field::new(label, format!("{hint} {now}")).offering(Offer::People)
    };
    let fields = vec![
        line("add", "Who holds it too: names, addresses or ids."),
        line("take off", "Who holds it no longer."),
    ];
    let training = item.cell(0).to_owned();
    let title = format!("Instructors of {training}");
    let form = Form::new(title, fields, move |fields| {
        let names = |i: usize| list(fields.get(i)).collect::<Vec<_>>();
        let (verb, names) = match (names(0), names(1)) {
            (add, off) if off.is_empty() && !add.is_empty() => {
                (Verb::Instruct(training.clone()), add)
            }
            (add, off) if add.is_empty() && !off.is_empty() => {
                (Verb::StopInstructing(training.clone()), off)
            }
            _ => return Err((0, "add or take off: one of the two at a time".to_owned())),
        };
        Ok(Doing::Plan {
            target: format!("training {training}"),
            wish: Wish::Named { verb, names },
        })
    });
    Doing::Ask(Box::new(form))
}

fn plan(training: &str, order: Order) -> Doing {
    Doing::Plan {
        target: format!("training {training}"),
        wish: Wish::Order(Box::new(order)),
    }
}

fn remove(training: &str) -> Doing {
    let command = Command::RemoveTraining {
        training: training.to_owned(),
    };
    let line = format!("usher training remove {}", quoted(training));
    let order = Order::new(command, format!("Remove training {training}"), line);
    plan(training, order)
}

fn add() -> Doing {
    let fields = vec![
        Field::new("name", "What it is called."),
        Field::new("kind", "course, pre_work or session")
            .with("course")
            .offering(Offer::Words(&["course", "pre_work", "session"]))
            .of::<TrainingKind>(),
        Field::new(
            "pool",
            "The add-on pool whose license its content needs, if any.",
        )
        .offering(Offer::Pools)
        .of::<PoolName>(),
        Field::new("on", "The day of a session, such as 2027-01-31.").of::<Date>(),
    ];
    let form = Form::new("New training", fields, |fields| {
        let given = |i: usize| fields.get(i).and_then(Field::given);
        let name = given(0).ok_or_else(|| (0, "give it a name".to_owned()))?;
        let kind: TrainingKind = given(1)
            .unwrap_or("course")
            .parse()
            .map_err(|it: usher_core::Error| (1, it.to_string()))?;
        let pool = given(2).and_then(|it| it.parse::<PoolName>().ok());
        let held_on = given(3).and_then(|it| it.parse::<Date>().ok());
        let mut line = format!("usher training add {} --kind {kind}", quoted(name));
        if let Some(pool) = &pool {
            line.push_str(&format!(" --pool {pool}"));
        }
        if let Some(day) = held_on {
            line.push_str(&format!(" --on {day}"));
        }
        let command = Command::AddTraining {
            name: name.to_owned(),
            kind,
            pool,
            held_on,
        };
        let order = Order::new(command, format!("Add training {name}"), line);
        Ok(plan(name, order))
    });
    Doing::Ask(Box::new(form))
}

fn edit(here: &Here<'_>) -> Doing {
    let Some(item) = here.item else {
        return Doing::Say("there is no training here".to_owned());
    };
    let shown = |i: usize| match item.cell(i) {
        "-" => "",
        text => text,
    };
    let fields = vec![
        Field::new("name", "What it is called.").with(item.cell(0)),
        Field::new(
            "pool",
            "The add-on pool whose license its content needs, if any.",
        )
        .with(shown(2))
        .offering(Offer::Pools)
        .of::<PoolName>(),
        Field::new("on", "The day of a session.")
            .with(shown(3))
            .of::<Date>(),
    ];
    let training = item.cell(0).to_owned();
    let form = Form::new(format!("Training {training}"), fields, move |fields| {
        let changed = |i: usize| fields.get(i).filter(|it: &&Field| it.is_changed());
        let set = TrainingEdit {
            name: changed(0).and_then(Field::given).map(str::to_owned),
            pool: changed(1).map(|it| it.text().parse::<PoolName>().ok()),
            held_on: changed(2).and_then(|it| it.text().parse::<Date>().ok()),
        };
        if set == TrainingEdit::default() {
            return Err((0, "nothing was changed yet".to_owned()));
        }
        let mut line = format!("usher training set {}", quoted(&training));
        if let Some(name) = &set.name {
            line.push_str(&format!(" --name {}", quoted(name)));
        }
        if let Some(pool) = &set.pool {
            let pool = pool.as_ref().map_or("none", PoolName::as_str);
            line.push_str(&format!(" --pool {pool}"));
        }
        if let Some(day) = set.held_on {
            line.push_str(&format!(" --on {day}"));
        }
        let command = Command::SetTraining {
            training: training.clone(),
            set,
        };
        let order = Order::new(command, format!("Set training {training}"), line);
        Ok(plan(&training, order))
    });
    Doing::Ask(Box::new(form))
}

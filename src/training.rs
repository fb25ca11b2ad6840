//! `usher training`, `assign`, `unassign` and `progress`: what there is to learn, who has to, and how far they are.

use std::collections::HashMap;

use serde_json::{Value, json};
use usher_core::Read;
use usher_core::command::{Command, ProgressReport, TrainingEdit};
use usher_core::model::{Assigned, AssignmentState, Date, TimeZoneName, Training, UserId};

use crate::args::{
    AssignArgs, InstructorArgs, InstructorCommand, PlanArgs, ProgressArgs, TrainingCommand,
};
use crate::confirm::carry_out;
use crate::desk::Desk;
use crate::failure::Result;
use crate::output::{Listing, Row, write_one};
use crate::who::selection;

const WAITING_COLUMNS: &[&str] = &["WHO", "STATUS", "TRAINING", "STEP", "TOLD", "POOL"];
const WAITING_KEYS: &[&str] = &[
    "user",
    "id",
    "status",
    "training",
    "step",
    "started_at",
    "completed_at",
    "pool",
];
const COLUMNS: &[&str] = &[
    "TRAINING",
    "KIND",
    "POOL",
    "ON",
    "ASSIGNED",
    "STARTED",
    "COMPLETED",
    "ENDED",
];
const KEYS: &[&str] = &[
    "id",
    "name",
    "kind",
    "pool",
    "on",
    "instructors",
    "groups",
    "assigned",
    "started",
    "completed",
    "ended",
];
const PERSON_KEYS: &[&str] = &[
    "id",
    "user",
    "state",
    "assigned_at",
    "started_at",
    "completed_at",
    "ended_at",
];
const PAGE: usize = 1_000;

pub(crate) fn run(desk: &Desk, command: TrainingCommand) -> Result<()> {
    match command {
        TrainingCommand::Add {
            name,
            kind,
            pool,
            on,
            plan,
        } => {
            let command = Command::AddTraining {
                name,
                kind,
                pool,
                held_on: on,
            };
            carry_out(desk, command, &plan)
        }
        TrainingCommand::List => list(desk),
        TrainingCommand::Show { name } => show(desk, &name),
        TrainingCommand::People { name, state } => people(desk, &name, state),
        TrainingCommand::Set {
            training,
            name,
            pool,
            on,
            plan,
        } => {
            let set = TrainingEdit {
                name,
                pool: pool.map(|it| it.0),
                held_on: on,
            };
            carry_out(desk, Command::SetTraining { training, set }, &plan)
        }
        TrainingCommand::Remove { name, plan } => {
            carry_out(desk, Command::RemoveTraining { training: name }, &plan)
        }
        TrainingCommand::Instructor(InstructorCommand::Add(args)) => instructors(desk, args, true),
        TrainingCommand::Instructor(InstructorCommand::Remove(args)) => {
            instructors(desk, args, false)
        }
    }
}

fn instructors(desk: &Desk, args: InstructorArgs, are: bool) -> Result<()> {
    let command = Command::SetInstructors {
        training: args.session,
        who: selection(&desk.read()?, &args.who.who)?,
        are,
    };
    carry_out(desk, command, &args.who.plan)
}

pub(crate) fn assign(desk: &Desk, args: AssignArgs) -> Result<()> {
    let who = selection(&desk.read()?, &args.who)?;
    let training = args.training;
    carry_out(desk, Command::Assign { who, training }, &args.plan)
}

pub(crate) fn unassign(desk: &Desk, args: AssignArgs) -> Result<()> {
    let who = selection(&desk.read()?, &args.who)?;
    let training = args.training;
    carry_out(desk, Command::Unassign { who, training }, &args.plan)
}

pub(crate) fn progress(desk: &Desk, args: ProgressArgs) -> Result<()> {
    let ProgressArgs {
        who,
        training,
        step,
        again,
        plan,
    } = args;
    if again {
        return carry_out(desk, Command::ProgressAgain, &plan);
    }
    let (Some(who), Some(training), Some(step)) = (who, training, step) else {
        return waiting(desk);
    };
    let report = ProgressReport {
        who,
        training,
        step,
    };
    record(desk, vec![report], &plan)
}

/// Lists what was told of people who had no license for it.
fn waiting(desk: &Desk) -> Result<()> {
    let read = desk.read()?;
    let trainings = read.trainings()?;
    let pools = read.pools()?;
    let mut listing = Listing::begin(desk.format, WAITING_COLUMNS, WAITING_KEYS);
    let mut last = None;
    loop {
        let page = read.waiting_progress(last, PAGE)?;
        for it in &page {
            let user = read.user(it.user)?;
            let training = trainings.iter().find(|training| training.id == it.training);
            let pool = training.and_then(|it| it.terms.pool);
            let pool = pools.iter().find(|it| Some(it.id) == pool);
            let (name, pool) = (
                training.map(|it| it.terms.name.as_str()),
                pool.map(|it| it.name.as_str()),
            );
            let label = user.as_ref().map(|it| it.label());
            let status = user.as_ref().map(|it| it.status.as_str());
            let told_at = it.told.completed_at.or(it.told.started_at);
            listing.row(Row {
                cells: vec![
                    label.clone().unwrap_or_default(),
                    status.unwrap_or_default().to_owned(),
                    name.unwrap_or_default().to_owned(),
                    it.told.reached().as_str().to_owned(),
                    told_at.map(|it| it.to_string()).unwrap_or_default(),
                    pool.unwrap_or("-").to_owned(),
                ],
                json: vec![
                    ("user", json!(label)),
                    ("id", json!(it.user)),
                    ("status", json!(status)),
                    ("training", json!(name)),
                    ("step", json!(it.told.reached().as_str())),
                    ("started_at", json!(it.told.started_at)),
                    ("completed_at", json!(it.told.completed_at)),
                    ("pool", json!(pool)),
                ],
            })?;
        }
        match page.last() {
            Some(it) if page.len() == PAGE => last = Some((it.user, it.training)),
            _ => break,
        }
    }
    listing.end("nothing waits")
}

fn record(desk: &Desk, reports: Vec<ProgressReport>, plan: &PlanArgs) -> Result<()> {
    carry_out(desk, Command::Progress { reports }, plan)
}

/// A training as the JSON contract has it.
fn object(read: &Read<'_>, training: &Training) -> Result<Vec<(&'static str, Value)>> {
    let terms = &training.terms;
    let pools = read.pools()?;
    let pool = pools
        .iter()
        .find(|it| Some(it.id) == terms.pool)
        .map(|it| &it.name);
    let instructors = read.instructors_of(training.id)?;
    let labels = read.labels_of(&instructors)?;
    let instructors: Vec<&String> = instructors.iter().filter_map(|it| labels.get(it)).collect();
    let carriers = read.carriers_of(training.id)?;
    let groups = read.groups()?;
    let groups: Vec<&String> = groups
        .iter()
        .filter(|it| carriers.contains(&it.id))
        .map(|it| &it.name)
        .collect();
    Ok(vec![
        ("id", json!(training.id)),
        ("name", json!(terms.name)),
        ("kind", json!(terms.kind)),
        ("pool", json!(pool)),
        ("on", json!(terms.held_on)),
        ("instructors", json!(instructors)),
        ("groups", json!(groups)),
        ("assigned", json!(training.counts.assigned)),
        ("started", json!(training.counts.started)),
        ("completed", json!(training.counts.completed)),
        ("ended", json!(training.counts.ended)),
    ])
}

fn list(desk: &Desk) -> Result<()> {
    let read = desk.read()?;
    let mut listing = Listing::begin(desk.format, COLUMNS, KEYS);
    for training in read.trainings()? {
        let json = object(&read, &training)?;
        let shown = [
            "name",
            "kind",
            "pool",
            "on",
            "assigned",
            "started",
            "completed",
            "ended",
        ];
        let cells = shown.map(|key| {
            let value = json.iter().find(|it| it.0 == key).map(|it| &it.1);
            match value {
                None | Some(Value::Null) => "-".to_owned(),
                Some(Value::String(text)) => text.clone(),
                Some(other) => other.to_string(),
            }
        });
        listing.row(Row {
            cells: cells.to_vec(),
            json,
        })?;
    }
    listing.end("no trainings")
}

fn show(desk: &Desk, name: &str) -> Result<()> {
    let read = desk.read()?;
    let training = read.training(name)?;
    write_one(desk.format, &object(&read, &training)?)
}

/// Lists whose training it is, state by state, by pages of keys.
fn people(desk: &Desk, name: &str, only: Option<AssignmentState>) -> Result<()> {
    let read = desk.read()?;
    let training = read.training(name)?;
    let zone = read.organization()?.time_zone;
    let columns = &[
        "STATE",
        "EMAIL",
        "ASSIGNED",
        "STARTED",
        "COMPLETED",
        "ENDED",
    ];
    let mut listing = Listing::begin(desk.format, columns, PERSON_KEYS);
    for state in AssignmentState::ALL {
        if only.is_some_and(|it| it != state) {
            continue;
        }
        let mut after = None;
        loop {
            let page = read.assigned(training.id, state, after, PAGE)?;
            let users: Vec<UserId> = page.iter().map(|it| it.user).collect();
            let labels = read.labels_of(&users)?;
            for assigned in &page {
                listing.row(row(assigned, &labels, &zone))?;
            }
            match page.last() {
                Some(last) if page.len() == PAGE => after = Some(last.user),
                _ => break,
            }
        }
    }
    listing.end("nobody")
}

fn row(assigned: &Assigned, labels: &HashMap<UserId, String>, zone: &TimeZoneName) -> Row {
    let Assigned {
        user, assignment, ..
    } = assigned;
    let label = labels.get(user);
    let day = |it: Option<usher_core::model::Timestamp>| {
        it.map_or_else(|| "-".to_owned(), |it| Date::of(it, zone).to_string())
    };
    Row {
        cells: vec![
            assignment.state.as_str().to_owned(),
            label.cloned().unwrap_or_else(|| user.to_string()),
            day(Some(assignment.assigned_at)),
            day(assignment.started_at),
            day(assignment.completed_at),
            day(assignment.ended_at),
        ],
        json: vec![
            ("id", json!(user)),
            ("user", json!(label)),
            ("state", json!(assignment.state)),
            ("assigned_at", json!(assignment.assigned_at)),
            ("started_at", json!(assignment.started_at)),
            ("completed_at", json!(assignment.completed_at)),
            ("ended_at", json!(assignment.ended_at)),
        ],
    }
}

/// What one person has to learn, had to learn and has learned, for `usher show`.
pub(crate) fn of_person(read: &Read<'_>, user: UserId) -> Result<Value> {
    objects(read, &read.assignments_of(user)?)
}

/// Assignments in the words of the contract.
pub(crate) fn objects(read: &Read<'_>, all: &[Assigned]) -> Result<Value> {
    let names = read.training_names()?;
    let objects = all.iter().map(|it| {
        json!({
            "training": names.get(&it.training),
            "state": it.assignment.state,
            "assigned_at": it.assignment.assigned_at,
            "started_at": it.assignment.started_at,
            "completed_at": it.assignment.completed_at,
            "ended_at": it.assignment.ended_at,
        })
    });
    Ok(Value::Array(objects.collect()))
}

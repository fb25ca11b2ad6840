//! Runs the console on a database file, without the rest of the program: what the tests drive in a pseudo-terminal.
//!
//! `console FILE [--read-only] [--plain]` opens it; `console FILE --people N` first makes it with that many people.

use std::path::Path;

use usher_core::command::{Command, Create, NewPerson};
use usher_core::model::{Actor, Door, Profile};
use usher_core::{Directory, Founding, Options};
use usher_tui::ConsoleOptions;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let path = Path::new(arguments.first().ok_or("which file?")?);
    let has = |flag: &str| arguments.iter().any(|it| it == flag);
    let people = arguments
        .iter()
        .position(|it| it == "--people")
        .and_then(|i| arguments.get(i + 1)?.parse().ok());
    let directory = match people {
        Some(people) => made(path, people)?,
        None => Directory::open(path, Options::default())?,
    };
    let session = directory.as_actor(Actor::FileOwner, Door::Console);
    let options = ConsoleOptions {
        read_only: has("--read-only"),
        plain: has("--plain"),
        ..ConsoleOptions::default()
    };
    Ok(usher_tui::run(session, options)?)
}

/// A new organization of that many active people with a seat to spare.
fn made(path: &Path, people: usize) -> Result<Directory, Box<dyn std::error::Error>> {
    const FIRST: [&str; 8] = ["Ana", "Bo", "Çağla", "Deniz", "Emre", "Liv", "Nuria", "伟"];
    const LAST: [&str; 8] = [
        "Adams",
        "Álvarez",
        "Bakker",
        "Çelik",
        "Lindqvist",
        "Rossi",
        "Weber",
        "李",
    ];
    let seats = i64::try_from(people)? + 2;
    let founding = Founding {
        name: "Acme Learning".into(),
        seats,
        owner: "owner@acme.example".parse()?,
        time_zone: "UTC".parse()?,
    };
    let directory = Directory::create(path, &founding, Options::default())?;
    let session = directory.as_actor(Actor::FileOwner, Door::Cli);
    let person = |i: usize| NewPerson {
        profile: Profile {
            email: Some(format!("person{i}@acme.example")),
            first_name: Some(FIRST[i % FIRST.len()].into()),
            last_name: Some(format!("{} {i}", LAST[i / FIRST.len() % LAST.len()])),
            functional_area: Some(["Sales", "Engineering", "People"][i % 3].into()),
            title: Some("Lead".into()),
            ..Profile::default()
        },
        manager: (i > 9).then(|| format!("person{}@acme.example", i % 10)),
        ..NewPerson::default()
    };
    // The managers come first: a manager has to be on the roster already.
    let ends = std::iter::once(10).chain((10..people).step_by(10_000).map(|begin| begin + 10_000));
    let mut begin = 0;
    for end in ends {
        let people = (begin..people.min(end)).map(person).collect();
        begin = end;
        let create = Create {
            people,
            groups: Vec::new(),
            pools: Vec::new(),
            mail: false,
        };
        session.apply(session.request(Command::Create(create)), None)?;
    }
    directory.settle()?;
    Ok(directory)
}

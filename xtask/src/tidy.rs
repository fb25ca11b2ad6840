//! The rules of the house that no compiler knows: which room may name what, and what no file may hold.
//!
//! Rules are pure functions over the texts of the repository, so each is tested on a few lines. This file
//! names everything that is forbidden elsewhere and is therefore the one that is not looked at.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

const THIS_FILE: &str = "xtask/src/tidy.rs";
const MOST_CRATES: usize = 300;
const UNFINISHED: [&str; 4] = ["TODO", "FIXME", "todo!", "unimplemented!"];

/// A crate that only some rooms may name.
struct Confined {
    name: &'static str,
    rooms: &'static [&'static str],
}

const CONFINED: [Confined; 3] = [
    Confined {
        name: "rusqlite",
        rooms: &[
            "core/src/store",
            "core/Cargo.toml",
            "xtask/src/bench",
            "xtask/Cargo.toml",
        ],
    },
    Confined {
        name: "axum",
        rooms: &["scim-server/"],
    },
    Confined {
        name: "ratatui",
        rooms: &["tui/"],
    },
];

/// Where SQL may be written.
const SQL_ROOMS: [&str; 2] = ["core/src/store", "xtask/src/bench"];

/// What SQL looks like: all parts of one pattern on one line. Lower case only where prose would not match.
const SQL: [&[&str]; 14] = [
    &["SELECT "],
    &["INSERT INTO"],
    &["INSERT OR "],
    &["UPDATE ", " SET "],
    &["DELETE FROM"],
    &["CREATE TABLE"],
    &["CREATE INDEX"],
    &["DROP TABLE"],
    &["PRAGMA "],
    &["BEGIN IMMEDIATE"],
    &["insert into "],
    &["create table "],
    &["pragma "],
    &["\"select ", " from "],
];

/// One file of ours, its path relative to the root and with `/`.
struct File {
    path: String,
    text: String,
}

/// Reads the repository and prints what is wrong; true when nothing is.
pub(crate) fn run(root: &Path) -> Result<bool> {
    let mut files = Vec::new();
    collect(root, root, &mut files)?;
    let problems = problems(&files);
    for problem in &problems {
        println!("tidy: {problem}");
    }
    println!("tidy: {} files, {} problems", files.len(), problems.len());
    Ok(problems.is_empty() && !files.is_empty())
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<File>) -> Result<()> {
    let mut entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            if name != "target" && !name.starts_with('.') {
                collect(root, &path, files)?;
            }
        } else if name.ends_with(".rs") || name == "Cargo.toml" || name == "Cargo.lock" {
            let text = fs::read_to_string(&path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            let relative = path
                .strip_prefix(root)?
                .to_string_lossy()
                .replace('\\', "/");
            files.push(File {
                path: relative,
                text,
            });
        }
    }
    Ok(())
}

fn problems(files: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.path != THIS_FILE) {
        match file.path.rsplit('/').next() {
            Some("Cargo.toml") => manifest(file, &mut found),
            Some("Cargo.lock") => lock(file, &mut found),
            _ => source(file, &mut found),
        }
    }
    found
}

fn source(file: &File, found: &mut Vec<String>) {
    let path = &file.path;
    if !file.text.starts_with("//!") {
        found.push(format!(
            "{path}:1: does not begin by saying what the file is for (`//! …`)"
        ));
    }
    for (line_idx, line) in file.text.lines().enumerate() {
        let at = format!("{path}:{}", line_idx + 1);
        for mark in UNFINISHED.into_iter().filter(|mark| has_word(line, mark)) {
            found.push(format!(
                "{at}: {mark} is unfinished work; do it or file an issue"
            ));
        }
        if line.trim_start().starts_with("//") {
            continue;
        }
        for confined in CONFINED
            .iter()
            .filter(|it| !is_test(path) && !in_rooms(path, it.rooms))
        {
            if has_word(line, confined.name) {
                found.push(format!(
                    "{at}: names {}, which only {} may",
                    confined.name,
                    confined.rooms.join(", ")
                ));
            }
        }
        if !is_test(path) && !in_rooms(path, &SQL_ROOMS) && is_sql(line) {
            found.push(format!("{at}: SQL outside {}", SQL_ROOMS.join(", ")));
        }
    }
}

fn manifest(file: &File, found: &mut Vec<String>) {
    let path = &file.path;
    let lines = |wanted: &'static str| in_section(&file.text, wanted);
    if lines("package").next().is_some() && !lines("lints").any(|line| line == "workspace = true") {
        found.push(format!(
            "{path}: does not take the lints of the workspace (`[lints] workspace = true`)"
        ));
    }
    if path == "Cargo.toml"
        && !lines("workspace.lints.rust").any(|line| line == "unsafe_code = \"forbid\"")
    {
        found.push(format!("{path}: the workspace does not forbid unsafe code"));
    }
    for line in lines("dependencies").chain(lines("build-dependencies")) {
        let name = line.split(['.', '=', ' ']).next().unwrap_or_default();
        for confined in CONFINED
            .iter()
            .filter(|it| it.name == name && !in_rooms(path, it.rooms))
        {
            found.push(format!(
                "{path}: depends on {name}, which only {} may name",
                confined.rooms.join(", ")
            ));
        }
    }
}

fn lock(file: &File, found: &mut Vec<String>) {
    let path = &file.path;
    let count = |start: &str| {
        file.text
            .lines()
            .filter(|line| line.starts_with(start))
            .count()
    };
    let crates = count("source = ");
    if crates > MOST_CRATES {
        found.push(format!(
            "{path}: {crates} crates of others, more than {MOST_CRATES}"
        ));
    }
    let engines = count("name = \"libsqlite3-sys\"");
    if engines != 1 {
        found.push(format!(
            "{path}: {engines} times libsqlite3-sys; one process must have exactly one SQLite"
        ));
    }
}

/// The lines of one section of a manifest, without comments and blank lines.
fn in_section<'a>(text: &'a str, wanted: &'a str) -> impl Iterator<Item = &'a str> {
    let mut section = "";
    text.lines().map(str::trim).filter(move |line| {
        if let Some(name) = line.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
            section = name;
            return false;
        }
        section == wanted && !line.is_empty() && !line.starts_with('#')
    })
}

/// Tests from outside may look into the database behind the store's back.
fn is_test(path: &str) -> bool {
    path.split('/').any(|folder| folder == "tests")
}

fn in_rooms(path: &str, rooms: &[&str]) -> bool {
    rooms.iter().any(|room| path.starts_with(room))
}

fn is_sql(line: &str) -> bool {
    SQL.iter()
        .any(|parts| parts.iter().all(|part| line.contains(part)))
}

/// True when `word` stands alone in `line`, not as a part of a longer name.
fn has_word(line: &str, word: &str) -> bool {
    let part_of_name = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|it| it.chars().next_back());
        let after = line.get(at + word.len()..).and_then(|it| it.chars().next());
        !before.is_some_and(part_of_name)
            && (word.ends_with('!') || !after.is_some_and(part_of_name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The problems of one file.
    fn check(path: &str, text: &str) -> Vec<String> {
        problems(&[File {
            path: path.to_owned(),
            text: text.to_owned(),
        }])
    }

    fn clean(path: &str, text: &str) {
        assert_eq!(check(path, text), Vec::<String>::new(), "{path}");
    }

    fn found(path: &str, text: &str, expected: &str) {
        let problems = check(path, text);
        assert!(
            problems.len() == 1 && problems.iter().all(|it| it.contains(expected)),
            "{path}: {problems:?}"
        );
    }

    #[test]
    fn every_file_says_what_it_is_for() {
        clean("core/src/lib.rs", "//! The core.\n");
        found("core/src/lib.rs", "fn main() {}\n", "core/src/lib.rs:1");
        found("core/src/lib.rs", "", "does not begin");
    }

    #[test]
    fn nothing_is_left_unfinished() {
        found(
            "core/src/lib.rs",
            "//! x\n// TODO: later\n",
            "lib.rs:2: TODO",
        );
        found("core/src/lib.rs", "//! x\nfn f() { todo!() }\n", "todo!");
        clean("core/src/lib.rs", "//! x\nconst TODOS: u8 = 0;\n");
    }

    #[test]
    fn sql_stays_in_the_store() {
        let query = "//! x\nconst Q: &str = \"SELECT id FROM users\";\n";
        clean("core/src/store/users.rs", query);
        clean("xtask/src/bench/floor.rs", query);
        clean("core/tests/oversell.rs", query);
        found("core/src/plan.rs", query, "plan.rs:2: SQL");
        found(
            "scim-server/src/lib.rs",
            "//! x\nlet q = \"UPDATE users SET a = 1\";\n",
            "SQL",
        );
        found(
            "scim-server/src/lib.rs",
            "//! x\nlet q = \"select id from users\";\n",
            "SQL",
        );
    }

    #[test]
    fn prose_is_not_sql() {
        clean(
            "tui/src/lib.rs",
            "//! x\nlet t = \"press Space to select people from the list\";\n",
        );
        clean(
            "tui/src/lib.rs",
            "//! x\n/// Runs SELECT and PRAGMA statements.\nfn f() {}\n",
        );
        clean(
            "tui/src/lib.rs",
            "//! x\nlet t = \"insert or update a person\";\n",
        );
    }

    #[test]
    fn each_room_names_only_its_own() {
        found(
            "src/main.rs",
            "//! x\nuse ratatui::Frame;\n",
            "names ratatui",
        );
        found(
            "core/src/plan.rs",
            "//! x\nuse rusqlite::Connection;\n",
            "names rusqlite",
        );
        found(
            "xtask/src/test.rs",
            "//! x\nuse axum::Router;\n",
            "names axum",
        );
        clean("tui/src/view.rs", "//! x\nuse ratatui::Frame;\n");
        clean(
            "core/src/store/open.rs",
            "//! x\nuse rusqlite::Connection;\n",
        );
        clean("src/main.rs", "//! x\n// not ratatui\nlet axumish = 1;\n");
    }

    #[test]
    fn a_manifest_takes_the_lints_and_only_its_own_crates() {
        let lints = "[lints]\nworkspace = true\n";
        clean(
            "core/Cargo.toml",
            &format!("[package]\nname = \"x\"\n{lints}[dependencies]\nrusqlite.workspace = true\n"),
        );
        found("core/Cargo.toml", "[package]\nname = \"x\"\n", "lints");
        found(
            "tui/Cargo.toml",
            &format!("[package]\nname = \"x\"\n{lints}[dependencies]\naxum = \"0.8\"\n"),
            "axum",
        );
        clean(
            "Cargo.toml",
            "[workspace.lints.rust]\nunsafe_code = \"forbid\"\n[workspace.dependencies]\naxum = \"1\"\n",
        );
        found(
            "Cargo.toml",
            "[workspace]\n# unsafe_code = \"forbid\"\n",
            "unsafe",
        );
    }

    #[test]
    fn the_lock_has_one_sqlite_and_not_too_much_else() {
        let sqlite = "name = \"libsqlite3-sys\"\nsource = \"registry\"\n";
        clean("Cargo.lock", sqlite);
        found("Cargo.lock", &sqlite.repeat(2), "2 times libsqlite3-sys");
        found(
            "Cargo.lock",
            &format!("{sqlite}{}", "source = \"registry\"\n".repeat(300)),
            "301 crates",
        );
    }
}

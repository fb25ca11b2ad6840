//! `cargo xtask bench`: what the product costs, as ratios to what the machine allows in the same minute.
//!
//! It drives the released program through its commands and over real HTTP. Absolute figures are of one
//! hour of one machine; only the ratios and their goals are meant to be compared.

mod batch;
mod console;
mod crash;
mod files;
mod floor;
pub(crate) mod http;
mod large;
mod leavers;
mod load;
mod mail;
mod pages;
mod parts;
mod people;
mod reading;
mod reads;
mod server;
mod small;
mod stats;
mod subject;
mod syncs;
mod table;
mod usher;
mod writes;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::setup;
use server::Recipe;
use subject::{Scale, Subject};
use table::Row;
use usher::Usher;

/// How many people there are when the console is measured, unless it is said otherwise.
const CONSOLE_SIZES: [u64; 2] = [1_000, 100_000];

/// What was asked for on the command line.
#[derive(Debug, Default, PartialEq, Eq)]
struct Options {
    quick: bool,
    pages: bool,
    /// Only the console, at these sizes; the first is what the others are compared with.
    console: Option<Vec<u64>>,
    /// Only files in and out.
    files: bool,
    users: Option<u64>,
    mail: Option<u64>,
    leavers: Option<u64>,
    ceiling: Option<PathBuf>,
    program: Option<PathBuf>,
}

impl Options {
    fn parse(args: &[String]) -> Result<Options> {
        let mut options = Options::default();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let mut value = || args.next().with_context(|| format!("{arg} needs a value"));
            match arg.as_str() {
                "--quick" => options.quick = true,
                "--files" => options.files = true,
                "--pages" => options.pages = true,
                "--console" => options.console = Some(CONSOLE_SIZES.to_vec()),
                "--sizes" => {
                    let sizes = value()?.split(',').map(str::parse);
                    let sizes = sizes.collect::<Result<_, _>>();
                    options.console = Some(sizes.context("--sizes takes numbers with commas")?);
                }
                "--users" => {
                    options.users = Some(value()?.parse().context("--users takes a number")?)
                }
                "--leavers" => {
                    options.leavers = Some(value()?.parse().context("--leavers takes a number")?)
                }
                "--mail" => options.mail = Some(value()?.parse().context("--mail takes a number")?),
                "--program" => options.program = Some(value()?.into()),
                "--ceiling" => options.ceiling = Some(value()?.into()),
                _ => bail!("unknown option {arg}"),
            }
        }
        Ok(options)
    }

    fn scale(&self) -> Scale {
        let scale = if self.quick {
            Scale::QUICK
        } else {
            Scale::FULL
        };
        Scale {
            users: self.users.unwrap_or(scale.users),
            ..scale
        }
    }
}

/// Measures everything and prints one table; a missed goal is shown, not an error.
pub(crate) fn run(root: &Path, args: &[String]) -> Result<bool> {
    let options = Options::parse(args)?;
    let program = match &options.program {
        Some(program) => program.canonicalize().context("--program")?,
        None => usher::build(root)?,
    };
    let target = setup::target(root);
    // Beside the build, so that the database is on the same disk and goes with `cargo clean`.
    let folder = tempfile::Builder::new()
        .prefix("bench-")
        .tempdir_in(&target)?;
    if let Some(sizes) = &options.console {
        return console::run(&program, folder.path(), sizes).map(|()| true);
    }
    if options.files {
        let people = options.users.map(u32::try_from).transpose()?;
        let people = people.unwrap_or(files::PEOPLE);
        return files::run(&program, folder.path(), people).map(|()| true);
    }
    let mut rows = Vec::new();
    let measured = measure(&options, &program, folder.path(), &mut rows);
    // What was found before a fault is worth as much as without it.
    print!("\n{}", table::print(&rows));
    let json = target.join("bench.json");
    fs::write(&json, format!("{:#}\n", table::to_json(&rows)))?;
    println!("written to {}", json.display());
    measured.map(|()| true)
}

fn measure(options: &Options, program: &Path, folder: &Path, rows: &mut Vec<Row>) -> Result<()> {
    let scale = options.scale();
    if options.pages {
        return pages::measure(program, folder, rows);
    }
    if let Some(people) = options.leavers {
        return leavers::measure(program, folder, people, rows);
    }
    if let Some(people) = options.mail {
        return mail::measure(program, folder, people, rows);
    }
    let usher = Usher::init(program, folder, "usher", scale.seats())?;
    let mut ours = Subject::new(usher.connect()?, scale)?;
    let mut ceiling = match &options.ceiling {
        Some(program) => Some(Subject::new(ceiling(program, folder), scale)?),
        None => None,
    };
    let small = small::measure(&mut ours, ceiling.as_mut(), folder, rows)?;
    syncs::measure(&mut ours, folder, rows)?;
    parts::measure(folder, rows)?;
    let plain_start_ms = large::measure(&mut ours, ceiling.as_mut(), &small, rows)?;
    drop(ceiling);
    writes::measure(&mut ours, folder, rows)?;
    crash::measure(&mut ours, plain_start_ms, rows)?;
    batch::measure(ours, &usher, folder, rows)?;
    leavers::measure(program, folder, scale.leavers(), rows)
}

fn ceiling(program: &Path, folder: &Path) -> Recipe {
    let token = "bench-ceiling-token";
    let db = folder.join("ceiling.db").display().to_string();
    Recipe {
        name: "ceiling",
        program: program.to_path_buf(),
        args: ["{address}", token, &db, "FULL"]
            .map(str::to_owned)
            .to_vec(),
        token: token.to_owned(),
        first: "/scim/v2/Users?filter=userName%20eq%20%22nobody%22",
        log: folder.join("ceiling.log"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options> {
        Options::parse(
            &line
                .split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn options() -> Result<()> {
        assert_eq!(parse("")?, Options::default());
        let all = parse("--quick --users 5000 --ceiling ./c --program ./u")?;
        assert_eq!(
            all,
            Options {
                quick: true,
                files: false,
                pages: false,
                console: None,
                users: Some(5000),
                mail: None,
                leavers: None,
                ceiling: Some("./c".into()),
                program: Some("./u".into())
            }
        );
        assert_eq!(all.scale().users, 5000);
        assert_eq!(parse("--console")?.console, Some(CONSOLE_SIZES.to_vec()));
        assert_eq!(
            parse("--console --sizes 10,20")?.console,
            Some(vec![10, 20])
        );
        assert!(parse("--sizes 1,b").is_err());
        assert!(parse("--users").is_err());
        assert!(parse("--users many").is_err());
        assert!(parse("--fast").is_err());
        Ok(())
    }
}

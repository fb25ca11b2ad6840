//! `cargo xtask bench`: what the product costs, as ratios to what the machine allows in the same minute.
//!
//! It drives the released program through its commands and over real HTTP. Absolute figures are of one
//! hour of one machine; only the ratios and their goals are meant to be compared.

mod floor;
mod http;
mod load;
mod people;
mod phases;
mod reading;
mod server;
mod stats;
mod table;
mod usher;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::setup;
use phases::{Scale, Subject};
use server::Recipe;
use table::Row;
use usher::Usher;

/// What was asked for on the command line.
#[derive(Debug, Default, PartialEq, Eq)]
struct Options {
    quick: bool,
    users: Option<u64>,
    ceiling: Option<PathBuf>,
}

impl Options {
    fn parse(args: &[String]) -> Result<Options> {
        let mut options = Options::default();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let mut value = || args.next().with_context(|| format!("{arg} needs a value"));
            match arg.as_str() {
                "--quick" => options.quick = true,
                "--users" => {
                    options.users = Some(value()?.parse().context("--users takes a number")?)
                }
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
        self.users.map_or(scale, |users| scale.with_users(users))
    }
}

/// Measures everything and prints one table; a missed goal is shown, not an error.
pub(crate) fn run(root: &Path, args: &[String]) -> Result<bool> {
    let options = Options::parse(args)?;
    let program = usher::build(root)?;
    let target = setup::target(root);
    // Beside the build, so that the database is on the same disk and goes with `cargo clean`.
    let folder = tempfile::Builder::new()
        .prefix("bench-")
        .tempdir_in(&target)?;
    let rows = measure(&options, &program, folder.path())?;
    print!("\n{}", table::print(&rows));
    let json = target.join("bench.json");
    fs::write(&json, format!("{:#}\n", table::to_json(&rows)))?;
    println!("written to {}", json.display());
    Ok(true)
}

fn measure(options: &Options, program: &Path, folder: &Path) -> Result<Vec<Row>> {
    let scale = options.scale();
    let usher = Usher::init(program, folder, "usher", scale.seats())?;
    let mut ours = Subject::new(usher.connect()?, scale)?;
    let mut ceiling = match &options.ceiling {
        Some(program) => Some(Subject::new(ceiling(program, folder), scale)?),
        None => None,
    };
    let mut rows = Vec::new();
    let mut small = phases::small(&mut ours, ceiling.as_mut(), folder, &mut rows)?;
    phases::syncs(&mut ours, folder, &mut rows)?;
    phases::large(&mut ours, ceiling.as_mut(), &mut small, &mut rows)?;
    drop(ceiling);
    phases::crashes(&mut ours, &small, &mut rows)?;
    phases::one_batch(ours, &usher, folder, &mut rows)?;
    Ok(rows)
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
        let all = parse("--quick --users 5000 --ceiling ./c")?;
        assert_eq!(
            all,
            Options {
                quick: true,
                users: Some(5000),
                ceiling: Some("./c".into())
            }
        );
        assert_eq!(all.scale().seats(), Scale::QUICK.with_users(5000).seats());
        assert!(parse("--users").is_err());
        assert!(parse("--users many").is_err());
        assert!(parse("--fast").is_err());
        Ok(())
    }
}

//! Developer chores as a program: `cargo xtask setup`, `test`, `fuzz`, `bench`.
//!
//! Nothing here is part of the product. The chores reach the product as anybody does: by building it,
//! starting it, and talking to it.

mod bench;
mod fuzz;
mod process;
mod setup;
mod suites;
mod test;
mod tidy;

use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};

const USAGE: &str = "\
cargo xtask setup    install what the checks need and is missing
cargo xtask test     every check; the last line is `N passed, N failed`
cargo xtask tidy     only the rules of the house about our own files
cargo xtask suites   only the public SCIM suites, against target/debug/usher
cargo xtask fuzz     what reads filters, paths and bodies, under mutated input
                       --seconds N        for each of the three (default 30)
                       --seed N           other inputs (default 1)
cargo xtask bench    measure against raw SQLite in the same minute
                       --quick            fewer users, one round
                       --users N          people to fill in (default 200000)
                       --pages            only what a page of an invited person costs
                       --leavers N        only one batch of N leavers, every tenth a manager
                       --console          only the console: start, keys, sorting, memory, bytes
                       --files            only files in and out, against the bare libraries
                       --sizes N,N,…      at so many people (default 1000,100000)
                       --mail N           only N invitations and their mails, beside the bare mail library
                       --program PROGRAM  measure this usher instead of building one
                       --ceiling PROGRAM  a bare server to measure beside ours
";

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let (chore, rest) = match args.split_first() {
        Some((chore, rest)) => (chore.as_str(), rest),
        None => ("help", &[][..]),
    };
    let done = match (chore, rest) {
        ("setup", []) => root().and_then(|root| setup::run(&root)),
        ("test", []) => root().and_then(|root| test::run(&root)),
        ("suites", []) => root()
            .and_then(|root| suites::run(&root))
            .map(|it| it.failed == 0),
        ("tidy", []) => root().and_then(|root| tidy::run(&root)),
        ("fuzz", options) => root().and_then(|root| fuzz::run(&root, options)),
        ("bench", options) => root().and_then(|root| bench::run(&root, options)),
        ("help" | "--help" | "-h", _) => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The folder of the workspace, wherever the chore was called from.
fn root() -> Result<PathBuf> {
    let package =
        env::var("CARGO_MANIFEST_DIR").context("xtask is run by cargo: `cargo xtask …`")?;
    let root = Path::new(&package).parent();
    Ok(root
        .context("the xtask package is not inside a workspace")?
        .to_path_buf())
}

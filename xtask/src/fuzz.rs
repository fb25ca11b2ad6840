//! `cargo xtask fuzz`: the targets of `scim-server/src/fuzz.rs` under mutated seeds, for as long as was asked. It runs on the
//! stable toolchain with every check of a debug build; it is not told which code an input reaches. The targets have
//! libFuzzer's signature, so that a fuzzer that is told can drive them where there is one.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::process::{self, Ended};

/// Targets, each of which has the time that was asked for.
const TARGETS: u64 = 3;
/// Building it before.
const BUILD: Duration = Duration::from_secs(15 * 60);

/// What was asked for on the command line.
#[derive(Debug, PartialEq, Eq)]
struct Options {
    seconds: u64,
    seed: u64,
}

impl Options {
    fn parse(args: &[String]) -> Result<Options> {
        let mut options = Options {
            seconds: 30,
            seed: 1,
        };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let value = args.next().and_then(|it| it.parse().ok());
            let value = value.with_context(|| format!("{arg} needs a number"))?;
            match arg.as_str() {
                "--seconds" => options.seconds = value,
                "--seed" => options.seed = value,
                _ => bail!("unknown option {arg}"),
            }
        }
        Ok(options)
    }
}

/// Runs every target; true when none broke.
pub(crate) fn run(root: &Path, args: &[String]) -> Result<bool> {
    let options = Options::parse(args)?;
    let (seconds, seed) = (options.seconds.to_string(), options.seed.to_string());
    let program = [
        "run",
        "--package",
        "usher-scim-server",
        "--example",
        "fuzz",
        "--",
    ];
    let args = [&program[..], &[seconds.as_str(), seed.as_str()]].concat();
    let bound = BUILD + Duration::from_secs(options.seconds.saturating_mul(TARGETS));
    Ok(matches!(
        process::run(&mut process::cargo(root, &args), bound)?,
        Ended::Well
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options() -> Result<()> {
        let parse = |line: &str| {
            let args: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            Options::parse(&args)
        };
        let (seconds, seed) = (5, 1);
        assert_eq!(parse("--seconds 5")?, Options { seconds, seed });
        assert!(parse("--seconds").is_err());
        assert!(parse("--seconds many").is_err());
        assert!(parse("--minutes 5").is_err());
        Ok(())
    }
}

//! `cargo xtask test`: every check there is, one table, and one last line that a machine can read.
//!
//! A check that finds nothing to run has failed: silence is not success. A check whose tool is missing is
//! skipped and counted as that.

use std::fmt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::process::{self, Ended, cargo};
use crate::setup::{self, Tool};
use crate::suites;
use crate::tidy;

/// All checks and the setup before them.
const BOUND: Duration = Duration::from_secs(36 * 60);
/// Looking at one small file.
const LOOK_BOUND: Duration = Duration::from_secs(60);

/// How many tests of a check went which way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Count {
    passed: u64,
    failed: u64,
    skipped: u64,
}

impl Count {
    const PASSED: Count = Count {
        passed: 1,
        failed: 0,
        skipped: 0,
    };
    const FAILED: Count = Count {
        passed: 0,
        failed: 1,
        skipped: 0,
    };
    const SKIPPED: Count = Count {
        passed: 0,
        failed: 0,
        skipped: 1,
    };

    fn add(&mut self, other: Count) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 {
            write!(f, ", {} skipped", self.skipped)?;
        }
        Ok(())
    }
}

struct Checked {
    name: &'static str,
    count: Count,
    took: Duration,
}

/// Runs every check; true when none failed.
pub(crate) fn run(root: &Path) -> Result<bool> {
    let ends = Instant::now() + BOUND;
    let missing = setup::ensure_all(root)?;
    let needs = |tool: Tool, args: &[&str]| {
        if missing.contains(&tool) {
            Count::SKIPPED
        } else {
            one(root, args, ends)
        }
    };
    let checks: [(&'static str, &dyn Fn() -> Count); 8] = [
        ("fmt", &|| needs(Tool::Fmt, &["fmt", "--all", "--check"])),
        ("tidy", &|| tidy_check(root)),
        ("clippy", &|| {
            needs(
                Tool::Clippy,
                &[
                    "clippy",
                    "--workspace",
                    "--all-targets",
                    "--",
                    "-D",
                    "warnings",
                ],
            )
        }),
        ("deny", &|| {
            needs(
                Tool::Deny,
                &[
                    "deny",
                    "check",
                    "--hide-inclusion-graph",
                    "bans",
                    "licenses",
                    "sources",
                ],
            )
        }),
        ("unit", &|| unit_check(root)),
        ("build", &|| {
            one(root, &["build", "--package", "usher"], ends)
        }),
        ("tests", &|| {
            cargo_test(root, !missing.contains(&Tool::Sshd), ends)
        }),
        ("suites", &|| suites_check(root)),
    ];
    let mut table = Vec::new();
    for (name, check) in checks {
        println!("\n── {name}");
        let started = Instant::now();
        let count = check();
        table.push(Checked {
            name,
            count,
            took: started.elapsed(),
        });
    }
    Ok(report(&table))
}

/// A check that is one program and counts as one test.
fn one(root: &Path, args: &[&str], ends: Instant) -> Count {
    match process::run(&mut cargo(root, args), left(ends)) {
        Ok(Ended::Well) => Count::PASSED,
        ended => {
            explain(ended);
            Count::FAILED
        }
    }
}

fn tidy_check(root: &Path) -> Count {
    match tidy::run(root) {
        Ok(true) => Count::PASSED,
        Ok(false) => Count::FAILED,
        Err(error) => {
            println!("{error:#}");
            Count::FAILED
        }
    }
}

/// The service is hardened as far as it is said to be, and systemd understands it; skipped where there is no systemd.
fn unit_check(root: &Path) -> Count {
    const ANALYZE: &str = "systemd-analyze";
    if !process::answers(ANALYZE, &["--version"]) {
        println!("{ANALYZE} is not here");
        return Count::SKIPPED;
    }
    let unit = root.join("packaging/usher.service");
    let checked = || -> Result<bool> {
        let mut exposure = Command::new(ANALYZE);
        // In tenths, of ten.
        exposure.args(["security", "--offline=true", "--no-pager", "--threshold=15"]);
        let exposure = process::run(exposure.arg(&unit).stdout(Stdio::null()), LOOK_BOUND)?;
        // Nothing of ours is installed here, and that is not what is asked.
        let folder = tempfile::tempdir()?;
        let here = folder.path().join("usher.service");
        let text = std::fs::read_to_string(&unit)?;
        std::fs::write(&here, text.replace("/usr/local/bin/usher", "/bin/true"))?;
        let mut verify = Command::new(ANALYZE);
        let understood = process::run(verify.arg("verify").arg(&here), LOOK_BOUND)?;
        println!("{ANALYZE}: security at most 1.5 {exposure:?}, verify {understood:?}");
        Ok(exposure == Ended::Well && understood == Ended::Well)
    };
    match checked() {
        Ok(true) => Count::PASSED,
        Ok(false) => Count::FAILED,
        Err(error) => {
            println!("{error:#}");
            Count::FAILED
        }
    }
}

fn suites_check(root: &Path) -> Count {
    match suites::run(root) {
        Ok(counted) => Count {
            passed: counted.passed,
            failed: counted.failed,
            skipped: counted.skipped,
        },
        Err(error) => {
            println!("{error:#}");
            Count::FAILED
        }
    }
}

/// What draws proptest's sequences. One commit gets one answer here; `cargo test` by itself draws new ones each time.
const SEED: &str = "PROPTEST_RNG_SEED";

/// All tests; without sshd those that need it are ignored, which counts as skipped.
fn cargo_test(root: &Path, has_sshd: bool, ends: Instant) -> Count {
    let mut count = Count::default();
    let mut args = vec!["test", "--workspace", "--no-fail-fast"];
    if has_sshd {
        args.extend(["--", "--include-ignored"]);
    }
    let mut command = cargo(root, &args);
    if std::env::var_os(SEED).is_none() {
        command.env(SEED, "20261123");
    }
    let ended = process::run_lines(&mut command, left(ends), |line| {
        println!("{line}");
        count.add(test_result(line).unwrap_or_default());
    });
    let well = matches!(ended, Ok(Ended::Well));
    if !well {
        explain(ended);
    }
    settle(count, well)
}

/// A crashed test program writes no result, and no result at all is no success.
fn settle(mut count: Count, well: bool) -> Count {
    let silent = count.passed + count.failed == 0;
    if count.failed == 0 && (!well || silent) {
        count.failed = 1;
    }
    count
}

/// Reads `test result: ok. 5 passed; 0 failed; 1 ignored; …`.
fn test_result(line: &str) -> Option<Count> {
    let rest = line.trim().strip_prefix("test result: ")?;
    let number_before = |word: &str| {
        let upto = rest.find(word)?;
        rest.get(..upto)?
            .split_whitespace()
            .next_back()?
            .parse()
            .ok()
    };
    Some(Count {
        passed: number_before(" passed")?,
        failed: number_before(" failed")?,
        skipped: number_before(" ignored")?,
    })
}

fn explain(ended: Result<Ended>) {
    match ended {
        Ok(Ended::TooLate) => println!(
            "stopped: the time for all checks, {} minutes, is over",
            BOUND.as_secs() / 60
        ),
        Ok(Ended::Well | Ended::Badly) => {}
        Err(error) => println!("{error:#}"),
    }
}

fn left(ends: Instant) -> Duration {
    ends.saturating_duration_since(Instant::now())
}

fn report(table: &[Checked]) -> bool {
    let mut total = Count::default();
    println!(
        "\n{:<8} {:>7} {:>7} {:>8} {:>9}",
        "check", "passed", "failed", "skipped", "seconds"
    );
    for Checked { name, count, took } in table {
        let Count {
            passed,
            failed,
            skipped,
        } = count;
        println!(
            "{name:<8} {passed:>7} {failed:>7} {skipped:>8} {:>9.1}",
            took.as_secs_f64()
        );
        total.add(*count);
    }
    println!("\n{total}");
    total.failed == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_test_result() {
        let line = "test result: FAILED. 12 passed; 2 failed; 3 ignored; 0 measured; 1 filtered out; finished in 0.5s";
        assert_eq!(
            test_result(line),
            Some(Count {
                passed: 12,
                failed: 2,
                skipped: 3
            })
        );
        assert_eq!(test_result("running 3 tests"), None);
        assert_eq!(test_result("test result: of the match, 2:1"), None);
    }

    #[test]
    fn no_tests_at_all_is_a_failure() {
        assert_eq!(settle(Count::default(), true), Count::FAILED);
        assert_eq!(settle(Count::SKIPPED, true).failed, 1);
    }

    #[test]
    fn a_crash_without_a_result_is_a_failure() {
        assert_eq!(
            settle(Count::PASSED, false),
            Count {
                passed: 1,
                failed: 1,
                skipped: 0
            }
        );
        assert_eq!(settle(Count::FAILED, false), Count::FAILED);
        assert_eq!(settle(Count::PASSED, true), Count::PASSED);
    }

    #[test]
    fn the_last_line_names_skips_only_when_there_are_any() {
        assert_eq!(
            Count {
                passed: 3,
                failed: 0,
                skipped: 0
            }
            .to_string(),
            "3 passed, 0 failed"
        );
        assert_eq!(
            Count {
                passed: 3,
                failed: 1,
                skipped: 2
            }
            .to_string(),
            "3 passed, 1 failed, 2 skipped"
        );
    }
}

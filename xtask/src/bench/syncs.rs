//! How often a create makes the disk sync, by tracing the system calls of the server.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::subject::Subject;
use super::table::{Goal, Row};
use crate::process;

/// Restarts the server under the tracer, creates, counts, and restarts it without.
pub(crate) fn measure(ours: &mut Subject, folder: &Path, rows: &mut Vec<Row>) -> Result<()> {
    let traceable = process::answers(
        "strace",
        &["-f", "--seccomp-bpf", "-qq", "-e", "trace=fsync", "true"],
    );
    let trace = folder.join("syncs.trace");
    if traceable {
        ours.restart(&tracer(&trace))?;
    }
    // One on one connection, and now and then the sync of a checkpoint.
    for (connections, goal) in [(1, Goal::AtMost(1.05)), (16, Goal::AtMost(0.25))] {
        let name = format!("4 syncs a create, {connections} connection(s)");
        rows.push(if traceable {
            let before = count(&trace)?;
            let done = ours.create(connections, ours.scale.creates / 2)?.done;
            let syncs = (count(&trace)? - before) as f64 / done as f64;
            Row::alone(name, Some(syncs), goal).noted(format!("{done} creates, traced"))
        } else {
            Row::alone(name, None, goal).noted("skipped: strace is not here")
        });
    }
    if traceable { ours.restart(&[]) } else { Ok(()) }
}

/// `-D` keeps the server our own child; `--seccomp-bpf` stops it at the traced calls only.
fn tracer(trace: &Path) -> Vec<String> {
    let words = "strace -D -f --seccomp-bpf -qq -e trace=fsync,fdatasync -o";
    words
        .split(' ')
        .map(str::to_owned)
        .chain([trace.display().to_string()])
        .collect()
}

fn count(trace: &Path) -> Result<usize> {
    let text = fs::read_to_string(trace).context("the trace of the system calls")?;
    Ok(begun(&text))
}

/// Calls begun. One whose line was interrupted is resumed without a parenthesis and not counted again.
fn begun(trace: &str) -> usize {
    trace.matches("sync(").count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interrupted_call_is_one_call() {
        let trace =
            "7 fdatasync(9 <unfinished ...>\n8 fsync(4) = 0\n7 <... fdatasync resumed>) = 0\n";
        assert_eq!(begun(trace), 2);
    }
}

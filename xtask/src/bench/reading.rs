//! What the operating system says about a process and the machine: CPU time and memory, from `/proc`.

use std::fs;
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, Result};

/// CPU seconds since the start of each.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cpu {
    /// The measured server.
    pub(crate) server: f64,
    ourselves: f64,
    machine: f64,
}

impl Cpu {
    /// Reads the three clocks.
    pub(crate) fn now(server: u32) -> Result<Cpu> {
        let process = |who: &str| -> Result<f64> {
            let stat = fs::read_to_string(format!("/proc/{who}/stat"))?;
            Ok(process_ticks(&stat).context("/proc/…/stat")? as f64 / ticks_per_second())
        };
        let machine = fs::read_to_string("/proc/stat")?;
        Ok(Cpu {
            server: process(&server.to_string())?,
            ourselves: process("self")?,
            machine: busy_ticks(&machine).context("/proc/stat")? as f64 / ticks_per_second(),
        })
    }

    /// What was used since an earlier reading.
    pub(crate) fn since(self, before: Cpu) -> Cpu {
        Cpu {
            server: self.server - before.server,
            ourselves: self.ourselves - before.ourselves,
            machine: self.machine - before.machine,
        }
    }

    /// What the rest of the machine used.
    pub(crate) fn others(self) -> f64 {
        (self.machine - self.server - self.ourselves).max(0.0)
    }
}

/// Anonymous memory of a process in MiB: what is its own and cannot be dropped like a page of a file.
pub(crate) fn anonymous_mib(pid: u32) -> Result<f64> {
    let rollup =
        fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).context("memory of the server")?;
    let line = rollup
        .lines()
        .find_map(|line| line.strip_prefix("Anonymous:"))
        .context("no anonymous memory shown")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib / 1024.0)
}

/// User and system time: fields 14 and 15, counted after the name, which may hold spaces and parentheses.
fn process_ticks(stat: &str) -> Option<u64> {
    let (_, after_name) = stat.rsplit_once(") ")?;
    let mut fields = after_name.split(' ').skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

/// Everything but idle and waiting for the disk.
fn busy_ticks(stat: &str) -> Option<u64> {
    let line = stat.lines().next()?.strip_prefix("cpu ")?;
    let fields: Vec<u64> = line
        .split_whitespace()
        .map_while(|it| it.parse().ok())
        .collect();
    let all: u64 = fields.iter().take(8).sum();
    Some(all - fields.get(3)? - fields.get(4)?)
}

fn ticks_per_second() -> f64 {
    static TICKS: OnceLock<f64> = OnceLock::new();
    *TICKS.get_or_init(|| {
        let asked = Command::new("getconf").arg("CLK_TCK").output().ok();
        asked
            .and_then(|it| String::from_utf8(it.stdout).ok()?.trim().parse().ok())
            .unwrap_or(100.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_clocks() {
        let stat = "42 (a (b) c) S 1 42 42 0 -1 4194560 9 0 0 0 130 20 0 0 20 0 5 0 100 1000 10";
        assert_eq!(process_ticks(stat), Some(150));
        assert_eq!(
            busy_ticks("cpu  10 0 5 1000 50 1 2 0 0 0\ncpu0 1 1"),
            Some(18)
        );
    }

    #[test]
    fn this_process_has_memory_and_time() -> Result<()> {
        assert!(anonymous_mib(std::process::id())? > 0.0);
        Cpu::now(std::process::id())?;
        Ok(())
    }
}

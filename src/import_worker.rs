//! The program as a worker that reads one file from people (see `usher_core::import`): it binds itself before it looks at
//! the file. It can open nothing, write nothing but its answer, start nothing, and has little memory and little time.

use std::io;
use std::os::fd::AsFd as _;

use rustix::process::{Resource, Rlimit, setrlimit};
use usher_core::import::{self, Limits, Task};

use crate::failure::{Failure, Result};

/// Standard input, output and error, and the one that the file is read by.
const OPEN_FILES: u64 = 4;

/// Reads the file on standard input and says on standard output what is in it.
pub(crate) fn run(task: &str) -> Result<()> {
    let task: Task = serde_json::from_str(task)?;
    let file = io::stdin()
        .as_fd()
        .try_clone_to_owned()
        .map_err(|it| Failure::refused(format!("no file on standard input: {it}")))?;
    bind(&task.limits).map_err(|it| Failure::refused(format!("cannot be bound: {it}")))?;
    let out = io::stdout().lock();
    let limits = task.limits;
    // Whoever gets on is given more time.
    let progress = |rows| {
        let _ = bind_time(&limits, rows);
    };
    import::work(file.into(), &task, out, progress)?;
    Ok(())
}

fn bind(limits: &Limits) -> io::Result<()> {
    let at_most = |most| Rlimit {
        current: Some(most),
        maximum: Some(most),
    };
    bind_time(limits, 0)?;
    for (resource, most) in [
        (Resource::Core, 0),
        (Resource::Fsize, 0),
        (Resource::Nproc, 0),
        (Resource::Nofile, OPEN_FILES),
        (Resource::As, limits.memory),
        (Resource::Data, limits.memory),
    ] {
        setrlimit(resource, at_most(most))?;
    }
    Ok(())
}

fn bind_time(limits: &Limits, rows: u32) -> io::Result<()> {
    let time = Rlimit {
        current: Some(limits.seconds_for(rows)),
        maximum: Some(limits.seconds_for(limits.rows)),
    };
    Ok(setrlimit(Resource::Cpu, time)?)
}

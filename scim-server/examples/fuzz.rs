//! Drives the fuzz targets on the stable toolchain: `cargo run --example fuzz -- SECONDS [SEED] [TARGET]`. Inputs are
//! mutations of seeds; nothing tells it which code they reach, so it finds less than a fuzzer that is told.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use usher_scim_server::fuzz::{Mutator, TARGETS};

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let seconds = args.next().and_then(|it| it.parse().ok()).unwrap_or(10);
    let seed = args.next().and_then(|it| it.parse().ok()).unwrap_or(1);
    let only = args.next();
    let mut broke = false;
    for target in TARGETS {
        if only.as_deref().is_some_and(|it| it != target.name) {
            continue;
        }
        let mut mutator = Mutator::new(seed, target.seeds);
        let (began, mut inputs) = (Instant::now(), 0_u64);
        let mut slowest = (Duration::ZERO, Vec::new());
        while began.elapsed() < Duration::from_secs(seconds) {
            let input = mutator.input();
            let at = Instant::now();
            if catch_unwind(AssertUnwindSafe(|| (target.run)(&input))).is_err() {
                println!(
                    "{}: broke on {:?}",
                    target.name,
                    String::from_utf8_lossy(&input)
                );
                broke = true;
                break;
            }
            let took = at.elapsed();
            if took > slowest.0 {
                slowest = (took, input);
            }
            inputs += 1;
        }
        println!(
            "{}: {inputs} inputs with seed {seed}, the slowest took {:.1} ms ({} bytes)",
            target.name,
            slowest.0.as_secs_f64() * 1e3,
            slowest.1.len(),
        );
    }
    ExitCode::from(u8::from(broke))
}

//! `cargo xtask bench --files`: what importing and exporting people costs, as ratios to what the bare libraries cost over the
//! same cells in the same minute (goals 20 and 21). The bare passes run here, built for speed as the product's own crates
//! are; the product is the released program from its start to its end. Of a run it is told which thread of the program took
//! how much of the processor: `usher` plans and prints, `usher-reading` helps it to read cells, `usher-writer` writes,
//! `usher-ahead` makes ready what it writes, and `worker` is the process that reads the file.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use calamine::{DataRef, Reader as _, Xlsx};
use rust_xlsxwriter::Workbook;

/// How many people there are, unless it is said otherwise.
pub(super) const PEOPLE: u32 = 100_000;
/// How often each thing is measured; the quickest counts, as nothing makes a machine quicker than it is.
const TIMES: usize = 3;
/// How often a running program is asked how much memory it has.
const GLANCE: Duration = Duration::from_millis(5);

const TITLES: [&str; 11] = [
    "email",
    "user_name",
    "first_name",
    "last_name",
    "title",
    "functional_area",
    "region",
    "language",
    "manager",
    "labels",
    "delete_on",
];

/// Measures and prints.
pub(crate) fn run(program: &Path, folder: &Path, people: u32) -> Result<()> {
    let sheet = folder.join("people.xlsx");
    let write = quickest(|| write(&folder.join("bare.xlsx"), people))?;
    fs::rename(folder.join("bare.xlsx"), &sheet)?;
    let pass = quickest(|| pass(&sheet))?;
    println!(
        "{people} people, {} columns, {} KiB",
        TITLES.len(),
        fs::metadata(&sheet)?.len() / 1024
    );
    println!(
        "X  bare calamine pass          {:>8.2} s",
        pass.as_secs_f64()
    );
    println!(
        "W  bare rust_xlsxwriter        {:>8.2} s",
        write.as_secs_f64()
    );
    let database = folder.join("usher.db");
    let usher = |args: &[&str]| measured(program, &database, folder, args);
    usher(&[
        "init",
        "--name",
        "Bench",
        "--seats",
        "2000000",
        "--owner",
        "owner@corp.example",
    ])?;
    let dry = usher(&[
        "import",
        "people.xlsx",
        "--mode",
        "create",
        "--no-mail",
        "--plan",
        "--format",
        "csv",
    ])?;
    told("import --plan ÷ X (goal 1.3)", &dry, pass);
    let import = usher(&[
        "import",
        "people.xlsx",
        "--mode",
        "create",
        "--no-mail",
        "--yes",
        "--format",
        "csv",
    ])?;
    told("import ÷ X (goal 2.3)", &import, pass);
    for name in ["out.xlsx", "out.csv"] {
        let columns = TITLES.join(",");
        let export = usher(&["export", name, "--columns", &columns, "--force"])?;
        told(&format!("export {name} ÷ W (goal 1.4)"), &export, write);
    }
    let again = usher(&[
        "import", "out.xlsx", "--mode", "update", "--plan", "--format", "csv",
    ])?;
    told("import of the export --plan ÷ X", &again, pass);
    Ok(())
}

/// How long a run took, how much memory it had at most, and how much of the processor each of its threads, by their names.
struct Run {
    took: Duration,
    peak_kib: u64,
    threads: BTreeMap<String, Duration>,
}

/// How much of the processor each thread had, by its process and number.
#[derive(Default)]
struct Threads(HashMap<(u32, u32), (String, Duration)>);

impl Threads {
    /// Looks at what a process and its children have had so far. What ends between two looks is not seen to its end.
    fn look(&mut self, process: u32, named: Option<&str>) {
        let folder = format!("/proc/{process}/task");
        for thread in fs::read_dir(folder).into_iter().flatten().flatten() {
            let said = |file: &str| fs::read_to_string(thread.path().join(file)).ok();
            let number = thread.file_name().to_str().and_then(|it| it.parse().ok());
            let (Some(number), Some(name), Some(times)) = (number, said("comm"), said("schedstat"))
            else {
                continue;
            };
            let nanos = times.split(' ').next().and_then(|it| it.parse().ok());
            let name = named.unwrap_or(name.trim()).to_owned();
            let had = Duration::from_nanos(nanos.unwrap_or(0));
            self.0.insert((process, number), (name, had));
            let children = said("children").unwrap_or_default();
            for child in children.split_whitespace().filter_map(|it| it.parse().ok()) {
                self.look(child, Some("worker"));
            }
        }
    }

    fn by_name(self) -> BTreeMap<String, Duration> {
        let mut all: BTreeMap<String, Duration> = BTreeMap::new();
        for (name, had) in self.0.into_values() {
            *all.entry(name).or_default() += had;
        }
        all
    }
}

fn told(what: &str, run: &Run, unit: Duration) {
    println!(
        "{what:<34} {:>6.2}  ({:.2} s, {} MiB of its own memory at most)",
        run.took.as_secs_f64() / unit.as_secs_f64(),
        run.took.as_secs_f64(),
        run.peak_kib / 1024
    );
    let parts = run.threads.iter();
    let parts: Vec<String> = parts
        .map(|(name, had)| format!("{name} {:.2} s", had.as_secs_f64()))
        .collect();
    println!("    of the processor: {}", parts.join(", "));
}

fn quickest(mut work: impl FnMut() -> Result<Duration>) -> Result<Duration> {
    let all = (0..TIMES).map(|_| work()).collect::<Result<Vec<_>>>()?;
    all.into_iter().min().context("nothing was measured")
}

/// One run of the program, whose memory is looked at while it runs.
fn measured(program: &Path, database: &Path, folder: &Path, args: &[&str]) -> Result<Run> {
    let begun = Instant::now();
    let mut child = Command::new(program)
        .args(args)
        .arg("--db")
        .arg(database)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak_kib = 0;
    let mut threads = Threads::default();
    let ended = loop {
        if let Ok(text) = fs::read_to_string(&status) {
            // What the program's own files take up in memory is not its own, and would be there without it.
            let line = text.lines().find_map(|it| it.strip_prefix("RssAnon:"));
            let number = line.and_then(|it| it.trim().trim_end_matches(" kB").parse().ok());
            peak_kib = peak_kib.max(number.unwrap_or(0));
        }
        threads.look(child.id(), None);
        if let Some(ended) = child.try_wait()? {
            break ended;
        }
        std::thread::sleep(GLANCE);
    };
    ensure!(ended.success(), "usher {} failed", args.join(" "));
    Ok(Run {
        took: begun.elapsed(),
        peak_kib,
        threads: threads.by_name(),
    })
}

fn cells(i: u32) -> [String; 11] {
    let address = |i: u32| format!("ada.lovelace.{i:07}@corp.example");
    [
        address(i),
        format!("ada{i:07}"),
        "Ada".to_owned(),
        format!("Lovelace {i}"),
        "Software Engineer".to_owned(),
        format!("Engineering {}", i % 40),
        "EMEA".to_owned(),
        "en".to_owned(),
        if i == 0 {
            String::new()
        } else {
            address(i / 10)
        },
        format!("wave-{}", i % 9),
        "2099-01-31".to_owned(),
    ]
}

/// The same cells by the bare library, streaming.
fn write(to: &Path, people: u32) -> Result<Duration> {
    let begun = Instant::now();
    let mut book = Workbook::new();
    let sheet = book.add_worksheet_with_constant_memory()?;
    for (column, title) in (0..).zip(TITLES) {
        sheet.write_string(0, column, title)?;
    }
    for i in 0..people {
        for (column, cell) in (0..).zip(cells(i)) {
            if !cell.is_empty() {
                sheet.write_string(i + 1, column, cell)?;
            }
        }
    }
    let mut out = BufWriter::new(File::create(to)?);
    book.save_to_writer(&mut out)?;
    out.flush()?;
    Ok(begun.elapsed())
}

/// One pass over the cells by the bare library, streaming.
fn pass(file: &Path) -> Result<Duration> {
    let begun = Instant::now();
    let mut book: Xlsx<_> = Xlsx::new(BufReader::new(File::open(file)?))?;
    let name = book.sheet_names().first().cloned().context("no sheet")?;
    let mut cells = book.worksheet_cells_reader(&name)?;
    let mut letters = 0;
    while let Some(cell) = cells.next_cell()? {
        letters += match cell.get_value() {
            DataRef::SharedString(text) => text.len(),
            DataRef::String(text) => text.len(),
            _ => 0,
        };
    }
    ensure!(letters > 0, "nothing was read");
    Ok(begun.elapsed())
}

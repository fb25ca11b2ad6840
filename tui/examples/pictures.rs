//! Makes the pictures of `docs/console.md` from a real session: starts `usher demo` in a pseudo-terminal, presses keys,
//! waits for what they bring, and writes what the terminal shows as SVG.
//!
//! `cargo build && cargo run -p usher-tui --example pictures -- target/debug/usher docs/pictures`

use std::error::Error;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use vt100::{Color, Screen};

const SIZE: PtySize = PtySize {
    rows: 28,
    cols: 100,
    pixel_width: 0,
    pixel_height: 0,
};
const PASTE_BEGINS: &str = "\x1b[200~";
const PASTE_ENDS: &str = "\x1b[201~";
const PATIENCE: Duration = Duration::from_secs(120);

/// A picture: its name, the keys that lead to it from the one before, and what is then to be seen.
const PICTURES: [(&str, &str, &str); 7] = [
    ("people", "", "server runs"),
    ("find", "/status:active area:sales", "people"),
    ("plan", "\r*d", "Command"),
    ("seats", "\x1b\x1b2", "Bought"),
    ("person", "1\r", "Timeline"),
    ("form", "e", "esc leave"),
    ("import", ROWS, "the rest queued"),
];
/// Rows as a spreadsheet copies them, on their way into the form of an import.
const ROWS: &str = "\x1b\x1bI\x1b[200~email\tfirst name\tlast name\tarea\tmanager\n\
    noor.haddad@corp.example\tNoor\tHaddad\tDesign\t\n\
    kim.park@corp.example\tKim\tPark\tSales\tnoor.haddad@corp.example\n\
    lee.okafor@gmial.com\tLee\tOkafor\tSales\tnoor.haddad@corp.example\n\
    tom at corp.example\tTom\tBerg\tSales\t\n\
    sam.silva@corp.example\tSam\tSilva\tDesign\tboss@corp.example\n\
    noor.haddad@corp.example\tNour\tHaddad\tDesign\t\n\x1b[201~\rQnnn";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [program, folder] = arguments.as_slice() else {
        return Err("say which usher, and the folder of the pictures".into());
    };
    std::fs::create_dir_all(folder)?;
    let pair = native_pty_system().openpty(SIZE)?;
    let mut command = CommandBuilder::new(program);
    command.args(["demo", "--people", "2000"]);
    command.env("TERM", "xterm-256color");
    let mut child = pair.slave.spawn_command(command)?;
    drop(pair.slave);
    let (bytes, received) = channel();
    let mut reader = pair.master.try_clone_reader()?;
    std::thread::spawn(move || {
        let mut buffer = [0; 8192];
        while let Ok(n @ 1..) = reader.read(&mut buffer) {
            if bytes.send(buffer[..n].to_vec()).is_err() {
                return;
            }
        }
    });
    let mut keys = pair.master.take_writer()?;
    let (rows, columns) = (NonZeroU16::new(SIZE.rows), NonZeroU16::new(SIZE.cols));
    let (Some(rows), Some(columns)) = (rows, columns) else {
        return Err("a screen has rows and columns".into());
    };
    let mut parser = vt100::Parser::new(rows, columns, 0);
    for (name, typed, awaited) in PICTURES {
        for key in typed.split_inclusive(PASTE_ENDS).flat_map(presses) {
            write!(keys, "{key}")?;
            keys.flush()?;
            // A lone escape is told from the beginning of a sequence by silence.
            settle(&mut parser, &received, Duration::from_millis(400));
        }
        let since = Instant::now();
        while !parser.screen().contents().contains(awaited) {
            if since.elapsed() > PATIENCE {
                return Err(format!("{name}: {awaited:?} never came").into());
            }
            settle(&mut parser, &received, Duration::from_millis(200));
        }
        settle(&mut parser, &received, Duration::from_millis(500));
        let path = Path::new(folder).join(format!("{name}.svg"));
        std::fs::write(path, picture(parser.screen()))?;
    }
    write!(keys, "\x03\x03\x03")?;
    keys.flush()?;
    settle(&mut parser, &received, Duration::from_secs(1));
    child.kill().ok();
    child.wait()?;
    Ok(())
}

/// Keys one by one; what is pasted is one of them.
fn presses(typed: &str) -> Vec<&str> {
    let (keys, paste) = typed.split_at(typed.find(PASTE_BEGINS).unwrap_or(typed.len()));
    let mut presses: Vec<&str> = keys.split("").filter(|it| !it.is_empty()).collect();
    presses.extend(Some(paste).filter(|it| !it.is_empty()));
    presses
}

/// Takes in what comes until nothing has come for so long.
fn settle(parser: &mut vt100::Parser, received: &Receiver<Vec<u8>>, silence: Duration) {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(5)
        && let Ok(bytes) = received.recv_timeout(silence)
    {
        parser.process(&bytes);
    }
}

/// The sixteen colours of a dark terminal.
const COLORS: [&str; 16] = [
    "#1d1f21", "#cc6666", "#b5bd68", "#f0c674", "#81a2be", "#b294bb", "#8abeb7", "#c5c8c6",
    "#969896", "#cc6666", "#b5bd68", "#f0c674", "#81a2be", "#b294bb", "#8abeb7", "#ffffff",
];
const BACK: &str = "#1d1f21";
const TEXT: &str = "#c5c8c6";

fn color(color: Color, else_: &'static str) -> &'static str {
    match color {
        Color::Idx(i) => COLORS.get(usize::from(i)).copied().unwrap_or(else_),
        Color::Default | Color::Rgb(..) => else_,
    }
}

/// What a screen shows, as SVG: a rectangle behind each cell that is not plain, and a text for each run of one look.
fn picture(screen: &Screen) -> String {
    let (rows, columns) = (SIZE.rows, SIZE.cols);
    let (wide, high) = (8.4, 18.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{:.0}\" height=\"{:.0}\" \
         font-family=\"Menlo, Consolas, 'DejaVu Sans Mono', monospace\" font-size=\"14\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"{BACK}\"/>\n",
        f64::from(columns) * wide + 20.0,
        f64::from(rows) * high + 20.0
    );
    for y in 0..rows {
        let mut x = 0;
        while x < columns {
            let Some(cell) = screen.cell(y, x) else { break };
            let look = |it: &vt100::Cell| {
                let looks = (it.bold(), it.dim(), it.underline(), it.inverse());
                (it.fgcolor(), looks)
            };
            let (begin, wanted) = (x, look(cell));
            let mut text = String::new();
            while let Some(next) = screen
                .cell(y, x)
                .filter(|it| x < columns && look(it) == wanted)
            {
                match next.contents() {
                    "" if next.is_wide_continuation() => {}
                    "" => text.push(' '),
                    contents => text.push_str(contents),
                }
                x += 1;
            }
            let (_, (bold, dim, underline, inverse)) = wanted;
            if text.trim().is_empty() && !inverse {
                continue;
            }
            let (left, top) = (10.0 + f64::from(begin) * wide, 10.0 + f64::from(y) * high);
            let ink = color(cell.fgcolor(), TEXT);
            let run = f64::from(x - begin) * wide;
            if inverse {
                let _ = writeln!(
                    svg,
                    "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{run:.1}\" height=\"{high}\" fill=\"{ink}\"/>"
                );
            }
            let _ = write!(
                svg,
                "<text x=\"{left:.1}\" y=\"{:.1}\" textLength=\"{run:.1}\" xml:space=\"preserve\" fill=\"{}\"",
                top + 13.5,
                if inverse { BACK } else { ink }
            );
            for (yes, attribute) in [
                (bold, " font-weight=\"bold\""),
                (dim, " opacity=\"0.65\""),
                (underline, " text-decoration=\"underline\""),
            ] {
                if yes {
                    svg.push_str(attribute);
                }
            }
            let escaped = text.replace('&', "&amp;").replace('<', "&lt;");
            let _ = writeln!(svg, ">{escaped}</text>");
        }
    }
    svg.push_str("</svg>\n");
    svg
}

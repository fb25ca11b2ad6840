//! What a page costs: pages a second of the join page, written whole for each request, beside a bare handler that answers
//! the very same bytes without looking at anything. One connection, one request at a time, in turns.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::http::Client;
use super::server::output;
use super::table::{Goal, Row};
use super::usher::Usher;

const ROUNDS: usize = 5;
const PAGES: usize = 2_000;
const PAGE: &str = "/join/in";
const COMMAND_BOUND: Duration = Duration::from_secs(60);

/// Serves the page and measures it.
pub(crate) fn measure(program: &Path, folder: &Path, rows: &mut Vec<Row>) -> Result<()> {
    let usher = Usher::init(program, folder, "pages", 10)?;
    let db = folder.join("pages.db").display().to_string();
    let set = [
        "join", "set", "--on", "--slug", "in", "--allow", "*", "--yes", "--db",
    ];
    output(program, &[&set[..], &[db.as_str()]].concat(), COMMAND_BOUND)?;
    let server = usher.connect()?.start(&[])?;
    let mut ours = server.client()?;
    let answer = ours.get(PAGE)?;
    ensure!(answer.status == 200, "the page answers {}", answer.status);
    let page = answer.body.to_vec();
    let length = page.len();
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut bare = Client::new(listener.local_addr()?, "nobody's")?;
    // Ends with the process; it holds nothing.
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let page = page.clone();
            std::thread::spawn(move || handle(stream, &page));
        }
    });
    let (mut pages, mut bytes) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        pages.push(rate(&mut ours)?);
        bytes.push(rate(&mut bare)?);
    }
    rows.push(
        Row::pair(
            "pages/s, the join page",
            &pages,
            "a bare handler",
            &bytes,
            Goal::Shown,
        )
        .noted(format!("{length} bytes, one connection")),
    );
    drop(ours);
    server.stop()
}

fn rate(client: &mut Client) -> Result<f64> {
    let started = Instant::now();
    for _ in 0..PAGES {
        let status = client.get(PAGE)?.status;
        ensure!(status == 200, "a page answers {status}");
    }
    Ok(PAGES as f64 / started.elapsed().as_secs_f64())
}

/// Answers every request of a connection alike.
fn handle(stream: TcpStream, page: &[u8]) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {}\r\n\r\n",
        page.len()
    )
    .into_bytes();
    answer.extend_from_slice(page);
    let mut reader = BufReader::new(stream.try_clone().context("the other half")?);
    let mut out = stream;
    let mut line = Vec::new();
    loop {
        line.clear();
        if reader.read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        if line == b"\r\n" {
            out.write_all(&answer)?;
        }
    }
}

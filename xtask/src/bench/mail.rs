//! Invitations by mail: one batch with its mails in the same transaction, and how fast they go to a mail server on this
//! machine, beside the bare mail library handing over as many of the same size.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use lettre::Address;
use lettre::address::Envelope;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::extension::ClientId;

use super::table::{Goal, Row};

/// Bytes of a mail without its link and texts: about as much as ours.
const BODY: usize = 2_600;
/// How often each side is measured, in turn.
const ROUNDS: usize = 3;

/// Invites so many people in one batch and mails them, in three rounds.
pub(crate) fn measure(
    program: &Path,
    folder: &Path,
    people: u64,
    rows: &mut Vec<Row>,
) -> Result<()> {
    let sink = Sink::start()?;
    let (mut invited, mut ours, mut bare) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let db = folder.join(format!("mail-{round}.db"));
        let usher = |args: &[&str], input: &str| run(program, &db, args, input, sink.address);
        let seats = (people + 1).to_string();
        usher(
            &[
                "init",
                "--name",
                "Bench",
                "--seats",
                &seats,
                "--owner",
                "owner@bench.example",
            ],
            "",
        )?;
        let addresses: String = (0..people)
            .map(|i| format!("p{i}@bench.example\n"))
            .collect();
        let started = Instant::now();
        usher(&["invite", "-", "--yes"], &addresses)?;
        invited.push(people as f64 / started.elapsed().as_secs_f64());
        let before = sink.taken();
        let started = Instant::now();
        usher(&["outbox", "send"], "")?;
        ours.push(people as f64 / started.elapsed().as_secs_f64());
        // The pool fills up meanwhile, and its purchaser is told of that too.
        ensure!(sink.taken() - before >= people, "not all mails arrived");
        let started = Instant::now();
        send_bare(sink.address, people)?;
        bare.push(people as f64 / started.elapsed().as_secs_f64());
    }
    rows.push(
        Row::alone(
            format!("users/s, one batch of {people} invitations with their mails in the outbox"),
            super::stats::median(&invited),
            Goal::Shown,
        )
        .noted("the whole command"),
    );
    let name = format!("mails/s, {people} invitations to a mail server on this machine");
    let row = Row::pair(name, &ours, "bare lettre", &bare, Goal::Shown);
    rows.push(row.noted("each made, sent, and noted as sent before the next"));
    Ok(())
}

fn run(program: &Path, db: &Path, args: &[&str], input: &str, sink: SocketAddr) -> Result<()> {
    let mut child = Command::new(program)
        .arg("--db")
        .arg(db)
        .args(args)
        .env("USHER_SMTP_HOST", "127.0.0.1")
        .env("USHER_SMTP_PORT", sink.port().to_string())
        .env("USHER_SMTP_TLS", "none")
        .env("USHER_MAIL_FROM", "usher@bench.example")
        .env("USHER_MAIL_PACE", "0")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()?;
    let mut stdin = child.stdin.take().context("no input")?;
    stdin.write_all(input.as_bytes())?;
    drop(stdin);
    ensure!(child.wait()?.success(), "usher {args:?} failed");
    Ok(())
}

/// The bare library over a connection that, like ours, does not hold the last line of a mail back.
fn send_bare(sink: SocketAddr, mails: u64) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    runtime.block_on(async {
        let tcp = tokio::net::TcpStream::connect(sink).await?;
        tcp.set_nodelay(true)?;
        let hello = ClientId::Domain("bench.example".into());
        let mut connection =
            AsyncSmtpConnection::connect_with_transport(Box::new(tcp), &hello).await?;
        let body = format!(
            "Subject: x\r\n\r\n{}\r\n",
            "a line of text that is seventy bytes long, more or less so...\r\n".repeat(BODY / 63)
        );
        let from: Address = "usher@bench.example".parse()?;
        for i in 0..mails {
            let to: Address = format!("p{i}@bench.example").parse()?;
            let envelope = Envelope::new(Some(from.clone()), vec![to])?;
            connection.send(&envelope, body.as_bytes()).await?;
        }
        connection.quit().await?;
        Ok(())
    })
}

/// A mail server that takes everything and keeps nothing.
struct Sink {
    address: SocketAddr,
    taken: Arc<AtomicU64>,
}

impl Sink {
    fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let taken = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&taken);
        std::thread::spawn(move || {
            for wire in listener.incoming().flatten() {
                let counted = Arc::clone(&counted);
                std::thread::spawn(move || converse(wire, &counted));
            }
        });
        Ok(Self { address, taken })
    }

    fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }
}

fn converse(mut wire: TcpStream, taken: &AtomicU64) -> Option<()> {
    wire.set_nodelay(true).ok()?;
    wire.write_all(b"220 sink\r\n").ok()?;
    let mut lines = BufReader::new(wire.try_clone().ok()?);
    let (mut line, mut in_mail) = (Vec::new(), false);
    loop {
        line.clear();
        if lines.read_until(b'\n', &mut line).ok()? == 0 {
            return None;
        }
        if in_mail {
            if line == b".\r\n" {
                in_mail = false;
                taken.fetch_add(1, Ordering::Relaxed);
                wire.write_all(b"250 taken\r\n").ok()?;
            }
            continue;
        }
        let answer: &[u8] = match line.get(..4)? {
            b"DATA" => {
                in_mail = true;
                b"354 go on\r\n"
            }
            b"QUIT" => b"221 bye\r\n",
            _ => b"250 ok\r\n",
        };
        wire.write_all(answer).ok()?;
    }
}

//! A deliberately small HTTP/1.1 client: one kept connection, one request at a time, loopback only.
//!
//! It does what a load needs and no more, so that the measured server gets most of the machine.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

const PATIENCE: Duration = Duration::from_secs(40);
const LARGEST_ANSWER: usize = 64 << 20;

/// What came back; the body lives in the client until the next request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer<'a> {
    /// The status code.
    pub(crate) status: u16,
    /// The body, without any framing.
    pub(crate) body: &'a [u8],
}

/// One connection to a server on this machine.
pub(crate) struct Client {
    address: SocketAddr,
    token: String,
    stream: Option<TcpStream>,
    request: Vec<u8>,
    received: Vec<u8>,
    body: Vec<u8>,
}

/// How the body of an answer is delimited, and whether the connection ends with it.
struct Framing {
    status: u16,
    head: usize,
    length: Option<usize>,
    chunked: bool,
    closes: bool,
}

impl Client {
    /// Refuses every address that is not loopback: a bench must not become an attack.
    pub(crate) fn new(address: SocketAddr, token: &str) -> Result<Client> {
        ensure!(
            address.ip().is_loopback(),
            "the bench talks to loopback addresses only, not to {address}"
        );
        Ok(Client {
            address,
            token: token.to_owned(),
            stream: None,
            request: Vec::new(),
            received: Vec::with_capacity(16 << 10),
            body: Vec::new(),
        })
    }

    /// Asks for a resource.
    pub(crate) fn get(&mut self, path: &str) -> Result<Answer<'_>> {
        self.send("GET", path, b"")
    }

    /// Sends a SCIM body.
    pub(crate) fn post(&mut self, path: &str, body: &[u8]) -> Result<Answer<'_>> {
        self.send("POST", path, body)
    }

    /// Changes a resource.
    pub(crate) fn patch(&mut self, path: &str, body: &[u8]) -> Result<Answer<'_>> {
        self.send("PATCH", path, body)
    }

    fn send(&mut self, method: &str, path: &str, body: &[u8]) -> Result<Answer<'_>> {
        self.request.clear();
        write!(
            self.request,
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nAccept: application/scim+json\r\n\
             Content-Type: application/scim+json\r\nContent-Length: {}\r\n\r\n",
            self.address,
            self.token,
            body.len()
        )?;
        self.request.extend_from_slice(body);
        // No second attempt: a create whose answer was lost may have happened, and the bench counts answers.
        let exchanged = self.exchange();
        if exchanged.is_err() {
            self.stream = None;
        }
        let status = exchanged.with_context(|| format!("{method} {path}"))?;
        Ok(Answer {
            status,
            body: &self.body,
        })
    }

    fn exchange(&mut self) -> Result<u16> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => connect(self.address)?,
        };
        stream.write_all(&self.request)?;
        self.received.clear();
        let framing = loop {
            more(&mut stream, &mut self.received)?;
            if let Some(framing) = head(&self.received)? {
                break framing;
            }
        };
        read_body(&mut stream, &mut self.received, &framing, &mut self.body)?;
        if !framing.closes {
            self.stream = Some(stream);
        }
        Ok(framing.status)
    }
}

fn connect(address: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// Reads something, or says that the other side has closed.
fn more(stream: &mut TcpStream, received: &mut Vec<u8>) -> Result<()> {
    ensure!(
        received.len() < LARGEST_ANSWER,
        "the answer is larger than the bench takes"
    );
    let before = received.len();
    received.resize(before + (16 << 10), 0);
    let read = stream.read(received.get_mut(before..).unwrap_or_default());
    received.truncate(before + read.as_ref().copied().unwrap_or(0));
    ensure!(
        read? > 0,
        "the server closed the connection before the answer was complete"
    );
    Ok(())
}

/// The head of an answer once it is complete.
fn head(received: &[u8]) -> Result<Option<Framing>> {
    let Some(end) = find(received, b"\r\n\r\n") else {
        return Ok(None);
    };
    let text = std::str::from_utf8(received.get(..end).unwrap_or_default())
        .context("the head of the answer")?;
    let mut lines = text.split("\r\n");
    let first = lines.next().unwrap_or_default();
    let status = first
        .strip_prefix("HTTP/1.1 ")
        .and_then(|it| it.get(..3))
        .and_then(|it| it.parse().ok());
    let status = status.with_context(|| format!("not an HTTP/1.1 answer: {first:?}"))?;
    let mut framing = Framing {
        status,
        head: end + 4,
        length: None,
        chunked: false,
        closes: false,
    };
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => framing.length = Some(value.parse().context("content-length")?),
            "transfer-encoding" => framing.chunked = value.eq_ignore_ascii_case("chunked"),
            "connection" => framing.closes = value.eq_ignore_ascii_case("close"),
            _ => {}
        }
    }
    Ok(Some(framing))
}

fn read_body(
    stream: &mut TcpStream,
    received: &mut Vec<u8>,
    framing: &Framing,
    body: &mut Vec<u8>,
) -> Result<()> {
    body.clear();
    if framing.chunked {
        return read_chunks(stream, received, framing.head, body);
    }
    let length = match framing.length {
        Some(length) => length,
        None if framing.status == 204 => 0,
        None => bail!("an answer of unknown length"),
    };
    read_upto(stream, received, framing.head + length)?;
    body.extend_from_slice(
        received
            .get(framing.head..framing.head + length)
            .unwrap_or_default(),
    );
    Ok(())
}

fn read_chunks(
    stream: &mut TcpStream,
    received: &mut Vec<u8>,
    start: usize,
    body: &mut Vec<u8>,
) -> Result<()> {
    let mut at = start;
    loop {
        let line = loop {
            match find(received.get(at..).unwrap_or_default(), b"\r\n") {
                Some(length) => break at + length,
                None => more(stream, received)?,
            }
        };
        let size = std::str::from_utf8(received.get(at..line).unwrap_or_default())?;
        let size = usize::from_str_radix(size.split(';').next().unwrap_or_default().trim(), 16)
            .context("chunk size")?;
        ensure!(
            size < LARGEST_ANSWER,
            "a chunk is larger than the bench takes"
        );
        let chunk = line + 2;
        read_upto(stream, received, chunk + size + 2)?;
        body.extend_from_slice(received.get(chunk..chunk + size).unwrap_or_default());
        at = chunk + size + 2;
        if size == 0 {
            return Ok(());
        }
    }
}

fn read_upto(stream: &mut TcpStream, received: &mut Vec<u8>, length: usize) -> Result<()> {
    while received.len() < length {
        more(stream, received)?;
    }
    Ok(())
}

/// Where `needle` begins in `hay`.
pub(crate) fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    hay.windows(needle.len()).position(|it| it == needle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::thread;

    /// A server of one connection that gives the answers in turn, one to each request without a body.
    fn serve(answers: &'static [&'static str]) -> Result<SocketAddr> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        thread::spawn(move || -> Result<()> {
            let (mut stream, _) = listener.accept()?;
            for answer in answers {
                let mut request = Vec::new();
                while find(&request, b"\r\n\r\n").is_none() {
                    more(&mut stream, &mut request)?;
                }
                // In two pieces, so that the client must put them together.
                let (one, two) = answer.split_at(answer.len() / 2);
                stream.write_all(one.as_bytes())?;
                stream.flush()?;
                thread::sleep(Duration::from_millis(5));
                stream.write_all(two.as_bytes())?;
            }
            Ok(())
        });
        Ok(address)
    }

    #[test]
    fn keeps_the_connection_over_answers_of_every_framing() -> Result<()> {
        let address = serve(&[
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
            "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n",
            "HTTP/1.1 204 No Content\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
        ])?;
        let mut client = Client::new(address, "t")?;
        assert_eq!(
            client.get("/a")?,
            Answer {
                status: 200,
                body: b"hello"
            }
        );
        assert_eq!(
            client.get("/b")?,
            Answer {
                status: 201,
                body: b"abc0123456789"
            }
        );
        assert_eq!(
            client.get("/c")?,
            Answer {
                status: 204,
                body: b""
            }
        );
        assert_eq!(
            client.get("/d")?,
            Answer {
                status: 404,
                body: b""
            }
        );
        Ok(())
    }

    #[test]
    fn an_answer_cut_short_is_an_error() -> Result<()> {
        let address = serve(&["HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhello"])?;
        assert!(Client::new(address, "t")?.get("/").is_err());
        Ok(())
    }

    #[test]
    fn other_machines_are_refused() -> Result<()> {
        assert!(Client::new("192.0.2.1:80".parse()?, "t").is_err());
        assert!(Client::new("[2001:db8::1]:80".parse()?, "t").is_err());
        assert!(Client::new("[::1]:80".parse()?, "t").is_ok());
        Ok(())
    }
}

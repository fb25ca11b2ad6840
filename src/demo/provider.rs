//! An imitated identity provider: once a second it brings somebody in, or finds somebody and takes them out, by real
//! SCIM over HTTP on its own thread. It stops with the demo. Faults are shrugged off, as a provider would: it goes on.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::{Value, json};

use super::names::{called, mix};
use super::organization::address;

/// How long it waits between two things.
const PACE: Duration = Duration::from_millis(1_000);
/// How many steps it takes until about as many people join as leave.
const FREEING_STEPS: u32 = 90;
/// How long it waits for an answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest answer that it reads.
const LONGEST_ANSWER: u64 = 1 << 20;

/// The provider at work. Stops when dropped.
pub(super) struct Provider {
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Provider {
    /// Starts it against the server; `people` is how many the sample organization has already.
    pub(super) fn start(server: SocketAddr, token: String, people: u32) -> io::Result<Self> {
        let (stop, stopped) = mpsc::channel();
        let work = Work {
            server,
            token,
            people,
            joined: 0,
        };
        let thread = std::thread::Builder::new()
            .name("sample-idp".to_owned())
            .spawn(move || work.run(&stopped))?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic over there has been printed already; the demo ends all the same.
            let _ = thread.join();
        }
    }
}

/// At first more people leave than join, so that the queue is seen to move up and a few seats become free; from then
/// on as many join as leave.
fn joins(step: u32) -> bool {
    if step < FREEING_STEPS {
        step % 3 == 2
    } else {
        step.is_multiple_of(2)
    }
}

struct Work {
    server: SocketAddr,
    token: String,
    people: u32,
    joined: u32,
}

impl Work {
    fn run(mut self, stopped: &mpsc::Receiver<()>) {
        let mut step = 0_u32;
        while stopped.recv_timeout(PACE) == Err(RecvTimeoutError::Timeout) {
            // Nobody is there to tell of a fault, and the next call may work.
            let _ = if joins(step) {
                self.join()
            } else {
                self.leave(step)
            };
            step = step.wrapping_add(1);
        }
    }

    /// Creates somebody new.
    fn join(&mut self) -> io::Result<()> {
        let number = self.people.saturating_add(self.joined);
        self.joined += 1;
        let called = called(number);
        let user = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "externalId": format!("sample-{number}"),
            "userName": address(number),
            "name": { "givenName": called.first, "familyName": called.last },
            "emails": [{ "value": address(number), "type": "work", "primary": true }],
            "preferredLanguage": called.language,
            "active": true,
        });
        self.call("POST", "/scim/v2/Users", Some(&user)).map(|_| ())
    }

    /// Finds somebody by user name or address, as providers do, and takes them out.
    fn leave(&self, step: u32) -> io::Result<()> {
        let number = mix(step, 8) % self.people.max(1);
        let filter = format!("emails.value%20eq%20%22{}%22", address(number));
        let found = self.call("GET", &format!("/scim/v2/Users?filter={filter}"), None)?;
        let Some(id) = found["Resources"][0]["id"].as_str() else {
            return Ok(());
        };
        let patch = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{ "op": "replace", "value": { "active": false } }],
        });
        self.call("PATCH", &format!("/scim/v2/Users/{id}"), Some(&patch))
            .map(|_| ())
    }

    /// One request on a connection of its own, and the body of its answer.
    fn call(&self, method: &str, path: &str, body: Option<&Value>) -> io::Result<Value> {
        let mut stream = TcpStream::connect_timeout(&self.server, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let body = body.map(Value::to_string).unwrap_or_default();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: application/scim+json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.server,
            self.token,
            body.len()
        );
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.take(LONGEST_ANSWER).read_to_string(&mut answer)?;
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        Ok(serde_json::from_str(body).unwrap_or(Value::Null))
    }
}

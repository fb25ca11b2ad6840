//! An organization with a server on a free port, its administrator and a small HTTP client.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use usher_core::command::{Command, PoolEdit};
use usher_core::directory::Founding;
use usher_core::model::{Actor, AtCapacity, ConnectionPolicy, Door, PoolName, UserId};
use usher_core::{Applied, Directory, Options, Selection};
use usher_scim_server::{Config, Running, spawn};

pub(crate) const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub(crate) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
pub(crate) const USHER: &str = "urn:ietf:params:scim:schemas:extension:usher:2.0:User";
pub(crate) const OWNER: &str = "owner@acme.example";

/// An organization and its server.
pub(crate) struct Org {
    pub(crate) directory: Directory,
    pub(crate) token: String,
    address: SocketAddr,
    server: Option<Running>,
    _folder: TempDir,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Value,
    /// The body as it came.
    pub(crate) text: String,
}

impl Org {
    /// With so many seats free beside the owner's.
    pub(crate) fn with_free_seats(seats: i64) -> Self {
        Self::serving(seats, |_| {})
    }

    /// The same, with a server that is set up otherwise.
    pub(crate) fn serving(seats: i64, set: impl FnOnce(&mut Config)) -> Self {
        Self::opened(seats, Options::default(), set)
    }

    /// The same, in a world of its own.
    pub(crate) fn opened(seats: i64, options: Options, set: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let founding = Founding {
            name: "Acme".to_owned(),
            seats: seats + 1,
            owner: OWNER.parse().expect("an address"),
            time_zone: "UTC".parse().expect("a zone"),
        };
        let path = folder.path().join("usher.db");
        let directory = Directory::create(&path, &founding, options).expect("a new database");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let mut config = Config::new(listener, "https://usher.example".to_owned());
        set(&mut config);
        let server = spawn(directory.clone(), config).expect("a server");
        let address = server.address();
        let mut org = Self {
            directory,
            token: String::new(),
            address,
            server: Some(server),
            _folder: folder,
        };
        org.token = org.connect("okta", ConnectionPolicy::default());
        org
    }

    /// Adds a connection and returns its token.
    pub(crate) fn connect(&self, name: &str, policy: ConnectionPolicy) -> String {
        let applied = self.admin(Command::AddConnection {
            name: name.to_owned(),
            policy,
        });
        applied.token.expect("a new connection has a token")
    }

    /// What the owner of the file does at the command line.
    pub(crate) fn admin(&self, command: Command) -> Applied {
        let session = self.directory.as_actor(Actor::FileOwner, Door::Cli);
        session
            .apply(session.request(command), None)
            .expect("the administrator's command is done")
    }

    pub(crate) fn at_capacity(&self, pool: &str, policy: AtCapacity) {
        let name: PoolName = pool.parse().expect("a pool's name");
        self.admin(Command::SetPool {
            name,
            set: PoolEdit {
                at_capacity: Some(policy),
                ..PoolEdit::default()
            },
        });
    }

    pub(crate) fn deactivate(&self, id: &str) {
        self.admin(Command::Deactivate {
            who: Selection::from(user_id(id)),
        });
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops the server and waits for its end.
    pub(crate) fn stop(&mut self) {
        let stopped = self.server.take().map(Running::stop);
        assert!(
            stopped.is_some_and(|it| it.is_ok()),
            "the server ends in order, once"
        );
    }

    /// Ends the server and begins another one, with the same database.
    pub(crate) fn restart(&mut self) {
        self.stop();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let config = Config::new(listener, "https://usher.example".to_owned());
        let server = spawn(self.directory.clone(), config).expect("a server");
        self.address = server.address();
        self.server = Some(server);
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.send("GET", path, None)
    }

    pub(crate) fn post(&self, body: Value) -> Reply {
        self.send("POST", "/scim/v2/Users", Some(body))
    }

    pub(crate) fn put(&self, id: &str, body: Value) -> Reply {
        self.send("PUT", &format!("/scim/v2/Users/{id}"), Some(body))
    }

    pub(crate) fn patch(&self, id: &str, operations: Value) -> Reply {
        let body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations});
        self.send("PATCH", &format!("/scim/v2/Users/{id}"), Some(body))
    }

    pub(crate) fn delete(&self, id: &str) -> Reply {
        self.send("DELETE", &format!("/scim/v2/Users/{id}"), None)
    }

    pub(crate) fn user(&self, id: &str) -> Reply {
        self.get(&format!("/scim/v2/Users/{id}"))
    }

    /// The people whom a filter finds.
    pub(crate) fn find(&self, filter: &str) -> Reply {
        self.get(&format!("/scim/v2/Users?filter={}", encoded(filter)))
    }

    /// Creates a person of that name and returns their id.
    pub(crate) fn create(&self, user_name: &str) -> String {
        let reply = self.post(json!({"schemas": [CORE], "userName": user_name, "active": true}));
        assert_eq!(reply.status, 201, "{reply:?}");
        reply.id()
    }

    /// The id of the owner.
    pub(crate) fn owner(&self) -> String {
        self.find(&format!("userName eq \"{OWNER}\"")).body["Resources"][0]["id"]
            .as_str()
            .map_or_else(
                || {
                    let session = self.directory.as_actor(Actor::FileOwner, Door::Cli);
                    session
                        .read()
                        .and_then(|it| it.find_user(OWNER))
                        .expect("the owner")
                        .id
                        .to_string()
                },
                str::to_owned,
            )
    }

    pub(crate) fn send(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        self.send_as(&self.token, method, path, body)
    }

    pub(crate) fn send_as(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Reply {
        let body = body.map_or_else(String::new, |it| it.to_string());
        let head =
            format!("Authorization: Bearer {token}\r\nContent-Type: application/scim+json\r\n");
        self.raw(method, path, &head, body.as_bytes())
    }

    /// A request with exactly these headers, beside what HTTP needs.
    pub(crate) fn raw(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Reply {
        let length = if body.is_empty() {
            String::new()
        } else {
            format!("Content-Length: {}\r\n", body.len())
        };
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}{length}\r\n"
        );
        self.bytes(&[head.as_bytes(), body].concat())
    }

    /// Sends these bytes and reads what comes back until the server closes.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> Reply {
        let mut stream = TcpStream::connect(self.address()).expect("the server listens");
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .expect("a time limit");
        // A server that refuses early may close before it has read everything.
        let _ = stream.write_all(bytes);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        Reply::read(&answer)
    }

    /// Every event of the history, in words.
    pub(crate) fn events(&self) -> i64 {
        let session = self.directory.as_actor(Actor::FileOwner, Door::Cli);
        session
            .read()
            .and_then(|it| it.audit_head())
            .expect("the chain")
            .seq
    }
}

impl Reply {
    fn read(answer: &[u8]) -> Self {
        let text = String::from_utf8_lossy(answer);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let mut lines = head.lines();
        let status = lines
            .next()
            .and_then(|it| it.split(' ').nth(1))
            .and_then(|it| it.parse().ok())
            .unwrap_or(0);
        let headers = lines
            .filter_map(|it| it.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()));
        Self {
            status,
            headers: headers.collect(),
            body: serde_json::from_str(body).unwrap_or(Value::Null),
            text: body.to_owned(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|it| it.0 == name)
            .map(|it| it.1.as_str())
    }

    pub(crate) fn id(&self) -> String {
        self.body["id"]
            .as_str()
            .expect("a resource has an id")
            .to_owned()
    }

    pub(crate) fn detail(&self) -> &str {
        self.body["detail"].as_str().unwrap_or_default()
    }

    /// Checks that this is an error as RFC 7644 §3.12 has it.
    pub(crate) fn is_error(&self, status: u16, scim_type: Option<&str>) {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(
            self.body["schemas"],
            json!(["urn:ietf:params:scim:api:messages:2.0:Error"]),
            "{self:?}"
        );
        assert_eq!(self.body["status"], json!(status.to_string()), "{self:?}");
        assert_eq!(
            self.body.get("scimType").and_then(Value::as_str),
            scim_type,
            "{self:?}"
        );
        assert!(!self.detail().is_empty(), "{self:?}");
        assert_eq!(
            self.header("content-type"),
            Some("application/scim+json"),
            "{self:?}"
        );
    }
}

pub(crate) fn user_id(id: &str) -> UserId {
    id.parse().expect("an id")
}

/// A text as it stands in a query.
pub(crate) fn encoded(text: &str) -> String {
    let plain = |it: u8| it.is_ascii_alphanumeric() || b"-._~".contains(&it);
    text.bytes()
        .map(|it| {
            if plain(it) {
                char::from(it).to_string()
            } else {
                format!("%{it:02X}")
            }
        })
        .collect()
}

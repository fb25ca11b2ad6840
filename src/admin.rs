//! `usher admin` and `usher approvals`: who acts for the organization, and what waits for a second one of them.

use serde_json::{Value, json};
use usher_core::command::Command;
use usher_core::model::{Approval, Permission, SshKey};
use usher_core::{Error, Read, Selection};

use crate::args::{AdminCommand, ApprovalsCommand, KeyCommand};
use crate::confirm::carry_out;
use crate::desk::Desk;
use crate::failure::{Failure, Result};
use crate::names::ActorNames;
use crate::output::{Listing, Row};
use crate::who::{read_input, selection};

const COLUMNS: &[&str] = &["STATUS", "NAME", "EMAIL", "MAY", "SYSTEM USERS", "KEYS"];
const KEY_COLUMNS: &[&str] = &["OF", "KIND", "ADDED", "COMMENT", "FINGERPRINT"];
const KEY_KEYS: &[&str] = &["user", "id", "kind", "fingerprint", "comment", "added_at"];
const KEYS: &[&str] = &[
    "id",
    "email",
    "name",
    "status",
    "permissions",
    "system_users",
    "keys",
];
const APPROVAL_COLUMNS: &[&str] = &[
    "APPROVAL",
    "STATE",
    "PERMISSION",
    "FOR",
    "ASKED BY",
    "UNTIL",
];
const APPROVAL_KEYS: &[&str] = &[
    "id",
    "state",
    "permission",
    "user",
    "asked_by",
    "asked_at",
    "expires_at",
    "decided_by",
    "digest",
];

/// Administrators, their permissions and links.
pub(crate) fn run(desk: &Desk, command: AdminCommand) -> Result<()> {
    match command {
        AdminCommand::List => list(desk),
        AdminCommand::Grant { permission, who } => {
            let people = selection(&desk.read()?, &who.who)?;
            let command = Command::GrantPermissions {
                who: people,
                permissions: permission.0,
            };
            carry_out(desk, command, &who.plan)
        }
        AdminCommand::Revoke { permission, who } => {
            let people = selection(&desk.read()?, &who.who)?;
            let command = Command::RevokePermissions {
                who: people,
                permissions: permission.0,
            };
            carry_out(desk, command, &who.plan)
        }
        AdminCommand::Link {
            system_user,
            who,
            plan,
        } => {
            let who: Selection = desk.read()?.find_user(&who)?.id.into();
            carry_out(desk, Command::LinkSystemUser { system_user, who }, &plan)
        }
        AdminCommand::Key(command) => keys(desk, command),
        AdminCommand::Unlink { system_user, plan } => {
            carry_out(desk, Command::UnlinkSystemUser { system_user }, &plan)
        }
    }
}

fn list(desk: &Desk) -> Result<()> {
    let read = desk.read()?;
    let mut listing = Listing::begin(desk.format, COLUMNS, KEYS);
    for administrator in read.administrators()? {
        let user = &administrator.user;
        let permissions: Vec<&str> = administrator
            .permissions
            .iter()
            .copied()
            .map(Permission::as_str)
            .collect();
        let keys = administrator.keys.iter();
        let fingerprints: Vec<String> = keys.map(|it| it.key.fingerprint().to_string()).collect();
        let cells = vec![
            user.status.to_string(),
            user.name(),
            user.label(),
            permissions.join(", "),
            administrator.system_users.join(", "),
            match administrator.keys.len() {
                0 => String::new(),
                keys => keys.to_string(),
            },
        ];
        let json = vec![
            ("id", json!(user.id)),
            ("email", json!(user.profile.email)),
            ("name", json!(user.name())),
            ("status", json!(user.status)),
            ("permissions", json!(permissions)),
            ("system_users", json!(administrator.system_users)),
            ("keys", json!(fingerprints)),
        ];
        listing.row(Row { cells, json })?;
    }
    listing.end("no administrators")
}

/// The keys with which administrators come in over SSH.
fn keys(desk: &Desk, command: KeyCommand) -> Result<()> {
    match command {
        KeyCommand::Add { who, key, plan } => {
            let who: Selection = desk.read()?.find_user(&who)?.id.into();
            let key = SshKey::parse(&typed_line(&key)?)?;
            carry_out(desk, Command::AddSshKey { who, key }, &plan)
        }
        KeyCommand::List { who } => list_keys(desk, who.as_deref()),
        KeyCommand::Remove {
            who,
            fingerprint,
            all: _,
            plan,
        } => {
            let who: Selection = desk.read()?.find_user(&who)?.id.into();
            carry_out(desk, Command::RemoveSshKeys { who, fingerprint }, &plan)
        }
    }
}

/// The words of a line that was not quoted, or the one line on standard input.
fn typed_line(words: &[String]) -> Result<String> {
    if !matches!(words, [only] if only == "-") {
        return Ok(words.join(" "));
    }
    let input = read_input()?;
    let line = input.strip_suffix('\n').unwrap_or(&input);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() {
        return Err(Failure::refused("no key is on standard input"));
    }
    Ok(line.to_owned())
}

fn list_keys(desk: &Desk, who: Option<&str>) -> Result<()> {
    let read = desk.read()?;
    let mut listing = Listing::begin(desk.format, KEY_COLUMNS, KEY_KEYS);
    let only = match who {
        Some(who) => Some(read.find_user(who)?.id),
        None => None,
    };
    for administrator in read.administrators()? {
        let user = &administrator.user;
        if only.is_some_and(|it| it != user.id) {
            continue;
        }
        for it in &administrator.keys {
            let fingerprint = it.key.fingerprint().to_string();
            let cells = vec![
                user.label(),
                it.key.kind().to_owned(),
                it.added_at.to_string(),
                it.key.comment().unwrap_or_default().to_owned(),
                fingerprint.clone(),
            ];
            let json = vec![
                ("user", json!(user.label())),
                ("id", json!(user.id)),
                ("kind", json!(it.key.kind())),
                ("fingerprint", json!(fingerprint)),
                ("comment", json!(it.key.comment())),
                ("added_at", json!(it.added_at)),
            ];
            listing.row(Row { cells, json })?;
        }
    }
    listing.end("no keys")
}

/// What waits for a second administrator.
pub(crate) fn approvals(desk: &Desk, command: Option<ApprovalsCommand>) -> Result<()> {
    match command {
        None => list_approvals(desk, false),
        Some(ApprovalsCommand::List { all }) => list_approvals(desk, all),
        Some(ApprovalsCommand::Approve { approval, plan }) => {
            let approval = find(&desk.read()?, &approval)?.id;
            carry_out(desk, Command::Approve { approval }, &plan)
        }
        Some(ApprovalsCommand::Reject { approval, plan }) => {
            let approval = find(&desk.read()?, &approval)?.id;
            carry_out(desk, Command::Reject { approval }, &plan)
        }
    }
}

/// An approval by its id or the beginning or end of it, at least eight characters.
fn find(read: &Read<'_>, text: &str) -> Result<Approval, Error> {
    let text = text.trim().to_ascii_lowercase();
    let named = |it: &Approval| {
        let id = it.id.to_string();
        id.starts_with(&text) || id.ends_with(&text)
    };
    let mut found = read.approvals()?.into_iter().filter(named);
    match (found.next(), found.next()) {
        (Some(approval), None) if text.len() >= 8 => Ok(approval),
        (Some(_), _) => Err(Error::invalid(
            "approval",
            "is the part of several ids, or shorter than eight characters",
            "give more of it",
        )),
        (None, _) => Err(Error::not_found("approval", text)),
    }
}

fn list_approvals(desk: &Desk, all: bool) -> Result<()> {
    let read = desk.read()?;
    let mut actors = ActorNames::default();
    let mut listing = Listing::begin(desk.format, APPROVAL_COLUMNS, APPROVAL_KEYS);
    for approval in read.approvals()? {
        if !all && !approval.is_open(read.now()) {
            continue;
        }
        let user = read.labels_of(&[approval.user])?.remove(&approval.user);
        let by = actors.name(&read, approval.by)?;
        let decided_by = match approval.decided_by {
            Some(actor) => json!(actors.name(&read, actor)?),
            None => Value::Null,
        };
        let cells = vec![
            approval.id.to_string(),
            approval.standing(read.now()).to_owned(),
            approval.permission.as_str().to_owned(),
            user.clone().unwrap_or_else(|| approval.user.to_string()),
            by.clone(),
            approval.expires_at.to_string(),
        ];
        let json = vec![
            ("id", json!(approval.id)),
            ("state", json!(approval.standing(read.now()))),
            ("permission", json!(approval.permission)),
            ("user", json!(user)),
            ("asked_by", json!(by)),
            ("asked_at", json!(approval.asked_at)),
            ("expires_at", json!(approval.expires_at)),
            ("decided_by", decided_by),
            ("digest", json!(approval.digest)),
        ];
        listing.row(Row { cells, json })?;
    }
    listing.end("nothing waits for approval")
}

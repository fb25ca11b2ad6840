//! `usher invitations`: how far everybody's invitation has come, and who asks for a new one.

use serde_json::json;
use usher_core::InvitationRow;
use usher_core::model::{InvitationProgress, Status};
use usher_core::query::{Expr, PageFrom, SortBy, UsersPage};

use crate::args::InvitationsArgs;
use crate::desk::Desk;
use crate::failure::Result;
use crate::output::{Listing, Row};
use crate::who::parse_query;

const PAGE: usize = 500;
const COLUMNS: &[&str] = &["STATE", "NAME", "EMAIL", "STATUS", "UNTIL", "ASKED AGAIN"];
const KEYS: &[&str] = &[
    "id",
    "email",
    "name",
    "status",
    "state",
    "expires_at",
    "asked_at",
];

/// Lists invitations.
pub(crate) fn run(desk: &Desk, args: &InvitationsArgs) -> Result<()> {
    let read = desk.read()?;
    let mut listing = Listing::begin(desk.format, COLUMNS, KEYS);
    let mut left = args.limit.unwrap_or(usize::MAX);
    let state: Option<InvitationProgress> = args.state.map(Into::into);
    if args.asked {
        for row in read.invitation_wishes(left)? {
            listing.row(line(&row))?;
        }
        return listing.end("nobody asks for a new invitation");
    }
    let mut all = vec![Expr::Status(statuses(state))];
    if !args.query.is_empty() {
        all.push(parse_query(&args.query.join(" "), &read)?);
    }
    let mut page = UsersPage {
        query: Expr::And(all),
        sort: SortBy::Name,
        descending: false,
        from: PageFrom::Start,
        limit: PAGE,
    };
    loop {
        let rows = read.invitations(&page)?;
        let is_meant = |it: &&InvitationRow| {
            it.progress.is_some() && (state.is_none() || it.progress == state)
        };
        for row in rows.iter().filter(is_meant).take(left) {
            listing.row(line(row))?;
            left -= 1;
        }
        match rows.last() {
            Some(last) if rows.len() == PAGE && left > 0 => {
                page.from = PageFrom::After(last.user.id);
            }
            _ => return listing.end("no invitations"),
        }
    }
}

/// Where those stand whose invitation may have come that far.
fn statuses(state: Option<InvitationProgress>) -> Vec<Status> {
    match state {
        Some(InvitationProgress::Accepted) => {
            vec![Status::Active, Status::Inactive, Status::Queued]
        }
        Some(InvitationProgress::Withdrawn) => vec![Status::Cancelled, Status::Inactive],
        _ => vec![Status::Waiting, Status::PendingTransfer],
    }
}

fn line(row: &InvitationRow) -> Row {
    let user = &row.user;
    let state = row.progress.map_or("", InvitationProgress::as_str);
    let text =
        |it: Option<usher_core::model::Timestamp>| it.map(|it| it.to_string()).unwrap_or_default();
    Row {
        cells: vec![
            state.replace('_', " "),
            user.own_name().unwrap_or_default(),
            user.label(),
            user.status.to_string(),
            text(row.expires_at),
            text(row.asked_at),
        ],
        json: vec![
            ("id", json!(user.id)),
            ("email", json!(user.profile.email)),
            ("name", json!(user.own_name())),
            ("status", json!(user.status)),
            ("state", json!(row.progress)),
            ("expires_at", json!(row.expires_at)),
            ("asked_at", json!(row.asked_at)),
        ],
    }
}

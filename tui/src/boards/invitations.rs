//! Invitations that wait for their people.

use usher_core::model::{InvitationProgress, InvitationState, Status};
use usher_core::query::{Expr, PageFrom, SortBy, UsersPage};
use usher_core::{Read, Result};

use super::Topic;
use crate::board::{Act, Doing, Found, Item, Kind, text};
use crate::key::Key;
use crate::theme::Role;
use crate::zone::Zone;

pub(super) const KIND: Kind = Kind {
    name: "invitations",
    sentence: "Invitations that wait: until when, and how far their mail has come.",
    columns: &[
        text("Name", 16, 1),
        text("Email", 22, 2),
        text("Status", 9, 0),
        text("Link until", 11, 0),
        text("Mail", 13, 0),
        text("Invited", 11, 0),
    ],
    empty: "no invitation waits; i invites people",
    read,
    acts: &[
        Act {
            key: Key::Char('i'),
            name: "invite",
            sentence: "Invite people: type or paste their addresses.",
            does: |_| Doing::Invite,
        },
        Act {
            key: Key::Char('h'),
            name: "as people",
            sentence: "List everybody who waits on the screen of people.",
            does: |_| Doing::People("status:waiting,pending_transfer".to_owned()),
        },
    ],
};

fn read(read: &Read<'_>, _: &Topic, limit: usize) -> Result<Found> {
    let zone = Zone::of(read)?;
    let mut users = read.users(&UsersPage {
        query: Expr::Status(vec![Status::Waiting, Status::PendingTransfer]),
        sort: SortBy::Name,
        descending: false,
        from: PageFrom::Start,
        limit: limit + 1,
    })?;
    let more = users.len() > limit;
    users.truncate(limit);
    let now = read.now();
    let mut items = Vec::with_capacity(users.len());
    for user in users {
        let invitation = read.invitation(user.id)?;
        let pending = invitation.filter(|it| it.state == InvitationState::Pending);
        let late = pending.is_some_and(|it| it.expires_at <= now);
        let until = match pending {
            Some(_) if late => "expired".to_owned(),
            Some(it) => zone.day(it.expires_at),
            None => "none".to_owned(),
        };
        let progress = read.invitation_progress(user.id)?;
        let mailed = match (pending.and_then(|it| it.send_on), progress) {
            (Some(on), _) => format!("on {on}"),
            (None, Some(it)) => it.as_str().replace('_', " "),
            (None, None) => "not mailed".to_owned(),
        };
        let lost = matches!(
            progress,
            Some(InvitationProgress::Failed | InvitationProgress::Bounced)
        );
        let cells = vec![
            user.name(),
            user.label(),
            user.status.as_str().replace("pending_", ""),
            until,
            mailed,
            zone.day(user.created_at),
        ];
        let role = if late || lost {
            Role::Warn
        } else {
            Role::Plain
        };
        items.push(Item::new(user.id, cells).looking(role).about(user.id));
    }
    Ok(Found {
        title: "invitations".to_owned(),
        items,
        more,
    })
}

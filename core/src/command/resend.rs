//! Replace invitations' links: waiting, pending_transfer stay; cancelled → waiting.

use crate::change::Change;
use crate::error::{Error, Result};
use crate::model::{Actor, CountsFrom, Hold, Profile, Status, User, UserId};
use crate::planner::{Planner, Seated, Waiting, Want};
use crate::selection::Selection;

pub(super) fn plan(planner: &mut Planner<'_>, who: &Selection, mail: bool) -> Result<()> {
    for id in planner.select(who)? {
        let user = planner.user(id)?;
        planner.name(&user);
        match user.status {
            Status::Waiting | Status::PendingTransfer => planner.invite(id, mail)?,
            Status::Cancelled => back(planner, &user, mail)?,
            Status::Queued => planner.skip(&user, "queued: invited when a seat is free"),
            other => planner.skip(&user, format!("{other}, not invited")),
        }
    }
    planner.refuse_overspending()
}

/// Mails somebody their invitation anew, to the invited address.
pub(super) fn ask(planner: &mut Planner<'_>, user: UserId) -> Result<()> {
    refuse_others(planner, user)?;
    let user = planner.user(user)?;
    planner.name(&user);
    match user.status {
        Status::Waiting | Status::PendingTransfer => planner.invite_again(user.id)?,
        other => planner.skip(&user, format!("{other}, not invited")),
    }
    Ok(())
}

fn refuse_others(planner: &Planner<'_>, user: UserId) -> Result<()> {
    if planner.actor == Actor::Person(user) {
        return Ok(());
    }
    Err(Error::forbidden(
        "invitation_ask is not allowed: a person only asks for their own invitation",
    ))
}

pub(super) fn back(planner: &mut Planner<'_>, user: &User, mail: bool) -> Result<()> {
    let counts_from = planner.ledger.line(planner.access)?.pool.terms.counts_from;
    let wants = [Want::new(planner.access, Hold::None, Hold::Reserved)];
    let wants = if counts_from == CountsFrom::Invitation {
        &wants[..]
    } else {
        &[]
    };
    if planner.has_higher_role(user.id)? {
        planner.skip(user, "has a role in a group that is more than yours");
        return Ok(());
    }
    let groups = planner.limit_for(user.id)?;
    if let Some(why) = planner.ask_allowance(&groups) {
        planner.skip(user, why);
        return Ok(());
    }
    let (mark, before) = (planner.mark(), planner.planned().len());
    let seated = planner.seat(
        user.id,
        wants,
        Waiting {
            leads_to: Status::Waiting,
            mail,
            connection: user.connection,
            send_on: None,
        },
    )?;
    match seated {
        Seated::Out(why) => {
            planner.back_to(mark);
            planner.skip(user, why);
        }
        Seated::Queued => {
            planner.push(Change::Status {
                user: user.id,
                before: user.status,
                after: Status::Queued,
            });
            planner.drop_leaving_dates(user, &Profile::default());
        }
        Seated::In => {
            let after = planner.waiting_status(user.profile.email.as_deref())?;
            planner.push(Change::Status {
                user: user.id,
                before: user.status,
                after,
            });
            planner.drop_leaving_dates(user, &Profile::default());
            planner.invite(user.id, mail)?;
        }
    }
    if planner.planned().len() > before {
        planner.spend_allowance(&groups);
    }
    Ok(())
}

//! Bring deactivated people back: inactive → active, or waiting if they never accepted. Atomic over every pool that the
//! person needs: the seat, and what their leaving freed of recoverable pools.

use crate::change::Change;
use crate::error::Result;
use crate::model::{CountsFrom, Hold, ProviderHold, Status, User};
use crate::plan::Template;
use crate::planner::{Planner, Seated, Waiting, Want};
use crate::selection::Selection;

pub(super) fn plan(planner: &mut Planner<'_>, who: &Selection) -> Result<()> {
    for id in planner.select(who)? {
        let user = planner.user(id)?;
        planner.name(&user);
        if user.status != Status::Inactive {
            planner.skip(&user, format!("{}, not inactive", user.status));
            continue;
        }
        if let Seated::Out(why) = one(planner, &user, true)? {
            planner.skip(&user, why);
        }
    }
    Ok(())
}

/// Plans one inactive person. With [`Seated::Out`] nothing of it stays in the plan.
pub(super) fn one(planner: &mut Planner<'_>, user: &User, mail: bool) -> Result<Seated> {
    let leads_to = if user.accepted {
        Status::Active
    } else {
        Status::Waiting
    };
    let mut wants = Vec::new();
    let counts_from = planner.ledger.line(planner.access)?.pool.terms.counts_from;
    if leads_to == Status::Active {
        wants.push(Want::new(planner.access, Hold::None, Hold::Consumed));
    } else if counts_from == CountsFrom::Invitation {
        wants.push(Want::new(planner.access, Hold::None, Hold::Reserved));
    }
    for pool in planner.snapshot.consumed_until_left(user.id)? {
        let recoverable = planner.ledger.line(pool)?.pool.terms.recoverable;
        let held = planner
            .snapshot
            .licenses_of(user.id)?
            .iter()
            .any(|it| it.pool == pool);
        if recoverable && !held && pool != planner.access {
            wants.push(Want::new(pool, Hold::None, Hold::Consumed));
        }
    }
    let mark = planner.mark();
    let seated = planner.seat(
        user.id,
        &wants,
        Waiting {
            leads_to,
            mail,
            connection: user.connection,
        },
    )?;
    let after = match &seated {
        Seated::Out(_) => {
            planner.back_to(mark);
            return Ok(seated);
        }
        Seated::Queued => Status::Queued,
        Seated::In => leads_to,
    };
    planner.push(Change::Status {
        user: user.id,
        before: user.status,
        after,
    });
    if user.provider_hold != ProviderHold::Free {
        planner.push(Change::ProviderHold {
            user: user.id,
            before: user.provider_hold,
            after: ProviderHold::Free,
        });
    }
    match after {
        Status::Waiting => planner.invite(user.id, mail)?,
        Status::Active if mail => planner.mail(user.id, Template::WelcomeBack),
        _ => {}
    }
    Ok(seated)
}

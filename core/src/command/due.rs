//! Do what is due of one kind and day. Whoever is still to be done is read from the index of what is due, and noted as done
//! in the same plan, also when nothing came of it, so that nothing is done twice for one day.

use super::{deactivate, delete};
use crate::change::Change;
use crate::error::Result;
use crate::model::{Date, DueKind, Hold, InvitationState, PoolId, Status, User, UserId};
use crate::plan::Template;
use crate::planner::Planner;

/// The most people of one batch; the others of the day come in the next.
const MOST: i64 = 100_000;

pub(super) fn plan(planner: &mut Planner<'_>, kind: DueKind, day: Date) -> Result<()> {
    if acts_on(planner, kind, day)? > planner.newest_begun()? {
        return Ok(());
    }
    let people = planner.snapshot.due_on(kind, day, MOST)?;
    let ids: Vec<UserId> = people.iter().map(|it| it.0).collect();
    planner.expect(&ids)?;
    for (id, pool) in people {
        let user = planner.user(id)?;
        planner.name(&user);
        let why_not = match kind {
            DueKind::Deactivate => deactivated(planner, &user)?,
            DueKind::Delete => deleted(planner, &user)?,
            DueKind::Send => sent(planner, &user)?,
            DueKind::LicenseEnd => match pool {
                Some(pool) => returned(planner, &user, pool, day)?,
                None => None,
            },
            DueKind::Erase => erased(planner, &user)?,
        };
        if let Some(why) = &why_not {
            planner.skip(&user, why.clone());
        }
        // Who is erased is done by that.
        if kind != DueKind::Erase || why_not.is_some() {
            planner.push(Change::Due {
                user: id,
                kind,
                pool,
                day,
                skipped: why_not,
            });
        }
    }
    if kind == DueKind::Erase {
        planner.take_out_of_settings()?;
    }
    Ok(())
}

/// The first day on which something acts: of an erasing, the one after the days of retention.
pub(super) fn acts_on(planner: &Planner<'_>, kind: DueKind, day: Date) -> Result<Date> {
    Ok(day.plus_days(days_until_it_acts(planner, kind)?))
}

/// How many days after the day that is kept something acts.
pub(crate) fn days_until_it_acts(planner: &Planner<'_>, kind: DueKind) -> Result<i64> {
    match kind {
        DueKind::Erase => Ok(planner.snapshot.retention_days()? + 1),
        _ => Ok(0),
    }
}

type WhyNot = Option<String>;

/// Why a license stays whose end has come.
const GIVEN_ANYWAY: &str =
    "stays, for good: a group, a training or a provider of theirs needs the license";

fn deactivated(planner: &mut Planner<'_>, user: &User) -> Result<WhyNot> {
    if !user.status.is_seated_or_coming() {
        return Ok(Some(format!("already {}", user.status)));
    }
    if let Some(why) = planner.why_not_take_off(user)? {
        return Ok(Some(why.to_owned()));
    }
    deactivate::one(planner, user)?;
    Ok(None)
}

fn deleted(planner: &mut Planner<'_>, user: &User) -> Result<WhyNot> {
    if matches!(user.status, Status::Deleted | Status::Erased) {
        return Ok(Some(format!("already {}", user.status)));
    }
    if let Some(why) = planner.why_not_take_off(user)? {
        return Ok(Some(why.to_owned()));
    }
    delete::one(planner, user)?;
    Ok(None)
}

fn sent(planner: &mut Planner<'_>, user: &User) -> Result<WhyNot> {
    let Some(before) = planner.invitation(user.id)? else {
        return Ok(Some("has no invitation".to_owned()));
    };
    if before.state != InvitationState::Pending {
        return Ok(Some(format!("the invitation is {}", before.state.as_str())));
    }
    let after = crate::model::Invitation {
        send_on: None,
        expires_at: planner.expiry(None)?,
        ..before
    };
    planner.push(Change::Invitation {
        user: user.id,
        before: Some(before),
        after: Some(after),
    });
    planner.mail(user.id, Template::Invitation);
    Ok(None)
}

/// The license of a pool returns as `release` would take it: what was used of a pool that is not recoverable stays used. The
/// end was agreed for what was granted, and not for what others give: that stays, and has no end any more.
fn returned(planner: &mut Planner<'_>, user: &User, pool: PoolId, day: Date) -> Result<WhyNot> {
    planner.push(Change::LicenseEnd {
        user: user.id,
        pool,
        before: Some(day),
        after: None,
    });
    let licenses = planner.licenses_of(user.id)?;
    let Some(license) = licenses.iter().find(|it| it.pool == pool) else {
        return Ok(Some("has none".to_owned()));
    };
    if license.stands_for_access {
        return Ok(Some("it stands for the seat".to_owned()));
    }
    let recoverable = planner.ledger.line(pool)?.pool.terms.recoverable;
    if license.hold == Hold::Consumed && !recoverable {
        return Ok(Some("consumed".to_owned()));
    }
    if user.status.is_seated_or_coming() && planner.is_given_anyway(license)? {
        return Ok(Some(GIVEN_ANYWAY.to_owned()));
    }
    planner.set_license(user.id, pool, license.hold, Hold::None, false)?;
    Ok(None)
}

fn erased(planner: &mut Planner<'_>, user: &User) -> Result<WhyNot> {
    if user.status != Status::Deleted {
        return Ok(Some(format!("is {}", user.status)));
    }
    if let Some(why) = planner.why_not_take_off(user)? {
        return Ok(Some(why.to_owned()));
    }
    planner.push(Change::Erased {
        user: user.id,
        before: user.status,
    });
    Ok(None)
}

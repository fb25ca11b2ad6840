//! Do what is due of one kind and day. Whoever is still to be done is read from the index of what is due, and noted as done
//! in the same plan, also when nothing came of it, so that nothing is done twice for one day.

use super::{deactivate, delete};
use crate::change::Change;
use crate::error::Result;
use crate::model::{
    Date, DueKind, Hold, Invitation, InvitationState, PoolId, Status, User, UserId,
};
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

/// Why nothing comes of something.
type WhyNot = Option<String>;

/// Why a license stays whose end has come.
const GIVEN_ANYWAY: &str =
    "stays, for good: a group, a training or a provider of theirs needs the license";

/// Why nothing would come of something if it were done now; none where something would.
pub(crate) fn why_nothing(
    planner: &mut Planner<'_>,
    kind: DueKind,
    user: &User,
    pool: Option<PoolId>,
) -> Result<WhyNot> {
    Ok(match (kind, pool) {
        (DueKind::Deactivate, _) => why_not_deactivated(planner, user)?,
        (DueKind::Delete, _) => why_not_deleted(planner, user)?,
        (DueKind::Send, _) => unsent(planner, user)?.err(),
        (DueKind::LicenseEnd, Some(pool)) => returning(planner, user, pool)?.err(),
        (DueKind::LicenseEnd, None) => None,
        (DueKind::Erase, _) => why_not_erased(planner, user)?,
    })
}

fn why_not_deactivated(planner: &mut Planner<'_>, user: &User) -> Result<WhyNot> {
    if !user.status.is_seated_or_coming() {
        return Ok(Some(format!("already {}", user.status)));
    }
    Ok(planner.why_not_take_off(user)?.map(str::to_owned))
}

fn deactivated(planner: &mut Planner<'_>, user: &User) -> Result<WhyNot> {
    let why_not = why_not_deactivated(planner, user)?;
    if why_not.is_none() {
        deactivate::one(planner, user)?;
    }
    Ok(why_not)
}

fn why_not_deleted(planner: &mut Planner<'_>, user: &User) -> Result<WhyNot> {
    if matches!(user.status, Status::Deleted | Status::Erased) {
        return Ok(Some(format!("already {}", user.status)));
    }
    Ok(planner.why_not_take_off(user)?.map(str::to_owned))
}

fn deleted(planner: &mut Planner<'_>, user: &User) -> Result<WhyNot> {
    let why_not = why_not_deleted(planner, user)?;
    if why_not.is_none() {
        delete::one(planner, user)?;
    }
    Ok(why_not)
}

/// The invitation that is to be mailed, or why there is none.
fn unsent(
    planner: &mut Planner<'_>,
    user: &User,
) -> Result<std::result::Result<Invitation, String>> {
    Ok(match planner.invitation(user.id)? {
        None => Err("has no invitation".to_owned()),
        Some(it) if it.state != InvitationState::Pending => {
            Err(format!("the invitation is {}", it.state.as_str()))
        }
        Some(it) => Ok(it),
    })
}

fn sent(planner: &mut Planner<'_>, user: &User) -> Result<WhyNot> {
    let before = match unsent(planner, user)? {
        Ok(before) => before,
        Err(why_not) => return Ok(Some(why_not)),
    };
    let after = Invitation {
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

/// What is held of a pool and returns, or why nothing does.
fn returning(
    planner: &mut Planner<'_>,
    user: &User,
    pool: PoolId,
) -> Result<std::result::Result<Hold, String>> {
    let licenses = planner.licenses_of(user.id)?;
    let Some(license) = licenses.iter().find(|it| it.pool == pool) else {
        return Ok(Err("has none".to_owned()));
    };
    if license.stands_for_access {
        return Ok(Err("it stands for the seat".to_owned()));
    }
    let recoverable = planner.ledger.line(pool)?.pool.terms.recoverable;
    if license.hold == Hold::Consumed && !recoverable {
        return Ok(Err("consumed".to_owned()));
    }
    if user.status.is_seated_or_coming() && planner.is_given_anyway(license)? {
        return Ok(Err(GIVEN_ANYWAY.to_owned()));
    }
    Ok(Ok(license.hold))
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
    match returning(planner, user, pool)? {
        Ok(hold) => {
            planner.set_license(user.id, pool, hold, Hold::None, false)?;
            Ok(None)
        }
        Err(why_not) => Ok(Some(why_not)),
    }
}

fn why_not_erased(planner: &mut Planner<'_>, user: &User) -> Result<WhyNot> {
    if user.status != Status::Deleted {
        return Ok(Some(format!("is {}", user.status)));
    }
    Ok(planner.why_not_take_off(user)?.map(str::to_owned))
}

fn erased(planner: &mut Planner<'_>, user: &User) -> Result<WhyNot> {
    let why_not = why_not_erased(planner, user)?;
    if why_not.is_none() {
        planner.push(Change::Erased {
            user: user.id,
            before: user.status,
        });
    }
    Ok(why_not)
}

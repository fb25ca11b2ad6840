//! Give people an add-on license, reserved, for good or until a day, and take reserved ones back.

use super::joining::add_on;
use crate::change::Change;
use crate::error::Result;
use crate::model::{Date, DueKind, Hold, PoolId, PoolName, Status, User};
use crate::planner::{Planner, Seated, Waiting, Want};
use crate::selection::Selection;

pub(super) fn grant(
    planner: &mut Planner<'_>,
    who: &Selection,
    pool: &PoolName,
    until: Option<Option<Date>>,
) -> Result<()> {
    let pool = add_on(planner, pool)?;
    planner.refuse_begun("end of the license", until.flatten(), "choose a later day")?;
    for id in planner.select(who)? {
        let user = planner.user(id)?;
        planner.name(&user);
        one(planner, &user, pool, until)?;
    }
    Ok(())
}

/// Plans a license of an add-on pool for one person, who stands as is said, with the licenses that are planned for them.
pub(super) fn one(
    planner: &mut Planner<'_>,
    user: &User,
    pool: PoolId,
    until: Option<Option<Date>>,
) -> Result<()> {
    let id = user.id;
    if !user.status.is_seated_or_coming() {
        planner.skip(user, user.status.to_string());
        return Ok(());
    }
    let day = until.flatten();
    if let Some(why) = planner.why_not_again(id, DueKind::LicenseEnd, Some(pool), day)? {
        planner.skip(user, why);
        return Ok(());
    }
    let licenses = planner.licenses_planned(id)?;
    if let Some(held) = licenses.iter().find(|it| it.pool == pool) {
        // A license that is held gets another end, if one is named.
        let moves = match until {
            Some(until) if !held.stands_for_access => planner.set_end(id, pool, until)?,
            _ => false,
        };
        if !moves {
            planner.skip(user, format!("already {}", held.hold.as_str()));
        }
        return Ok(());
    }
    if planner.is_for_later(pool, user.status)? {
        if planner.requests_of(id)?.contains(&pool) {
            planner.skip(user, "already to get one when active");
        } else if until.flatten().is_some() {
            planner.skip(user, "gets it when active; name its end then");
        } else {
            planner.request_license(id, pool)?;
        }
        return Ok(());
    }
    let wants = [Want {
        until: until.flatten(),
        ..Want::new(pool, Hold::None, Hold::Reserved)
    }];
    let waiting = Waiting {
        leads_to: user.status,
        mail: false,
        connection: None,
        send_on: None,
    };
    let mark = planner.mark();
    if let Seated::Out(why) = planner.seat(id, &wants, waiting)? {
        planner.back_to(mark);
        planner.skip(user, why);
    }
    Ok(())
}

pub(super) fn release(planner: &mut Planner<'_>, who: &Selection, pool: &PoolName) -> Result<()> {
    let pool = add_on(planner, pool)?;
    for id in planner.select(who)? {
        let user = planner.user(id)?;
        planner.name(&user);
        let licenses = planner.licenses_of(id)?;
        match licenses.iter().find(|it| it.pool == pool) {
            None if planner.requests_of(id)?.contains(&pool) => {
                planner.push(Change::LicenseRequest {
                    user: id,
                    pool,
                    before: true,
                    after: false,
                });
            }
            None => planner.skip(&user, "has none"),
            Some(it) if it.stands_for_access => planner.skip(&user, "it stands for the seat"),
            Some(it) if it.hold == Hold::Consumed && user.status != Status::Erased => {
                planner.skip(&user, "consumed")
            }
            Some(it) => planner.take_back(it)?,
        }
    }
    Ok(())
}

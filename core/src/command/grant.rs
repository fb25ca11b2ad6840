//! Give people an add-on license, reserved, and take reserved ones back.

use super::joining::add_on;
use crate::error::Result;
use crate::model::{Hold, PoolName, Status};
use crate::planner::{Planner, Seated, Waiting, Want};
use crate::selection::Selection;

pub(super) fn grant(planner: &mut Planner<'_>, who: &Selection, pool: &PoolName) -> Result<()> {
    let pool = add_on(planner, pool)?;
    for id in planner.select(who)? {
        let user = planner.user(id)?;
        planner.name(&user);
        if !user.status.is_seated_or_coming() {
            planner.skip(&user, user.status.to_string());
            continue;
        }
        if let Some(held) = planner.licenses_of(id)?.iter().find(|it| it.pool == pool) {
            planner.skip(&user, format!("already {}", held.hold.as_str()));
            continue;
        }
        let wants = [Want::new(pool, Hold::None, Hold::Reserved)];
        let waiting = Waiting {
            leads_to: user.status,
            mail: false,
            connection: None,
        };
        let mark = planner.mark();
        if let Seated::Out(why) = planner.seat(id, &wants, waiting)? {
            planner.back_to(mark);
            planner.skip(&user, why);
        }
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
            None => planner.skip(&user, "has none"),
            Some(it) if it.stands_for_access => planner.skip(&user, "it stands for the seat"),
            Some(it) if it.hold == Hold::Consumed && user.status != Status::Erased => {
                planner.skip(&user, "consumed")
            }
            Some(it) => planner.set_license(id, pool, it.hold, Hold::None, false)?,
        }
    }
    Ok(())
}

//! Destroy the personal data of deleted people: deleted → erased. The one command without undo.

use crate::change::Change;
use crate::error::Result;
use crate::model::Status;
use crate::planner::Planner;
use crate::selection::Selection;

pub(super) fn plan(planner: &mut Planner<'_>, who: &Selection) -> Result<()> {
    for id in planner.select(who)? {
        let user = planner.user(id)?;
        planner.name(&user);
        match user.status {
            Status::Deleted => {
                if let Some(why) = planner.why_not_take_off(&user)? {
                    planner.skip(&user, why);
                } else {
                    planner.push(Change::Erased {
                        user: id,
                        before: user.status,
                    });
                }
            }
            Status::Erased => planner.skip(&user, "already erased"),
            other => planner.skip(&user, format!("{other}: delete first")),
        }
    }
    planner.take_out_of_settings()
}

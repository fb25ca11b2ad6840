//! Say that people are the same whom a connection comes to call otherwise. Without that, another `externalId` is another
//! person, who was given the same address (DESIGN §5).

use super::connection::living;
use crate::change::Change;
use crate::error::Result;
use crate::model::{Link, Status};
use crate::planner::Planner;
use crate::selection::Selection;

pub(super) fn plan(planner: &mut Planner<'_>, name: &str, who: &Selection) -> Result<()> {
    let connection = living(planner, name)?.id;
    let ids = planner.select(who)?;
    let known = planner.snapshot.links_of(connection, &ids)?;
    for id in ids {
        let user = planner.user(id)?;
        planner.name(&user);
        let external_id = known.get(&id).cloned();
        if user.status == Status::Erased {
            planner.skip(&user, "erased");
        } else if external_id.is_none() {
            planner.skip(&user, format!("{name} calls them by no externalId"));
        } else {
            planner.push(Change::Link {
                user: id,
                connection,
                before: Some(Link { external_id }),
                after: Some(Link { external_id: None }),
            });
        }
    }
    Ok(())
}

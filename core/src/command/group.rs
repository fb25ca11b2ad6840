//! Add a group.

use crate::change::Change;
use crate::error::{Error, Result};
use crate::model::Name;
use crate::planner::Planner;

pub(super) fn add(planner: &mut Planner<'_>, name: &str) -> Result<()> {
    let name = Name::parse("group name", name)?
        .map(Name::into_string)
        .ok_or_else(|| Error::invalid("group name", "is empty", "give it one"))?;
    if planner.snapshot.group_named(&name)?.is_some() {
        return Err(Error::conflict(format!("there is a group {name} already")));
    }
    let group = planner.draws.group();
    planner.push(Change::GroupAdded { group, name });
    Ok(())
}

//! Rename a label on everybody who carries it, or take it off them.

use super::edit::parse_label;
use crate::error::{Error, Result};
use crate::model::{Field, Status, folded};
use crate::planner::Planner;

pub(super) fn plan(planner: &mut Planner<'_>, label: &str, to: Option<&str>) -> Result<()> {
    let key = folded(label);
    let to = to.map(parse_label).transpose()?;
    let people = planner.snapshot.people_with_label(label)?;
    if people.is_empty() {
        return Err(Error::not_found("label", label));
    }
    for id in people {
        let user = planner.user(id)?;
        if user.status == Status::Erased {
            continue;
        }
        planner.name(&user);
        let before = user.profile.labels.clone();
        let mut labels: Vec<String> = Vec::new();
        for old in before.iter().flat_map(|it| it.split(',')) {
            let new = if folded(old) == key {
                to.as_deref()
            } else {
                Some(old)
            };
            if let Some(new) = new
                && !labels.iter().any(|it| folded(it) == folded(new))
            {
                labels.push(new.to_owned());
            }
        }
        let after = (!labels.is_empty()).then(|| labels.join(","));
        if before == after {
            planner.skip(&user, "already so");
        } else {
            planner.set_field(id, Field::Labels, before.as_deref(), after.as_deref());
        }
    }
    Ok(())
}

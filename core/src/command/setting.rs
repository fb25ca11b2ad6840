//! Set something about the organization, or go back to its default.

use crate::change::Change;
use crate::error::{Error, Result};
use crate::model::Setting;
use crate::planner::Planner;

pub(super) fn plan(planner: &mut Planner<'_>, setting: Setting, value: Option<&str>) -> Result<()> {
    let after = match value {
        Some(text) => Some(setting.parse(text)?),
        None => None,
    };
    if after.is_none() && setting.default_text().is_none() && setting != Setting::PublicUrl {
        return Err(Error::invalid(
            setting.to_string(),
            "has no default",
            "set another value",
        ));
    }
    let before = planner.snapshot.setting(setting)?;
    if before == after {
        planner.skip_name(&setting.to_string(), "already so");
        return Ok(());
    }
    planner.push(Change::Setting {
        setting,
        before,
        after,
    });
    Ok(())
}

//! Set something about the organization, or go back to its default.

use super::field;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::model::{FieldTerms, Setting, field_key};
use crate::planner::Planner;

pub(super) fn plan(planner: &mut Planner<'_>, setting: Setting, value: Option<&str>) -> Result<()> {
    let mark = planner.mark();
    let after = match value {
        Some(text) if setting == Setting::RequiredOnInvite => Some(required(planner, text)?),
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
    if before != after {
        planner.push(Change::Setting {
            setting,
            before,
            after,
        });
    }
    if planner.mark() == mark {
        planner.skip_name(&setting.to_string(), "already so");
    }
    Ok(())
}

/// Takes custom fields out of the list of what is required: they keep that by themselves, and exactly those in the list
/// are required from then on.
fn required(planner: &mut Planner<'_>, text: &str) -> Result<String> {
    let fields = planner.snapshot.custom_fields()?;
    let (custom, others): (Vec<&str>, Vec<&str>) =
        text.split([',', ';']).map(str::trim).partition(|word| {
            let key = field_key(word);
            let mut living = fields.iter().filter(|it| !it.terms.removed);
            !key.is_empty() && living.any(|it| it.key() == key || it.former.contains(&key))
        });
    let value = Setting::RequiredOnInvite.parse(&others.join(","))?;
    let mut wanted = Vec::new();
    for name in custom {
        wanted.push(field::named(&fields, name)?.id);
    }
    for field in fields.iter().filter(|it| !it.terms.removed) {
        let after = FieldTerms {
            required: wanted.contains(&field.id),
            ..field.terms.clone()
        };
        field::push_terms(planner, field, after);
    }
    Ok(value)
}

//! Set something about the organization, or go back to its default.

use super::field;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::model::{FieldTerms, Setting, field_key, slug_of};
use crate::planner::Planner;

pub(super) fn plan(planner: &mut Planner<'_>, setting: Setting, value: Option<&str>) -> Result<()> {
    let mark = planner.mark();
    let after = match value {
        Some(text) if setting == Setting::RequiredOnInvite => Some(required(planner, text)?),
        Some(text) if setting == Setting::JoinGroup => {
            match planner.snapshot.group_named(text.trim())? {
                Some((id, _)) => Some(id.to_string()),
                None => return Err(Error::not_found("group", text)),
            }
        }
        Some(text) => Some(setting.parse(text)?),
        None => None,
    };
    if after.is_none() && matches!(setting, Setting::OrganizationName | Setting::TimeZone) {
        return Err(Error::invalid(
            setting.to_string(),
            "has no default",
            "set another value",
        ));
    }
    if setting == Setting::Reminders
        && let Some(days) = &after
    {
        refuse_late_reminders(planner, days)?;
    }
    if setting == Setting::InvitationDays {
        let days = after.as_deref().or(setting.default_text());
        refuse_short_invitations(planner, days.and_then(|it| it.parse().ok()))?;
    }
    push(planner, setting, after)?;
    if setting == Setting::JoinPage {
        name_join_page(planner)?;
    }
    if planner.mark() == mark {
        planner.skip_name(&setting.to_string(), "already so");
    }
    Ok(())
}

/// Sets what is agreed about the join page.
pub(super) fn join_page(
    planner: &mut Planner<'_>,
    set: &[(Setting, Option<String>)],
) -> Result<()> {
    // A name that is given comes before the page is turned on, which names it otherwise.
    let mut set: Vec<_> = set.iter().collect();
    set.sort_by_key(|it| it.0 != Setting::JoinSlug);
    for (setting, value) in set {
        if !matches!(
            setting,
            Setting::JoinPage
                | Setting::JoinSlug
                | Setting::JoinAllow
                | Setting::JoinGroup
                | Setting::JoinText
        ) {
            return Err(Error::invalid(
                setting.to_string(),
                "is not about the join page",
                "set it by itself",
            ));
        }
        plan(planner, *setting, value.as_deref())?;
    }
    Ok(())
}

fn push(planner: &mut Planner<'_>, setting: Setting, after: Option<String>) -> Result<()> {
    let before = planner.snapshot.setting(setting)?;
    if before != after {
        planner.push(Change::Setting {
            setting,
            before,
            after,
        });
    }
    Ok(())
}

/// Nobody is reminded of what they cannot accept any more.
fn refuse_late_reminders(planner: &mut Planner<'_>, days: &str) -> Result<()> {
    let works = planner.settings()?.invitation_days;
    let mut days = days.split(',').filter_map(|it| it.parse::<u32>().ok());
    match days.find(|it| *it >= works) {
        Some(day) => Err(Error::invalid(
            "reminders",
            format!("would come after {day} days, and the link of an invitation works for {works}"),
            "name fewer days, or raise invitation-days first",
        )),
        None => Ok(()),
    }
}

/// As [`refuse_late_reminders`], of a link that is to work for fewer days.
fn refuse_short_invitations(planner: &mut Planner<'_>, works: Option<u32>) -> Result<()> {
    let Some(works) = works else { return Ok(()) };
    match planner
        .settings()?
        .reminders
        .iter()
        .find(|it| **it >= works)
    {
        Some(day) => Err(Error::invalid(
            Setting::InvitationDays.to_string(),
            format!("would be over before the reminder after {day} days"),
            "set reminders to fewer days first, or to off",
        )),
        None => Ok(()),
    }
}

/// A join page that is turned on has an address: one of the organization's name, unless there is one.
fn name_join_page(planner: &mut Planner<'_>) -> Result<()> {
    let turned_on = planner.planned().iter().any(|it| {
        matches!(it, Change::Setting { setting: Setting::JoinPage, after: Some(after), .. } if after == "on")
    });
    let named = planner.planned().iter().any(|it| {
        matches!(
            it,
            Change::Setting {
                setting: Setting::JoinSlug,
                after: Some(_),
                ..
            }
        )
    });
    if turned_on && !named && planner.snapshot.setting(Setting::JoinSlug)?.is_none() {
        let slug = slug_of(&planner.snapshot.organization()?.name);
        push(planner, Setting::JoinSlug, Some(slug))?;
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

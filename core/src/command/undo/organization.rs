//! The inverse of what concerns nobody in particular: pools, fields, settings, connections, tokens.

use super::trainings;
use crate::change::Change;
use crate::command::pool::refuse_raise;
use crate::command::{field, ownership};
use crate::error::Result;
use crate::model::{ChoiceTerms, FieldId, FieldTerms, IndividualId, IndividualTerms, field_key};
use crate::planner::Planner;

/// The inverse of what concerns nobody in particular.
pub(super) fn organization(planner: &mut Planner<'_>, change: &Change) -> Result<()> {
    match change {
        Change::PoolTerms {
            pool,
            before,
            after,
        } => {
            let today = planner.ledger.line(*pool)?.pool.clone();
            if today.terms == **after {
                refuse_raise(planner, after, before)?;
                planner.push(Change::PoolTerms {
                    pool: *pool,
                    before: after.clone(),
                    after: before.clone(),
                });
            } else {
                planner.skip_name(today.name.as_str(), "the pool changed since");
            }
        }
        Change::Individual {
            account,
            before,
            after,
        } => individual_back(planner, *account, before.as_deref(), after.as_deref())?,
        Change::IndividualErased { .. } => {
            planner.skip_name("individual account", "erased; erasing has no undo");
        }
        Change::FieldAdded { field, terms } => {
            let before = FieldTerms {
                removed: true,
                ..terms.clone()
            };
            field_back(planner, *field, &before, terms)?;
        }
        Change::FieldTerms {
            field,
            before,
            after,
        } => field_back(planner, *field, before, after)?,
        Change::FieldChoice {
            field,
            choice,
            before,
            after,
        } => {
            let fields = planner.snapshot.custom_fields()?;
            let choices = fields.iter().find(|it| it.id == *field);
            let mut choices = choices.map(|it| it.choices.iter()).into_iter().flatten();
            let before = before.clone().unwrap_or(ChoiceTerms {
                removed: true,
                ..after.clone()
            });
            if choices.any(|it| it.id == *choice && it.terms == *after) {
                planner.push(Change::FieldChoice {
                    field: *field,
                    choice: *choice,
                    before: Some(after.clone()),
                    after: before,
                });
            } else {
                planner.skip_name(&after.name, "the value changed since");
            }
        }
        // That it was imported stays true; its batch says by which it was undone.
        Change::Imported { .. } => {}
        Change::MailText {
            template,
            language,
            before,
            after,
        } => {
            if planner.snapshot.mail_text(*template, *language)? == *after {
                planner.push(Change::MailText {
                    template: *template,
                    language: *language,
                    before: after.clone(),
                    after: before.clone(),
                });
            } else {
                planner.skip_name(template.as_str(), "the text changed since");
            }
        }
        Change::Setting {
            setting,
            before,
            after,
        } => {
            if change.names_somebody_erased() {
                planner.skip_name(
                    &setting.to_string(),
                    "named somebody who was erased; set it anew",
                );
            } else if planner.snapshot.setting(*setting)? == *after {
                planner.push(Change::Setting {
                    setting: *setting,
                    before: after.clone(),
                    after: before.clone(),
                });
            } else {
                planner.skip_name(&setting.to_string(), "the setting changed since");
            }
        }
        Change::ConnectionAdded {
            connection, name, ..
        } => {
            let revoked = planner.snapshot.living_policy(*connection)?.is_none();
            if revoked {
                planner.skip_name(name, "already revoked");
            } else {
                let after = Some(planner.now);
                planner.push(Change::ConnectionRevoked {
                    connection: *connection,
                    before: None,
                    after,
                });
            }
        }
        Change::Brake {
            connection,
            before,
            after,
        } => {
            if planner.snapshot.brake_of(*connection)? == *after {
                planner.push(Change::Brake {
                    connection: *connection,
                    before: *after,
                    after: *before,
                });
            } else {
                planner.skip_name("brake", "changed since");
            }
        }
        Change::ConnectionRevoked { connection, .. } => {
            let found = planner
                .snapshot
                .connections()?
                .into_iter()
                .find(|it| it.id == *connection);
            let name = found.map(|it| it.name).unwrap_or_default();
            planner.skip_name(
                &name,
                "a revoked connection stays revoked; add another instead",
            );
        }
        Change::ConnectionTerms { .. }
        | Change::ConnectionMaps { .. }
        | Change::ConnectionOwns { .. } => ownership::back(planner, change)?,
        Change::PoolAdded { name, .. } => {
            planner.skip_name(name.as_str(), "pools stay; lower what is purchased instead")
        }
        Change::TokenAdded { hint, .. } | Change::PlatformTokenAdded { hint, .. } => planner
            .skip_name(
                hint,
                "a token that was shown cannot be taken back; it ends with its connection, or by rotate or revoke",
            ),
        Change::TokenEnds { after, .. } | Change::PlatformTokenEnds { after, .. } => {
            let goes_on = after.filter(|it| *it > planner.now);
            planner.skip_name(
                "token",
                match goes_on {
                    Some(end) => format!("the one before works until {end} all the same; rotate again to replace the newer one"),
                    None => "an ended token does not come back".to_owned(),
                },
            );
        }
        Change::PlatformAdded { platform, name, .. } => {
            let mut known = planner.snapshot.platforms()?.into_iter();
            if known.any(|it| it.id == *platform && it.revoked_at.is_none()) {
                let after = Some(planner.now);
                planner.push(Change::PlatformRevoked {
                    platform: *platform,
                    name: name.clone(),
                    before: None,
                    after,
                });
            } else {
                planner.skip_name(name, "already revoked");
            }
        }
        Change::PlatformRevoked { name, .. } => {
            planner.skip_name(name, "a revoked token stays revoked; add another instead")
        }
        Change::GroupBudget {
            group,
            before,
            after,
        } => {
            let today = planner.snapshot.budget_of(*group)?.map(|it| it.seats);
            if today == *after {
                planner.push(Change::GroupBudget {
                    group: *group,
                    before: *after,
                    after: *before,
                });
            } else {
                planner.skip_name("budget", "changed since");
            }
        }
        Change::GroupName { .. }
        | Change::GroupLink { .. }
        | Change::GroupRemoved { .. }
        | Change::GroupTraining { .. }
        | Change::GroupPool { .. }
        | Change::TrainingAdded { .. }
        | Change::TrainingTerms { .. } => trainings::of_organization(planner, change)?,
        _ => {}
    }
    Ok(())
}

/// An account as it was, unless it changed since or another has its address now.
fn individual_back(
    planner: &mut Planner<'_>,
    account: IndividualId,
    before: Option<&IndividualTerms>,
    after: Option<&IndividualTerms>,
) -> Result<()> {
    let today = planner.snapshot.individual(account)?.map(|it| it.terms);
    let email = before.or(after).map_or("", |it| it.email.as_str());
    let there = planner.snapshot.individual_of_address(email)?;
    if today.as_ref() != after || there.is_some_and(|it| it.id != account) {
        planner.skip_name(email, "the individual account changed since");
        return Ok(());
    }
    planner.push(Change::Individual {
        account,
        before: after.cloned().map(Box::new),
        after: before.cloned().map(Box::new),
    });
    Ok(())
}

/// The former terms of a custom field, unless they changed since or its name is another's now.
fn field_back(
    planner: &mut Planner<'_>,
    id: FieldId,
    before: &FieldTerms,
    after: &FieldTerms,
) -> Result<()> {
    let fields = planner.snapshot.custom_fields()?;
    let Some(field) = fields.iter().find(|it| it.id == id) else {
        return Ok(());
    };
    if field.terms != *after {
        planner.skip_name(&after.name, "the field changed since");
    } else if !before.removed && field::is_taken(&fields, &field_key(&before.name), Some(id)) {
        planner.skip_name(&before.name, "another field has that name now");
    } else {
        field::push_terms(planner, field, before.clone());
    }
    Ok(())
}

//! Add add-on pools, and change what was agreed for a pool. A raise promotes; lowering evicts nobody.

use crate::change::Change;
use crate::error::{Error, Result};
use crate::model::{Alarms, AtCapacity, CountsFrom, Date, PoolName, PoolTerms, Seats};
use crate::planner::Planner;

/// What to set of a pool; `None` leaves it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PoolEdit {
    /// How many are purchased.
    pub purchased: Option<Seats>,
    /// From when an invited person counts; applies to invitations made from then on.
    pub counts_from: Option<CountsFrom>,
    /// Whether a leaver's consumed licenses return.
    pub recoverable: Option<bool>,
    /// What unattended doors get when it is full.
    pub at_capacity: Option<AtCapacity>,
    /// The first day; `Some(None)` clears it.
    pub starts_on: Option<Option<Date>>,
    /// The day after the last; `Some(None)` clears it.
    pub ends_on: Option<Option<Date>>,
    /// When purchasers are told that it fills up.
    pub alarms: Option<Alarms>,
}

pub(super) fn add(planner: &mut Planner<'_>, name: &PoolName, set: &PoolEdit) -> Result<()> {
    if planner.ledger.named(name).is_ok() {
        return Err(Error::conflict(format!("there is a pool {name} already")));
    }
    let terms = edited(&PoolTerms::new(0), set);
    terms.check()?;
    check_fallback(planner, name, &terms)?;
    refuse_raise(planner, &PoolTerms::new(0), &terms)?;
    let pool = planner.draws.pool();
    planner.push(Change::PoolAdded {
        pool,
        name: name.clone(),
        terms,
    });
    Ok(())
}

pub(super) fn set(planner: &mut Planner<'_>, name: &PoolName, set: &PoolEdit) -> Result<()> {
    let pool = planner.ledger.named(name)?.clone();
    let after = edited(&pool.terms, set);
    after.check()?;
    if pool.is_access() && !after.recoverable {
        return Err(Error::invalid(
            "recoverable",
            "is always true for access",
            "leave it",
        ));
    }
    check_fallback(planner, name, &after)?;
    refuse_raise(planner, &pool.terms, &after)?;
    if after == pool.terms {
        planner.skip_name(name.as_str(), "already so");
        return Ok(());
    }
    planner.push(Change::PoolTerms {
        pool: pool.id,
        before: Box::new(pool.terms),
        after: Box::new(after),
    });
    Ok(())
}

fn edited(terms: &PoolTerms, set: &PoolEdit) -> PoolTerms {
    PoolTerms {
        purchased: set.purchased.unwrap_or(terms.purchased),
        counts_from: set.counts_from.unwrap_or(terms.counts_from),
        recoverable: set.recoverable.unwrap_or(terms.recoverable),
        at_capacity: set
            .at_capacity
            .clone()
            .unwrap_or_else(|| terms.at_capacity.clone()),
        starts_on: set.starts_on.unwrap_or(terms.starts_on),
        ends_on: set.ends_on.unwrap_or(terms.ends_on),
        alarms: set.alarms.clone().unwrap_or_else(|| terms.alarms.clone()),
    }
}

fn check_fallback(planner: &Planner<'_>, name: &PoolName, terms: &PoolTerms) -> Result<()> {
    if let AtCapacity::Fallback(other) = &terms.at_capacity {
        let pool = planner.ledger.named(other)?;
        if other == name || pool.is_access() {
            return Err(Error::invalid(
                "at_capacity",
                format!("cannot fall back to {other}"),
                "name another add-on pool",
            ));
        }
    }
    Ok(())
}

/// Raising what can be handed out, by what is purchased or by a grace beyond it, is the authorized purchasers' alone;
/// whoever owns the file can do everything.
pub(super) fn refuse_raise(
    planner: &Planner<'_>,
    before: &PoolTerms,
    after: &PoolTerms,
) -> Result<()> {
    let what = if after.purchased > before.purchased {
        "raising what is purchased"
    } else if grace(after) > grace(before) {
        "handing out more than was purchased"
    } else {
        return Ok(());
    };
    if planner.require("pool_raise").is_err() {
        return Err(Error::forbidden(format!(
            "{what} needs the permission authorized_purchaser"
        )));
    }
    Ok(())
}

/// How many per cent beyond what was purchased may be handed out.
fn grace(terms: &PoolTerms) -> u8 {
    match terms.at_capacity {
        AtCapacity::Grace(percent) => percent,
        AtCapacity::Queue | AtCapacity::Refuse | AtCapacity::Fallback(_) => 0,
    }
}

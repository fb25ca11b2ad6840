//! What those who run a group may still hand out in it: planned person by person, against the total that is kept.

use super::Planner;
use crate::command::WhenFull;
use crate::error::{Error, Result};
use crate::model::{Budget, Seats};

/// What is left of a group's budget while a plan is made.
pub(crate) struct Allowance {
    group: String,
    budget: Budget,
    asked: Seats,
    left: Seats,
}

impl Allowance {
    pub(crate) fn new(group: &str, budget: Budget) -> Self {
        Self {
            group: group.to_owned(),
            budget,
            asked: 0,
            left: (budget.seats - budget.spent).max(0),
        }
    }
}

impl Planner<'_> {
    /// Plans within this from now on.
    pub(crate) fn limit(&mut self, allowance: Allowance) {
        self.allowances.push(allowance);
    }

    /// Asks for one person; says which budget is spent.
    pub(crate) fn ask_allowance(&mut self) -> Option<String> {
        let mut spent = None;
        for allowance in &mut self.allowances {
            allowance.asked += 1;
            if allowance.left < 1 {
                spent = Some(format!(
                    "the budget of the group {} is spent",
                    allowance.group
                ));
            }
        }
        spent
    }

    /// One person was brought in.
    pub(crate) fn spend_allowance(&mut self) {
        self.allowances.iter_mut().for_each(|it| it.left -= 1);
    }

    /// Somebody at a door chooses fewer people themselves.
    pub(crate) fn refuse_overspending(&self) -> Result<()> {
        let free = |it: &Allowance| (it.budget.seats - it.budget.spent).max(0);
        let over = self.allowances.iter().find(|it| it.asked > free(it));
        match over {
            Some(it) if self.when_full != WhenFull::Fewer => Err(Error::forbidden(format!(
                "the group {} may have {} people and has {}, and {} more are asked for: invite fewer, or have its budget raised",
                it.group, it.budget.seats, it.budget.spent, it.asked
            ))),
            _ => Ok(()),
        }
    }
}

//! Everybody on a board, whether their rows were read or not: what marking all of it is about.

use usher_core::model::{AssignmentState, Status, UserId};
use usher_core::query::Expr;
use usher_core::{Read, Result};

use super::Topic;
use crate::board::{Item, Words};

/// Most rows that are read where only reading them tells whom they are about.
const MOST_ROWS: usize = 1_000_000;
/// How many people are read at a time.
const PAGE: usize = 10_000;

/// Whoever is on a board and fits its filter, each once.
///
/// # Errors
/// Those of reading the board.
pub(crate) fn everybody(read: &Read<'_>, topic: &Topic, filter: &str) -> Result<Vec<UserId>> {
    let words = Words::of(filter);
    let mut people = match by_ids(read, topic)? {
        Some(people) if words.is_empty() => people,
        // A filter is about what stands in the cells.
        _ => {
            let found = (topic.kind().read)(read, topic, MOST_ROWS)?;
            let fits = |it: &&Item| words.fit(it);
            found
                .items
                .iter()
                .filter(fits)
                .filter_map(|it| it.who)
                .collect()
        }
    };
    people.sort_unstable();
    people.dedup();
    Ok(people)
}

/// The boards on which everybody may be: their people are found without their rows.
fn by_ids(read: &Read<'_>, topic: &Topic) -> Result<Option<Vec<UserId>>> {
    Ok(Some(match topic {
        Topic::Members(group) => read.ids_of(&Expr::GroupId(read.group(group)?.id))?,
        Topic::Invitations => {
            let waiting = vec![Status::Waiting, Status::PendingTransfer];
            read.ids_of(&Expr::Status(waiting))?
        }
        Topic::Learners(training) => learners(read, training)?,
        _ => return Ok(None),
    }))
}

fn learners(read: &Read<'_>, training: &str) -> Result<Vec<UserId>> {
    let training = read.training(training)?;
    let mut people = Vec::new();
    for state in AssignmentState::ALL {
        let mut after = None;
        loop {
            let page = read.assigned(training.id, state, after, PAGE)?;
            people.extend(page.iter().map(|it| it.user));
            match page.last() {
                Some(last) if page.len() == PAGE => after = Some(last.user),
                _ => break,
            }
        }
    }
    Ok(people)
}

//! Circles among those who report to each other once a file is imported: they are looked for in what everybody's managers will be,
//! not in the order of the rows.

use std::collections::{HashMap, HashSet};

use super::rows::Rows;
use super::{Boss, Desk};
use crate::error::Result;
use crate::import::Column;
use crate::model::UserId;
use crate::planner::Planner;

impl Desk<'_> {
    /// Refuses every row that is part of a circle in what everybody's managers will be. A row that is refused leaves its
    /// person where they were, by which another circle may come about.
    pub(super) fn refuse_circles(&mut self, planner: &Planner<'_>, rows: &mut Rows) -> Result<()> {
        let mut now: HashMap<UserId, Option<Boss>> = HashMap::new();
        loop {
            let people = People::there(rows);
            let place_of = |it: &Boss| match it {
                Boss::Person(id) => people.place(rows, *id),
                Boss::Row(place) => Some(*place),
            };
            let mut above = |it: Boss| -> Result<Option<Boss>> {
                let row = place_of(&it).and_then(|it| rows.get(it));
                if let Some(boss) = row
                    .as_ref()
                    .filter(|it| !it.is_wrong())
                    .and_then(|it| it.boss)
                {
                    return Ok(boss);
                }
                let id = match (it, row.and_then(|it| it.known)) {
                    (Boss::Person(id), _) | (Boss::Row(_), Some((id, _))) => id,
                    (Boss::Row(_), None) => return Ok(None),
                };
                if let Some(known) = now.get(&id) {
                    return Ok(*known);
                }
                let found = planner.snapshot.manager_of(id)?;
                let found = found.map(|id| {
                    let place = people.place(rows, id);
                    let row = place.and_then(|it| Some(rows.get(it)?.as_boss(it)));
                    row.unwrap_or(Boss::Person(id))
                });
                now.insert(id, found);
                Ok(found)
            };
            let mut fine = Fine {
                rows: vec![false; rows.len()],
                others: HashSet::new(),
            };
            let mut circles: Vec<Vec<usize>> = Vec::new();
            let (mut line, mut on_line) = (Vec::new(), HashSet::new());
            for (place, wanted) in rows.iter().enumerate() {
                if wanted.is_wrong() || !matches!(wanted.boss, Some(Some(_))) {
                    continue;
                }
                let me = wanted.as_boss(place);
                let mut at = Some(me);
                while let Some(it) = at.filter(|it| !fine.has(*it, place_of(it))) {
                    if !on_line.insert(it) {
                        let circle = line.iter().skip_while(|other| **other != it);
                        circles.push(
                            circle
                                .filter_map(place_of)
                                .filter(|it| rows.get(*it).is_some_and(|it| it.boss.is_some()))
                                .collect(),
                        );
                        break;
                    }
                    line.push(it);
                    at = above(it)?;
                }
                for it in line.drain(..) {
                    fine.add(it, place_of(&it));
                }
                on_line.clear();
            }
            if circles.is_empty() {
                return Ok(());
            }
            for circle in circles {
                let numbers: Vec<String> = circle
                    .iter()
                    .filter_map(|it| Some(rows.get(*it)?.row.to_string()))
                    .collect();
                let why = match numbers.as_slice() {
                    [_] => "reports to this person already, at some height".to_owned(),
                    _ => format!("would report in a circle: rows {}", numbers.join(", ")),
                };
                for place in circle {
                    self.fault_at(rows, place, Some(Column::Manager), why.clone());
                }
            }
        }
    }
}

/// Where the rows stand of people who are there already, by who they are.
struct People(Vec<u32>);

impl People {
    fn there(rows: &Rows) -> Self {
        let there = rows.of_known().filter(|(_, it)| !it.arrives);
        let mut places: Vec<u32> = there
            .filter_map(|(place, _)| u32::try_from(place).ok())
            .collect();
        let whom = |place: &u32| Self::whom(rows, *place);
        places.sort_by_key(whom);
        // Of several rows of somebody the last one is theirs.
        places.dedup_by(|later, place| {
            let is_same = whom(later) == whom(place);
            if is_same {
                *place = *later;
            }
            is_same
        });
        Self(places)
    }

    fn whom(rows: &Rows, place: u32) -> Option<UserId> {
        rows.whom(usize::try_from(place).ok()?)
    }

    fn place(&self, rows: &Rows, id: UserId) -> Option<usize> {
        let found = self
            .0
            .binary_search_by_key(&Some(id), |it| Self::whom(rows, *it));
        usize::try_from(*self.0.get(found.ok()?)?).ok()
    }
}

/// Who is known to be in no circle, or in one that is known: rows by their places, and people of whom there is no row.
struct Fine {
    rows: Vec<bool>,
    others: HashSet<Boss>,
}

impl Fine {
    fn has(&self, who: Boss, place: Option<usize>) -> bool {
        match place.and_then(|it| self.rows.get(it)) {
            Some(is_fine) => *is_fine,
            None => self.others.contains(&who),
        }
    }

    fn add(&mut self, who: Boss, place: Option<usize>) {
        match place.and_then(|it| self.rows.get_mut(it)) {
            Some(is_fine) => *is_fine = true,
            None => drop(self.others.insert(who)),
        }
    }
}

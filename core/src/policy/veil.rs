//! A query as far as whoever asks may see. What is hidden from them of the people they see — a manager whom they do not see,
//! a group that they are not in, a custom field for administrators — is as if it were not there, so that it cannot be learned
//! by asking for it either.

use std::collections::HashSet;

use super::{Authority, Circle, Reach};
use crate::error::Result;
use crate::model::{CustomField, FieldId, GroupId, Timestamp, UserId, VisibleTo, key_of_name};
use crate::query::{Expr, GroupName, ManagerName};
use crate::store::Snapshot;

/// The query, about what whoever asks may see; without an authority, they see everybody.
///
/// # Errors
/// Only when the database cannot be read.
pub(crate) fn veiled(
    snapshot: &Snapshot<'_>,
    authority: Option<&Authority>,
    query: &Expr,
    now: Timestamp,
) -> Result<Expr> {
    let reach = authority.map_or(Reach::Everybody, |it| it.reach("see"));
    if reach == Reach::Everybody && snapshot.sees_all_fields() {
        return Ok(query.clone());
    }
    Veil {
        snapshot,
        groups: authority.and_then(Authority::known_groups),
        reach,
        now,
    }
    .over(query)
}

struct Veil<'v> {
    snapshot: &'v Snapshot<'v>,
    reach: Reach,
    /// The groups that whoever asks knows of; none where that is all of them.
    groups: Option<Vec<GroupId>>,
    now: Timestamp,
}

impl Veil<'_> {
    fn over(&self, query: &Expr) -> Result<Expr> {
        let all = |parts: &[Expr]| parts.iter().map(|it| self.over(it)).collect::<Result<_>>();
        let sees_everybody = self.reach == Reach::Everybody;
        Ok(match query {
            Expr::And(parts) => Expr::And(all(parts)?),
            Expr::Or(parts) => Expr::Or(all(parts)?),
            Expr::Not(inner) => Expr::Not(Box::new(self.over(inner)?)),
            Expr::Custom { field, .. } if !self.shows_field(field.id)? => nobody(),
            Expr::Manager(name) if !sees_everybody => match self.seen(name)? {
                Some(manager) => Expr::Manager(ManagerName::Id(manager)),
                None => nobody(),
            },
            Expr::Below(name) if !sees_everybody => match self.seen(name)? {
                Some(manager) => self.below(manager)?,
                None => nobody(),
            },
            Expr::HasManager => self.has_manager(),
            Expr::Group(name) => match self.group(&GroupName::Named(name.clone()))? {
                true => query.clone(),
                false => nobody(),
            },
            Expr::GroupId(id) if !self.group(&GroupName::Id(*id))? => nobody(),
            Expr::Role {
                group: Some(group), ..
            } if !self.group(group)? => nobody(),
            Expr::Role { group: None, role } => match &self.groups {
                None => query.clone(),
                Some(known) => {
                    let in_one = known.iter().map(|it| Expr::Role {
                        group: Some(GroupName::Id(*it)),
                        role: *role,
                    });
                    Expr::Or(in_one.collect())
                }
            },
            _ => query.clone(),
        })
    }

    fn shows_field(&self, field: FieldId) -> Result<bool> {
        if self.snapshot.sees_all_fields() {
            return Ok(true);
        }
        let fields = self.snapshot.custom_fields()?;
        let open = |it: &CustomField| it.id == field && it.terms.visible_to == VisibleTo::Everybody;
        Ok(fields.iter().any(open))
    }

    /// The manager of that name, if whoever asks sees them.
    fn seen(&self, name: &ManagerName) -> Result<Option<UserId>> {
        let id = match name {
            ManagerName::Id(id) => Some(*id),
            ManagerName::Named(name) => {
                let key = key_of_name(name.trim());
                let found = match self.snapshot.user_by_email_key(&key)? {
                    Some(found) => Some(found),
                    None => self.snapshot.user_by_user_name_key(&key)?,
                };
                found.map(|it| it.id)
            }
        };
        match id {
            Some(id) if self.sees(id)? => Ok(Some(id)),
            _ => Ok(None),
        }
    }

    fn sees(&self, user: UserId) -> Result<bool> {
        match self.reach.seen() {
            None => Ok(true),
            Some(seen) => self.snapshot.finds(&seen, user, self.now),
        }
    }

    /// Everybody below a manager who is seen, by a line of people who are all seen.
    fn below(&self, manager: UserId) -> Result<Expr> {
        for circle in self.circles() {
            if let Circle::Below(me) = circle {
                let below = Expr::Below(ManagerName::Id(*me));
                if manager == *me || self.snapshot.finds(&below, manager, self.now)? {
                    return Ok(Expr::Below(ManagerName::Id(manager)));
                }
            }
        }
        let (mut found, mut line) = (HashSet::new(), vec![manager]);
        while let Some(above) = line.pop() {
            for report in self
                .snapshot
                .reports_of(above)?
                .into_iter()
                .map(|it| it.user)
            {
                if !found.contains(&report) && self.sees(report)? {
                    found.insert(report);
                    line.push(report);
                }
            }
        }
        let mut found: Vec<UserId> = found.into_iter().collect();
        found.sort_unstable();
        Ok(Expr::Or(found.into_iter().map(Expr::Id).collect()))
    }

    /// Whoever has a manager who is seen.
    fn has_manager(&self) -> Expr {
        if self.reach == Reach::Everybody {
            return Expr::HasManager;
        }
        let by = |circle: &Circle| match circle {
            Circle::Below(me) => Expr::Below(ManagerName::Id(*me)),
            Circle::Own(me) => Expr::Manager(ManagerName::Id(*me)),
            Circle::Group(group) => Expr::ManagerIn(*group),
            Circle::Session(..) => nobody(),
        };
        Expr::Or(self.circles().iter().map(by).collect())
    }

    fn circles(&self) -> &[Circle] {
        match &self.reach {
            Reach::Only(circles) => circles,
            Reach::Everybody | Reach::Nobody => &[],
        }
    }

    /// Whether a group is one that whoever asks knows of.
    fn group(&self, group: &GroupName) -> Result<bool> {
        let Some(known) = &self.groups else {
            return Ok(true);
        };
        let id = match group {
            GroupName::Id(id) => Some(*id),
            GroupName::Named(name) => self.snapshot.group_named(name)?.map(|it| it.0),
        };
        Ok(id.is_some_and(|it| known.contains(&it)))
    }
}

fn nobody() -> Expr {
    Expr::Or(Vec::new())
}

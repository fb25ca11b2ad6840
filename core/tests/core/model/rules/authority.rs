//! Who may do what, to whom (DESIGN §4, "People and permissions"), told by people rather than by a table.

use std::collections::BTreeSet;

use usher_core::command::WhenFull;
use usher_core::model::{AtCapacity, GroupRole, Permission, PoolTerms, Status};

use super::super::deeds::Deed;
use super::super::roster::Roster;
use super::{Deal, Refused};

/// To whom somebody may do something.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Reach {
    #[default]
    Everybody,
    Only {
        people: BTreeSet<usize>,
        groups: BTreeSet<usize>,
    },
}

/// What it takes to do a deed.
enum Needs {
    Any(&'static [Permission]),
    /// As above, or running a group: for its members.
    OrRunsGroup(&'static [Permission]),
    /// As above, or managing somebody: for those below.
    OrManages(&'static [Permission]),
}

const OWNER: &[Permission] = &[Permission::Owner];
const USERS: &[Permission] = &[Permission::Owner, Permission::ManageUsers];
const ASSIGNMENTS: &[Permission] = &[Permission::Owner, Permission::ManageAssignments];
const PURCHASERS: &[Permission] = &[Permission::Owner, Permission::AuthorizedPurchaser];
const SEES_ALL: &[Permission] = &[
    Permission::Owner,
    Permission::ManageUsers,
    Permission::ManageAssignments,
    Permission::ManageReports,
];

fn needs(deed: &Deed) -> Needs {
    match deed {
        Deed::Join { active: false, .. } | Deed::Resend { .. } => Needs::OrRunsGroup(USERS),
        Deed::Assign { .. } | Deed::Unassign { .. } => Needs::OrManages(ASSIGNMENTS),
        Deed::Progress { .. } => Needs::Any(ASSIGNMENTS),
        Deed::AddPool { .. } | Deed::SetPool { .. } => Needs::Any(PURCHASERS),
        Deed::Erase { .. }
        | Deed::Require { .. }
        | Deed::SingleSignOn { .. }
        | Deed::SetBrake { .. }
        | Deed::Zone { .. }
        | Deed::AddPlatform { .. }
        | Deed::RotatePlatform { .. }
        | Deed::RevokePlatform { .. }
        | Deed::EraseAccount { .. }
        | Deed::Permit { .. } => Needs::Any(OWNER),
        _ => Needs::Any(USERS),
    }
}

impl Roster {
    pub(super) fn may(&self, who: usize, any: &[Permission]) -> bool {
        let person = &self.people[who];
        person.status == Status::Active && any.iter().any(|it| person.permissions.contains(it))
    }

    fn run_by(&self, who: usize) -> BTreeSet<usize> {
        let groups = self.people[who].groups.iter();
        groups
            .filter(|it| *it.1 >= GroupRole::UserAdministrator)
            .map(|it| *it.0)
            .collect()
    }

    fn members(&self, groups: &BTreeSet<usize>) -> BTreeSet<usize> {
        let is_member = |it: &usize| self.people[*it].groups.keys().any(|it| groups.contains(it));
        (0..self.people.len()).filter(is_member).collect()
    }

    fn below(&self, who: usize) -> BTreeSet<usize> {
        let people = 0..self.people.len();
        people
            .filter(|it| *it != who && self.is_below(*it, who))
            .collect()
    }

    /// Whom somebody may see; none is everybody.
    pub(super) fn seen_by(&self, who: usize) -> Option<BTreeSet<usize>> {
        if self.may(who, SEES_ALL) {
            return None;
        }
        let mut seen = BTreeSet::new();
        if self.people[who].status == Status::Active {
            seen.extend(self.below(who));
            seen.extend(self.members(&self.run_by(who)));
            if !seen.is_empty() || self.may(who, PURCHASERS) || !self.run_by(who).is_empty() {
                seen.insert(who);
            }
        }
        Some(seen)
    }

    pub(super) fn active_owners(&self) -> usize {
        (0..self.people.len())
            .filter(|it| self.may(*it, OWNER))
            .count()
    }

    pub(super) fn administrators(&self) -> usize {
        (0..self.people.len())
            .filter(|it| self.may(*it, USERS))
            .count()
    }
}

impl Deal<'_> {
    /// Whom a deed may be done to by whoever does it.
    pub(super) fn reach_of(&mut self, deed: &Deed) -> Result<Reach, Refused> {
        let by_rule = matches!(
            deed,
            Deed::Provision { .. }
                | Deed::Update { .. }
                | Deed::Remove { .. }
                | Deed::ProvideGroup { .. }
                | Deed::Accept { .. }
                | Deed::ForgetPassword { .. }
                | Deed::ChoosePassword { .. }
                | Deed::Told { .. }
        );
        let Some(by) = self.how.by.filter(|_| !by_rule) else {
            return Ok(Reach::Everybody);
        };
        let roster = &self.model.roster;
        let active = roster.people[by].status == Status::Active;
        let reach = match needs(deed) {
            Needs::Any(any) | Needs::OrRunsGroup(any) | Needs::OrManages(any)
                if roster.may(by, any) =>
            {
                Reach::Everybody
            }
            Needs::OrRunsGroup(_) if active && !roster.run_by(by).is_empty() => {
                let groups = roster.run_by(by);
                Reach::Only {
                    people: roster.members(&groups),
                    groups,
                }
            }
            Needs::OrManages(_) if active && !roster.below(by).is_empty() => Reach::Only {
                people: roster.below(by),
                groups: BTreeSet::new(),
            },
            _ => return Err(Refused),
        };
        Ok(reach)
    }

    pub(super) fn sees(&mut self, who: usize) -> bool {
        let seen = self.seen.as_ref();
        seen.is_none_or(|it| it.contains(&who))
    }

    /// May not be taken off by whoever acts: protected, an owner, or the last one.
    pub(super) fn stays(&mut self, who: usize) -> bool {
        let person = self.person(who);
        if person.protected {
            return true;
        }
        if !person.permissions.contains(&Permission::Owner) {
            return false;
        }
        self.by.is_some() || !self.by_owner || self.is_last_owner(who)
    }

    /// Only owners edit owners.
    pub(super) fn may_edit(&mut self, who: usize) -> bool {
        self.by_owner || !self.person(who).permissions.contains(&Permission::Owner)
    }

    /// If not, one fewer is left to this deed.
    pub(super) fn is_last_owner(&mut self, who: usize) -> bool {
        if self.status(who) != Status::Active {
            return false;
        }
        let left = self.owners_left;
        if left > 1 {
            self.owners_left = left - 1;
        }
        left <= 1
    }

    /// Refuses to raise what may be handed out without the permission to.
    pub(super) fn may_raise(
        &mut self,
        before: &PoolTerms,
        after: &PoolTerms,
    ) -> Result<(), Refused> {
        let may = match self.how.by {
            Some(by) => self.roster().may(by, &[Permission::AuthorizedPurchaser]),
            None => true,
        };
        let grace = |it: &PoolTerms| match it.at_capacity {
            AtCapacity::Grace(percent) => percent,
            _ => 0,
        };
        let raises = after.purchased > before.purchased || grace(after) > grace(before);
        (may || !raises).then_some(()).ok_or(Refused)
    }
}

/// What those who run a group may hand out in it.
impl Deal<'_> {
    /// Asks for one more in a group; false when its budget is spent.
    pub(super) fn ask_for_one(&mut self, group: usize) -> bool {
        let roster = &self.model.roster;
        let free = match (&self.reach, roster.groups[group].budget) {
            (Reach::Only { groups, .. }, Some(seats)) if groups.contains(&group) => {
                (seats - self.before_spent[group]).max(0)
            }
            _ => return true,
        };
        let (asked, left) = self.asked.entry(group).or_insert((0, free));
        *asked += 1;
        *left > 0
    }

    pub(super) fn spend(&mut self, groups: impl IntoIterator<Item = usize>) {
        for group in groups {
            if let Some((_, left)) = self.asked.get_mut(&group) {
                *left -= 1;
            }
        }
    }

    /// Somebody at a door chooses fewer people themselves.
    pub(super) fn refuse_overspending(&mut self) -> Result<(), Refused> {
        let over = self.asked.iter().any(|(group, (asked, _))| {
            let seats = self.model.roster.groups[*group].budget.unwrap_or(i64::MAX);
            *asked > (seats - self.before_spent[*group]).max(0)
        });
        let fewer = self.how.when_full == WhenFull::Fewer;
        (!over || fewer).then_some(()).ok_or(Refused)
    }

    /// A cancelled person is invited again, by whoever may have them in their group.
    pub(super) fn bring_back(&mut self, who: usize) -> Result<bool, Refused> {
        let mut groups = Vec::new();
        if let (Reach::Only { groups: mine, .. }, Some(by)) = (&self.reach, self.how.by) {
            let people = &self.model.roster.people;
            let theirs = &people[who].groups;
            let role = |group: &usize| people[by].groups.get(group).copied();
            if theirs
                .iter()
                .any(|it| *it.1 > role(it.0).unwrap_or(GroupRole::Learner))
            {
                return Ok(false);
            }
            groups.extend(theirs.keys().copied().filter(|it| mine.contains(it)));
        }
        let mut fits = true;
        for group in &groups {
            fits &= self.ask_for_one(*group);
        }
        let back = fits && self.bring_in(who, &[], None, Status::Waiting)?;
        if back {
            self.spend(groups);
        }
        Ok(back)
    }
}

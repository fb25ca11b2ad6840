//! Who an actor is today: their roles and what these reach, read anew for each plan and each reading.

use super::{Role, Scope, scope_of};
use crate::error::Result;
use crate::model::{Actor, GroupId, GroupRole, Permission, Status, TrainingId, UserId};
use crate::query::{Expr, ManagerName};
use crate::store::Snapshot;

/// An actor's roles as they are now. Whoever is not active has none.
#[derive(Clone, Debug)]
pub(crate) struct Authority {
    actor: Actor,
    roles: Vec<Role>,
    groups: Vec<(GroupId, GroupRole)>,
    /// The sessions that they hold.
    sessions: Vec<TrainingId>,
}

/// Whom something may be done to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Nobody.
    Nobody,
    /// Anybody, and the organization's own things.
    Everybody,
    /// Whoever is in one of these.
    Only(Vec<Circle>),
}

/// Some people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Circle {
    /// Everybody below a manager, at any depth.
    Below(UserId),
    /// The members of a group.
    Group(GroupId),
    /// Those whom somebody brings into a group for a session. Nobody who is there already.
    Session(TrainingId, GroupId),
    /// One person, or what they did themselves.
    Own(UserId),
}

impl Authority {
    /// Looks an actor's roles up. Only administrators cost anything.
    pub(crate) fn of(snapshot: &Snapshot<'_>, actor: Actor) -> Result<Self> {
        let alone = |role| Self {
            actor,
            roles: vec![role],
            groups: Vec::new(),
            sessions: Vec::new(),
        };
        match actor {
            Actor::FileOwner => Ok(alone(Role::FileOwner)),
            Actor::Connection(_) => Ok(alone(Role::Connection)),
            Actor::Platform(_) => Ok(alone(Role::Platform)),
            Actor::Person(_) => Ok(alone(Role::Person)),
            Actor::Scheduler => Ok(alone(Role::Scheduler)),
            Actor::Administrator(user) => Self::of_administrator(snapshot, user),
        }
    }

    fn of_administrator(snapshot: &Snapshot<'_>, user: UserId) -> Result<Self> {
        let mut authority = Self {
            actor: Actor::Administrator(user),
            roles: Vec::new(),
            groups: Vec::new(),
            sessions: Vec::new(),
        };
        let found = snapshot.user(user)?;
        if found.is_none_or(|it| it.status != Status::Active) {
            return Ok(authority);
        }
        let permissions = snapshot.permissions_of(user)?;
        authority.roles.extend(permissions.into_iter().map(role_of));
        if snapshot.has_reports(user)? {
            authority.roles.push(Role::Manager);
        }
        for membership in snapshot.memberships_of(user)? {
            authority.groups.push((membership.group, membership.role));
            let role = role_in_group(membership.role);
            if !authority.roles.contains(&role) {
                authority.roles.push(role);
            }
        }
        if authority.leads_learners().next().is_some() {
            authority.sessions = snapshot.sessions_of(user)?;
        }
        if !authority.sessions.is_empty() {
            authority.roles.push(Role::SessionInstructor);
        }
        Ok(authority)
    }

    /// Who acts.
    pub(crate) fn actor(&self) -> Actor {
        self.actor
    }

    pub(crate) fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    pub(crate) fn has_permission(&self, permission: Permission) -> bool {
        self.has(role_of(permission))
    }

    /// Whether they have an owner's rights.
    pub(crate) fn is_owner(&self) -> bool {
        self.has(Role::FileOwner) || self.has(Role::Owner)
    }

    /// Whether they have no role by which anything is allowed.
    pub(crate) fn is_nobody(&self) -> bool {
        self.reach("see") == Reach::Nobody
    }

    /// The groups whose coach or administrator they are.
    fn leads_learners(&self) -> impl Iterator<Item = GroupId> {
        let leads = |it: GroupRole| matches!(it, GroupRole::Coach | GroupRole::Administrator);
        let theirs = self.groups.iter().filter(move |it| leads(it.1));
        theirs.map(|it| it.0)
    }

    /// Whether a group is theirs to see: one that they are in, or any where they see people without regard to groups.
    pub(crate) fn knows_group(&self, group: GroupId) -> bool {
        self.role_in(group).is_some() || self.has(Role::Manager)
    }

    /// The groups that are theirs to see; none where that is all of them.
    pub(super) fn known_groups(&self) -> Option<Vec<GroupId>> {
        let all = self.reach("see") == Reach::Everybody || self.has(Role::Manager);
        (!all).then(|| self.groups.iter().map(|it| it.0).collect())
    }

    /// The actor's role in a group.
    pub(crate) fn role_in(&self, group: GroupId) -> Option<GroupRole> {
        let found = self.groups.iter().find(|it| it.0 == group);
        found.map(|it| it.1)
    }

    /// Whom the table lets them do this to.
    pub(crate) fn reach(&self, command: &str) -> Reach {
        let mut circles = Vec::new();
        for role in &self.roles {
            match scope_of(*role, command) {
                None => {}
                Some(Scope::Everybody) => return Reach::Everybody,
                Some(Scope::Below) => circles.extend(self.myself().map(Circle::Below)),
                Some(Scope::Own) => circles.extend(self.myself().map(Circle::Own)),
                Some(Scope::OwnSession) => {
                    for session in &self.sessions {
                        let groups = self.leads_learners();
                        circles.extend(groups.map(|it| Circle::Session(*session, it)));
                    }
                }
                Some(Scope::OwnGroup) => {
                    let mine = self.groups.iter().filter(|it| role_in_group(it.1) == *role);
                    circles.extend(mine.map(|it| Circle::Group(it.0)));
                }
            }
        }
        if circles.is_empty() {
            return Reach::Nobody;
        }
        // Whoever sees anybody sees themself.
        if command == "see"
            && let Some(me) = self.myself().map(Circle::Own)
            && !circles.contains(&me)
        {
            circles.push(me);
        }
        Reach::Only(circles)
    }

    fn myself(&self) -> Option<UserId> {
        match self.actor {
            Actor::Administrator(user) | Actor::Person(user) => Some(user),
            Actor::FileOwner | Actor::Connection(_) | Actor::Platform(_) | Actor::Scheduler => None,
        }
    }
}

impl Reach {
    /// The people reached as a condition; none when it is everybody.
    pub(crate) fn expr(&self) -> Option<Expr> {
        match self {
            Self::Everybody => None,
            Self::Nobody => Some(Expr::Or(Vec::new())),
            Self::Only(circles) => Some(Expr::Or(circles.iter().map(Circle::expr).collect())),
        }
    }

    /// The people seen as a condition, deleted ones too; none when it is everybody.
    pub(crate) fn seen(&self) -> Option<Expr> {
        let any = Expr::Status(Status::ALL.to_vec());
        self.expr().map(|it| Expr::And(vec![any, it]))
    }

    /// Those of a query whom it reaches.
    pub(crate) fn within(&self, query: &Expr) -> Expr {
        match self.expr() {
            None => query.clone(),
            Some(reached) => Expr::And(vec![query.clone(), reached]),
        }
    }
}

impl Circle {
    fn expr(&self) -> Expr {
        match self {
            Self::Below(manager) => Expr::Below(ManagerName::Id(*manager)),
            Self::Group(group) => Expr::GroupId(*group),
            Self::Session(..) => Expr::Or(Vec::new()),
            Self::Own(user) => Expr::Id(*user),
        }
    }
}

fn role_of(permission: Permission) -> Role {
    match permission {
        Permission::Owner => Role::Owner,
        Permission::ManageUsers => Role::ManageUsers,
        Permission::ManageAssignments => Role::ManageAssignments,
        Permission::ManageReports => Role::ManageReports,
        Permission::AuthorizedPurchaser => Role::AuthorizedPurchaser,
    }
}

fn role_in_group(role: GroupRole) -> Role {
    match role {
        GroupRole::Learner => Role::GroupLearner,
        GroupRole::Coach => Role::GroupCoach,
        GroupRole::Author => Role::GroupAuthor,
        GroupRole::UserAdministrator => Role::GroupUserAdministrator,
        GroupRole::Administrator => Role::GroupAdministrator,
    }
}

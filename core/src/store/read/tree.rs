//! Who reports to whom, level by level, from the index of managers.

use std::collections::BTreeSet;

use super::Read;
use crate::error::Result;
use crate::model::{User, UserId};
use crate::query::{Expr, ManagerName, PageFrom, SortBy, UsersPage};
use crate::store::snapshot::{user_columns, user_row};

impl Read<'_> {
    /// Those who have reports and no manager, by name: the roots of the tree. Whoever sees less than everybody begins
    /// with themself.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn tree_roots(&self) -> Result<Vec<User>> {
        if let Some(me) = self.only_own() {
            return Ok(self.user(me)?.into_iter().collect());
        }
        // Managers are few: their index is skipped through, one seek for each, and never read whole.
        let sql = concat!(
            "WITH RECURSIVE managers (id) AS (SELECT min(manager) FROM users WHERE manager IS NOT NULL \
             UNION ALL SELECT (SELECT min(next.manager) FROM users AS next WHERE next.manager > managers.id) \
             FROM managers WHERE managers.id IS NOT NULL) SELECT ",
            user_columns!(),
            " FROM managers CROSS JOIN users ON users.id = managers.id WHERE users.manager IS NULL \
             AND users.status IN ('queued', 'waiting', 'pending_transfer', 'active') ORDER BY users.sort_name, users.seq"
        );
        let roots = self.snapshot()?.all(sql, [], user_row)?;
        Ok(roots.into_iter().map(|it| self.shown(it)).collect())
    }

    /// Those who report to somebody directly and are in or coming, by name.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn reports_of(&self, manager: UserId) -> Result<Vec<User>> {
        use crate::model::Status;
        let coming = [
            Status::Queued,
            Status::Waiting,
            Status::PendingTransfer,
            Status::Active,
        ];
        let page = UsersPage {
            query: Expr::And(vec![
                Expr::Manager(ManagerName::Id(manager)),
                Expr::Status(coming.to_vec()),
            ]),
            sort: SortBy::Name,
            descending: false,
            from: PageFrom::Start,
            limit: usize::MAX,
        };
        self.users(&page)
    }

    /// Those of these people to whom somebody reports directly who is in or coming.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn who_have_reports(&self, users: &[UserId]) -> Result<BTreeSet<UserId>> {
        if self.sight.is_some() {
            // Whoever sees a part sees few, and of them no reports but those whom they see.
            let mut found = BTreeSet::new();
            for user in users {
                if !self.reports_of(*user)?.is_empty() {
                    found.insert(*user);
                }
            }
            return Ok(found);
        }
        let sql = "SELECT unhex(value) FROM json_each(?1) WHERE EXISTS (SELECT 1 FROM users WHERE manager = unhex(value) \
            AND +status IN ('queued', 'waiting', 'pending_transfer', 'active'))";
        let found = self
            .snapshot()?
            .of_all(sql, users, |row| row.get(0).map(UserId::from_bytes))?;
        Ok(found.into_iter().collect())
    }
}

//! Who a command is for, as a value: a set of ids, or a query minus exceptions.

use std::collections::BTreeSet;

use crate::model::UserId;
use crate::query::Expr;

/// Who a command is for. Marks in the console, a query on the command line and one id from SCIM are the same thing.
#[derive(Clone, Debug, PartialEq)]
pub enum Selection {
    /// These people, in this order.
    Ids(Vec<UserId>),
    /// Everybody whom the query finds when the command is planned, in order of creation, but these.
    Query {
        /// The query.
        query: Expr,
        /// Whom to leave out.
        except: BTreeSet<UserId>,
    },
}

impl From<UserId> for Selection {
    fn from(user: UserId) -> Self {
        Self::Ids(vec![user])
    }
}

impl From<Vec<UserId>> for Selection {
    fn from(users: Vec<UserId>) -> Self {
        Self::Ids(users)
    }
}

impl From<Expr> for Selection {
    fn from(query: Expr) -> Self {
        Self::Query {
            query,
            except: BTreeSet::new(),
        }
    }
}

//! PLACEHOLDER signatures of [`Read`]; see below. Every method is a transaction of its own.
pub struct Read<'a> { }

impl Read<'_> {
    pub fn now(&self) -> Timestamp;
    pub fn organization(&self) -> Result<Organization>;
    /// By id.
    pub fn user(&self, id: UserId) -> Result<Option<User>>;
    /// By address, user name or id, as people type them; erased people by id only.
    pub fn find_user(&self, who: &str) -> Result<User>;            // Err(NotFound)
    /// By address, user name or id, in the order given.
    pub fn find_users(&self, who: &[String]) -> Result<Vec<UserId>>; // Err(NotFound)
    pub fn user_by_external_id(&self, connection: ConnectionId, external_id: &str) -> Result<Option<User>>;
    /// One page by key.
    pub fn users(&self, page: &UsersPage) -> Result<Vec<User>>;
    /// How many match. `Everybody` and single statuses come from kept totals; others are counted.
    pub fn count_users(&self, query: &Expr) -> Result<i64>;
    /// SCIM lists: users not deleted or erased, in order of creation; (page, total). `start_index` from 1.
    pub fn users_from(&self, query: &Expr, start_index: i64, count: i64) -> Result<(Vec<User>, i64)>;
    /// How many people stand where.
    pub fn status_counts(&self) -> Result<BTreeMap<Status, i64>>;
    /// Addresses (else user names) of these people.
    pub fn labels_of(&self, users: &[UserId]) -> Result<HashMap<UserId, String>>;
    /// Every pool, `access` first.
    pub fn pools(&self) -> Result<Vec<Pool>>;
    pub fn pool(&self, name: &PoolName) -> Result<Pool>;            // Err(NotFound)
    /// Licenses of these people, in the order of people.
    pub fn licenses_of(&self, users: &[UserId]) -> Result<Vec<License>>;
    /// 1 for the head of the queue; none when the person is not in it.
    pub fn queue_position(&self, pool: PoolId, user: UserId) -> Result<Option<i64>>;
    /// The head of a pool's queue, in order.
    pub fn queue(&self, pool: PoolId, limit: usize) -> Result<Vec<(User, License)>>;
    pub fn groups(&self) -> Result<Vec<Group>>;
    pub fn memberships_of(&self, user: UserId) -> Result<Vec<Membership>>;
    pub fn permissions_of(&self, user: UserId) -> Result<Vec<Permission>>;
    pub fn connections(&self) -> Result<Vec<Connection>>;
    pub fn connection(&self, name: &str) -> Result<Connection>;     // Err(NotFound)
    pub fn connection_by_id(&self, id: ConnectionId) -> Result<Option<Connection>>;
    /// What a connection calls a person.
    pub fn link(&self, connection: ConnectionId, user: UserId) -> Result<Option<Link>>;
    pub fn invitation(&self, user: UserId) -> Result<Option<Invitation>>;
    /// Newest first, older than `before` (a batch's seq) if given.
    pub fn batches(&self, before: Option<i64>, limit: usize) -> Result<Vec<Batch>>;
    /// By id or by the unambiguous beginning of one (at least 8 characters).
    pub fn find_batch(&self, text: &str) -> Result<Batch>;          // Err(NotFound / Invalid)
    /// Events, oldest first.
    pub fn history(&self, page: &HistoryPage) -> Result<Vec<Event>>;
    /// The names of everything that these changes mention.
    pub fn names_for<'c>(&self, changes: impl Iterator<Item = &'c Change>) -> Result<Names>;
    /// The actor in the words of a listing: an administrator's address, `connection:NAME`, `scheduler`, `file_owner`, `person:ADDRESS`.
    pub fn actor_name(&self, actor: Actor) -> Result<String>;
    /// Walks the whole chain.
    pub fn audit_verify(&self) -> Result<AuditReport>;
    pub fn audit_head(&self) -> Result<Head>;
}

/// A page of history.
pub struct HistoryPage { pub user: Option<UserId>, pub batch: Option<BatchId>, pub after: Option<i64> /* event seq */, pub limit: usize }
/// The end of the chain.
pub struct Head { pub seq: i64, pub hash: String, pub at: Option<Timestamp> }
/// What walking the chain found.
pub struct AuditReport { pub events: i64, pub head: Head, pub first_bad: Option<BadLink> }
/// The first event that does not follow from the one before.
pub struct BadLink { pub seq: i64, pub why: String }

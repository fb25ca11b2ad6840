//! Who is meant: one expression tree. The console's query language and SCIM filters both lower into it; the store
//! compiles it to SQL with bound parameters.

mod attribute;
mod complete;
mod conditions;
mod custom;
mod dates;
mod days;
mod known;
mod parse;
mod print;
mod renamed;
mod words;

pub use attribute::{
    Attribute, Compared, Element, Fold, KeptBy, List, ListFrom, Listing, Op, Order, Placed, Test,
    Value, caseless, spellings,
};
pub use complete::{Completion, Names, complete, in_quotes};
pub use custom::{FieldTest, NamedField, Vocabulary};
pub use known::KnownNames;
pub use parse::{MAX_DEPTH, MAX_LENGTH, MAX_TERMS, ParseError, parse, parse_with};
pub use words::keys;

pub use renamed::Renamed;

pub(crate) use renamed::{KeptName, kept_names};
pub(crate) use words::is_word;

use crate::model::{
    AssignmentState, ConnectionId, Date, FieldId, GroupId, GroupRole, PoolId, Status, Timestamp,
    TrainingId, UserId,
};

/// A condition on people.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// Everybody who is not deleted or erased: the empty query.
    Everybody,
    /// All of these.
    And(Vec<Expr>),
    /// Any of these.
    Or(Vec<Expr>),
    /// Not this.
    Not(Box<Expr>),
    /// One of these statuses; naming `deleted` or `erased` is the way to see them.
    Status(Vec<Status>),
    /// This text (folded) anywhere in name, email, user name, title or area; of one or two characters, at the
    /// beginning of a word.
    Text(String),
    /// A text field compared.
    Field {
        /// Which.
        field: TextField,
        /// How.
        op: TextOp,
        /// With what, as typed.
        value: String,
    },
    /// A text field set at all.
    Has(TextField),
    /// A date compared; with neither bound: set at all.
    When {
        /// Which.
        field: TimeField,
        /// The first instant included, if bounded.
        from: Option<Timestamp>,
        /// The first instant excluded, if bounded.
        until: Option<Timestamp>,
    },
    /// A day compared on which something happens by itself; with neither bound: set at all.
    Day {
        /// Which.
        field: DayField,
        /// The first day included, if bounded.
        from: Option<Date>,
        /// The first day excluded, if bounded; later than the first one included.
        until: Option<Date>,
    },
    /// Exactly this person.
    Id(UserId),
    /// Reports to this person, directly.
    Manager(ManagerName),
    /// Reports to this person, at any depth.
    Below(ManagerName),
    /// Has any manager.
    HasManager,
    /// Reports to a member of this group. It has no words in the query language.
    ManagerIn(GroupId),
    /// Is a member of a group of this name.
    Group(String),
    /// Is a member of this group.
    GroupId(GroupId),
    /// Has this role in a group, or in any.
    Role {
        /// In which group; in any without it.
        group: Option<GroupName>,
        /// Which role.
        role: GroupRole,
    },
    /// Has an assignment of a training: in this state, else one that has not ended.
    Training {
        /// Which training.
        training: TrainingName,
        /// Where it stands.
        state: Option<AssignmentState>,
    },
    /// Has an assignment of any training in this state.
    Assignment(AssignmentState),
    /// Holds or wants a license of a pool of this name.
    Pool {
        /// The pool's name.
        name: String,
        /// Only those held so: `reserved`, `consumed` or `queued`.
        hold: Option<HoldWord>,
    },
    /// Holds or wants a license of this pool.
    PoolId(PoolId),
    /// Comes from the connection of this name.
    Connection(String),
    /// Is called so by this connection (SCIM externalId; exact case).
    ExternalId {
        /// By whom.
        connection: ConnectionId,
        /// How.
        external_id: String,
    },
    /// Carries the label (compared without regard to ASCII case).
    Label(String),
    /// A custom field compared.
    Custom {
        /// Which.
        field: NamedField,
        /// What is asked of it.
        test: FieldTest,
    },
    /// Is protected.
    Protected,
    /// Is an administrator of any kind.
    Administrator,
    /// An attribute compared, by an identity provider's filter. It has no words in the query language.
    Attribute(Box<Attribute>),
    /// Single sign-on is on, and the user name is an address other than the email or one of its aliases.
    SsoMismatch,
    /// The last mail to them could not be brought.
    Undelivered,
}

/// A manager as a query names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ManagerName {
    /// By address or user name, as typed.
    Named(String),
    /// By id.
    Id(UserId),
}

/// A group as a query names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupName {
    /// By name, as typed.
    Named(String),
    /// By id.
    Id(GroupId),
}

/// A training as a query names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrainingName {
    /// By name, as typed.
    Named(String),
    /// By id.
    Id(TrainingId),
}

/// How a license is held, in a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldWord {
    /// Can come back.
    Reserved,
    /// Used.
    Consumed,
    /// Wanted.
    Queued,
}

/// A text field that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TextField {
    /// Address.
    Email,
    /// User name.
    UserName,
    /// Given name.
    FirstName,
    /// Family name.
    LastName,
    /// Name as shown.
    DisplayName,
    /// Department.
    FunctionalArea,
    /// Job title.
    Title,
    /// Region.
    Region,
    /// Language.
    Language,
}

impl From<TextField> for crate::model::Field {
    fn from(field: TextField) -> Self {
        match field {
            TextField::Email => Self::Email,
            TextField::UserName => Self::UserName,
            TextField::FirstName => Self::FirstName,
            TextField::LastName => Self::LastName,
            TextField::DisplayName => Self::DisplayName,
            TextField::FunctionalArea => Self::FunctionalArea,
            TextField::Title => Self::Title,
            TextField::Region => Self::Region,
            TextField::Language => Self::Language,
        }
    }
}

/// How a text field is compared: without regard to ASCII case, and to accents where the field is a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextOp {
    /// The whole value.
    Equals,
    /// The beginning.
    StartsWith,
    /// Anywhere in it.
    Contains,
}

/// A date that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TimeField {
    /// When the person was created.
    Created,
    /// When anything about them last changed.
    Updated,
    /// When the platform last saw them.
    Seen,
}

/// A day that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DayField {
    /// When the person is deactivated by itself.
    DeactivateOn,
    /// When the person is deleted by itself.
    DeleteOn,
    /// When the person's invitation is mailed.
    SendOn,
}

/// By what people are sorted; ties by order of creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum SortBy {
    /// Last name, first name.
    #[default]
    Name,
    /// Address.
    Email,
    /// Status, then name.
    Status,
    /// Creation.
    Created,
    /// When they were last seen; who never was comes last, whichever way round.
    Seen,
    /// Functional area; who has none comes last, whichever way round.
    Area,
    /// Title; likewise.
    Title,
    /// Region; likewise.
    Region,
    /// Language; likewise.
    Language,
    /// Labels, as they are listed; likewise.
    Labels,
    /// The manager's address, else their user name; likewise.
    Manager,
    /// A custom field: text and days as such, choices by their names; likewise.
    Custom(FieldId),
}

impl SortBy {
    /// Every order that does not depend on which custom fields there are, with the word for it.
    pub const NAMED: [(&'static str, Self); 11] = [
        ("name", Self::Name),
        ("email", Self::Email),
        ("status", Self::Status),
        ("created", Self::Created),
        ("seen", Self::Seen),
        ("area", Self::Area),
        ("title", Self::Title),
        ("region", Self::Region),
        ("language", Self::Language),
        ("labels", Self::Labels),
        ("manager", Self::Manager),
    ];
}

/// A page of people to read, by key and never by offset.
#[derive(Clone, Debug, PartialEq)]
pub struct UsersPage {
    /// Who.
    pub query: Expr,
    /// In which order.
    pub sort: SortBy,
    /// Whether the order is turned round.
    pub descending: bool,
    /// From where.
    pub from: PageFrom,
    /// How many at most.
    pub limit: usize,
}

/// Where a page begins. Rows always come in the order of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PageFrom {
    /// The beginning of the list.
    Start,
    /// The end of the list: the last rows.
    End,
    /// After this person, who need not match the query any more.
    After(UserId),
    /// The rows just before this person.
    Before(UserId),
    /// At this person, inclusive.
    At(UserId),
}

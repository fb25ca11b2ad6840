//! The boards that there are: one file each, with its columns, how it is read, and what its keys do.

mod administrators;
mod approvals;
mod batch;
mod batches;
mod connections;
mod drift;
mod due;
mod everybody;
mod everything;
mod fields;
mod groups;
mod held;
mod imports;
mod inbox;
mod invitations;
mod join;
mod keys;
mod labels;
mod learners;
mod members;
mod outbox;
mod person;
mod pools;
mod queue;
mod reclaim;
mod settings;
mod trainings;
mod tree;
mod wording;

use std::collections::BTreeSet;

use usher_core::model::{BatchId, PoolName, UserId};
use usher_core::{Read, Result};

use crate::board::{Found, Item, Kind};

pub(crate) use connections::{Failing, failing};
pub(crate) use everybody::everybody;
pub(crate) use wording::plan as word_mail;

/// The rows of a board. That nothing is there is told to those who would see it.
pub(crate) fn read(read: &Read<'_>, topic: &Topic, limit: usize) -> Result<Found> {
    let mut found = (topic.kind().read)(read, topic, limit)?;
    if found.items.is_empty() && !read.sees_everybody() {
        let said = "Nothing of yours. The rest is shown to those who see everybody.";
        found.items.push(Item::heading(said));
    }
    Ok(found)
}

/// What a board lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Topic {
    /// Every board.
    Everything,
    /// Pools.
    Pools,
    /// Who waits for a license of a pool.
    Queue(PoolName),
    /// Groups.
    Groups,
    /// The members of a group.
    Members(String),
    /// Trainings.
    Trainings,
    /// Whose training it is.
    Learners(String),
    /// Invitations that wait.
    Invitations,
    /// Identity providers' links.
    Connections,
    /// Whom the brake of a connection holds, or the brakes of all.
    Held(Option<String>),
    /// What providers asked.
    Inbox {
        /// Only this connection, by its name.
        connection: Option<String>,
        /// Only what was refused, failed or is held.
        failed: bool,
    },
    /// Where the roster differs from a connection, by its name, or from all.
    Drift(Option<String>),
    /// The keys with which administrators come in over SSH.
    Keys,
    /// What was imported from files.
    Imports,
    /// What became of mails.
    Outbox,
    /// What was applied.
    Batches,
    /// The events of a batch.
    Batch(BatchId),
    /// What will happen by itself.
    Due,
    /// What waits for a second administrator.
    Approvals,
    /// Who acts for the organization.
    Administrators,
    /// Seats that may be wasted.
    Reclaim,
    /// What the organization has set.
    Settings,
    /// The page on which people join by themselves.
    Join,
    /// What mails say.
    Wording,
    /// Custom fields.
    Fields,
    /// Labels.
    Labels,
    /// Who reports to whom, with these people's reports shown.
    Tree(BTreeSet<UserId>),
    /// One person.
    Person(UserId),
}

impl Topic {
    /// Whether instants are among what it lists, so that it says whose time they are told in.
    pub(crate) fn tells_times(&self) -> bool {
        matches!(
            self,
            Self::Person(_)
                | Self::Batches
                | Self::Connections
                | Self::Due
                | Self::Approvals
                | Self::Outbox
                | Self::Imports
                | Self::Held(_)
                | Self::Inbox { .. }
        )
    }

    /// Whether whoever is not in a list of all its rows is not on it: people below a closed branch still are.
    pub(crate) fn lists_everybody(&self) -> bool {
        !matches!(self, Self::Tree(_))
    }

    /// What kind of board it is.
    pub(crate) fn kind(&self) -> &'static Kind {
        match self {
            Self::Everything => &everything::KIND,
            Self::Pools => &pools::KIND,
            Self::Queue(_) => &queue::KIND,
            Self::Groups => &groups::KIND,
            Self::Members(_) => &members::KIND,
            Self::Trainings => &trainings::KIND,
            Self::Learners(_) => &learners::KIND,
            Self::Invitations => &invitations::KIND,
            Self::Connections => &connections::KIND,
            Self::Held(_) => &held::KIND,
            Self::Inbox { .. } => &inbox::KIND,
            Self::Drift(_) => &drift::KIND,
            Self::Keys => &keys::KIND,
            Self::Imports => &imports::KIND,
            Self::Outbox => &outbox::KIND,
            Self::Batches => &batches::KIND,
            Self::Batch(_) => &batch::KIND,
            Self::Due => &due::KIND,
            Self::Approvals => &approvals::KIND,
            Self::Administrators => &administrators::KIND,
            Self::Reclaim => &reclaim::KIND,
            Self::Settings => &settings::KIND,
            Self::Join => &join::KIND,
            Self::Wording => &wording::KIND,
            Self::Fields => &fields::KIND,
            Self::Labels => &labels::KIND,
            Self::Tree(_) => &tree::KIND,
            Self::Person(_) => &person::KIND,
        }
    }

    /// The boards that are opened by themselves, with their keys where they have one.
    pub(crate) fn main() -> Vec<(Option<char>, Self)> {
        let keys = ('2'..='9').map(Some).chain(std::iter::repeat(None));
        let boards = [
            Self::Pools,
            Self::Groups,
            Self::Trainings,
            Self::Invitations,
            Self::Connections,
            Self::Batches,
            Self::Due,
            Self::Settings,
            Self::Approvals,
            Self::Administrators,
            Self::Reclaim,
            Self::Tree(BTreeSet::new()),
            Self::Join,
            Self::Wording,
            Self::Fields,
            Self::Labels,
            Self::Imports,
            Self::Outbox,
            Self::Held(None),
            Self::Inbox {
                connection: None,
                failed: false,
            },
            Self::Drift(None),
            Self::Keys,
        ];
        keys.zip(boards)
            .chain([(Some('0'), Self::Everything)])
            .collect()
    }
}

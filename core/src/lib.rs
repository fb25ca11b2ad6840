//! Everything that is true about users and seats. No HTTP, no terminal, no clock of its own.
//!
//! Reading order: [`model`] (the nouns), [`command`] (what can be wanted), [`plan`] and [`change`]
//! (what that would do), `capacity` (the only place that hands out licenses), [`policy`] (who may),
//! [`query`] (who is meant), `store` (the only place that knows SQL) and [`directory`], the one handle
//! that a front end holds: `plan`, `apply`, `read`, `watch`.

mod aside;
mod by_name;
mod capacity;
pub mod change;
pub mod command;
pub mod directory;
pub mod draw;
pub mod error;
pub mod exchange;
pub mod forecast;
pub mod import;
pub mod invited;
pub mod link;
pub mod mail;
pub mod model;
mod pages;
pub mod password;
pub mod past;
pub mod plan;
mod planner;
pub mod policy;
mod progress;
pub mod query;
pub mod report;
mod scheduler;
mod seal;
pub mod selection;
mod serving;
mod sign_in;
mod store;
mod token;
pub mod waste;
pub mod wish;

pub use directory::{
    Applied, Authenticated, Directory, Done, Founding, InvitationRow, Notice, Options,
    OutboxFilter, Read, Session, Watch,
};
pub use draw::{Clock, Draw, Randomness, SystemClock, SystemRandomness};
pub use error::{Error, Result};
pub use plan::Plan;
pub use progress::{Progress, Seen, Stage};
pub use scheduler::Scheduler;
pub use seal::Seal;
pub use selection::Selection;
pub use serving::Serving;
pub use sign_in::{SignIn, Source};

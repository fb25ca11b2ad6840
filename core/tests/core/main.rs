//! Scenarios through `Directory`: what a user of the core would notice.

#![allow(clippy::unwrap_used, missing_docs)]

mod bad_input;
mod capacity;
mod chain;
mod life;
mod org;
mod provision;
mod replay;
mod undo;

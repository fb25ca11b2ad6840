//! Scenarios through `Directory`: what a user of the core would notice.

#![allow(clippy::unwrap_used, missing_docs)]

mod bad_input;
mod capacity;
mod chain;
mod concurrency;
mod dates;
mod days;
mod delegation;
mod erasure;
mod fields;
mod groups;
mod individuals;
mod levels;
mod life;
mod listing;
mod model;
mod org;
mod passwords;
mod past;
mod permissions;
mod plans;
mod platform;
mod pools;
mod provided_groups;
mod provision;
mod reclaim;
mod replay;
mod report;
mod sentences;
mod serving;
mod settings;
mod sight;
mod timelines;
mod undo;
mod views;

//! Files from people: rows in, everything understood and everything wrong with it out. Files are hostile: what is read of
//! them is bounded, and nothing of them is trusted.

mod csv;
mod individuals;

pub use csv::Table;
pub use individuals::{Problem, Reviewed, review_individuals};

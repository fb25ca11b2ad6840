//! Conversations with the SCIM server over real HTTP: what identity providers send, in their order and spelling, and
//! what must come back.

mod brake;
mod bulk;
mod capacity;
mod discovery;
mod door;
mod drift;
mod entitlements;
mod entra;
mod exchange;
mod filtering;
mod fuzz;
mod groups;
mod inbox;
mod lifecycle;
mod listing;
mod mapping;
mod mended;
mod naive;
mod okta;
mod org;
mod others;
mod pace;
mod pages;
mod patching;
mod platform;
mod random;
mod ready;

mod recycled;
mod reports;
mod shown;
mod standing;
mod tls;
mod twice;
mod unread;

//! Conversations with the SCIM server over real HTTP: what identity providers send, in their order and spelling, and
//! what must come back.

mod capacity;
mod discovery;
mod door;
mod entra;
mod lifecycle;
mod listing;
mod okta;
mod org;
mod platform;

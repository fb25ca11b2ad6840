//! The SCIM 2.0 endpoint of Usher: identity providers drive the roster through it. It knows no SQL and decides nothing;
//! whatever it wants, it asks the core as the connection that its token belongs to.
//!
//! Reading order: `server` (listening) with `tls` and `wire`, `route` (from address to answer), `call` (what a request does), `people` (what
//! is read for an answer); `schema` (the attributes), `update` with `leaving` and `wanted` (a User taken apart into the roster's fields) and
//! `resource` with `kept` (the way back), `mapping` (attributes that feed other fields) with `words`; `patch` with `operation`, `patch_path` and `value_filter`; `filter`, `list` with `pages_of_people`, `anchors`, `totals` and `walks`, `projection`, `request`; `groups` and `group_wanted` for groups; `bulk`;
//! `platform` (what the place behind Usher asks); `pages` (what invited people see); `discovery`; `pace` (how fast a token may go); `json`, `fault`, `answer`;
//! `asked` (what is kept of a request), `refused` (what is only counted) and `replay` (what a kept one asks for now);
//! `standing` (whether it runs, and how well) with `metrics`, `template`, `request_id` and `log`.

mod anchors;
mod answer;
mod asked;
mod bulk;
mod call;
mod discovery;
mod dispatch;
mod exchange;
mod fault;
mod filter;
#[doc(hidden)]
pub mod fuzz;
mod group_wanted;
mod groups;
mod json;
mod json_once;
mod kept;
mod kept_body;
mod leaving;
mod list;
mod log;
mod mapping;
mod metrics;
mod operation;
mod pace;
mod pages;
mod pages_of_people;
mod patch;
mod patch_path;
mod peer;
mod people;
mod platform;
mod projection;
mod ready;
mod refused;
mod replay;
mod request;
mod request_id;
mod resource;
mod route;
mod schema;
mod server;
mod standing;
mod template;
mod tls;
mod totals;
mod update;
mod value_filter;
mod walks;
mod wanted;
mod wire;
mod words;

pub use log::LogFormat;
pub use mapping::attribute_path;
pub use pace::TokenPace;
pub use pages::{guide, join_sheet};
pub use replay::command_of;
pub use server::{Config, MetricsTo, Running, serve, spawn};
pub use tls::Tls;

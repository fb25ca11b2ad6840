//! What lies over a screen: the plan sheet and the help.

pub(crate) mod detail;
pub(crate) mod form_view;
pub(crate) mod help;
pub(crate) mod menu;
pub(crate) mod note;
pub(crate) mod plan;
pub(crate) mod plan_view;
pub(crate) mod text;

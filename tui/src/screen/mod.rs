//! The screens. Each is a state, what its keys do, and how it is drawn.

pub(crate) mod board_view;
pub(crate) mod columns;
pub(crate) mod import_view;
pub(crate) mod table;
pub(crate) mod users;
pub(crate) mod users_view;

//! A saved view: a query with a name, and how what it finds is shown. How a console looks.

use serde::{Deserialize, Serialize};

/// A saved view. It belongs to one administrator and decides nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// Its name; two of one administrator differ by more than case.
    pub name: String,
    /// The query, with custom fields by the names that they have now.
    pub query: String,
    /// The columns, in their order; none is what fits.
    pub columns: Vec<String>,
    /// By what it is sorted, in one word.
    pub sort: String,
    /// Whether the order is turned round.
    pub descending: bool,
}

/// How somebody's console looks, kept for when they come again. It decides nothing. The default is nobody's choice yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsoleLook {
    /// Its colours, in one word of the console's.
    pub theme: String,
    /// Whether it draws no frames.
    pub plain: bool,
}

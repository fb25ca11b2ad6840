//! Labels: free words on a profile.

/// A label and how many people carry it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// As the first who got it has it; compared without regard to case and accents.
    pub name: String,
    /// How many people who are not deleted carry it.
    pub people: i64,
}

//! Reading files that people give, which is done by a process of its own: which program that is, whoever starts the console
//! knows, and hands the way over.

use std::fmt;
use std::sync::Arc;

use usher_core::import::{Sheet, Source};
use usher_core::{Result, Session};

type Way = dyn Fn(&Session, Source<'_>, ReadAs<'_>) -> Result<Sheet> + Send + Sync;

/// What is wanted of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadAs<'r> {
    /// The name of the sheet that is wanted of a workbook; none is the first in which anything is.
    pub sheet: Option<&'r str>,
    /// How a text is encoded, by a label of the web's encodings; none is what it looks like.
    pub encoding: Option<&'r str>,
}

/// The way from a file to the rows in it.
#[derive(Clone)]
pub struct FileReader(Arc<Way>);

impl FileReader {
    /// By this function, which is called on a thread that does not draw.
    pub fn new(
        way: impl Fn(&Session, Source<'_>, ReadAs<'_>) -> Result<Sheet> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(way))
    }

    /// What is in a file.
    pub(crate) fn read(
        &self,
        session: &Session,
        source: Source<'_>,
        wanted: ReadAs<'_>,
    ) -> Result<Sheet> {
        (self.0)(session, source, wanted)
    }
}

impl fmt::Debug for FileReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileReader")
    }
}

//! What is made of texts where pages and mail servers are known, which is no room of this one: whoever starts the console
//! hands the ways over.

use std::fmt;
use std::sync::Arc;

use usher_core::mail::MailText;
use usher_core::model::Language;
use usher_core::plan::Template;
use usher_core::{Result, Session};

type Preview =
    dyn Fn(&Session, Template, Language, Option<&MailText>) -> Result<MailText> + Send + Sync;
type Sheet = dyn Fn(&Session, Language) -> Result<String> + Send + Sync;

/// The ways to what a mail says when it is filled in, and to the printable sheet of the join page.
#[derive(Clone)]
pub struct Handouts {
    preview: Arc<Preview>,
    sheet: Arc<Sheet>,
}

impl Handouts {
    /// By these functions, which are called on a thread that does not draw.
    pub fn new(
        preview: impl Fn(&Session, Template, Language, Option<&MailText>) -> Result<MailText>
        + Send
        + Sync
        + 'static,
        sheet: impl Fn(&Session, Language) -> Result<String> + Send + Sync + 'static,
    ) -> Self {
        Self {
            preview: Arc::new(preview),
            sheet: Arc::new(sheet),
        }
    }

    /// A mail filled in with examples.
    pub(crate) fn preview(
        &self,
        session: &Session,
        template: Template,
        language: Language,
        text: Option<&MailText>,
    ) -> Result<MailText> {
        (self.preview)(session, template, language, text)
    }

    /// The sheet, as HTML.
    pub(crate) fn sheet(&self, session: &Session, language: Language) -> Result<String> {
        (self.sheet)(session, language)
    }
}

impl fmt::Debug for Handouts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handouts")
    }
}

//! Say a mail in the organization's own words, or go back to Usher's.

use crate::change::Change;
use crate::error::Result;
use crate::mail::{MailText, default_text};
use crate::model::Language;
use crate::plan::Template;
use crate::planner::Planner;

pub(super) fn plan(
    planner: &mut Planner<'_>,
    template: Template,
    language: Language,
    text: Option<&MailText>,
) -> Result<()> {
    let before = planner.snapshot.mail_text(template, language)?;
    let after = match text {
        Some(text) => Some(MailText::checked(template, &text.subject, &text.body)?),
        None => None,
    };
    // Whoever writes what Usher says anyway has no words of their own.
    let after = after.filter(|it| *it != default_text(template, language));
    if before == after {
        planner.skip_name(template.as_str(), "already so");
    } else {
        planner.push(Change::MailText {
            template,
            language,
            before,
            after,
        });
    }
    Ok(())
}

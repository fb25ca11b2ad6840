//! Files that the console writes, to a place of this machine or onto a page that opens once.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use usher_core::import::{write_error_copy, write_template};
use usher_core::model::Language;
use usher_core::query::SortBy;
use usher_core::report::{self, Export, Report};
use usher_core::{Plan, Result, Session};

use crate::handouts::Handouts;
use crate::words::{self, quoted};

/// A file that is to be written.
#[derive(Clone, Debug)]
pub(crate) struct Writing {
    /// What goes into it.
    pub(crate) content: Content,
    /// Where it goes.
    pub(crate) to: PathBuf,
}

/// What goes into a file.
#[derive(Clone)]
pub(crate) enum Content {
    /// A report.
    Report(Box<Report>),
    /// People, in the columns and the order of a list, with the query and the order as the command line says them, where it
    /// can.
    People(Box<Export>, Option<(String, String)>),
    /// A table to fill in.
    Template,
    /// A sheet with the address of the join page, in a language.
    JoinSheet(Handouts, Language),
    /// What was looked through for an import, with what is wrong in it.
    Copy(Arc<Plan>),
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Report(_) => "Report",
            Self::People(..) => "People",
            Self::Template => "Template",
            Self::JoinSheet(..) => "JoinSheet",
            Self::Copy(_) => "Copy",
        })
    }
}

impl Content {
    /// Writes it, and says what was written.
    pub(crate) fn write(&self, session: &Session, to: &Path) -> Result<String> {
        match self {
            Self::Report(report) => {
                let written = report::write(session, report, to)?;
                let rows = written
                    .rows
                    .iter()
                    .map(|(kind, rows)| format!("{kind} {rows}"));
                Ok(format!("{} rows", rows.collect::<Vec<_>>().join(", ")))
            }
            Self::People(export, typed) => {
                let people = words::people(report::export(session, export, to)?);
                Ok(match typed {
                    Some((query, sort)) => {
                        format!("{people} · {}", export_line(to, query, sort, export))
                    }
                    None => people,
                })
            }
            Self::Template => {
                write_template(&session.read()?, to)?;
                Ok("a table to fill in".to_owned())
            }
            Self::JoinSheet(by, language) => {
                report::place(to, by.sheet(session, *language)?.as_bytes())?;
                Ok("a sheet to print".to_owned())
            }
            Self::Copy(plan) => match &plan.review {
                Some(review) => {
                    let wrong = write_error_copy(review, to, false)?;
                    Ok(format!(
                        "{} with something wrong",
                        words::some(wrong, "row")
                    ))
                }
                None => Ok("nothing".to_owned()),
            },
        }
    }
}

/// The command line that writes the same people.
fn export_line(to: &Path, query: &str, sort: &str, export: &Export) -> String {
    let name = to.file_name().map(|it| it.to_string_lossy().into_owned());
    let mut line = format!("usher export {}", quoted(&name.unwrap_or_default()));
    if !query.trim().is_empty() {
        line.push(' ');
        line.push_str(&quoted(query));
    }
    if !export.columns.is_empty() {
        let columns = export.columns.join(",");
        line.push_str(&format!(" --columns {}", quoted(&columns)));
    }
    if export.sort != SortBy::Created {
        line.push_str(&format!(" --sort {}", quoted(sort)));
    }
    if export.descending {
        line.push_str(" --descending");
    }
    line
}

//! Reports about people as files.

use std::path::PathBuf;

use usher_core::Selection;
use usher_core::query::Expr;
use usher_core::report::{Kind, Report, Subject};

use super::Whom;
use crate::board::Doing;
use crate::form::{Field, Form, Offer};

const KINDS: &[&str] = &["users", "licenses", "assignments", "history"];

/// A file that is to be written.
#[derive(Clone, Debug)]
pub(crate) struct Export {
    /// What goes into it.
    pub(crate) report: Report,
    /// Where it goes.
    pub(crate) to: PathBuf,
}

/// Asks for the kind of report and its file.
pub(super) fn export(whom: &Whom) -> Doing {
    let query = match &whom.who {
        Selection::Ids(users) => Expr::Or(users.iter().map(|it| Expr::Id(*it)).collect()),
        Selection::Query { query, except } => {
            let except = except.iter().map(|it| Expr::Not(Box::new(Expr::Id(*it))));
            Expr::And(std::iter::once(query.clone()).chain(except).collect())
        }
    };
    let fields = vec![
        Field::new("what", "users, licenses, assignments or history")
            .with("users")
            .offering(Offer::Words(KINDS))
            .checked(|text| match KINDS.contains(&text.trim()) {
                true => Ok(()),
                false => Err(format!("use {}", KINDS.join(", "))),
            }),
        file(),
    ];
    let title = format!("Export: {}", whom.words);
    let form = Form::new(title, fields, move |fields| {
        let what = fields.first().map_or("", Field::text);
        let kind = Kind::ALL.into_iter().find(|it| it.as_str() == what);
        let kind = kind.ok_or_else(|| (0, format!("use {}", KINDS.join(", "))))?;
        let report = Report {
            query: Some(query.clone()),
            ..Report::of(Subject::One(kind))
        };
        to_file(report, fields.get(1), 1)
    });
    Doing::Ask(Box::new(form))
}

/// Asks for the file of a report about the people of a batch as they stood before it.
pub(crate) fn export_batch(batch: String) -> Doing {
    let title = "Everybody of this batch, as they stood before it";
    let form = Form::new(title, vec![file()], move |fields| {
        let report = Report::of(Subject::BeforeBatch(batch.clone()));
        to_file(report, fields.first(), 0)
    });
    Doing::Ask(Box::new(form))
}

fn file() -> Field {
    Field::new("file", "Its ending says what it is: .xlsx, .csv or .json.").checked(|text| {
        let endings = [".xlsx", ".csv", ".json"];
        match text.trim() {
            "" => Ok(()),
            text if endings.iter().any(|it| text.ends_with(it)) => Ok(()),
            _ => Err("let it end in .xlsx, .csv or .json".to_owned()),
        }
    })
}

fn to_file(report: Report, field: Option<&Field>, place: usize) -> Result<Doing, (usize, String)> {
    match field.and_then(Field::given) {
        Some(path) => Ok(Doing::Export(Box::new(Export {
            report,
            to: PathBuf::from(path),
        }))),
        None => Err((place, "name a file".to_owned())),
    }
}

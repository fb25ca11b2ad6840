//! Reports about people as files.

use usher_core::Selection;
use usher_core::query::{Expr, SortBy};
use usher_core::report::{Export, Kind, Report, Subject};

use super::Whom;
use crate::board::Doing;
use crate::form::{Field, Form, Offer};
use crate::words;
use crate::writing::{Content, Writing};

/// People in every column, as a file that is to be imported again.
const EVERY: &str = "all";
const KINDS: &[&str] = &[
    "people",
    EVERY,
    "users",
    "licenses",
    "assignments",
    "history",
];

/// The list that a file is made of.
pub(crate) struct Listed {
    /// The columns that it shows; all without any.
    pub(crate) columns: Vec<String>,
    /// Its order, with the word for it.
    pub(crate) sort: (SortBy, String),
    /// Whether the order is turned round.
    pub(crate) descending: bool,
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
    let listed = Listed {
        columns: Vec::new(),
        sort: (SortBy::Created, String::new()),
        descending: false,
    };
    export_list(&whom.words, query, listed, whom.typed.clone())
}

/// Asks for the kind of a file about whom a query finds, as a list shows them, and as the command line would say the query.
pub(crate) fn export_list(
    words: &str,
    query: Expr,
    listed: Listed,
    typed: Option<String>,
) -> Doing {
    let hint = if listed.columns.is_empty() {
        "people or all (every column, to be imported again), users, licenses, assignments or history"
    } else {
        "people (as in the list), all (every column, to be imported again), users (everything known), licenses, assignments \
         or history"
    };
    let fields = vec![
        Field::new("what", hint)
            .with("people")
            .offering(Offer::Words(KINDS))
            .checked(|text| match KINDS.contains(&text.trim()) {
                true => Ok(()),
                false => Err(format!("use {}", KINDS.join(", "))),
            }),
        file(),
    ];
    let title = format!("Export: {words}");
    let form = Form::new(title, fields, move |fields| {
        let what = fields.first().map_or("", Field::text);
        let kind = Kind::ALL.into_iter().find(|it| it.as_str() == what);
        let Some(kind) = kind else {
            let columns = match what == EVERY {
                true => Vec::new(),
                false => listed.columns.clone(),
            };
            let export = Export {
                query: Some(query.clone()),
                columns,
                sort: listed.sort.0,
                descending: listed.descending,
                replace: false,
            };
            let line = typed.as_ref().map(|it| (it.clone(), listed.sort.1.clone()));
            return into_file(Content::People(Box::new(export), line), fields.get(1), 1);
        };
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

/// Asks where a file goes that is of one of these endings.
pub(crate) fn ask_where(
    title: &str,
    endings: &'static [&'static str],
    hint: &str,
    content: Content,
) -> Form {
    let field = Field::new("file", hint).checked(move |text| ending(text, endings));
    Form::new(title, vec![field], move |fields| {
        into_file(content.clone(), fields.first(), 0)
    })
}

fn ending(text: &str, endings: &[&str]) -> Result<(), String> {
    let text = text.trim().to_ascii_lowercase();
    let fits = endings.iter().any(|it| text.ends_with(&format!(".{it}")));
    if text.is_empty() || fits {
        return Ok(());
    }
    let (last, others) = endings.split_last().unwrap_or((&"", &[]));
    let others: Vec<_> = others.iter().map(|it| format!(".{it}")).collect();
    Err(match others.is_empty() {
        true => format!("let it end in .{last}"),
        false => format!("let it end in {} or .{last}", others.join(", ")),
    })
}

fn file() -> Field {
    Field::new("file", "Its ending says what it is: .xlsx, .csv or .json.")
        .checked(|text| ending(text, &["xlsx", "csv", "json"]))
}

fn to_file(report: Report, field: Option<&Field>, place: usize) -> Result<Doing, (usize, String)> {
    into_file(Content::Report(Box::new(report)), field, place)
}

fn into_file(
    content: Content,
    field: Option<&Field>,
    place: usize,
) -> Result<Doing, (usize, String)> {
    match field.and_then(Field::given) {
        Some(path) => Ok(Doing::Export(Box::new(Writing {
            content,
            to: words::at_home(path),
        }))),
        None => Err((place, "name a file".to_owned())),
    }
}

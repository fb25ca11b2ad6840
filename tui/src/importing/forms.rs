//! The forms of an import: the file and how it is imported, and the cells of one row.

use usher_core::import::{Mode, REASON, check_encoding};

use super::{Importing, Looked, Mend, Origin, Terms};
use crate::board::Doing;
use crate::form::{Field, Form, Offer};
use crate::words;

const MODES: &[&str] = &["both", "invite", "create", "update"];
/// What texts are mostly encoded in that do not say so; any other of the web's encodings can be named as well.
const ENCODINGS: &[&str] = &[
    "utf-8",
    "windows-1250",
    "windows-1251",
    "windows-1252",
    "windows-1253",
    "windows-1254",
    "iso-8859-2",
    "iso-8859-15",
    "macintosh",
    "shift_jis",
    "euc-jp",
    "gb18030",
    "big5",
    "euc-kr",
];
const YES_NO: &[&str] = &["yes", "no"];

/// Asks for a file, and how it is imported; where there are no files, for rows that are pasted or sent.
pub(crate) fn ask_file(no_files: bool) -> Doing {
    let file = if no_files {
        Field::new(
            "rows",
            "Paste the rows here, titles first; left empty, you get a page on which a file is sent.",
        )
        .checked(|text| match text.trim() {
            "" => Ok(()),
            _ => Err(
                "this console reads no files of the server: paste the rows, or leave this empty".to_owned(),
            ),
        })
    } else {
        Field::new(
            "file",
            "A .csv, .xlsx, .xls or .ods file; or paste the rows here, titles first.",
        )
        .offering(Offer::Tables)
    };
    let mut fields = vec![file.taking_tables()];
    let terms = Terms::default();
    fields.extend([mode(&terms), mail(&terms), sheet(&terms), encoding(&terms)]);
    let form = Form::new("Import people", fields, move |fields| {
        let terms = Terms {
            mode: mode_of(fields.get(1), 1)?,
            sheet: given(fields.get(3)),
            encoding: given(fields.get(4)),
            ..mailing(fields.get(2), 2)?
        };
        let first = fields.first();
        let pasted = first.and_then(|it| it.pasted.clone());
        let path = first.and_then(Field::given).map(words::at_home);
        let origin = match (pasted, path) {
            (Some(text), _) => Origin::Text(text),
            (None, Some(path)) => Origin::Path(path),
            (None, None) if no_files => return Ok(Doing::TakeIn(Box::new(terms))),
            (None, None) => return Err((0, "name a file, or paste its rows".to_owned())),
        };
        Ok(Doing::Import(Box::new((origin, terms))))
    });
    Doing::Ask(Box::new(form))
}

/// Asks how what was read is imported.
pub(crate) fn ask_terms(terms: &Terms) -> Form {
    let yes = |name: &str, hint: &str, now: bool| {
        Field::new(name, hint)
            .with(if now { "yes" } else { "no" })
            .offering(Offer::Words(YES_NO))
            .checked(yes_or_no)
    };
    let fields = vec![
        mode(terms),
        mail(terms),
        yes(
            "leave out wrong",
            "Whether what is right is imported while other rows are wrong; with it goes whom there is no room for.",
            terms.partial,
        ),
        yes(
            "queue the rest",
            "Whether those are queued for whom there is no room.",
            terms.queue_rest,
        ),
        yes(
            "once more",
            "Whether a file may be imported that was imported already.",
            terms.again,
        ),
        yes(
            "as typed",
            "Whether addresses are taken as they stand that look mistyped.",
            terms.as_typed,
        ),
        yes(
            "override",
            "Whether what an identity provider owns is set as well.",
            terms.overriding,
        ),
        sheet(terms),
        encoding(terms),
    ];
    Form::new("How to import", fields, |fields| {
        let is_yes = |i: usize| fields.get(i).is_some_and(|it| it.text() == "yes");
        Ok(Doing::Terms(Box::new(Terms {
            mode: mode_of(fields.first(), 0)?,
            partial: is_yes(2),
            queue_rest: is_yes(3),
            again: is_yes(4),
            as_typed: is_yes(5),
            overriding: is_yes(6),
            sheet: given(fields.get(7)),
            encoding: given(fields.get(8)),
            ..mailing(fields.get(1), 1)?
        })))
    })
}

/// The cells of the row under the cursor, with the attention on the first that is wrong.
pub(crate) fn mend_form(importing: &Importing) -> Option<Form> {
    let looked: &Looked = importing.looked.as_deref()?;
    let row = importing.current()?;
    let faults = looked.faults(row);
    let number = row.row;
    let cells = looked.cells(number).into_iter().enumerate();
    let cells = cells.filter(|(_, (title, _))| !title.is_empty() && title != REASON);
    let (columns, fields): (Vec<usize>, Vec<Field>) = cells
        .map(|(column, (title, text))| {
            let whys: Vec<_> = faults
                .iter()
                .filter(|it| it.column == Some(column))
                .map(|it| it.why.as_str())
                .collect();
            let hint = "Left empty, it leaves what is; (clear) empties it.";
            let mut field = Field::new(title, hint).with(&text);
            field.fault = (!whys.is_empty()).then(|| whys.join("; "));
            (column, field)
        })
        .unzip();
    let columns_of = &looked.review()?.columns;
    let lacking: Vec<(usize, String)> = columns_of
        .lacking()
        .map(|(column, title)| (column, title.to_owned()))
        .collect();
    let head = columns_of.number;
    let wrong = fields.iter().position(|it| it.fault.is_some());
    let title = format!("Row {number} of {}", importing.title());
    let finish = move |fields: &[Field]| {
        let changed = fields
            .iter()
            .zip(&columns)
            .filter(|(field, _)| field.is_changed());
        let mends: Vec<_> = changed
            .flat_map(|(field, column)| {
                let mend = |row, text: &str, is_title| Mend {
                    row,
                    column: *column,
                    text: text.to_owned(),
                    is_title,
                };
                // What the file lacks becomes a column of it.
                let title = lacking.iter().find(|it| it.0 == *column);
                let title = title.map(|it| mend(head, &it.1, true));
                title.into_iter().chain([mend(number, field.text(), false)])
            })
            .collect();
        match mends.is_empty() {
            true => Err((
                wrong.unwrap_or(0),
                "nothing is another one now; esc leaves".to_owned(),
            )),
            false => Ok(Doing::Mend(mends)),
        }
    };
    let mut form = Form::new(title, fields, finish);
    form.at = wrong.unwrap_or(0);
    let of_all = faults.iter().find(|it| it.column.is_none());
    form.fault = of_all.map(|it| it.why.clone());
    Some(form)
}

fn mode(terms: &Terms) -> Field {
    Field::new(
        "mode",
        "both invites whoever is new and updates the others; create makes accounts at once.",
    )
    .with(terms.mode.as_str())
    .offering(Offer::Words(MODES))
    .of::<Mode>()
}

fn mail(terms: &Terms) -> Field {
    Field::new(
        "mail",
        "yes, no, or the day on which invitations are mailed, such as 2027-01-31.",
    )
    .with(&terms.mail_word())
    .of_mailing()
}

fn sheet(terms: &Terms) -> Field {
    Field::new("sheet", "Which sheet of a workbook; left empty, the first.")
        .with(terms.sheet.as_deref().unwrap_or(""))
}

fn encoding(terms: &Terms) -> Field {
    Field::new(
        "encoding",
        "How a text file is encoded, such as windows-1250; left empty, what it looks like.",
    )
    .with(terms.encoding.as_deref().unwrap_or(""))
    .offering(Offer::Words(ENCODINGS))
    .checked(|text| match text.trim() {
        "" => Ok(()),
        name => check_encoding(name).map_err(|it| it.to_string()),
    })
}

fn yes_or_no(text: &str) -> Result<(), String> {
    match text.trim() {
        "yes" | "no" => Ok(()),
        _ => Err("say yes or no".to_owned()),
    }
}

fn given(field: Option<&Field>) -> Option<String> {
    field.and_then(Field::given).map(str::to_owned)
}

fn mode_of(field: Option<&Field>, place: usize) -> Result<Mode, (usize, String)> {
    match field.and_then(Field::given) {
        None => Ok(Mode::default()),
        Some(word) => word
            .parse()
            .map_err(|it: usher_core::Error| (place, it.to_string())),
    }
}

/// Terms that mail as the field says.
fn mailing(field: Option<&Field>, place: usize) -> Result<Terms, (usize, String)> {
    let said = field.map_or("", Field::text);
    let send_on = match said {
        "" | "yes" | "no" => None,
        day => Some(
            day.parse()
                .map_err(|it: usher_core::Error| (place, it.to_string()))?,
        ),
    };
    Ok(Terms {
        no_mail: said == "no",
        send_on,
        ..Terms::default()
    })
}

//! `usher export` and `usher template`: people as files, and files to fill in.

use serde_json::json;
use usher_core::import::write_template;
use usher_core::report::{Export, export};

use crate::args::{ExportArgs, TemplateArgs};
use crate::desk::Desk;
use crate::failure::{Failure, Result};
use crate::output::say_or_tell;
use crate::users::order;
use crate::who::parse_query;

/// Writes people to a file, and says how many.
pub(crate) fn run(desk: &Desk, args: ExportArgs) -> Result<()> {
    let words = args.query.join(" ");
    let read = desk.read()?;
    let query = match words.trim().is_empty() {
        true => None,
        false => Some(parse_query(&words, &read)?),
    };
    let sort = order(&read, &args.sort)?;
    drop(read);
    let wanted = Export {
        query,
        columns: args.columns,
        sort,
        descending: args.descending,
        replace: args.force,
    };
    let people = export(&desk.session, &wanted, &args.out)?;
    let out = args.out.display().to_string();
    let said = match people {
        1 => format!("wrote {out}: 1 person"),
        people => format!("wrote {out}: {people} people"),
    };
    let json = [("file", json!(out)), ("people", json!(people))];
    say_or_tell(desk.format, &said, &json)
}

/// Writes a workbook to fill in.
pub(crate) fn template(desk: &Desk, args: &TemplateArgs) -> Result<()> {
    let is_xlsx = args
        .out
        .extension()
        .is_some_and(|it| it.eq_ignore_ascii_case("xlsx"));
    if !is_xlsx {
        return Err(Failure::Usage(
            "the template is a workbook: let its name end in .xlsx".into(),
        ));
    }
    write_template(&desk.read()?, &args.out)?;
    let out = args.out.display().to_string();
    let said = format!("wrote {out}: fill it in, then: usher import {out} --plan");
    say_or_tell(desk.format, &said, &[("file", json!(out))])
}

//! A workbook to fill in: the organization's own columns with what is required marked, drop-downs for what there is to choose
//! from, a page of explanations, and an example that an import recognises and leaves alone.

use std::path::Path;

use rust_xlsxwriter::{
    Color, DataValidation, Format as Look, Formula, Note, Workbook, Worksheet, XlsxError,
};

use super::columns::{Column, EXAMPLE, title_of_field};
use super::meaning::as_cell;
use crate::directory::Read;
use crate::error::Result;
use crate::model::{CustomField, Field, FieldKind, GroupRole, RequiredItem};
use crate::report::{cannot_write, folder_of, place};

/// How far down the drop-downs go.
const LAST_ROW: u32 = 20_000;
/// The name of the hidden sheet on which the choices stand.
pub(super) const LISTS: &str = "Lists";
/// The page of explanations.
pub(super) const EXPLANATIONS: &str = "Explanations";

/// One column of the template.
struct Titled {
    title: String,
    required: bool,
    /// What to write into it.
    about: String,
    example: &'static str,
    choices: Vec<String>,
    width: f64,
}

/// Writes a template of what may be imported here; the file must not be there yet.
///
/// # Errors
/// [`crate::Error::File`] when it is there already or cannot be made; see [`Read::organization`].
pub fn write_template(read: &Read<'_>, to: &Path) -> Result<()> {
    let columns = columns(read)?;
    let mut book = Workbook::new();
    book.set_tempdir(folder_of(to)?).map_err(cannot_write)?;
    write(&mut book, &columns).map_err(cannot_write)?;
    let bytes = book.save_to_buffer().map_err(cannot_write)?;
    place(to, &bytes)
}

fn columns(read: &Read<'_>) -> Result<Vec<Titled>> {
    let settings = read.settings()?;
    let required: Vec<RequiredItem> = settings.required_on_invite.items().to_vec();
    // What nobody has set is asked later of the people themselves.
    let is_required = |item: RequiredItem| settings.required_is_set && required.contains(&item);
    let groups: Vec<String> = read.groups()?.into_iter().map(|it| it.name).collect();
    let pools = read.pools()?;
    let pools: Vec<String> = pools
        .iter()
        .filter(|it| !it.is_access())
        .map(|it| it.name.as_str().to_owned())
        .collect();
    let roles = GroupRole::ALL.map(|it| it.as_str().to_owned()).to_vec();
    let words = |all: &[&str]| {
        all.iter()
            .map(|it| (*it).to_owned())
            .collect::<Vec<String>>()
    };
    let titled = |column: Column, about: &str, example, choices, width| Titled {
        title: column.title().unwrap_or_default().to_owned(),
        required: match column {
            Column::Field(Field::Email) => true,
            Column::Field(field) => is_required(RequiredItem::Field(field)),
            Column::Manager => is_required(RequiredItem::Manager),
            Column::Groups => is_required(RequiredItem::Group),
            _ => false,
        },
        about: about.to_owned(),
        example,
        choices,
        width,
    };
    let field = |field, about, example, width| {
        titled(Column::Field(field), about, example, Vec::new(), width)
    };
    let mut all = vec![
        field(
            Field::Email,
            "The address, by which everybody is known.",
            EXAMPLE,
            32.0,
        ),
        field(Field::FirstName, "The given name.", "Ana", 16.0),
        field(Field::LastName, "The family name.", "Example", 18.0),
        field(
            Field::UserName,
            "The name to sign in with, if it is not the address.",
            "",
            20.0,
        ),
        titled(
            Column::Field(Field::FunctionalArea),
            "The department.",
            "Sales",
            read.functional_areas()?,
            20.0,
        ),
        field(Field::Title, "The job title.", "Account manager", 20.0),
        field(Field::Region, "The region.", "EMEA", 12.0),
        field(
            Field::Language,
            "The language, such as en or de-CH.",
            "en",
            12.0,
        ),
        titled(
            Column::Manager,
            "Whom they report to: an address, a user name or a name, also of somebody in this file.",
            "",
            Vec::new(),
            30.0,
        ),
        titled(
            Column::Groups,
            "Groups to join, apart by semicolons; with a role like Sales:coach. Nobody leaves a group by being left out; (clear) leaves all.",
            "",
            groups,
            24.0,
        ),
        titled(
            Column::Role,
            "The role in these groups, where none is written with the group; learner without it.",
            "learner",
            roles,
            16.0,
        ),
        titled(
            Column::Licenses,
            "Add-on licenses to get, apart by semicolons; nobody loses one by its being left out, (clear) takes all back that are not used. The seat itself comes with the person.",
            "",
            pools,
            16.0,
        ),
        field(
            Field::Labels,
            "Free words, apart by semicolons; they take the place of those there are.",
            "",
            18.0,
        ),
        titled(
            Column::Status,
            "Where they shall stand: leave it empty, or say waiting (invited), active, inactive, cancelled or deleted.",
            "",
            words(&["waiting", "active", "inactive", "cancelled", "deleted"]),
            12.0,
        ),
        titled(
            Column::SendOn,
            "The day at whose beginning the invitation is mailed, such as 2027-01-31; at once without it.",
            "",
            Vec::new(),
            14.0,
        ),
        field(
            Field::DeactivateOn,
            "The day at whose beginning they are deactivated.",
            "",
            14.0,
        ),
        field(
            Field::DeleteOn,
            "The day at whose beginning they are deleted.",
            "",
            14.0,
        ),
    ];
    all.extend(read.custom_fields()?.iter().map(own));
    Ok(all)
}

/// A column of a custom field.
fn own(field: &CustomField) -> Titled {
    let living = field.choices.iter().filter(|it| !it.terms.removed);
    let choices: Vec<String> = living.map(|it| it.terms.name.clone()).collect();
    Titled {
        title: title_of_field(&field.terms.name),
        required: field.terms.required,
        about: match field.terms.kind {
            FieldKind::Text => "Text.".to_owned(),
            FieldKind::Date => "A day, such as 2027-01-31.".to_owned(),
            FieldKind::Choice => format!("One of: {}.", choices.join(", ")),
        },
        example: "",
        choices,
        width: 18.0,
    }
}

fn write(book: &mut Workbook, columns: &[Titled]) -> Result<(), XlsxError> {
    let head = Look::new().set_bold();
    let required = Look::new()
        .set_bold()
        .set_font_color(Color::RGB(0x9C_00_06));
    let example = Look::new().set_italic().set_font_color(Color::Gray);
    let mut lists = Worksheet::new();
    lists.set_name(LISTS)?.set_hidden(true);
    let sheet = book.add_worksheet();
    sheet.set_name("People")?.set_freeze_panes(1, 0)?;
    for (place, it) in (0_u16..).zip(columns) {
        sheet.set_column_width(place, it.width)?;
        let (title, look) = if it.required {
            (format!("{}*", it.title), &required)
        } else {
            (it.title.clone(), &head)
        };
        sheet.write_string_with_format(0, place, title, look)?;
        sheet.insert_note(0, place, &Note::new(&it.about).add_author_prefix(false))?;
        if !it.example.is_empty() {
            sheet.write_string_with_format(1, place, it.example, &example)?;
        }
        let Some(last) = u32::try_from(it.choices.len()).ok().filter(|it| *it > 0) else {
            continue;
        };
        for (row, choice) in (0_u32..).zip(&it.choices) {
            lists.write_string(row, place, as_cell(choice))?;
        }
        let letters = super::letters(usize::from(place));
        let range = format!("={LISTS}!${letters}$1:${letters}${last}");
        // Other values may be typed: several groups, say, or an area that is new.
        let choose = DataValidation::new()
            .allow_list_formula(Formula::new(range))
            .show_error_message(false);
        sheet.add_data_validation(1, place, LAST_ROW, place, &choose)?;
    }
    explain(book, columns, &head)?;
    book.push_worksheet(lists);
    Ok(())
}

/// The page of explanations.
fn explain(book: &mut Workbook, columns: &[Titled], head: &Look) -> Result<(), XlsxError> {
    let wrap = Look::new().set_text_wrap();
    let page = book.add_worksheet();
    page.set_name(EXPLANATIONS)?;
    page.set_column_width(0, 22)?.set_column_width(1, 12)?;
    page.set_column_width(2, 90)?;
    let general = [
        "One row is one person, with one address. Columns may stand in any order and be left out; columns of your own are ignored.",
        "A cell that is left empty changes nothing. (clear) empties what is known.",
        "The grey row is an example, which is left alone.",
        "Import it with: usher import FILE --plan, which shows what would be done; nothing is done before you agree.",
    ];
    for (row, text) in (0_u32..).zip(general) {
        page.write_string(row, 0, text)?;
    }
    let first = 5;
    for (place, title) in (0_u16..).zip(["Column", "Required", "What to write"]) {
        page.write_string_with_format(first, place, title, head)?;
    }
    for (row, it) in (first + 1..).zip(columns) {
        page.write_string(row, 0, &it.title)?;
        page.write_string(row, 1, if it.required { "yes" } else { "" })?;
        page.write_string_with_format(row, 2, &it.about, &wrap)?;
    }
    Ok(())
}

//! Which column is what: by its title, in any order, however exports spell it. A title that is nothing we know is named and
//! the column ignored.

use std::collections::{BTreeSet, HashMap};

use super::letters;
use super::sheet::{MOST_COLUMNS, Row, Sheet, named};
use crate::error::{Error, Result};
use crate::model::{CustomField, Field, FieldId, field_key, harmless};

/// The title of the column in which an error copy says what is wrong; such a column is no part of what is imported.
pub const REASON: &str = "Wrong in this row";
/// How far down the row of titles is looked for.
pub(super) const LOOKED_AT: u32 = 12;
/// The address of a template's example, which is nobody's.
pub const EXAMPLE: &str = "ana.example@usher.invalid";

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Column {
    /// The person's id, as exports have it.
    Id,
    /// A field of the profile.
    Field(Field),
    /// A custom field.
    Custom(FieldId),
    /// Whom they report to.
    Manager,
    /// Groups to be in.
    Groups,
    /// Their role in these groups.
    Role,
    /// Add-on licenses to have.
    Licenses,
    /// Where they stand.
    Status,
    /// The day on which their invitation is mailed.
    SendOn,
}

/// How titles are spelled, letters and digits only. The first of a kind is the word of our own exports.
const TITLES: &[(&str, Column)] = &[
    ("id", Column::Id),
    ("userid", Column::Id),
    ("usherid", Column::Id),
    ("email", Column::Field(Field::Email)),
    ("mail", Column::Field(Field::Email)),
    ("emailaddress", Column::Field(Field::Email)),
    ("mailaddress", Column::Field(Field::Email)),
    ("workemail", Column::Field(Field::Email)),
    ("primaryemail", Column::Field(Field::Email)),
    ("businessemail", Column::Field(Field::Email)),
    ("emailadresse", Column::Field(Field::Email)),
    ("mailadresse", Column::Field(Field::Email)),
    ("courriel", Column::Field(Field::Email)),
    ("adressemail", Column::Field(Field::Email)),
    ("correo", Column::Field(Field::Email)),
    ("correoelectronico", Column::Field(Field::Email)),
    ("adresseelectronique", Column::Field(Field::Email)),
    ("username", Column::Field(Field::UserName)),
    ("login", Column::Field(Field::UserName)),
    ("loginname", Column::Field(Field::UserName)),
    ("account", Column::Field(Field::UserName)),
    ("benutzername", Column::Field(Field::UserName)),
    ("anmeldename", Column::Field(Field::UserName)),
    ("nomdutilisateur", Column::Field(Field::UserName)),
    ("identifiant", Column::Field(Field::UserName)),
    ("nombredeusuario", Column::Field(Field::UserName)),
    ("usuario", Column::Field(Field::UserName)),
    ("upn", Column::Field(Field::UserName)),
    ("userprincipalname", Column::Field(Field::UserName)),
    ("firstname", Column::Field(Field::FirstName)),
    ("givenname", Column::Field(Field::FirstName)),
    ("forename", Column::Field(Field::FirstName)),
    ("first", Column::Field(Field::FirstName)),
    ("vorname", Column::Field(Field::FirstName)),
    ("prenom", Column::Field(Field::FirstName)),
    ("nombre", Column::Field(Field::FirstName)),
    ("rufname", Column::Field(Field::FirstName)),
    ("lastname", Column::Field(Field::LastName)),
    ("familyname", Column::Field(Field::LastName)),
    ("surname", Column::Field(Field::LastName)),
    ("last", Column::Field(Field::LastName)),
    ("nachname", Column::Field(Field::LastName)),
    ("familienname", Column::Field(Field::LastName)),
    ("nom", Column::Field(Field::LastName)),
    ("nomdefamille", Column::Field(Field::LastName)),
    ("apellido", Column::Field(Field::LastName)),
    ("apellidos", Column::Field(Field::LastName)),
    ("displayname", Column::Field(Field::DisplayName)),
    ("fullname", Column::Field(Field::DisplayName)),
    ("name", Column::Field(Field::DisplayName)),
    ("anzeigename", Column::Field(Field::DisplayName)),
    ("nomaffiche", Column::Field(Field::DisplayName)),
    ("nomcomplet", Column::Field(Field::DisplayName)),
    ("nombrecompleto", Column::Field(Field::DisplayName)),
    ("functionalarea", Column::Field(Field::FunctionalArea)),
    ("area", Column::Field(Field::FunctionalArea)),
    ("department", Column::Field(Field::FunctionalArea)),
    ("dept", Column::Field(Field::FunctionalArea)),
    ("abteilung", Column::Field(Field::FunctionalArea)),
    ("fachbereich", Column::Field(Field::FunctionalArea)),
    ("bereich", Column::Field(Field::FunctionalArea)),
    ("departement", Column::Field(Field::FunctionalArea)),
    ("service", Column::Field(Field::FunctionalArea)),
    ("departamento", Column::Field(Field::FunctionalArea)),
    ("title", Column::Field(Field::Title)),
    ("jobtitle", Column::Field(Field::Title)),
    ("position", Column::Field(Field::Title)),
    ("employeetitle", Column::Field(Field::Title)),
    ("berufsbezeichnung", Column::Field(Field::Title)),
    ("funktion", Column::Field(Field::Title)),
    ("fonction", Column::Field(Field::Title)),
    ("poste", Column::Field(Field::Title)),
    ("titre", Column::Field(Field::Title)),
    ("cargo", Column::Field(Field::Title)),
    ("puesto", Column::Field(Field::Title)),
    ("region", Column::Field(Field::Region)),
    ("location", Column::Field(Field::Region)),
    ("standort", Column::Field(Field::Region)),
    ("language", Column::Field(Field::Language)),
    ("lang", Column::Field(Field::Language)),
    ("sprache", Column::Field(Field::Language)),
    ("langue", Column::Field(Field::Language)),
    ("idioma", Column::Field(Field::Language)),
    ("locale", Column::Field(Field::Language)),
    ("preferredlanguage", Column::Field(Field::Language)),
    ("labels", Column::Field(Field::Labels)),
    ("label", Column::Field(Field::Labels)),
    ("tags", Column::Field(Field::Labels)),
    ("schlagworter", Column::Field(Field::Labels)),
    ("etiquettes", Column::Field(Field::Labels)),
    ("etiquetas", Column::Field(Field::Labels)),
    ("deactivateon", Column::Field(Field::DeactivateOn)),
    ("deactivationdate", Column::Field(Field::DeactivateOn)),
    ("deleteon", Column::Field(Field::DeleteOn)),
    ("deletiondate", Column::Field(Field::DeleteOn)),
    ("manager", Column::Manager),
    ("manageremail", Column::Manager),
    ("managersemail", Column::Manager),
    ("managername", Column::Manager),
    ("managersname", Column::Manager),
    ("reportsto", Column::Manager),
    ("supervisor", Column::Manager),
    ("vorgesetzter", Column::Manager),
    ("vorgesetzte", Column::Manager),
    ("fuhrungskraft", Column::Manager),
    ("responsable", Column::Manager),
    ("superieur", Column::Manager),
    ("jefe", Column::Manager),
    ("linemanager", Column::Manager),
    ("groups", Column::Groups),
    ("group", Column::Groups),
    ("team", Column::Groups),
    ("gruppe", Column::Groups),
    ("gruppen", Column::Groups),
    ("groupe", Column::Groups),
    ("groupes", Column::Groups),
    ("grupo", Column::Groups),
    ("grupos", Column::Groups),
    ("role", Column::Role),
    ("grouprole", Column::Role),
    ("rolle", Column::Role),
    ("rol", Column::Role),
    ("licenses", Column::Licenses),
    ("license", Column::Licenses),
    ("pools", Column::Licenses),
    ("pool", Column::Licenses),
    ("addons", Column::Licenses),
    ("lizenz", Column::Licenses),
    ("lizenzen", Column::Licenses),
    ("licence", Column::Licenses),
    ("licences", Column::Licenses),
    ("licencia", Column::Licenses),
    ("licencias", Column::Licenses),
    ("status", Column::Status),
    ("state", Column::Status),
    ("statut", Column::Status),
    ("estado", Column::Status),
    ("sendon", Column::SendOn),
    ("senddate", Column::SendOn),
    ("versanddatum", Column::SendOn),
    ("datedenvoi", Column::SendOn),
    ("fechadeenvio", Column::SendOn),
];

impl Column {
    /// The title of its own in exports and templates; a custom field's is the field's name.
    pub fn title(self) -> Option<&'static str> {
        match self {
            Self::Id => Some("id"),
            Self::Field(field) => Some(field.as_str()),
            Self::Custom(_) => None,
            Self::Manager => Some("manager"),
            Self::Groups => Some("groups"),
            Self::Role => Some("role"),
            Self::Licenses => Some("licenses"),
            Self::Status => Some("status"),
            Self::SendOn => Some("send_on"),
        }
    }

    /// What it is called in a sentence.
    pub(crate) fn words(self, fields: &[CustomField]) -> String {
        match self {
            Self::Custom(id) => fields
                .iter()
                .find(|it| it.id == id)
                .map_or_else(String::new, |it| it.terms.name.clone()),
            other => other.title().unwrap_or_default().replace('_', " "),
        }
    }
}

/// A title without what spellings differ in.
fn plain(title: &str) -> String {
    title
        .chars()
        .filter(|it| it.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// A title as it is looked up: without accents, which are often left out.
fn without_accents(word: &str) -> String {
    use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};
    word.nfd().filter(|it| !is_combining_mark(*it)).collect()
}

/// Titles of exports of which nothing is imported, letters only.
const TOLD: [&str; 3] = ["lastseenat", "createdat", "updatedat"];

/// Whether a title is one of our own, however it is spelled: a custom field of that name has to be told apart from it.
pub(crate) fn is_ours(title: &str) -> bool {
    let word = plain(title);
    let known = TITLES.iter().find(|it| it.0 == word).map(|it| it.1);
    let title = known.and_then(Column::title);
    TOLD.contains(&word.as_str()) || title.is_some_and(|it| plain(it) == word)
}

/// The title of a custom field's column, by which it is found again.
pub(crate) fn title_of_field(name: &str) -> String {
    match is_ours(name) {
        true => format!("field:{name}"),
        false => name.to_owned(),
    }
}

/// Where the titles stand and what is below them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    /// Where the row of titles stands among the rows of the sheet.
    pub(crate) head: usize,
    /// The number of that row.
    pub number: u32,
    /// The titles, as typed.
    pub titles: Vec<String>,
    /// What each column holds; none for one that is ignored.
    pub holds: Vec<Option<Column>>,
    places: HashMap<Column, usize>,
    /// From which on columns are lacking in the file, and only named so that they can be filled in.
    lacking_from: usize,
    /// Columns without a title in which something is.
    pub(crate) untitled: BTreeSet<usize>,
}

impl Columns {
    /// Finds the row of titles, and what its columns are.
    ///
    /// # Errors
    /// [`Error::Invalid`] when nothing tells whom the rows are about, or two columns hold the same.
    pub(crate) fn find(sheet: &Sheet, fields: &[CustomField]) -> Result<Self> {
        let rows = (0..LOOKED_AT).zip(sheet.rows()).map(|it| it.1).enumerate();
        let found = rows
            .map(|(head, row)| Self::of(head, &row, fields))
            .find(Self::tells_whom);
        let Some(mut columns) = found else {
            let remedy = "name the columns in its first row, or in one of the first 12 that hold anything, such as email, first name, \
                last name; `usher template` makes a file to fill in";
            let about = &sheet.about;
            return Err(match &about.sheet {
                Some(read) if !about.others.is_empty() => {
                    let choose = match about.others_with_people.as_slice() {
                        [only] => {
                            format!("its sheet {} has one: choose it with --sheet", named(only))
                        }
                        _ => {
                            let few = about.others.iter().take(12);
                            let few: Vec<String> = few.map(|it| named(it)).collect();
                            format!("choose another sheet with --sheet ({})", few.join(", "))
                        }
                    };
                    Error::invalid(
                        "the file",
                        format!("has no column called email in its sheet {}", named(read)),
                        format!("{choose}, or {remedy}"),
                    )
                }
                _ => Error::invalid("the file", "has no column called email", remedy),
            });
        };
        for (place, column) in columns.holds.iter().enumerate() {
            let Some(column) = *column else { continue };
            if columns.places.insert(column, place).is_some() {
                let cell = |place: usize| {
                    let title = columns.titles.get(place).map_or("", |it| it.trim());
                    let title: String = harmless(title).chars().take(40).collect();
                    format!("{title:?} in {}{}", letters(place), columns.number)
                };
                let mut holds = columns.holds.iter();
                let first = holds.position(|it| *it == Some(column)).unwrap_or(place);
                return Err(Error::invalid(
                    "the file",
                    format!(
                        "has a second column for the same thing, {}; the first is {}",
                        cell(place),
                        cell(first)
                    ),
                    "leave one of them out",
                ));
            }
        }
        Ok(columns)
    }

    fn of(head: usize, row: &Row<'_>, fields: &[CustomField]) -> Self {
        let titles: Vec<String> = row.cells().map(|it| it.said().into_owned()).collect();
        let mut own: HashMap<String, FieldId> = fields.iter().map(|it| (it.key(), it.id)).collect();
        for field in fields {
            let word = plain(&field.terms.name);
            if !word.is_empty() {
                own.entry(word).or_insert(field.id);
            }
        }
        let mut holds: Vec<Option<Column>> = titles.iter().map(|it| meaning(it, &own)).collect();
        read_together(&titles, &mut holds);
        Self {
            head,
            number: row.number(),
            titles,
            holds,
            places: HashMap::new(),
            lacking_from: usize::MAX,
            untitled: BTreeSet::new(),
        }
    }

    fn tells_whom(&self) -> bool {
        self.holds.iter().flatten().any(|it| {
            matches!(
                it,
                Column::Id | Column::Field(Field::Email | Field::UserName)
            )
        })
    }

    /// Where a column stands, if there is one.
    pub fn place(&self, column: Column) -> Option<usize> {
        self.places.get(&column).copied()
    }

    /// Whom a row is about, as typed.
    pub(crate) fn who(&self, row: &Row<'_>) -> String {
        let said = |column| {
            let said = row.cell(self.place(column)?).said();
            let said: String = harmless(said.trim()).chars().take(80).collect();
            (!said.is_empty()).then_some(said)
        };
        said(Column::Field(Field::Email))
            .or_else(|| said(Column::Field(Field::UserName)))
            .or_else(|| said(Column::Id))
            .unwrap_or_else(|| format!("row {}", row.number()))
    }

    /// Names a column that the file lacks, behind everything that is in it: it can be filled in there.
    pub(crate) fn add_lacking(&mut self, sheet: &Sheet, column: Column, title: String) {
        if self.places.contains_key(&column) {
            return;
        }
        if self.lacking_from == usize::MAX {
            let widths = sheet.rows().map(|it| it.cells().count());
            self.lacking_from = widths.max().unwrap_or(0).max(self.titles.len());
            self.titles.resize(self.lacking_from, String::new());
        }
        if self.titles.len() < MOST_COLUMNS {
            self.places.insert(column, self.titles.len());
            self.titles.push(title);
        }
    }

    /// Whether a column is not in the file.
    pub fn is_lacking(&self, place: usize) -> bool {
        place >= self.lacking_from
    }

    /// The columns that are not in the file, with their titles.
    pub fn lacking(&self) -> impl Iterator<Item = (usize, &str)> {
        let all = self.titles.iter().map(String::as_str).enumerate();
        all.skip(self.lacking_from)
    }

    /// The titles of the columns that are ignored, but the one in which an error copy says what is wrong.
    pub fn ignored(&self) -> impl Iterator<Item = &str> {
        let all = self.titles.iter().zip(&self.holds);
        all.filter(|(title, holds)| {
            holds.is_none() && !title.trim().is_empty() && title.trim() != REASON
        })
        .map(|it| it.0.trim())
    }

    /// Columns without a title in which something is, counted from 0: they are ignored, too.
    pub fn untitled(&self) -> impl Iterator<Item = usize> {
        self.untitled.iter().copied()
    }

    /// Where the column stands in which an earlier error copy said what is wrong.
    pub(crate) fn reason(&self) -> Option<usize> {
        self.titles.iter().position(|it| it.trim() == REASON)
    }
}

/// Whether a row is one of titles that tell whom the rows below are about.
pub(super) fn is_head(row: &Row<'_>) -> bool {
    Columns::of(0, row, &[]).tells_whom()
}

/// What titles mean beside others: an export of Microsoft Entra ID has ids of its own and says by `state` where somebody lives,
/// and where first names stand apart, `Name` is the rest.
fn read_together(titles: &[String], holds: &mut [Option<Column>]) {
    let words: Vec<String> = titles.iter().map(|it| plain(it)).collect();
    let of_entra = words.iter().any(|it| it == "userprincipalname");
    let has = |holds: &[Option<Column>], field| holds.contains(&Some(Column::Field(field)));
    let last_name_lacks = has(holds, Field::FirstName) && !has(holds, Field::LastName);
    for (word, holds) in words.iter().zip(holds) {
        match word.as_str() {
            "id" | "state" if of_entra => *holds = None,
            "name" if last_name_lacks && *holds == Some(Column::Field(Field::DisplayName)) => {
                *holds = Some(Column::Field(Field::LastName));
            }
            _ => {}
        }
    }
}

/// Whether what follows a bracket says no more than whether a column must be filled in.
fn is_remark(text: &str) -> bool {
    let word = text.trim_end().trim_end_matches([')', ']']).trim();
    ["required", "optional", "mandatory"].contains(&word.to_ascii_lowercase().as_str())
}

fn meaning(title: &str, own: &HashMap<String, FieldId>) -> Option<Column> {
    let title = title.trim().trim_end_matches('*').trim_end();
    let remark = title.rsplit_once(['(', '[']).filter(|it| is_remark(it.1));
    let title = remark.map_or(title, |it| it.0.trim_end());
    // `First name [givenName] Required`, `user.firstName`.
    let bare = title.strip_suffix("Required").unwrap_or(title).trim_end();
    let named_twice = bare.strip_suffix(']').and_then(|it| it.split_once(" ["));
    let title = named_twice.map_or(title, |it| it.0.trim_end());
    let title = title.strip_prefix("user.").unwrap_or(title);
    if title == REASON {
        return None;
    }
    let custom = |name: &str| {
        let found = own.get(&field_key(name)).or_else(|| own.get(&plain(name)));
        found.copied().map(Column::Custom)
    };
    if let Some(name) = title.strip_prefix("field:") {
        return custom(name);
    }
    let word = plain(title);
    let word = without_accents(&word);
    let known = TITLES.iter().find(|it| it.0 == word).map(|it| it.1);
    // A field of the organization's own is meant rather than a spelling of ours, but not rather than our very word.
    if is_ours(title) {
        return known;
    }
    custom(title).or(known)
}

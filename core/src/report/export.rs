//! Exports: people as rows, in columns that an import reads again, so that importing an export changes nothing. Pages are
//! transactions of their own. In the order of creation, which nothing changes, they go by keys, and a million people need no
//! more memory than ten; of another order it is read at once who is in it, eight bytes a person, and then each page of them.

use std::collections::HashMap;
use std::path::Path;

use super::cell::{Cell, Column};
use super::{file, may};
use crate::directory::{Place, Read, Session};
use crate::error::{Error, Result};
use crate::import::{self, in_workbook, meaning::as_cell};
use crate::model::{CustomField, Field, FieldKind, Membership, Status, User, UserId, field_key};
use crate::query::{Expr, PageFrom, SortBy, UsersPage};

/// How many people are read at once.
const PAGE: usize = 500;

/// What of people an export can have, in its order: their keys and widths. Custom fields follow by their names.
const COLUMNS: &[(&str, What, u16)] = &[
    ("id", What::Of(import::Column::Id), 38),
    ("email", What::Of(import::Column::Field(Field::Email)), 32),
    (
        "user_name",
        What::Of(import::Column::Field(Field::UserName)),
        24,
    ),
    (
        "first_name",
        What::Of(import::Column::Field(Field::FirstName)),
        16,
    ),
    (
        "last_name",
        What::Of(import::Column::Field(Field::LastName)),
        18,
    ),
    (
        "display_name",
        What::Of(import::Column::Field(Field::DisplayName)),
        24,
    ),
    ("status", What::Of(import::Column::Status), 12),
    (
        "functional_area",
        What::Of(import::Column::Field(Field::FunctionalArea)),
        20,
    ),
    ("title", What::Of(import::Column::Field(Field::Title)), 20),
    ("region", What::Of(import::Column::Field(Field::Region)), 14),
    (
        "language",
        What::Of(import::Column::Field(Field::Language)),
        10,
    ),
    ("manager", What::Of(import::Column::Manager), 32),
    ("groups", What::Of(import::Column::Groups), 28),
    ("licenses", What::Of(import::Column::Licenses), 28),
    ("labels", What::Of(import::Column::Field(Field::Labels)), 20),
    (
        "deactivate_on",
        What::Of(import::Column::Field(Field::DeactivateOn)),
        14,
    ),
    (
        "delete_on",
        What::Of(import::Column::Field(Field::DeleteOn)),
        14,
    ),
    ("last_seen_at", What::LastSeen, 20),
    ("created_at", What::Created, 20),
    ("updated_at", What::Updated, 20),
];

/// What is in a column.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    /// What an import reads as well.
    Of(import::Column),
    LastSeen,
    Created,
    Updated,
}

/// An export that is wanted.
#[derive(Clone, Debug)]
pub struct Export {
    /// Of whom; of everybody who is not deleted without it.
    pub query: Option<Expr>,
    /// Which columns, by the keys of the JSON contract and the names of custom fields; all without any.
    pub columns: Vec<String>,
    /// In which order.
    pub sort: SortBy,
    /// Whether the order is turned round.
    pub descending: bool,
    /// Whether a file that is there already is replaced.
    pub replace: bool,
}

impl Default for Export {
    fn default() -> Self {
        Self {
            query: None,
            columns: Vec::new(),
            sort: SortBy::Created,
            descending: false,
            replace: false,
        }
    }
}

/// Writes people as .xlsx, .csv or .json, by the ending of the file's name. The file appears whole or not at all, and only
/// its owner may read it. Returns how many people are in it.
///
/// # Errors
/// [`Error::Forbidden`] for an administrator without the permission `manage_reports` or `manage_users`; [`Error::File`]
/// when the file is there already or cannot be written; [`Error::Invalid`] for another ending or an unknown column.
pub fn export(session: &Session, wanted: &Export, to: &Path) -> Result<usize> {
    let read = session.read()?;
    may(session.actor(), &read)?;
    let fields = read.custom_fields()?;
    let ends_in = |ending| {
        to.extension()
            .is_some_and(|it| it.eq_ignore_ascii_case(ending))
    };
    // Nothing reads that form as a sheet again.
    let (is_json, is_workbook) = (ends_in("json"), ends_in("xlsx"));
    let (columns, whats): (Vec<Column>, Vec<What>) = columns(&wanted.columns, &fields, is_json)?
        .into_iter()
        .unzip();
    let zone = read.organization()?.time_zone;
    let mut out = file::Output::begin(to, wanted.replace, zone, false)?;
    out.sink.table("People", &columns)?;
    let living = Status::ALL
        .into_iter()
        .filter(|it| !matches!(it, Status::Deleted | Status::Erased));
    let all = Expr::Status(living.collect());
    let mut pages = Pages::begin(&read, wanted, wanted.query.clone().unwrap_or(all))?;
    let mut known = Known::load(&read)?;
    let mut n_people = 0;
    while let Some(users) = pages.next(&read)? {
        let beside = Beside::of(&read, &users, &whats, &fields, &mut known)?;
        for user in users.iter().filter(|it| it.status != Status::Erased) {
            let cells = whats.iter().map(|it| cell(*it, user, &beside, &known));
            let cells: Vec<Cell> = match is_json {
                true => cells.collect(),
                false => cells.map(|it| to_be_read_again(it, is_workbook)).collect(),
            };
            out.sink.row(&cells)?;
            n_people += 1;
        }
    }
    out.end()?;
    Ok(n_people)
}

/// People, page by page.
enum Pages {
    /// In the order of creation: the next page, unless that was the last one.
    ByKey(Option<UsersPage>),
    /// In another order, as it was when the export began.
    InOrder {
        query: Expr,
        places: std::vec::IntoIter<Place>,
    },
}

impl Pages {
    fn begin(read: &Read<'_>, wanted: &Export, query: Expr) -> Result<Self> {
        let Export {
            sort, descending, ..
        } = *wanted;
        if sort != SortBy::Created {
            let places = read.places(&query, sort, descending)?.into_iter();
            return Ok(Self::InOrder { query, places });
        }
        Ok(Self::ByKey(Some(UsersPage {
            query,
            sort,
            descending,
            from: PageFrom::Start,
            limit: PAGE,
        })))
    }

    /// The next page, in which there may be nobody; none when there is no more.
    fn next(&mut self, read: &Read<'_>) -> Result<Option<Vec<User>>> {
        match self {
            Self::ByKey(next) => {
                let Some(page) = next.take() else {
                    return Ok(None);
                };
                let users = read.users(&page)?;
                if let Some(last) = users.last().filter(|_| users.len() == PAGE) {
                    *next = Some(UsersPage {
                        from: PageFrom::After(last.id),
                        ..page
                    });
                }
                Ok(Some(users))
            }
            Self::InOrder { query, places } => {
                let page: Vec<Place> = places.take(PAGE).collect();
                if page.is_empty() {
                    return Ok(None);
                }
                read.users_at(&page, query).map(Some)
            }
        }
    }
}

/// The columns of these names, or all.
fn columns(names: &[String], fields: &[CustomField], is_json: bool) -> Result<Vec<(Column, What)>> {
    let own = |it: &CustomField| {
        let what = What::Of(import::Column::Custom(it.id));
        // One that is called like a column of ours is told apart: in JSON, by its very letters.
        let name = &it.terms.name;
        let title = match is_json {
            true if COLUMNS.iter().any(|it| it.0 == field_key(name)) => format!("field:{name}"),
            true => name.clone(),
            false => import::title_of_field(name),
        };
        (Column::named(title, 20), what)
    };
    let all = COLUMNS
        .iter()
        .map(|it| (Column::new(it.0, it.2), it.1))
        .chain(fields.iter().map(own));
    let all: Vec<(Column, What)> = all.collect();
    if names.is_empty() {
        return Ok(all);
    }
    let known = |name: &String| {
        let key = field_key(name);
        let found = all.iter().find(|it| field_key(&it.0.key) == key);
        let found = found.or_else(|| {
            let mut own = all.iter();
            own.find(|it| {
                let name = it.0.key.strip_prefix("field:");
                name.is_some_and(|it| field_key(it) == key)
            })
        });
        found.cloned().ok_or_else(|| {
            let all: Vec<&str> = all.iter().map(|it| it.0.key.as_ref()).collect();
            Error::invalid(
                "columns",
                format!("cannot have {name:?}"),
                format!("use {}", all.join(", ")),
            )
        })
    };
    names.iter().map(known).collect()
}

/// What rows mention by id, looked up once.
struct Known {
    pools: HashMap<crate::model::PoolId, String>,
    groups: HashMap<crate::model::GroupId, String>,
    managers: HashMap<UserId, String>,
}

impl Known {
    fn load(read: &Read<'_>) -> Result<Self> {
        Ok(Self {
            pools: read
                .pools()?
                .into_iter()
                .map(|it| (it.id, it.name.as_str().to_owned()))
                .collect(),
            groups: read.group_names()?,
            managers: HashMap::new(),
        })
    }
}

/// What is known of a page of people beside their rows. What no column shows is not read.
#[derive(Default)]
struct Beside {
    memberships: HashMap<UserId, Vec<Membership>>,
    licenses: HashMap<UserId, Vec<String>>,
    fields: HashMap<(UserId, crate::model::FieldId), Cell>,
}

impl Beside {
    fn of(
        read: &Read<'_>,
        users: &[User],
        whats: &[What],
        fields: &[CustomField],
        known: &mut Known,
    ) -> Result<Self> {
        let ids: Vec<UserId> = users.iter().map(|it| it.id).collect();
        let has = |column| whats.contains(&What::Of(column));
        let mut beside = Self::default();
        if has(import::Column::Groups) {
            for it in read.memberships_of_all(&ids)? {
                beside.memberships.entry(it.user).or_default().push(it);
            }
        }
        if has(import::Column::Licenses) {
            for it in read.licenses_of(&ids)? {
                let pool = known.pools.get(&it.pool).map_or("?", String::as_str);
                let said = format!("{pool}:{}", it.hold.as_str());
                beside.licenses.entry(it.user).or_default().push(said);
            }
        }
        if has(import::Column::Manager) {
            let managers = users.iter().filter_map(|it| it.manager);
            let new: Vec<UserId> = managers
                .filter(|it| !known.managers.contains_key(it))
                .collect();
            let labels = read.labels_of(&new)?;
            known.managers.extend(new.into_iter().map(|it| {
                (
                    it,
                    labels.get(&it).cloned().unwrap_or_else(|| it.to_string()),
                )
            }));
        }
        let named: Vec<&CustomField> = fields
            .iter()
            .filter(|it| has(import::Column::Custom(it.id)))
            .collect();
        if !named.is_empty() {
            for (user, field, value) in read.field_values_of_all(&ids)? {
                let Some(of) = named.iter().find(|it| it.id == field) else {
                    continue;
                };
                let shown = of.shown(&value);
                let cell = match (of.terms.kind, shown.parse()) {
                    (FieldKind::Date, Ok(day)) => Cell::Day(day),
                    _ => Cell::Text(shown),
                };
                beside.fields.insert((user, field), cell);
            }
        }
        Ok(beside)
    }
}

/// A text that would mean something else in a sheet that is imported, with a sign that it is a text.
fn to_be_read_again(cell: Cell, is_workbook: bool) -> Cell {
    let marked = |text: &str| match is_workbook {
        true => in_workbook(&as_cell(text)).into_owned(),
        false => as_cell(text).into_owned(),
    };
    match cell {
        Cell::Text(text) => Cell::Text(marked(&text)),
        Cell::List(list) if list.len() > 1 && is_workbook => {
            // The cell as a whole is what is read.
            Cell::Text(in_workbook(&Cell::List(list).said()).into_owned())
        }
        Cell::List(mut list) => {
            if let [only] = list.as_mut_slice() {
                *only = marked(only);
            }
            Cell::List(list)
        }
        other => other,
    }
}

fn cell(what: What, user: &User, beside: &Beside, known: &Known) -> Cell {
    let profile = &user.profile;
    let column = match what {
        What::Of(column) => column,
        What::LastSeen => return Cell::instant(user.last_seen_at),
        What::Created => return Cell::Instant(user.created_at),
        What::Updated => return Cell::Instant(user.updated_at),
    };
    match column {
        import::Column::Id => Cell::Text(user.id.to_string()),
        import::Column::Field(field @ (Field::DeactivateOn | Field::DeleteOn)) => {
            Cell::day(profile.day(field))
        }
        import::Column::Field(Field::Labels) => {
            let labels = profile.labels.iter().flat_map(|it| it.split(','));
            Cell::List(labels.map(str::to_owned).collect())
        }
        import::Column::Field(field) => Cell::text(profile.get(field)),
        import::Column::Custom(field) => beside
            .fields
            .get(&(user.id, field))
            .cloned()
            .unwrap_or(Cell::Empty),
        import::Column::Manager => {
            let manager = user.manager.and_then(|it| known.managers.get(&it));
            Cell::text(manager.map(String::as_str))
        }
        import::Column::Groups => {
            let groups = beside.memberships.get(&user.id).into_iter().flatten();
            let said = groups.filter_map(|it| {
                let name = known.groups.get(&it.group)?;
                Some(import::group_said(name, it.role))
            });
            Cell::List(said.collect())
        }
        import::Column::Licenses => {
            let licenses = beside.licenses.get(&user.id);
            Cell::List(licenses.cloned().unwrap_or_default())
        }
        import::Column::Status => Cell::Text(user.status.to_string()),
        import::Column::Role | import::Column::SendOn => Cell::Empty,
    }
}

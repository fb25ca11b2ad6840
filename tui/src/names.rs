//! What forms and filters offer and compare with: the names that there are, and one person's fields as they stand.

use usher_core::directory::HistoryPage;
use usher_core::model::{Actor, CustomField, Date, Field, Status, UserId, View};
use usher_core::query::TextField;
use usher_core::{Read, Result};

/// Most names of a kind that are offered.
pub(crate) const MOST: usize = 500;
/// Most values of one field that are offered.
const MOST_VALUES: usize = 2_000;

/// The names that there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Names {
    /// Pools, `access` first.
    pub(crate) pools: Vec<String>,
    /// Groups.
    pub(crate) groups: Vec<String>,
    /// Trainings.
    pub(crate) trainings: Vec<String>,
    /// Connections.
    pub(crate) connections: Vec<String>,
    /// Labels.
    pub(crate) labels: Vec<String>,
    /// Functional areas that people have.
    pub(crate) areas: Vec<String>,
    /// Their titles.
    pub(crate) titles: Vec<String>,
    /// Their regions.
    pub(crate) regions: Vec<String>,
    /// Their languages.
    pub(crate) languages: Vec<String>,
    /// Custom fields.
    pub(crate) fields: Vec<CustomField>,
    /// The newest day that has begun in the organization's time zone, when that has been read.
    pub(crate) begun: Option<Date>,
    /// The views that were saved.
    pub(crate) views: Vec<View>,
}

/// Something of a person that a form can set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Settable {
    /// A field of the profile.
    Field(Field),
    /// Whom they report to.
    Manager,
    /// A custom field, by name.
    Custom(String),
}

/// One person's fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PersonFields {
    /// Whose.
    pub(crate) user: UserId,
    /// Their address, else user name.
    pub(crate) label: String,
    /// The version that these are of.
    pub(crate) version: i64,
    /// Where they stand.
    pub(crate) status: Status,
    /// Who changed them last.
    pub(crate) changed_by: Option<String>,
    /// What can be set, and how it stands.
    pub(crate) values: Vec<(Settable, String)>,
    /// The custom fields that there are.
    pub(crate) fields: Vec<CustomField>,
    /// The connection that owns something of them, and what.
    pub(crate) owned: Option<(String, Vec<String>)>,
}

impl PersonFields {
    /// The connection that owns this of them.
    pub(crate) fn owner_of(&self, what: &Settable) -> Option<&str> {
        let (connection, parts) = self.owned.as_ref()?;
        let name = match what {
            Settable::Field(field) => field.as_str(),
            Settable::Manager => "manager",
            Settable::Custom(name) => name,
        };
        let is_owned = parts.iter().any(|it| it == name);
        is_owned.then_some(connection)
    }
}

/// What of a profile a form shows, in its order.
pub(crate) const PROFILE: [Field; 12] = [
    Field::Email,
    Field::UserName,
    Field::FirstName,
    Field::LastName,
    Field::DisplayName,
    Field::Title,
    Field::FunctionalArea,
    Field::Region,
    Field::Language,
    Field::Labels,
    Field::DeactivateOn,
    Field::DeleteOn,
];

/// Reads the names.
pub(crate) fn names(read: &Read<'_>, actor: Actor) -> Result<Names> {
    let first = |all: Vec<String>| all.into_iter().take(MOST).collect::<Vec<_>>();
    let pools = read.pools()?.into_iter().map(|it| it.name.to_string());
    let groups = read.groups()?.into_iter().map(|it| it.name);
    let trainings = read.trainings()?.into_iter().map(|it| it.terms.name);
    let connections = read.connections()?.into_iter().map(|it| it.name);
    let labels = read.labels()?.into_iter().map(|it| it.name);
    Ok(Names {
        pools: first(pools.collect()),
        groups: first(groups.collect()),
        trainings: first(trainings.collect()),
        connections: first(connections.collect()),
        labels: first(labels.collect()),
        areas: read.values_of(TextField::FunctionalArea, MOST_VALUES)?,
        titles: read.values_of(TextField::Title, MOST_VALUES)?,
        regions: read.values_of(TextField::Region, MOST_VALUES)?,
        languages: read.values_of(TextField::Language, MOST_VALUES)?,
        fields: living(read.custom_fields()?),
        begun: Some(Date::newest_begun(
            read.now(),
            &read.organization()?.time_zone,
        )),
        views: read.views(actor)?,
    })
}

fn living(fields: Vec<CustomField>) -> Vec<CustomField> {
    fields.into_iter().filter(|it| !it.terms.removed).collect()
}

/// Reads one person's fields.
pub(crate) fn fields(read: &Read<'_>, user: UserId) -> Result<PersonFields> {
    let Some(user) = read.user(user)? else {
        return Err(usher_core::Error::not_found("user", user));
    };
    let text = |field| user.profile.get(field).unwrap_or_default().to_owned();
    let mut values: Vec<_> = PROFILE
        .into_iter()
        .map(|it| (Settable::Field(it), text(it)))
        .collect();
    let manager = match user.manager {
        Some(manager) => read.labels_of(&[manager])?.remove(&manager),
        None => None,
    };
    values.insert(6, (Settable::Manager, manager.unwrap_or_default()));
    let newest = read.history(&HistoryPage {
        user: Some(user.id),
        before: Some(i64::MAX),
        limit: 1,
        ..HistoryPage::default()
    })?;
    let changed_by = match newest.first() {
        Some(event) => Some(read.actor_name(event.actor)?.replace('_', " ")),
        None => None,
    };
    let fields = living(read.custom_fields()?);
    let set = read
        .fields_of(&[user.id])?
        .remove(&user.id)
        .unwrap_or_default();
    values.extend(fields.iter().map(|field| {
        let value = set.iter().find(|(name, _)| **name == field.terms.name);
        (
            Settable::Custom(field.terms.name.clone()),
            value.map(|(_, value)| value.clone()).unwrap_or_default(),
        )
    }));
    Ok(PersonFields {
        user: user.id,
        label: user.label(),
        version: user.version,
        status: user.status,
        changed_by,
        values,
        fields,
        owned: read.owned_of(&user)?,
    })
}

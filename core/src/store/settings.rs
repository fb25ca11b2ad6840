//! What the organization has set: read for planning and for front ends, written by one change.

use rusqlite::{Connection, ToSql};

use super::read::Read;
use super::{Snapshot, broken};
use crate::error::{Error, Result};
use crate::model::{Logo, Setting, SettingValue, Settings};

impl Snapshot<'_> {
    /// A setting's canonical text; none where nobody has set it.
    pub(crate) fn setting(&self, setting: Setting) -> Result<Option<String>> {
        match setting {
            Setting::OrganizationName => Ok(Some(self.organization()?.name)),
            Setting::TimeZone => Ok(Some(self.organization()?.time_zone.to_string())),
            _ => self.one(
                "SELECT value FROM settings WHERE name = ?1",
                [setting.as_str()],
                |row| row.get(0),
            ),
        }
    }

    /// Every setting, typed.
    pub(crate) fn settings(&self) -> Result<Settings> {
        // The logo is large, and of no use to whoever decides something.
        let sql = "SELECT name, CASE name WHEN 'logo' THEN '' ELSE value END FROM settings";
        let rows = self.all(sql, [], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
        })?;
        let values: Vec<(Setting, String)> = rows
            .into_iter()
            .filter_map(|(name, value)| Some((Setting::from_word(&name)?, value)))
            .collect();
        let organization = self.organization()?;
        Ok(Settings::of(
            organization.name,
            organization.time_zone,
            &values,
        ))
    }
}

impl Read<'_> {
    /// Every setting, typed, as it stands.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn settings(&self) -> Result<Settings> {
        self.together(|snapshot| snapshot.settings())
    }

    /// The organization's logo.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn logo(&self) -> Result<Option<Logo>> {
        let text = self.snapshot()?.setting(Setting::Logo)?;
        Ok(text.and_then(|it| Logo::parse(&it).ok()))
    }

    /// One setting as text, or its default. A group is said by its name.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn setting(&self, setting: Setting) -> Result<SettingValue> {
        let value = self.snapshot()?.setting(setting)?;
        let is_default = value.is_none();
        let mut value = value.or_else(|| setting.default_text().map(str::to_owned));
        if setting == Setting::RequiredOnInvite
            && let Some(value) = &mut value
        {
            for field in self.custom_fields()?.iter().filter(|it| it.terms.required) {
                value.push_str(&format!(",{}", field.terms.name));
            }
        }
        if setting == Setting::JoinGroup
            && let Some(text) = &mut value
            && let Ok(group) = text.parse()
            && let Some(name) = self.snapshot()?.group_name(group)?
        {
            *text = name;
        }
        Ok(SettingValue {
            setting,
            value,
            is_default,
        })
    }
}

/// Writes one setting; none removes it, so that its default holds.
pub(super) fn set(conn: &Connection, setting: Setting, value: Option<&str>) -> Result<()> {
    let run = |sql: &str, params: &[&dyn ToSql]| {
        conn.prepare_cached(sql)
            .and_then(|mut it| it.execute(params))
            .map(|_| ())
            .map_err(broken)
    };
    let name = setting.as_str();
    match setting {
        Setting::Reminders => super::remind::rule_changed(conn)?,
        Setting::MailsADay => super::outbox::most_changed(conn)?,
        _ => {}
    }
    match (setting, value) {
        (Setting::OrganizationName, Some(value)) => {
            run("UPDATE organization SET name = ?1", &[&value])
        }
        (Setting::TimeZone, Some(value)) => {
            run("UPDATE organization SET time_zone = ?1", &[&value])
        }
        (Setting::OrganizationName | Setting::TimeZone, None) => {
            Err(Error::Broken(format!("{setting} cannot be empty")))
        }
        (_, Some(value)) => run(
            "INSERT INTO settings (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2",
            &[&name, &value],
        ),
        (_, None) => run("DELETE FROM settings WHERE name = ?1", &[&name]),
    }
}

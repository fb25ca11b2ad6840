//! What erasing people takes along that is not theirs: their addresses in the organization's settings.

use std::collections::BTreeSet;

use super::Planner;
use crate::change::Change;
use crate::error::Result;
use crate::model::{ERASED_ENTRY, Setting, UserId, key_of_name};

impl Planner<'_> {
    /// Takes the addresses of people whom this plan erases out of the settings that name them.
    pub(crate) fn take_out_of_settings(&mut self) -> Result<()> {
        let named: Vec<(Setting, String)> = [Setting::JoinAllow, Setting::HelpContact]
            .into_iter()
            .filter_map(|it| Some((it, self.snapshot.setting(it).transpose()?)))
            .map(|(setting, value)| Ok((setting, value?)))
            .collect::<Result<_>>()?;
        if !named.iter().any(|(_, value)| value.contains('@')) {
            return Ok(());
        }
        let erased: Vec<UserId> = self
            .changes
            .iter()
            .filter_map(|it| match it {
                Change::Erased { user, .. } => Some(*user),
                _ => None,
            })
            .collect();
        let mut gone: BTreeSet<String> = BTreeSet::new();
        for user in erased {
            gone.extend(self.snapshot.addresses_left_by(user)?);
        }
        for (setting, value) in named {
            self.take_out(setting, &value, &gone);
        }
        Ok(())
    }

    /// What is recorded says that somebody stood there, and not who.
    fn take_out(&mut self, setting: Setting, value: &str, gone: &BTreeSet<String>) {
        let entries = value.split(',');
        let is_gone = |it: &str| gone.contains(&key_of_name(it));
        let left: Vec<&str> = entries.clone().filter(|it| !is_gone(it)).collect();
        if left.len() == entries.clone().count() {
            return;
        }
        let was: Vec<&str> = entries
            .map(|it| if is_gone(it) { ERASED_ENTRY } else { it })
            .collect();
        self.push(Change::Setting {
            setting,
            before: Some(was.join(",")),
            after: (!left.is_empty()).then(|| left.join(",")),
        });
    }
}

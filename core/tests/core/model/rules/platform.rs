//! The tokens of the platform behind Usher, and what it tells by them.

use super::super::roster::{Platform, Roster};
use super::{Deal, Model, Refused};

impl Roster {
    /// Whether a token opens anything on that day.
    pub(crate) fn opens(&self, (platform, token): (usize, usize), day: i64) -> bool {
        let platform = &self.platforms[platform];
        !platform.revoked && platform.tokens[token].is_none_or(|end| day < end)
    }
}

impl Model {
    /// The platform says that somebody was there, some days ago. Nobody was last there before they were there.
    pub(crate) fn see(&mut self, token: (usize, usize), who: usize, ago: i64) {
        if !self.roster.opens(token, self.day) {
            return;
        }
        let day = self.day - ago;
        let person = &mut self.roster.people[who];
        if person.status != usher_core::model::Status::Erased {
            person.seen = person.seen.max(Some(day));
        }
    }
}

impl Deal<'_> {
    pub(super) fn add_platform(&mut self, name: &str) -> Result<(), Refused> {
        if self.roster().platforms.iter().any(|it| it.name == name) {
            return Err(Refused);
        }
        self.roster().platforms.push(Platform {
            name: name.to_owned(),
            revoked: false,
            tokens: vec![None],
        });
        Ok(())
    }

    /// Another token; those before work for that many days more at most.
    pub(super) fn rotate_platform(&mut self, platform: usize, days: i64) -> Result<(), Refused> {
        let end = self.model.day + days;
        let platform = self.living_platform(platform)?;
        for token in &mut platform.tokens {
            *token = Some(token.map_or(end, |it| it.min(end)));
        }
        platform.tokens.push(None);
        Ok(())
    }

    pub(super) fn revoke_platform(&mut self, platform: usize) -> Result<(), Refused> {
        self.living_platform(platform)?.revoked = true;
        Ok(())
    }

    fn living_platform(&mut self, platform: usize) -> Result<&mut Platform, Refused> {
        let platform = &mut self.roster().platforms[platform];
        if platform.revoked {
            return Err(Refused);
        }
        Ok(platform)
    }
}

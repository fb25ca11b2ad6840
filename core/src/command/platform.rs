//! Add, rotate and revoke the tokens of the platform behind Usher. Tokens are drawn here, shown once, and only their hash
//! is kept. They open `/api` and nothing else.

use super::connection::check_overlap;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::model::{Platform, PlatformId, PoolName, Scopes};
use crate::planner::Planner;
use crate::token::{self, Kind};

pub(super) fn add(planner: &mut Planner<'_>, name: &str, scopes: &Scopes) -> Result<()> {
    // A name like a connection's: it stands in the history.
    let name = name.parse::<PoolName>().map_err(|_| {
        Error::invalid(
            "token name",
            "is not a short word",
            "use up to 64 letters, digits, - and _",
        )
    })?;
    let name = name.as_str().to_owned();
    let mut known = planner.snapshot.platforms()?.into_iter();
    if known.any(|it| it.name == name) {
        return Err(Error::conflict(format!(
            "there is a token {name} already; rotate it, or choose another name"
        )));
    }
    let platform = planner.draws.platform();
    planner.push(Change::PlatformAdded {
        platform,
        name,
        scopes: scopes.clone(),
    });
    add_token(planner, platform);
    Ok(())
}

pub(super) fn rotate(planner: &mut Planner<'_>, name: &str, overlap_ms: i64) -> Result<()> {
    let platform = living(planner, name)?;
    check_overlap(overlap_ms)?;
    let ends = planner.now.plus_millis(overlap_ms);
    for old in platform
        .tokens
        .iter()
        .filter(|it| it.ends_at.is_none_or(|end| end > ends))
    {
        planner.push(Change::PlatformTokenEnds {
            platform: platform.id,
            token: old.id,
            before: old.ends_at,
            after: Some(ends),
        });
    }
    add_token(planner, platform.id);
    Ok(())
}

pub(super) fn revoke(planner: &mut Planner<'_>, name: &str) -> Result<()> {
    let platform = living(planner, name)?;
    let after = Some(planner.now);
    planner.push(Change::PlatformRevoked {
        platform: platform.id,
        name: platform.name,
        before: None,
        after,
    });
    Ok(())
}

fn add_token(planner: &mut Planner<'_>, platform: PlatformId) {
    let id = planner.draws.token();
    let secret = token::render(Kind::Platform, &planner.draws.secret());
    if let Some(hash) = token::hash(Kind::Platform, &secret) {
        planner.push(Change::PlatformTokenAdded {
            platform,
            token: id,
            hint: token::hint(&secret),
            hash,
        });
        planner.token = Some(secret);
    }
}

fn living(planner: &Planner<'_>, name: &str) -> Result<Platform> {
    let mut known = planner.snapshot.platforms()?.into_iter();
    let found = known.find(|it| it.name == name.trim());
    let platform = found.ok_or_else(|| Error::not_found("token", name))?;
    if platform.revoked_at.is_some() {
        return Err(Error::conflict(format!("the token {name} was revoked")));
    }
    Ok(platform)
}

//! Add-on pools that a provider asks for by `entitlements`. What it asks for is kept beside the license: who is away keeps
//! it and gets the license when they are back, and only what came by it is given back with it.

use super::{Provider, Provision};
use crate::change::Change;
use crate::error::Result;
use crate::model::{
    Entitled, Entitlement, Hold, License, Part, PoolId, PoolName, Said, Status, User, UserId, Why,
};
use crate::planner::{Planner, Seated, Waiting};

impl Provision {
    /// Notes which of the names that are asked for are no add-on pool's, or that all of them are.
    pub(super) fn note_unknown_pools(
        planner: &mut Planner<'_>,
        provider: &Provider,
        user: UserId,
        unknown: &[&str],
    ) -> Result<()> {
        if unknown.is_empty() {
            return planner.settle(user, Part::Entitlements);
        }
        let known = planner.snapshot.drift(user, Part::Entitlements)?;
        let said = Said {
            connection: provider.id,
            value: Some(unknown.join(", ")),
            why: Why::NotTaken,
        };
        planner.differ(user, Part::Entitlements, known, Some(said));
        Ok(())
    }

    /// The pools that are asked for, each once, and the names that are no add-on pool's.
    pub(super) fn entitled(&self, planner: &mut Planner<'_>) -> Option<(Vec<PoolId>, Vec<&str>)> {
        let names = self.entitlements.as_ref()?;
        let mut unknown = Vec::new();
        let mut pools = Vec::with_capacity(names.len());
        for name in names {
            let known = name
                .parse::<PoolName>()
                .ok()
                .and_then(|it| planner.ledger.named(&it).ok().map(|it| it.id));
            match known {
                Some(pool) if pool == planner.access => planner.skip_name(
                    name,
                    "the seat itself, which comes with being active: no add-on pool",
                ),
                Some(pool) if !pools.contains(&pool) => pools.push(pool),
                Some(_) => {}
                None => {
                    unknown.push(name.as_str());
                    planner.skip_name(
                        name,
                        "no pool of that name; the entitlement is kept and grants nothing until there is one",
                    );
                }
            }
        }
        Some((pools, unknown))
    }

    /// Records what is asked for from now on. Returns the pools that are asked for no longer, of which the license came by
    /// it.
    pub(super) fn ask(
        planner: &mut Planner<'_>,
        provider: &Provider,
        user: UserId,
        pools: &[PoolId],
        before: &[Entitlement],
        licenses: &[License],
    ) -> Result<Vec<PoolId>> {
        let mine = |it: &&Entitlement| it.connection == provider.id;
        let mut given_up = Vec::new();
        for asked in before.iter().filter(mine) {
            if !pools.contains(&asked.pool) {
                planner.entitle(*asked, Entitled::None);
                if asked.state == Entitled::Granted {
                    given_up.push(asked.pool);
                }
            }
        }
        for pool in pools {
            let known = before.iter().filter(mine).find(|it| it.pool == *pool);
            let held = planner.has_license(*pool, licenses)?;
            let asked = known.copied().unwrap_or(Entitlement {
                user,
                pool: *pool,
                connection: provider.id,
                state: Entitled::None,
            });
            let after = match asked.state {
                Entitled::None if held => Entitled::Asked,
                state if held => state,
                _ => Entitled::Granted,
            };
            planner.entitle(asked, after);
        }
        Ok(given_up)
    }

    /// Gives back and takes the licenses of somebody who stays where they are.
    pub(super) fn seat_entitled(
        planner: &mut Planner<'_>,
        provider: &Provider,
        user: &User,
        pools: &[PoolId],
        given_up: &[PoolId],
    ) -> Result<()> {
        for pool in given_up {
            give_back(planner, provider, user, *pool)?;
        }
        if user.status == Status::Queued {
            return Ok(());
        }
        let licenses = planner.licenses_planned(user.id)?;
        let wants = planner.entitled_wants(pools, user.status, &licenses)?;
        let waiting = Waiting {
            leads_to: user.status,
            mail: false,
            connection: None,
            send_on: None,
        };
        if let Seated::Out(why) = planner.seat(user.id, &wants, waiting)? {
            planner.skip(user, why);
        }
        Ok(())
    }
}

/// Gives back the license of a pool that came by an entitlement, unless somebody else needs it to stay.
fn give_back(
    planner: &mut Planner<'_>,
    provider: &Provider,
    user: &User,
    pool: PoolId,
) -> Result<()> {
    let licenses = planner.licenses_planned(user.id)?;
    let Some(license) = planner.license_for(pool, &licenses)?.copied() else {
        return Ok(());
    };
    let name = planner.ledger.line(license.pool)?.pool.name.clone();
    if let Some(other) = planner.asked_by_another(user.id, pool, provider.id)? {
        planner.entitle(other, Entitled::Granted);
        planner.skip(
            user,
            format!("the license of {name} stays: another connection asks for it"),
        );
        return Ok(());
    }
    // A fallback's license may be another entitlement's own.
    let stands_alone = license.pool == pool
        || !planner
            .entitlements_planned(user.id)?
            .iter()
            .any(|it| it.pool == license.pool);
    if planner.is_needed(user.id, pool)? || !stands_alone {
        planner.skip(
            user,
            format!("the license of {name} stays: a group or a training of theirs needs it"),
        );
    } else if license.hold == Hold::Consumed
        && !planner.ledger.line(license.pool)?.pool.terms.recoverable
    {
        planner.skip(
            user,
            format!("the license of {name} is consumed and stays: the pool is not recoverable"),
        );
    } else {
        planner.take_back(&license)?;
    }
    Ok(())
}

/// The changes of [`Provision::ask`] for somebody who is new.
pub(super) fn asked_for_new(
    planner: &mut Planner<'_>,
    provider: &Provider,
    user: UserId,
    pools: &[PoolId],
) {
    for pool in pools {
        planner.push(Change::Entitlement {
            user,
            connection: provider.id,
            pool: *pool,
            before: Entitled::None,
            after: Entitled::Granted,
        });
    }
}

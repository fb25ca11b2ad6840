//! The first transaction of a database: the organization, its `access` pool, its owner.

use std::path::Path;

use rusqlite::params;

use super::apply::{self, Applier};
use super::events::{BatchHead, Keys, Nonces, Recording, Tip};
use super::{broken, open};
use crate::change::{Change, NewUser};
use crate::directory::Founding;
use crate::draw::{Draw, Draws};
use crate::error::{Error, Result};
use crate::model::{
    Actor, Door, Hold, Name, Packed, Permission, PoolName, PoolTerms, Profile, Status,
};
use crate::progress::Progress;

/// Makes the file and founds the organization in it; a failure leaves no file behind.
pub(crate) fn found(path: &Path, founding: &Founding, draw: Draw) -> Result<()> {
    let name = Name::parse("organization name", &founding.name)?
        .map(Name::into_string)
        .ok_or_else(|| Error::invalid("organization name", "is empty", "give it one"))?;
    let terms = PoolTerms {
        recoverable: true,
        ..PoolTerms::new(founding.seats)
    };
    terms.check()?;
    if founding.seats < 1 {
        return Err(Error::invalid(
            "seats",
            "is less than 1",
            "the owner needs one",
        ));
    }
    let path = &open::real_path(path);
    open::create(path, |conn| write(conn, &name, founding, terms, draw))
}

/// Removes what a founding that failed has made.
pub(crate) fn unmake(path: &Path) {
    let path = &open::real_path(path);
    for suffix in ["", "-wal", "-shm", "-open", "-turn", ".key"] {
        let _ = std::fs::remove_file(super::turn::beside(path, suffix));
    }
}

fn write(
    conn: &rusqlite::Connection,
    name: &str,
    founding: &Founding,
    terms: PoolTerms,
    draw: Draw,
) -> Result<()> {
    let mut draws = Draws::new(draw);
    let digest_key = draws.secret();
    let (pool, user, batch) = (draws.pool(), draws.user(), draws.batch());
    let profile = Profile {
        email: Some(founding.owner.as_str().to_owned()),
        ..Profile::default()
    };
    let created = NewUser {
        profile: Packed::of(&profile),
        status: Status::Active,
        accepted: true,
        manager: None,
        connection: None,
        link: None,
    };
    let permission = |permission| Change::Permission {
        user,
        permission,
        before: false,
        after: true,
    };
    let changes = [
        Change::PoolAdded {
            pool,
            name: PoolName::access(),
            terms,
        },
        Change::UserCreated {
            user,
            created: Box::new(created),
        },
        Change::License {
            user,
            pool,
            before: Hold::None,
            after: Hold::Consumed,
            stands_for_access: false,
        },
        permission(Permission::Owner),
        permission(Permission::AuthorizedPurchaser),
    ];
    conn.execute_batch("BEGIN IMMEDIATE").map_err(broken)?;
    conn.execute(
        "INSERT INTO organization (one, name, time_zone, created_at, digest_key) VALUES (1, ?1, ?2, ?3, ?4)",
        params![name, founding.time_zone.to_string(), draw.at.as_millis(), digest_key],
    )
    .map_err(broken)?;
    for status in Status::ALL {
        conn.execute(
            "INSERT INTO status_counts (status, people) VALUES (?1, 0)",
            [status.as_str()],
        )
        .map_err(broken)?;
    }
    let progress = Progress::new();
    let mut applier = Applier::new(conn, draw.at);
    applier.apply(&changes, |user| draw.person_key(user), &progress)?;
    apply::move_totals(conn, &applier.finish()?.statuses)?;
    let head = BatchHead {
        seq: 1,
        id: batch,
        actor: Actor::FileOwner,
        door: Door::Cli,
        command: "init",
        at: draw.at,
        caused_by: None,
        undoes: None,
        on_behalf: None,
    };
    let tip = Tip::of(conn)?;
    let keys = Keys::of_changes(conn, &changes, draw)?;
    let mut recording = Recording::begin(conn, tip, &head, (changes.len(), 1))?;
    recording.append(&changes, &mut Nonces::new(), &keys, &progress)?;
    conn.execute_batch("COMMIT").map_err(broken)
}

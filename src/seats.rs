//! `usher seats`: what was purchased and who holds how much of it, now, at an instant of the past, or over time.

use serde_json::json;

use crate::args::SeatsArgs;
use crate::brake;
use crate::desk::Desk;
use crate::failure::{Failure, Result};
use crate::output::{Listing, Row};
use crate::pool;

const COLUMNS: &[&str] = &[
    "FROM",
    "POOL",
    "PURCHASED",
    "HELD",
    "RESERVED",
    "CONSUMED",
    "FREE",
    "QUEUED",
];
const KEYS: &[&str] = &[
    "day",
    "at",
    "name",
    "purchased",
    "held",
    "reserved",
    "consumed",
    "queued",
    "free",
];

/// Lists the pools.
pub(crate) fn run(desk: &Desk, args: &SeatsArgs) -> Result<()> {
    let read = desk.read()?;
    let Some(period) = args.over else {
        return match &args.at {
            None => {
                pool::list(desk, &read.pools()?, &read.forecasts()?)?;
                brake::banner(desk, &read)
            }
            Some(at) => {
                let moment = read.moment(at)?;
                let pools = read.pools_at(moment)?;
                if pools.is_empty() {
                    return Err(Failure::refused(format!(
                        "there was no organization yet at {}",
                        moment.at
                    )));
                }
                pool::list(desk, &pools, &[])
            }
        };
    };
    let mut listing = Listing::begin(desk.format, COLUMNS, KEYS);
    for (slice, pools) in read.pools_over(period, args.by.into())? {
        for pool in pools {
            let numbers = [
                pool.terms.purchased,
                pool.held(),
                pool.reserved,
                pool.consumed,
                pool.free(),
                pool.queued,
            ];
            let mut cells = vec![slice.day.to_string(), pool.name.to_string()];
            cells.extend(numbers.iter().map(ToString::to_string));
            let json = vec![
                ("day", json!(slice.day)),
                ("at", json!(slice.end)),
                ("name", json!(pool.name)),
                ("purchased", json!(pool.terms.purchased)),
                ("held", json!(pool.held())),
                ("reserved", json!(pool.reserved)),
                ("consumed", json!(pool.consumed)),
                ("queued", json!(pool.queued)),
                ("free", json!(pool.free())),
            ];
            listing.row(Row { cells, json })?;
        }
    }
    listing.end("nothing: the period lies before the organization or after today")
}

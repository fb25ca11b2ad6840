//! `usher init`: a database for an organization, with its seats and its first owner.

use serde_json::json;
use usher_core::directory::Founding;
use usher_core::{Directory, Options};

use crate::args::{Common, Format, InitArgs};
use crate::failure::Result;
use crate::output::{say, write_one};

pub(crate) fn run(common: &Common, args: InitArgs) -> Result<()> {
    let founding =
        Founding { name: args.name, seats: args.seats, owner: args.owner, time_zone: args.time_zone };
    let directory = Directory::create(&common.db, &founding, Options { readers: 1, ..Options::default() })?;
    let db = directory.path().display().to_string();
    if common.format != Format::Table {
        let json = vec![
            ("db", json!(db)),
            ("name", json!(founding.name)),
            ("seats", json!(founding.seats)),
            ("owner", json!(founding.owner)),
            ("time_zone", json!(founding.time_zone)),
        ];
        return write_one(common.format, &json);
    }
    say(common.format, &format!("{db} is the roster of {} now: {} seats, one taken by {}", founding.name, founding.seats, founding.owner))?;
    say(common.format, "next: usher invite ADDRESS…, usher idp add NAME, usher serve, or usher for the console")
}

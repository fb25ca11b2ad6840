//! `usher drift`: where the roster differs from its identity providers.

use serde_json::json;
use usher_core::model::Drift;

use crate::args::DriftArgs;
use crate::desk::Desk;
use crate::failure::Result;
use crate::output::{Listing, Row};

const COLUMNS: &[&str] = &["WHO", "WHAT", "PROVIDER", "ITS VALUE", "OURS", "WHY"];
const KEYS: &[&str] = &[
    "id",
    "user",
    "what",
    "connection",
    "provider",
    "roster",
    "why",
    "refused",
];

pub(crate) fn run(desk: &Desk, args: &DriftArgs) -> Result<()> {
    let read = desk.read()?;
    let of = match &args.connection {
        Some(name) => Some(read.connection(name)?.id),
        None => None,
    };
    let mut listing = Listing::begin(desk.format, COLUMNS, KEYS);
    for drift in read.drifts(of)? {
        listing.row(row(drift))?;
    }
    listing.end("the roster and its providers agree")
}

fn row(drift: Drift) -> Row {
    let word = |it: &Option<String>| it.clone().unwrap_or_else(|| "-".to_owned());
    // Of somebody who was refused for a name of another it is told who they are: the name is the same.
    let said = match &drift.refused {
        Some(refused) => format!("{refused}, refused"),
        None => word(&drift.provider),
    };
    let cells = vec![
        drift.label.clone(),
        drift.part.replace('_', " "),
        drift.connection.clone(),
        said,
        word(&drift.roster),
        drift.why.as_str().replace('_', " "),
    ];
    let json = vec![
        ("id", json!(drift.user)),
        ("user", json!(drift.label)),
        ("what", json!(drift.part)),
        ("connection", json!(drift.connection)),
        ("provider", json!(drift.provider)),
        ("roster", json!(drift.roster)),
        ("why", json!(drift.why)),
        ("refused", json!(drift.refused)),
    ];
    Row { cells, json }
}

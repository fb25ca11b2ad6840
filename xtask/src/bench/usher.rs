//! The product as its administrators know it: by its commands and nothing else.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::people;
use super::server::{Recipe, output};
use crate::process::{self, Ended};

const COMMAND_BOUND: Duration = Duration::from_secs(60);
const BATCH_BOUND: Duration = Duration::from_secs(600);

/// A built `usher` with one database.
pub(crate) struct Usher {
    program: PathBuf,
    db: PathBuf,
}

/// Builds the released program and answers with its path.
pub(crate) fn build(root: &Path) -> Result<PathBuf> {
    let args = [
        "build",
        "--release",
        "--package",
        "usher",
        "--message-format",
        "json-render-diagnostics",
    ];
    let mut program = None;
    let ended = process::run_lines(
        &mut process::cargo(root, &args),
        Duration::from_secs(1800),
        |line| {
            let message: Value = serde_json::from_str(line).unwrap_or_default();
            if let Some(path) = message["executable"].as_str() {
                program = Some(PathBuf::from(path));
            }
        },
    )?;
    ensure!(ended == Ended::Well, "the release build failed");
    program.context("cargo did not say where it put the program")
}

impl Usher {
    /// Makes an organization with room for `seats` people.
    pub(crate) fn init(program: &Path, folder: &Path, name: &str, seats: u64) -> Result<Usher> {
        let usher = Usher {
            program: program.to_path_buf(),
            db: folder.join(format!("{name}.db")),
        };
        let seats = seats.to_string();
        usher.command(&[
            "init",
            "--name",
            "Bench",
            "--seats",
            &seats,
            "--owner",
            "owner@bench.example",
        ])?;
        Ok(usher)
    }

    /// Adds a connection and says how to serve with it.
    pub(crate) fn connect(&self) -> Result<Recipe> {
        let text = self.command(&["idp", "add", "bench", "--yes", "--format", "json"])?;
        let added: Value = serde_json::from_str(&text).context("`usher idp add --format json`")?;
        // A list of one is as good as the one.
        let added = added.get(0).unwrap_or(&added);
        let token = added["token"]
            .as_str()
            .context("`usher idp add` printed no token")?;
        let db = self.db.display().to_string();
        Ok(Recipe {
            name: "usher",
            program: self.program.clone(),
            // The servers beside it neither log requests nor slow a token down.
            args: [
                "serve",
                "--listen",
                "{address}",
                "--db",
                &db,
                "--pace",
                "off",
                "--log",
                "off",
            ]
            .map(str::to_owned)
            .to_vec(),
            token: token.to_owned(),
            first: "/scim/v2/ServiceProviderConfig",
            log: self.db.with_extension("log"),
        })
    }

    /// Deactivates the leavers in one batch.
    pub(crate) fn deactivate_leavers(&self) -> Result<()> {
        let query = format!("title:{}", people::LEAVER);
        self.bounded(&["deactivate", "--yes", &query], BATCH_BOUND)?;
        Ok(())
    }

    /// How many hold an access license.
    pub(crate) fn held(&self) -> Result<u64> {
        let text = self.command(&["seats", "--format", "json"])?;
        let pools: Value = serde_json::from_str(&text).context("`usher seats --format json`")?;
        let access = pools
            .as_array()
            .into_iter()
            .flatten()
            .find(|pool| pool["name"] == "access");
        match access.and_then(|pool| pool["held"].as_u64()) {
            Some(held) => Ok(held),
            None => bail!("`usher seats` shows no pool `access` with `held`"),
        }
    }

    fn command(&self, args: &[&str]) -> Result<String> {
        self.bounded(args, COMMAND_BOUND)
    }

    fn bounded(&self, args: &[&str], bound: Duration) -> Result<String> {
        let db = self.db.display().to_string();
        let args: Vec<&str> = args.iter().copied().chain(["--db", &db]).collect();
        output(&self.program, &args, bound)
    }
}

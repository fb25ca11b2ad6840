//! The configuration file: lines of `option = value`, and remarks.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::options::OPTIONS;
use crate::failure::{Failure, Result};

/// The largest secret in a file, in bytes.
const LARGEST_SECRET: u64 = 4096;

/// A file beside the database.
pub(crate) fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// What the file says, in its order.
pub(super) fn read(file: &Path) -> Result<Vec<(&'static str, String)>> {
    let named = file.display();
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::refused(format!("{named} cannot be read ({})", error.kind())))?;
    let mut said: Vec<(&'static str, String)> = Vec::new();
    for (i, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let place = format!("{named}, line {}", i + 1);
        let (name, value) = line
            .split_once('=')
            .ok_or_else(|| Failure::refused(format!("{place}: is not `option = value`")))?;
        let word = name.trim().to_ascii_lowercase().replace('_', "-");
        let Some(option) = OPTIONS.iter().find(|it| it.name == word) else {
            let shown: String = word.chars().take(40).collect();
            let secret = if word.contains("password") {
                "a password never stands here; name its file by smtp-password-file"
            } else {
                "`usher config show` lists them all"
            };
            return Err(Failure::refused(format!(
                "{place}: there is no option {shown:?}; {secret}"
            )));
        };
        if said.iter().any(|it| it.0 == option.name) {
            return Err(Failure::refused(format!(
                "{place}: {} is said twice",
                option.name
            )));
        }
        said.push((option.name, unquoted(value.trim()).to_owned()));
    }
    Ok(said)
}

/// The text without the quotes around it.
fn unquoted(text: &str) -> &str {
    text.strip_prefix('"')
        .and_then(|it| it.strip_suffix('"'))
        .unwrap_or(text)
}

/// A secret in a file of its own, which nobody else may read.
pub(super) fn secret(file: &Path) -> Result<String> {
    let named = file.display();
    let refused = |why: String| Failure::refused(format!("{named} {why}"));
    let meta = std::fs::metadata(file)
        .map_err(|error| refused(format!("cannot be read ({})", error.kind())))?;
    if meta.mode() & 0o077 != 0 {
        let mode = meta.mode() & 0o777;
        return Err(refused(format!(
            "holds a secret and can be used by others (mode {mode:o}); run chmod 600 on it"
        )));
    }
    if meta.len() > LARGEST_SECRET {
        return Err(refused("is too large for a password".to_owned()));
    }
    let text = std::fs::read_to_string(file)
        .map_err(|error| refused(format!("cannot be read ({})", error.kind())))?;
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.is_empty() {
        return Err(refused("is empty".to_owned()));
    }
    Ok(secret.to_owned())
}

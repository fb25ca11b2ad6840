//! x
use std::path::Path;
pub(crate) fn run(_root: &Path, _options: &[String]) -> anyhow::Result<bool> {
    Ok(false)
}

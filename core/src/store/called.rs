//! Finding people by what they are called: by last and first names in the order of the roster, and by the names that are shown.

use std::collections::{HashMap, HashSet};

use super::imports::{Known, known};
use super::{Snapshot, compile};
use crate::error::Result;

/// With more names than this, everybody's are read once sooner than each is looked for.
const FEW_NAMES: usize = 50;

impl Snapshot<'_> {
    /// Whoever is live and sorted by that last and first name, at most a few.
    pub(crate) fn known_by_sort_name(&self, name: &str) -> Result<Vec<Known>> {
        self.all(
            "SELECT id, status, user_name IS NOT NULL FROM users WHERE sort_name = ?1 \
             AND (first_name IS NOT NULL OR last_name IS NOT NULL) \
             AND status NOT IN ('cancelled', 'deleted', 'erased') LIMIT 3",
            [name],
            |row| known(row, 0),
        )
    }

    /// Whoever is live and has one of these display names, folded, by them.
    pub(crate) fn known_by_display_name(
        &self,
        names: &HashSet<String>,
    ) -> Result<HashMap<String, Vec<Known>>> {
        let mut found: HashMap<String, Vec<Known>> = HashMap::new();
        let narrowed: Vec<_> = names.iter().map(|it| (it, compile::trigrams(it))).collect();
        let all_narrowed = narrowed.iter().all(|it| it.1.is_some());
        if names.len() > FEW_NAMES || !all_narrowed {
            let sql = "SELECT fold(display_name), id, status, user_name IS NOT NULL FROM users NOT INDEXED \
                WHERE display_name IS NOT NULL AND status NOT IN ('cancelled', 'deleted', 'erased')";
            self.all(sql, [], |row| {
                let name: String = row.get(0)?;
                if names.contains(&name) {
                    found.entry(name).or_default().push(known(row, 1)?);
                }
                Ok(())
            })?;
            return Ok(found);
        }
        let sql = "SELECT id, status, user_name IS NOT NULL FROM users WHERE seq IN (\
             SELECT rowid FROM users_text WHERE users_text MATCH ?1 UNION ALL SELECT seq FROM search_pending \
             UNION ALL SELECT fresh.seq FROM users AS fresh WHERE fresh.seq > (SELECT indexed_to FROM search_progress)) \
             AND instr(search, ?2) > 0 AND fold(display_name) = ?2 \
             AND status NOT IN ('cancelled', 'deleted', 'erased') LIMIT 3";
        for (name, trigrams) in narrowed {
            let people = self.all(sql, [trigrams.as_deref(), Some(name)], |row| known(row, 0))?;
            found.insert(name.clone(), people);
        }
        Ok(found)
    }
}

//! Saved views. They decide nothing: no change and no event tells of them. Custom fields, groups, pools, trainings and
//! connections in their queries are kept by id beside the text, so that a view means the same when one is called otherwise.

use rusqlite::{Connection, params};

use super::read::Read;
use super::writer::Note;
use super::{Store, broken};
use crate::error::{Error, Result};
use crate::model::{Actor, ConsoleLook, Name, UserId, View, fold_key};
use crate::query::{KeptName, Renamed, kept_names, parse_with};

/// Most views of one administrator.
const MOST: i64 = 200;

/// What is done to a view, or to how a console looks.
pub(super) enum ViewNote {
    /// It is kept, in the place of one of the same name.
    Save(Box<Kept>),
    /// It is forgotten.
    Remove {
        /// Whose.
        owner: [u8; 16],
        /// Which.
        key: String,
    },
    /// No view, but how a console looks is kept.
    Look {
        /// Whose.
        owner: [u8; 16],
        /// So.
        look: ConsoleLook,
    },
}

/// A view as it is kept.
pub(super) struct Kept {
    owner: [u8; 16],
    key: String,
    view: View,
    fields: String,
}

/// Whose views somebody's are; those of whoever owns the file belong to nobody.
fn owner(actor: Actor) -> [u8; 16] {
    match actor {
        Actor::Administrator(user) => *user.as_bytes(),
        _ => [0; 16],
    }
}

impl Read<'_> {
    /// The views that somebody saved, by name; of others nothing to those who see less than everybody.
    ///
    /// # Errors
    /// Only when the database cannot be read.
    pub fn views(&self, actor: Actor) -> Result<Vec<View>> {
        if self
            .only_own()
            .is_some_and(|it| actor != Actor::Administrator(it))
        {
            return Ok(Vec::new());
        }
        let vocabulary = self.vocabulary_with_names()?;
        let sql = "SELECT name, query, fields, columns, sort, descending FROM saved_views WHERE owner = ?1 \
            ORDER BY name_key";
        let rows: Vec<(View, String)> =
            self.snapshot()?.all(sql, params![owner(actor)], |row| {
                let columns: String = row.get(3)?;
                let columns = columns.split(',').filter(|it| !it.is_empty());
                let view = View {
                    name: row.get(0)?,
                    query: row.get(1)?,
                    columns: columns.map(str::to_owned).collect(),
                    sort: row.get(4)?,
                    descending: row.get(5)?,
                };
                Ok((view, row.get(2)?))
            })?;
        rows.into_iter()
            .map(|(view, fields)| {
                let kept: Vec<KeptName> =
                    serde_json::from_str(&fields).map_err(|it| Error::Broken(it.to_string()))?;
                let query = Renamed::since(&kept, &vocabulary).text(&view.query);
                Ok(View { query, ..view })
            })
            .collect()
    }

    /// How somebody's console looked last, if they have chosen that; of others nothing to those who see less than everybody.
    ///
    /// # Errors
    /// Only when the database cannot be read.
    pub fn look(&self, actor: Actor) -> Result<Option<ConsoleLook>> {
        if self
            .only_own()
            .is_some_and(|it| actor != Actor::Administrator(it))
        {
            return Ok(None);
        }
        let sql = "SELECT theme, plain FROM console_looks WHERE owner = ?1";
        self.snapshot()?.one(sql, params![owner(actor)], |row| {
            Ok(ConsoleLook {
                theme: row.get(0)?,
                plain: row.get(1)?,
            })
        })
    }

    /// A view as it is to be kept, checked.
    pub(crate) fn kept_view(&self, actor: Actor, view: View) -> Result<SavedView> {
        let named = Name::parse("view", &view.name)?.map(Name::into_string);
        let name = named.ok_or_else(|| Error::invalid("view", "has no name", "give it one"))?;
        let query = parse_with(&view.query, self.now(), &self.vocabulary()?)
            .map_err(|it| Error::invalid("query", it.message, "try it as a filter first"))?;
        let sql = "SELECT count(*) FROM saved_views WHERE owner = ?1 AND name_key <> ?2";
        let bound = params![owner(actor), fold_key(&name)];
        let others: Option<i64> = self.snapshot()?.one(sql, bound, |row| row.get(0))?;
        if others.is_some_and(|it| it >= MOST) {
            return Err(Error::invalid(
                "view",
                "is one too many",
                "remove some that you no longer use",
            ));
        }
        let kept = kept_names(&query, &self.vocabulary_with_names()?);
        let fields = serde_json::to_string(&kept).map_err(|it| Error::Broken(it.to_string()))?;
        Ok(SavedView(ViewNote::Save(Box::new(Kept {
            owner: owner(actor),
            key: fold_key(&name),
            view: View { name, ..view },
            fields,
        }))))
    }
}

/// Something to be written about a view.
pub(crate) struct SavedView(ViewNote);

impl SavedView {
    /// That it is forgotten.
    pub(crate) fn removed(actor: Actor, name: &str) -> Self {
        Self(ViewNote::Remove {
            owner: owner(actor),
            key: fold_key(name.trim()),
        })
    }

    /// How this actor's console looks from now on.
    pub(crate) fn look(actor: Actor, look: ConsoleLook) -> Self {
        Self(ViewNote::Look {
            owner: owner(actor),
            look,
        })
    }
}

impl Store {
    /// Gives the writer a view; `done` is called after the commit, on the writer's thread.
    pub(crate) fn note_view(
        &self,
        view: SavedView,
        done: impl FnOnce(Result<()>) + Send + 'static,
    ) {
        self.note(Note::View(view.0), done);
    }
}

/// Writes what is done to a view.
pub(super) fn write(conn: &Connection, note: &ViewNote) -> Result<()> {
    let written = match note {
        ViewNote::Save(kept) => conn.execute(
            "INSERT INTO saved_views (owner, name_key, name, query, fields, columns, sort, descending) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (owner, name_key) DO UPDATE SET name = ?3, \
             query = ?4, fields = ?5, columns = ?6, sort = ?7, descending = ?8",
            params![
                kept.owner,
                kept.key,
                kept.view.name,
                kept.view.query,
                kept.fields,
                kept.view.columns.join(","),
                kept.view.sort,
                kept.view.descending
            ],
        ),
        ViewNote::Remove { owner, key } => conn.execute(
            "DELETE FROM saved_views WHERE owner = ?1 AND name_key = ?2",
            params![owner, key],
        ),
        ViewNote::Look { owner, look } => conn.execute(
            "INSERT INTO console_looks (owner, theme, plain) VALUES (?1, ?2, ?3) \
             ON CONFLICT (owner) DO UPDATE SET theme = ?2, plain = ?3",
            params![owner, look.theme, look.plain],
        ),
    };
    written.map(|_| ()).map_err(broken)
}

/// Forgets the look and the views of somebody who is erased, and those in which they are named. Before their row is emptied.
pub(super) fn forget(conn: &Connection, user: UserId) -> Result<()> {
    let look = "DELETE FROM console_looks WHERE owner = ?1";
    conn.execute(look, [user.as_bytes()]).map_err(broken)?;
    let sql = "DELETE FROM saved_views WHERE owner = ?1 OR EXISTS (SELECT 1 FROM users WHERE users.id = ?1 AND ( \
        instr(lower(saved_views.query || ' ' || saved_views.name), lower(users.email)) > 0 \
        OR instr(lower(saved_views.query || ' ' || saved_views.name), lower(users.user_name)) > 0 \
        OR instr(lower(saved_views.query || ' ' || saved_views.name), lower(users.display_name)) > 0 \
        OR instr(lower(saved_views.query || ' ' || saved_views.name), lower(users.first_name || ' ' || users.last_name)) > 0))";
    conn.execute(sql, [user.as_bytes()]).map_err(broken)?;
    let any =
        super::Snapshot::new(conn).one("SELECT 1 FROM saved_views LIMIT 1", [], |_| Ok(()))?;
    if any.is_none() {
        return Ok(());
    }
    // By the addresses that they had before, too.
    for address in super::Snapshot::new(conn).addresses_left_by(user)? {
        conn.prepare_cached(
            "DELETE FROM saved_views WHERE instr(lower(query || ' ' || name), lower(?1)) > 0",
        )
        .and_then(|mut it| it.execute([address]))
        .map_err(broken)?;
    }
    Ok(())
}

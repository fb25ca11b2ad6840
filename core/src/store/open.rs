//! Opening a database: what file it may be, the settings that every connection asserts, and bringing the schema up to date.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::turn::beside;
use super::{broken, compile, restore};
use crate::error::{Error, Result};

/// How long other programs are waited for that have a file open.
const PATIENCE: Duration = Duration::from_millis(500);

/// `USHR`: tells our files from other SQLite databases.
pub(super) const APPLICATION_ID: i32 = 0x5553_4852;

/// Numbered SQL, only ever added to; the position is the schema version.
pub(super) const MIGRATIONS: &[&str] = &[
    include_str!("../../../migrations/0001_roster.sql"),
    include_str!("../../../migrations/0002_settings.sql"),
    include_str!("../../../migrations/0003_trainings.sql"),
    include_str!("../../../migrations/0004_dates.sql"),
    include_str!("../../../migrations/0005_permissions.sql"),
    include_str!("../../../migrations/0006_platform.sql"),
    include_str!("../../../migrations/0007_reports.sql"),
    include_str!("../../../migrations/0008_scim.sql"),
    include_str!("../../../migrations/0009_individuals.sql"),
    include_str!("../../../migrations/0010_authority.sql"),
    include_str!("../../../migrations/0011_ownership.sql"),
    include_str!("../../../migrations/0012_inbox.sql"),
    include_str!("../../../migrations/0013_console.sql"),
    include_str!("../../../migrations/0014_keys.sql"),
    include_str!("../../../migrations/0015_mail.sql"),
    include_str!("../../../migrations/0016_pages.sql"),
    include_str!("../../../migrations/0017_imports.sql"),
    include_str!("../../../migrations/0018_rules.sql"),
    include_str!("../../../migrations/0019_providers.sql"),
    include_str!("../../../migrations/0020_plans.sql"),
    include_str!("../../../migrations/0021_refused.sql"),
    include_str!("../../../migrations/0022_queue.sql"),
    include_str!("../../../migrations/0023_told.sql"),
    include_str!("../../../migrations/0024_asked_again.sql"),
    include_str!("../../../migrations/0025_awaited.sql"),
    include_str!("../../../migrations/0026_named_in_settings.sql"),
    include_str!("../../../migrations/0027_clock_runs.sql"),
    include_str!("../../../migrations/0028_mapped.sql"),
    include_str!("../../../migrations/0029_labels_in_order.sql"),
    include_str!("../../../migrations/0030_letters.sql"),
    include_str!("../../../migrations/0031_words_of_connections.sql"),
    include_str!("../../../migrations/0032_filed.sql"),
    include_str!("../../../migrations/0033_ends_with_licenses.sql"),
    include_str!("../../../migrations/0034_refused_in_part.sql"),
    include_str!("../../../migrations/0035_whom_a_refused_request_is_about.sql"),
    include_str!("../../../migrations/0036_left_out.sql"),
    include_str!("../../../migrations/0037_short_events.sql"),
    include_str!("../../../migrations/0038_looks.sql"),
    include_str!("../../../migrations/0039_told_apart.sql"),
];

/// Kilobytes of page cache: the writer keeps the inner pages of every index, a reader only its own. After most commits SQLite
/// walks all of it, so that the writer's is no larger than it must be.
const WRITER_CACHE_KIB: i64 = 8 * 1024;
/// While a large job is written, which comes back to the same pages many times: what does not fit is written more than once.
const LARGE_CACHE_KIB: i64 = 24 * 1024;
const READER_CACHE_KIB: i64 = 3 * 1024;
/// When a commit finds so many pages in the log, it brings them to their places.
const LOG_PAGES: i64 = 4_000;

fn file_error(path: &Path, why: impl Into<String>, remedy: impl Into<String>) -> Error {
    Error::File {
        path: path.display().to_string(),
        why: why.into(),
        remedy: remedy.into(),
    }
}

/// The device and number of the file at a path; none when there is none.
pub(super) fn identity(path: &Path) -> Option<(u64, u64)> {
    let found = fs::metadata(path).ok()?;
    Some((found.dev(), found.ino()))
}

/// Makes a file that only its owner can read, with our mark and schema and what is written into it, which appears under its
/// name when all of that is on disk: whoever ends meanwhile leaves nothing in the way of the next try.
pub(super) fn create(path: &Path, write: impl FnOnce(&Connection) -> Result<()>) -> Result<()> {
    let is_free = || match path.exists() {
        true => Err(file_error(
            path,
            "exists already",
            "choose another name, or use the database that is there",
        )),
        false => Ok(()),
    };
    is_free()?;
    let part = beside(path, ".part");
    let held = begin_part(&part)?;
    let written = begin(&part)
        .and_then(|conn| {
            write(&conn)?;
            // What stands in the log goes into the file, which alone gets the name.
            conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
                .map_err(broken)
        })
        .and_then(|()| is_free())
        .and_then(|()| appear(&held, &part, path));
    if written.is_err() {
        remove_part(&part);
    }
    written
}

/// Makes a database of an empty file.
fn begin(path: &Path) -> Result<Connection> {
    let conn = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .map_err(broken)?;
    conn.pragma_update(None, "application_id", APPLICATION_ID)
        .map_err(broken)?;
    settle(&conn, WRITER_CACHE_KIB)?;
    migrate(&conn, 0)?;
    Ok(conn)
}

/// Opens the writing connection, after checking the file.
pub(super) fn writer(path: &Path) -> Result<Connection> {
    check_file(path)?;
    let conn = connect(path)?;
    check_identity(&conn, path)?;
    settle(&conn, WRITER_CACHE_KIB)?;
    Ok(conn)
}

/// Brings a file of an older schema to this one, with a copy of it beforehand.
///
/// An older program that has the file open would go on writing what the newer schema does not mean, so this is for whoever
/// is alone with it; `held` is the lock by which processes know of each other.
pub(super) fn migrate_older(path: &Path, held: &fs::File) -> Result<()> {
    let conn = writer(path)?;
    let is_older = || check_identity(&conn, path).map(|it| it < MIGRATIONS.len());
    if !is_older()? {
        return Ok(());
    }
    restore::become_alone(held, path, is_older)?;
    let version = check_identity(&conn, path)?;
    if version < MIGRATIONS.len() {
        let copy = PathBuf::from(format!("{}.before-migration-{version}", path.display()));
        if !copy.exists() {
            copy_into(&conn, &copy, |_| Ok(()))?;
        }
        migrate(&conn, version)?;
    }
    restore::hold_shared(held, path)
}

/// Gives the writer's connection what a large job needs, or takes it back: a larger page cache, and a commit that leaves the
/// log as it is, so that whoever waits is answered before thousands of pages are brought to their places.
pub(super) fn make_room(conn: &Connection, for_large: bool) -> Result<()> {
    let (kib, log_pages) = if for_large {
        (LARGE_CACHE_KIB, 0)
    } else {
        (WRITER_CACHE_KIB, LOG_PAGES)
    };
    conn.pragma_update(None, "wal_autocheckpoint", log_pages)
        .map_err(broken)?;
    conn.pragma_update(None, "cache_size", -kib).map_err(broken)
}

/// Opens one more connection that only reads.
pub(super) fn reader(path: &Path) -> Result<Connection> {
    let conn = connect(path)?;
    check_identity(&conn, path)?;
    settle(&conn, READER_CACHE_KIB)?;
    conn.pragma_update(None, "query_only", true)
        .map_err(broken)?;
    Ok(conn)
}

/// Takes what is in the log of a file into the file itself, and the log away. False when another program has it open, usher
/// or not; true also for a file that cannot be read any more.
pub(super) fn take_log_in(path: &Path) -> bool {
    let Ok(conn) = connect(path) else {
        return true;
    };
    let taken = conn
        .busy_timeout(PATIENCE)
        .and_then(|()| conn.query_row("PRAGMA journal_mode = DELETE", [], |row| row.get(0)));
    match taken {
        Ok::<String, _>(mode) => mode == "delete",
        Err(error) => !matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
        ),
    }
}

fn connect(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags).map_err(|error| {
        file_error(
            path,
            format!("cannot be opened ({error})"),
            "check the path and its permissions",
        )
    })
}

/// The one name of a database, links resolved: locks and lists beside it are named after it, so two names for one file
/// must not make two of each.
pub(crate) fn real_path(path: &Path) -> PathBuf {
    if let Ok(real) = fs::canonicalize(path) {
        return real;
    }
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    let folder = fs::canonicalize(folder.unwrap_or(Path::new(".")));
    match (folder, path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}

/// Refuses what is missing, what is not ours, what others can read or write, and what has a second name.
pub(super) fn check_file(path: &Path) -> Result<()> {
    let meta = fs::metadata(path).map_err(|_| {
        file_error(
            path,
            "is not there",
            "make one with `usher init`, or name another with --db",
        )
    })?;
    if !meta.is_file() {
        return Err(file_error(path, "is not a file", "name a database file"));
    }
    let mode = meta.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(file_error(
            path,
            format!("can be used by others (mode {:o})", mode & 0o777),
            "run chmod 600 on it",
        ));
    }
    if meta.nlink() > 1 {
        return Err(file_error(
            path,
            "has a second name (a hard link)",
            "remove one of the two names",
        ));
    }
    check_header(path)
}

/// Looks at the first bytes only, before anything is made beside the file.
fn check_header(path: &Path) -> Result<()> {
    let mut header = [0; 72];
    let read = fs::File::open(path).and_then(|mut it| it.read_exact(&mut header));
    if let Err(error) = &read
        && error.kind() == std::io::ErrorKind::PermissionDenied
    {
        return Err(file_error(
            path,
            "may not be read by you",
            "run usher as the owner of the file",
        ));
    }
    let ours =
        header.starts_with(b"SQLite format 3\0") && header[68..72] == APPLICATION_ID.to_be_bytes();
    if read.is_ok() && ours {
        return Ok(());
    }
    Err(file_error(
        path,
        "is not a database of Usher",
        "name another file",
    ))
}

/// Why a file that begins as one of ours cannot be read.
fn unreadable(path: &Path, error: &rusqlite::Error) -> Error {
    use rusqlite::ErrorCode::{
        CannotOpen, DatabaseCorrupt, DiskFull, PermissionDenied, ReadOnly, SystemIoFailure,
    };
    match error.sqlite_error_code() {
        Some(CannotOpen | PermissionDenied | ReadOnly) => file_error(
            path,
            "cannot be used: its folder cannot be written",
            "give whoever runs usher the folder and the file (chown), or run it as their owner",
        ),
        Some(DatabaseCorrupt) => file_error(
            path,
            "is damaged or cut off",
            "keep it as it is, and put the last good backup back with `usher restore`",
        ),
        // What processes share of it needs a page of room as well.
        Some(DiskFull | SystemIoFailure) => file_error(
            path,
            "cannot be opened: its disk is full, or fails",
            "make room on it (`df` tells how much there is), then try again; nothing is lost by waiting",
        ),
        _ => file_error(path, "is not a database of Usher", "name another file"),
    }
}

/// The schema version of a database that is ours and not newer than this binary.
fn check_identity(conn: &Connection, path: &Path) -> Result<usize> {
    let id: i32 = conn
        .pragma_query_value(None, "application_id", |row| row.get(0))
        .map_err(|it| unreadable(path, &it))?;
    if id != APPLICATION_ID {
        return Err(file_error(
            path,
            "is not a database of Usher",
            "name another file",
        ));
    }
    let version: i64 = conn
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(|it| unreadable(path, &it))?;
    match usize::try_from(version) {
        Ok(version) if version <= MIGRATIONS.len() => Ok(version),
        _ => Err(file_error(
            path,
            format!(
                "has schema {version}, and this usher knows up to {}",
                MIGRATIONS.len()
            ),
            "use the newer usher that wrote it",
        )),
    }
}

/// Sets and asserts what the promises rest on: an answer means it is on disk, and nothing in the file is trusted.
fn settle(conn: &Connection, cache_kib: i64) -> Result<()> {
    conn.set_prepared_statement_cache_capacity(256);
    compile::add_functions(conn).map_err(broken)?;
    // A cached statement keeps its plan whatever is bound to it.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .map_err(broken)?;
    conn.busy_timeout(Duration::from_secs(5)).map_err(broken)?;
    let mode: String = conn
        .pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))
        .map_err(broken)?;
    if mode != "wal" {
        return Err(Error::Broken(format!(
            "journal_mode is {mode} instead of wal"
        )));
    }
    // 2 is FULL. secure_delete so that what is erased or replaced is gone from the pages too.
    for (pragma, value) in [
        ("synchronous", 2),
        ("foreign_keys", 1),
        ("trusted_schema", 0),
        ("cell_size_check", 1),
        ("secure_delete", 1),
        ("mmap_size", 0),
        ("temp_store", 2),
        ("wal_autocheckpoint", LOG_PAGES),
        ("cache_size", -cache_kib),
    ] {
        conn.pragma_update(None, pragma, value).map_err(broken)?;
        let now: i64 = conn
            .pragma_query_value(None, pragma, |row| row.get(0))
            .unwrap_or(value);
        if now != value {
            return Err(Error::Broken(format!(
                "{pragma} is {now} instead of {value}"
            )));
        }
    }
    Ok(())
}

/// Applies the migrations from a version on, each in one transaction.
pub(super) fn migrate(conn: &Connection, from: usize) -> Result<()> {
    compile::add_functions(conn).map_err(broken)?;
    for (done, sql) in MIGRATIONS.iter().enumerate().skip(from) {
        let version = done + 1;
        conn.execute_batch(&format!(
            "BEGIN IMMEDIATE; {sql}\n; PRAGMA user_version = {version}; COMMIT"
        ))
        .map_err(|error| {
            let _ = conn.execute_batch("ROLLBACK");
            // The statement is long, and ours.
            let why = match error {
                rusqlite::Error::SqlInputError { msg, .. } => msg,
                other => other.to_string(),
            };
            Error::Broken(format!(
                "the database could not be brought from schema {done} to {version}, and nothing was changed: {why}; keep the file \
                 as it is, and put the last good backup back with `usher restore`"
            ))
        })?;
    }
    Ok(())
}

/// Tables, indexes and triggers that are not as this version makes them, at most so many: another hand has changed the file,
/// and what the database itself refuses may not be refused any more.
pub(super) fn schema_faults(conn: &Connection, most: usize) -> Result<Vec<String>> {
    let ours = Connection::open_in_memory().map_err(broken)?;
    migrate(&ours, 0)?;
    let (expected, found) = (schema(&ours)?, schema(conn)?);
    let lacks = expected.iter().filter(|it| found.get(it.0) != Some(it.1));
    let more = found.keys().filter(|it| !expected.contains_key(*it));
    let lacks = lacks.map(|((kind, name), _)| format!("the {kind} {name} is missing or changed"));
    let more = more.map(|(kind, name)| format!("the {kind} {name} is none of ours"));
    Ok(lacks.chain(more).take(most).collect())
}

/// What there is, by kind and name, and how it was made.
fn schema(conn: &Connection) -> Result<BTreeMap<(String, String), String>> {
    let sql = "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
    let mut statement = conn.prepare(sql).map_err(broken)?;
    let rows = statement.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)));
    rows.and_then(Iterator::collect).map_err(broken)
}

/// Writes a copy that appears under its name only when it is whole and on disk: until then it stands beside it, under a name
/// that ends in `.part`, which the next copy to the same name takes away. `check` looks at it before it counts.
pub(super) fn copy_into(
    conn: &Connection,
    to: &Path,
    check: impl FnOnce(&Path) -> Result<()>,
) -> Result<()> {
    let is_free = || match to.exists() {
        true => Err(file_error(to, "exists already", "choose another name")),
        false => Ok(()),
    };
    is_free()?;
    let part = beside(to, ".part");
    let held = begin_part(&part)?;
    let named = part
        .to_str()
        .ok_or_else(|| file_error(to, "has a name that is not UTF-8", "choose another name"));
    let written = named
        .and_then(|it| conn.execute("VACUUM INTO ?1", [it]).map_err(broken))
        .and_then(|_| check(&part))
        .and_then(|()| is_free())
        .and_then(|()| appear(&held, &part, to));
    if written.is_err() {
        remove_part(&part);
    }
    written
}

/// Begins a copy, in the place of one that was left behind by a process that ended. It is held while it is written.
fn begin_part(part: &Path) -> Result<fs::File> {
    let refused = |error: std::io::Error| {
        file_error(
            part,
            format!("cannot be made ({})", error.kind()),
            "check the folder",
        )
    };
    if let Ok(left) = fs::File::open(part) {
        if left.try_lock().is_err() {
            return Err(file_error(
                part,
                "is being written by another process",
                "wait until that is done, or choose another name",
            ));
        }
        remove_part(part);
    }
    let held = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(part)
        .map_err(refused)?;
    held.try_lock()
        .map_err(|error| refused(std::io::Error::from(error)))?;
    Ok(held)
}

/// Removes a copy that is not whole, with what SQLite left beside it.
fn remove_part(part: &Path) {
    for suffix in ["", "-journal", "-wal", "-shm"] {
        let _ = fs::remove_file(beside(part, suffix));
    }
}

/// Gives what is whole its name.
fn appear(held: &fs::File, part: &Path, path: &Path) -> Result<()> {
    held.sync_all()
        .and_then(|()| fs::rename(part, path))
        .and_then(|()| sync_folder_of(path))
        .map_err(|error| {
            file_error(
                path,
                format!("cannot be written ({})", error.kind()),
                "check the folder",
            )
        })
}

/// A name is kept only once its folder is on disk.
fn sync_folder_of(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// What tells an organization from every other one.
pub(super) fn key_of(conn: &Connection) -> Result<Vec<u8>> {
    conn.query_row("SELECT digest_key FROM organization", [], |row| row.get(0))
        .map_err(broken)
}

/// As [`key_of`], of a copy that nobody writes, beside which nothing is made.
pub(super) fn key_of_copy(path: &Path) -> Result<Vec<u8>> {
    check_file(path)?;
    let mut uri = String::from("file:");
    for byte in real_path(path).as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' => {
                uri.push(char::from(*byte));
            }
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri.push_str("?immutable=1");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(uri, flags).map_err(|it| unreadable(path, &it))?;
    key_of(&conn).map_err(|_| {
        file_error(
            path,
            "is not a whole database of Usher",
            "name a file that `usher backup` wrote",
        )
    })
}

/// Opens a copy, which has no writers, and checks its pages, references and identity.
pub(super) fn check_copy(path: &Path) -> Result<Connection> {
    check_file(path)?;
    let conn = connect(path)?;
    check_identity(&conn, path)?;
    settle(&conn, READER_CACHE_KIB)?;
    let unsound =
        |what: String| file_error(path, format!("is damaged ({what})"), "use another backup");
    let verdict: String = conn
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .map_err(|error| unsound(error.to_string()))?;
    if verdict != "ok" {
        return Err(unsound(verdict));
    }
    let broken_references = conn
        .prepare("PRAGMA foreign_key_check")
        .and_then(|mut it| it.exists([]))
        .map_err(|error| unsound(error.to_string()))?;
    if broken_references {
        return Err(unsound("a reference points nowhere".into()));
    }
    Ok(conn)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::turn::open_beside;

    #[test]
    fn a_full_disk_is_no_foreign_file() {
        use rusqlite::ffi;
        for (code, told) in [
            (ffi::SQLITE_FULL, "disk is full"),
            (ffi::SQLITE_IOERR_SHMSIZE, "disk is full"),
            (ffi::SQLITE_NOTADB, "is not a database of Usher"),
            (ffi::SQLITE_CORRUPT, "damaged"),
            (ffi::SQLITE_CANTOPEN, "folder cannot be written"),
        ] {
            let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            let said = unreadable(Path::new("u.db"), &error).to_string();
            assert!(said.contains(told), "{said}");
        }
    }

    /// What stood for all connections, with a mark whose it is, is its own.
    #[test]
    fn what_a_connection_has_sent_goes_to_its_place() {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch("CREATE TABLE users (kept TEXT) STRICT")
            .unwrap();
        let urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        let area = "{\"costCenter\":\"C\",\"department\":\"D\"}";
        let before = [
            format!(
                "{{\"$mapped\":{{\"functional_area\":\"a\",\"region\":\"b\",\"title\":\"a\"}},\
                 \"addresses\":[{{\"region\":\"H\",\"type\":\"home\"}},{{\"region\":\"W\",\"type\":\"work\"}}],\
                 \"title\":\"Bo\\\"ss\",\"{urn}\":{area}}}"
            ),
            "{\"$mapped\":{\"region\":\"a\",\"title\":\"a\"}}".to_owned(),
            "{\"title\":\"Boss\"}".to_owned(),
        ];
        for kept in before {
            conn.execute("INSERT INTO users VALUES (?1)", [kept])
                .unwrap();
        }
        conn.execute_batch(MIGRATIONS[30]).unwrap();
        let mut statement = conn.prepare("SELECT kept FROM users").unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        let after: Vec<String> = rows.map(Result::unwrap).collect();
        let moved = format!(
            "{{\"$mapped\":{{\"a\":{{\"functional_area\":\"D\",\"title\":\"Bo\\\"ss\"}},\"b\":{{\"region\":\"W\"}}}},\
             \"addresses\":[{{\"region\":\"H\",\"type\":\"home\"}},{{\"region\":null,\"type\":\"work\"}}],\
             \"{urn}\":{{\"costCenter\":\"C\"}}}}"
        );
        let unsent = "{\"$mapped\":{\"a\":{\"region\":null,\"title\":null}}}";
        assert_eq!(after, [&moved, unsent, "{\"title\":\"Boss\"}"]);
    }

    #[test]
    fn a_schema_that_is_not_what_its_number_says_is_refused_in_a_sentence() {
        let conn = Connection::open_in_memory().unwrap();
        migrate(&conn, 0).unwrap();
        let why = migrate(&conn, 4).unwrap_err().to_string();
        assert!(why.contains("from schema 4 to 5"), "{why}");
        assert!(why.contains("already exists"), "{why}");
        assert!(!why.contains("CREATE") && why.len() < 300, "{why}");
    }

    #[test]
    fn a_file_of_an_older_schema_is_brought_to_this_one_by_whoever_is_alone_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("u.db");
        let before = MIGRATIONS.len() - 1;
        let conn = Connection::open(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        conn.pragma_update(None, "application_id", APPLICATION_ID)
            .unwrap();
        compile::add_functions(&conn).unwrap();
        for sql in &MIGRATIONS[..before] {
            conn.execute_batch(sql).unwrap();
        }
        conn.pragma_update(None, "user_version", before as i64)
            .unwrap();
        let version = || check_identity(&conn, &path).unwrap();
        let server = open_beside(&path, "-open").unwrap();
        restore::hold_shared(&server, &path).unwrap();
        let held = restore::hold_open(&path).unwrap();
        let refused = migrate_older(&path, &held).unwrap_err().to_string();
        assert!(refused.contains("open in another process"), "{refused}");
        assert_eq!(version(), before);
        drop(server);
        let held = restore::hold_open(&path).unwrap();
        migrate_older(&path, &held).unwrap();
        assert_eq!(version(), MIGRATIONS.len());
        let copy = folder
            .path()
            .join(format!("u.db.before-migration-{before}"));
        assert!(copy.exists());
        restore::hold_open(&path).expect("others may open it again");
    }
}

//! The whole table, enumerated: every role × every command × every scope, as a matrix that is reviewed as a diff.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use super::{Role, Scope, TABLE, scope_of};

/// Where the matrix is kept.
const MATRIX: &str = "../docs/permissions.md";

/// Rows that are not commands: reading, and parts of commands that need more than the command.
const PARTS: [&str; 6] = [
    "see",
    "see_administrators_fields",
    "edit_protect",
    "pool_raise",
    "promote",
    "idp_replay",
];

/// The names in `Command::name`, read from its text: no list of commands can be forgotten then.
fn commands() -> BTreeSet<&'static str> {
    let source = include_str!("../command/dispatch.rs");
    let from = source
        .find("pub fn name(&self)")
        .expect("commands have names");
    let body = &source[from..];
    let body = &body[..body.find("\n    }\n").expect("the function ends")];
    let names = body.lines().filter_map(|line| line.split_once("=> \""));
    names
        .filter_map(|it| it.1.split_once('"'))
        .map(|it| it.0)
        .collect()
}

#[test]
fn every_command_has_one_row_and_every_row_a_command() {
    let rows: BTreeSet<&str> = TABLE.iter().map(|it| it.command).collect();
    assert_eq!(rows.len(), TABLE.len(), "a command has two rows");
    let mut expected = commands();
    assert!(expected.len() > 20, "{expected:?}");
    expected.extend(PARTS);
    let without: Vec<_> = expected.difference(&rows).collect();
    assert!(
        without.is_empty(),
        "nobody may {without:?}: give each a row in core/src/policy/table.rs"
    );
    let unknown: Vec<_> = rows.difference(&expected).collect();
    assert!(unknown.is_empty(), "rows without a command: {unknown:?}");
}

#[test]
fn what_is_not_in_the_table_is_denied() {
    for role in Role::ALL {
        assert_eq!(scope_of(role, "a command that nobody has written"), None);
    }
}

#[test]
fn a_role_has_one_scope_for_a_command() {
    for row in TABLE {
        let mut roles = row.roles();
        let count = roles.len();
        roles.sort_unstable();
        roles.dedup();
        assert_eq!(roles.len(), count, "{}", row.command);
        let everybody = row.within.iter().any(|it| it.1 == Scope::Everybody);
        assert!(!everybody, "{}: list the role under everybody", row.command);
    }
}

/// Whoever may do something to somebody sees them: no command is a way round what may be seen.
#[test]
fn nobody_may_do_anything_to_whom_they_cannot_see() {
    for row in TABLE {
        for role in row
            .everybody
            .iter()
            .filter(|it| **it != Role::AuthorizedPurchaser)
        {
            assert_eq!(
                scope_of(*role, "see"),
                Some(Scope::Everybody),
                "{} {role:?}",
                row.command
            );
        }
    }
}

#[test]
fn the_matrix_that_is_kept_is_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(MATRIX);
    let now = matrix();
    if std::env::var_os("USHER_WRITE_MATRIX").is_some() {
        std::fs::write(&path, &now).expect("the matrix can be written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == now,
        "docs/permissions.md is not the table of core/src/policy/table.rs any more; look at the difference after \
         USHER_WRITE_MATRIX=1 cargo test -p usher-core --lib policy"
    );
}

/// The table with a cell for every role and command.
fn matrix() -> String {
    let mut out = String::from(
        "# Who may do what\n\n\
         Written from `core/src/policy/table.rs` by a test, and never by hand. A cell says to whom: `all` is anybody, \
         `below` everybody below a manager at any depth, `group` the members of the group in which they have the role, \
         `session` whom they bring in for a session that they hold, as learners of one group whose coach or administrator \
         they are, `own` their own record or what they applied themselves. An empty cell is denied, and so is every command \
         that has no row.\n\n\
         Beyond the table: `protected` people and the last owner are taken off by nobody, by any door; only owners take \
         an owner off; undoing needs the right to give the command that is undone, today and to everybody whom it concerns; who runs a group invites to that \
         group, to no role above their own, and within the group's budget.\n\n|  |",
    );
    for role in Role::ALL {
        let _ = write!(out, " {} |", role.as_str());
    }
    out.push_str("\n|---|");
    out.push_str(&"---|".repeat(Role::ALL.len()));
    for row in TABLE {
        let _ = write!(out, "\n| `{}` |", row.command);
        for role in Role::ALL {
            let cell = scope_of(role, row.command).map_or("", Scope::as_str);
            let _ = write!(out, " {cell} |");
        }
    }
    out.push('\n');
    out
}

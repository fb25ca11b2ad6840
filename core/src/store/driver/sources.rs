//! What lists the people of a condition from an index, perhaps with some for whom it does not hold: it is checked of each
//! of them afterwards.

use super::Bindings;
use crate::error::Result;
use crate::model::marks::lacking;
use crate::model::{
    AssignmentState, FieldId, PoolName, Status, Timestamp, fold_key, folded, name_key,
};
use crate::query::{
    Attribute, Compared, Element, Expr, FieldTest, GroupName, HoldWord, List, Op, Placed, Test,
    TextField, TextOp, TimeField, TrainingName, Value as Attributed,
};
use crate::store::compile;
use crate::store::snapshot::Snapshot;
use crate::store::viewer::Viewer;

/// A statement that lists people.
#[derive(Clone, PartialEq)]
pub(super) struct Source {
    /// What it lists of them: `id` or `seq`.
    pub(super) key: &'static str,
    pub(super) sql: String,
    pub(super) bindings: Bindings,
    /// Whether it is worth using however many it lists.
    pub(super) finds_all_fast: bool,
}

/// By how much a clock may have been set back between two people who were made one after the other.
const CLOCK_MS: i64 = 24 * 3_600_000;

pub(super) const GROUP: &str = "(SELECT id FROM groups WHERE name_key = ? AND removed = 0)";
pub(super) const POOL: &str = "(SELECT id FROM pools WHERE name = ?)";

/// Whoever has a text: by the index, or still waiting to be indexed.
const TEXT: &str = "SELECT rowid FROM users_text WHERE users_text MATCH ? \
    UNION ALL SELECT search_pending.seq FROM search_pending \
    CROSS JOIN users AS edited ON edited.seq = search_pending.seq WHERE instr(edited.search, ?) > 0 \
    UNION ALL SELECT fresh.seq FROM users AS fresh \
    WHERE fresh.seq > (SELECT indexed_to FROM search_progress) AND instr(fresh.search, ?) > 0";

/// As [`TEXT`], for one or two letters: the index holds trigrams in order, and every letter begins one.
const LETTERS: &str = "SELECT doc FROM users_terms WHERE term >= ? AND term < ? \
    UNION ALL SELECT search_pending.seq FROM search_pending \
    CROSS JOIN users AS edited ON edited.seq = search_pending.seq WHERE instr(edited.search, ?) > 0 \
    UNION ALL SELECT fresh.seq FROM users AS fresh \
    WHERE fresh.seq > (SELECT indexed_to FROM search_progress) AND instr(fresh.search, ?) > 0";

/// Whose user name, or address where they have none, begins so.
const BEGINS: &str = "SELECT few.seq FROM users AS few WHERE few.user_name_key >= ? AND few.user_name_key < ? \
    UNION ALL SELECT few.seq FROM users AS few WHERE few.email_key >= ? AND few.email_key < ? AND +few.user_name_key IS NULL";

/// Who has a further address with this in it, or one whose domain is spelled otherwise in its key.
const FURTHER: &str = "SELECT far.seq FROM addresses CROSS JOIN users AS far ON far.id = addresses.user \
    WHERE instr(addresses.key, ?) > 0 OR instr(addresses.key, 'xn--') > 0";

/// Of whom an attribute is kept that has a field.
const MAPPED: &str =
    "SELECT few.seq FROM users AS few WHERE few.kept >= '{\"$' AND few.kept < '{\"%'";

/// Who reports to nobody.
pub(super) const WITHOUT_MANAGER: &str =
    "SELECT few.seq FROM users AS few INDEXED BY users_without_manager WHERE few.manager IS NULL";

/// Whom the platform never saw, and who was not looked at yet.
pub(super) const UNSEEN: &str = "SELECT seq FROM unseen UNION ALL SELECT fresh.seq FROM users AS fresh \
    WHERE fresh.seq > (SELECT seq FROM looked_to)";

/// What is not shown to whoever asks, or not asked for.
#[derive(Clone, Copy)]
pub(super) struct Unseen {
    /// Who was erased: they have no address, and are seen only where a status is named.
    pub(super) erased: bool,
    /// Names of people who have not accepted: they are as if they had none.
    names: bool,
}

impl Unseen {
    pub(super) fn of(query: &Expr, viewer: Viewer) -> Self {
        Self {
            erased: !compile::names_status(query),
            names: viewer.hides_names,
        }
    }
}

/// The statements that list at least everybody whom a query finds.
pub(super) fn of(query: &Expr, viewer: Viewer) -> Vec<Source> {
    all(query, Unseen::of(query, viewer))
}

/// As [`of`], with those for which the roster has to be looked at.
pub(super) fn within(snapshot: &Snapshot<'_>, query: &Expr) -> Result<Vec<Source>> {
    let mut sources = of(query, snapshot.viewer);
    let parts = match query {
        Expr::And(parts) => parts.as_slice(),
        one => std::slice::from_ref(one),
    };
    for part in parts {
        if let Expr::When {
            field: TimeField::Created,
            from,
            until,
        } = part
            && !was_set_far_back(snapshot)?
        {
            let first = match from {
                Some(from) => made_from(snapshot, from.as_millis().saturating_sub(CLOCK_MS))?,
                None => 0,
            };
            let end = match until {
                Some(until) => made_from(snapshot, until.as_millis().saturating_add(CLOCK_MS))?,
                None => i64::MAX,
            };
            sources.push(probed(
                "SELECT made.seq FROM users AS made WHERE made.seq >= ? AND made.seq < ?",
                vec![first.into(), end.into()],
            ));
        }
    }
    Ok(sources)
}

/// Whether clocks were set back by more than that, all in all: then people are not numbered as their instants go.
fn was_set_far_back(snapshot: &Snapshot<'_>) -> Result<bool> {
    let sql = "SELECT sum(before.at - clock_runs.at) FROM clock_runs \
        CROSS JOIN batches AS before ON before.seq = clock_runs.first_batch - 1";
    let back = snapshot.one(sql, [], |row| row.get::<_, Option<i64>>(0))?;
    Ok(back.flatten().is_some_and(|it| it > CLOCK_MS))
}

/// The number from which on people were made at or after an instant, give or take what a clock was set back: people are
/// numbered as they are made.
fn made_from(snapshot: &Snapshot<'_>, instant: i64) -> Result<i64> {
    let at = "SELECT created_at FROM users WHERE seq >= ?1 ORDER BY seq LIMIT 1";
    let newest: Option<i64> = snapshot
        .one("SELECT max(seq) FROM users", [], |row| row.get(0))?
        .flatten();
    let (mut low, mut high) = (0, newest.unwrap_or(0) + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let made: Option<i64> = snapshot.one(at, [middle], |row| row.get(0))?;
        if made.is_some_and(|it| it < instant) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

fn all(query: &Expr, unseen: Unseen) -> Vec<Source> {
    match query {
        Expr::And(parts) => {
            let each = parts.iter().flat_map(|it| all(it, unseen));
            words(parts).into_iter().chain(each).collect()
        }
        Expr::Or(parts) => any(parts, unseen).into_iter().collect(),
        Expr::Not(inner) if unseen.erased && matches!(**inner, Expr::Has(TextField::Email)) => {
            vec![by_seq(
                "SELECT seq FROM users AS few WHERE few.email IS NULL AND few.status <> 'erased'",
                Vec::new(),
            )]
        }
        Expr::Not(inner)
            if unseen.erased
                && matches!(
                    **inner,
                    Expr::When {
                        field: TimeField::Seen,
                        from: None,
                        until: None,
                    }
                ) =>
        {
            vec![probed(UNSEEN, Vec::new())]
        }
        Expr::Not(inner) => match &**inner {
            // Whoever is none of them is not the first.
            Expr::Or(parts) => {
                let each = parts.iter().map(|it| Expr::Not(Box::new(it.clone())));
                each.flat_map(|it| all(&it, unseen)).collect()
            }
            Expr::Has(field) if unseen.erased => has(*field, false, unseen).into_iter().collect(),
            Expr::HasManager => vec![probed(WITHOUT_MANAGER, Vec::new())],
            _ => Vec::new(),
        },
        one => source(one, unseen).into_iter().collect(),
    }
}

/// Whoever has all of these words, at once: each may be many people's.
fn words(parts: &[Expr]) -> Option<Source> {
    let needles: Vec<String> = parts
        .iter()
        .filter_map(|it| match it {
            Expr::Text(text) => Some(folded(text)),
            _ => None,
        })
        .filter(|it| it.chars().count() >= 3)
        .collect();
    if needles.len() < 2 {
        return None;
    }
    let trigrams: Vec<String> = needles
        .iter()
        .filter_map(|it| compile::trigrams(it))
        .collect();
    let has = |of: &str| {
        let each: Vec<_> = needles
            .iter()
            .map(|_| format!("instr({of}.search, ?) > 0"))
            .collect();
        each.join(" AND ")
    };
    let (edited, fresh) = (has("edited"), has("fresh"));
    let mut bindings = vec![trigrams.join(" AND ").into()];
    bindings.extend(needles.iter().chain(&needles).map(|it| it.clone().into()));
    Some(by_seq(
        format!(
            "SELECT rowid FROM users_text WHERE users_text MATCH ? \
             UNION ALL SELECT search_pending.seq FROM search_pending \
             CROSS JOIN users AS edited ON edited.seq = search_pending.seq WHERE {edited} \
             UNION ALL SELECT fresh.seq FROM users AS fresh \
             WHERE fresh.seq > (SELECT indexed_to FROM search_progress) AND {fresh}"
        ),
        bindings,
    ))
}

/// One list for all parts of an `or`, if each has one.
fn any(parts: &[Expr], unseen: Unseen) -> Option<Source> {
    let mut sources: Vec<Source> = Vec::new();
    for part in parts {
        let source = all(part, unseen).into_iter().next()?;
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    let key = sources.first()?.key;
    if sources.iter().any(|it| it.key != key) {
        return None;
    }
    let sql: Vec<&str> = sources.iter().map(|it| it.sql.as_str()).collect();
    Some(Source {
        key,
        sql: sql.join(" UNION ALL "),
        finds_all_fast: sources.iter().all(|it| it.finds_all_fast),
        bindings: sources.into_iter().flat_map(|it| it.bindings).collect(),
    })
}

fn source(query: &Expr, unseen: Unseen) -> Option<Source> {
    Some(match query {
        Expr::Group(name) => by_id(
            format!("SELECT user FROM memberships WHERE member_of = {GROUP}"),
            vec![name_key(name).into()],
        ),
        Expr::GroupId(id) => by_id(
            "SELECT user FROM memberships WHERE member_of = ?",
            vec![id.as_bytes().to_vec().into()],
        ),
        Expr::Role { group, role } => {
            let role = role.as_str().to_owned().into();
            match group {
                None => by_id(
                    "SELECT user FROM groups CROSS JOIN memberships ON member_of = groups.id AND role = ?",
                    vec![role],
                ),
                Some(GroupName::Named(name)) => by_id(
                    format!("SELECT user FROM memberships WHERE member_of = {GROUP} AND role = ?"),
                    vec![name_key(name).into(), role],
                ),
                Some(GroupName::Id(id)) => by_id(
                    "SELECT user FROM memberships WHERE member_of = ? AND role = ?",
                    vec![id.as_bytes().to_vec().into(), role],
                ),
            }
        }
        Expr::Training { training, state } => assigned(training, *state),
        Expr::Assignment(state) => by_id(
            "SELECT user FROM trainings CROSS JOIN assignments ON training = trainings.id AND state = ?",
            vec![state.as_str().to_owned().into()],
        ),
        Expr::Administrator => by_id("SELECT user FROM permissions", Vec::new()),
        Expr::Protected => by_seq(
            "SELECT seq FROM users AS few WHERE few.protected = 1",
            Vec::new(),
        ),
        Expr::Undelivered => by_id("SELECT user FROM undelivered", Vec::new()),
        Expr::SsoMismatch => by_seq(
            "SELECT few.seq FROM users AS few \
             WHERE instr(few.user_name_key, '@') > 0 AND few.user_name_key IS NOT few.email_key",
            Vec::new(),
        ),
        Expr::Pool { name, hold } => return pool(&fold_key(name.trim()), *hold),
        // Who was erased is linked to nothing.
        Expr::Connection(name) if unseen.erased => by_id(
            "SELECT user FROM links WHERE connection = (SELECT id FROM connections WHERE name = ?)",
            vec![name.trim().to_owned().into()],
        ),
        Expr::Label(label) => by_id(
            "SELECT user FROM user_labels WHERE key = ?",
            vec![folded(label).into()],
        ),
        Expr::Custom { field, test } => custom(field.id, test),
        Expr::Status(statuses) if statuses.len() > 1 => of_status(statuses),
        Expr::Text(text) => {
            let mut needle = folded(text);
            if needle.chars().count() < 3 {
                needle.insert(0, ' ');
            }
            return text_source(needle);
        }
        Expr::Field { field, op, value } => return field_source(*field, *op, value),
        Expr::Attribute(attribute) => match attribute.as_ref() {
            Attribute::Is(compared) => return part_source(compared),
            Attribute::Some { of, that } => return address_source(of, that),
            Attribute::Address(_) => return None,
        },
        Expr::Has(field) => return has(*field, true, unseen),
        Expr::HasManager => probed(
            "SELECT few.seq FROM users AS few INDEXED BY users_by_manager WHERE few.manager IS NOT NULL",
            Vec::new(),
        ),
        Expr::When { field, from, until } => return when(*field, *from, *until),
        Expr::Day { field, from, until } => {
            let (sql, bindings) = compile::of_day(*field, *from, *until);
            by_id(sql, bindings)
        }
        _ => return None,
    })
}

fn by_id(sql: impl Into<String>, bindings: Bindings) -> Source {
    Source {
        key: "id",
        sql: sql.into(),
        bindings,
        finds_all_fast: true,
    }
}

fn by_seq(sql: impl Into<String>, bindings: Bindings) -> Source {
    Source {
        key: "seq",
        ..by_id(sql, bindings)
    }
}

/// One that is used only where it lists few.
fn probed(sql: impl Into<String>, bindings: Bindings) -> Source {
    Source {
        finds_all_fast: false,
        ..by_seq(sql, bindings)
    }
}

fn assigned(training: &TrainingName, state: Option<AssignmentState>) -> Source {
    let (id, of) = match training {
        TrainingName::Named(name) => (
            "(SELECT id FROM trainings WHERE name_key = ? AND removed = 0)",
            name_key(name).into(),
        ),
        TrainingName::Id(id) => ("?", id.as_bytes().to_vec().into()),
    };
    let states = match state {
        Some(state) => vec![state],
        None => vec![
            AssignmentState::Assigned,
            AssignmentState::Started,
            AssignmentState::Completed,
        ],
    };
    let places = vec!["?"; states.len()].join(", ");
    let mut bindings = vec![of];
    bindings.extend(states.iter().map(|it| it.as_str().to_owned().into()));
    by_id(
        format!("SELECT user FROM assignments WHERE training = {id} AND state IN ({places})"),
        bindings,
    )
}

/// Seats are as many as people: who holds one in which way follows from where they stand.
fn pool(name: &str, hold: Option<HoldWord>) -> Option<Source> {
    let of = || vec![name.to_owned().into()];
    let state = match hold {
        Some(HoldWord::Queued) => {
            return Some(by_id(
                format!("SELECT user FROM licenses WHERE pool = {POOL} AND state = 'queued'"),
                of(),
            ));
        }
        None => "",
        Some(HoldWord::Reserved) => " AND state = 'reserved'",
        Some(HoldWord::Consumed) => " AND state = 'consumed'",
    };
    if name == PoolName::access().as_str() {
        return match hold {
            Some(HoldWord::Reserved) => {
                Some(of_status(&[Status::Waiting, Status::PendingTransfer]))
            }
            Some(HoldWord::Consumed) => Some(of_status(&[Status::Active])),
            _ => None,
        };
    }
    Some(by_id(
        format!("SELECT user FROM add_on_licenses WHERE pool = {POOL}{state}"),
        of(),
    ))
}

pub(super) fn of_status(statuses: &[Status]) -> Source {
    let places = vec!["?"; statuses.len()].join(", ");
    let bindings = statuses.iter().map(|it| it.as_str().to_owned().into());
    probed(
        format!("SELECT seq FROM users AS few WHERE few.status IN ({places})"),
        bindings.collect(),
    )
}

fn custom(field: FieldId, test: &FieldTest) -> Source {
    let mut bindings: Bindings = vec![field.as_bytes().to_vec().into()];
    let mut sql = "SELECT user FROM field_values WHERE field = ?".to_owned();
    compile::field_test(test, |condition, value| {
        sql.push_str(condition);
        bindings.push(value.into());
    });
    by_id(sql, bindings)
}

/// What is searched has the values of these fields, folded, each after a space.
fn field_source(field: TextField, op: TextOp, value: &str) -> Option<Source> {
    if let Some(mark) = compile::mark(field, op, value) {
        return text_source(mark);
    }
    let folded = folded(value);
    let needle = match op {
        TextOp::Contains => folded,
        TextOp::Equals | TextOp::StartsWith => format!(" {folded}"),
    };
    text_source(needle)
}

/// A part of what is searched. Letters outside ASCII are folded there otherwise than where a provider compares, and spaces
/// are counted otherwise.
fn part_source(compared: &Compared<Attributed>) -> Option<Source> {
    if let Attributed::AsSent { field, .. } = compared.value {
        let of_field = Compared {
            value: Attributed::Field(field),
            ..compared.clone()
        };
        let own = part_source(&of_field)?;
        return Some(Source {
            sql: format!("{} UNION ALL {MAPPED}", own.sql),
            ..own
        });
    }
    let is_searched = match &compared.value {
        Attributed::SignIn => true,
        Attributed::Field(field) => !matches!(field, TextField::Region | TextField::Language),
        _ => false,
    };
    let Test::Text { op, with, .. } = &compared.test else {
        return None;
    };
    let is_part = matches!(
        op,
        Op::Equals | Op::Contains | Op::StartsWith | Op::EndsWith
    );
    if !is_searched || !is_part || !compared.prefix.is_empty() {
        return None;
    }
    let needle = plain_word(with)?.to_ascii_lowercase();
    if compared.value == Attributed::SignIn && *op == Op::StartsWith && !with.contains(' ') {
        // Behind the @ a key may be spelled otherwise.
        let needle = match needle.find('@') {
            Some(at) => needle.get(..=at).unwrap_or(&needle).to_owned(),
            None => needle,
        };
        let end = format!("{needle}\u{10ffff}");
        let ends = [needle.clone(), end.clone(), needle, end];
        return Some(by_seq(BEGINS, ends.map(Into::into).to_vec()));
    }
    (needle.len() >= 3).then(|| text_source(needle)).flatten()
}

/// The longest word of a text, if all its letters are found in what is searched, and by keys, as they are.
fn plain_word(text: &str) -> Option<&str> {
    let mut words = text.split(' ').filter(|it| !it.is_empty());
    if !words.clone().all(is_plain) {
        return None;
    }
    let first = words.next()?;
    Some(words.fold(first, |longest, it| {
        if it.len() > longest.len() {
            it
        } else {
            longest
        }
    }))
}

/// Whether this is found in what is searched, and by keys, as it is.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|it| it.is_ascii_graphic())
}

/// A part of an address: of somebody's own, which is searched, or of a further one, which few have.
fn address_source(of: &List, that: &Element) -> Option<Source> {
    let List::Kept {
        placed:
            Some(Placed {
                field: TextField::Email,
                part,
                ..
            }),
        ..
    } = of
    else {
        return None;
    };
    let needle = needed_part(that, part)?.to_ascii_lowercase();
    let own = text_source(needle.clone())?;
    let mut bindings = own.bindings;
    bindings.push(needle.into());
    Some(by_seq(format!("{} UNION ALL {FURTHER}", own.sql), bindings))
}

/// What an element must have in a part, in one piece that is found as it is.
fn needed_part<'a>(that: &'a Element, part: &str) -> Option<&'a str> {
    match that {
        Element::And(all) => all.iter().find_map(|it| needed_part(it, part)),
        Element::Part(Compared {
            value,
            prefix,
            test:
                Test::Text {
                    op: Op::Contains | Op::StartsWith | Op::EndsWith,
                    with,
                    ..
                },
        }) if value == part && prefix.is_empty() && with.len() >= 3 && is_plain(with) => Some(with),
        Element::Part(_) | Element::Or(_) | Element::Not(_) => None,
    }
}

fn text_source(needle: String) -> Option<Source> {
    if needle.is_empty() {
        return None;
    }
    let Some(trigrams) = compile::trigrams(&needle) else {
        let end = format!("{needle}\u{10ffff}");
        let letters = vec![
            needle.clone().into(),
            end.into(),
            needle.clone().into(),
            needle.into(),
        ];
        return Some(probed(LETTERS, letters));
    };
    Some(by_seq(
        TEXT,
        vec![trigrams.into(), needle.clone().into(), needle.into()],
    ))
}

/// Whoever has something in a field, or lacks it.
pub(super) fn has(field: TextField, has: bool, unseen: Unseen) -> Option<Source> {
    use TextField::{DisplayName, FirstName, LastName};
    let is_name = matches!(field, FirstName | LastName | DisplayName);
    let marks = lacking(field.into(), !has);
    if marks.is_empty() || is_name && unseen.names {
        return None;
    }
    let marks: Vec<String> = marks.iter().map(|it| format!("\"{it}\"")).collect();
    let (is_null, column) = (
        if has { "NOT NULL" } else { "NULL" },
        compile::column(field),
    );
    let of = |of: &str| format!("{of}.{} IS {is_null}", column.trim_start_matches("users."));
    let (edited, fresh) = (of("edited"), of("fresh"));
    Some(probed(
        format!(
            "SELECT rowid FROM users_text WHERE users_text MATCH ? \
             UNION ALL SELECT search_pending.seq FROM search_pending \
             CROSS JOIN users AS edited ON edited.seq = search_pending.seq WHERE {edited} \
             UNION ALL SELECT fresh.seq FROM users AS fresh \
             WHERE fresh.seq > (SELECT indexed_to FROM search_progress) AND {fresh}"
        ),
        vec![marks.join(" OR ").into()],
    ))
}

fn when(field: TimeField, from: Option<Timestamp>, until: Option<Timestamp>) -> Option<Source> {
    let column = match field {
        TimeField::Created => return None,
        TimeField::Updated => "few.updated_at",
        TimeField::Seen => "few.last_seen_at",
    };
    let mut sql = format!("SELECT seq FROM users AS few WHERE {column} IS NOT NULL");
    let mut bindings = Bindings::new();
    if let Some(from) = from {
        sql.push_str(&format!(" AND {column} >= ?"));
        bindings.push(from.as_millis().into());
    }
    if let Some(until) = until {
        sql.push_str(&format!(" AND {column} < ?"));
        bindings.push(until.as_millis().into());
    }
    Some(probed(sql, bindings))
}

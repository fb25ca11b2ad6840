//! What the console reads, in its own shapes: one function a reading. They run on the runner's threads, never on the one
//! that draws.

use std::collections::{BTreeSet, HashMap};

use usher_core::command::Command;
use usher_core::directory::HistoryPage;
use usher_core::model::{Actor, Batch, Door, Hold, Status, User, UserId};
use usher_core::query::{Expr, PageFrom, SortBy, UsersPage};
use usher_core::{Read, Result, Session};

use crate::boards::failing;
use crate::counters::{Counters, Newest, PoolCount, is_of_standing, may_queue};
use crate::detail::{Detail, Happened};
use crate::effect::{CountRequest, RangeRequest, Reach, WindowRequest};
use crate::event::{Counted, Window};
use crate::list::Row;
use crate::summary::{in_words, queued_by};
use crate::zone::Zone;

/// Most people in a range of rows; more are marked by a filter.
const LONGEST_RANGE: usize = 100_000;
/// How many people are read at a time for a range.
const RANGE_PAGE: usize = 2_000;
/// How many events of a person are shown.
const SHOWN_EVENTS: usize = 20;
/// Most changes of a batch that are looked through for whom it was about.
const MOST_COUNTED: i64 = 20_000;
/// Most changes of a batch that are read to tell who waits: it is done after every commit.
const MOST_LOOKED_THROUGH: i64 = 2_000;
/// How many batches are looked through for one of this console.
const RECENT_BATCHES: usize = 200;

/// Rows of the list.
pub(crate) fn window(read: &Read<'_>, request: &WindowRequest) -> Result<Window> {
    let page = |from: PageFrom, limit: usize| {
        read.users(&UsersPage {
            query: request.query.clone(),
            sort: request.sort,
            descending: request.descending,
            from,
            limit,
        })
    };
    let limit = request.limit;
    let mut before = 0;
    let (users, at_start, at_end) = match request.reach {
        Reach::Start => one_end(page(PageFrom::Start, limit)?, limit, true),
        Reach::End => one_end(page(PageFrom::End, limit)?, limit, false),
        Reach::After(user) => one_end(page(PageFrom::After(user), limit)?, limit, true),
        Reach::Before(user) => one_end(page(PageFrom::Before(user), limit)?, limit, false),
        Reach::Around(user, wanted) => {
            let mut users = page(PageFrom::Before(user), wanted)?;
            let at_start =
                users.len() < wanted || wanted == 0 && page(PageFrom::Before(user), 1)?.is_empty();
            before = users.len();
            let rest = page(PageFrom::At(user), limit - wanted.min(limit))?;
            let at_end = rest.len() < limit - wanted.min(limit);
            users.extend(rest);
            (users, at_start, at_end)
        }
    };
    let marked = found_among(read, request.marked.as_ref(), &users)?;
    Ok(Window {
        rows: rows(read, users)?,
        at_start,
        at_end,
        before,
        marked,
    })
}

/// A page that begins or ends somewhere: fewer rows than asked for are the end of the list on the other side.
fn one_end(users: Vec<User>, limit: usize, downwards: bool) -> (Vec<User>, bool, bool) {
    let over = users.len() < limit;
    (users, !downwards && over, downwards && over)
}

/// Those of some people whom a query finds.
fn found_among(read: &Read<'_>, query: Option<&Expr>, users: &[User]) -> Result<BTreeSet<UserId>> {
    let Some(query) = query.filter(|_| !users.is_empty()) else {
        return Ok(BTreeSet::new());
    };
    let these = Expr::Or(users.iter().map(|it| Expr::Id(it.id)).collect());
    let page = UsersPage {
        query: Expr::And(vec![these, query.clone()]),
        sort: SortBy::Created,
        descending: false,
        from: PageFrom::Start,
        limit: users.len(),
    };
    Ok(read.users(&page)?.into_iter().map(|it| it.id).collect())
}

fn rows(read: &Read<'_>, users: Vec<User>) -> Result<Vec<Row>> {
    let managers: Vec<_> = users.iter().filter_map(|it| it.manager).collect();
    let managers = read.labels_of(&managers)?;
    let ids: Vec<_> = users.iter().map(|it| it.id).collect();
    let mut fields = read.fields_of(&ids)?;
    let zone = Zone::of(read)?;
    let rows = users.into_iter().map(|user| {
        let custom = fields.remove(&user.id).unwrap_or_default();
        row(user, &zone, &managers, custom)
    });
    Ok(rows.collect())
}

fn row(
    user: User,
    zone: &Zone,
    managers: &HashMap<UserId, String>,
    custom: Vec<(String, String)>,
) -> Row {
    Row {
        id: user.id,
        status: user.status,
        name: listed_name(&user),
        email: user
            .profile
            .email
            .clone()
            .or_else(|| user.profile.user_name.clone())
            .unwrap_or_default(),
        manager: user
            .manager
            .and_then(|it| managers.get(&it).cloned())
            .unwrap_or_default(),
        area: user.profile.functional_area.unwrap_or_default(),
        title: user.profile.title.unwrap_or_default(),
        region: user.profile.region.unwrap_or_default(),
        language: user.profile.language.unwrap_or_default(),
        labels: user.profile.labels.unwrap_or_default(),
        seen: user.last_seen_at.map(|it| zone.day(it)).unwrap_or_default(),
        created: zone.day(user.created_at),
        custom,
        protected: user.protected,
    }
}

/// The name as the list is sorted by it: family name first, where both names are known.
fn listed_name(user: &User) -> String {
    match (&user.profile.last_name, &user.profile.first_name) {
        (Some(last), Some(first)) => format!("{last}, {first}"),
        _ => user.name(),
    }
}

/// The people from one row to another, in the order of the list.
pub(crate) fn range(read: &Read<'_>, request: &RangeRequest) -> Result<Vec<UserId>, String> {
    let mut users = Vec::new();
    let mut from = PageFrom::At(request.first);
    loop {
        let (query, sort) = (request.query.clone(), request.sort);
        let page = UsersPage {
            query,
            sort,
            descending: request.descending,
            from,
            limit: RANGE_PAGE,
        };
        let found = read.users(&page).map_err(|it| it.to_string())?;
        for user in &found {
            users.push(user.id);
            if user.id == request.last {
                return Ok(users);
            }
        }
        let Some(last) = found.last().filter(|_| found.len() == RANGE_PAGE) else {
            return Ok(users);
        };
        if users.len() >= LONGEST_RANGE {
            return Err(
                "the range is longer than 100,000 people; find them with a filter and mark all"
                    .to_owned(),
            );
        }
        from = PageFrom::After(last.id);
    }
}

/// Most people who are offered for a name that is being typed.
const MOST_CALLED: usize = 8;

/// People who are called so, by any part of their names and addresses, or who have this id: addresses and names.
pub(crate) fn people_called(read: &Read<'_>, called: &str) -> Result<Vec<(String, String)>> {
    let words = called.split_whitespace();
    let words: Vec<_> = words.map(|it| Expr::Text(it.to_owned())).collect();
    let mut users: Vec<User> = read.find_user(called).into_iter().collect();
    if !words.is_empty() {
        users.extend(read.users(&UsersPage {
            query: Expr::And(words),
            sort: SortBy::Name,
            descending: false,
            from: PageFrom::Start,
            limit: MOST_CALLED,
        })?);
    }
    let mut seen = BTreeSet::new();
    users.retain(|it| seen.insert(it.id));
    Ok(users.iter().map(|it| (it.label(), it.name())).collect())
}

/// Addresses that are probably mistyped, among those of new people: each with what is doubtful.
pub(crate) fn doubts(session: &Session, command: &Command) -> Result<Vec<String>> {
    let people = match command {
        Command::Invite(it) => &it.people,
        Command::InviteToSession(it) => &it.invite.people,
        Command::Create(it) => &it.people,
        _ => return Ok(Vec::new()),
    };
    let emails = people.iter().filter_map(|it| it.profile.email.as_deref());
    session.read()?.doubtful_addresses(emails)
}

/// What the header says.
pub(crate) fn counters(read: &Read<'_>, actor: Actor) -> Result<Counters> {
    let statuses = read.status_counts()?;
    let standing = |it: &[Status]| it.iter().filter_map(|status| statuses.get(status)).sum();
    let pools = read.pools()?.into_iter().map(|pool| PoolCount {
        name: pool.name.as_str().to_owned(),
        purchased: pool.terms.purchased,
        held: pool.held(),
        free: pool.free(),
        queued: pool.queued,
        alarm: pool.alarm,
    });
    let organization = read.organization()?;
    let approvals = read.approvals()?;
    let open = approvals.iter().filter(|it| it.is_open(read.now()));
    let newest = match read.batches(None, 1)?.pop() {
        Some(batch) => Some(newest(read, batch)?),
        None => None,
    };
    Ok(Counters {
        zone: organization.time_zone.to_string(),
        organization: organization.name,
        actor: read.actor_name(actor)?,
        pools: pools.collect(),
        waiting: standing(&[Status::Waiting, Status::PendingTransfer]),
        queued: standing(&[Status::Queued]),
        approvals: open.count(),
        held: read.held_counts()?,
        failing: failing(read)?,
        served: false,
        vocabulary: read.vocabulary_with_names()?,
        idle_minutes: read.settings()?.idle_minutes,
        newest,
    })
}

fn newest(read: &Read<'_>, batch: Batch) -> Result<Newest> {
    let actor = read.actor_name(batch.actor)?;
    // Others are changed besides: those whose manager leaves, say.
    let stand = if is_of_standing(&batch.command) {
        read.stand_otherwise(batch.id, MOST_COUNTED)?
    } else {
        Some(batch.people)
    };
    let queued = match batch.changes {
        ..=MOST_LOOKED_THROUGH if may_queue(&batch.command) => queued_in(read, &batch)?,
        _ => 0,
    };
    // Of more than that it is not known who waits.
    let known = !may_queue(&batch.command) || batch.changes <= MOST_LOOKED_THROUGH;
    let stand = stand.filter(|_| known).map(|it| it - queued);
    let Batch {
        id,
        command,
        people,
        changes,
        at,
        door,
        ..
    } = batch;
    Ok(Newest {
        batch: id,
        command,
        people,
        done: stand,
        queued,
        changes,
        at,
        door: door.as_str(),
        actor,
    })
}

/// How many people wait for what a batch was to give them.
fn queued_in(read: &Read<'_>, batch: &Batch) -> Result<i64> {
    let events = read.history(&HistoryPage {
        batch: Some(batch.id),
        limit: usize::try_from(batch.changes).unwrap_or(0),
        ..HistoryPage::default()
    })?;
    let changes = events.iter().filter_map(|it| it.change.as_ref());
    Ok(i64::try_from(queued_by(&batch.command, changes)).unwrap_or(0))
}

/// Numbers of people.
pub(crate) fn counted(read: &Read<'_>, request: &CountRequest) -> Result<Counted> {
    let begun = std::time::Instant::now();
    let count = |query: &Option<Expr>| query.as_ref().map(|it| read.count_users(it)).transpose();
    let (total, marked, marked_here) = (
        count(&request.query)?,
        count(&request.marked)?,
        count(&request.marked_here)?,
    );
    Ok(Counted {
        total,
        marked,
        marked_here,
        took: begun.elapsed(),
    })
}

/// The newest batch that this actor applied at a console and that can still be undone.
pub(crate) fn own_last_batch(read: &Read<'_>, actor: Actor) -> Result<Option<Batch>> {
    let batches = read.batches(None, RECENT_BATCHES)?;
    let own = |it: &Batch| it.actor == actor && it.door == Door::Console;
    let stands =
        |it: &Batch| it.undone_by.is_none() && it.undoes.is_none() && it.caused_by.is_none();
    Ok(batches.into_iter().find(|it| own(it) && stands(it)))
}

/// Everything shown about one person.
pub(crate) fn detail(read: &Read<'_>, user: UserId) -> Result<Detail> {
    let Some(user) = read.user(user)? else {
        return Err(usher_core::Error::not_found("user", user));
    };
    let (events, more_events) = happened(read, user.id)?;
    Ok(Detail {
        user: user.id,
        name: user.name(),
        status: user.status,
        facts: facts(read, &user)?,
        licenses: licenses(read, user.id)?,
        events,
        more_events,
    })
}

fn facts(read: &Read<'_>, user: &User) -> Result<Vec<(&'static str, String)>> {
    let manager = match user.manager {
        Some(manager) => read.labels_of(&[manager])?.remove(&manager),
        None => None,
    };
    let connection = match user.connection {
        Some(id) => read.connection_by_id(id)?.map(|it| it.name),
        None => None,
    };
    let zone = Zone::of(read)?;
    let invitation = read.invitation(user.id)?;
    let permissions = read.permissions_of(user.id)?;
    let permissions: Vec<_> = permissions.iter().map(|it| it.as_str()).collect();
    let profile = &user.profile;
    let all = [
        ("status", Some(user.status.as_str().to_owned())),
        ("email", profile.email.clone()),
        (
            "user name",
            profile
                .user_name
                .clone()
                .filter(|it| Some(it) != profile.email.as_ref()),
        ),
        ("title", profile.title.clone()),
        ("area", profile.functional_area.clone()),
        ("region", profile.region.clone()),
        ("language", profile.language.clone()),
        ("labels", profile.labels.clone()),
        ("fields", custom_fields(read, user.id)?),
        ("manager", manager),
        ("provider", connection),
        ("owned by", owned(read, user)?),
        ("may", Some(permissions.join(", "))),
        (
            "protected",
            user.protected
                .then(|| "only owners may take this person off".to_owned()),
        ),
        (
            "invitation",
            invitation
                .map(|it| format!("{}, until {}", it.state.as_str(), zone.day(it.expires_at))),
        ),
        ("last seen", user.last_seen_at.map(|it| zone.day(it))),
        ("created", Some(zone.day(user.created_at))),
        ("id", Some(user.id.to_string())),
    ];
    let set = |(label, value): (&'static str, Option<String>)| {
        Some((label, value.filter(|it| !it.is_empty())?))
    };
    Ok(all.into_iter().filter_map(set).collect())
}

/// What the person's provider owns of them: changing it takes an override.
fn owned(read: &Read<'_>, user: &User) -> Result<Option<String>> {
    let owned = read.owned_of(user)?;
    Ok(owned.map(|(connection, parts)| {
        let parts: Vec<_> = parts.iter().map(|it| it.replace('_', " ")).collect();
        format!("{connection}: {}", parts.join(", "))
    }))
}

/// Custom fields and what this person has in them, in one line.
fn custom_fields(read: &Read<'_>, user: UserId) -> Result<Option<String>> {
    let fields = read.fields_of(&[user])?.remove(&user);
    Ok(fields.map(|it| {
        let said = it.iter().map(|(name, value)| format!("{name} {value}"));
        said.collect::<Vec<_>>().join(", ")
    }))
}

fn licenses(read: &Read<'_>, user: UserId) -> Result<Vec<(String, String)>> {
    let pools: HashMap<_, _> = read
        .pools()?
        .into_iter()
        .map(|it| (it.id, it.name))
        .collect();
    let mut held = Vec::new();
    for license in read.licenses_of(&[user])? {
        let name = pools
            .get(&license.pool)
            .map(|it| it.as_str().to_owned())
            .unwrap_or_default();
        let how = match license.hold {
            Hold::Queued(_) => match read.queue_position(license.pool, user)? {
                Some(place) => format!("queued, number {place}"),
                None => "queued".to_owned(),
            },
            other => other.as_str().to_owned(),
        };
        held.push((name, how));
    }
    Ok(held)
}

fn happened(read: &Read<'_>, user: UserId) -> Result<(Vec<Happened>, bool)> {
    let page = HistoryPage {
        user: Some(user),
        before: Some(i64::MAX),
        limit: SHOWN_EVENTS + 1,
        ..HistoryPage::default()
    };
    let events = read.history(&page)?;
    let names = read.names_for(events.iter().filter_map(|it| it.change.as_ref()))?;
    let more = events.len() > SHOWN_EVENTS;
    let mut shown = Vec::new();
    for event in events.into_iter().take(SHOWN_EVENTS) {
        let what = match &event.change {
            Some(change) => in_words(&change.described(&names)),
            None => format!("{} (erased)", event.kind),
        };
        let by = format!("{}, {}", read.actor_name(event.actor)?, event.door.as_str());
        shown.push(Happened {
            at: event.at,
            what,
            by,
        });
    }
    Ok((shown, more))
}

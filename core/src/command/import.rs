//! Bring in, create and update the people of a file: one command, whatever the rows want, planned as one batch. What is
//! read of many people is read at once, and everything that is wrong is said, with its cell.

mod addressed;
mod carrying;
mod changing;
mod circles;
mod coming_back;
mod delegated;
mod managers;
mod people;
mod reading;
mod rows;
mod seldom;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::change::Change;
use crate::error::{Error, Result};
use crate::import::{Column, Columns, Does, Fault, Mode, Review, RowReview, Sheet};
use crate::model::{
    CountsFrom, CustomField, Date, Field, FieldId, GroupId, GroupRole, ImportTerms, Packed, PoolId,
    Profile, RequiredItem, Status, User, UserId, VisibleTo,
};
use crate::planner::Planner;
use rows::Rows;

/// Bring in, create and update the people of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Import {
    /// What was read of the file.
    pub sheet: Arc<Sheet>,
    /// The file's name, for the history.
    pub file: Option<String>,
    /// What is done about people who are, and who are not, on the roster.
    pub mode: Mode,
    /// Whether what is right is done while something is wrong. Whom there is no room for is wrong then.
    pub partial: bool,
    /// Whether the same file may be imported again in the same mode.
    pub again: bool,
    /// Whether addresses stand as they were typed that look like a slip of the hand.
    pub as_typed: bool,
    /// Whether what a connection owns is set all the same.
    pub overriding: bool,
    /// Whether people are mailed.
    pub mail: bool,
    /// The day at whose beginning invitations are mailed, where a row names none; none is at once.
    pub send_on: Option<Date>,
}

impl Import {
    /// An import of a sheet that mails whom it invites.
    pub fn of(sheet: Arc<Sheet>, mode: Mode) -> Self {
        Self {
            sheet,
            file: None,
            mode,
            partial: false,
            again: false,
            as_typed: false,
            overriding: false,
            mail: true,
            send_on: None,
        }
    }
}

/// How it begins what is said of whom there is no room for.
const NO_ROOM: &str = "no free seat";

/// What one row wants. Blank cells want nothing. Between two looks at it a row is kept in a few bytes ([`rows::Rows`]).
#[derive(Default)]
struct Wanted {
    row: u32,
    /// Where it stands among the rows of the sheet.
    place: u32,
    set: Packed,
    manager: Manager,
    leaves_groups: bool,
    returns_licenses: bool,
    /// Whether it names no group, and means the only one of whoever imports.
    joins_own: bool,
    status: Option<Status>,
    seldom: Option<Box<Seldom>>,
    /// Whom of the roster it means.
    known: Option<(UserId, Status)>,
    /// Whether that one is brought onto the roster, as somebody is who is not known.
    arrives: bool,
    /// Whether that one is inactive and has a seat again, or waits for one, by it.
    comes_again: bool,
    /// Whom they are to report to, once looked up.
    boss: Option<Option<Boss>>,
    /// Why that one can be nobody's manager from now on.
    unfit: Option<Unfit>,
    does: Option<Does>,
}

/// What a row may want besides, and most rows do not.
#[derive(Debug, Default, PartialEq)]
struct Seldom {
    id: Option<UserId>,
    /// The name that stands beside the address, within its cell.
    beside: Option<Box<Profile>>,
    /// Custom fields, as they are stored.
    fields: Vec<(FieldId, Option<String>)>,
    /// With the role that is said; none leaves it to whoever is in it, and is a learner's of whoever is not.
    groups: Vec<(GroupId, Option<GroupRole>)>,
    pools: Vec<PoolId>,
    send_on: Option<Date>,
}

/// What a row says of somebody's manager.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Manager {
    #[default]
    Unsaid,
    /// They are to have none.
    Nobody,
    /// They are to have the one whom the cell names.
    Named,
}

/// Somebody's manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Boss {
    /// Somebody of the roster.
    Person(UserId),
    /// Whoever comes, or is seated again, by the row at this place.
    Row(usize),
}

/// Why somebody can be nobody's manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unfit {
    /// They stand there.
    Stands(Status),
    /// They are to stand there by the row of this number.
    Leaves(Status, u32),
}

impl Wanted {
    /// What it wants besides.
    fn seldom(&self) -> &Seldom {
        static NOTHING: Seldom = Seldom {
            id: None,
            beside: None,
            fields: Vec::new(),
            groups: Vec::new(),
            pools: Vec::new(),
            send_on: None,
        };
        self.seldom.as_deref().unwrap_or(&NOTHING)
    }

    fn seldom_mut(&mut self) -> &mut Seldom {
        self.seldom.get_or_insert_default()
    }

    /// Who is taken off the roster by it, and as what.
    fn takes_off(&self) -> Option<(UserId, Status)> {
        let (id, now) = self.known.filter(|_| !self.arrives)?;
        let takes_off = |it: &Status| {
            *it != now && matches!(it, Status::Inactive | Status::Cancelled | Status::Deleted)
        };
        Some((id, self.status.filter(takes_off)?))
    }

    /// Whether it takes somebody off a seat, where invited people hold one or do not.
    fn leaves_seat(&self, invited_hold: bool) -> bool {
        let holds = self.known.is_some_and(|(_, now)| match now {
            Status::Active => true,
            now => now.waits() && invited_hold,
        });
        holds && self.takes_off().is_some()
    }

    /// Whether it gives back what others of the file may get.
    fn frees(&self) -> bool {
        let now = self.known.map(|it| it.1);
        let stays = self.status.is_none() || self.status == now;
        let boss_comes = matches!(self.boss, Some(Some(Boss::Row(_))));
        self.takes_off().is_some() || self.returns_licenses && stays && !boss_comes
    }

    /// Whom it is about, as somebody's manager.
    fn as_boss(&self, place: usize) -> Boss {
        match self.known {
            Some((id, _)) if !self.arrives && !self.comes_again => Boss::Person(id),
            _ => Boss::Row(place),
        }
    }

    fn get(&self, field: Field) -> Option<&str> {
        self.set.get(field)
    }

    /// What its person is called until somebody looks them up.
    fn called(&self) -> Option<String> {
        let email = self.get(Field::Email);
        email
            .or_else(|| self.get(Field::UserName))
            .map(str::to_owned)
    }

    fn is_wrong(&self) -> bool {
        self.does == Some(Does::Wrong)
    }

    /// Whether nothing was decided about it yet.
    fn is_open(&self) -> bool {
        self.does.is_none()
    }
}

/// What is looked up once for all rows.
struct Desk<'i> {
    import: &'i Import,
    columns: Columns,
    fields: Vec<CustomField>,
    required: Vec<RequiredItem>,
    groups: HashMap<String, GroupId>,
    group_names: Vec<String>,
    pools: Vec<(String, PoolId, bool)>,
    /// The newest day that has begun.
    begun: Date,
    faults: BTreeMap<u32, Vec<Fault>>,
    /// How many of the rows that are wrong bring somebody in once they are mended.
    wrong_arrivals: usize,
}

impl<'i> Desk<'i> {
    fn new(import: &'i Import, planner: &mut Planner<'_>) -> Result<Self> {
        let mut fields = planner.snapshot.custom_fields()?;
        let sees_all = planner.snapshot.sees_all_fields();
        fields.retain(|it| {
            !it.terms.removed && (sees_all || it.terms.visible_to == VisibleTo::Everybody)
        });
        let settings = planner.settings()?;
        let required = if settings.required_is_set {
            settings.required_on_invite.items().to_vec()
        } else {
            vec![RequiredItem::Field(Field::Email)]
        };
        let mut groups = planner.snapshot.groups()?;
        groups.retain(|it| planner.reaches_group(it.id));
        let pools = planner.ledger.pools();
        Ok(Self {
            import,
            columns: Columns::find(&import.sheet, &fields)?,
            fields,
            required,
            pools: pools
                .map(|it| (it.name.as_str().to_owned(), it.id, it.is_access()))
                .collect(),
            groups: groups
                .iter()
                .map(|it| (crate::model::name_key(&it.name), it.id))
                .collect(),
            group_names: groups.into_iter().map(|it| it.name).collect(),
            begun: planner.newest_begun()?,
            faults: BTreeMap::new(),
            wrong_arrivals: 0,
        })
    }

    /// Notes what is wrong in a row.
    fn fault(&mut self, wanted: &mut Wanted, column: Option<Column>, why: impl Into<String>) {
        wanted.does = Some(Does::Wrong);
        let column = column.and_then(|it| self.columns.place(it));
        self.faults.entry(wanted.row).or_default().push(Fault {
            row: wanted.row,
            column,
            why: why.into(),
        });
    }

    /// As [`Desk::fault`], in the row at a place.
    fn fault_at(
        &mut self,
        rows: &mut Rows,
        place: usize,
        column: Option<Column>,
        why: impl Into<String>,
    ) {
        if let Some(mut wanted) = rows.get(place) {
            self.fault(&mut wanted, column, why);
            rows.put(place, &wanted);
        }
    }

    /// What a column is called in the file, else what it is.
    fn called(&self, column: Column) -> String {
        column.words(&self.fields)
    }
}

impl Import {
    pub(super) fn plan(&self, planner: &mut Planner<'_>) -> Result<()> {
        let planned = self.plan_rows(planner);
        // A row that could not be read again looked as if it were blank, whatever came of that.
        self.sheet.check()?;
        planned
    }

    fn plan_rows(&self, planner: &mut Planner<'_>) -> Result<()> {
        self.refuse_beyond_inviting(planner)?;
        let digest = planner.snapshot.keyed(&self.sheet.hash())?;
        if !self.again
            && let Some(before) = planner.snapshot.standing_import(&digest, self.mode)?
            && (planner.reaches_everybody() || before.actor == planner.actor)
        {
            return Err(Error::Imported {
                batch: before.batch,
                at: before.at,
            });
        }
        planner.refuse_begun("send date", self.send_on, "leave it out to mail now")?;
        if self.partial {
            planner.leave_out_whom_there_is_no_room_for();
        }
        let mut desk = Desk::new(self, planner)?;
        let (mut rows, doubtful) = desk.read()?;
        desk.find_people(planner, &mut rows, &doubtful)?;
        desk.find_managers(planner, &mut rows)?;
        // Whom there is no room for is wrong from here on, too, and counted among those who ask for seats.
        let wrong_arrivals = rows.iter().filter(|it| it.arrives && it.is_wrong());
        desk.wrong_arrivals = wrong_arrivals.count();
        desk.carry_out(planner, &mut rows)?;
        planner.forget_arrivals();
        self.conclude(planner, desk, &rows, digest)
    }

    /// Says what becomes of every row, and that the file was imported.
    fn conclude(
        &self,
        planner: &mut Planner<'_>,
        desk: Desk<'_>,
        rows: &Rows,
        digest: String,
    ) -> Result<()> {
        let Desk {
            columns,
            faults,
            wrong_arrivals,
            ..
        } = desk;
        let access = &planner.ledger.line(planner.access)?.pool;
        let invited_hold = access.terms.counts_from == CountsFrom::Invitation;
        let mut review = Review {
            sheet: Arc::clone(&self.sheet),
            columns,
            rows: Vec::with_capacity(rows.len()),
            changed: Vec::new(),
            faults: faults.into_values().flatten().collect(),
            partial: self.partial,
            wrong_arrivals,
            wrong_leavers: rows
                .iter()
                .filter(|it| it.is_wrong() && it.leaves_seat(invited_hold))
                .count(),
        };
        for wanted in rows.iter() {
            let does = wanted.does.unwrap_or(Does::Nothing);
            let only_lacks_room = does == Does::Wrong && {
                let faults = review.faults_of(wanted.row);
                faults.iter().all(|it| it.why.starts_with(NO_ROOM))
            };
            if does == Does::Wrong {
                let who = who(&self.sheet, &review.columns, wanted.place);
                let why: Vec<&str> = review
                    .faults_of(wanted.row)
                    .iter()
                    .map(|it| it.why.as_str())
                    .collect();
                planner.skip_name(&who, format!("row {}: {}", wanted.row, why.join("; ")));
            }
            if let (Some((id, _)), Does::Update) = (wanted.known, does) {
                review.changed.push((wanted.row, id));
            }
            review.rows.push(RowReview {
                row: wanted.row,
                does: match only_lacks_room && self.partial {
                    true => Does::LeftOut,
                    false => does,
                },
            });
        }
        if !planner.is_idle() {
            planner.push(Change::Imported {
                terms: Box::new(ImportTerms {
                    file: self.file.clone(),
                    sheet: self.sheet.about.one_of_several(),
                    digest,
                    mode: self.mode,
                    format: self.sheet.about.format,
                    rows: review.rows.len(),
                    arrived: review.rows.iter().filter(|it| it.does.arrives()).count(),
                    queued: Some(review.count(Does::Queue)),
                    updated: review.count(Does::Update),
                    unchanged: review.count(Does::Nothing),
                    left_out: Some(review.count(Does::LeftOut)),
                    wrong: review.count(Does::Wrong),
                }),
            });
        }
        planner.review = Some(Box::new(review));
        Ok(())
    }
}

/// Whom the row at a place of the sheet is about, as typed.
fn who(sheet: &Sheet, columns: &Columns, place: u32) -> String {
    let row = usize::try_from(place).ok().and_then(|it| sheet.at(it));
    row.map_or_else(String::new, |it| columns.who(&it))
}

/// Whether that person may be brought onto the roster by this mode, as if they were new.
fn comes_back(mode: Mode, status: Status) -> bool {
    match mode {
        Mode::Invite | Mode::Both => matches!(status, Status::Cancelled | Status::Deleted),
        Mode::Create => status == Status::Deleted,
        Mode::Update => false,
    }
}

/// Whether that status can be changed to that one for somebody who was known, and if not, what to do.
fn why_not(user: &User, wish: Status) -> Option<String> {
    use Status::{Active, Cancelled, Deleted, Erased, Inactive, PendingTransfer, Queued, Waiting};
    let now = user.status;
    let why = match (now, wish) {
        (_, Erased) => "erasing has no undo: use usher erase".to_owned(),
        (_, Queued | PendingTransfer) => format!("{wish} comes by itself and cannot be set"),
        (Inactive, Active) if !user.accepted => {
            "has never accepted: say waiting to invite them again".to_owned()
        }
        (Inactive, Waiting) if user.accepted => {
            "has been in before: say active to bring them back".to_owned()
        }
        (Waiting | PendingTransfer, Active) => {
            "is invited and comes in by accepting: leave the status empty".to_owned()
        }
        (Queued, Active | Waiting) => "is queued and comes in when a seat is free".to_owned(),
        (Active, Waiting) => "is active already and cannot be invited".to_owned(),
        (Cancelled, Active) => "was never in: say waiting to invite them again".to_owned(),
        (Active, Cancelled) => {
            "is active, and only an invitation can be cancelled: say inactive to take them off"
                .to_owned()
        }
        (Inactive | Deleted, Cancelled) => {
            format!("is {now}, and only an invitation can be cancelled: leave the status empty")
        }
        (Cancelled | Deleted, Inactive) => {
            format!("is {now} and holds no seat to be taken off: leave the status empty")
        }
        (Erased, _) => "is erased".to_owned(),
        _ => return None,
    };
    Some(why)
}

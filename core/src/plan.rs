//! What a command would do, as data. The console's sheet, `--plan`, a review screen and the SCIM server's answer are
//! views of the same value.

mod changes;
mod leaving_days;
mod newcomers;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::str::FromStr;

use serde::ser::{SerializeSeq, SerializeStruct};
use serde::{Deserialize, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use crate::change::{Change, Names};
use crate::error::{Error, Shortfall};
use crate::import::Review;
use crate::model::{Date, Hold, OutsideDates, PoolId, PoolName, Seats, Timestamp, UserId};

pub use changes::Changes;
pub use leaving_days::LeavingDays;
pub(crate) use leaving_days::of_newcomer;
pub(crate) use newcomers::{Newcomers, Piece};

/// What a command would do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The command's name, such as `deactivate`.
    pub command: &'static str,
    /// What would change, in order.
    pub changes: Changes,
    /// Who is left out, and why.
    pub skipped: Vec<Skip>,
    /// What follows for pools, mail and other people.
    pub effects: Effects,
    /// Pools that cannot hand out what is asked. Not empty: nothing can be applied until the person chooses
    /// [`crate::command::WhenFull::Fewer`] or [`crate::command::WhenFull::QueueRest`].
    pub shortfalls: Vec<Shortfall>,
    /// Of an import: what it makes of each row.
    pub review: Option<Box<Review>>,
    /// What the person confirms.
    pub digest: Digest,
    /// The names of everything that the plan mentions.
    pub names: Names,
    /// When it was planned: from then on the digest counts how long something still goes on.
    pub(crate) at: Timestamp,
}

/// Somebody left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skip {
    /// Who, as on the roster; none for somebody who is not on it.
    pub user: Option<UserId>,
    /// Who, as asked for.
    pub who: String,
    /// Why, as a phrase such as `already inactive`.
    pub reason: String,
}

/// What follows from a plan beyond its changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// Per pool that the plan touches or asks.
    pub pools: Vec<PoolEffect>,
    /// Mails that the batch itself sends, but those of people who are put aside.
    pub mails: Vec<Mail>,
    /// How many mails those get.
    pub(crate) mails_aside: usize,
    /// Who is promoted from the queues because of it, in a batch of their own. Foreseen at doors where a person confirms
    /// the plan; elsewhere told only once it is applied.
    pub promoted: Promoted,
    /// How many people get another manager because theirs leaves.
    pub managers_moved: i64,
    /// How many open assignments end.
    pub assignments_ended: i64,
    /// How many people go on being invited while no mail with their link goes out by itself any more; resending brings one.
    pub unsent: usize,
    /// Dates that act at another instant, because the time zone is another.
    pub dates: DatesMoved,
    /// Days that the plan sets on which people are to leave; at doors where a person confirms the plan.
    pub leaving: Vec<LeavingDays>,
}

/// Dates still to come that act at another instant than they would have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DatesMoved {
    /// How many.
    pub moved: i64,
    /// How many of them have begun by that, and act at once.
    pub at_once: i64,
    /// The first of them.
    pub first: Vec<DateMoved>,
}

/// A date that acts at another instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DateMoved {
    /// To whom something is done; none where a pool begins or ends.
    pub user: Option<String>,
    /// The pool that begins or ends.
    pub pool: Option<String>,
    /// What, by the words of [`crate::model::DueWhat`].
    pub kind: &'static str,
    /// The first day on which it acts.
    pub day: Date,
    /// When it would have begun.
    pub before: Timestamp,
    /// When it begins.
    pub after: Timestamp,
}

impl DateMoved {
    /// Whom or which pool it is about.
    pub fn whose(&self) -> &str {
        let names = [&self.user, &self.pool];
        names
            .into_iter()
            .flatten()
            .next()
            .map_or("", String::as_str)
    }
}

/// A promotion from the queues.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Promoted {
    /// How many people get a license that they waited for.
    pub people: usize,
    /// How many mails they get.
    pub mails: usize,
}

impl Effects {
    fn mails(&self) -> usize {
        self.mails.len() + self.mails_aside + self.promoted.mails
    }

    /// By how many licenses held and queued each pool moves.
    pub(crate) fn differences(&self) -> Vec<(PoolId, Seats, Seats)> {
        let moved = self.pools.iter().map(|it| {
            let held = it.held_after - it.held_before;
            (it.pool, held, it.queued_after - it.queued_before)
        });
        moved.filter(|it| (it.1, it.2) != (0, 0)).collect()
    }
}

/// What a plan does to one pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolEffect {
    /// Which pool.
    pub pool: PoolId,
    /// Its name.
    pub name: PoolName,
    /// Purchased, when planned.
    pub purchased: Seats,
    /// Purchased, once applied.
    pub purchased_after: Seats,
    /// Held before.
    pub held_before: Seats,
    /// Held after, with those who are promoted from the queue.
    pub held_after: Seats,
    /// Queued before.
    pub queued_before: Seats,
    /// Queued after.
    pub queued_after: Seats,
    /// Whether its dates let nothing be handed out now.
    pub outside: Option<OutsideDates>,
    /// Whether they do once applied.
    pub outside_after: Option<OutsideDates>,
    /// How many were asked of it.
    pub asked: Seats,
    /// Whether it could hand out all that was asked.
    pub fits: bool,
}

impl PoolEffect {
    /// How many are free before: none outside the pool's dates.
    pub fn free_before(&self) -> Seats {
        free(self.purchased, self.held_before, self.outside)
    }

    /// How many are free after.
    pub fn free_after(&self) -> Seats {
        free(self.purchased_after, self.held_after, self.outside_after)
    }
}

fn free(purchased: Seats, held: Seats, outside: Option<OutsideDates>) -> Seats {
    match outside {
        Some(_) => 0,
        None => (purchased - held).max(0),
    }
}

/// A mail that a plan sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mail {
    /// To whom.
    pub user: UserId,
    /// Which message.
    pub template: Template,
}

/// A message that Usher sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Template {
    /// An invitation with its link.
    Invitation,
    /// An account was created; a link to choose a password where there is no single sign-on.
    AccountCreated,
    /// A link to choose a password.
    ChoosePassword,
    /// The account works again.
    WelcomeBack,
    /// The address changed; to the new one.
    EmailChanged,
    /// A seat became free for somebody who was queued.
    Promoted,
    /// A pool fills up; to its purchasers.
    SeatAlarm,
    /// A file was imported; to the administrator who did.
    ImportDone,
    /// A brake holds people whom a provider would take off; to whoever may decide.
    BrakePulled,
    /// The invitation has not been accepted yet.
    Reminder,
    /// The address changed; to the one before.
    EmailLeft,
    /// The account will be deleted on its day.
    DeletionAhead,
    /// Somebody wants to join with this address, which is to be confirmed.
    Join,
    /// Somebody whose invitation was withdrawn asks for a new one; to whoever may invite them.
    InvitationWish,
    /// A text to send ahead of invitations; Usher itself sends it to nobody.
    Announcement,
}

impl Template {
    /// Every message, in the order of a listing.
    pub const ALL: [Self; 15] = [
        Self::Invitation,
        Self::Reminder,
        Self::AccountCreated,
        Self::ChoosePassword,
        Self::WelcomeBack,
        Self::EmailChanged,
        Self::EmailLeft,
        Self::Promoted,
        Self::Join,
        Self::DeletionAhead,
        Self::SeatAlarm,
        Self::BrakePulled,
        Self::ImportDone,
        Self::InvitationWish,
        Self::Announcement,
    ];

    /// The message of that word, with `-` or `_`.
    pub fn from_word(word: &str) -> Option<Self> {
        let word = word.trim().to_ascii_lowercase().replace('-', "_");
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }

    /// Whether it counts among the mails that a person gets in a day: what warns administrators, and who lost an address, does
    /// not.
    pub(crate) const fn counts(self) -> bool {
        !matches!(
            self,
            Self::SeatAlarm
                | Self::BrakePulled
                | Self::ImportDone
                | Self::InvitationWish
                | Self::EmailLeft
        )
    }

    /// The kind of link of the person's that it carries: `invitation` or `password`.
    pub(crate) const fn carries(self) -> Option<&'static str> {
        match self {
            Self::Invitation | Self::Reminder => Some("invitation"),
            Self::AccountCreated | Self::ChoosePassword | Self::Promoted => Some("password"),
            _ => None,
        }
    }

    /// The word stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::AccountCreated => "account_created",
            Self::ChoosePassword => "choose_password",
            Self::WelcomeBack => "welcome_back",
            Self::EmailChanged => "email_changed",
            Self::Promoted => "promoted",
            Self::SeatAlarm => "seat_alarm",
            Self::ImportDone => "import_done",
            Self::BrakePulled => "brake_pulled",
            Self::Reminder => "reminder",
            Self::EmailLeft => "email_left",
            Self::DeletionAhead => "deletion_ahead",
            Self::Join => "join",
            Self::InvitationWish => "invitation_wish",
            Self::Announcement => "announcement",
        }
    }
}

/// What a person confirms: covers the changes, the skips, and per pool the difference and whether it fits; not
/// absolute counts, instants, ids of things yet to be made, or secrets. Keyed by the database, so that it says nothing
/// about personal values to anybody else.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 16]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "digest({self})")
    }
}

impl FromStr for Digest {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let bad = || {
            Error::invalid(
                "digest",
                "is not 32 hexadecimal digits",
                "copy it from the plan",
            )
        };
        if text.len() != 32 || !text.is_ascii() {
            return Err(bad());
        }
        let mut bytes = [0; 16];
        for (i, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).map_err(|_| bad())?;
        }
        Ok(Self(bytes))
    }
}

impl Digest {
    /// The digest of a plan that nobody confirms, which is not worth computing.
    pub(crate) const UNASKED: Self = Self([0; 16]);
}

impl Plan {
    /// Whether undoing it would bring anything back, as long as nothing moves on meanwhile.
    pub fn has_undo(&self) -> bool {
        // An invitation that went out on its day stays out.
        let is_sending = self.command == "due_send";
        let sent = |it: &Change| is_sending && matches!(it, Change::Invitation { .. });
        // Where an end has come and the license stays, that it has none any more stays too.
        let is_ending = self.command == "due_license_end";
        let stays = |it: &Change| is_ending && matches!(it, Change::LicenseEnd { .. });
        // Whoever comes can go again.
        let comes = self.changes.newcomers().is_some();
        let mut changes = self.changes.open().iter();
        comes || changes.any(|it| it.has_undo() && !sent(it) && !stays(it))
    }

    /// Whether applying it would do nothing.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Each change, with whom it is about, as they are called.
    pub fn told(&self) -> impl Iterator<Item = (Option<String>, Cow<'_, Change>)> {
        let mut newest: Option<(UserId, String)> = None;
        self.changes.iter().map(move |change| {
            if let Change::UserCreated { user, created } = &*change
                && !self.names.users.contains(*user)
            {
                newest = created.label().map(|it| (*user, it.to_owned()));
            }
            let called = |user| match &newest {
                Some((new, label)) if *new == user => label.clone(),
                _ => self.names.user(user),
            };
            (change.user().map(called), change)
        })
    }

    /// How many people it changes.
    pub fn people(&self) -> usize {
        self.changes.people()
    }

    /// The mails, counted, with those of the promotion that follows.
    pub fn mails(&self) -> usize {
        self.effects.mails()
    }

    /// Computes the digest under the database's key.
    ///
    /// # Errors
    /// When what was put aside cannot be read.
    pub(crate) fn compute_digest(&self, key: &[u8; 32]) -> Result<Digest, Error> {
        let mut hash = Sha256::new();
        hash.update(key);
        hash.update(self.command);
        let mut desk = Digesting::of(self);
        for stretch in self.changes.stretches() {
            let stretch = stretch?;
            let mut mails = stretch.mails().iter().peekable();
            for change in stretch.changes() {
                desk.said.clear();
                // What is mailed to whoever is put aside stands in the same order as they do.
                while let Some(mail) = mails.next_if(|it| desk.is_done_with(it.user, change)) {
                    desk.mail(mail);
                }
                desk.say(change);
                hash.update(&desk.said);
            }
            desk.said.clear();
            mails.for_each(|it| desk.mail(it));
            hash.update(&desk.said);
        }
        desk.said.clear();
        self.effects.mails.iter().for_each(|it| desk.mail(it));
        hash.update(&desk.said);
        for skip in &self.skipped {
            hash.update(format!("\nskip {} {}", skip.who, skip.reason));
        }
        for pool in &self.effects.pools {
            let held = pool.held_after - pool.held_before;
            let queued = pool.queued_after - pool.queued_before;
            hash.update(format!(
                "\npool {} {held} {queued} {}",
                pool.name, pool.fits
            ));
        }
        if self.effects.promoted.people > 0 {
            hash.update(format!("\npromoted {}", self.effects.promoted.people));
        }
        let full: [u8; 32] = hash.finalize().into();
        let mut half = [0; 16];
        half.copy_from_slice(&full[..16]);
        Ok(Digest(half))
    }

    /// What differs from an older plan, if it is here, in words, for a person whose confirmation came too late.
    pub(crate) fn moved_since(&self, older: Option<&Plan>) -> Vec<String> {
        let Some(older) = older else {
            return Vec::new();
        };
        let mut what = Vec::new();
        if older.changes.len() != self.changes.len() {
            what.push(format!(
                "{} changes instead of {}",
                self.changes.len(),
                older.changes.len()
            ));
        }
        if older.skipped.len() != self.skipped.len() {
            what.push(format!(
                "{} skipped instead of {}",
                self.skipped.len(),
                older.skipped.len()
            ));
        }
        let (was, promoted) = (older.effects.promoted.people, self.effects.promoted.people);
        if was != promoted {
            what.push(format!(
                "{promoted} promoted from the queue instead of {was}"
            ));
        }
        for pool in &self.effects.pools {
            if let Some(was) = older.effects.pools.iter().find(|it| it.name == pool.name) {
                let (was, free) = (was.free_before(), pool.free_before());
                if was != free {
                    what.push(format!("{} has {free} free instead of {was}", pool.name));
                }
            }
        }
        what
    }

    /// How many are left out, of a review how many rows: somebody for whom several things are not done counts once.
    pub fn left_out(&self) -> usize {
        if self.review.is_some() {
            return self.skipped.len();
        }
        let who: HashSet<&str> = self.skipped.iter().map(|it| it.who.as_str()).collect();
        who.len()
    }

    /// How much it does.
    pub(crate) fn in_numbers(&self) -> String {
        let (changes, skipped) = (self.changes.len(), self.skipped.len());
        let promoted = match self.effects.promoted.people {
            0 => String::new(),
            people => format!(", {people} promoted from the queue"),
        };
        format!("it is now {changes} changes and {skipped} skipped{promoted}")
    }
}

/// What was said before of licenses: the same few things are said of everybody.
type Licenses = HashMap<(PoolId, &'static str, &'static str), String>;

/// What a person would see of changes, for the digest.
struct Digesting<'p> {
    names: &'p Names,
    /// When it was planned.
    at: Timestamp,
    licenses: Licenses,
    /// Who was called so last: what is planned of somebody mostly stands together.
    last: Option<(UserId, Cow<'p, str>)>,
    /// What is said of one change, put into the hash as a whole: piece by piece takes three times as long.
    said: Vec<u8>,
}

impl<'p> Digesting<'p> {
    fn of(plan: &'p Plan) -> Self {
        Self {
            names: &plan.names,
            at: plan.at,
            licenses: Licenses::new(),
            last: None,
            said: Vec::new(),
        }
    }

    fn text(&mut self, text: &str) {
        self.said.extend_from_slice(text.as_bytes());
    }

    fn json(&mut self, value: &impl Serialize) {
        // A list of bytes takes whatever is written.
        let _ = serde_json::to_writer(&mut self.said, value);
    }

    fn name(&mut self, user: UserId) {
        let known = self.last.take().filter(|it| it.0 == user);
        let (_, name) = known.unwrap_or_else(|| (user, self.names.called(user)));
        self.text(&name);
        self.last = Some((user, name));
    }

    /// Whether all is said of somebody before this change: the next is about somebody else.
    fn is_done_with(&self, user: UserId, next: &Change) -> bool {
        let said = self.last.as_ref().is_some_and(|it| it.0 == user);
        said && next.user() != Some(user)
    }

    fn mail(&mut self, mail: &Mail) {
        self.text("\nmail ");
        self.text(mail.template.as_str());
        self.text(" ");
        self.name(mail.user);
    }

    /// Says what a person would see of a change, with ids of new things left out.
    fn say(&mut self, change: &Change) {
        if let Change::UserCreated { user, created } = change
            && !self.names.users.contains(*user)
            && let Some(label) = created.label()
        {
            self.last = Some((*user, Cow::Owned(label.to_owned())));
        }
        self.text("\n");
        self.text(change.kind());
        self.text(" ");
        if let Some(user) = change.user() {
            self.name(user);
        }
        self.text(" ");
        match change {
            // A new invitation differs in id and instant only; that it is made is what matters, and when it is mailed.
            Change::Invitation {
                after: Some(after), ..
            } => {
                self.text(after.state.as_str());
                self.text(&format!(" {:?}", after.send_on));
            }
            Change::UserCreated { created, .. } => {
                self.json(&created.profile);
                self.text(created.status.as_str());
                if let Some(manager) = created.manager {
                    self.text(" under ");
                    self.text(&self.names.called(manager));
                }
                if let Some(connection) = created.connection {
                    self.text(&format!(" of {}", self.names.connection(connection)));
                }
                if let Some(id) = created.link.as_ref().and_then(|it| it.external_id.as_ref()) {
                    self.text(&format!(" as {id}"));
                }
            }
            // The instant moves with the clock; how long the token goes on is what is confirmed.
            Change::TokenEnds { after, .. } | Change::PlatformTokenEnds { after, .. } => {
                let lasts = after.map(|it| it.as_millis() - self.at.as_millis());
                let said = change.described(self.names).what;
                self.text(&format!("{said} {lasts:?}"));
            }
            // Two sets of records may be as many, and two pictures as large.
            Change::Individual { before, after, .. } => self.json(&(before, after)),
            Change::Setting { after, .. } => self.json(&(change.described(self.names), after)),
            Change::License {
                pool,
                before,
                after,
                ..
            } if !matches!(before, Hold::Queued(_)) => {
                let names = self.names;
                let said = self
                    .licenses
                    .entry((*pool, before.as_str(), after.as_str()))
                    .or_insert_with(|| {
                        serde_json::to_string(&change.described(names)).unwrap_or_default()
                    });
                self.said.extend_from_slice(said.as_bytes());
                if let Hold::Queued(entry) = after {
                    self.text(&format!(" {} {:?}", entry.mail, entry.send_on));
                }
            }
            Change::ConnectionRevoked { after, .. } | Change::PlatformRevoked { after, .. } => {
                let said = change.described(self.names).what;
                self.text(&format!("{said} {}", after.is_some()));
            }
            other => self.json(&other.described(self.names)),
        }
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Skip {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Skip", 2)?;
        out.serialize_field("user", &self.who)?;
        out.serialize_field("reason", &self.reason)?;
        out.end()
    }
}

impl Serialize for PoolEffect {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("PoolEffect", 12)?;
        out.serialize_field("name", &self.name)?;
        out.serialize_field("purchased", &self.purchased)?;
        out.serialize_field("purchased_after", &self.purchased_after)?;
        out.serialize_field("held_before", &self.held_before)?;
        out.serialize_field("held_after", &self.held_after)?;
        out.serialize_field("queued_before", &self.queued_before)?;
        out.serialize_field("queued_after", &self.queued_after)?;
        out.serialize_field("free_before", &self.free_before())?;
        out.serialize_field("free_after", &self.free_after())?;
        out.serialize_field("outside_dates", &self.outside_after)?;
        out.serialize_field("asked", &self.asked)?;
        out.serialize_field("fits", &self.fits)?;
        out.end()
    }
}

impl Serialize for Effects {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Effects", 8)?;
        out.serialize_field("pools", &self.pools)?;
        out.serialize_field("mails", &self.mails())?;
        out.serialize_field("promoted", &self.promoted.people)?;
        out.serialize_field("managers_moved", &self.managers_moved)?;
        out.serialize_field("assignments_ended", &self.assignments_ended)?;
        out.serialize_field("unsent", &self.unsent)?;
        out.serialize_field("dates", &self.dates)?;
        out.serialize_field("leaving", &self.leaving)?;
        out.end()
    }
}

/// The changes of a plan as the JSON contract has them (DESIGN §5): `user what before after`.
struct ChangesJson<'a>(&'a Plan);

impl Serialize for ChangesJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Line {
            user: Option<String>,
            #[serde(flatten)]
            said: crate::change::Described,
        }
        let mut out = serializer.serialize_seq(None)?;
        for (user, change) in self.0.told() {
            for said in change.described_in_full(&self.0.names) {
                let user = user.clone();
                out.serialize_element(&Line { user, said })?;
            }
        }
        out.end()
    }
}

impl Serialize for Plan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let n_keys = 6 + usize::from(self.review.is_some());
        let mut out = serializer.serialize_struct("Plan", n_keys)?;
        out.serialize_field("command", self.command)?;
        out.serialize_field("digest", &self.digest)?;
        out.serialize_field("changes", &ChangesJson(self))?;
        out.serialize_field("skipped", &self.skipped)?;
        out.serialize_field("effects", &self.effects)?;
        out.serialize_field("has_undo", &self.has_undo())?;
        if let Some(review) = &self.review {
            out.serialize_field("import", review)?;
        }
        out.end()
    }
}

//! What a request about one person asks of the core: the command, computed from the body, from what the connection's
//! attributes feed, and from who the person is now.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;
use usher_core::command::Provision;
use usher_core::model::{ConnectionId, Field, Mapping, Part};

use crate::fault::Fault;
use crate::mapping::{self, Displaced, Mapped};
use crate::patch::{Leaf, Patch};
use crate::patch_path::Target;
use crate::people::{Found, Unlike};
use crate::resource::{Person, Resource};
use crate::schema::{self, ENTERPRISE, Object};
use crate::wanted::{self, Spoken, Unassigned, Wanted};
use crate::words::Words;

/// What a body asks for that is about a new person.
pub(crate) fn newcomer(
    maps: &[Mapping],
    connection: ConnectionId,
    body: Value,
) -> Result<Provision, Fault> {
    let unassigned = Unassigned::of(&body);
    let user = schema::user(body)?;
    let mapped = mapping::said(maps, &user);
    let wanted = Wanted::read_from(user, Displaced::by(maps), connection)?;
    Ok(Provision {
        mapped,
        ..wanted.into_new(&unassigned)
    })
}

/// A change of one person.
pub(crate) struct Update {
    /// Who says it.
    connection: ConnectionId,
    maps: Arc<[Mapping]>,
    /// The parts that it speaks of.
    parts: Vec<Part>,
    asked: Asked,
}

enum Asked {
    /// Everything (PUT).
    Whole(Box<Whole>),
    /// Parts (PATCH).
    Parts(Patch),
}

struct Whole {
    wanted: Wanted,
    spoken: Spoken,
    /// The body and the User, looked at again where attributes are mapped.
    named: Value,
    sent: Object,
    /// The client sends the whole of what it was answered also when it has nothing to say but `active`.
    merges: bool,
}

/// What a request says of somebody by its provider's own word.
struct Said {
    /// What they are to be.
    wanted: Wanted,
    /// What mapped attributes say.
    mapped: Mapped,
    /// The parts that it speaks of.
    spoken: Vec<Part>,
    /// Whether they are in.
    active: Option<bool>,
    asks_entitlements: bool,
}

/// Whom it is about.
struct Them<'a> {
    found: &'a Found,
    /// What providers have said of them that is not so.
    unlike: &'a Unlike,
    /// What they are already.
    before: Wanted,
    /// What this connection has sent of attributes that do not feed their fields.
    words: Words,
    /// The base of every address.
    base: &'a str,
}

impl Them<'_> {
    fn is_overridden(&self, part: Part) -> bool {
        self.unlike.overridden.contains(&part)
    }

    /// Whether `active` is what an answer shows of them though the provider has not said it: whoever is queued, or deactivated
    /// by a person, is shown as not active, and whose leaving is held as active.
    fn are_shown_as(&self, wanted: &Wanted) -> bool {
        let shown = self.found.user.status.is_scim_active();
        wanted.active() == Some(shown) && (!shown || self.unlike.any())
    }
}

impl Update {
    /// What a PUT asks. `merges` is whether its client reads a person and sends them back with what it has to say, always.
    pub(crate) fn whole(
        maps: &Arc<[Mapping]>,
        connection: ConnectionId,
        body: Value,
        merges: bool,
    ) -> Result<Self, Fault> {
        let spoken = Spoken::of(&body);
        let displaced = Displaced::by(maps);
        // Looked at again only where attributes are mapped.
        let named = if maps.is_empty() {
            Value::Null
        } else {
            body.clone()
        };
        let user = schema::user(body)?;
        let sent = if maps.is_empty() {
            Object::new()
        } else {
            user.clone()
        };
        let wanted = Wanted::read(user, displaced)?;
        // What a whole User does not speak of of these is none.
        let parts = wanted::spoken(displaced, |extension, name| match (extension, name) {
            (true, _) => spoken.enterprise(),
            (false, "addresses") => spoken.addresses(),
            _ => true,
        });
        Ok(Self {
            connection,
            maps: Arc::clone(maps),
            parts,
            asked: Asked::Whole(Box::new(Whole {
                wanted,
                spoken,
                named,
                sent,
                merges,
            })),
        })
    }

    /// What a PATCH asks.
    pub(crate) fn parts(
        maps: &Arc<[Mapping]>,
        connection: ConnectionId,
        body: Value,
    ) -> Result<Self, Fault> {
        let patch = Patch::read(body)?;
        let parts = wanted::spoken(Displaced::by(maps), |extension, name| {
            patch.speaks_of(extension, name)
        });
        Ok(Self {
            connection,
            maps: Arc::clone(maps),
            parts,
            asked: Asked::Parts(patch),
        })
    }

    /// The command that does this to somebody, of whom providers may have said what is not so.
    ///
    /// What was made from our own answer says of that answer only what is other than it was: the rest nobody has written.
    pub(crate) fn command(
        &self,
        found: &Found,
        unlike: &Unlike,
        base: &str,
    ) -> Result<Provision, Fault> {
        let before = Wanted::of(&found.user, found.external_id.as_deref());
        let them = Them {
            found,
            unlike,
            words: before.words(self.connection),
            before,
            base,
        };
        let said = match &self.asked {
            Asked::Whole(whole) => self.by_whole(&them, whole)?,
            Asked::Parts(patch) => self.by_parts(&them, patch)?,
        };
        let asks = said.asks_entitlements;
        let command = said
            .wanted
            .into_update(&them.before, &found.user, said.active, asks);
        Ok(Provision {
            mapped: said.mapped,
            spoken: said.spoken,
            // Whose leaving is held may be back before it is decided: what says so again is heard.
            active: if unlike.any() {
                said.active
            } else {
                command.active
            },
            ..command
        })
    }

    /// What a PUT says.
    fn by_whole(&self, them: &Them<'_>, whole: &Whole) -> Result<Said, Fault> {
        let Them { found, before, .. } = them;
        let wanted = self.replaced(found, whole, before);
        let echoes = whole.spoken.echoes();
        let is_own = whole.merges && wanted.is_as(before);
        let is_echo = echoes && them.are_shown_as(&wanted) && !is_own;
        let active = wanted.active().filter(|_| !is_echo);
        let mut spoken = self.parts.clone();
        spoken.retain(|part| {
            // Whoever stands in for a manager who is away is nobody's word either.
            let stands = *part == Part::Manager || them.is_overridden(*part);
            !(echoes && stands && wanted.has_part_of(before, *part))
        });
        let in_body = mapping::in_body(&whole.named);
        let first = Displaced::by(&self.maps).filter(|it| them.words.said(it).is_none());
        // An answer sent back does not speak for whom another connection has brought in.
        let is_anothers = found.user.connection.is_some() && !self.is_mine(found);
        let stands = |part: Part| echoes && (is_anothers || them.is_overridden(part));
        let speaks = |part: Part, target: &Target, now: Option<&str>| {
            !stands(part) && (in_body(target) || now.is_some() && is_first(first, part))
        };
        let mapped = self.mapped(them, whole.sent(), speaks)?;
        Ok(Said {
            wanted,
            mapped,
            spoken,
            active,
            asks_entitlements: true,
        })
    }

    /// What a PATCH says.
    fn by_parts(&self, them: &Them<'_>, patch: &Patch) -> Result<Said, Fault> {
        let Them { found, before, .. } = them;
        let mut user = self.as_sent(them, patch.speaks_of(false, "emails"))?;
        patch.apply(&mut user)?;
        let echoes = patch.echoes();
        // Whose value a person has overridden is not written by what is written beside it.
        let after = match them.unlike.overridden.is_empty() {
            true => Object::new(),
            false => user.clone(),
        };
        let stands = |part: Part, leaf: &Leaf, now: Option<&str>| {
            them.is_overridden(part) && (echoes || !patch.writes(&after, leaf, now))
        };
        let first = self.own(patch).filter(|it| them.words.said(it).is_none());
        let in_patch = mapping::in_patch(patch);
        let speaks = |part: Part, target: &Target, now: Option<&str>| {
            !stands(part, &Leaf::of(target), now)
                && (in_patch(target) || now.is_some() && is_first(first, part))
        };
        let mapped = self.mapped(them, (&user, true), speaks)?;
        let displaced = self.displaced(found, &them.words, &mapped, patch);
        let mut wanted = Wanted::read(user, displaced)?;
        wanted.keep_all_words(before, self.connection);
        let mut spoken = self.parts.clone();
        spoken.retain(|part| {
            let leaf = wanted::leaf_of(*part);
            let stands = |it: Leaf| stands(*part, &it, wanted.text_of(*part));
            !(wanted.has_part_of(before, *part) && leaf.is_some_and(stands))
        });
        let is_echo = echoes && them.are_shown_as(&wanted);
        let is_said = patch.speaks_of(false, "active") && !is_echo;
        Ok(Said {
            active: wanted.active().filter(|_| is_said),
            wanted,
            mapped,
            spoken,
            asks_entitlements: patch.speaks_of(false, "entitlements"),
        })
    }

    /// What a PUT makes of somebody.
    fn replaced(&self, found: &Found, whole: &Whole, before: &Wanted) -> Wanted {
        let mut wanted = whole.wanted.clone();
        wanted.keep_unspoken(before, whole.spoken, self.connection, self.is_mine(found));
        wanted.keep_all_words(before, self.connection);
        wanted
    }

    /// Whether the person is this connection's, so that what stands in a field is what it has sent.
    fn is_mine(&self, found: &Found) -> bool {
        found.user.connection == Some(self.connection)
    }

    /// Which fields are fed by others, whose own attributes a PATCH says.
    fn own(&self, patch: &Patch) -> Displaced {
        Displaced::by(&self.maps).filter(|it| says(patch, it))
    }

    /// Which fields their own attributes do not feed once a PATCH is done: of those that others feed, whose own it says, or
    /// whose others; and those of which it was so and that it does not speak of.
    fn displaced(&self, found: &Found, words: &Words, mapped: &Mapped, patch: &Patch) -> Displaced {
        let now = Displaced::by(&self.maps);
        let is_mine = self.is_mine(found);
        let feeds = |field| is_mine && mapped.iter().any(|it| it.0 == Part::Field(field));
        let stays = words.displaced();
        let stays = stays.filter(|field| now.has(field) || !says(patch, field));
        self.own(patch).or(now.filter(feeds)).or(stays)
    }

    /// A person as this connection may have sent them; with the address that only their user name says, if that is asked for.
    fn as_sent(&self, them: &Them<'_>, all_emails: bool) -> Result<Object, Fault> {
        let resource = Resource {
            person: &Person::bare(them.found),
            base: them.base,
            connection: self.connection,
        };
        schema::user(if all_emails {
            resource.value()
        } else {
            resource.value_as_sent()
        })
    }

    /// What mapped attributes say now, in a User who says something of the enterprise extension or leaves it as it was.
    fn mapped(
        &self,
        them: &Them<'_>,
        (after, extended): (&Object, bool),
        speaks: impl Fn(Part, &Target, Option<&str>) -> bool,
    ) -> Result<Mapped, Fault> {
        if self.maps.is_empty() {
            return Ok(Mapped::new());
        }
        let before = self.as_sent(them, false)?;
        let mut after = Cow::Borrowed(after);
        if let Some(extension) = before.get(ENTERPRISE).filter(|_| !extended) {
            let extension = extension.clone();
            after.to_mut().insert(ENTERPRISE.to_owned(), extension);
        }
        Ok(mapping::said_now(&self.maps, &before, &after, speaks))
    }
}

impl Whole {
    /// The User as sent, and whether it says anything of the enterprise extension.
    fn sent(&self) -> (&Object, bool) {
        (&self.sent, self.spoken.enterprise())
    }
}

/// Whether this feeds a field that is its own from now on.
fn is_first(first: Displaced, part: Part) -> bool {
    matches!(part, Part::Field(field) if first.has(field))
}

/// Whether a PATCH says a field's own attribute.
fn says(patch: &Patch, field: Field) -> bool {
    let own = wanted::spoken(Displaced::default(), |extension, name| {
        patch.speaks_of(extension, name)
    });
    own.contains(&Part::Field(field))
}

//! What a request about one person asks of the core: the command, computed from the body, from what the connection's
//! attributes feed, and from who the person is now.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;
use usher_core::command::Provision;
use usher_core::model::{ConnectionId, Field, Mapping, Part};

use crate::fault::Fault;
use crate::mapping::{self, Displaced, Mapped};
use crate::patch::Patch;
use crate::patch_path::Target;
use crate::people::Found;
use crate::resource::{Person, Resource};
use crate::schema::{self, ENTERPRISE, Object};
use crate::wanted::{self, Spoken, Wanted};
use crate::words::Words;

/// What a body asks for that is about a new person.
pub(crate) fn newcomer(
    maps: &[Mapping],
    connection: ConnectionId,
    body: Value,
) -> Result<Provision, Fault> {
    let user = schema::user(body)?;
    let mapped = mapping::said(maps, &user);
    let wanted = Wanted::read_from(user, Displaced::by(maps), connection)?;
    Ok(Provision {
        mapped,
        ..wanted.into_new()
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

    /// The command that does this to somebody; `leaving` is whether a provider has asked before that they leave.
    pub(crate) fn command(
        &self,
        found: &Found,
        leaving: bool,
        base: &str,
    ) -> Result<Provision, Fault> {
        let before = Wanted::of(&found.user, found.external_id.as_deref());
        let words = before.words(self.connection);
        let mut spoken = self.parts.clone();
        let (mapped, said, command) = match &self.asked {
            Asked::Whole(whole) => {
                let wanted = self.replaced(found, whole, &before);
                // Whoever is queued, or deactivated by a person, was shown as not active, and whose leaving is held as active:
                // said back beside something else, that is not the provider's own word.
                let shown = found.user.status.is_scim_active();
                let says_shown = wanted.active() == Some(shown) && (!shown || leaving);
                let is_own = whole.merges && wanted.is_as(&before);
                let is_echo = whole.spoken.echoes() && says_shown && !is_own;
                let said = wanted.active().filter(|_| !is_echo);
                // Nor is whoever stands in for a manager who is away.
                if whole.spoken.echoes() && wanted.has_manager_of(&before) {
                    spoken.retain(|it| *it != Part::Manager);
                }
                let in_body = mapping::in_body(&whole.named);
                let first = Displaced::by(&self.maps).filter(|it| words.said(it).is_none());
                let mapped = self.mapped(found, base, whole.sent(), in_body, first)?;
                let command = wanted.into_update(&before, &found.user, said, true);
                (mapped, said, command)
            }
            Asked::Parts(patch) => {
                let mut user = self.as_sent(found, base, patch.speaks_of(false, "emails"))?;
                patch.apply(&mut user)?;
                let own = self.own(patch);
                let first = own.filter(|it| words.said(it).is_none());
                let in_patch = mapping::in_patch(patch);
                let mapped = self.mapped(found, base, (&user, true), in_patch, first)?;
                let displaced = self.displaced(found, &words, &mapped, patch);
                let mut wanted = Wanted::read(user, displaced)?;
                wanted.keep_all_words(&before, self.connection);
                let said = wanted.active().filter(|_| patch.speaks_of(false, "active"));
                let asks = patch.speaks_of(false, "entitlements");
                let command = wanted.into_update(&before, &found.user, said, asks);
                (mapped, said, command)
            }
        };
        Ok(Provision {
            mapped,
            spoken,
            // Whose leaving is held may be back before it is decided: what says so again is heard.
            active: if leaving { said } else { command.active },
            ..command
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
    fn as_sent(&self, found: &Found, base: &str, all_emails: bool) -> Result<Object, Fault> {
        let resource = Resource {
            person: &Person::bare(found),
            base,
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
        found: &Found,
        base: &str,
        (after, extended): (&Object, bool),
        speaks_of: impl Fn(&Target) -> bool,
        first: Displaced,
    ) -> Result<Mapped, Fault> {
        if self.maps.is_empty() {
            return Ok(Mapped::new());
        }
        let before = self.as_sent(found, base, false)?;
        let mut after = Cow::Borrowed(after);
        if let Some(extension) = before.get(ENTERPRISE).filter(|_| !extended) {
            let extension = extension.clone();
            after.to_mut().insert(ENTERPRISE.to_owned(), extension);
        }
        Ok(mapping::said_now(
            &self.maps, &before, &after, speaks_of, first,
        ))
    }
}

impl Whole {
    /// The User as sent, and whether it says anything of the enterprise extension.
    fn sent(&self) -> (&Object, bool) {
        (&self.sent, self.spoken.enterprise())
    }
}

/// Whether a PATCH says a field's own attribute.
fn says(patch: &Patch, field: Field) -> bool {
    let own = wanted::spoken(Displaced::default(), |extension, name| {
        patch.speaks_of(extension, name)
    });
    own.contains(&Part::Field(field))
}

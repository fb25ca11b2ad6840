//! What one authenticated request does to `/Users`. Reads are point look-ups answered where they are; writes go to the
//! core's writer and wait for its commit without holding a thread.

use hyper::StatusCode;
use hyper::header::{self, HeaderMap};
use serde_json::Value;
use tokio::sync::oneshot;
use usher_core::command::{Command, Provision};
use usher_core::model::{ConnectionId, UserId};
use usher_core::{Applied, Error, Selection, Session};

use crate::answer::{self, Answer};
use crate::fault::Fault;
use crate::filter::{self, Key, Sought};
use crate::json::Json;
use crate::list::Page;
use crate::patch::Patch;
use crate::people::{Found, People};
use crate::projection::Projection;
use crate::request::Query;
use crate::resource::{Person, Resource};
use crate::route::App;
use crate::schema;
use crate::wanted::{Spoken, Wanted, asks_nothing};

/// How often a change is computed anew because somebody else was quicker.
const MOST_TRIES: usize = 16;

/// One authenticated request.
pub(crate) struct Call<'a> {
    pub(crate) app: &'a App,
    pub(crate) session: Session,
    pub(crate) connection: ConnectionId,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) projection: Projection,
}

impl Call<'_> {
    /// `GET /Users/{id}`.
    pub(crate) fn get(&self, id: UserId) -> Result<Answer, Fault> {
        let people = self.people()?;
        let person = people.whole(people.found(id)?.ok_or_else(Fault::no_such_user)?)?;
        if self.says(header::IF_NONE_MATCH, &person.etag()) {
            return Ok(answer::with(
                answer::empty(StatusCode::NOT_MODIFIED),
                header::ETAG,
                person.etag(),
            ));
        }
        Ok(self.shown(StatusCode::OK, &person))
    }

    /// `GET /Users`.
    pub(crate) fn list(&self, query: &Query) -> Result<Answer, Fault> {
        let sought = match &query.filter {
            Some(text) => filter::read(text, self.connection)?,
            None => Sought::Fitting(usher_core::query::Expr::Everybody),
        };
        let (start, size) = (query.start(), query.size());
        let (people, total) = match sought {
            Sought::Nobody => (Vec::new(), 0),
            Sought::One(key) => self.one(&key, start, size)?,
            // A page takes long enough to let others have this thread's work meanwhile.
            Sought::Fitting(expr) => {
                let people = self.people()?;
                tokio::task::block_in_place(|| people.page(&expr, start, size))?
            }
        };
        let page = Page {
            people: &people,
            total,
            start,
            base: &self.app.base,
        };
        Ok(page.answer(&self.projection))
    }

    fn one(&self, key: &Key, start: i64, size: i64) -> Result<(Vec<Person>, i64), Fault> {
        let people = self.people()?;
        let found = match key {
            Key::Id(id) => people.found(*id)?,
            Key::UserName(user_name) => people.named(user_name)?,
            Key::ExternalId(external_id) => people.called(external_id)?,
        };
        match found {
            None => Ok((Vec::new(), 0)),
            Some(_) if start > 1 || size == 0 => Ok((Vec::new(), 1)),
            Some(found) => Ok((vec![people.whole(found)?], 1)),
        }
    }

    /// `POST /Users`.
    pub(crate) async fn create(&self, body: Value) -> Result<Answer, Fault> {
        let wanted = Wanted::read(schema::user(body)?)?;
        let applied = self.provision(wanted.into_new()).await?;
        let Some(id) = applied.user else {
            return Err(Fault::internal());
        };
        let people = self.people()?;
        let person = match people.created(&applied) {
            Some(person) => person?,
            None => people.whole(people.found(id)?.ok_or_else(Fault::no_such_user)?)?,
        };
        let answer = self.shown(StatusCode::CREATED, &person);
        Ok(answer::with(
            answer,
            header::LOCATION,
            format!("{}/scim/v2/Users/{id}", self.app.base),
        ))
    }

    /// `PUT /Users/{id}`.
    pub(crate) async fn replace(&self, id: UserId, body: Value) -> Result<Answer, Fault> {
        let spoken = Spoken::of(&body);
        let wanted = Wanted::read(schema::user(body)?)?;
        self.update(id, |found| {
            let before = Wanted::of(&found.user, found.external_id.as_deref());
            let mut wanted = wanted.clone();
            wanted.keep_unspoken(&before, spoken);
            let said = wanted.active();
            Ok(wanted.into_update(&before, &found.user, said))
        })
        .await
    }

    /// `PATCH /Users/{id}`.
    pub(crate) async fn patch(&self, id: UserId, body: Value) -> Result<Answer, Fault> {
        let patch = Patch::read(body)?;
        self.update(id, |found| {
            let before = Wanted::of(&found.user, found.external_id.as_deref());
            let person = Person::bare(found);
            let mut user = schema::user(
                Resource {
                    person: &person,
                    base: &self.app.base,
                }
                .value(),
            )?;
            patch.apply(&mut user)?;
            let wanted = Wanted::read(user)?;
            let said = wanted.active().filter(|_| patch.says_active());
            Ok(wanted.into_update(&before, &found.user, said))
        })
        .await
    }

    /// Reads a person, has the change computed, applies it, and begins again if somebody else was quicker.
    async fn update(
        &self,
        id: UserId,
        change: impl Fn(&Found) -> Result<Provision, Fault>,
    ) -> Result<Answer, Fault> {
        for _ in 0..MOST_TRIES {
            let command = {
                let people = self.people()?;
                let found = people.found(id)?.ok_or_else(Fault::no_such_user)?;
                self.check_precondition(&found)?;
                let command = change(&found)?;
                if asks_nothing(&command) && found.user.connection == Some(self.connection) {
                    return Ok(self.shown(StatusCode::OK, &people.whole(found)?));
                }
                command
            };
            match self.provision(command).await {
                Err(Error::Changed(_)) => {}
                Err(error) => return Err(error.into()),
                Ok(_) => return self.get_after(id),
            }
        }
        Err(Fault::contended())
    }

    fn get_after(&self, id: UserId) -> Result<Answer, Fault> {
        let people = self.people()?;
        let person = people.whole(people.found(id)?.ok_or_else(Fault::no_such_user)?)?;
        Ok(self.shown(StatusCode::OK, &person))
    }

    /// `DELETE /Users/{id}`.
    pub(crate) async fn delete(&self, id: UserId) -> Result<Answer, Fault> {
        let found = self.people()?.found(id)?.ok_or_else(Fault::no_such_user)?;
        self.check_precondition(&found)?;
        let applied = self
            .apply(Command::Delete {
                who: Selection::from(id),
            })
            .await?;
        if applied.batch.is_some() {
            return Ok(answer::empty(StatusCode::NO_CONTENT));
        }
        // Nothing was changed: somebody else was quicker, or a rule protects the person.
        self.people()?.found(id)?.ok_or_else(Fault::no_such_user)?;
        let reason = applied.plan.skipped.into_iter().next().map(|it| it.reason);
        Err(Fault::new(
            StatusCode::FORBIDDEN,
            reason.unwrap_or_else(|| "the person cannot be deleted".to_owned()),
        ))
    }

    fn people(&self) -> Result<People<'_>, Fault> {
        Ok(People::new(
            &self.app.pools,
            self.session.read()?,
            self.connection,
        ))
    }

    async fn provision(&self, command: Provision) -> Result<Applied, Error> {
        self.apply(Command::Provision(command)).await
    }

    /// Gives a command to the core's writer and waits until it is on disk.
    async fn apply(&self, command: Command) -> Result<Applied, Error> {
        let (answer, answered) = oneshot::channel();
        self.session
            .apply_then(self.session.request(command), None, move |result| {
                // Nobody waits any more when the client has gone; the change stands all the same.
                let _ = answer.send(result);
            });
        answered
            .await
            .unwrap_or_else(|_| Err(Error::Broken("the writer stopped".to_owned())))
    }

    fn shown(&self, status: StatusCode, person: &Person) -> Answer {
        let mut out = Json::with_capacity(2_048);
        self.projection.write(
            &Resource {
                person,
                base: &self.app.base,
            },
            &mut out,
        );
        let answer = answer::written(status, out);
        answer::with(answer, header::ETAG, person.etag())
    }

    fn check_precondition(&self, found: &Found) -> Result<(), Fault> {
        let etag = format!("W/\"{}\"", found.user.version);
        let is_another =
            self.headers.contains_key(header::IF_MATCH) && !self.says(header::IF_MATCH, &etag);
        if is_another || self.says(header::IF_NONE_MATCH, &etag) {
            return Err(Fault::precondition_failed());
        }
        Ok(())
    }

    /// Whether a conditional header names this ETag, weakly compared, or any.
    fn says(&self, name: header::HeaderName, etag: &str) -> bool {
        let opaque = |it: &str| it.trim().trim_start_matches("W/").to_owned();
        let values = self.headers.get_all(name);
        let mut named = values
            .iter()
            .filter_map(|it| it.to_str().ok())
            .flat_map(|it| it.split(','));
        named.any(|it| it.trim() == "*" || opaque(it) == opaque(etag))
    }
}

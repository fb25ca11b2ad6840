//! What one authenticated request does to `/Users`. Reads are point look-ups answered where they are; writes go to the
//! core's writer and wait for its commit without holding a thread.

use std::sync::Arc;

use hyper::StatusCode;
use hyper::body::Bytes;
use hyper::header::{self, HeaderMap};
use serde_json::Value;
use tokio::sync::oneshot;
use usher_core::command::{Command, Provision, ProvisionTarget};
use usher_core::directory::{Edition, Named};
use usher_core::model::{ConnectionId, Mapping, UserId};
use usher_core::query::Order;
use usher_core::{Applied, Error, Selection, Session};

use crate::answer::{self, Answer};
use crate::asked::Asking;
use crate::fault::Fault;
use crate::filter::both::{self, Type};
use crate::filter::{self, Context};
use crate::json::Json;
use crate::leaving;
use crate::list::{Of, Page, Span};
use crate::people::{Found, People};
use crate::projection::Projection;
use crate::request::Query;
use crate::resource::{Person, Resource};
use crate::route::App;
use crate::update::{self, Update};
use crate::wanted::asks_nothing;

/// How often a change is computed anew because somebody else was quicker.
const MOST_TRIES: usize = 16;
/// How the name begins by which Okta's client goes: it reads a person and sends all of it back, also to say `active` alone.
const OKTA: &str = "okta";

/// The ETag of somebody of that version.
fn etag(version: i64) -> String {
    format!("W/\"{version}\"")
}

/// A person as they are answered.
pub(crate) struct Written {
    /// Their number in the order of creation.
    pub(crate) seq: i64,
    version: i64,
    /// Whether something of others is shown with them, which changes without their version: names of groups and of their
    /// manager, custom fields, a place in a queue.
    shows_others: bool,
    pub(crate) json: Bytes,
}

impl Written {
    pub(crate) fn of(edition: &Edition, json: Bytes) -> Self {
        Self {
            seq: edition.seq,
            version: edition.version,
            shows_others: !edition.is_all || edition.manager_version.is_some(),
            json,
        }
    }

    fn etag(&self) -> String {
        etag(self.version)
    }

    fn answer(self, status: StatusCode) -> Answer {
        let etag = self.etag();
        answer::with(answer::ready(status, self.json), header::ETAG, etag)
    }
}

/// One authenticated request.
pub(crate) struct Call<'a> {
    pub(crate) app: &'a App,
    pub(crate) session: Session,
    pub(crate) connection: ConnectionId,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) projection: Projection,
    /// Which of the connection's attributes feed which fields.
    pub(crate) maps: Arc<[Mapping]>,
    /// What is kept of it, if it would change something.
    pub(crate) asking: Option<Arc<Asking>>,
}

impl Call<'_> {
    /// `GET /Users/{id}`.
    pub(crate) fn get(&self, id: UserId) -> Result<Answer, Fault> {
        let found = self.found(Named::Id(id))?.ok_or_else(Fault::no_such_user)?;
        // Whoever has the same version of them need not have what is shown now.
        if !found.shows_others && self.says(header::IF_NONE_MATCH, &found.etag()) {
            return Ok(answer::with(
                answer::empty(StatusCode::NOT_MODIFIED),
                header::ETAG,
                found.etag(),
            ));
        }
        Ok(found.answer(StatusCode::OK))
    }

    /// `GET /Users` and `POST /Users/.search`.
    pub(crate) fn list(&self, query: &Query) -> Result<Answer, Fault> {
        let (span, order) = (self.span(query, Of::People)?, self.order(query)?);
        let (people, total) = self.people_found(query, &order, &span)?;
        let page = Page {
            span: &span,
            total,
            returned: people.len(),
            last: people.last().map(|it| it.seq),
        };
        Ok(page.answer(|out| {
            for person in &people {
                out.element();
                out.bytes(&person.json);
            }
        }))
    }

    /// `POST /.search`: people, then groups. What a filter or order names and one of the types does not have, that type
    /// has none of.
    pub(crate) fn search(&self, query: &Query) -> Result<Answer, Fault> {
        let span = self.span(query, Of::Both)?;
        // A page of both goes by place.
        let asked = both::of_type(query, Type::People)?;
        let (people, of_people) = self.people_found(&asked, &self.order(&asked)?, &span)?;
        let groups = self.groups_found(&both::of_type(query, Type::Groups)?)?;
        let groups_shown = self.page_of_groups(&span, &groups, of_people)?;
        let page = Page {
            span: &span,
            total: of_people.saturating_add(i64::try_from(groups.len()).unwrap_or(i64::MAX)),
            returned: people.len() + groups_shown.len(),
            last: None,
        };
        Ok(page.answer(|out| {
            for person in &people {
                out.element();
                out.bytes(&person.json);
            }
            for group in &groups_shown {
                out.element();
                out.shown(group);
            }
        }))
    }

    /// Which part of a list a query asks for.
    pub(crate) fn span(&self, query: &Query, of: Of) -> Result<Span, Fault> {
        Span::of(query, of, || Ok(self.session.read()?.seal("cursor")?))
    }

    fn order(&self, query: &Query) -> Result<Order, Fault> {
        match &query.sort_by {
            Some(by) => filter::order(by, query.descending, self.context()?),
            None => Ok(Order::Creation),
        }
    }

    pub(crate) fn context(&self) -> Result<Context<'_>, Fault> {
        Ok(Context {
            connection: self.connection,
            base: &self.app.base,
            any_mapped: self.people()?.any_mapped()?,
        })
    }

    /// The person of that name, written.
    pub(crate) fn found(&self, named: Named<'_>) -> Result<Option<Written>, Fault> {
        let people = self.people()?;
        // An id says at once whether a look is worth it.
        let may_be_kept = match named {
            Named::Id(id) => self.app.ready.knows(self.connection, id),
            Named::UserName(_) | Named::ExternalId(_) => true,
        };
        if self.projection == Projection::Whole
            && may_be_kept
            && let Some(edition) = people.edition(named)?
            && let Some(json) = self.app.ready.find(self.connection, &edition)
        {
            return Ok(Some(Written::of(&edition, json)));
        }
        let found = people.whole(named)?;
        Ok(found.map(|it| self.written(&it.0, it.1)))
    }

    /// Writes a person, and keeps that for the next who asks.
    pub(crate) fn written(&self, person: &Person, edition: Edition) -> Written {
        let mut out = Json::with_capacity(2_048);
        self.write(person, &mut out);
        let json = Bytes::copy_from_slice(&out.0);
        if self.projection == Projection::Whole {
            self.app.ready.keep(self.connection, edition, &json);
        }
        Written::of(&edition, json)
    }

    /// `POST /Users`.
    pub(crate) async fn create(&self, person: Provision) -> Result<Answer, Fault> {
        let command = Command::Provision(person);
        let applied = self.apply(command, StatusCode::CREATED).await;
        self.created(applied).await
    }

    /// Gives a new person to the writer; the answer is to be waited for.
    pub(crate) fn begin_create(
        &self,
        body: Value,
    ) -> Result<impl Future<Output = Result<Applied, Error>> + Send + use<>, Fault> {
        let command = Command::Provision(self.newcomer(body)?);
        Ok(self.submit(command, StatusCode::CREATED))
    }

    /// What a body asks for that is about a new person.
    pub(crate) fn newcomer(&self, body: Value) -> Result<Provision, Fault> {
        update::newcomer(&self.maps, self.connection, body)
    }

    /// The answer to a creation.
    pub(crate) async fn created(&self, applied: Result<Applied, Error>) -> Result<Answer, Fault> {
        let applied = applied?;
        let Some(id) = applied.user else {
            return Err(Fault::internal());
        };
        let created = self.people()?.created(&applied);
        let answer = match created {
            Some(person) => self.shown(StatusCode::CREATED, &person?),
            None => {
                let found = self.found(Named::Id(id))?;
                found
                    .ok_or_else(Fault::no_such_user)?
                    .answer(StatusCode::CREATED)
            }
        };
        Ok(answer::with(
            answer,
            header::LOCATION,
            format!("{}/scim/v2/Users/{id}", self.app.base),
        ))
    }

    /// `PUT /Users/{id}`.
    pub(crate) async fn replace(&self, id: UserId, body: Value) -> Result<Answer, Fault> {
        let agent = self.headers.get(header::USER_AGENT);
        let agent = agent.and_then(|it| it.to_str().ok()).unwrap_or_default();
        let merges = agent
            .get(..4)
            .is_some_and(|it| it.eq_ignore_ascii_case(OKTA));
        let leaving = leaving::alone(&body);
        let update = Update::whole(&self.maps, self.connection, body, merges);
        self.update_or_leave(id, update, leaving).await
    }

    /// `PATCH /Users/{id}`.
    pub(crate) async fn patch(&self, id: UserId, body: Value) -> Result<Answer, Fault> {
        let leaving = leaving::alone(&body);
        let update = Update::parts(&self.maps, self.connection, body);
        self.update_or_leave(id, update, leaving).await
    }

    /// Carries out an update; where it is refused for what it says beside it, only that the person leaves. The answer is the
    /// refusal all the same.
    async fn update_or_leave(
        &self,
        id: UserId,
        update: Result<Update, Fault>,
        leaving: Option<Value>,
    ) -> Result<Answer, Fault> {
        let answer = match update {
            Ok(update) => self.update(id, &update).await,
            Err(fault) => Err(fault),
        };
        match (answer, leaving) {
            (Err(fault), Some(leaving)) if fault.is_about_values() => {
                Err(Box::pin(self.leave_all_the_same(id, fault, leaving)).await)
            }
            (answer, _) => answer,
        }
    }

    async fn leave_all_the_same(&self, id: UserId, fault: Fault, leaving: Value) -> Fault {
        let Ok(update) = Update::parts(&self.maps, self.connection, leaving) else {
            return fault;
        };
        let told = Fault {
            detail: format!(
                "{}; that active is false was carried out all the same, and nothing else of it",
                fault.detail
            ),
            ..fault.clone()
        };
        if let Some(asking) = &self.asking {
            asking.refuse_with(&told);
        }
        match self.update(id, &update).await {
            Ok(_) => told,
            // Held: the provider comes again.
            Err(held) if held.status == StatusCode::TOO_MANY_REQUESTS => held,
            Err(_) => fault,
        }
    }

    /// Reads a person, has the change computed, applies it, and begins again if somebody else was quicker.
    async fn update(&self, id: UserId, update: &Update) -> Result<Answer, Fault> {
        for _ in 0..MOST_TRIES {
            let command = {
                let people = self.people()?;
                let Some(found) = people.found(id)? else {
                    break;
                };
                self.check_precondition(&found)?;
                let unlike = people.unlike(id)?;
                let command = update.command(&found, &unlike, &self.app.base)?;
                if asks_nothing(&command)
                    && found.user.connection == Some(self.connection)
                    && !unlike.differs
                {
                    drop(people);
                    return self.now(id);
                }
                command
            };
            match self.provision(command).await {
                Err(Error::Changed(_)) => {}
                Err(error) => return Err(error.into()),
                Ok(applied) => match &applied.held {
                    Some(brake) => return Err(Fault::held(brake)),
                    None => return self.now(id),
                },
            }
        }
        if self.people()?.found(id)?.is_some() {
            return Err(Fault::contended());
        }
        self.agree(id, update).await
    }

    /// Nobody is there to be changed. Whom others have deleted their provider may say to be off as well: then the two agree.
    async fn agree(&self, id: UserId, update: &Update) -> Result<Answer, Fault> {
        let off = {
            let people = self.people()?;
            match people.gone_against(id)? {
                Some(gone) => {
                    let unlike = people.unlike(id)?;
                    update.command(&gone, &unlike, &self.app.base)?.active == Some(false)
                }
                None => false,
            }
        };
        if off {
            let target = ProvisionTarget::Existing {
                user: id,
                version: None,
            };
            let command = Provision {
                active: Some(false),
                ..Provision::of(target)
            };
            self.apply(Command::Provision(command), StatusCode::NOT_FOUND)
                .await?;
        }
        Err(Fault::no_such_user())
    }

    /// The answer that shows the person as they are now.
    fn now(&self, id: UserId) -> Result<Answer, Fault> {
        let found = self.found(Named::Id(id))?;
        let found = found.ok_or_else(Fault::no_such_user)?;
        Ok(found.answer(StatusCode::OK))
    }

    /// `DELETE /Users/{id}`.
    pub(crate) async fn delete(&self, id: UserId) -> Result<Answer, Fault> {
        let (found, against) = {
            let people = self.people()?;
            (people.found(id)?, people.gone_against(id)?.is_some())
        };
        let Some(found) = found else {
            // Whom others have deleted the provider wants gone as well: it hears once that it is done.
            if against {
                let who = Selection::from(id);
                self.apply(Command::Delete { who }, StatusCode::NO_CONTENT)
                    .await?;
                return Ok(answer::empty(StatusCode::NO_CONTENT));
            }
            // Somebody held who was let go meanwhile: the provider was told to repeat, and hears once that it is done.
            if self
                .session
                .read()?
                .repeats_held_deletion(self.connection, id)?
            {
                return Ok(answer::empty(StatusCode::NO_CONTENT));
            }
            return Err(Fault::no_such_user());
        };
        self.check_precondition(&found)?;
        let who = Selection::from(id);
        let done = StatusCode::NO_CONTENT;
        let applied = self.apply(Command::Delete { who }, done).await?;
        if let Some(brake) = &applied.held {
            return Err(Fault::held(brake));
        }
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

    pub(crate) fn people(&self) -> Result<People<'_>, Fault> {
        Ok(People::new(
            &self.app.pools,
            self.session.read()?,
            self.connection,
        ))
    }

    async fn provision(&self, command: Provision) -> Result<Applied, Error> {
        self.apply(Command::Provision(command), StatusCode::OK)
            .await
    }

    /// Gives a command to the core's writer and waits until it is on disk. `done` is what it is answered with then.
    pub(crate) async fn apply(&self, command: Command, done: StatusCode) -> Result<Applied, Error> {
        self.submit(command, done).await
    }

    /// Gives a command to the core's writer now; what it returns waits until it is on disk.
    fn submit(
        &self,
        command: Command,
        done: StatusCode,
    ) -> impl Future<Output = Result<Applied, Error>> + Send + use<> {
        let (answer, answered) = oneshot::channel();
        let request = self.session.request(command);
        let answered_with = move |result| {
            // Nobody waits any more when the client has gone; the change stands all the same.
            let _ = answer.send(result);
        };
        match &self.asking {
            Some(asking) => self
                .session
                .apply_asked(request, asking.tell(done), answered_with),
            None => self.session.apply_then(request, None, answered_with),
        }
        async move {
            answered
                .await
                .unwrap_or_else(|_| Err(Error::Broken("the writer stopped".to_owned())))
        }
    }

    fn shown(&self, status: StatusCode, person: &Person) -> Answer {
        let mut out = Json::with_capacity(2_048);
        self.write(person, &mut out);
        let answer = answer::written(status, out);
        let etag = etag(person.user.version);
        answer::with(answer, header::ETAG, etag)
    }

    fn write(&self, person: &Person, out: &mut Json) {
        let resource = Resource {
            person,
            base: &self.app.base,
            connection: self.connection,
        };
        self.projection.write(&resource, out);
    }

    fn check_precondition(&self, found: &Found) -> Result<(), Fault> {
        self.check_version(&etag(found.user.version))
    }

    /// Refuses what is bound to another version (RFC 7644 §3.14).
    pub(crate) fn check_version(&self, etag: &str) -> Result<(), Fault> {
        let is_another =
            self.headers.contains_key(header::IF_MATCH) && !self.says(header::IF_MATCH, etag);
        if is_another || self.says(header::IF_NONE_MATCH, etag) {
            return Err(Fault::precondition_failed());
        }
        Ok(())
    }

    /// Whether a conditional header names this ETag, weakly compared, or any.
    pub(crate) fn says(&self, name: header::HeaderName, etag: &str) -> bool {
        let opaque = |it: &str| it.trim().trim_start_matches("W/").to_owned();
        let values = self.headers.get_all(name);
        let mut named = values
            .iter()
            .filter_map(|it| it.to_str().ok())
            .flat_map(|it| it.split(','));
        named.any(|it| it.trim() == "*" || opaque(it) == opaque(etag))
    }
}

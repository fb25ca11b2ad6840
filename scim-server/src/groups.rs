//! What one authenticated request does to `/Groups`. A group is shown with its learners; members are rows, and adding one
//! to a large group reads none of the others.

use hyper::StatusCode;
use hyper::header;
use scim_v2::filter::{AttrExp, CompValue, CompareOp, Filter};
use serde_json::{Value, json};
use usher_core::change::Change;
use usher_core::command::{Command, GroupTarget, ProvisionGroup};
use usher_core::directory::ProvidedGroup;
use usher_core::model::{GroupId, UserId};
use usher_core::query::ListFrom;
use usher_core::{Error, Read};

use crate::answer::{self, Answer};
use crate::call::Call;
use crate::dispatch::exact_id;
use crate::fault::Fault;
use crate::filter::{self, json as on_json};
use crate::group_wanted::{GroupPatch, Wish};
use crate::json::Json;
use crate::list::{Of, Page, Span};
use crate::projection::Projection;
use crate::request::Query;
use crate::schema;

/// Members of more than so many are not sent back to who changed the group, unless they are asked for: RFC 7644 §3.5.2
/// lets a PATCH answer 204.
const MOST_ANSWERED: i64 = 1_000;
/// About how long a member is, written.
const USUAL_MEMBER: usize = 200;
/// How often a change is computed anew because somebody else was quicker.
const MOST_TRIES: usize = 8;

impl Call<'_> {
    fn read(&self) -> Result<Read<'_>, Fault> {
        Ok(self.session.read()?)
    }

    fn found_group(&self, read: &Read<'_>, id: GroupId) -> Result<ProvidedGroup, Fault> {
        let found = read.provided_group(self.connection, id)?;
        found.ok_or_else(Fault::no_such_group)
    }

    /// `GET /Groups/{id}`.
    pub(crate) fn get_group(&self, id: GroupId) -> Result<Answer, Fault> {
        let read = self.read()?;
        let group = self.found_group(&read, id)?;
        let etag = etag(&group);
        if self.says(header::IF_NONE_MATCH, &etag) {
            let empty = answer::empty(StatusCode::NOT_MODIFIED);
            return Ok(answer::with(empty, header::ETAG, etag));
        }
        self.shown_group(&read, StatusCode::OK, &group)
    }

    fn shown_group(
        &self,
        read: &Read<'_>,
        status: StatusCode,
        group: &ProvidedGroup,
    ) -> Result<Answer, Fault> {
        let answer = if self.projection == Projection::Whole {
            answer::written(status, self.whole(read, group)?)
        } else {
            let mut value = self.resource(read, group, self.projection.has("members"))?;
            self.projection.apply(&mut value);
            answer::json(status, &value)
        };
        Ok(answer::with(answer, header::ETAG, etag(group)))
    }

    /// The group with all that is shown of it, if nothing is asked for by name: what members are called is not. They may be a
    /// hundred thousand and are written as they are read.
    fn whole(&self, read: &Read<'_>, group: &ProvidedGroup) -> Result<Json, Fault> {
        let members = match group.members {
            0 => Vec::new(),
            _ => read.learners_of(group.id)?,
        };
        let mut out = Json::with_capacity(500 + members.len() * USUAL_MEMBER);
        out.shown(self.resource_with(read, group, false, false)?);
        if members.is_empty() {
            return Ok(out);
        }
        let mut users = Json::default();
        users.text(&format!("{}/scim/v2/Users/", self.app.base));
        // The id follows before the quote.
        users.0.pop();
        out.0.pop();
        out.raw_member("members", "[");
        for (id, _) in &members {
            out.element();
            out.raw("{\"$ref\":");
            out.bytes(&users.0);
            out.id(id.as_bytes());
            out.raw("\"");
            out.raw(",\"type\":\"User\",\"value\":\"");
            out.id(id.as_bytes());
            out.raw("\"}");
        }
        out.raw("]}");
        Ok(out)
    }

    /// The group as it is shown, with or without its members.
    fn resource(
        &self,
        read: &Read<'_>,
        group: &ProvidedGroup,
        with_members: bool,
    ) -> Result<Value, Fault> {
        let named = self.projection.names("members", "display");
        self.resource_with(read, group, with_members, named)
    }

    fn resource_with(
        &self,
        read: &Read<'_>,
        group: &ProvidedGroup,
        with_members: bool,
        named: bool,
    ) -> Result<Value, Fault> {
        let base = &self.app.base;
        let mut value = json!({
            "schemas": [schema::GROUP],
            "id": group.id.to_string(),
            "displayName": group.name,
            "meta": {
                "resourceType": "Group",
                "created": group.created_at.to_string(),
                "lastModified": group.updated_at.to_string(),
                "location": format!("{base}/scim/v2/Groups/{}", group.id),
                "version": etag(group),
            },
        });
        if let Some(external_id) = &group.external_id {
            value["externalId"] = json!(external_id);
        }
        if with_members && group.members > 0 {
            let members = read.learners_of(group.id)?;
            let members: Vec<Value> = members.iter().map(|it| member(base, it, named)).collect();
            if !members.is_empty() {
                value["members"] = Value::Array(members);
            }
        }
        Ok(value)
    }

    /// `GET /Groups` and `POST /Groups/.search`.
    pub(crate) fn list_groups(&self, query: &Query) -> Result<Answer, Fault> {
        let span = self.span(query, Of::Groups)?;
        let groups = tokio::task::block_in_place(|| self.groups_found(query))?;
        let total = i64::try_from(groups.len()).unwrap_or(i64::MAX);
        let shown = self.page_of_groups(&span, &groups, 0)?;
        let page = Page {
            span: &span,
            total,
            returned: shown.len(),
            // Groups are few: their pages go by place.
            last: None,
        };
        Ok(page.answer(|out| {
            for group in &shown {
                out.element();
                out.shown(group);
            }
        }))
    }

    /// The groups of a page that begins so many places before the first group.
    pub(crate) fn page_of_groups(
        &self,
        span: &Span,
        groups: &[ProvidedGroup],
        before: i64,
    ) -> Result<Vec<Value>, Fault> {
        let place = match span.from {
            ListFrom::Place(place) => place,
            ListFrom::Behind(_) => 1,
        };
        let skip = usize::try_from((place - 1 - before).max(0)).unwrap_or(usize::MAX);
        let taken = (before - (place - 1)).max(0);
        let size = usize::try_from((span.size - taken).max(0)).unwrap_or(usize::MAX);
        let read = self.read()?;
        let with_members = self.projection.has("members");
        let page = groups.iter().skip(skip).take(size);
        page.map(|group| {
            let mut value = self.resource(&read, group, with_members)?;
            self.projection.apply(&mut value);
            Ok(value)
        })
        .collect()
    }

    /// The groups that a query finds, in its order.
    pub(crate) fn groups_found(&self, query: &Query) -> Result<Vec<ProvidedGroup>, Fault> {
        let read = self.read()?;
        let filter = query.filter.as_deref().map(filter::parse).transpose()?;
        let mut groups = match &filter {
            None => read.provided_groups(self.connection)?,
            Some(filter) => match self.looked_up(&read, filter)? {
                Some(found) => found,
                None => self.filtered(&read, filter)?,
            },
        };
        if let Some(by) = &query.sort_by {
            let mut keyed = Vec::with_capacity(groups.len());
            for group in groups {
                let value = self.resource(&read, &group, false)?;
                keyed.push((on_json::sort_key(by, &value, schema::GROUP_PARTS)?, group));
            }
            // Who has none comes last, or first when descending.
            keyed.sort_by(|a, b| {
                let order = (a.0.is_none(), &a.0).cmp(&(b.0.is_none(), &b.0));
                if query.descending {
                    order.reverse()
                } else {
                    order
                }
            });
            groups = keyed.into_iter().map(|it| it.1).collect();
        }
        Ok(groups)
    }

    /// A look-up by a unique value, which providers ask before every push.
    fn looked_up(
        &self,
        read: &Read<'_>,
        filter: &Filter,
    ) -> Result<Option<Vec<ProvidedGroup>>, Fault> {
        let Filter::Attr(AttrExp::Comparison(path, CompareOp::Eq, CompValue::Str(value))) = filter
        else {
            return Ok(None);
        };
        let core = path
            .uri
            .as_deref()
            .is_none_or(|it| it.eq_ignore_ascii_case(schema::GROUP));
        if !core || path.sub_attr.is_some() {
            return Ok(None);
        }
        let found = if path.name.eq_ignore_ascii_case("displayName") {
            read.provided_group_named(self.connection, value)?
        } else if path.name.eq_ignore_ascii_case("externalId") {
            read.provided_group_called(self.connection, value)?
        } else if path.name.eq_ignore_ascii_case("id") {
            match exact_id(value) {
                Some(id) => read.provided_group(self.connection, id)?,
                None => None,
            }
        } else {
            return Ok(None);
        };
        Ok(Some(found.into_iter().collect()))
    }

    fn filtered(&self, read: &Read<'_>, filter: &Filter) -> Result<Vec<ProvidedGroup>, Fault> {
        on_json::check(filter, schema::GROUP, schema::GROUP_PARTS)?;
        let members = on_json::mentions(filter, "members");
        // The usual question about members is in which groups one person is.
        let of = on_json::member_asked(filter).and_then(|it| it.parse::<UserId>().ok());
        let of = of.map(|it| read.groups_of(&[it])).transpose()?;
        let mut found = Vec::new();
        for group in read.provided_groups(self.connection)? {
            if of
                .as_ref()
                .is_some_and(|of| !of.iter().any(|it| it.1 == group.id))
            {
                continue;
            }
            let value = self.resource_with(read, &group, members, true)?;
            if on_json::fits(filter, &value, schema::GROUP_PARTS)? {
                found.push(group);
            }
        }
        Ok(found)
    }

    /// `POST /Groups`.
    pub(crate) async fn create_group(&self, body: Value) -> Result<Answer, Fault> {
        let command = Command::ProvisionGroup(creation(body)?);
        let applied = self.apply(command, StatusCode::CREATED).await?;
        let group = applied.plan.changes.iter().find_map(|it| match *it {
            Change::GroupAdded { group, .. } => Some(group),
            _ => None,
        });
        let group = group.ok_or_else(Fault::internal)?;
        let read = self.read()?;
        let found = self.found_group(&read, group)?;
        let answer = self.shown_group(&read, StatusCode::CREATED, &found)?;
        let location = format!("{}/scim/v2/Groups/{group}", self.app.base);
        Ok(answer::with(answer, header::LOCATION, location))
    }

    /// `PUT /Groups/{id}`. Members that it does not speak of stay: nobody empties a group by leaving something out.
    pub(crate) async fn replace_group(&self, id: GroupId, body: Value) -> Result<Answer, Fault> {
        self.change_group(id, false, &Update::whole(body)?).await
    }

    /// `PATCH /Groups/{id}`.
    pub(crate) async fn patch_group(&self, id: GroupId, body: Value) -> Result<Answer, Fault> {
        self.change_group(id, true, &Update::parts(body)?).await
    }

    async fn change_group(
        &self,
        id: GroupId,
        may_be_empty: bool,
        update: &Update,
    ) -> Result<Answer, Fault> {
        for _ in 0..MOST_TRIES {
            let (command, guarded) = {
                let read = self.read()?;
                let group = self.found_group(&read, id)?;
                self.check_group(&group)?;
                let command = update.command(&read, &group, &self.app.base)?;
                // Adding and removing commute with what others do; only who named a version is bound to it.
                let guarded = self.headers.contains_key(header::IF_MATCH);
                let version = guarded.then_some(group.version);
                let target = GroupTarget::Existing { group: id, version };
                (ProvisionGroup { target, ..command }, guarded)
            };
            let command = Command::ProvisionGroup(command);
            match self.apply(command, StatusCode::OK).await {
                Err(Error::GroupChanged(_)) if guarded => {}
                Err(Error::NotFound { noun: "group", .. }) => return Err(Fault::no_such_group()),
                Err(error) => return Err(error.into()),
                Ok(_) => return self.after_change(id, may_be_empty),
            }
        }
        Err(Fault::contended())
    }

    fn after_change(&self, id: GroupId, may_be_empty: bool) -> Result<Answer, Fault> {
        let read = self.read()?;
        let group = self.found_group(&read, id)?;
        let asked = self.projection.is_asked();
        if may_be_empty && group.members > MOST_ANSWERED && !asked && self.projection.has("members")
        {
            let empty = answer::empty(StatusCode::NO_CONTENT);
            return Ok(answer::with(empty, header::ETAG, etag(&group)));
        }
        self.shown_group(&read, StatusCode::OK, &group)
    }

    /// `DELETE /Groups/{id}`.
    pub(crate) async fn delete_group(&self, id: GroupId) -> Result<Answer, Fault> {
        let version = {
            let read = self.read()?;
            let group = self.found_group(&read, id)?;
            self.check_group(&group)?;
            self.headers
                .contains_key(header::IF_MATCH)
                .then_some(group.version)
        };
        let command = Command::ProvisionGroup(removal(id, version));
        match self.apply(command, StatusCode::NO_CONTENT).await {
            Ok(_) => Ok(answer::empty(StatusCode::NO_CONTENT)),
            Err(Error::NotFound { .. }) => Err(Fault::no_such_group()),
            Err(Error::GroupChanged(_)) => Err(Fault::precondition_failed()),
            Err(error) => Err(error.into()),
        }
    }

    fn check_group(&self, group: &ProvidedGroup) -> Result<(), Fault> {
        self.check_version(&etag(group))
    }
}

/// What a `POST /Groups` asks.
pub(crate) fn creation(body: Value) -> Result<ProvisionGroup, Fault> {
    let wish = Wish::read(body)?;
    let name = wish.name;
    let name = name.ok_or_else(|| Fault::invalid_value("displayName is required"))?;
    Ok(ProvisionGroup {
        target: GroupTarget::New,
        name: Some(name),
        external_id: wish.external_id.filter(Option::is_some),
        only: false,
        add: wish.members.unwrap_or_default(),
        remove: Vec::new(),
    })
}

/// What a `DELETE` of a group asks.
pub(crate) fn removal(group: GroupId, version: Option<i64>) -> ProvisionGroup {
    ProvisionGroup {
        target: GroupTarget::Removed { group, version },
        name: None,
        external_id: None,
        only: false,
        add: Vec::new(),
        remove: Vec::new(),
    }
}

/// A change of one group.
pub(crate) enum Update {
    /// Of everything that it speaks of (PUT).
    Whole(Wish),
    /// Of parts (PATCH).
    Parts(GroupPatch),
}

impl Update {
    /// What a PUT asks.
    pub(crate) fn whole(body: Value) -> Result<Self, Fault> {
        let wish = Wish::read(body)?;
        if wish.name.is_none() {
            return Err(Fault::invalid_value("displayName is required"));
        }
        Ok(Self::Whole(wish))
    }

    /// What a PATCH asks.
    pub(crate) fn parts(body: Value) -> Result<Self, Fault> {
        Ok(Self::Parts(GroupPatch::read(body)?))
    }

    /// The command that does this to a group; its target is to be named yet.
    pub(crate) fn command(
        &self,
        read: &Read<'_>,
        group: &ProvidedGroup,
        base: &str,
    ) -> Result<ProvisionGroup, Fault> {
        match self {
            Self::Whole(wish) => Ok(ProvisionGroup {
                target: GroupTarget::New,
                name: wish.name.clone(),
                external_id: wish.external_id.clone(),
                only: wish.members.is_some(),
                add: wish.members.clone().unwrap_or_default(),
                remove: Vec::new(),
            }),
            Self::Parts(patch) => patch.command(|| {
                let members = read.learners_of(group.id)?;
                let shown = members.iter().map(|it| (it.0, member(base, it, true)));
                Ok(shown.collect())
            }),
        }
    }
}

fn etag(group: &ProvidedGroup) -> String {
    format!("W/\"{}\"", group.version)
}

fn member(base: &str, (id, name): &(UserId, Option<String>), named: bool) -> Value {
    let mut value = json!({
        "value": id.to_string(),
        "$ref": format!("{base}/scim/v2/Users/{id}"),
        "type": "User",
    });
    if let Some(name) = name.as_ref().filter(|_| named) {
        value["display"] = json!(name);
    }
    value
}

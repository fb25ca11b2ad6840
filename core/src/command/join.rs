//! Come in by the join page: none, cancelled, deleted → active or queued. The link that was mailed to the address is the
//! proof of it; whether the page still lets it in is asked again here.

use super::joining::Joining;
use super::{NewPerson, field, password};
use crate::error::{Error, Result};
use crate::model::{Actor, Field, FieldId, GroupRole, Status, UserId};
use crate::password::PasswordHash;
use crate::planner::Planner;

/// Come in by the join page.
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    /// The wish to join, whose id a new person gets.
    pub wish: UserId,
    /// Which of its links it is.
    pub generation: i64,
    /// Fields that the person filled in.
    pub set: Vec<(Field, Option<String>)>,
    /// Custom fields that the person filled in, as typed: those that everybody has to have and may see.
    pub fields: Vec<(FieldId, String)>,
    /// The password that they chose; none under single sign-on.
    pub password: Option<PasswordHash>,
}

impl Join {
    pub(super) fn plan(&self, planner: &mut Planner<'_>) -> Result<()> {
        if planner.actor != Actor::Person(self.wish) {
            return Err(Error::forbidden(
                "join is not allowed: a person only joins by a link of their own",
            ));
        }
        let wish = planner.snapshot.wish(self.wish)?;
        let wish =
            wish.filter(|it| it.generation == self.generation && it.expires_at > planner.now);
        let Some(wish) = wish else {
            return Err(Error::conflict(
                "this link was used, replaced or has expired; ask for a new one",
            ));
        };
        let page = planner.settings()?.join.clone();
        if !page.admits(&wish.address) {
            return Err(Error::conflict(
                "the join page does not let this address in any more",
            ));
        }
        if self.password.is_some() {
            password::refuse_under_single_sign_on(planner)?;
        }
        let key = wish.address.key();
        let known = planner.snapshot.user_by_email_key(&key)?;
        let namesake = planner.snapshot.user_by_user_name_key(&key)?;
        if namesake.is_some_and(|it| known.as_ref().is_none_or(|user| user.id != it.id)) {
            return Err(Error::conflict("the user name is somebody else's"));
        }
        let group = match page.group {
            Some(group) => planner.snapshot.group_name(group)?.map(|_| group),
            None => None,
        };
        let joining = Joining {
            status: Status::Active,
            mail: false,
            send_on: None,
            groups: group
                .map(|it| (it, GroupRole::Learner))
                .into_iter()
                .collect(),
            pools: Vec::new(),
            session: None,
            newcomer: Some(self.wish),
        };
        let mut person = NewPerson {
            password: self.password.clone(),
            ..NewPerson::default()
        };
        person
            .profile
            .set(Field::Email, Some(wish.address.as_str().to_owned()));
        for (field, value) in &self.set {
            if matches!(
                field,
                Field::FirstName
                    | Field::LastName
                    | Field::Language
                    | Field::FunctionalArea
                    | Field::Title
                    | Field::Region
            ) {
                person.profile.set(*field, value.clone());
            }
        }
        let given = field::said(planner, &self.fields)?;
        planner.subject = match known {
            None => {
                joining.newcomer(planner, &person, &given)?;
                Some(self.wish)
            }
            Some(user) if matches!(user.status, Status::Cancelled | Status::Deleted) => {
                joining.comeback(planner, &user, &person, &given)?;
                Some(user.id)
            }
            Some(user) => {
                return Err(Error::conflict(format!(
                    "there is somebody of this address already, who is {}",
                    user.status
                )));
            }
        };
        Ok(())
    }
}

//! Passwords: set by an administrator, chosen by the person through a mailed link, or taken away. Only where there is no
//! single sign-on. Hashed before planning; the history says that a password changed and never what it is.

use crate::change::Change;
use crate::error::{Error, Result};
use crate::link;
use crate::model::{Actor, LinkState, PasswordLink, Status, User, UserId};
use crate::password::PasswordHash;
use crate::plan::Template;
use crate::planner::Planner;
use crate::selection::Selection;

/// Set or take one person's password.
#[derive(Clone, Debug, PartialEq)]
pub struct SetPassword {
    /// Whose.
    pub user: UserId,
    /// The new one; without it the person cannot sign in by a password any more.
    pub password: Option<PasswordHash>,
}

/// Choose one's own password by a mailed link.
#[derive(Clone, Debug, PartialEq)]
pub struct ChoosePassword {
    /// Whose.
    pub user: UserId,
    /// Which of the person's links it is.
    pub generation: i64,
    /// The new one.
    pub password: PasswordHash,
}

impl SetPassword {
    pub(super) fn plan(&self, planner: &mut Planner<'_>) -> Result<()> {
        if self.password.is_some() {
            refuse_under_single_sign_on(planner)?;
        }
        let user = planner.user(self.user)?;
        planner.name(&user);
        if let Some(why) = why_not(planner, &user)? {
            planner.skip(&user, why);
        } else if self.password.is_none() && !planner.snapshot.has_password(user.id)? {
            planner.skip(&user, "has no password");
        } else {
            set(planner, user.id, self.password.as_ref())?;
        }
        Ok(())
    }
}

/// Mails each of them a link to choose a password.
pub(super) fn mail(planner: &mut Planner<'_>, who: &Selection) -> Result<()> {
    refuse_under_single_sign_on(planner)?;
    for id in planner.select(who)? {
        let user = planner.user(id)?;
        planner.name(&user);
        if let Some(why) = why_not(planner, &user)? {
            planner.skip(&user, why);
        } else if user.profile.email.is_none() {
            planner.skip(&user, "has no address");
        } else if user.status != Status::Active {
            planner.skip(
                &user,
                format!("{}: has no account to sign in to", user.status),
            );
        } else {
            mail_link(planner, id, Template::ChoosePassword)?;
        }
    }
    Ok(())
}

/// Mails the person themself a link, if they sign in by a password at all.
pub(super) fn forget_own(planner: &mut Planner<'_>, user: UserId) -> Result<()> {
    if planner.actor != Actor::Person(user) {
        return Err(Error::forbidden(
            "password_forget is not allowed: a person only asks for their own link",
        ));
    }
    refuse_under_single_sign_on(planner)?;
    let user = planner.user(user)?;
    planner.name(&user);
    if user.status != Status::Active || user.profile.email.is_none() {
        planner.skip(
            &user,
            format!("{}: has no account to sign in to", user.status),
        );
        return Ok(());
    }
    // Anybody can ask for this at a page, and must not end a link that the person has in hand.
    let before = planner.password_link(user.id)?;
    let works = |it: &PasswordLink| it.state == LinkState::Pending && it.expires_at > planner.now;
    let Some(link) = before.filter(works) else {
        return mail_link(planner, user.id, Template::ChoosePassword);
    };
    let after = PasswordLink {
        expires_at: planner.now.plus_millis(link::WORKS_MS),
        ..link
    };
    planner.push(Change::PasswordLink {
        user: user.id,
        before,
        after: Some(after),
    });
    planner.mail(user.id, Template::ChoosePassword);
    Ok(())
}

impl ChoosePassword {
    pub(super) fn plan(&self, planner: &mut Planner<'_>) -> Result<()> {
        if planner.actor != Actor::Person(self.user) {
            return Err(Error::forbidden(
                "password_choose is not allowed: a person only chooses their own password",
            ));
        }
        refuse_under_single_sign_on(planner)?;
        let user = planner.user(self.user)?;
        planner.name(&user);
        let link = planner.snapshot.password_link(user.id)?;
        let Some(link) = link.filter(|it| {
            it.generation == self.generation
                && it.state == LinkState::Pending
                && it.expires_at > planner.now
                && user.status == Status::Active
        }) else {
            return Err(Error::conflict(
                "this link was used, replaced or has expired; ask for a new one",
            ));
        };
        planner.push(Change::PasswordLink {
            user: user.id,
            before: Some(link),
            after: Some(PasswordLink {
                state: LinkState::Used,
                ..link
            }),
        });
        push(planner, user.id, Some(&self.password))?;
        planner.subject = Some(user.id);
        Ok(())
    }
}

/// Sets or takes a person's password, after which a link that was mailed before is dead.
pub(super) fn set(
    planner: &mut Planner<'_>,
    user: UserId,
    password: Option<&PasswordHash>,
) -> Result<()> {
    push(planner, user, password)?;
    end_link(planner, user)
}

fn end_link(planner: &mut Planner<'_>, user: UserId) -> Result<()> {
    if let Some(link) = planner.password_link(user)? {
        planner.end_password_link(user, link);
    }
    Ok(())
}

/// Takes the password of somebody who comes back from having been removed, and the link to choose one: nobody regains a
/// key by coming back.
pub(super) fn forget(planner: &mut Planner<'_>, user: UserId) -> Result<()> {
    set(planner, user, None)
}

/// Mails a link to choose a password, which replaces the one before. Nothing under single sign-on.
pub(super) fn mail_link(planner: &mut Planner<'_>, user: UserId, template: Template) -> Result<()> {
    if !planner.settings()?.single_sign_on {
        let before = planner.password_link(user)?;
        replace_link(planner, user, before);
    }
    planner.mail(user, template);
    Ok(())
}

/// Refuses a password where people sign in at the identity provider.
pub(super) fn refuse_under_single_sign_on(planner: &mut Planner<'_>) -> Result<()> {
    if !planner.settings()?.single_sign_on {
        return Ok(());
    }
    Err(Error::conflict(
        "there are no passwords: people sign in at the identity provider (single-sign-on is on)",
    ))
}

fn push(planner: &mut Planner<'_>, user: UserId, password: Option<&PasswordHash>) -> Result<()> {
    let before = planner.snapshot.has_password(user)?;
    if before || password.is_some() {
        planner.push(Change::Password {
            user,
            before,
            after: password.is_some(),
            hash: password.cloned(),
        });
    }
    Ok(())
}

/// Why this person's password is not this actor's to change.
fn why_not(planner: &Planner<'_>, user: &User) -> Result<Option<String>> {
    if !user.status.is_live() {
        return Ok(Some(user.status.to_string()));
    }
    let is_administrator = !planner.snapshot.permissions_of(user.id)?.is_empty();
    // Whoever sets an administrator's password can become them.
    if is_administrator && !planner.actor_is_owner() {
        return Ok(Some("an administrator; only owners may".to_owned()));
    }
    Ok(None)
}

/// Plans the next link of a person, after which the one before is dead.
pub(crate) fn replace_link(planner: &mut Planner<'_>, user: UserId, before: Option<PasswordLink>) {
    planner.push(Change::PasswordLink {
        user,
        before,
        after: Some(PasswordLink {
            generation: before.map_or(1, |it| it.generation + 1),
            state: LinkState::Pending,
            expires_at: planner.now.plus_millis(link::WORKS_MS),
        }),
    });
}

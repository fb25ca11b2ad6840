//! People whom a plan brings onto the roster, put aside: what each begins with, and the mails that they get. Whoever stands here
//! is new, and nothing else in the plan is about them.

use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};

use super::leaving_days::DaysSet;
use super::{Mail, Template};
use crate::aside::Aside;
use crate::change::{Change, NewUser};
use crate::error::{Error, Result};
use crate::model::{
    Hold, Invitation, InvitationId, InvitationState, Packed, Status, Timestamp, UserId,
};
use crate::store::recorded;

/// That somebody comes; what follows is theirs.
const COMES: u8 = 1;
/// What was said of another, too; its number follows.
const AGAIN: u8 = 2;
/// A first invitation.
const INVITED: u8 = 3;
/// A mail.
const MAILED: u8 = 4;
/// Anything else, as the history records it.
const OTHER: u8 = 5;
/// With so many things it is looked whether they are said again: mostly, all who come are given the same few.
const MOST_AGAIN: usize = 64;

const ACCEPTED: u8 = 1;
const MANAGED: u8 = 2;

/// People who are put aside.
pub(crate) struct Newcomers {
    aside: Aside,
    /// How many changes there are up to the end of each piece.
    ends: Vec<usize>,
    people: usize,
    mails: usize,
    waits: bool,
    days: DaysSet,
    /// What is said of many, each as it was said of the first.
    again: Vec<Change>,
    /// The piece that was looked into last.
    last: Mutex<Option<(usize, Vec<Change>)>>,
    /// Why a piece could not be read.
    lost: OnceLock<String>,
}

/// Some of them: their changes, each person's together, and their mails.
pub(crate) struct Piece {
    pub(crate) changes: Vec<Change>,
    pub(crate) mails: Vec<Mail>,
}

impl Newcomers {
    /// Nobody yet; they will stand in a file of this folder that has no name.
    pub(crate) fn in_folder(folder: PathBuf) -> Result<Self> {
        Ok(Self {
            aside: Aside::in_folder(folder)?,
            ends: Vec::new(),
            people: 0,
            mails: 0,
            waits: false,
            days: DaysSet::default(),
            again: Vec::new(),
            last: Mutex::new(None),
            lost: OnceLock::new(),
        })
    }

    /// Puts people aside, with everything that is planned of them, person by person, and their mails in the same order.
    pub(crate) fn put(&mut self, changes: &[Change], mails: &[Mail]) -> Result<()> {
        let mut piece = Vec::new();
        let mut whose = None;
        let mut mails = mails.iter().peekable();
        for change in changes {
            let user = change.user();
            if user != whose {
                self.put_mails(&mut piece, whose, &mut mails);
                whose = user;
            }
            self.put_one(&mut piece, change)?;
            self.days.add(change);
        }
        self.put_mails(&mut piece, whose, &mut mails);
        if mails.next().is_some() {
            return Err(Error::Broken("a mail goes to nobody who comes".to_owned()));
        }
        self.aside.put(&piece)?;
        self.ends.push(self.len() + changes.len());
        Ok(())
    }

    fn put_mails<'m>(
        &mut self,
        piece: &mut Vec<u8>,
        whose: Option<UserId>,
        mails: &mut std::iter::Peekable<impl Iterator<Item = &'m Mail>>,
    ) {
        while let Some(mail) = mails.next_if(|it| Some(it.user) == whose) {
            let template = Template::ALL.iter().position(|it| *it == mail.template);
            piece.push(MAILED);
            piece.push(
                template
                    .and_then(|it| u8::try_from(it).ok())
                    .unwrap_or(u8::MAX),
            );
            self.mails += 1;
        }
    }

    fn put_one(&mut self, piece: &mut Vec<u8>, change: &Change) -> Result<()> {
        match change {
            Change::UserCreated { user, created } => {
                self.people += 1;
                if created.connection.is_some() || created.link.is_some() {
                    return put_other(piece, change);
                }
                piece.push(COMES);
                piece.extend(user.as_bytes());
                piece.push(place(&Status::ALL, &created.status));
                let manager = created.manager;
                piece.push(
                    if created.accepted { ACCEPTED } else { 0 }
                        | if manager.is_some() { MANAGED } else { 0 },
                );
                piece.extend(manager.iter().flat_map(|it| *it.as_bytes()));
                put_text(piece, created.profile.as_bytes());
            }
            Change::Invitation {
                before: None,
                after: Some(it),
                ..
            } if it.state == InvitationState::Pending => {
                piece.push(INVITED);
                piece.extend(it.id.as_bytes());
                piece.extend(it.generation.to_le_bytes());
                piece.extend(it.expires_at.as_millis().to_le_bytes());
                let day = it.send_on.map_or_else(String::new, |it| it.to_string());
                put_text(piece, day.as_bytes());
            }
            // The history never holds what somebody's password is kept as.
            Change::Password { .. } => {
                return Err(Error::Broken("a password cannot be put aside".to_owned()));
            }
            other => {
                self.waits |= matches!(
                    other,
                    Change::License {
                        after: Hold::Queued(_),
                        ..
                    }
                );
                let Some(user) = other.user() else {
                    return put_other(piece, other);
                };
                let same = |it: &Change| again(it, user).is_some_and(|it| it == *other);
                let known = self.again.iter().position(same);
                let known = known.or_else(|| {
                    let is_new = self.again.len() < MOST_AGAIN && again(other, user).is_some();
                    is_new.then(|| {
                        self.again.push(other.clone());
                        self.again.len() - 1
                    })
                });
                match known.and_then(|it| u8::try_from(it).ok()) {
                    Some(known) => piece.extend([AGAIN, known]),
                    None => return put_other(piece, other),
                }
            }
        }
        Ok(())
    }

    /// How many changes they are.
    pub(crate) fn len(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    /// How many people come.
    pub(crate) fn people(&self) -> usize {
        self.people
    }

    /// How many mails they get.
    pub(crate) fn mails(&self) -> usize {
        self.mails
    }

    /// Whether any of them waits in a queue.
    pub(crate) fn any_waits(&self) -> bool {
        self.waits
    }

    /// The days on which they are to leave.
    pub(crate) fn days(&self) -> &DaysSet {
        &self.days
    }

    /// In how many pieces they stand.
    pub(crate) fn n_pieces(&self) -> usize {
        self.ends.len()
    }

    /// All of them, piece by piece.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = Result<Piece>> {
        (0..self.ends.len()).map(|it| self.piece(it))
    }

    /// As [`Newcomers::pieces`], up to the first that cannot be read: [`Newcomers::whole`] says why.
    pub(crate) fn whatever_is_there(&self) -> impl Iterator<Item = Piece> {
        self.pieces().map_while(|it| self.noted(it))
    }

    /// The change at a place among theirs, counted from 0.
    pub(crate) fn get(&self, place: usize) -> Option<Change> {
        let number = self.ends.partition_point(|end| *end <= place);
        let begin = number.checked_sub(1).and_then(|it| self.ends.get(it));
        let within = place - begin.copied().unwrap_or(0);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some((known, changes)) if *known == number => changes.get(within).cloned(),
            _ => {
                let piece = self.noted(self.piece(number))?;
                let found = piece.changes.get(within).cloned();
                *last = Some((number, piece.changes));
                found
            }
        }
    }

    /// Whether whatever was read was there.
    pub(crate) fn whole(&self) -> Result<()> {
        match self.lost.get() {
            None => Ok(()),
            Some(why) => Err(Error::Broken(why.clone())),
        }
    }

    fn noted(&self, piece: Result<Piece>) -> Option<Piece> {
        let note = |error: Error| drop(self.lost.set(error.to_string()));
        piece.map_err(note).ok()
    }

    fn piece(&self, number: usize) -> Result<Piece> {
        let bytes = self.aside.get(number)?;
        let unknown = || Error::Broken("what was put aside of a plan cannot be read".to_owned());
        self.read(&bytes).ok_or_else(unknown)
    }

    fn read(&self, bytes: &[u8]) -> Option<Piece> {
        let mut piece = Piece {
            changes: Vec::new(),
            mails: Vec::new(),
        };
        let mut whose = None;
        let rest = &mut &*bytes;
        while let Some(kind) = next(rest) {
            let change = match kind {
                COMES => {
                    let user = UserId::from_bytes(*array(rest)?);
                    whose = Some(user);
                    let status = *Status::ALL.get(usize::from(next(rest)?))?;
                    let flags = next(rest)?;
                    let manager = match flags & MANAGED {
                        0 => None,
                        _ => Some(UserId::from_bytes(*array(rest)?)),
                    };
                    let created = NewUser {
                        profile: Packed::from_bytes(text(rest)?),
                        status,
                        accepted: flags & ACCEPTED != 0,
                        manager,
                        connection: None,
                        link: None,
                    };
                    Change::UserCreated {
                        user,
                        created: Box::new(created),
                    }
                }
                AGAIN => again(self.again.get(usize::from(next(rest)?))?, whose?)?,
                INVITED => Change::Invitation {
                    user: whose?,
                    before: None,
                    after: Some(Invitation {
                        id: InvitationId::from_bytes(*array(rest)?),
                        generation: i64::from_le_bytes(*array(rest)?),
                        state: InvitationState::Pending,
                        expires_at: Timestamp::from_millis(i64::from_le_bytes(*array(rest)?)),
                        send_on: match std::str::from_utf8(text(rest)?).ok()? {
                            "" => None,
                            day => Some(day.parse().ok()?),
                        },
                    }),
                },
                MAILED => {
                    piece.mails.push(Mail {
                        user: whose?,
                        template: *Template::ALL.get(usize::from(next(rest)?))?,
                    });
                    continue;
                }
                OTHER => {
                    let user = UserId::from_bytes(*array(rest)?);
                    whose = Some(user);
                    let kind = std::str::from_utf8(text(rest)?).ok()?;
                    recorded::decode(kind, Some(user), text(rest)?).ok()?
                }
                _ => return None,
            };
            piece.changes.push(change);
        }
        Some(piece)
    }
}

/// The same said of somebody else, of changes that say nothing that is theirs alone.
fn again(change: &Change, user: UserId) -> Option<Change> {
    Some(match change {
        Change::License {
            pool,
            before: Hold::None,
            after: after @ (Hold::Reserved | Hold::Consumed),
            stands_for_access,
            ..
        } => Change::License {
            user,
            pool: *pool,
            before: Hold::None,
            after: *after,
            stands_for_access: *stands_for_access,
        },
        Change::Membership {
            group,
            before,
            after,
            ..
        } => Change::Membership {
            user,
            group: *group,
            before: *before,
            after: *after,
        },
        Change::LicenseRequest {
            pool,
            before,
            after,
            ..
        } => Change::LicenseRequest {
            user,
            pool: *pool,
            before: *before,
            after: *after,
        },
        Change::Assignment {
            training,
            before,
            after,
            ..
        } => Change::Assignment {
            user,
            training: *training,
            before: *before,
            after: *after,
        },
        Change::PasswordLink { before, after, .. } => Change::PasswordLink {
            user,
            before: *before,
            after: *after,
        },
        _ => return None,
    })
}

fn put_other(piece: &mut Vec<u8>, change: &Change) -> Result<()> {
    let user = change.user();
    let user = user.ok_or_else(|| Error::Broken("a newcomer's change names nobody".to_owned()))?;
    piece.push(OTHER);
    piece.extend(user.as_bytes());
    put_text(piece, change.kind().as_bytes());
    put_text(piece, &recorded::encode(change)?);
    Ok(())
}

/// Bytes with their number before them.
fn put_text(piece: &mut Vec<u8>, bytes: &[u8]) {
    // Of more than so many there is nothing: a profile's fields are bounded.
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    piece.extend(length.to_le_bytes());
    piece.extend(bytes);
}

fn place<T: PartialEq>(all: &[T], one: &T) -> u8 {
    let place = all.iter().position(|it| it == one);
    place
        .and_then(|it| u8::try_from(it).ok())
        .unwrap_or(u8::MAX)
}

fn next(rest: &mut &[u8]) -> Option<u8> {
    let (first, after) = rest.split_first()?;
    *rest = after;
    Some(*first)
}

fn array<'b, const N: usize>(rest: &mut &'b [u8]) -> Option<&'b [u8; N]> {
    let (first, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(first)
}

fn text<'b>(rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    let length = u32::from_le_bytes(*array(rest)?);
    let (text, after) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    *rest = after;
    Some(text)
}

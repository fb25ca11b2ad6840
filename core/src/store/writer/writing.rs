//! The changes of one batch written and recorded: those in memory as they are, and newcomers who were put aside piece by piece,
//! each made ready by another thread while the one before it is written.

use rusqlite::Connection;

use crate::change::Change;
use crate::draw::Draw;
use crate::error::{Error, Result};
use crate::model::{BatchId, Timestamp};
use crate::plan::{Changes, Newcomers, Piece};
use crate::progress::Progress;
use crate::store::apply::{Applier, Derived, Moves};
use crate::store::events::{BatchHead, Keys, Nonces, Recording, Tip, Written};
use crate::store::{ahead, outbox};

/// A batch that is being written.
pub(super) struct Writing<'w> {
    conn: &'w Connection,
    batch: BatchId,
    draw: Draw,
    at: Timestamp,
    nonces: &'w mut Nonces,
    applier: Applier<'w>,
    recording: Recording<'w>,
    progress: &'w Progress,
}

/// Newcomers of whom nothing is left to do but to write them.
struct Ready {
    piece: Piece,
    derived: Vec<Derived>,
    written: Vec<Written>,
}

impl<'w> Writing<'w> {
    /// Begins a batch with these changes behind the end of the history.
    pub(super) fn begin(
        conn: &'w Connection,
        (tip, head): (Tip, &BatchHead<'_>),
        changes: &Changes,
        draw: Draw,
        nonces: &'w mut Nonces,
        progress: &'w Progress,
    ) -> Result<Self> {
        Ok(Self {
            conn,
            batch: head.id,
            draw,
            at: head.at,
            nonces,
            applier: Applier::new(conn, head.at),
            recording: Recording::begin(conn, tip, head, (changes.len(), changes.people()))?,
            progress,
        })
    }

    /// Writes all of them, in order.
    pub(super) fn write(&mut self, changes: &Changes) -> Result<()> {
        let (before, newcomers, after) = changes.parts();
        self.those(before)?;
        if let Some(newcomers) = newcomers {
            self.newcomers(newcomers)?;
        }
        self.those(after)
    }

    /// Writes what is kept of all changes together. Returns the new end of the history, and by how many people totals move.
    pub(super) fn finish(self) -> Result<(Tip, Moves)> {
        Ok((self.recording.end(), self.applier.finish()?))
    }

    fn those(&mut self, changes: &[Change]) -> Result<()> {
        if changes.is_empty() {
            return Ok(());
        }
        let draw = self.draw;
        self.applier
            .apply(changes, |user| draw.person_key(user), self.progress)?;
        // Keys are looked up when everybody is there who comes.
        let keys = Keys::of_changes(self.conn, changes, draw)?;
        self.recording
            .append(changes, self.nonces, &keys, self.progress)
    }

    fn newcomers(&mut self, newcomers: &Newcomers) -> Result<()> {
        let Self {
            conn,
            batch,
            draw,
            at,
            nonces,
            applier,
            recording,
            progress,
        } = self;
        let (draw, progress) = (*draw, *progress);
        let mut recorder = recording.recorder(nonces, draw);
        let made_ready = |piece: Result<Piece>| -> Result<Ready> {
            let piece = piece?;
            let derived = piece.changes.iter().filter_map(|it| match it {
                Change::UserCreated { user, created } => {
                    Some(Derived::of(created, draw.person_key(*user)))
                }
                _ => None,
            });
            Ok(Ready {
                derived: derived.collect(),
                written: recorder.record(&piece.changes)?,
                piece,
            })
        };
        ahead::pieces(newcomers.pieces().map(made_ready), |pieces| {
            for _ in 0..newcomers.n_pieces() {
                let missing = || Error::Broken("there is no thread to make people ready".into());
                let Ready {
                    piece,
                    derived,
                    written,
                } = pieces.next().ok_or_else(missing)??;
                let key = |user| draw.person_key(user);
                applier.apply_derived(&piece.changes, derived, key, progress)?;
                recording.append_recorded(&piece.changes, written, progress)?;
                outbox::put(conn, &piece.mails, &[], *batch, *at)?;
            }
            Ok(())
        })
    }
}

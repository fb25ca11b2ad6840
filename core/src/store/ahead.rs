//! What the writer needs made and needs no database for, made by another thread while it writes: what is searched of a person,
//! the form in which a change is recorded, its encryption and its place in the chain of hashes.

use std::sync::mpsc;
use std::thread;

/// Of fewer, another thread costs more than it spares.
const FEW: usize = 1_000;
/// How many are handed over at once, and how often before it is waited for whoever takes them. A list of so many is small
/// enough to be given back without the allocator tidying up all that is free.
const AT_ONCE: usize = 64;
const MOST_WAITING: usize = 32;
/// As often of what is handed over by whole pieces, each of a thousand or so.
const PIECES_WAITING: usize = 2;

/// Hands over what `make` makes of every item, in their order: made on another thread when there are many. Should there be no
/// thread to be had, nothing is handed over, and whoever takes must miss it.
pub(super) fn made<'i, I: Sync, T: Send, R>(
    items: &'i [I],
    mut make: impl FnMut(&'i I) -> T + Send,
    take: impl FnOnce(&mut dyn Iterator<Item = T>) -> R,
) -> R {
    if items.len() < FEW {
        return take(&mut items.iter().map(make));
    }
    let some = items.chunks(AT_ONCE);
    let some = some.map(|some| some.iter().map(&mut make).collect::<Vec<T>>());
    handed_over(some, MOST_WAITING, |taken| take(&mut taken.flatten()))
}

/// Hands over these pieces in their order, made on another thread. Should there be no thread to be had, nothing is handed over,
/// and whoever takes must miss it.
pub(super) fn pieces<T: Send, R>(
    pieces: impl Iterator<Item = T> + Send,
    take: impl FnOnce(&mut dyn Iterator<Item = T>) -> R,
) -> R {
    handed_over(pieces, PIECES_WAITING, take)
}

fn handed_over<T: Send, R>(
    things: impl Iterator<Item = T> + Send,
    most_waiting: usize,
    take: impl FnOnce(&mut dyn Iterator<Item = T>) -> R,
) -> R {
    thread::scope(|scope| {
        let (give, taken) = mpsc::sync_channel::<T>(most_waiting);
        // Without it the channel is closed at once.
        let _ = thread::Builder::new()
            .name("usher-ahead".into())
            .spawn_scoped(scope, move || {
                for thing in things {
                    if give.send(thing).is_err() {
                        return;
                    }
                }
            });
        take(&mut taken.into_iter())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_arrives_in_order_whoever_makes_it_and_whoever_goes_early_is_not_waited_for() {
        for many in [3, FEW, 10 * FEW + 7] {
            let items: Vec<usize> = (0..many).collect();
            let mut made_so_far = 0;
            let make = |it: &usize| {
                made_so_far += 1;
                2 * it + made_so_far
            };
            let all: Vec<usize> = made(&items, make, |it| it.collect());
            assert!(all.iter().copied().eq((0..many).map(|it| 3 * it + 1)));
            let first = made(&items, |it| it + 1, |made| made.next());
            assert_eq!(first, Some(1));
        }
    }
}

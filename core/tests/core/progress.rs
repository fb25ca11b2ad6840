//! Large work is looked at while it is done, and taken back as a whole until it is committed.

use usher_core::command::{Command, Create};
use usher_core::model::{Actor, Door};
use usher_core::{Error, Progress, Stage};

use super::org::{Org, people};

fn create(n: usize) -> Command {
    let names: Vec<_> = (0..n).map(|i| format!("p{i}")).collect();
    Command::Create(Create {
        people: people(&names.join(" ")),
        groups: Vec::new(),
        pools: Vec::new(),
        mail: true,
    })
}

#[test]
fn what_is_cancelled_while_it_is_written_has_not_happened_and_can_be_done_later() {
    let org = Org::new(3_000);
    let session = org.directory.as_actor(Actor::FileOwner, Door::Cli);
    let head = || session.read().unwrap().audit_head().unwrap();
    let before = head();
    let progress = Progress::new();
    let result = std::thread::scope(|scope| {
        scope.spawn(|| {
            while progress.seen().stage < Stage::Writing || progress.seen().done < 10 {
                std::thread::yield_now();
            }
            assert!(progress.cancel(), "{:?}", progress.seen());
        });
        session.apply_watched(session.request(create(1_200)), None, &progress)
    });
    assert!(matches!(result, Err(Error::Cancelled)), "{result:?}");
    assert_eq!(head(), before);
    let free = || session.read().unwrap().pools().unwrap()[0].held();
    assert_eq!(free(), 1);
    // Whoever comes next finds a writer that works, and the same thing can be done after all.
    let applied = session
        .apply_watched(session.request(create(1_200)), None, &Progress::new())
        .unwrap();
    assert!(applied.batch.is_some());
    assert_eq!(free(), 1_201);
    assert_eq!(
        session.read().unwrap().audit_verify().unwrap().first_bad,
        None
    );
}

#[test]
fn what_was_cancelled_before_does_not_begin_and_what_is_done_is_too_late_to_cancel() {
    let org = Org::new(10);
    let session = org.directory.as_actor(Actor::FileOwner, Door::Cli);
    let cancelled = Progress::new();
    assert!(cancelled.cancel());
    let result = session.apply_watched(session.request(create(2)), None, &cancelled);
    assert!(matches!(result, Err(Error::Cancelled)), "{result:?}");
    let progress = Progress::new();
    session
        .apply_watched(session.request(create(2)), None, &progress)
        .unwrap();
    assert!(!progress.cancel());
    assert_eq!(progress.seen().stage, Stage::Committing);
}

#[test]
fn whoever_applies_without_looking_gets_the_digest_of_what_was_done() {
    let org = Org::new(3_000);
    let session = org.directory.as_actor(Actor::FileOwner, Door::Cli);
    for n in [1_200, 1_202] {
        let request = session.request(create(n));
        let shown = session.plan(&request).unwrap();
        let progress = Progress::new();
        let applied = session.apply_watched(request, None, &progress).unwrap();
        assert_eq!(applied.plan.digest, shown.digest);
        assert!(shown.digest.to_string().contains(|it| it != '0'));
    }
}

#[test]
fn what_a_large_change_wrote_is_in_its_place_soon_after_the_answer() {
    let org = Org::new(3_000);
    let size = || std::fs::metadata(&org.path).unwrap().len();
    let before = size();
    let session = org.directory.as_actor(Actor::FileOwner, Door::Cli);
    session.apply(session.request(create(1_200)), None).unwrap();
    // The writer does one thing after the other.
    org.directory.settle().unwrap();
    assert!(size() > before + 500_000, "{} bytes", size());
}

//! Whether a server runs is known beside it, and never remembered longer than it lives.

use crate::org::Org;

#[test]
fn a_server_is_seen_for_as_long_as_it_runs() {
    let org = Org::new(3);
    let beside = org.directory.clone();
    assert!(!beside.is_served());
    let first = org.directory.begin_serving().expect("served");
    let second = org.directory.begin_serving().expect("served twice");
    assert!(beside.is_served());
    drop(first);
    assert!(beside.is_served());
    drop(second);
    assert!(!beside.is_served());
}

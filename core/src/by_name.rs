//! Values by names, without the names: of each, hashes under keys that are drawn anew every time, 96 bits together. In a file of
//! a million people that is a tenth of the memory, and no two names ever meet.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, BuildHasherDefault, Hash, Hasher};

/// Values by names.
pub(crate) struct ByName<V> {
    hashes: [RandomState; 2],
    values: HashMap<Key, V, BuildHasherDefault<Spread>>,
}

/// What stands for a name.
#[derive(PartialEq, Eq)]
struct Key([u32; 3]);

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let [high, low, _] = self.0;
        state.write_u64((u64::from(high) << 32) | u64::from(low));
    }
}

/// Keys are hashes already, that nobody can choose.
#[derive(Default)]
struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        let all = bytes.iter();
        self.0 = all.fold(self.0, |all, it| (all << 8) | u64::from(*it));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

impl<V> Default for ByName<V> {
    fn default() -> Self {
        Self::with_room(0)
    }
}

impl<V> ByName<V> {
    /// With room for so many names: growing step by step, it would take half as much again meanwhile.
    pub(crate) fn with_room(names: usize) -> Self {
        Self {
            hashes: Default::default(),
            values: HashMap::with_capacity_and_hasher(names, BuildHasherDefault::default()),
        }
    }

    fn key(&self, name: &str) -> Key {
        let [one, other] = &self.hashes;
        let (one, other) = (one.hash_one(name), other.hash_one(name));
        Key([(one >> 32) as u32, one as u32, other as u32])
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Sets the value of a name; the one before is gone.
    pub(crate) fn insert(&mut self, name: &str, value: V) {
        self.values.insert(self.key(name), value);
    }

    /// Sets the value of a name that has none yet; else returns the one that it has.
    pub(crate) fn insert_first(&mut self, name: &str, value: V) -> Option<&V> {
        use std::collections::hash_map::Entry;
        match self.values.entry(self.key(name)) {
            Entry::Occupied(there) => Some(there.into_mut()),
            Entry::Vacant(free) => {
                free.insert(value);
                None
            }
        }
    }

    /// The value of a name, to be changed.
    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut V> {
        self.values.get_mut(&self.key(name))
    }

    /// The value of a name.
    pub(crate) fn get(&self, name: &str) -> Option<&V> {
        self.values.get(&self.key(name))
    }
}

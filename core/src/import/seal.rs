//! What an error copy says of itself, to be known again: of which file it is, and that nobody has touched it since. It stands
//! where archives have a remark, which no program that saves a workbook keeps.

use std::fs;
use std::io::Read;
use std::path::Path;

use sha2::{Digest, Sha256};

/// How an archive ends that has no remark yet.
const END: [u8; 4] = *b"PK\x05\x06";
const END_LENGTH: usize = 22;
/// How the remark begins.
const WORDS: &[u8] = b"usher error copy ";
/// The remark: the words, the hash of the file of which it is a copy, and the copy's own.
const LENGTH: usize = WORDS.len() + 2 * 32;
/// No error copy that is looked at is larger.
const LARGEST: u64 = 256 << 20;

/// Puts the remark at the end of an archive that has none.
pub(super) fn put(archive: &mut Vec<u8>, source: &[u8; 32]) {
    let Some(at) = archive.len().checked_sub(END_LENGTH) else {
        return;
    };
    let is_bare = archive.get(at..).is_some_and(|it| it.starts_with(&END));
    let Ok(length) = u16::try_from(LENGTH) else {
        return;
    };
    if is_bare && archive.ends_with(&[0, 0]) {
        let own = Sha256::digest(&*archive);
        archive.truncate(at + END_LENGTH - 2);
        archive.extend(length.to_le_bytes());
        archive.extend(WORDS);
        archive.extend(source);
        archive.extend(own);
    }
}

/// Whether an error copy of that file is there, as it was written.
pub(super) fn is_untouched(copy: &Path, source: &[u8; 32]) -> bool {
    let is_file = fs::symlink_metadata(copy).is_ok_and(|it| it.is_file() && it.len() <= LARGEST);
    let mut bytes = Vec::new();
    let read = |bytes: &mut Vec<u8>| fs::File::open(copy)?.take(LARGEST).read_to_end(bytes);
    if !is_file || read(&mut bytes).is_err() {
        return false;
    }
    let Some((archive, remark)) = bytes
        .len()
        .checked_sub(LENGTH)
        .and_then(|at| bytes.split_at_checked(at))
    else {
        return false;
    };
    let hashes = remark
        .strip_prefix(WORDS)
        .and_then(|it| it.split_at_checked(32));
    let Some((of, own)) = hashes else {
        return false;
    };
    let Some(bare) = archive
        .len()
        .checked_sub(2)
        .and_then(|it| archive.get(..it))
    else {
        return false;
    };
    let mut hash = Sha256::new();
    hash.update(bare);
    hash.update([0, 0]);
    of == source && own == hash.finalize().as_slice()
}

//! Base64 (RFC 4648 §4), read strictly: one way to write a key, so that equal keys are equal texts.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The bytes; none when the text is not padded, has anything else in it, or could be written otherwise.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let bare = text.trim_end_matches('=');
    let padded = bare.len().div_ceil(4) * 4;
    if text.is_empty() || text.len() != padded || padded - bare.len() > 2 {
        return None;
    }
    let mut bytes = Vec::with_capacity(padded / 4 * 3);
    let (mut held, mut bits) = (0_u32, 0_u32);
    for byte in bare.bytes() {
        let value = ALPHABET.iter().position(|it| *it == byte)?;
        held = held << 6 | u32::try_from(value).ok()?;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    (held == 0).then_some(bytes)
}

/// The text, padded.
pub(super) fn encode(bytes: &[u8]) -> String {
    let mut text = encode_bare(bytes);
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}

/// The text without padding.
pub(super) fn encode_bare(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let byte = |i: usize| u32::from(three.get(i).copied().unwrap_or(0));
        let word = byte(0) << 16 | byte(1) << 8 | byte(2);
        for i in 0..=three.len() as u32 {
            let at = (word >> (18 - 6 * i) & 63) as usize;
            text.extend(ALPHABET.get(at).map(|it| char::from(*it)));
        }
    }
    text
}

//! How a text is encoded, whatever program it comes from: told by its first bytes and by all of them, and then read piece by
//! piece, so that a large one needs no more memory than a small one.

use std::io::Read;

use super::wire::Bad;
use crate::error::Error;

/// Windows-1252 from 0x80 to 0x9f; the five that it leaves out are shown as what cannot be read.
const WINDOWS: [char; 32] = [
    '€', '\u{fffd}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{fffd}', 'Ž',
    '\u{fffd}', '\u{fffd}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{fffd}',
    'ž', 'Ÿ',
];
/// How much of a text is looked at to tell whether it takes two bytes a letter, in bytes.
const LOOKED_AT: usize = 4_096;
/// How much is read at once, in bytes.
const BLOCK: usize = 256 << 10;

/// What a text begins with that says of itself that it is UTF-8.
const UTF_8_MARK: &[u8] = b"\xef\xbb\xbf";

/// As what a text is read that says nothing of its encoding and is not UTF-8.
pub const GUESSED: &str = "Windows-1252";

/// What to do with a text of another encoding.
const NAME_IT: &str = "save it as CSV (UTF-8), or name its encoding with --encoding, such as windows-1250 or shift_jis";

/// Whether there is an encoding of that name, by the labels of the web's encodings (WHATWG Encoding Standard, section 4.2).
///
/// # Errors
/// [`Error::Invalid`] where there is none.
pub fn check_encoding(name: &str) -> Result<(), Error> {
    match encoding_named(name) {
        Ok(_) => Ok(()),
        Err(bad) => Err(Error::invalid(
            "encoding",
            format!("{name:?} is unknown"),
            bad.remedy,
        )),
    }
}

fn encoding_named(name: &str) -> Result<&'static encoding_rs::Encoding, Bad> {
    encoding_rs::Encoding::for_label(name.trim().as_bytes()).ok_or_else(|| {
        Bad::new(
            format!("cannot be read: there is no encoding {name:?}"),
            "name one of the web's, such as utf-8, windows-1250, iso-8859-2, shift_jis, gb18030 or macintosh",
        )
    })
}

/// How a text is encoded.
#[derive(Clone, Copy)]
pub(super) struct Encoding {
    kind: Kind,
    /// How many bytes at its beginning say so, and are no part of it.
    mark: usize,
}

#[derive(Clone, Copy)]
enum Kind {
    Utf8,
    /// Two bytes a letter, as a rule.
    Wide(fn([u8; 2]) -> u16),
    Windows,
    Named(&'static encoding_rs::Encoding),
}

impl Encoding {
    /// What people call it.
    pub(super) fn name(&self) -> &'static str {
        match self.kind {
            Kind::Utf8 => "UTF-8",
            Kind::Wide(_) => "UTF-16",
            Kind::Windows => GUESSED,
            Kind::Named(encoding) => encoding.name(),
        }
    }
}

/// Reads a text from its beginning to its end to tell how it is encoded; somebody may have named it, but a byte-order mark
/// knows better.
pub(super) fn tell(from: &mut impl Read, named: Option<&str>) -> Result<Encoding, Bad> {
    let mut blocks = Blocks::of(from, BLOCK);
    blocks.more()?;
    let of = |kind, mark| Ok(Encoding { kind, mark });
    let head = blocks.bytes.as_slice();
    if head.starts_with(UTF_8_MARK) {
        blocks.drop(UTF_8_MARK.len());
        Seen::all_of(blocks)?.as_marked()?;
        return of(Kind::Utf8, UTF_8_MARK.len());
    }
    for (mark, unit) in [
        (b"\xff\xfe", u16::from_le_bytes as fn([u8; 2]) -> u16),
        (b"\xfe\xff", u16::from_be_bytes),
    ] {
        if head.starts_with(mark) {
            blocks.drop(mark.len());
            look_through_wide(blocks, unit)?;
            return of(Kind::Wide(unit), mark.len());
        }
    }
    if let Some(named) = named {
        return of(Kind::Named(look_through(blocks, named)?), 0);
    }
    let looked_at = head.get(..head.len().min(LOOKED_AT)).unwrap_or_default();
    if looked_at.contains(&0) && looked_at.len() >= 8 {
        // Western text in two bytes a letter has a zero in every other one.
        let pairs = looked_at.as_chunks::<2>().0;
        let zeros = |of: usize| pairs.iter().filter(|it| it[of] == 0).count();
        let most = pairs.len() * 2 / 5;
        let unit: Option<fn([u8; 2]) -> u16> = match (zeros(0), zeros(1)) {
            (0, second) if second > most => Some(u16::from_le_bytes),
            (first, 0) if first > most => Some(u16::from_be_bytes),
            _ => None,
        };
        if let Some(unit) = unit {
            look_through_wide(blocks, unit)?;
            return of(Kind::Wide(unit), 0);
        }
    }
    of(Seen::all_of(blocks)?.verdict()?, 0)
}

/// Refuses a text of two bytes a letter in which half a letter stands, or a part of one.
fn look_through_wide<R: Read>(
    mut blocks: Blocks<'_, R>,
    unit: fn([u8; 2]) -> u16,
) -> Result<(), Bad> {
    let mut line = 1;
    loop {
        let (done, wrong) = wide_letters(&blocks.bytes, blocks.ended, unit, |letter| {
            line += usize::from(letter == '\n');
        });
        let is_cut = blocks.ended && blocks.bytes.len() % 2 == 1;
        if wrong || is_cut {
            return Err(Bad::new(
                format!("is UTF-16, and is not so in line {line}"),
                NAME_IT,
            ));
        }
        blocks.drop(done);
        if blocks.ended {
            return Ok(());
        }
        blocks.more()?;
    }
}

/// The encoding of that name, if all of the text is right in it.
fn look_through<R: Read>(
    mut blocks: Blocks<'_, R>,
    named: &str,
) -> Result<&'static encoding_rs::Encoding, Bad> {
    let encoding = encoding_named(named)?;
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut text = String::new();
    loop {
        text.clear();
        decode_named(&mut decoder, &blocks.bytes, blocks.ended, &mut text)?;
        if blocks.ended {
            return Ok(encoding);
        }
        blocks.bytes.clear();
        blocks.more()?;
    }
}

/// What was seen of a text that may be UTF-8, or Windows-1252, or no text at all.
#[derive(Default)]
struct Seen {
    has_zeros: bool,
    /// Letters beyond ASCII that are right as UTF-8, and places that are wrong, however many bytes one behind the other.
    right: usize,
    wrong: usize,
    /// Whether the last byte was wrong.
    ends_wrong: bool,
    /// How many lines ended.
    lines: usize,
    /// In which line the first place is wrong as UTF-8, and the first byte none of Windows-1252.
    first_wrong: Option<usize>,
    first_unknown: Option<usize>,
}

impl Seen {
    /// Looks at a text to its end.
    fn all_of<R: Read>(mut blocks: Blocks<'_, R>) -> Result<Self, Bad> {
        let mut seen = Self::default();
        loop {
            let looked_at = seen.look(&blocks.bytes, blocks.ended);
            blocks.drop(looked_at);
            if blocks.ended {
                return Ok(seen);
            }
            blocks.more()?;
        }
    }

    /// Looks at the next bytes; returns how many of them are done with. At the end of the text it is all of them.
    fn look(&mut self, bytes: &[u8], ended: bool) -> usize {
        let mut place = 0;
        for chunk in bytes.utf8_chunks() {
            let (valid, invalid) = (chunk.valid().as_bytes(), chunk.invalid());
            self.right += valid.iter().filter(|it| **it >= 0xc0).count();
            self.ends_wrong &= valid.is_empty();
            self.pass(valid);
            place += valid.len();
            if !ended && place + invalid.len() == bytes.len() && is_begun(invalid) {
                break;
            }
            if !invalid.is_empty() {
                self.wrong += usize::from(!self.ends_wrong);
                self.ends_wrong = true;
                self.first_wrong.get_or_insert(self.lines + 1);
                self.pass(invalid);
                place += invalid.len();
            }
        }
        place
    }

    /// Counts lines, and looks for bytes that no text has.
    fn pass(&mut self, bytes: &[u8]) {
        self.has_zeros |= bytes.contains(&0);
        let is_unknown = |it: &u8| matches!(*it, 0x81 | 0x8d | 0x8f | 0x90 | 0x9d);
        let lines = |bytes: &[u8]| bytes.iter().filter(|it| **it == b'\n').count();
        if self.first_unknown.is_none()
            && let Some(place) = bytes.iter().position(is_unknown)
        {
            let before = bytes.get(..place).unwrap_or_default();
            self.first_unknown = Some(self.lines + lines(before) + 1);
        }
        self.lines += lines(bytes);
    }

    /// Refuses what is wrong in a text that says of itself that it is UTF-8.
    fn as_marked(&self) -> Result<(), Bad> {
        match self.first_wrong {
            None => Ok(()),
            Some(line) => Err(Bad::new(
                format!("says of itself that it is UTF-8, and is not so in line {line}"),
                NAME_IT,
            )),
        }
    }

    fn verdict(&self) -> Result<Kind, Bad> {
        if self.has_zeros {
            return Err(Bad::new(
                "is neither a workbook nor text",
                "save it as .xlsx or as CSV (UTF-8)",
            ));
        }
        let Some(line) = self.first_wrong else {
            return Ok(Kind::Utf8);
        };
        // Text that is UTF-8 but for a few bytes is no other encoding: what is wrong with it is told.
        if self.right >= self.wrong.max(1) {
            return Err(Bad::new(
                format!(
                    "is UTF-8, but not so in line {line}: it was put together of texts of several encodings"
                ),
                NAME_IT,
            ));
        }
        match self.first_unknown {
            None => Ok(Kind::Windows),
            Some(line) => Err(Bad::new(
                format!("is neither UTF-8 nor {GUESSED}, by a byte in line {line}"),
                NAME_IT,
            )),
        }
    }
}

/// Whether these bytes are the beginning of a letter of UTF-8, which may go on.
fn is_begun(bytes: &[u8]) -> bool {
    let wrong = std::str::from_utf8(bytes).err();
    wrong.is_some_and(|it| it.error_len().is_none())
}

/// What is read of a file and not looked at yet.
struct Blocks<'f, R> {
    from: &'f mut R,
    bytes: Vec<u8>,
    size: usize,
    ended: bool,
}

impl<'f, R: Read> Blocks<'f, R> {
    fn of(from: &'f mut R, size: usize) -> Self {
        Self {
            from,
            bytes: Vec::with_capacity(size),
            size,
            ended: false,
        }
    }

    /// Reads on behind what is there.
    fn more(&mut self) -> Result<(), Bad> {
        let next = self.from.by_ref().take(self.size as u64);
        let got = { next }
            .read_to_end(&mut self.bytes)
            .map_err(|_| unread())?;
        self.ended = got < self.size;
        Ok(())
    }

    /// Forgets what is done with.
    fn drop(&mut self, bytes: usize) {
        self.bytes.drain(..bytes.min(self.bytes.len()));
    }
}

fn unread() -> Bad {
    Bad::new("cannot be read", "check its place and its rights")
}

/// A text that is read piece by piece.
pub(super) struct Text<'f, R> {
    blocks: Blocks<'f, R>,
    encoding: Encoding,
    /// Of an encoding that somebody has named.
    named: Option<encoding_rs::Decoder>,
    /// How many bytes of the mark at the beginning are still to come.
    mark: usize,
}

impl<'f, R: Read> Text<'f, R> {
    /// A text of that encoding, from its beginning.
    pub(super) fn new(from: &'f mut R, encoding: Encoding) -> Self {
        Self::by(from, encoding, BLOCK)
    }

    fn by(from: &'f mut R, encoding: Encoding, size: usize) -> Self {
        let named = match encoding.kind {
            Kind::Named(it) => Some(it.new_decoder_without_bom_handling()),
            _ => None,
        };
        Self {
            blocks: Blocks::of(from, size),
            encoding,
            named,
            mark: encoding.mark,
        }
    }

    /// Puts the next piece behind what is there. Returns whether another may follow.
    pub(super) fn more(&mut self, into: &mut String) -> Result<bool, Bad> {
        self.blocks.more()?;
        let mark = self.mark.min(self.blocks.bytes.len());
        self.blocks.drop(mark);
        self.mark -= mark;
        let (bytes, ended) = (self.blocks.bytes.as_slice(), self.blocks.ended);
        let done = match (self.encoding.kind, &mut self.named) {
            (Kind::Utf8, _) => decode_utf8(bytes, ended, into),
            (Kind::Wide(unit), _) => decode_wide(bytes, ended, unit, into),
            (Kind::Named(_), Some(decoder)) => {
                decode_named(decoder, bytes, ended, into)?;
                bytes.len()
            }
            (Kind::Windows | Kind::Named(_), _) => {
                into.extend(bytes.iter().map(letter));
                bytes.len()
            }
        };
        self.blocks.drop(done);
        Ok(!ended)
    }
}

/// A letter of Windows-1252.
fn letter(byte: &u8) -> char {
    match byte {
        0x80..=0x9f => WINDOWS
            .get(usize::from(*byte - 0x80))
            .copied()
            .unwrap_or('\u{fffd}'),
        other => char::from(*other),
    }
}

/// Returns how many bytes are done with, as the others do.
fn decode_utf8(bytes: &[u8], ended: bool, into: &mut String) -> usize {
    let mut place = 0;
    for chunk in bytes.utf8_chunks() {
        into.push_str(chunk.valid());
        place += chunk.valid().len();
        let invalid = chunk.invalid();
        if !ended && place + invalid.len() == bytes.len() && is_begun(invalid) {
            break;
        }
        if !invalid.is_empty() {
            into.push('\u{fffd}');
            place += invalid.len();
        }
    }
    place
}

fn decode_wide(bytes: &[u8], ended: bool, unit: fn([u8; 2]) -> u16, into: &mut String) -> usize {
    let (done, _) = wide_letters(bytes, ended, unit, |it| into.push(it));
    if ended { bytes.len() } else { done }
}

/// Hands over letters of two bytes, as a rule, up to the first that is none. Returns how many bytes are done with, and whether
/// there was such a one.
fn wide_letters(
    bytes: &[u8],
    ended: bool,
    unit: fn([u8; 2]) -> u16,
    mut hand: impl FnMut(char),
) -> (usize, bool) {
    let mut pairs = bytes.as_chunks::<2>().0;
    // The first half of a letter waits for the other.
    if !ended
        && let [before @ .., last] = pairs
        && (0xd800..0xdc00).contains(&unit(*last))
    {
        pairs = before;
    }
    for letter in char::decode_utf16(pairs.iter().map(|it| unit(*it))) {
        match letter {
            Ok(letter) => hand(letter),
            Err(_) => return (pairs.len() * 2, true),
        }
    }
    (pairs.len() * 2, false)
}

fn decode_named(
    decoder: &mut encoding_rs::Decoder,
    bytes: &[u8],
    ended: bool,
    into: &mut String,
) -> Result<(), Bad> {
    let name = decoder.encoding().name();
    let room = decoder.max_utf8_buffer_length_without_replacement(bytes.len());
    into.reserve(room.unwrap_or(bytes.len() * 4));
    let (result, _) = decoder.decode_to_string_without_replacement(bytes, into, ended);
    match result {
        encoding_rs::DecoderResult::InputEmpty => Ok(()),
        _ => Err(Bad::new(
            format!("is not {name}"),
            "name another encoding with --encoding, or save it as CSV (UTF-8)",
        )),
    }
}

/// The bytes as text of an encoding that somebody has named, or of whichever it is, and what people call that.
pub(super) fn decode_as(bytes: &[u8], named: Option<&str>) -> Result<(String, &'static str), Bad> {
    let encoding = tell(&mut &*bytes, named)?;
    let mut from = bytes;
    let mut text = Text::new(&mut from, encoding);
    let mut all = String::new();
    while text.more(&mut all)? {}
    Ok((all, encoding.name()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What it would be as a whole.
    fn at_once(bytes: &[u8], encoding: Encoding) -> String {
        let rest = &bytes[encoding.mark..];
        let wide = |unit: fn([u8; 2]) -> u16| {
            let units: Vec<u16> = rest.as_chunks::<2>().0.iter().map(|it| unit(*it)).collect();
            String::from_utf16_lossy(&units)
        };
        match encoding.kind {
            Kind::Utf8 => String::from_utf8_lossy(rest).into_owned(),
            Kind::Wide(unit) => wide(unit),
            Kind::Windows => rest.iter().map(letter).collect(),
            Kind::Named(it) => it
                .decode_without_bom_handling_and_without_replacement(rest)
                .expect("it was told so")
                .into_owned(),
        }
    }

    /// Bytes of which some are letters of several bytes, halves of such, and marks.
    fn some_bytes() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            4 => Just(b"a,\"b\"\r\n".to_vec()),
            2 => Just("Zoë €".as_bytes().to_vec()),
            1 => Just("😀".as_bytes().to_vec()),
            1 => Just(b"\xf0\x9f\x98".to_vec()),
            1 => Just(b"\xff\xfe".to_vec()),
            1 => Just(b"\xef\xbb\xbf".to_vec()),
            1 => Just("\u{feff}x😀y".encode_utf16().flat_map(u16::to_le_bytes).collect()),
            1 => Just(b"\x3d\xd8".to_vec()),
            1 => Just(b"\x80\x95".to_vec()),
            1 => proptest::collection::vec(any::<u8>(), 0..4),
        ];
        proptest::collection::vec(piece, 0..12).prop_map(|it| it.concat())
    }

    #[test]
    fn what_is_utf_8_but_for_one_place_is_no_other_encoding() {
        for (text, said) in [
            (
                &b"email,name\na@x.eu,Zo\xc3\xab\nb@x.eu,\xff\xfe"[..],
                "is UTF-8, but not so in line 3",
            ),
            (
                b"\xef\xbb\xbfemail,name\nb@x.eu,\xff\xfe,Y\n",
                "says of itself that it is UTF-8, and is not so in line 2",
            ),
            (
                b"\xef\xbb\xbfemail,name\nb@x.eu,Zo\xc3",
                "says of itself that it is UTF-8, and is not so in line 2",
            ),
        ] {
            let bad = decode_as(text, None).expect_err("it is broken");
            assert!(bad.why.contains(said), "{}", bad.why);
        }
        let utf_16 =
            |units: &[u16]| -> Vec<u8> { units.iter().flat_map(|it| it.to_le_bytes()).collect() };
        let lone = utf_16(&[0xfeff, 0x61, 0x0a, 0x62, 0xd83d, 0x63]);
        let mut cut = utf_16(&[0xfeff, 0x61, 0x0a, 0x62]);
        cut.push(0x63);
        for text in [lone, cut] {
            let bad = decode_as(&text, None).expect_err("it is broken");
            assert!(
                bad.why.contains("is UTF-16, and is not so in line 2"),
                "{}",
                bad.why
            );
        }
        let (text, name) = decode_as(b"a@x.eu,Jos\xe9", None).expect("a text");
        assert_eq!((text.as_str(), name), ("a@x.eu,José", GUESSED));
    }

    proptest! {
        #[test]
        fn a_text_is_the_same_in_pieces_of_any_length(
            bytes in some_bytes(),
            size in 1_usize..9,
            named in prop_oneof![Just(None), Just(Some("utf-8")), Just(Some("gb18030")), Just(Some("shift_jis"))],
        ) {
            if let Ok(encoding) = tell(&mut bytes.as_slice(), named) {
                let mut from = bytes.as_slice();
                let mut text = Text::by(&mut from, encoding, size);
                let mut all = String::new();
                while text.more(&mut all).expect("it was told so") {}
                prop_assert_eq!(all, at_once(&bytes, encoding));
            }
        }

        #[test]
        fn what_a_text_is_told_to_be_does_not_hang_on_where_its_blocks_end(
            bytes in some_bytes(),
            size in 1_usize..9,
        ) {
            let look = |size: usize| {
                let (mut seen, mut from) = (Seen::default(), bytes.as_slice());
                let mut blocks = Blocks::of(&mut from, size);
                loop {
                    blocks.more().expect("memory");
                    let done = seen.look(&blocks.bytes, blocks.ended);
                    blocks.drop(done);
                    if blocks.ended {
                        break seen;
                    }
                }
            };
            let (one, other) = (look(size), look(1 << 20));
            prop_assert_eq!(
                (one.right, one.wrong, one.lines, one.first_wrong, one.first_unknown, one.has_zeros),
                (other.right, other.wrong, other.lines, other.first_wrong, other.first_unknown, other.has_zeros)
            );
            prop_assert_eq!(one.wrong == 0, std::str::from_utf8(&bytes).is_ok());
            let line = |place: Option<usize>| {
                place.map(|it| bytes[..it].iter().filter(|it| **it == b'\n').count() + 1)
            };
            let wrong = std::str::from_utf8(&bytes).err().map(|it| it.valid_up_to());
            prop_assert_eq!(one.first_wrong, line(wrong));
            let unknown = bytes.iter().position(|it| [0x81, 0x8d, 0x8f, 0x90, 0x9d].contains(it));
            prop_assert_eq!(one.first_unknown, line(unknown));
        }
    }
}

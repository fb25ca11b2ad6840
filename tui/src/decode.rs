//! What a terminal sends, into keys. Bytes go in one at a time, however the network split them.
//!
//! Escape sequences are taken apart by their general grammar (ECMA-48 §5.4), so that one that is not known is swallowed
//! whole and never typed, and none can wedge the keyboard: silence always brings the decoder back to its beginning.
//! That is why this is not one of the existing parsers, each of which has a sequence after which keys are lost.

use std::collections::VecDeque;
use std::time::Duration;

use crate::key::Key;

/// Longest paste that is kept, in bytes; the rest of a longer one is dropped.
pub(crate) const LONGEST_PASTE: usize = 1 << 20;
/// More parameter bytes than any key has.
const LONGEST_CSI: usize = 64;
/// What ends a bracketed paste.
const PASTE_END: &[u8] = b"\x1b[201~";

/// Something a person did at the keyboard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Typed {
    /// Pressed a key.
    Key(Key),
    /// Pasted a text.
    Paste(String),
    /// Pressed the mouse's button on a cell, counted from the upper left corner.
    Click {
        /// How many cells to the right.
        x: u16,
        /// How many rows down.
        y: u16,
    },
    /// Turned the mouse's wheel.
    Wheel {
        /// Whether towards oneself.
        down: bool,
    },
}

/// The decoder's place inside a sequence.
#[derive(Debug, Default)]
enum State {
    /// Between keys.
    #[default]
    Ground,
    /// Inside a character of several bytes.
    Utf8 {
        bytes: [u8; 4],
        have: usize,
        need: usize,
    },
    /// After escape, which may be the key or the beginning of a sequence.
    Escape,
    /// After `ESC O`: one byte follows.
    Single,
    /// Inside `ESC [`.
    Csi(Vec<u8>),
    /// After `ESC [ [`, a Linux console's function key: one byte follows.
    Console,
    /// Inside an answer that nobody asked for: operating system command, device control and their like.
    Text { escape: bool },
    /// Inside a bracketed paste.
    Paste(Vec<u8>),
}

/// Takes bytes, gives keys.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    state: State,
    typed: VecDeque<Typed>,
}

impl Decoder {
    /// Takes one byte.
    pub(crate) fn feed(&mut self, byte: u8) {
        self.state = match std::mem::take(&mut self.state) {
            State::Ground => self.ground(byte),
            State::Utf8 { bytes, have, need } => self.continued(byte, bytes, have, need),
            State::Escape => self.escape(byte),
            State::Single => self.single(byte),
            State::Csi(params) => self.csi(byte, params),
            State::Console => State::Ground,
            State::Text { escape } => text(byte, escape),
            State::Paste(pasted) => self.paste(byte, pasted),
        };
    }

    /// The next thing that was typed.
    pub(crate) fn pop(&mut self) -> Option<Typed> {
        self.typed.pop_front()
    }

    /// How long to wait for the rest of what has begun; none when nothing has.
    pub(crate) fn patience(&self) -> Option<Duration> {
        match self.state {
            State::Ground => None,
            State::Escape => Some(Duration::from_millis(50)),
            State::Utf8 { .. }
            | State::Single
            | State::Csi(_)
            | State::Console
            | State::Text { .. } => Some(Duration::from_millis(500)),
            State::Paste(_) => Some(Duration::from_secs(3)),
        }
    }

    /// No more came for that long: what has begun is over. A lone escape is the key.
    pub(crate) fn silence(&mut self) {
        match std::mem::take(&mut self.state) {
            State::Escape => self.key(Key::Escape),
            State::Paste(pasted) => self.pasted(&pasted),
            _ => {}
        }
    }

    fn key(&mut self, key: Key) {
        self.typed.push_back(Typed::Key(key));
    }

    fn pasted(&mut self, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes)
            .replace("\r\n", "\n")
            .replace('\r', "\n");
        self.typed.push_back(Typed::Paste(text));
    }

    fn ground(&mut self, byte: u8) -> State {
        match byte {
            0x1b => return State::Escape,
            b'\r' | b'\n' => self.key(Key::Enter),
            b'\t' => self.key(Key::Tab),
            0x7f | 0x08 => self.key(Key::Backspace),
            0x01..=0x1a => self.key(Key::Ctrl(char::from(byte - 1 + b'a'))),
            0x20..=0x7e => self.key(Key::Char(char::from(byte))),
            0xc2..=0xdf => return begun(byte, 2),
            0xe0..=0xef => return begun(byte, 3),
            0xf0..=0xf4 => return begun(byte, 4),
            _ => {}
        }
        State::Ground
    }

    fn continued(&mut self, byte: u8, mut bytes: [u8; 4], have: usize, need: usize) -> State {
        if byte & 0xc0 != 0x80 {
            return self.ground(byte);
        }
        bytes[have] = byte;
        if have + 1 < need {
            return State::Utf8 {
                bytes,
                have: have + 1,
                need,
            };
        }
        let c = std::str::from_utf8(&bytes[..need])
            .ok()
            .and_then(|it| it.chars().next());
        if let Some(c) = c.filter(|c| !c.is_control()) {
            self.key(Key::Char(c));
        }
        State::Ground
    }

    fn escape(&mut self, byte: u8) -> State {
        match byte {
            b'[' => State::Csi(Vec::new()),
            b'O' => State::Single,
            b']' | b'P' | b'_' | b'^' | b'X' => State::Text { escape: false },
            // Escape and a key that a slow line brought together; there are no keys with Alt.
            _ => {
                self.key(Key::Escape);
                self.ground(byte)
            }
        }
    }

    fn single(&mut self, byte: u8) -> State {
        if byte == 0x1b {
            return State::Escape;
        }
        if let Some(key) = cursor_key(byte, false) {
            self.key(key);
        } else if byte == b'M' {
            self.key(Key::Enter);
        }
        State::Ground
    }

    fn csi(&mut self, byte: u8, mut params: Vec<u8>) -> State {
        match byte {
            0x1b => return State::Escape,
            0x18 | 0x1a => return State::Ground,
            b'[' if params.is_empty() => return State::Console,
            0x20..=0x3f => {
                if params.len() < LONGEST_CSI {
                    params.push(byte);
                }
                return State::Csi(params);
            }
            0x40..=0x7e => {}
            _ => return State::Csi(params),
        }
        if byte == b'~' && params == b"200" {
            return State::Paste(Vec::new());
        }
        if let Some(b'<') = params.first() {
            self.typed.extend(mouse(byte, &params));
        } else if let Some(key) = csi_key(byte, &params) {
            self.key(key);
        }
        State::Ground
    }

    fn paste(&mut self, byte: u8, mut pasted: Vec<u8>) -> State {
        if pasted.len() >= LONGEST_PASTE + PASTE_END.len() {
            // The end is still looked for, in the last bytes.
            pasted.remove(LONGEST_PASTE);
        }
        pasted.push(byte);
        if pasted.ends_with(PASTE_END) {
            let len = (pasted.len() - PASTE_END.len()).min(LONGEST_PASTE);
            self.pasted(&pasted[..len]);
            return State::Ground;
        }
        State::Paste(pasted)
    }
}

fn begun(byte: u8, need: usize) -> State {
    State::Utf8 {
        bytes: [byte, 0, 0, 0],
        have: 1,
        need,
    }
}

fn text(byte: u8, escape: bool) -> State {
    match byte {
        0x07 | 0x18 | 0x1a => State::Ground,
        b'\\' if escape => State::Ground,
        _ => State::Text {
            escape: byte == 0x1b,
        },
    }
}

/// What the mouse did, as `ESC [ < button ; column ; row M` tells it (mode 1006).
fn mouse(letter: u8, params: &[u8]) -> Option<Typed> {
    let text = std::str::from_utf8(params.get(1..)?).ok()?;
    let mut numbers = text.split(';').map(str::parse::<u16>);
    let (button, x, y) = (
        numbers.next()?.ok()?,
        numbers.next()?.ok()?,
        numbers.next()?.ok()?,
    );
    match (letter, button) {
        (b'M', 0) => Some(Typed::Click {
            x: x.saturating_sub(1),
            y: y.saturating_sub(1),
        }),
        (b'M', 64) => Some(Typed::Wheel { down: false }),
        (b'M', 65) => Some(Typed::Wheel { down: true }),
        _ => None,
    }
}

/// The key of a final letter, as `ESC [ A` and `ESC O A` share them.
fn cursor_key(letter: u8, shift: bool) -> Option<Key> {
    Some(match letter {
        b'A' if shift => Key::ShiftUp,
        b'B' if shift => Key::ShiftDown,
        b'A' => Key::Up,
        b'B' => Key::Down,
        b'C' => Key::Right,
        b'D' => Key::Left,
        b'H' => Key::Home,
        b'F' => Key::End,
        b'Z' => Key::BackTab,
        _ => return None,
    })
}

fn csi_key(letter: u8, params: &[u8]) -> Option<Key> {
    let parsed = |it: &[u8]| {
        std::str::from_utf8(it)
            .ok()
            .and_then(|it| it.parse::<u32>().ok())
    };
    let mut numbers = params.split(|b| *b == b';').map(parsed);
    let first = if params.is_empty() {
        1
    } else {
        numbers.next().flatten()?
    };
    let modifiers = numbers.next().flatten().unwrap_or(1).saturating_sub(1);
    let (shift, control) = (modifiers & 1 != 0, modifiers & 4 != 0);
    match (letter, first) {
        (b'~', 1 | 7) => Some(Key::Home),
        (b'~', 3) => Some(Key::Delete),
        (b'~', 4 | 8) => Some(Key::End),
        (b'~', 5) => Some(Key::PageUp),
        (b'~', 6) => Some(Key::PageDown),
        (b'u', 27) => Some(Key::Escape),
        (b'u', 13) => Some(Key::Enter),
        (b'u', 9) if shift => Some(Key::BackTab),
        (b'u', 9) => Some(Key::Tab),
        (b'u', 127) => Some(Key::Backspace),
        (b'u', code) => {
            let c = char::from_u32(code).filter(|c| !c.is_control())?;
            Some(if control {
                Key::Ctrl(c.to_ascii_lowercase())
            } else {
                Key::Char(c)
            })
        }
        (b'A'..=b'Z', 1) => cursor_key(letter, shift),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn typed(bytes: &[u8]) -> Vec<Typed> {
        let mut decoder = Decoder::default();
        bytes.iter().for_each(|byte| decoder.feed(*byte));
        decoder.silence();
        std::iter::from_fn(|| decoder.pop()).collect()
    }

    fn keys(bytes: &[u8]) -> String {
        typed(bytes)
            .into_iter()
            .map(|it| match it {
                Typed::Key(key) => format!("<{key}>"),
                Typed::Paste(text) => format!("{text:?}"),
                Typed::Click { x, y } => format!("<click {x} {y}>"),
                Typed::Wheel { down } => format!("<wheel {down}>"),
            })
            .collect()
    }

    #[test]
    fn keys_are_known() {
        for (bytes, expected) in [
            (&b"aB /"[..], "<a><B><space></>"),
            (
                b"\r\t\x7f\x04\x03",
                "<enter><tab><backspace><ctrl-d><ctrl-c>",
            ),
            (b"\x1b", "<esc>"),
            (b"\x1b\x1b", "<esc><esc>"),
            (b"\x1bj", "<esc><j>"),
            (
                b"\x1b[A\x1bOB\x1b[1;2A\x1b[Z",
                "<up><down><shift-up><shift-tab>",
            ),
            (
                b"\x1b[H\x1b[4~\x1b[5~\x1b[6~\x1b[3~",
                "<home><end><pgup><pgdn><delete>",
            ),
            ("ü漢🙂".as_bytes(), "<ü><漢><🙂>"),
            (b"\xff\xc3x\xe2\x82", "<x>"),
            (
                b"\x1b[<0;3;5M\x1b[<0;3;5m\x1b[<64;1;1M\x1b[<65;1;1M",
                "<click 2 4><wheel false><wheel true>",
            ),
            (b"\x1b[200~a\x1b[A\r\nb\x1b[201~c", "\"a\\u{1b}[A\\nb\"<c>"),
        ] {
            assert_eq!(keys(bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn what_nobody_asked_for_is_swallowed() {
        for noise in [
            &b"\x1b[?62;c"[..],
            b"\x1b[?1;2$y",
            b"\x1b]11;rgb:0/0/0\x07",
            b"\x1bP1$r0m\x1b\\",
            b"\x1b[[A",
            b"\x1b[<0;1;1m",
            b"\x1b[<2;1;1M",
            b"\x1b[<0;1M",
            b"\x1b[<0;99999999;1M",
            b"\x1b[99~",
        ] {
            let mut bytes = noise.to_vec();
            bytes.push(b'x');
            assert_eq!(keys(&bytes), "<x>", "{noise:?}");
        }
    }

    proptest! {
        #[test]
        fn no_noise_wedges_the_keyboard(noise in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut decoder = Decoder::default();
            noise.iter().for_each(|byte| decoder.feed(*byte));
            decoder.silence();
            while decoder.pop().is_some() {}
            decoder.feed(b'q');
            prop_assert_eq!(decoder.pop(), Some(Typed::Key(Key::Char('q'))));
        }
    }
}

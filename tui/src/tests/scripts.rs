//! Names of many scripts on terminals that disagree about their width: none is misspelled, and none leaves letters behind.

use std::io::Write;
use std::sync::{Arc, Mutex};

use ratatui::Terminal;
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::style::{Modifier, Style};

use super::wcwidth::{Opinion, Terminal as Model};
use crate::backend::AnsiBackend;
use crate::cell::put;
use crate::chrome::clear;

const OPINIONS: [Opinion; 3] = [Opinion::Graphemes, Opinion::Characters, Opinion::Joiners];
const NAMES: [&str; 14] = [
    "নিলা রাহুল",
    "நிலா கொ",
    "രാജൻ",
    "අමායා",
    "अर्जुन क्\u{200d}ष",
    "می\u{200c}خواهم",
    "张伟 ｶﾞ",
    "👩\u{200d}👩\u{200d}👧 Li",
    "👍🏽 ☀\u{fe0f} 🇩🇪",
    "e\u{301}́ Zoë",
    "1\u{200d}2 abc",
    "张\u{200d}\u{200c}x",
    "Wide Plain Letters Here",
    "",
];

#[derive(Clone, Default)]
struct Wire(Arc<Mutex<Vec<u8>>>);

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("one thread").extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A terminal with that opinion, and the console's end of it.
struct Both {
    wire: Wire,
    drawn: Terminal<AnsiBackend<Wire>>,
    model: Model,
}

impl Both {
    fn new(opinion: Opinion) -> Self {
        let wire = Wire::default();
        let backend = AnsiBackend::new(wire.clone(), Size::new(40, 3));
        Self {
            wire,
            drawn: Terminal::new(backend).expect("a terminal"),
            model: Model::new(opinion, 40, 3),
        }
    }

    fn draw(&mut self, what: impl Fn(&mut Buffer)) -> &Model {
        self.drawn
            .draw(|frame| what(frame.buffer_mut()))
            .expect("a terminal");
        let bytes = std::mem::take(&mut *self.wire.0.lock().expect("one thread"));
        self.model.process(&bytes);
        &self.model
    }
}

fn painted_anew(opinion: Opinion, what: impl Fn(&mut Buffer)) -> Model {
    Both::new(opinion).draw(what).clone()
}

fn line(name: &'static str, x: u16, reversed: bool) -> impl Fn(&mut Buffer) {
    move |buf| {
        let style = if reversed {
            Style::new().add_modifier(Modifier::REVERSED)
        } else {
            Style::new()
        };
        put(buf, Rect::new(0, 1, 36, 1), x, name, style);
        put(buf, Rect::new(36, 1, 4, 1), 0, "|end", Style::new());
    }
}

#[test]
fn no_letter_stays_behind_whatever_follows() {
    for opinion in OPINIONS {
        for first in NAMES {
            for second in NAMES {
                for (x, reversed) in [(0, false), (1, true)] {
                    let mut both = Both::new(opinion);
                    both.draw(line(first, 0, reversed));
                    let after = both.draw(line(second, x, false)).clone();
                    let anew = painted_anew(opinion, line(second, x, false));
                    assert!(
                        after.screen() == anew.screen(),
                        "{opinion:?}: {first:?}, then {second:?}:\n{after:?}\n{anew:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn no_name_is_misspelled() {
    for opinion in OPINIONS {
        for name in NAMES {
            let model = painted_anew(opinion, line(name, 0, false));
            let shown = crate::cell::shown(name).replace(' ', "");
            let row = model.squeezed()[1].clone();
            // A joiner with which a cell ends has nothing to join and is not sent.
            let bare = |it: &str| it.replace(['\u{200c}', '\u{200d}'], "");
            assert_eq!(bare(&row), format!("{}|end", bare(&shown)), "{opinion:?}");
        }
    }
}

#[test]
fn a_window_over_a_name_cuts_no_letter() {
    for opinion in OPINIONS {
        for name in NAMES {
            for from in 0..8 {
                let window = move |buf: &mut Buffer| {
                    let area = Rect::new(from, 1, 4, 1);
                    line(name, 0, false)(buf);
                    clear(area, buf);
                    put(buf, area, 0, "####", Style::new());
                };
                let mut both = Both::new(opinion);
                both.draw(line(name, 0, false));
                let after = both.draw(window).clone();
                assert!(
                    after.squeezed()[1].contains("####"),
                    "{opinion:?} {name:?} {from}: {after:?}"
                );
                let anew = painted_anew(opinion, window);
                assert!(
                    after.screen() == anew.screen(),
                    "{opinion:?} {name:?} {from}:\n{after:?}\n{anew:?}"
                );
                let closed = both.draw(line(name, 0, false)).clone();
                let anew = painted_anew(opinion, line(name, 0, false));
                assert_eq!(
                    closed.screen(),
                    anew.screen(),
                    "{opinion:?} {name:?} {from}"
                );
            }
        }
    }
}

//! A file that comes in by a page, where there is no folder to read it from.

use super::super::{App, Tone};
use crate::effect::Effect;
use crate::event::Timer;
use crate::importing::{Origin, Terms};
use crate::overlay::note::Note;

/// How often it is looked whether a file has arrived.
const ARRIVAL_MS: i64 = 1_000;

impl App {
    /// Asks for a page on which a file can be sent.
    pub(in crate::app) fn take_in(&mut self, terms: Terms) {
        if !self.is_served() {
            let why = "no file comes into this console while no server runs: start `usher serve`, or paste the rows";
            match &mut self.form {
                Some(form) => form.fault = Some(why.to_owned()),
                None => self.say(why, Tone::Bad),
            }
            return;
        }
        self.awaited = Some((None, terms));
        self.effects.push(Effect::TakeIn);
    }

    pub(in crate::app) fn taken_in(&mut self, result: Result<usher_core::exchange::Page, String>) {
        let Some((awaited, _)) = &mut self.awaited else {
            return;
        };
        match result {
            Ok(page) => {
                *awaited = Some(page.id);
                self.form = None;
                self.note = Some(Note {
                    title: "Send the file by this page".to_owned(),
                    lines: vec![
                        page.url.clone(),
                        String::new(),
                        "It takes one file, within ten minutes, from whoever has the address."
                            .to_owned(),
                        "It is looked through here as soon as it has arrived.".to_owned(),
                    ],
                    copy: page.url,
                    copied: false,
                });
                self.set_timer(Timer::Arrival, ARRIVAL_MS);
                self.lay_out();
            }
            Err(why) => {
                self.awaited = None;
                match &mut self.form {
                    Some(form) => form.fault = Some(why),
                    None => self.say(&why, Tone::Bad),
                }
            }
        }
    }

    /// Looks whether the file is there.
    pub(in crate::app) fn await_file(&mut self) {
        if let Some((Some(page), _)) = self.awaited {
            self.effects.push(Effect::LookForFile(page));
        }
    }

    pub(in crate::app) fn arrived(&mut self, result: Result<bool, String>) {
        match (result, self.awaited.take()) {
            (Ok(true), Some((Some(page), terms))) => {
                self.note = None;
                self.import(Origin::Page(page), terms);
            }
            (Ok(false), Some(awaited)) => {
                self.awaited = Some(awaited);
                self.set_timer(Timer::Arrival, ARRIVAL_MS);
            }
            (Err(why), Some(_)) => {
                self.note = None;
                self.say(&why, Tone::Bad);
            }
            (Ok(true), Some((None, _))) | (_, None) => {}
        }
    }
}

//! Each page, of what it shows: functions of values to text, so that the hand-out shows the very same pages.

use usher_core::command::OwnRecords;
use usher_core::model::{Field as Part, Individual, RecordState};

use super::frame::{Field, Frame, Wrong, button, form, summary};
use super::html::Html;
use super::own_fields::{self, OwnField};
use super::reminders::ONE_CLICK;

/// A page that says something.
pub(crate) fn notice(frame: &Frame<'_>, title: &str, lead: &str) -> String {
    frame.page(title, |it| it.told("p", &[("class", "lead")], lead))
}

/// The first page of an invitation. It names the address only as far as whoever it was mailed to knows it.
pub(crate) struct Welcome<'a> {
    pub(crate) address: &'a str,
    pub(crate) until: &'a str,
    pub(crate) has_account: bool,
    pub(crate) token: &'a str,
    pub(crate) wrong: &'a [Wrong],
}

impl Welcome<'_> {
    pub(crate) fn page(&self, frame: &Frame<'_>) -> String {
        let words = frame.words();
        frame.page(&frame.say(words.welcome_title, &[]), |it| {
            summary(words, self.wrong, it);
            let lead = frame.say(words.welcome_lead, &[("address", self.address)]);
            it.told("p", &[("class", "lead")], &lead);
            frame.own_words(frame.settings.welcome_text.as_deref(), it);
            if self.has_account {
                it.told("p", &[], words.welcome_account);
            }
            form(self.token, "begin", it, |it| {
                button(words.welcome_button, it);
            });
            let until = frame.say(words.welcome_until, &[("date", self.until)]);
            it.told("p", &[("class", "soft after")], &until);
            it.told("p", &[("class", "soft")], words.welcome_unasked);
        })
    }
}

/// What somebody fills in to come in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Details {
    pub(crate) first: String,
    pub(crate) last: String,
    /// What else the organization wants to know, and what was said.
    pub(crate) others: Vec<(Part, String)>,
    /// And of its own fields.
    pub(crate) own: Vec<OwnField>,
    pub(crate) records: Option<OwnRecords>,
}

/// The page on which somebody says who they are.
pub(crate) struct Coming<'a> {
    pub(crate) title: &'a str,
    pub(crate) button: &'a str,
    pub(crate) address: &'a str,
    pub(crate) details: &'a Details,
    pub(crate) asks_names: bool,
    pub(crate) account: Option<&'a Individual>,
    pub(crate) single_sign_on: bool,
    pub(crate) token: &'a str,
    pub(crate) wrong: &'a [Wrong],
}

impl Coming<'_> {
    pub(crate) fn page(&self, frame: &Frame<'_>) -> String {
        let words = frame.words();
        frame.page(self.title, |it| {
            summary(words, self.wrong, it);
            it.told("p", &[("class", "lead")], words.details_lead);
            form(self.token, "accept", it, |it| {
                self.who(frame, it);
                if let Some(account) = self.account {
                    self.records(frame, account, it);
                }
                if self.single_sign_on {
                    it.told("p", &[], &frame.say(words.sso_note, &[]));
                } else {
                    password(frame, self.wrong, it);
                }
                button(self.button, it);
            });
        })
    }

    fn who(&self, frame: &Frame<'_>, it: &mut Html) {
        let words = frame.words();
        Field {
            complete: "username",
            value: self.address,
            fixed: true,
            ..Field::new("address", words.address, "email")
        }
        .write(self.wrong, it);
        if self.asks_names {
            for (id, label, complete, value) in [
                ("first", words.first_name, "given-name", &self.details.first),
                ("last", words.last_name, "family-name", &self.details.last),
            ] {
                Field {
                    complete,
                    value,
                    ..Field::new(id, label, "text")
                }
                .write(self.wrong, it);
            }
        }
        for (part, value) in &self.details.others {
            let (id, label, complete) = match part {
                Part::FunctionalArea => ("area", words.area, "off"),
                Part::Title => ("title", words.title, "organization-title"),
                _ => ("region", words.region, "address-level1"),
            };
            Field {
                complete,
                value,
                ..Field::new(id, label, "text")
            }
            .write(self.wrong, it);
        }
        own_fields::write(&self.details.own, self.wrong, it);
    }

    fn records(&self, frame: &Frame<'_>, account: &Individual, it: &mut Html) {
        let words = frame.words();
        let wrong = self.wrong.iter().find(|it| it.0 == "transfer");
        it.element("fieldset", &[], |it| {
            it.told("legend", &[], words.records_legend);
            if !account.terms.records.is_empty() {
                it.told("p", &[("class", "hint")], words.records_lead);
                it.element("ul", &[("class", "records")], |it| {
                    for record in &account.terms.records {
                        let state = match record.state {
                            RecordState::Completed => words.records_completed,
                            RecordState::Started => words.records_started,
                            RecordState::Assigned => words.records_assigned,
                        };
                        it.told("li", &[], &format!("{} ({state})", record.training));
                    }
                });
            }
            if let Some((_, why)) = wrong {
                it.told("p", &[("class", "wrong"), ("id", "transfer-wrong")], why);
            }
            for (id, value, label, hint) in [
                (
                    "transfer",
                    OwnRecords::Transfer,
                    words.transfer,
                    words.transfer_hint,
                ),
                (
                    "fresh",
                    OwnRecords::StartFresh,
                    words.fresh,
                    words.fresh_hint,
                ),
            ] {
                it.element("div", &[("class", "choice")], |it| {
                    let hint_id = format!("{id}-hint");
                    let mut attributes = vec![
                        ("type", "radio"),
                        ("name", "records"),
                        ("id", id),
                        ("value", id),
                        ("required", ""),
                        ("aria-describedby", hint_id.as_str()),
                    ];
                    if self.details.records == Some(value) {
                        attributes.push(("checked", ""));
                    }
                    it.void("input", &attributes);
                    it.element("div", &[], |it| {
                        it.told("label", &[("for", id)], label);
                        let hint = frame.say(hint, &[]);
                        it.told("span", &[("class", "hint"), ("id", &hint_id)], &hint);
                    });
                });
            }
        });
    }
}

/// Two lines for a new password.
fn password(frame: &Frame<'_>, wrong: &[Wrong], it: &mut Html) {
    let words = frame.words();
    Field {
        complete: "new-password",
        hint: Some(words.password_hint),
        ..Field::new("password", words.password, "password")
    }
    .write(wrong, it);
    Field {
        complete: "new-password",
        ..Field::new("repeat", words.repeat, "password")
    }
    .write(wrong, it);
}

/// The page of somebody who is in.
pub(crate) fn done(frame: &Frame<'_>, name: Option<&str>, address: &str) -> String {
    let words = frame.words();
    frame.page(words.done_title, |it| {
        let lead = match name {
            Some(name) => frame.say(words.done_lead, &[("name", name)]),
            None => frame.say(words.done_lead_unnamed, &[]),
        };
        it.told("p", &[("class", "lead")], &lead);
        it.told(
            "p",
            &[],
            &frame.say(words.done_next, &[("address", address)]),
        );
        frame.sign_in(it);
    })
}

/// The page of somebody who waits for a seat.
pub(crate) fn queued(frame: &Frame<'_>, position: i64, address: &str) -> String {
    let words = frame.words();
    frame.page(words.queued_title, |it| {
        let position = position.to_string();
        let lead = frame.say(words.queued_lead, &[("position", &position)]);
        it.told("p", &[("class", "lead")], &lead);
        it.told(
            "p",
            &[],
            &frame.say(words.queued_next, &[("address", address)]),
        );
    })
}

/// The page of an invitation that can be mailed anew: it expired, or there is a newer one.
pub(crate) fn over(
    frame: &Frame<'_>,
    title: &str,
    lead: &str,
    address: &str,
    token: &str,
) -> String {
    let words = frame.words();
    frame.page(title, |it| {
        it.told("p", &[("class", "lead")], lead);
        it.told(
            "p",
            &[],
            &frame.say(words.ask_note, &[("address", address)]),
        );
        form(token, "ask", it, |it| button(words.ask_button, it));
    })
}

/// The page of an invitation that was withdrawn: whoever held it may say that they want another, and others decide.
pub(crate) fn withdrawn(frame: &Frame<'_>, token: &str) -> String {
    let words = frame.words();
    frame.page(words.withdrawn_title, |it| {
        let lead = frame.say(words.withdrawn_lead, &[]);
        it.told("p", &[("class", "lead")], &lead);
        it.told("p", &[], &frame.say(words.wish_note, &[]));
        form(token, "ask", it, |it| button(words.wish_button, it));
    })
}

/// The page on which somebody says that they want no more reminders of their invitation.
pub(crate) fn reminders(frame: &Frame<'_>) -> String {
    let words = frame.words();
    frame.page(words.reminders_title, |it| {
        let lead = frame.say(words.reminders_lead, &[]);
        it.told("p", &[("class", "lead")], &lead);
        it.element("form", &[("method", "post")], |it| {
            let (name, value) = ONE_CLICK;
            it.void(
                "input",
                &[("type", "hidden"), ("name", name), ("value", value)],
            );
            button(words.reminders_button, it);
        });
    })
}

/// The page of an invitation that was accepted before.
pub(crate) fn used(frame: &Frame<'_>, forgot: Option<&str>) -> String {
    let words = frame.words();
    frame.page(words.used_title, |it| {
        it.told("p", &[("class", "lead")], words.used_lead);
        frame.sign_in(it);
        if let Some(address) = forgot {
            it.element("p", &[], |it| {
                it.told("a", &[("href", address)], words.used_forgot);
            });
        }
    })
}

/// The page of somebody who wishes to join and is here already.
pub(crate) fn known(frame: &Frame<'_>, lead: &str) -> String {
    let words = frame.words();
    frame.page(words.join_known_title, |it| {
        it.told("p", &[("class", "lead")], lead);
        frame.sign_in(it);
    })
}

/// The page of a link that is none of ours, or whose owner is gone.
pub(crate) fn unknown(frame: &Frame<'_>) -> String {
    let words = frame.words();
    frame.page(words.unknown_title, |it| {
        it.told("p", &[("class", "lead")], words.unknown_lead);
        it.told("p", &[], words.unknown_help);
    })
}

/// The page after a mail was asked for, whatever comes of it.
pub(crate) fn asked(frame: &Frame<'_>, lead: &str) -> String {
    let words = frame.words();
    frame.page(words.asked_title, |it| {
        it.told("p", &[("class", "lead")], lead);
        it.told("p", &[], words.asked_spam);
    })
}

/// The page on which somebody chooses a password by a link.
pub(crate) fn choose(frame: &Frame<'_>, address: &str, token: &str, wrong: &[Wrong]) -> String {
    let words = frame.words();
    frame.page(words.choose_title, |it| {
        summary(words, wrong, it);
        let lead = frame.say(words.choose_lead, &[("address", address)]);
        it.told("p", &[("class", "lead")], &lead);
        form(token, "choose", it, |it| {
            // For the browser that keeps passwords; what it sends is not looked at.
            it.void(
                "input",
                &[
                    ("type", "text"),
                    ("name", "username"),
                    ("value", address),
                    ("autocomplete", "username"),
                    ("readonly", ""),
                    ("hidden", ""),
                ],
            );
            password(frame, wrong, it);
            button(words.choose_button, it);
        });
    })
}

/// The page after a password was chosen.
pub(crate) fn chosen(frame: &Frame<'_>, address: &str) -> String {
    let words = frame.words();
    frame.page(words.chosen_title, |it| {
        let lead = frame.say(words.chosen_lead, &[("address", address)]);
        it.told("p", &[("class", "lead")], &lead);
        frame.sign_in(it);
    })
}

/// The page of a link that works no more, with the way to a new one.
pub(crate) fn dead(frame: &Frame<'_>, title: &str, lead: &str, anew: &str) -> String {
    frame.page(title, |it| {
        it.told("p", &[("class", "lead")], lead);
        it.element("p", &[], |it| {
            it.told(
                "a",
                &[("class", "button"), ("href", anew)],
                frame.words().dead_button,
            );
        });
    })
}

/// A page that asks for an address and mails a link to it.
pub(crate) struct Asking<'a> {
    pub(crate) title: &'a str,
    pub(crate) lead: &'a str,
    pub(crate) button: &'a str,
    pub(crate) own_words: Option<&'a str>,
    pub(crate) address: &'a str,
    pub(crate) token: &'a str,
    pub(crate) wrong: &'a [Wrong],
}

impl Asking<'_> {
    pub(crate) fn page(&self, frame: &Frame<'_>) -> String {
        let words = frame.words();
        frame.page(self.title, |it| {
            summary(words, self.wrong, it);
            it.told("p", &[("class", "lead")], self.lead);
            frame.own_words(self.own_words, it);
            form(self.token, "ask", it, |it| {
                Field {
                    complete: "email",
                    value: self.address,
                    ..Field::new("address", words.address, "email")
                }
                .write(self.wrong, it);
                button(self.button, it);
            });
        })
    }
}

/// An address as far as whoever it was mailed to knows it.
pub(crate) fn masked(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((local, domain)) => {
            let first: String = local.chars().take(1).collect();
            // Not broken between the two.
            format!("{first}…\u{2060}@{domain}")
        }
        None => "…".to_owned(),
    }
}

//! The forms that say how a connection brings people in, and how many it may take off at once.

use usher_core::command::{Command, ConnectionEdit};
use usher_core::model::{Brake, NewPeople};

use super::health::{AT_LEAST, BRAKE, PERCENT, TOKEN_DAYS, WINDOW, of_span, span};
use super::{MAILS, NEW_PEOPLE, one_of, plan};
use crate::board::{Doing, Item};
use crate::effect::Order;
use crate::form::{Field, Form, Offer};
use crate::words::quoted;

fn days(text: &str) -> Result<Option<u32>, String> {
    match text.trim() {
        "" | "none" => Ok(None),
        days => days
            .parse()
            .map(Some)
            .map_err(|_| "write a number of days, or none".to_owned()),
    }
}

/// Asks how it brings people in.
pub(super) fn ask_policy(item: &Item) -> Doing {
    let fields = vec![
        Field::new(
            "new people",
            "What those whom it brings become: active or waiting.",
        )
        .with(item.cell(NEW_PEOPLE))
        .offering(Offer::Words(&["active", "waiting"]))
        .checked(one_of(&["active", "waiting"])),
        Field::new("mails", "Whether they are mailed: yes or no.")
            .with(item.cell(MAILS))
            .offering(Offer::Words(&["no", "yes"]))
            .checked(one_of(&["no", "yes"])),
        Field::new(
            "token days",
            "For how many days its next tokens work, or none.",
        )
        .with(item.fact(TOKEN_DAYS))
        .checked(|text| days(text).map(|_| ())),
    ];
    let name = item.cell(0).to_owned();
    let form = Form::new(format!("Policy of {name}"), fields, move |fields| {
        let changed = |i: usize| fields.get(i).filter(|it| it.is_changed()).map(Field::text);
        let mut line = format!("usher idp set {}", quoted(&name));
        let mut set = ConnectionEdit::default();
        if let Some(word) = changed(0) {
            set.new_people = Some(match word {
                "waiting" => NewPeople::Waiting,
                _ => NewPeople::Active,
            });
            line.push_str(&format!(" --new-people {word}"));
        }
        if let Some(word) = changed(1) {
            set.mails = Some(word == "yes");
            line.push_str(&format!(" --mails {}", word == "yes"));
        }
        if let Some(word) = changed(2) {
            let days = days(word).map_err(|why| (2, why))?;
            set.token_days = Some(days);
            let days = days.map_or_else(|| "none".to_owned(), |it| it.to_string());
            line.push_str(&format!(" --token-days {days}"));
        }
        if set == ConnectionEdit::default() {
            return Err((0, "change a line, or leave it by esc".to_owned()));
        }
        let command = Command::SetConnection {
            name: name.clone(),
            set,
        };
        let heading = format!("Set the policy of {name}");
        Ok(plan(&name, Order::new(command, heading, line)))
    });
    Doing::Ask(Box::new(form))
}

/// Asks for its brake.
pub(super) fn ask_brake(item: &Item) -> Doing {
    let fields = vec![
        Field::new("brake", "Whether it has one: on or off.")
            .with(item.fact(BRAKE))
            .offering(Offer::Words(&["on", "off"]))
            .checked(one_of(&["on", "off"])),
        Field::new(
            "percent",
            "How many of its people may leave in one window, in percent.",
        )
        .with(item.fact(PERCENT))
        .number::<u8>(),
        Field::new("at least", "How many may leave in any case.")
            .with(item.fact(AT_LEAST))
            .number::<i64>(),
        Field::new("window", "How long it is: such as 10m, 2h or 1d.")
            .with(item.fact(WINDOW))
            .checked(|text| window(text).map(|_| ())),
    ];
    let name = item.cell(0).to_owned();
    let form = Form::new(format!("Brake of {name}"), fields, move |fields| {
        let text = |i: usize| fields.get(i).map_or("", Field::text);
        let (brake, line) = if text(0) == "off" {
            (None, format!("usher idp brake {} off", quoted(&name)))
        } else {
            let brake = Brake {
                share: number(text(1)).map_err(|why| (1, why))?,
                floor: number(text(2)).map_err(|why| (2, why))?,
                window_ms: window(text(3)).map_err(|why| (3, why))?,
            };
            let brake = brake.checked().map_err(|it| (1, it.to_string()))?;
            let line = format!(
                "usher idp brake {} --share {} --floor {} --window {}",
                quoted(&name),
                brake.share,
                brake.floor,
                span(brake.window_ms)
            );
            (Some(brake), line)
        };
        let command = Command::SetBrake {
            name: name.clone(),
            brake,
        };
        let heading = format!("Set the brake of {name}");
        Ok(plan(&name, Order::new(command, heading, line)))
    });
    Doing::Ask(Box::new(form))
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    let parsed = text.trim().parse();
    parsed.map_err(|_| "write a whole number".to_owned())
}

fn window(text: &str) -> Result<i64, String> {
    of_span(text).ok_or_else(|| "write it like 10m, 2h or 1d".to_owned())
}

//! Pools: what was bought, who holds how much, when it will be full.

use usher_core::command::{Command, PoolEdit};
use usher_core::forecast::Forecast;
use usher_core::model::{Alarms, AtCapacity, CountsFrom, Date, Pool, PoolName};
use usher_core::{Read, Result};

use super::Topic;
use crate::board::{Act, Doing, Found, Here, Item, Kind, number, text};
use crate::effect::{Order, Wish};
use crate::form::{Field, Form, Offer};
use crate::key::Key;
use crate::theme::Role;
use crate::words::{self, quoted};

pub(super) const KIND: Kind = Kind {
    name: "seats",
    sentence: "Pools: bought, held, queued, when full, and their queues.",
    columns: &[
        text("Pool", 14, 1),
        number("Bought", 9),
        number("Held", 9),
        number("Reserved", 9),
        number("Consumed", 9),
        number("Free", 8),
        number("Queued", 7),
        text("When full", 10, 0),
        text("Full on", 11, 0),
        text("Alarm", 6, 0),
        text("Counts from", 11, 0),
        text("Ends", 11, 0),
    ],
    empty: "there are no pools",
    read,
    acts: &[
        Act {
            key: Key::Enter,
            name: "queue",
            sentence: "Show who waits for a license of the pool.",
            does: |here| on(here, |pool| Doing::Open(Topic::Queue(pool.clone()))),
        },
        Act {
            key: Key::Char('h'),
            name: "holders",
            sentence: "List the people who hold a license of the pool.",
            does: |here| {
                on(here, |pool| {
                    Doing::People(format!("(pool:{pool}:reserved or pool:{pool}:consumed)"))
                })
            },
        },
        Act {
            key: Key::Char('e'),
            name: "edit",
            sentence: "Change what was agreed: how many, when full, dates, alarms.",
            does: |here| on(here, |pool| edit(pool, here)),
        },
        Act {
            key: Key::Char('i'),
            name: "new pool",
            sentence: "Add an add-on pool.",
            does: |_| add(),
        },
    ],
};

fn on(here: &Here<'_>, does: impl FnOnce(&PoolName) -> Doing) -> Doing {
    match here.item.and_then(|it| it.key.parse().ok()) {
        Some(pool) => does(&pool),
        None => Doing::Say("there is no pool here".to_owned()),
    }
}

fn read(read: &Read<'_>, _: &Topic, _: usize) -> Result<Found> {
    let forecasts = read.forecasts()?;
    let row = |pool: &Pool| item(pool, forecasts.iter().find(|it| it.pool == pool.id));
    Ok(Found {
        title: "seats".to_owned(),
        items: read.pools()?.iter().map(row).collect(),
        more: false,
    })
}

fn item(pool: &Pool, forecast: Option<&Forecast>) -> Item {
    let full_on = match forecast {
        _ if pool.outside.is_some() => "closed".to_owned(),
        _ if pool.free() == 0 => "now".to_owned(),
        Some(Forecast {
            full_on: Some(day), ..
        }) => day.to_string(),
        _ => "-".to_owned(),
    };
    let alarm = match pool.alarm {
        0 => "-".to_owned(),
        reached => format!("{reached} %"),
    };
    let cells = vec![
        pool.name.to_string(),
        words::number(pool.terms.purchased),
        words::number(pool.held()),
        words::number(pool.reserved),
        words::number(pool.consumed),
        words::number(pool.free()),
        words::number(pool.queued),
        pool.terms.at_capacity.to_string(),
        full_on,
        alarm,
        pool.terms.counts_from.as_str().to_owned(),
        pool.terms
            .ends_on
            .map_or_else(|| "-".to_owned(), |it| it.to_string()),
    ];
    let role = match (pool.free() == 0 || pool.queued > 0, pool.alarm) {
        (true, _) => Role::Danger,
        (false, 1..) => Role::Warn,
        _ => Role::Plain,
    };
    Item::new(&pool.name, cells)
        .looking(role)
        .opening(Topic::Queue(pool.name.clone()))
}

fn terms() -> Vec<Field> {
    vec![
        Field::new("bought", "How many licenses were bought.").number::<i64>(),
        Field::new(
            "when full",
            "What unattended doors get: queue, refuse, fallback:POOL or grace:PERCENT.",
        )
        .offering(Offer::Words(&["queue", "refuse", "fallback:", "grace:10"]))
        .checked(|text| match text.trim() {
            "" => Ok(()),
            text => text
                .parse::<AtCapacity>()
                .map(|_| ())
                .map_err(|_| "use queue, refuse, fallback:POOL or grace:PERCENT".to_owned()),
        }),
        Field::new(
            "counts from",
            "From when an invited person counts: invitation or activation.",
        )
        .offering(Offer::Words(&["invitation", "activation"]))
        .of::<CountsFrom>(),
        Field::new("starts on", "The first day, such as 2027-01-31, or none.").checked(day_or_none),
        Field::new("ends on", "The day after the last, or none.").checked(day_or_none),
        Field::new(
            "alarms",
            "Per cent at which purchasers are told, such as 80,95,100.",
        )
        .of::<Alarms>(),
    ]
}

fn day_or_none(text: &str) -> std::result::Result<(), String> {
    match text.trim() {
        "" | "none" => Ok(()),
        day => day.parse::<Date>().map(|_| ()).map_err(|it| it.to_string()),
    }
}

fn edit(pool: &PoolName, here: &Here<'_>) -> Doing {
    let mut fields = terms();
    // What the board shows is offered to be edited; what is not shown is empty and stays.
    let shown = [(0, 1), (1, 7), (2, 10), (4, 11)];
    for (field, cell) in shown {
        let cell = here.item.map_or("", |it| it.cell(cell));
        let plain = cell.replace(',', "");
        let value = if field == 0 { plain.as_str() } else { cell };
        if let Some(field) = fields.get_mut(field).filter(|_| value != "-") {
            field.line = crate::line::LineEditor::offering(value);
            value.clone_into(&mut field.original);
        }
    }
    let pool = pool.clone();
    let form = Form::new(format!("Pool {pool}"), fields, move |fields| {
        let (set, options) = wanted(fields);
        if options.is_empty() {
            return Err((0, "nothing was changed yet".to_owned()));
        }
        let order = Order::new(
            Command::SetPool {
                name: pool.clone(),
                set,
            },
            format!("Set pool {pool}"),
            format!("usher pool set {pool}{options}"),
        );
        Ok(Doing::Plan {
            target: format!("pool {pool}"),
            wish: Wish::Order(Box::new(order)),
        })
    });
    Doing::Ask(Box::new(form))
}

fn add() -> Doing {
    let mut fields = vec![Field::new("name", "A short word, such as coaching.").of::<PoolName>()];
    fields.extend(terms());
    let form = Form::new("New pool", fields, |fields| {
        let name = fields.first().and_then(Field::given);
        let Some(Ok(name)) = name.map(str::parse::<PoolName>) else {
            return Err((0, "give it a name".to_owned()));
        };
        let (set, options) = wanted(fields.get(1..).unwrap_or_default());
        let line = format!("usher pool add {}{options}", quoted(name.as_str()));
        let order = Order::new(
            Command::AddPool {
                name: name.clone(),
                set,
            },
            format!("Add pool {name}"),
            line,
        );
        Ok(Doing::Plan {
            target: format!("pool {name}"),
            wish: Wish::Order(Box::new(order)),
        })
    });
    Doing::Ask(Box::new(form))
}

/// What was filled in, and the options of the command line that say the same.
fn wanted(fields: &[Field]) -> (PoolEdit, String) {
    let changed = |i: usize| {
        fields
            .get(i)
            .filter(|it: &&Field| it.is_changed())
            .and_then(Field::given)
    };
    let day = |i| changed(i).map(|it| it.parse::<Date>().ok());
    let set = PoolEdit {
        purchased: changed(0).and_then(|it| it.parse().ok()),
        at_capacity: changed(1).and_then(|it| it.parse().ok()),
        counts_from: changed(2).and_then(|it| it.parse().ok()),
        starts_on: day(3),
        ends_on: day(4),
        alarms: changed(5).and_then(|it| it.parse().ok()),
        recoverable: None,
    };
    let names = [
        "purchased",
        "at-capacity",
        "counts-from",
        "starts-on",
        "ends-on",
        "alarms",
    ];
    let options = names
        .iter()
        .enumerate()
        .filter_map(|(i, name)| Some(format!(" --{name} {}", quoted(changed(i)?))));
    (set, options.collect())
}

//! What can be done with people, wherever people are listed: on the screen of people, in a group, in a queue, in the tree.
//! One list of actions, with their keys, makes the hints, the help, the menu and the palette.

mod editing;
mod exporting;
mod inviting;
mod permitting;

use usher_core::Selection;
use usher_core::command::Edit;
use usher_core::model::{CustomField, Field as Known, GroupRole, PoolName, UserId};

use crate::board::Doing;
use crate::effect::Wish;
use crate::form::{Field, Form, Offer};
use crate::key::Key;
use crate::names::Settable;
use crate::verb::Verb;

pub(crate) use editing::{edit_form, edit_many};
pub(crate) use exporting::{Listed, ask_where, export_batch, export_list};
pub(crate) use inviting::invite;
pub(crate) use permitting::permissions;

/// Whom an action is for.
#[derive(Clone, Debug)]
pub(crate) struct Whom {
    /// As a value.
    pub(crate) who: Selection,
    /// In words.
    pub(crate) words: String,
    /// As the command line writes it, where the person typed it.
    pub(crate) typed: Option<String>,
    /// Whether these are the marked people.
    pub(crate) of_marks: bool,
    /// The one person, if it is only one.
    pub(crate) one: Option<UserId>,
}

/// Something that can be done with people.
pub(crate) struct PeopleAct {
    /// Its key, if it has one; all are in the menu.
    pub(crate) key: Option<Key>,
    /// What it is called.
    pub(crate) name: &'static str,
    /// What it does, as a sentence.
    pub(crate) sentence: &'static str,
    /// What comes of it; none for nobody in particular.
    pub(crate) does: fn(&Whom) -> Doing,
}

const fn act(
    key: Key,
    name: &'static str,
    sentence: &'static str,
    does: fn(&Whom) -> Doing,
) -> PeopleAct {
    PeopleAct {
        key: Some(key),
        name,
        sentence,
        does,
    }
}

const fn keyless(
    name: &'static str,
    sentence: &'static str,
    does: fn(&Whom) -> Doing,
) -> PeopleAct {
    PeopleAct {
        key: None,
        name,
        sentence,
        does,
    }
}

/// What exporting is called: on the list of people it is for all of the list, where nobody is marked.
pub(crate) const EXPORT: &str = "export";

/// Everything that can be done with people.
pub(crate) const ACTS: &[PeopleAct] = &[
    act(
        Key::Char('d'),
        "deactivate",
        "Show the plan for taking people off their seats.",
        |whom| plan(whom, Verb::Deactivate),
    ),
    act(
        Key::Char('r'),
        "reactivate",
        "Show the plan for bringing people back.",
        |whom| reactivate(whom, false),
    ),
    act(
        Key::Char('e'),
        "edit",
        "Edit a person's fields, or set fields of many at once.",
        editing::edit,
    ),
    act(
        Key::Char('n'),
        "resend",
        "Show the plan for mailing new invitations; the old links die.",
        |whom| plan(whom, Verb::Resend),
    ),
    act(
        Key::Char('x'),
        "cancel",
        "Show the plan for withdrawing invitations.",
        |whom| plan(whom, Verb::Cancel),
    ),
    act(
        Key::Char('+'),
        "license",
        "Give people an add-on license.",
        |whom| license(whom, true),
    ),
    act(
        Key::Char('-'),
        "take license",
        "Take reserved add-on licenses back.",
        |whom| license(whom, false),
    ),
    act(
        Key::Char('o'),
        "group",
        "Put people into a group, or take them out.",
        group,
    ),
    act(
        Key::Char('p'),
        "assign",
        "Give people something to learn, or end it.",
        assign,
    ),
    act(
        Key::Char('b'),
        "manager",
        "Say whom people report to.",
        manager,
    ),
    act(
        Key::Char('E'),
        EXPORT,
        "Write the marked people, else the list, or a report about them to a file.",
        exporting::export,
    ),
    act(
        Key::Char('='),
        "permissions",
        "Make people administrators: give them permissions, or take them.",
        permitting::permissions,
    ),
    keyless(
        "password link",
        "Mail people a link to choose a password.",
        |whom| plan(whom, Verb::MailPasswordLink),
    ),
    keyless("protect", "Let only owners take people off.", |whom| {
        protect(whom, true)
    }),
    keyless(
        "unprotect",
        "Let every administrator take people off again.",
        |whom| protect(whom, false),
    ),
    keyless(
        "delete",
        "Remove people; they are hidden, and erased when the days of retention are over.",
        |whom| plan(whom, Verb::Delete),
    ),
    keyless(
        "erase",
        "Destroy the personal data of deleted people; this has no undo.",
        |whom| plan(whom, Verb::Erase),
    ),
    keyless(
        "restore",
        "Reactivate people with the assignments that ended when they were taken off.",
        |whom| reactivate(whom, true),
    ),
];

/// The action of a key.
pub(crate) fn of_key(key: Key) -> Option<&'static PeopleAct> {
    ACTS.iter().find(|it| it.key == Some(key))
}

/// A plan for these people.
pub(crate) fn plan(whom: &Whom, verb: Verb) -> Doing {
    Doing::Plan {
        target: whom.words.clone(),
        wish: Wish::People {
            verb,
            who: whom.who.clone(),
            typed: whom.typed.clone(),
        },
    }
}

fn reactivate(whom: &Whom, restore_assignments: bool) -> Doing {
    plan(
        whom,
        Verb::Reactivate {
            restore_assignments,
        },
    )
}

fn plan_edit(whom: &Whom, edit: Edit) -> Doing {
    plan(whom, Verb::Edit(Box::new(edit)))
}

fn nobody() -> Edit {
    Edit::of(Vec::new())
}

fn protect(whom: &Whom, protected: bool) -> Doing {
    let mut edit = nobody();
    edit.protected = Some(protected);
    plan_edit(whom, edit)
}

fn license(whom: &Whom, give: bool) -> Doing {
    let title = if give {
        format!("Give a license to {}", whom.words)
    } else {
        format!("Take a license back from {}", whom.words)
    };
    let field = Field::new("pool", "An add-on pool.")
        .offering(Offer::Pools)
        .of::<PoolName>();
    let whom = whom.clone();
    let form = Form::new(title, vec![field], move |fields| {
        let pool = fields.first().and_then(|it| it.text().parse().ok());
        let pool: PoolName = pool.ok_or_else(|| (0, "name a pool".to_owned()))?;
        Ok(plan(
            &whom,
            if give {
                Verb::Grant(pool)
            } else {
                Verb::Release(pool)
            },
        ))
    });
    Doing::Ask(Box::new(form))
}

fn role(text: &str) -> Result<(), String> {
    match GroupRole::from_word(text.trim()) {
        Some(_) => Ok(()),
        None if text.trim().is_empty() => Ok(()),
        None => Err("use learner, coach, author, user_administrator or administrator".to_owned()),
    }
}

const ROLES: &[&str] = &[
    "learner",
    "coach",
    "author",
    "user_administrator",
    "administrator",
];

fn group(whom: &Whom) -> Doing {
    let fields = vec![
        Field::new("join", "Groups to put them into, with commas between them.")
            .offering(Offer::Groups),
        Field::new(
            "as",
            "learner, coach, author, user_administrator or administrator",
        )
        .with("learner")
        .offering(Offer::Words(ROLES))
        .checked(role),
        Field::new("leave", "Groups to take them out of.").offering(Offer::Groups),
    ];
    let whom = whom.clone();
    let title = format!("Groups of {}", whom.words);
    let form = Form::new(title, fields, move |fields| {
        let role = fields.get(1).and_then(|it| GroupRole::from_word(it.text()));
        let role = role.unwrap_or(GroupRole::Learner);
        let mut edit = nobody();
        edit.add_groups = list(fields.first()).map(|it| (it, role)).collect();
        edit.remove_groups = list(fields.get(2)).collect();
        if edit.add_groups.is_empty() && edit.remove_groups.is_empty() {
            return Err((0, "name a group".to_owned()));
        }
        Ok(plan_edit(&whom, edit))
    });
    Doing::Ask(Box::new(form))
}

/// What is in a line, where commas stand between.
pub(crate) fn list(field: Option<&Field>) -> impl Iterator<Item = String> + use<> {
    let text = field.map_or("", Field::text);
    let words = text.split([',', ';']).map(str::trim);
    let words: Vec<_> = words
        .filter(|it| !it.is_empty())
        .map(str::to_owned)
        .collect();
    words.into_iter()
}

fn assign(whom: &Whom) -> Doing {
    let line = |label: &str, hint: &str| Field::new(label, hint).offering(Offer::Trainings);
    let fields = vec![
        line("give", "A training to give them."),
        line("end", "A training to end before it is done."),
        line("instruct", "A session that they hold from now on."),
        line("stop", "A session that they hold no longer."),
    ];
    let whom = whom.clone();
    let title = format!("Trainings of {}", whom.words);
    let form = Form::new(title, fields, move |fields| {
        let verbs: [fn(String) -> Verb; 4] = [
            Verb::Assign,
            Verb::Unassign,
            Verb::Instruct,
            Verb::StopInstructing,
        ];
        let lines = fields.iter().zip(verbs);
        let wanted = lines.filter_map(|(it, verb)| Some(verb(it.given()?.to_owned())));
        match wanted.collect::<Vec<_>>().as_slice() {
            [verb] => Ok(plan(&whom, verb.clone())),
            _ => Err((0, "name one training, on one line".to_owned())),
        }
    });
    Doing::Ask(Box::new(form))
}

fn manager(whom: &Whom) -> Doing {
    let hint = "A name, an address, a user name or an id; none for nobody.";
    let field = Field::new("manager", hint).offering(Offer::People);
    let whom = whom.clone();
    let title = format!("Manager of {}", whom.words);
    let form = Form::new(title, vec![field], move |fields| {
        let text = fields.first().and_then(Field::given);
        let text = text.ok_or_else(|| (0, "say who, or none".to_owned()))?;
        let mut edit = nobody();
        edit.manager = Some((text != "none").then(|| text.to_owned()));
        Ok(plan_edit(&whom, edit))
    });
    Doing::Ask(Box::new(form))
}

/// The line of a custom field.
fn custom_line(field: &CustomField) -> Field {
    let choices = field.choices.iter().filter(|it| !it.terms.removed);
    let choices = choices.map(|it| it.terms.name.clone()).collect();
    let (name, known) = (field.terms.name.clone(), field.clone());
    Field::new(name.clone(), "A custom field.")
        .offering(Offer::Choices(choices))
        .setting(Settable::Custom(name))
        .checked(move |text| known.parse(text).map(|_| ()).map_err(|it| it.to_string()))
}

/// What a field of the profile is called in a form.
fn label(field: Known) -> String {
    match field {
        Known::FunctionalArea => "area".to_owned(),
        other => other.as_str().replace('_', " "),
    }
}

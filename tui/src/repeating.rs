//! The command line that repeats a plan, as a POSIX shell reads it: what is shown is what runs. People are named by the
//! query that finds them, else one by one, else on lines of the command's own input.

use usher_core::command::WhenFull;
use usher_core::model::{BatchId, UserId};
use usher_core::{Plan, Selection};

use crate::effect::{Intent, Wish};
use crate::summary::short;
use crate::verb::Verb;
use crate::words::quoted;

/// Most letters of those who are named one by one as arguments: a shell takes more, but nobody reads it.
const LONGEST_NAMED: usize = 2_000;
/// Most letters of a query; one argument of a Linux program may have 128 KiB.
const LONGEST_QUERY: usize = 100_000;

/// Whom a command line names.
pub(crate) struct Named {
    /// As arguments.
    pub(crate) arguments: String,
    /// As lines of its input, where they are too many for arguments.
    pub(crate) input: Option<String>,
}

impl Named {
    /// These, one by one.
    pub(crate) fn each(words: &[String]) -> Self {
        let arguments: Vec<_> = words.iter().map(|it| quoted(it)).collect();
        let arguments = arguments.join(" ");
        if arguments.len() <= LONGEST_NAMED {
            return Self {
                arguments,
                input: None,
            };
        }
        Self {
            arguments: "-".to_owned(),
            input: Some(words.join("\n")),
        }
    }

    fn query(text: &str) -> Self {
        Self {
            arguments: quoted(text),
            input: None,
        }
    }
}

/// The command line that repeats what was planned.
pub(crate) fn command_line(intent: &Intent, plan: &Plan, undoes: Option<BatchId>) -> String {
    let (mut line, input) = match &intent.wish {
        Wish::Undo(_) => match undoes {
            Some(batch) => (format!("usher undo {}", short(batch)), None),
            None => ("usher undo".to_owned(), None),
        },
        Wish::Order(order) => (order.line.clone(), order.input.clone()),
        Wish::Replay { seq, .. } => (format!("usher idp replay {seq}"), None),
        Wish::People { verb, who, typed } => {
            let named = whom(verb, who, typed.as_deref(), plan);
            (verb.line(&named.arguments), named.input)
        }
        Wish::Named { verb, names } => {
            let named = Named::each(names);
            (verb.line(&named.arguments), named.input)
        }
    };
    let option = match intent.when_full {
        WhenFull::Ask => "",
        WhenFull::QueueRest => " --queue-rest",
        WhenFull::Fewer => " --fewer",
    };
    if !line.contains(option) {
        // What stands behind a # is for whoever reads the line.
        let end = line.find("   #").unwrap_or(line.len());
        line.insert_str(end, option);
    }
    match input {
        Some(input) => with_input(&line, &input),
        None => line,
    }
}

/// A command that reads these lines. What reads its input asks nobody, so it is told to go on.
fn with_input(line: &str, input: &str) -> String {
    let mut end = "END".to_owned();
    while input.lines().any(|it| it == end) {
        end.push('_');
    }
    format!("{line} --yes <<'{end}'\n{}\n{end}", input.trim_end())
}

/// A selection as arguments of a shell.
fn whom(verb: &Verb, who: &Selection, typed: Option<&str>, plan: &Plan) -> Named {
    match who {
        Selection::Query { query, except } => {
            let text = typed.map_or_else(|| query.to_string(), str::to_owned);
            // In parentheses it is a query and neither a name nor an option, and what follows is about all of it.
            let sure =
                text.contains([':', ' ', '"']) && !text.starts_with('-') && except.is_empty();
            let mut text = if sure { text } else { format!("({text})") };
            for user in except {
                text.push_str(&format!(" -id:{user}"));
            }
            if text.len() <= LONGEST_QUERY {
                return Named::query(&text);
            }
            // Those whom it does something to.
            let mut people: Vec<_> = plan.changes.iter().filter_map(|it| it.user()).collect();
            people.sort_unstable();
            people.dedup();
            each(&people, verb, plan)
        }
        Selection::Ids(users) => each(users, verb, plan),
    }
}

fn each(users: &[UserId], verb: &Verb, plan: &Plan) -> Named {
    let skipped: std::collections::HashMap<_, _> = plan
        .skipped
        .iter()
        .filter_map(|it| Some((it.user?, it.who.as_str())))
        .collect();
    let word = |user: &UserId| {
        let label = plan.names.users.get(*user);
        let label = label.or_else(|| skipped.get(user).copied());
        // An address of somebody deleted may be another person's by now.
        let label = label.filter(|it| *verb != Verb::Erase && !it.contains(char::is_control));
        label.map_or_else(|| user.to_string(), str::to_owned)
    };
    Named::each(&users.iter().map(word).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_are_too_many_for_arguments_are_lines_of_input() {
        let few = Named::each(&["ana@a.example".into(), "o'neil".into()]);
        assert_eq!(few.arguments, r"ana@a.example 'o'\''neil'");
        assert!(few.input.is_none());
        let many: Vec<_> = (0..200).map(|i| format!("p{i}@a.example")).collect();
        let many = Named::each(&many);
        assert_eq!(many.arguments, "-");
        assert_eq!(many.input.map(|it| it.lines().count()), Some(200));
    }

    #[test]
    fn what_ends_the_input_is_none_of_its_lines() {
        assert_eq!(
            with_input("usher cancel -", "a\nEND\n"),
            "usher cancel - --yes <<'END_'\na\nEND\nEND_"
        );
    }
}

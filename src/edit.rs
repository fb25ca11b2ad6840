//! `usher edit`: what is known of people, one or many.

use usher_core::command::{Command, Edit};
use usher_core::model::Field;

use crate::args::{EditArgs, LabelEdit};
use crate::confirm::carry_out;
use crate::desk::Desk;
use crate::failure::Result;
use crate::who::selection;

pub(crate) fn run(desk: &Desk, args: EditArgs) -> Result<()> {
    let mut edit = Edit::of(selection(&desk.read()?, &args.who)?);
    edit.set = args.set;
    for (field, day) in [
        (Field::DeactivateOn, args.deactivate_on),
        (Field::DeleteOn, args.delete_on),
    ] {
        edit.set
            .extend(day.map(|it| (field, it.0.map(|day| day.to_string()))));
    }
    edit.send_on = args.send_on.map(|it| it.0);
    edit.fields = args.field;
    for label in args.label {
        match label {
            LabelEdit::Add(label) => edit.add_labels.push(label),
            LabelEdit::Remove(label) => edit.remove_labels.push(label),
        }
    }
    edit.manager = match (args.manager, args.no_manager) {
        (Some(manager), _) => Some(Some(manager)),
        (None, true) => Some(None),
        (None, false) => None,
    };
    edit.add_groups = args.group;
    edit.remove_groups = args.no_group;
    edit.protected = match (args.protect, args.no_protect) {
        (true, _) => Some(true),
        (false, true) => Some(false),
        (false, false) => None,
    };
    edit.overriding = args.overriding;
    carry_out(desk, Command::Edit(edit), &args.plan)
}

//! How the list of people is shown: its columns, its order, and views that keep both with a filter under a name.

use usher_core::model::{ConsoleLook, View};

use super::{App, Tone};
use crate::board::Doing;
use crate::effect::Effect;
use crate::form::{Field, Form, Offer};
use crate::overlay::menu::{Choice, Entry};
use crate::screen::columns::{ListColumn, sort_kept, sort_of, sort_word, sorts};

/// How the list is to be shown.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Look {
    columns: Vec<ListColumn>,
    sort: usher_core::query::SortBy,
    descending: bool,
}

impl App {
    /// Sorts by the next order.
    pub(super) fn sort_next(&mut self) {
        let now = self.users.list.sort();
        let all = sorts(&self.names.fields);
        let place = all.iter().position(|(_, it)| *it == now).unwrap_or(0);
        let next = all.get((place + 1) % all.len()).map_or(now, |it| it.1);
        self.users.list.set_sort(next, false);
        self.say_sort();
    }

    /// The next colours.
    pub(super) fn next_theme(&mut self) {
        self.settings.theme = self.settings.theme.next(self.settings.depth);
        let said = format!("colours: {}", self.settings.theme.word());
        self.say(&said, Tone::Plain);
        self.effects.push(Effect::Repaint);
        self.keep_look(ConsoleLook {
            theme: self.settings.theme.word().to_owned(),
            ..self.settings.kept.clone()
        });
    }

    /// Keeps what of its looks was chosen here: over SSH nothing else can say it the next time. What was asked for when it was
    /// started holds for this once.
    fn keep_look(&mut self, look: ConsoleLook) {
        if !self.settings.read_only {
            self.effects.push(Effect::SaveLook(look.clone()));
        }
        self.settings.kept = look;
    }

    /// Draws frames, or none.
    pub(super) fn turn_frames(&mut self) {
        self.settings.plain = !self.settings.plain;
        let said = if self.settings.plain {
            "without frames"
        } else {
            "with frames"
        };
        self.say(said, Tone::Plain);
        self.lay_out();
        self.effects.push(Effect::Repaint);
        self.keep_look(ConsoleLook {
            plain: self.settings.plain,
            ..self.settings.kept.clone()
        });
    }

    /// Calls the columns of custom fields as these are called now.
    pub(super) fn name_columns(&mut self) {
        for column in &mut self.users.columns {
            if let ListColumn::Custom(id, name) = column
                && let Some(field) = self.names.fields.iter().find(|it| it.id == *id)
            {
                name.clone_from(&field.terms.name);
            }
        }
    }

    /// Turns the order round.
    pub(super) fn sort_backwards(&mut self) {
        let (sort, descending) = (self.users.list.sort(), self.users.list.is_descending());
        self.users.list.set_sort(sort, !descending);
        self.say_sort();
    }

    fn say_sort(&mut self) {
        let way = if self.users.list.is_descending() {
            ", backwards"
        } else {
            ""
        };
        let word = sort_word(self.users.list.sort(), &self.names.fields);
        let said = format!("sorted by {word}{way}");
        self.say(&said, Tone::Plain);
    }

    /// The form that chooses columns and order.
    pub(super) fn ask_look(&mut self) {
        let (list, custom) = (&self.users.list, self.names.fields.clone());
        let columns: Vec<_> = self.users.columns.iter().map(|it| it.word()).collect();
        let orders: Vec<_> = sorts(&custom).into_iter().map(|it| it.0).collect();
        let fields = vec![
            Field::new("columns", "In their order; left empty, those that fit.")
                .offering(Offer::Choices(ListColumn::words(&custom)))
                .with(&columns.join(", "))
                .checked({
                    let custom = custom.clone();
                    move |text| ListColumn::parse(text, &custom).map(|_| ())
                }),
            Field::new("sort by", orders.join(", "))
                .offering(Offer::Choices(orders.clone()))
                .with(&sort_word(list.sort(), &custom))
                .checked({
                    let custom = custom.clone();
                    move |text| match sort_of(text, &custom) {
                        Some(_) => Ok(()),
                        None => Err(format!("use {}", orders.join(", "))),
                    }
                }),
            Field::new("backwards", "yes or no")
                .offering(Offer::Words(&["yes", "no"]))
                .with(if list.is_descending() { "yes" } else { "no" }),
        ];
        let form = Form::new("Columns and order", fields, move |fields| {
            let text = |i: usize| fields.get(i).map_or("", Field::text);
            let columns = ListColumn::parse(text(0), &custom).map_err(|why| (0, why))?;
            let sort = sort_of(text(1), &custom).ok_or_else(|| (1, "name an order".to_owned()))?;
            Ok(Doing::Look(Look {
                columns,
                sort,
                descending: text(2) == "yes",
            }))
        });
        self.show_form(form);
    }

    /// A form that changes nothing of the organization is open to whoever only looks, too.
    fn show_form(&mut self, form: Form) {
        self.form = Some(form);
        self.lay_out();
    }

    /// Shows the list so.
    pub(super) fn look(&mut self, look: Look) {
        self.users.columns = look.columns;
        self.users.list.set_sort(look.sort, look.descending);
        self.form = None;
    }

    /// The menu of views.
    pub(super) fn open_views(&mut self) {
        let mut entries = vec![Entry {
            key: String::new(),
            name: "save this".to_owned(),
            sentence: "Save the filter, the columns and the order as a view.".into(),
            choice: Choice::SaveView,
        }];
        let views = self.names.views.iter();
        entries.extend(views.clone().map(|view| Entry {
            key: String::new(),
            name: view.name.clone(),
            sentence: "Show this view.".into(),
            choice: Choice::View(Box::new(view.clone())),
        }));
        entries.extend(views.map(|view| Entry {
            key: String::new(),
            name: format!("forget {}", view.name),
            sentence: "Remove this view; the people in it stay.".into(),
            choice: Choice::ForgetView(view.name.clone()),
        }));
        self.effects.push(Effect::ReadNames);
        self.show_menu("Views".to_owned(), entries);
    }

    /// Asks for the name of a new view.
    pub(super) fn ask_view(&mut self) {
        let view = View {
            name: String::new(),
            query: self.users.filter.text.clone(),
            columns: self.users.columns.iter().map(ListColumn::kept).collect(),
            sort: sort_kept(self.users.list.sort()),
            descending: self.users.list.is_descending(),
        };
        let field = Field::new("name", "What the view is called.");
        let form = Form::new("Save as a view", vec![field], move |fields| {
            match fields.first().and_then(Field::given) {
                Some(name) => Ok(Doing::SaveView(Box::new(View {
                    name: name.to_owned(),
                    ..view.clone()
                }))),
                None => Err((0, "give it a name".to_owned())),
            }
        });
        self.show_form(form);
    }

    /// Shows a view.
    pub(super) fn show_view(&mut self, view: &View) {
        let columns = view.columns.iter();
        self.look(Look {
            columns: columns
                .filter_map(|it| ListColumn::from_word(it, &self.names.fields))
                .collect(),
            sort: sort_of(&view.sort, &self.names.fields).unwrap_or_default(),
            descending: view.descending,
        });
        self.message = None;
        self.perform(Doing::People(view.query.clone()), false);
        // Its query may name a group that there is no more.
        if self.message.is_none() {
            self.say(&format!("view {}", view.name), Tone::Plain);
        }
    }
}

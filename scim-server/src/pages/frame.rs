//! What every page has around it, and the parts that forms are made of.

use hyper::StatusCode;
use usher_core::model::{Language, Settings};

use super::html::{Attribute, Html};
use super::words::{Words, own_name, words};
use super::{STYLE, Shown};

/// How a page looks to somebody.
pub(crate) struct Frame<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) language: Language,
    pub(crate) look: Look<'a>,
}

/// Where a page's style and picture are.
#[derive(Clone, Copy)]
pub(crate) enum Look<'a> {
    /// Beside it, behind this prefix.
    Served(&'a str),
    /// In it, with the picture as an address of itself, for a page that is handed out as a file.
    Inside(Option<&'a str>),
}

impl Frame<'_> {
    pub(crate) fn words(&self) -> &'static Words {
        words(self.language)
    }

    pub(crate) fn organization(&self) -> &str {
        &self.settings.organization_name
    }

    /// A phrase with the organization's name and whatever else in it.
    pub(crate) fn say(&self, phrase: &str, values: &[(&str, &str)]) -> String {
        let mut all = vec![("org", self.organization())];
        all.extend_from_slice(values);
        super::words::fill(phrase, &all)
    }

    pub(crate) fn shown(&self, status: StatusCode, html: String) -> Shown {
        Shown {
            status,
            language: self.language,
            html,
            retry_after: None,
        }
    }

    /// A whole page.
    pub(crate) fn page(&self, title: &str, main: impl FnOnce(&mut Html)) -> String {
        let tag = self.language.tag();
        let whole = Html::of(|it| {
            it.element("html", &[("lang", tag)], |it| {
                it.element("head", &[], |it| self.head(title, it));
                it.element("body", &[], |it| {
                    it.element("header", &[], |it| self.mark(it));
                    it.element("main", &[("id", "main")], |it| {
                        it.told("h1", &[], title);
                        main(it);
                    });
                    it.element("footer", &[], |it| self.foot(it));
                });
            });
        });
        whole.document()
    }

    fn head(&self, title: &str, it: &mut Html) {
        it.void("meta", &[("charset", "utf-8")]);
        let view = "width=device-width, initial-scale=1";
        it.void("meta", &[("name", "viewport"), ("content", view)]);
        it.void("meta", &[("name", "robots"), ("content", "noindex")]);
        it.element("title", &[], |it| {
            it.text(title);
            if !title.contains(self.organization()) {
                it.text(" – ");
                it.text(self.organization());
            }
        });
        match self.look {
            Look::Served(prefix) => {
                let style = format!("{prefix}/pages/style.css");
                it.void("link", &[("rel", "stylesheet"), ("href", &style)]);
            }
            Look::Inside(_) => it.element("style", &[], |it| it.ours(STYLE)),
        }
    }

    /// The organization's logo, else its name.
    pub(crate) fn mark(&self, it: &mut Html) {
        let name = self.organization();
        match self.look {
            Look::Served(prefix) if self.settings.has_logo => {
                let source = format!("{prefix}/pages/logo");
                it.void("img", &[("src", &source), ("alt", name)]);
            }
            Look::Inside(Some(source)) => it.void("img", &[("src", source), ("alt", name)]),
            _ => it.told("p", &[("class", "org")], name),
        }
    }

    fn foot(&self, it: &mut Html) {
        let words = self.words();
        if let Some(contact) = &self.settings.help_contact {
            it.element("p", &[], |it| {
                it.text(words.questions);
                it.text(" ");
                let address = format!("mailto:{contact}");
                it.told("a", &[("href", &address)], contact);
            });
        }
        it.element("nav", &[("aria-label", words.language_label)], |it| {
            it.element("ul", &[], |it| {
                for language in Language::ALL {
                    it.element("li", &[], |it| self.language(language, it));
                }
            });
        });
    }

    fn language(&self, language: Language, it: &mut Html) {
        let (tag, name) = (language.tag(), own_name(language));
        if language == self.language {
            it.told("span", &[("aria-current", "true"), ("lang", tag)], name);
            return;
        }
        let address = match self.look {
            Look::Served(_) => format!("?lang={tag}"),
            Look::Inside(_) => "#main".to_owned(),
        };
        it.told(
            "a",
            &[("href", &address), ("lang", tag), ("hreflang", tag)],
            name,
        );
    }

    /// The way to where people sign in, if that is known.
    pub(crate) fn sign_in(&self, it: &mut Html) {
        if let Some(address) = &self.settings.sign_in_url {
            it.element("p", &[], |it| {
                it.told(
                    "a",
                    &[("class", "button"), ("href", address)],
                    self.words().sign_in,
                );
            });
        }
    }

    /// The organization's own words.
    pub(crate) fn own_words(&self, text: Option<&str>, it: &mut Html) {
        if let Some(text) = text {
            it.told("p", &[("class", "words")], text);
        }
    }
}

/// What is wrong with a form: the field's id, and what to do. Without an id it is about the whole.
pub(crate) type Wrong = (&'static str, String);

/// What is wrong, first on the page, each with the way to its field.
pub(crate) fn summary(words: &Words, wrong: &[Wrong], it: &mut Html) {
    if wrong.is_empty() {
        return;
    }
    let attributes: &[Attribute<'_>] = &[
        ("class", "errors"),
        ("id", "errors"),
        ("role", "alert"),
        ("tabindex", "-1"),
        ("autofocus", ""),
    ];
    it.element("div", attributes, |it| {
        it.told("h2", &[], words.problem);
        it.element("ul", &[], |it| {
            for (field, why) in wrong {
                it.element("li", &[], |it| {
                    if field.is_empty() {
                        it.text(why);
                    } else {
                        it.told("a", &[("href", &format!("#{field}"))], why);
                    }
                });
            }
        });
    });
}

/// One line to fill in.
pub(crate) struct Field<'a> {
    pub(crate) id: &'static str,
    pub(crate) label: &'a str,
    pub(crate) kind: &'static str,
    pub(crate) complete: &'static str,
    pub(crate) value: &'a str,
    pub(crate) hint: Option<&'a str>,
    pub(crate) fixed: bool,
}

impl<'a> Field<'a> {
    pub(crate) fn new(id: &'static str, label: &'a str, kind: &'static str) -> Self {
        Self {
            id,
            label,
            kind,
            complete: "off",
            value: "",
            hint: None,
            fixed: false,
        }
    }

    /// As a line to fill in.
    pub(crate) fn write(&self, wrong: &[Wrong], it: &mut Html) {
        self.with(wrong, it, |described, it| {
            let mut attributes: Vec<Attribute<'_>> =
                vec![("type", self.kind), ("value", self.value)];
            if self.fixed {
                attributes.push(("readonly", ""));
            } else {
                attributes.push(("required", ""));
                attributes.push(("maxlength", "1000"));
            }
            if self.kind == "email" || self.kind == "password" {
                attributes.push(("autocapitalize", "none"));
                attributes.push(("spellcheck", "false"));
            }
            attributes.extend_from_slice(described);
            it.void("input", &attributes);
        });
    }

    /// As a choice of one of these.
    pub(crate) fn write_choice(&self, names: &[&str], wrong: &[Wrong], it: &mut Html) {
        self.with(wrong, it, |described, it| {
            let mut attributes: Vec<Attribute<'_>> = vec![("required", "")];
            attributes.extend_from_slice(described);
            it.element("select", &attributes, |it| {
                it.told("option", &[("value", "")], "");
                for name in names {
                    let mut attributes: Vec<Attribute<'_>> = vec![("value", name)];
                    if *name == self.value {
                        attributes.push(("selected", ""));
                    }
                    it.told("option", &attributes, name);
                }
            });
        });
    }

    /// The label, what helps and what is wrong, and then what is filled in, which is described by them.
    fn with(
        &self,
        wrong: &[Wrong],
        it: &mut Html,
        inner: impl FnOnce(&[Attribute<'_>], &mut Html),
    ) {
        let wrong = wrong.iter().find(|it| it.0 == self.id);
        let (hint_id, wrong_id) = (format!("{}-hint", self.id), format!("{}-wrong", self.id));
        it.element("div", &[("class", "field")], |it| {
            it.told("label", &[("for", self.id)], self.label);
            let mut described = Vec::new();
            if let Some(hint) = self.hint {
                it.told("span", &[("class", "hint"), ("id", &hint_id)], hint);
                described.push(hint_id.as_str());
            }
            if let Some((_, why)) = wrong {
                it.told("span", &[("class", "wrong"), ("id", &wrong_id)], why);
                described.push(wrong_id.as_str());
            }
            let described = described.join(" ");
            let mut attributes: Vec<Attribute<'_>> = vec![
                ("id", self.id),
                ("name", self.id),
                ("autocomplete", self.complete),
            ];
            if !described.is_empty() {
                attributes.push(("aria-describedby", &described));
            }
            if wrong.is_some() {
                attributes.push(("aria-invalid", "true"));
            }
            inner(&attributes, it);
        });
    }
}

/// A form that is sent to its own page, with what shows that it comes from there and what it is for.
pub(crate) fn form(token: &str, step: &str, it: &mut Html, inner: impl FnOnce(&mut Html)) {
    // Without an address it goes where the page came from; what is missing is said by us, in the page's language.
    it.element("form", &[("method", "post"), ("novalidate", "")], |it| {
        for (name, value) in [("form", token), ("step", step)] {
            it.void(
                "input",
                &[("type", "hidden"), ("name", name), ("value", value)],
            );
        }
        inner(it);
    });
}

/// The button that sends a form.
pub(crate) fn button(label: &str, it: &mut Html) {
    it.told("button", &[("type", "submit")], label);
}

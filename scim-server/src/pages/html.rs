//! HTML that cannot be broken out of: names of elements and attributes are ours, whatever else is said is escaped.

use std::fmt;

use usher_core::model::push_as_html;

/// An attribute: its name is ours, its value may be anybody's.
pub(crate) type Attribute<'a> = (&'static str, &'a str);

/// A piece of HTML.
#[derive(Clone, Default)]
pub(crate) struct Html(String);

impl Html {
    /// What `write` writes.
    pub(crate) fn of(write: impl FnOnce(&mut Self)) -> Self {
        let mut html = Self(String::with_capacity(4_096));
        write(&mut html);
        html
    }

    /// Text, as it is.
    pub(crate) fn text(&mut self, text: &str) {
        push_as_html(text, &mut self.0);
    }

    /// An element and what is in it.
    pub(crate) fn element(
        &mut self,
        tag: &'static str,
        attributes: &[Attribute<'_>],
        inner: impl FnOnce(&mut Self),
    ) {
        self.void(tag, attributes);
        inner(self);
        self.0.push_str("</");
        self.0.push_str(tag);
        self.0.push('>');
    }

    /// An element with nothing but text in it.
    pub(crate) fn told(&mut self, tag: &'static str, attributes: &[Attribute<'_>], text: &str) {
        self.element(tag, attributes, |it| it.text(text));
    }

    /// An element that has no end.
    pub(crate) fn void(&mut self, tag: &'static str, attributes: &[Attribute<'_>]) {
        self.0.push('<');
        self.0.push_str(tag);
        for (name, value) in attributes {
            self.0.push(' ');
            self.0.push_str(name);
            self.0.push_str("=\"");
            push_as_html(value, &mut self.0);
            self.0.push('"');
        }
        self.0.push('>');
    }

    /// A text of ours, such as a style sheet or a picture, that holds nothing of anybody else's.
    pub(crate) fn ours(&mut self, text: &str) {
        self.0.push_str(text);
    }

    /// A whole document of this piece.
    pub(crate) fn document(&self) -> String {
        format!("<!DOCTYPE html>\n{}\n", self.0)
    }
}

impl fmt::Debug for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Html")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_anybody_says_becomes_markup() {
        let hostile = "\"><script>alert('1')</script>&\0";
        let html = Html::of(|it| it.element("p", &[("title", hostile)], |it| it.text(hostile)));
        let page = html.document();
        assert_eq!(page.matches('<').count(), 3, "{page}");
        assert_eq!(page.matches('"').count(), 2, "{page}");
        assert!(!page.contains('\'') && !page.contains('\0'), "{page}");
        assert!(page.contains("&amp;"), "{page}");
    }
}

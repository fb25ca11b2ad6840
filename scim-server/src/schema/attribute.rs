//! What one attribute is: its name, shape and rules (RFC 7643 §2.2, §2.3, §7). The tables of [`super::tables`] are made of these;
//! `/Schemas` publishes them, and every other part of the server asks them.

/// The shape of an attribute.
#[derive(Debug)]
pub(crate) enum Shape {
    /// A string, or what is written as one.
    Text,
    /// A list of strings; the server's only.
    Texts,
    /// A boolean.
    Flag,
    /// A whole number; the server's only.
    Whole,
    /// An instant; the server's only.
    Instant,
    /// An object of these.
    Complex(&'static [Attribute]),
    /// A list of objects of these.
    Many(&'static [Attribute]),
}

/// What a text stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing but itself.
    Plain,
    /// An address of something of these types.
    Reference(&'static [&'static str]),
    /// Bytes in base64.
    Binary,
}

/// Who may write an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutability {
    /// The client.
    ReadWrite,
    /// The server only; ignored in bodies.
    ReadOnly,
    /// The client, once; another value later is refused.
    Immutable,
    /// The client; never returned, and here never stored.
    WriteOnly,
}

/// When an attribute is in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Returned {
    /// Whatever is asked for.
    Always,
    /// Unless it is left out.
    Default,
    /// Only when it is asked for.
    Request,
    /// Never.
    Never,
}

/// Among what a value is unique.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Uniqueness {
    /// Nothing.
    None,
    /// Everything of its type here.
    Server,
}

/// One attribute.
#[derive(Debug)]
pub(crate) struct Attribute {
    /// Its name as the RFC spells it.
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    pub(crate) shape: Shape,
    pub(crate) kind: Kind,
    pub(crate) mutability: Mutability,
    pub(crate) returned: Returned,
    pub(crate) uniqueness: Uniqueness,
    /// Whether a resource always has it.
    pub(crate) required: bool,
    /// Whether texts of other letter case are other values.
    pub(crate) case_exact: bool,
    /// Values that are suggested.
    pub(crate) canonical: &'static [&'static str],
    /// Whether every resource has it by RFC 7643 §3.1, so that no schema lists it.
    pub(crate) common: bool,
}

const fn of(name: &'static str, description: &'static str, shape: Shape) -> Attribute {
    Attribute {
        name,
        description,
        shape,
        kind: Kind::Plain,
        mutability: Mutability::ReadWrite,
        returned: Returned::Default,
        uniqueness: Uniqueness::None,
        required: false,
        case_exact: false,
        canonical: &[],
        common: false,
    }
}

pub(super) const fn text(name: &'static str, description: &'static str) -> Attribute {
    of(name, description, Shape::Text)
}

pub(super) const fn texts(name: &'static str, description: &'static str) -> Attribute {
    of(name, description, Shape::Texts)
}

pub(super) const fn flag(name: &'static str, description: &'static str) -> Attribute {
    of(name, description, Shape::Flag)
}

pub(super) const fn whole(name: &'static str, description: &'static str) -> Attribute {
    of(name, description, Shape::Whole)
}

pub(super) const fn instant(name: &'static str, description: &'static str) -> Attribute {
    of(name, description, Shape::Instant)
}

pub(super) const fn reference(
    name: &'static str,
    description: &'static str,
    types: &'static [&'static str],
) -> Attribute {
    let mut it = of(name, description, Shape::Text);
    it.kind = Kind::Reference(types);
    it.case_exact = true;
    it
}

pub(super) const fn binary(name: &'static str, description: &'static str) -> Attribute {
    let mut it = of(name, description, Shape::Text);
    it.kind = Kind::Binary;
    it.case_exact = true;
    it
}

pub(super) const fn complex(
    name: &'static str,
    description: &'static str,
    parts: &'static [Attribute],
) -> Attribute {
    of(name, description, Shape::Complex(parts))
}

pub(super) const fn many(
    name: &'static str,
    description: &'static str,
    parts: &'static [Attribute],
) -> Attribute {
    of(name, description, Shape::Many(parts))
}

impl Attribute {
    pub(super) const fn read_only(mut self) -> Self {
        self.mutability = Mutability::ReadOnly;
        self
    }

    pub(super) const fn immutable(mut self) -> Self {
        self.mutability = Mutability::Immutable;
        self
    }

    pub(super) const fn write_only(mut self) -> Self {
        self.mutability = Mutability::WriteOnly;
        self.returned = Returned::Never;
        self
    }

    pub(super) const fn always(mut self) -> Self {
        self.returned = Returned::Always;
        self
    }

    pub(super) const fn on_request(mut self) -> Self {
        self.returned = Returned::Request;
        self
    }

    pub(super) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub(super) const fn unique(mut self) -> Self {
        self.uniqueness = Uniqueness::Server;
        self
    }

    pub(super) const fn exact(mut self) -> Self {
        self.case_exact = true;
        self
    }

    pub(super) const fn common(mut self) -> Self {
        self.common = true;
        self
    }

    pub(super) const fn suggests(mut self, canonical: &'static [&'static str]) -> Self {
        self.canonical = canonical;
        self
    }

    /// The attributes that a value of this one consists of.
    pub(crate) const fn parts(&self) -> &'static [Attribute] {
        match self.shape {
            Shape::Complex(parts) | Shape::Many(parts) => parts,
            Shape::Text | Shape::Texts | Shape::Flag | Shape::Whole | Shape::Instant => &[],
        }
    }

    /// Whether it has a list of values.
    pub(crate) const fn is_list(&self) -> bool {
        matches!(self.shape, Shape::Many(_) | Shape::Texts)
    }
}

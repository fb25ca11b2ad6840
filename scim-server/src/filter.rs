//! SCIM filters (RFC 7644 §3.4.2.2) lowered into the core's expressions: any attribute, any operator. What the grammar or
//! the schema does not have is `invalidFilter`; nothing is ever left out of a filter, because then a look-up of one person
//! would answer with everybody.
//!
//! Where the RFC is silent: `ne` is the opposite of `eq` (so it holds of what is not there, and of a list when no element
//! is equal), and `eq null` means unassigned.

pub(crate) mod both;
pub(crate) mod json;
mod text;
mod user;

use scim_v2::filter::{AttrExp, AttrPath, CompValue, CompareOp, Filter, ValFilter};
use scim_v2::models::errors::ScimType;
use usher_core::model::{ConnectionId, Timestamp, UserId};
use usher_core::query::{
    Attribute as Condition, Compared, Element, Expr, Fold, List, Op, Order, Test, TextField,
    TextOp, TimeField, Value,
};

use crate::dispatch::exact_id;
use crate::fault::Fault;
use crate::schema::{Attribute, Shape};
use text::{parsed, shortened};
use user::{Place, place};

/// Longest filter, in bytes.
const LONGEST: usize = 4_096;
/// Most comparisons in one filter.
const MOST_TERMS: usize = 200;

/// What a filter means in.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    /// Who asks; `externalId` is theirs.
    pub(crate) connection: ConnectionId,
    /// The base of every address.
    pub(crate) base: &'a str,
    /// Whether of anybody an attribute is kept that has a field ([`crate::words::MAPPED`]).
    pub(crate) any_mapped: bool,
}

/// Whom a filter finds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Sought {
    /// At most one person, by a unique value.
    One(Key),
    /// Whoever fits.
    Fitting(Expr),
    /// Nobody at all.
    Nobody,
}

/// A unique value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Key {
    Id(UserId),
    UserName(String),
    ExternalId(String),
}

/// Reads the filter that providers ask all day: an equality on a unique attribute, for which no context is needed.
pub(crate) fn plain(filter: &str) -> Option<Sought> {
    let key = (filter.len() <= LONGEST).then(|| plain_equality(filter))??;
    Some(key.map_or(Sought::Nobody, Sought::One))
}

/// Reads a filter on people.
pub(crate) fn read(filter: &str, context: Context<'_>) -> Result<Sought, Fault> {
    let filter = parse(filter)?;
    if let Filter::Attr(AttrExp::Comparison(path, CompareOp::Eq, CompValue::Str(value))) = &filter
        && path.sub_attr.is_none()
        && user::is_core(path)
        && let Some(key) = key(&path.name, value)
    {
        return Ok(key.map_or(Sought::Nobody, Sought::One));
    }
    Ok(match lower(&filter, context)? {
        Lowered::Everybody => Sought::Fitting(Expr::Everybody),
        Lowered::Nobody => Sought::Nobody,
        // Counted from kept totals.
        Lowered::Expr(expr @ Expr::Status(_)) => Sought::Fitting(expr),
        Lowered::Expr(expr) => Sought::Fitting(Expr::And(vec![Expr::Everybody, expr])),
    })
}

/// The filter's tree.
pub(crate) fn parse(filter: &str) -> Result<Filter, Fault> {
    if filter.len() > LONGEST {
        return Err(Fault::invalid_filter(format!(
            "the filter is longer than {LONGEST} bytes"
        )));
    }
    let parsed = parsed(filter).ok_or_else(|| {
        Fault::invalid_filter(
            "the filter cannot be read; it is like userName eq \"ana@acme.example\", with texts in double quotes",
        )
    })?;
    if terms(&parsed) > MOST_TERMS {
        return Err(Fault::invalid_filter(format!(
            "the filter has more than {MOST_TERMS} comparisons"
        )));
    }
    Ok(parsed)
}

fn terms(filter: &Filter) -> usize {
    fn inside(filter: &ValFilter) -> usize {
        match filter {
            ValFilter::Attr(_) => 1,
            ValFilter::Not(it) => inside(it),
            ValFilter::And(all) | ValFilter::Or(all) => all.iter().map(inside).sum(),
        }
    }
    match filter {
        Filter::Attr(_) => 1,
        Filter::Not(it) => terms(it),
        Filter::And(all) | Filter::Or(all) => all.iter().map(terms).sum(),
        Filter::ValuePath(it) => inside(&it.filter),
    }
}

/// In what order `sortBy` lists people.
pub(crate) fn order(by: &str, descending: bool, context: Context<'_>) -> Result<Order, Fault> {
    let path = text::path(by).ok_or_else(|| {
        Fault::bad(
            ScimType::InvalidPath,
            format!("the sortBy {} cannot be read", shortened(by)),
        )
    })?;
    let place = place(&path, context).map_err(|fault| match fault.scim_type {
        Some(ScimType::InvalidFilter) => Fault::invalid_path(fault.detail),
        _ => fault,
    })?;
    Ok(match place {
        Place::Time(TimeField::Created) if descending => Order::Newest,
        Place::Time(TimeField::Created) | Place::Constant(..) | Place::Schemas(_) => {
            Order::Creation
        }
        Place::Time(_) => Order::By {
            value: Value::Updated,
            fold: Fold::Exact,
            descending,
        },
        Place::Active(_) => Order::By {
            value: Value::Active,
            fold: Fold::Exact,
            descending,
        },
        Place::Value { value, fold, .. } => Order::By {
            value,
            fold,
            descending,
        },
        Place::List {
            of,
            attribute,
            part,
        } => {
            let part = part.or_else(|| user::main_part(attribute));
            Order::By {
                value: first_of(of, part).ok_or_else(|| unsortable(by))?,
                fold: part.map_or(Fold::Exact, |it| user::fold(attribute, it)),
                descending,
            }
        }
        Place::Several(_) => return Err(unsortable(by)),
    })
}

fn unsortable(by: &str) -> Fault {
    Fault::bad(
        ScimType::InvalidPath,
        format!("{} has no single value to sort by", shortened(by)),
    )
}

/// The value that a list is sorted by: of its primary, else its first element.
fn first_of(of: List, part: Option<&Attribute>) -> Option<Value> {
    match of {
        List::Kept { .. } => Some(Value::FirstOf(of, part?.name.to_owned())),
        List::Groups | List::Licenses | List::Labels | List::CustomFields => None,
    }
}

/// `userName eq "x"` and its like, which providers ask all day, without the grammar's machinery.
fn plain_equality(text: &str) -> Option<Option<Key>> {
    let (attribute, rest) = text.trim().split_once(' ')?;
    let (op, value) = rest.trim_start().split_once(' ')?;
    let value = value.trim_start().strip_prefix('"')?.strip_suffix('"')?;
    if !op.eq_ignore_ascii_case("eq")
        || value.contains(['"', '\\'])
        || value.contains(|it: char| it.is_control())
    {
        return None;
    }
    key(attribute, value)
}

/// The key that an equality on a unique attribute asks for; the inner `None` is a value that nobody can have.
fn key(attribute: &str, value: &str) -> Option<Option<Key>> {
    if attribute.eq_ignore_ascii_case("userName") {
        Some(Some(Key::UserName(value.to_owned())))
    } else if attribute.eq_ignore_ascii_case("externalId") {
        Some(Some(Key::ExternalId(value.to_owned())))
    } else if attribute.eq_ignore_ascii_case("id") {
        Some(exact_id(value).map(Key::Id))
    } else {
        None
    }
}

#[derive(Clone)]
enum Lowered {
    Everybody,
    Nobody,
    Expr(Expr),
}

impl Lowered {
    fn known(is_so: bool) -> Self {
        if is_so { Self::Everybody } else { Self::Nobody }
    }

    fn not(self) -> Self {
        match self {
            Self::Everybody => Self::Nobody,
            Self::Nobody => Self::Everybody,
            Self::Expr(Expr::Not(inner)) => Self::Expr(*inner),
            Self::Expr(expr) => Self::Expr(Expr::Not(Box::new(expr))),
        }
    }

    fn all(them: impl IntoIterator<Item = Result<Self, Fault>>) -> Result<Self, Fault> {
        let (mut terms, mut nobody) = (Vec::new(), false);
        for it in them {
            match it? {
                Self::Everybody => {}
                Self::Nobody => nobody = true,
                Self::Expr(expr) => terms.push(expr),
            }
        }
        Ok(match (nobody, terms.len()) {
            (true, _) => Self::Nobody,
            (false, 0) => Self::Everybody,
            (false, 1) => Self::Expr(terms.remove(0)),
            (false, _) => Self::Expr(Expr::And(terms)),
        })
    }

    fn any(them: impl IntoIterator<Item = Result<Self, Fault>>) -> Result<Self, Fault> {
        let (mut terms, mut everybody) = (Vec::new(), false);
        for it in them {
            match it? {
                Self::Everybody => everybody = true,
                Self::Nobody => {}
                Self::Expr(expr) => terms.push(expr),
            }
        }
        Ok(match (everybody, terms.len()) {
            (true, _) => Self::Everybody,
            (false, 0) => Self::Nobody,
            (false, 1) => Self::Expr(terms.remove(0)),
            (false, _) => Self::Expr(Expr::Or(terms)),
        })
    }
}

fn lower(filter: &Filter, context: Context<'_>) -> Result<Lowered, Fault> {
    match filter {
        Filter::Attr(AttrExp::Comparison(path, op, value)) => {
            let asked = Asked::of(path, op, value)?;
            let lowered = compared(&place(path, context)?, &asked, context)?;
            Ok(if asked.negated {
                lowered.not()
            } else {
                lowered
            })
        }
        Filter::Attr(AttrExp::Present(path)) => {
            compared(&place(path, context)?, &Asked::present(path), context)
        }
        Filter::ValuePath(path) => match place(&path.attr, context)? {
            Place::List {
                of,
                attribute,
                part: None,
            } => in_list(of, element(&path.filter, attribute, context)?),
            _ => Err(unsupported(&path.attr)),
        },
        Filter::Not(inner) => Ok(lower(inner, context)?.not()),
        Filter::And(all) => Lowered::all(all.iter().map(|it| lower(it, context))),
        Filter::Or(any) => Lowered::any(any.iter().map(|it| lower(it, context))),
    }
}

fn unsupported(path: &AttrPath) -> Fault {
    Fault::invalid_filter(format!(
        "{} cannot be filtered by in this way",
        shortened(&path.to_string())
    ))
}

/// What a term asks of a value, whatever it is.
struct Asked<'a> {
    path: &'a AttrPath,
    /// None: whether there is one.
    with: Option<(Op, &'a CompValue)>,
    negated: bool,
}

impl<'a> Asked<'a> {
    fn present(path: &'a AttrPath) -> Self {
        Self {
            path,
            with: None,
            negated: false,
        }
    }

    fn of(path: &'a AttrPath, op: &CompareOp, value: &'a CompValue) -> Result<Self, Fault> {
        if *value == CompValue::Null {
            return match op {
                CompareOp::Eq => Ok(Self {
                    negated: true,
                    ..Self::present(path)
                }),
                CompareOp::Ne => Ok(Self::present(path)),
                _ => Err(unsupported(path)),
            };
        }
        let (op, negated) = match op {
            CompareOp::Eq => (Op::Equals, false),
            CompareOp::Ne => (Op::Equals, true),
            CompareOp::Co => (Op::Contains, false),
            CompareOp::Sw => (Op::StartsWith, false),
            CompareOp::Ew => (Op::EndsWith, false),
            CompareOp::Gt => (Op::Greater, false),
            CompareOp::Ge => (Op::AtLeast, false),
            CompareOp::Lt => (Op::Less, false),
            CompareOp::Le => (Op::AtMost, false),
        };
        Ok(Self {
            path,
            with: Some((op, value)),
            negated,
        })
    }

    fn unsupported(&self) -> Fault {
        unsupported(self.path)
    }

    /// The comparison with a value of that shape.
    fn test(&self, shape: &Shape, fold: Fold) -> Result<Test, Fault> {
        let Some((op, value)) = self.with else {
            return Ok(Test::Present);
        };
        match (shape, value) {
            (Shape::Text | Shape::Texts, CompValue::Str(with)) => Ok(Test::Text {
                op,
                with: with.clone(),
                fold,
            }),
            // A number is what a text of its digits is, as in bodies.
            (Shape::Text, CompValue::Number(number)) => Ok(Test::Text {
                op,
                with: number.to_string(),
                fold,
            }),
            (Shape::Flag, value) if op == Op::Equals => text::flag(value)
                .map(Test::Flag)
                .ok_or_else(|| self.unsupported()),
            (Shape::Whole, CompValue::Number(number))
                if !matches!(op, Op::Contains | Op::StartsWith | Op::EndsWith) =>
            {
                let with = number.as_f64().ok_or_else(|| self.unsupported())?;
                Ok(Test::Number { op, with })
            }
            _ => Err(self.unsupported()),
        }
    }

    fn instants(&self) -> Result<(Option<Timestamp>, Option<Timestamp>), Fault> {
        let Some((op, CompValue::Str(value))) = self.with else {
            return match self.with {
                None => Ok((None, None)),
                Some(_) => Err(self.unsupported()),
            };
        };
        let at: Timestamp = value.parse().map_err(|_| self.unsupported())?;
        let next = at.plus_millis(1);
        match op {
            Op::Equals => Ok((Some(at), Some(next))),
            Op::Greater => Ok((Some(next), None)),
            Op::AtLeast => Ok((Some(at), None)),
            Op::Less => Ok((None, Some(at))),
            Op::AtMost => Ok((None, Some(next))),
            Op::Contains | Op::StartsWith | Op::EndsWith => Err(self.unsupported()),
        }
    }
}

/// Whoever has the place compared so; the caller turns it round where that was asked.
fn compared(place: &Place, asked: &Asked<'_>, context: Context<'_>) -> Result<Lowered, Fault> {
    match place {
        Place::Constant(has, shape, fold) => {
            let test = asked.test(shape, *fold)?;
            Ok(Lowered::known(text::holds(&test, has)))
        }
        Place::Schemas(extended) => {
            let test = asked.test(&Shape::Texts, Fold::Exact)?;
            if user::SCHEMAS_OF_ALL.iter().any(|it| text::holds(&test, it)) {
                return Ok(Lowered::Everybody);
            }
            Ok(if text::holds(&test, crate::schema::ENTERPRISE) {
                Lowered::Expr(extended.clone())
            } else {
                Lowered::Nobody
            })
        }
        Place::Active(statuses) => match asked.test(&Shape::Flag, Fold::Exact)? {
            Test::Present => Ok(Lowered::Everybody),
            Test::Flag(wanted) => Ok(Lowered::Expr(Expr::Status(statuses(wanted)))),
            Test::Text { .. } | Test::Number { .. } => Err(asked.unsupported()),
        },
        Place::Time(field) => {
            let (from, until) = asked.instants()?;
            Ok(match (from, until) {
                (None, None) => Lowered::Everybody,
                _ => Lowered::Expr(Expr::When {
                    field: *field,
                    from,
                    until,
                }),
            })
        }
        Place::Value {
            value,
            prefix,
            shape,
            fold,
        } => Ok(Lowered::Expr(single(
            value,
            prefix,
            asked.test(shape, *fold)?,
        ))),
        Place::List {
            of,
            attribute,
            part,
        } => {
            if part.is_none() && asked.with.is_none() {
                return in_list(of.clone(), Element::And(Vec::new()));
            }
            let part = part.or_else(|| user::main_part(attribute));
            let part = part.ok_or_else(|| asked.unsupported())?;
            in_list(of.clone(), element_part(attribute, part, asked, context)?)
        }
        Place::Several(places) => {
            if asked.with.is_some() {
                return Err(asked.unsupported());
            }
            Lowered::any(places.iter().map(|it| compared(it, asked, context)))
        }
    }
}

/// One value; where an index answers, the condition that uses it.
fn single(value: &Value, prefix: &str, test: Test) -> Expr {
    match (value, &test) {
        (
            Value::SignIn,
            Test::Text {
                op: Op::Equals,
                with,
                ..
            },
        ) => Expr::Field {
            field: TextField::UserName,
            op: TextOp::Equals,
            value: with.clone(),
        },
        (
            Value::ExternalId(connection),
            Test::Text {
                op: Op::Equals,
                with,
                ..
            },
        ) => Expr::ExternalId {
            connection: *connection,
            external_id: with.clone(),
        },
        (
            Value::Id,
            Test::Text {
                op: Op::Equals,
                with,
                ..
            },
        ) if let Some(id) = with.strip_prefix(prefix).and_then(exact_id) => Expr::Id(id),
        (
            Value::Manager,
            Test::Text {
                op: Op::Equals,
                with,
                ..
            },
        ) if let Some(id) = with.strip_prefix(prefix).and_then(|it| it.parse().ok()) => {
            Expr::Manager(usher_core::query::ManagerName::Id(id))
        }
        (Value::Manager, Test::Present) => Expr::HasManager,
        _ => Expr::Attribute(Box::new(Condition::Is(Compared {
            value: value.clone(),
            prefix: prefix.to_owned(),
            test,
        }))),
    }
}

/// Whoever has such an element; by the index of addresses where it must have one.
fn in_list(of: List, that: Element) -> Result<Lowered, Fault> {
    let is_email =
        matches!(&of, List::Kept { placed: Some(it), .. } if it.field == TextField::Email);
    let address = is_email.then(|| named_address(&that)).flatten();
    if let Some(address) = address {
        let condition = Expr::Attribute(Box::new(Condition::Address(address)));
        if matches!(that, Element::Part(_)) {
            return Ok(Lowered::Expr(condition));
        }
        let whole = Expr::Attribute(Box::new(Condition::Some { of, that }));
        return Ok(Lowered::Expr(Expr::And(vec![condition, whole])));
    }
    if let (List::Groups, Element::Part(it)) = (&of, &that)
        && it.value == "value"
        && let Test::Text {
            op: Op::Equals,
            with,
            ..
        } = &it.test
        && let Some(id) = with.strip_prefix(&it.prefix)
        && let Ok(id) = id.parse()
    {
        return Ok(Lowered::Expr(Expr::And(vec![
            Expr::GroupId(id),
            Expr::Attribute(Box::new(Condition::Some { of, that })),
        ])));
    }
    Ok(Lowered::Expr(Expr::Attribute(Box::new(Condition::Some {
        of,
        that,
    }))))
}

/// The address that an element must have.
fn named_address(that: &Element) -> Option<String> {
    match that {
        Element::Part(Compared {
            value,
            test:
                Test::Text {
                    op: Op::Equals,
                    with,
                    ..
                },
            ..
        }) if value == "value" => Some(with.clone()),
        Element::And(all) => all.iter().find_map(named_address),
        Element::Part(_) | Element::Or(_) | Element::Not(_) => None,
    }
}

/// The filter inside `[…]`.
fn element(
    filter: &ValFilter,
    attribute: &'static Attribute,
    context: Context<'_>,
) -> Result<Element, Fault> {
    let all = |list: &[ValFilter]| {
        list.iter()
            .map(|it| element(it, attribute, context))
            .collect::<Result<Vec<_>, _>>()
    };
    match filter {
        ValFilter::And(list) => Ok(Element::And(all(list)?)),
        ValFilter::Or(list) => Ok(Element::Or(all(list)?)),
        ValFilter::Not(inner) => Ok(Element::Not(Box::new(element(inner, attribute, context)?))),
        ValFilter::Attr(AttrExp::Present(path)) => {
            let asked = Asked::present(path);
            element_part(attribute, user::part(path, attribute)?, &asked, context)
        }
        ValFilter::Attr(AttrExp::Comparison(path, op, value)) => {
            let asked = Asked::of(path, op, value)?;
            let found = element_part(attribute, user::part(path, attribute)?, &asked, context)?;
            Ok(if asked.negated {
                Element::Not(Box::new(found))
            } else {
                found
            })
        }
    }
}

fn element_part(
    attribute: &'static Attribute,
    part: &'static Attribute,
    asked: &Asked<'_>,
    context: Context<'_>,
) -> Result<Element, Fault> {
    let test = asked.test(&part.shape, user::fold(attribute, part))?;
    if let Some(constant) = user::constant_part(attribute, part) {
        return Ok(if text::holds(&test, constant) {
            Element::And(Vec::new())
        } else {
            Element::Or(Vec::new())
        });
    }
    let (name, prefix) =
        user::made_of(attribute, part, context).unwrap_or((part.name, String::new()));
    Ok(Element::Part(Compared {
        value: name.to_owned(),
        prefix,
        test,
    }))
}

#[cfg(test)]
mod tests;

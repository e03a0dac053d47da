//! What the parameters of a query may be: read from what the document says of them, so that the type of a parameter and its
//! bounds are said once, at the endpoint. Handlers check patterns, formats and lists of values themselves.

use std::borrow::Cow;
use std::collections::BTreeSet;

use utoipa::Number;
use utoipa::openapi::path::Parameter;
use utoipa::openapi::schema::{Schema, SchemaType, Type};
use utoipa::openapi::{RefOr, Required};

use crate::http::error::ApiError;
use crate::http::query::OTHER_NAMES;

/// The parameters that a query may have.
#[derive(Clone)]
pub(in crate::http) struct Query(Vec<Expected>);

/// A parameter of a query.
#[derive(Clone)]
struct Expected {
    name: String,
    is_required: bool,
    value: Value,
}

/// What a parameter may be.
#[derive(Clone)]
enum Value {
    /// A whole number within these bounds.
    Whole(usize, usize),
    /// A number within these bounds.
    Number(f64, f64),
    /// `true` or `false`.
    Flag,
    /// A text, which the handler looks at.
    Text,
}

impl Query {
    /// Those of these parameters that may stand in the query, by their names.
    pub(super) fn of(parameters: &[Parameter], names: &BTreeSet<String>) -> Self {
        let named = parameters.iter().filter(|it| names.contains(&it.name));
        Self(named.map(Expected::of).collect())
    }

    /// Refuses a query with a parameter that is none of these, that comes twice, or that has an invalid value; and one
    /// without a required parameter.
    pub(in crate::http) fn check(&self, query: &str) -> Result<(), ApiError> {
        let mut given: Vec<Option<Cow<'_, str>>> = vec![None; self.0.len()];
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let Some(index) = self.0.iter().position(|it| it.is_called(&name)) else {
                return Err(ApiError::UnknownParameter {
                    name: shortened(&name),
                    known: self.listed(),
                });
            };
            let (expected, before) = (&self.0[index], &mut given[index]);
            if let Some(before) = before {
                let why = expected.twice(before, &name);
                return Err(ApiError::parameter(name.into_owned(), why));
            }
            if let Some(why) = expected.value.refuses(&value) {
                let why = format!("{name} must be {why}");
                return Err(ApiError::parameter(name.into_owned(), why));
            }
            *before = Some(name);
        }
        let mut all = self.0.iter().zip(given);
        match all.find(|(expected, given)| expected.is_required && given.is_none()) {
            Some((Expected { name, .. }, _)) => {
                let why = format!("{name} must be in the query");
                Err(ApiError::parameter(name.clone(), why))
            }
            None => Ok(()),
        }
    }

    /// Which there are, for whoever sent another.
    pub(in crate::http) fn listed(&self) -> String {
        let names = self.0.iter().flat_map(Expected::names);
        listed(&names.map(str::to_owned).collect())
    }
}

impl Expected {
    fn of(parameter: &Parameter) -> Self {
        Self {
            name: parameter.name.clone(),
            is_required: matches!(parameter.required, Required::True),
            value: Value::of(parameter.schema.as_ref()),
        }
    }

    /// Its own name, and what the clients of others call it.
    fn names(&self) -> impl Iterator<Item = &str> {
        let others = OTHER_NAMES.iter().filter(|(name, _)| *name == self.name);
        std::iter::once(self.name.as_str()).chain(others.map(|(_, other)| *other))
    }

    fn is_called(&self, name: &str) -> bool {
        self.names().any(|it| it == name)
    }

    fn twice(&self, before: &str, now: &str) -> String {
        if before == now {
            return format!("{now} stands more than once in the query: send one");
        }
        format!("{before} and {now} mean the same: send one of them")
    }
}

impl Value {
    fn of(schema: Option<&RefOr<Schema>>) -> Self {
        let Some(RefOr::T(Schema::Object(object))) = schema else {
            return Self::Text;
        };
        let (least, most) = (object.minimum.as_ref(), object.maximum.as_ref());
        match object.schema_type {
            // The handler names the few numbers that it takes.
            _ if object.enum_values.is_some() => Self::Text,
            SchemaType::Type(Type::Integer) => {
                Self::Whole(least.map_or(0, whole), most.map_or(usize::MAX, whole))
            }
            SchemaType::Type(Type::Number) => Self::Number(
                least.map_or(f64::NEG_INFINITY, number),
                most.map_or(f64::INFINITY, number),
            ),
            SchemaType::Type(Type::Boolean) => Self::Flag,
            _ => Self::Text,
        }
    }

    /// What it would have to be; none: it may be so.
    fn refuses(&self, text: &str) -> Option<String> {
        match *self {
            Self::Whole(least, most) => {
                let is_one = text
                    .parse()
                    .is_ok_and(|it: usize| (least..=most).contains(&it));
                (!is_one).then(|| format!("a whole number from {least} to {most}"))
            }
            Self::Number(least, most) => {
                let is_one = text
                    .parse()
                    .is_ok_and(|it: f64| (least..=most).contains(&it));
                (!is_one).then(|| format!("a number from {least} to {most}"))
            }
            Self::Flag => (!["true", "false"].contains(&text)).then(|| "true or false".to_owned()),
            Self::Text => None,
        }
    }
}

#[expect(
    clippy::cast_sign_loss,
    clippy::cast_possible_truncation,
    reason = "a bound of a whole number is one"
)]
fn whole(number: &Number) -> usize {
    match *number {
        Number::Int(it) => it as usize,
        Number::UInt(it) => it,
        Number::Float(it) => it as usize,
    }
}

#[expect(clippy::cast_precision_loss, reason = "bounds are small")]
fn number(number: &Number) -> f64 {
    match *number {
        Number::Int(it) => it as f64,
        Number::UInt(it) => it as f64,
        Number::Float(it) => it,
    }
}

/// A name as an answer repeats it.
pub(in crate::http) fn shortened(name: &str) -> String {
    const MOST: usize = 64;
    name.chars().take(MOST).collect()
}

/// What is taken, for whoever sent something else.
pub(in crate::http) fn listed(known: &BTreeSet<String>) -> String {
    let names: Vec<&str> = known.iter().map(String::as_str).collect();
    match &names[..] {
        [] => "none is taken here".to_owned(),
        names => format!("taken here are {}", names.join(", ")),
    }
}

//! What a step of a template may leave behind: texts, numbers, and lists and objects of them, no deeper than JSON may be.
//!
//! The engine also has lists that are worked out anew whenever they are looked at, and namespaces, which can come to hold
//! what holds them. Either could be as long or as deep as it likes, and the second would never be freed.

use indexmap::IndexMap;
use minijinja::value::{ObjectRepr, Tuple};
use minijinja::{Error, ErrorKind, State, Value};

use super::MOST_MADE_BYTES;
use super::budget::Budget;
use super::json::{DEEPEST, Json};
use super::render::RenderState;

/// What a place in a list takes.
pub(super) const SLOT: usize = size_of::<Value>();

/// Counts a value with all that it holds, and answers it, or a plain one in its place. `depth` is how much holds it.
///
/// # Errors
/// When it is too large or too deep, or holds what may not be held.
pub(super) fn laid_down(state: &State<'_, '_>, value: Value, depth: usize) -> Result<Value, Error> {
    RenderState::with(state, |render| {
        let mut weighing = Weighing {
            budget: &render.budget,
            made: 0,
        };
        Ok(weighing.weigh(&value, depth)?.unwrap_or(value))
    })
}

/// One value being counted, with all that it holds.
struct Weighing<'a> {
    budget: &'a Budget,
    made: usize,
}

impl Weighing<'_> {
    fn count(&mut self, bytes: usize) -> Result<(), Error> {
        self.made = self.made.saturating_add(bytes);
        if self.made > MOST_MADE_BYTES {
            return self.budget.count(self.made);
        }
        self.budget.count(bytes)
    }

    /// Counts a value, and answers a plain one to be taken in its place if it is not.
    fn weigh(&mut self, value: &Value, depth: usize) -> Result<Option<Value>, Error> {
        if depth > DEEPEST {
            return Err(cannot("a value is too deep"));
        }
        self.count(SLOT)?;
        if let Some(text) = value.as_str() {
            self.count(text.len())?;
            return Ok(None);
        }
        if let Some(json) = value.downcast_object_ref::<Json>() {
            self.count(json.get().len())?;
            return Ok(None);
        }
        let Some(object) = value.as_object() else {
            return Ok(None);
        };
        if is_of_the_engine(value) {
            return if depth == 0 {
                Ok(None)
            } else {
                Err(cannot(
                    "lists, objects and namespaces hold texts, numbers, lists and objects, and nothing else",
                ))
            };
        }
        if object.repr() == ObjectRepr::Map {
            self.weigh_map(value, depth)
        } else {
            self.weigh_list(value, depth)
        }
    }

    fn weigh_list(&mut self, value: &Value, depth: usize) -> Result<Option<Value>, Error> {
        let is_tuple = value.downcast_object_ref::<Tuple>().is_some();
        let mut is_plain = is_tuple || value.downcast_object_ref::<Vec<Value>>().is_some();
        let mut parts = Vec::new();
        for part in value.try_iter()? {
            let instead = self.weigh(&part, depth + 1)?;
            is_plain &= instead.is_none();
            parts.push(instead.unwrap_or(part));
        }
        Ok((!is_plain).then(|| {
            if is_tuple {
                Value::from(Tuple::from(parts))
            } else {
                Value::from(parts)
            }
        }))
    }

    fn weigh_map(&mut self, value: &Value, depth: usize) -> Result<Option<Value>, Error> {
        let mut is_plain = value
            .downcast_object_ref::<IndexMap<Value, Value>>()
            .is_some();
        let mut members = Vec::new();
        for key in value.try_iter()? {
            self.weigh(&key, depth + 1)?;
            let member = value.get_item(&key)?;
            let instead = self.weigh(&member, depth + 1)?;
            is_plain &= instead.is_none();
            members.push((key, instead.unwrap_or(member)));
        }
        Ok(
            (!is_plain)
                .then(|| Value::from_object(members.into_iter().collect::<IndexMap<_, _>>())),
        )
    }
}

/// Whether a value is a function, a loop or a namespace: these may be looked into, but not be kept in anything, for they
/// could hold what holds them.
fn is_of_the_engine(value: &Value) -> bool {
    value.as_object().is_some_and(|object| {
        let name = object.type_name();
        object.repr() == ObjectRepr::Plain
            || name.ends_with("::Namespace")
            || name.ends_with("::Loop")
    })
}

fn cannot(why: &'static str) -> Error {
    Error::new(ErrorKind::InvalidOperation, why)
}

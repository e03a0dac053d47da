//! What one filling may make, in bytes, over all its steps: texts and lists that are set aside count as what is written
//! out does. What it may read is in `reading`.
//!
//! The engine counts steps, but a step that doubles a text is one step. So every step of a template that makes something
//! is counted here: `counted` writes each such step as one of the filters of this file. They leave only plain values
//! behind (`plain`).

use std::fmt::{self, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use minijinja::value::StringInput;
use minijinja::{Environment, Error, ErrorKind, State, Value};

use super::MOST_MADE_BYTES;
use super::plain::{self, SLOT};
use super::reading::MOST_READ;
use super::render::RenderState;

/// Most bytes that all steps of one filling may make.
pub(super) const MOST_WORKED_BYTES: usize = 64 * 1024 * 1024;

/// The filters that `counted` writes into a template, by the operator or the kind of step that they stand for.
pub(super) const CONCAT: &str = "_concat";
pub(super) const ADD: &str = "_add";
pub(super) const MULTIPLY: &str = "_multiply";
pub(super) const MADE: &str = "_made";
pub(super) const HELD: &str = "_held";
pub(super) const RAW: &str = "_raw";

/// Puts the filters that count into an environment.
pub(super) fn put_into(environment: &mut Environment<'_>) {
    environment.add_filter(CONCAT, concat);
    environment.add_filter(ADD, add);
    environment.add_filter(MULTIPLY, multiply);
    environment.add_filter(MADE, made);
    environment.add_filter(HELD, held);
    environment.add_filter(RAW, raw);
    environment.add_filter("replace", replace);
    environment.add_function("dict", dict);
    environment.add_function("namespace", namespace);
}

/// What a filling has made.
#[derive(Debug, Default)]
pub(super) struct Budget {
    made: AtomicUsize,
    read: AtomicUsize,
    is_one_too_large: AtomicBool,
}

impl Budget {
    /// Counts bytes that are about to be made.
    ///
    /// # Errors
    /// When they are too many for one value, or more than all steps may make.
    pub(super) fn count(&self, bytes: usize) -> Result<(), Error> {
        if bytes > MOST_MADE_BYTES {
            self.is_one_too_large.store(true, Ordering::Relaxed);
            return Err(cannot("a value is too large"));
        }
        // At most one text more than the limit was counted before, so this does not overflow.
        let made = self.made.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if made > MOST_WORKED_BYTES {
            return Err(cannot("all steps make too much"));
        }
        Ok(())
    }

    /// Counts places and pieces of texts that are about to be read.
    ///
    /// # Errors
    /// When all steps read more than they may.
    pub(super) fn count_read(&self, places: usize) -> Result<(), Error> {
        // Once it is over the limit it ends, so this does not overflow.
        let places = places.min(MOST_READ + 1);
        let read = self.read.fetch_add(places, Ordering::Relaxed) + places;
        if read > MOST_READ {
            return Err(cannot("all steps read too much"));
        }
        Ok(())
    }

    /// Whether all steps read more than they may.
    pub(super) fn has_read_too_much(&self) -> bool {
        self.read.load(Ordering::Relaxed) > MOST_READ
    }

    /// Whether one value was larger than one may be.
    pub(super) fn is_one_too_large(&self) -> bool {
        self.is_one_too_large.load(Ordering::Relaxed)
    }

    /// Whether all steps made more than they may.
    pub(super) fn is_over(&self) -> bool {
        self.made.load(Ordering::Relaxed) > MOST_WORKED_BYTES
    }
}

/// A text that counts as it grows.
pub(super) struct CountedText<'a> {
    text: String,
    budget: &'a Budget,
}

impl<'a> CountedText<'a> {
    pub(super) fn new(budget: &'a Budget) -> Self {
        Self {
            text: String::new(),
            budget,
        }
    }

    /// Adds to the text.
    ///
    /// # Errors
    /// When it becomes too long, or too much was made already.
    pub(super) fn push(&mut self, part: &str) -> Result<(), Error> {
        if self.text.len().saturating_add(part.len()) > MOST_MADE_BYTES {
            return self.budget.count(MOST_MADE_BYTES + 1);
        }
        self.budget.count(part.len())?;
        self.text.push_str(part);
        Ok(())
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }
}

impl Write for CountedText<'_> {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        self.push(part).map_err(|_| fmt::Error)
    }
}

/// `a ~ b`
fn concat(state: &State<'_, '_>, left: &Value, right: &Value) -> Result<Value, Error> {
    RenderState::with(state, |render| {
        let mut text = CountedText::new(&render.budget);
        write!(text, "{left}{right}").map_err(|_| cannot("~ makes no text of this"))?;
        Ok(Value::from(text.into_text()))
    })
}

/// `a + b`
fn add(state: &State<'_, '_>, left: &Value, right: &Value) -> Result<Value, Error> {
    match (left.as_str(), right.as_str()) {
        (Some(left), Some(right)) => {
            RenderState::with(state, |render| {
                render.budget.count(left.len() + right.len())
            })?;
            Ok(Value::from([left, right].concat()))
        }
        _ => made(state, natively(state, "a + b", left, right)?),
    }
}

/// `a * b`
fn multiply(state: &State<'_, '_>, left: &Value, right: &Value) -> Result<Value, Error> {
    let length = |value: &Value| match value.as_str() {
        Some(text) => Some(text.len()),
        None => Some(value.as_object()?.enumerator_len()?.saturating_mul(SLOT)),
    };
    let repeated = match (length(left), length(right)) {
        (Some(length), None) => Some((length, right)),
        (None, Some(length)) => Some((length, left)),
        _ => None,
    };
    if let Some((length, times)) = repeated
        && let Ok(times) = usize::try_from(times.clone())
    {
        RenderState::with(state, |render| {
            render.budget.count(length.saturating_mul(times))
        })?;
    }
    made(state, natively(state, "a * b", left, right)?)
}

/// An operation as the engine does it.
fn natively(
    state: &State<'_, '_>,
    operation: &'static str,
    left: &Value,
    right: &Value,
) -> Result<Value, Error> {
    let operands = Value::from_pairs([("a", left.clone()), ("b", right.clone())]);
    let done = state.env().compile_expression(operation)?.eval(operands);
    // The error would name the line of the operation alone.
    done.map_err(|error| Error::new(error.kind(), error.detail().unwrap_or_default().to_owned()))
}

/// What a step made, counted and plain.
fn made(state: &State<'_, '_>, value: Value) -> Result<Value, Error> {
    plain::laid_down(state, value, 0)
}

/// What is to be kept in a namespace.
fn held(state: &State<'_, '_>, value: Value) -> Result<Value, Error> {
    plain::laid_down(state, value, 1)
}

/// Counts what stands in a block whose output is set aside, where no writer sees it. It counts twice, because a text that
/// grows takes up to twice its length.
fn raw(state: &State<'_, '_>, _: &Value, bytes: usize) -> Result<(), Error> {
    RenderState::with(state, |render| render.budget.count(bytes * 2))
}

/// As the engine's, which would make any length of a short text.
fn replace(
    state: &mut State<'_, '_>,
    value: StringInput<'_>,
    from: StringInput<'_>,
    to: StringInput<'_>,
) -> Result<Value, Error> {
    let times = value.as_str().matches(from.as_str()).count();
    let most = times
        .saturating_mul(to.as_str().len())
        .saturating_add(value.as_str().len());
    RenderState::with(state, |render| render.budget.count(most))?;
    minijinja::filters::replace(state, value, from, to)
}

fn dict(
    state: &State<'_, '_>,
    value: Option<Value>,
    more: minijinja::value::Kwargs,
) -> Result<Value, Error> {
    made(state, minijinja::functions::dict(value, more)?)
}

fn namespace(
    state: &State<'_, '_>,
    first: Option<minijinja::value::ValueOrKwargs>,
) -> Result<Value, Error> {
    let namespace = minijinja::functions::namespace(first)?;
    for name in namespace.try_iter()? {
        held(state, namespace.get_item(&name)?)?;
    }
    Ok(namespace)
}

fn cannot(why: &'static str) -> Error {
    Error::new(ErrorKind::InvalidOperation, why)
}

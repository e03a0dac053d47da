//! What one filling may read. A comparison, a test or a filter is one step for the engine, however long the texts and lists
//! are that it goes through. So each counts what it reads, before it does.
//!
//! Filters and tests are wrapped where they are looked up, so they count by whatever way they are called (`map('trim')`,
//! `select('in', list)`). Operators and brackets are written as filters of this file by `counted`.

use minijinja::value::{Rest, ValueKind, ValueOrKwargs};
use minijinja::{Environment, Error, State, Value, filters, tests};

use super::budget::Budget;
use super::json::{DEEPEST, Json};
use super::render::RenderState;

/// Most that all steps of one filling may read: places of lists and objects, and pieces of texts. The slowest way to read
/// so many takes some tenths of a second.
pub(super) const MOST_READ: usize = 4 * 1024 * 1024;
/// So many bytes of a text count as one place.
pub(super) const PIECE: usize = 16;
/// Whoever sorts looks at each place so often; there are at most some 200,000.
const LOOKS_OF_A_SORT: usize = 16;

/// The filters that `counted` writes into a template.
pub(super) const READ: &str = "_read";
pub(super) const ITEM: &str = "_item";
pub(super) const SLICED: &str = "_sliced";

/// What a filter or a test reads of its arguments.
#[derive(Clone, Copy, Debug)]
enum Reads {
    /// Nothing beyond their outermost places.
    Places,
    /// All that they hold.
    All,
    /// The same, and their places again and again.
    Sorting,
    /// Each character of the first beside each of the second.
    Pairs,
}

/// Puts the filters that count what is read into an environment, and wraps those of the engine.
pub(super) fn put_into(environment: &mut Environment<'_>) {
    environment.add_filter(READ, read);
    environment.add_filter(ITEM, item);
    environment.add_filter(SLICED, sliced);
    for (name, reads, filter) in [
        (
            "length",
            Reads::Places,
            Value::from_function(filters::length),
        ),
        (
            "count",
            Reads::Places,
            Value::from_function(filters::length),
        ),
        ("last", Reads::Places, Value::from_function(filters::last)),
        ("attr", Reads::Places, Value::from_function(filters::attr)),
        ("min", Reads::All, Value::from_function(filters::min)),
        ("max", Reads::All, Value::from_function(filters::max)),
        ("sum", Reads::All, Value::from_function(filters::sum)),
        ("map", Reads::All, Value::from_function(filters::map)),
        ("select", Reads::All, Value::from_function(filters::select)),
        ("reject", Reads::All, Value::from_function(filters::reject)),
        (
            "selectattr",
            Reads::All,
            Value::from_function(filters::selectattr),
        ),
        (
            "rejectattr",
            Reads::All,
            Value::from_function(filters::rejectattr),
        ),
        ("sort", Reads::Sorting, Value::from_function(filters::sort)),
        (
            "unique",
            Reads::Sorting,
            Value::from_function(filters::unique),
        ),
        (
            "groupby",
            Reads::Sorting,
            Value::from_function(filters::groupby),
        ),
        (
            "dictsort",
            Reads::Sorting,
            Value::from_function(filters::dictsort),
        ),
        ("trim", Reads::Pairs, Value::from_function(filters::trim)),
    ] {
        let counted = move |state: &mut State<'_, '_>, arguments: Rest<ValueOrKwargs>| {
            call(state, reads, &filter, &arguments.into_values())
        };
        environment.add_filter(name, counted);
    }
    let equal = Value::from_function(tests::is_eq);
    let unequal = Value::from_function(tests::is_ne);
    let less = Value::from_function(tests::is_lt);
    let at_most = Value::from_function(tests::is_le);
    let more = Value::from_function(tests::is_gt);
    let at_least = Value::from_function(tests::is_ge);
    for (names, test) in [
        (&["eq", "equalto", "=="][..], equal),
        (&["ne", "!="], unequal),
        (&["lt", "lessthan", "<"], less),
        (&["le", "<="], at_most),
        (&["gt", "greaterthan", ">"], more),
        (&["ge", ">="], at_least),
        (&["in"], Value::from_function(tests::is_in)),
        (&["lower"], Value::from_function(tests::is_lower)),
        (&["upper"], Value::from_function(tests::is_upper)),
        (
            &["startingwith"],
            Value::from_function(tests::is_startingwith),
        ),
        (&["endingwith"], Value::from_function(tests::is_endingwith)),
    ] {
        for &name in names {
            let test = test.clone();
            let counted = move |state: &mut State<'_, '_>, arguments: Rest<ValueOrKwargs>| {
                call(state, Reads::All, &test, &arguments.into_values())
            };
            environment.add_test(name, counted);
        }
    }
}

/// Counts what a filter or a test of the engine is about to read, and calls it.
fn call(
    state: &mut State<'_, '_>,
    reads: Reads,
    function: &Value,
    arguments: &[Value],
) -> Result<Value, Error> {
    RenderState::with(state, |render| {
        for value in arguments {
            match reads {
                Reads::Places | Reads::Pairs => render.budget.count_read(places(value))?,
                Reads::All => count(&render.budget, value)?,
                Reads::Sorting => {
                    count(&render.budget, value)?;
                    let looks = places(value).saturating_mul(LOOKS_OF_A_SORT);
                    render.budget.count_read(looks)?;
                }
            }
        }
        let texts: Vec<_> = arguments.iter().filter_map(Value::as_str).collect();
        match (reads, texts.as_slice()) {
            (Reads::Pairs, [text, characters]) => {
                let pairs = text.len().saturating_mul(characters.len());
                render.budget.count_read(pairs / PIECE)
            }
            _ => Ok(()),
        }
    })?;
    function.call(state, arguments)
}

/// Counts all that a value holds.
///
/// # Errors
/// When all steps read more than they may.
pub(super) fn count(budget: &Budget, value: &Value) -> Result<(), Error> {
    count_at(budget, value, 0)
}

fn count_at(budget: &Budget, value: &Value, depth: usize) -> Result<(), Error> {
    if let Some(json) = value.downcast_object_ref::<Json>() {
        return budget.count_read(pieces(json.get()));
    }
    if value.as_object().is_none() || depth > DEEPEST {
        return budget.count_read(places(value));
    }
    budget.count_read(1)?;
    let Ok(parts) = value.try_iter() else {
        return Ok(());
    };
    let is_map = value.kind() == ValueKind::Map;
    for part in parts {
        count_at(budget, &part, depth + 1)?;
        if is_map {
            count_at(budget, &value.get_item(&part)?, depth + 1)?;
        }
    }
    Ok(())
}

/// The places of a list or object itself, or the pieces of a text.
fn places(value: &Value) -> usize {
    if let Some(text) = value.as_str() {
        return pieces(text);
    }
    let places = value.as_object().and_then(|object| object.enumerator_len());
    places.unwrap_or_default() + 1
}

fn pieces(text: &str) -> usize {
    text.len() / PIECE + 1
}

/// What is about to be compared, or looked for, or looked through.
fn read(state: &State<'_, '_>, value: Value) -> Result<Value, Error> {
    RenderState::with(state, |render| count(&render.budget, &value))?;
    Ok(value)
}

/// `a[b]`: a character of a text is found by going through it.
fn item(state: &State<'_, '_>, value: &Value, key: &Value) -> Result<Value, Error> {
    RenderState::with(state, |render| {
        count(&render.budget, key)?;
        let text = value.as_str().map(pieces);
        render.budget.count_read(text.unwrap_or(1))
    })?;
    if value.is_undefined() {
        return Ok(Value::UNDEFINED);
    }
    value.get_item(key)
}

/// What so many slices are taken of, one of the other: `a[:][:]`.
fn sliced(state: &State<'_, '_>, value: Value, slices: usize) -> Result<Value, Error> {
    RenderState::with(state, |render| {
        let read = places(&value).saturating_mul(slices);
        render.budget.count_read(read)
    })?;
    Ok(value)
}

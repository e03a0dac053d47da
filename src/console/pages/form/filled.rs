//! What stands in a form: texts by the paths of the fields that they stand for, made of the JSON of the API and back into it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Input, Kind};

/// An empty list, which an empty input cannot say.
const NONE: &str = "-";
/// What a box that is ticked has.
const TICKED: &str = "on";
/// Between names.
const COMMA: &str = ", ";

/// The text of each input, by its path; a tick is there or not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub(in crate::console) struct Filled(BTreeMap<String, String>);

impl Filled {
    /// What the inputs say of what is there.
    pub(super) fn of(inputs: &[Input], there: &Value) -> Self {
        let texts = inputs.iter().filter_map(|input| {
            let text = match (at(there, input.path), input.kind) {
                (Some(value), kind) => text_of(kind, value)?,
                (None, Kind::ChoiceOrFirst(words)) => (*words.first()?).to_owned(),
                (None, _) => return None,
            };
            Some((input.path.to_owned(), text))
        });
        Self(texts.collect())
    }

    /// The text of an input; empty where it has none.
    pub(in crate::console) fn get(&self, path: &str) -> &str {
        self.0.get(path).map_or("", String::as_str)
    }

    /// The same with the boxes that were ticked for each name as the text of their input, and lines that end as everywhere.
    pub(super) fn gathered(mut self, inputs: &[Input]) -> Self {
        for text in self.0.values_mut() {
            // Browsers send both of their ends.
            *text = text.replace("\r\n", "\n");
        }
        for input in inputs.iter().filter(|it| it.kind == Kind::Names) {
            let ticked = self.0.keys().filter_map(|key| input.name_of(key));
            let names: Vec<_> = ticked.map(str::to_owned).collect();
            if !names.is_empty() {
                self.0.insert(input.path.to_owned(), names.join(COMMA));
            }
        }
        self
    }

    /// What is there, with what the inputs say: what no input stands for stays as it is.
    pub(super) fn onto(&self, inputs: &[Input], there: &Value) -> Value {
        let mut body = there.as_object().cloned().unwrap_or_default();
        for input in inputs.iter().filter(|it| it.kind != Kind::Part) {
            let text = self.get(input.path);
            let value = match input.kind {
                // As it is where nothing is named.
                Kind::ChoiceOrFirst(_) if text.is_empty() => None,
                _ if !self.is_wanted(input, inputs) => None,
                Kind::Names => Some(in_order(text, at(there, input.path))),
                kind => value_of(kind, text),
            };
            set(&mut body, input.path, value);
        }
        let parts = inputs.iter().filter(|it| it.kind == Kind::Part);
        for part in parts.filter(|part| self.get(part.path).is_empty()) {
            set(&mut body, part.path, None);
        }
        Value::Object(body)
    }
}

impl Filled {
    /// Whether the input that this one depends on, if it does, has the word for it.
    fn is_wanted(&self, input: &Input, inputs: &[Input]) -> bool {
        let Some((field, word)) = input.only else {
            return true;
        };
        let on = inputs.iter().find(|it| it.path == field);
        let first = on.and_then(|on| match on.kind {
            Kind::ChoiceOrFirst(words) => words.first().copied(),
            _ => None,
        });
        match self.get(field) {
            "" => first == Some(word),
            chosen => chosen == word,
        }
    }
}

/// Names as they stood there, and behind them those that are new.
fn in_order(text: &str, there: Option<&Value>) -> Value {
    let named: Vec<&str> = names_in(text).collect();
    let there = there.and_then(Value::as_array);
    let there = there.into_iter().flatten().filter_map(Value::as_str);
    let mut all: Vec<&str> = there.filter(|it| named.contains(it)).collect();
    let new = named.iter().filter(|it| !all.contains(it)).copied();
    let new: Vec<&str> = new.collect();
    all.extend(new);
    json!(all)
}

/// The names in the text of an input of names.
pub(super) fn names_in(text: &str) -> impl Iterator<Item = &str> {
    text.split(COMMA).filter(|it| !it.is_empty())
}

fn at<'a>(there: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.')
        .try_fold(there, |value, name| value.get(name))
}

/// Sets a field, or takes it away; an object that has none left goes, too.
fn set(body: &mut Map<String, Value>, path: &str, value: Option<Value>) {
    let Some((name, rest)) = path.split_once('.') else {
        match value {
            Some(value) => drop(body.insert(path.to_owned(), value)),
            None => drop(body.remove(path)),
        }
        return;
    };
    let inner = body.entry(name).or_insert_with(|| json!({}));
    if !inner.is_object() {
        *inner = json!({});
    }
    if let Value::Object(inner) = inner {
        set(inner, rest, value);
        if inner.is_empty() {
            body.remove(name);
        }
    }
}

fn text_of(kind: Kind, value: &Value) -> Option<String> {
    let plain = |value: &Value| match value {
        Value::String(text) => text.clone(),
        // What is whole is written so.
        Value::Number(number) => number.to_string().trim_end_matches(".0").to_owned(),
        other => other.to_string(),
    };
    let list = |between: &str| {
        let items = value.as_array()?.iter().map(plain);
        Some(items.collect::<Vec<_>>().join(between))
    };
    match kind {
        _ if value.is_null() => None,
        Kind::Line
        | Kind::Maybe
        | Kind::Text
        | Kind::Number
        | Kind::Choice(_)
        | Kind::ChoiceOrFirst(_)
        | Kind::Name => Some(plain(value)),
        Kind::Tick => value.as_bool().filter(|on| *on).map(|_| TICKED.to_owned()),
        Kind::Part => value.is_object().then(|| TICKED.to_owned()),
        Kind::Numbers if value.as_array().is_some_and(Vec::is_empty) => Some(NONE.to_owned()),
        Kind::Numbers | Kind::Names => list(COMMA),
        Kind::Lines => list("\n"),
        Kind::Pairs => {
            let pairs = value.as_object()?.iter();
            let lines = pairs.map(|(name, value)| format!("{name}: {}", plain(value)));
            Some(lines.collect::<Vec<_>>().join("\n"))
        }
    }
}

/// The field; none: it is absent. What cannot be read goes as a text, which the API refuses by the name of the field.
fn value_of(kind: Kind, text: &str) -> Option<Value> {
    let trimmed = text.trim();
    let pieces = || trimmed.split([',', ';', ' ', '\n', '\t']);
    let pieces = || pieces().filter(|piece| !piece.is_empty());
    let lines = || trimmed.lines().map(str::trim).filter(|it| !it.is_empty());
    match kind {
        Kind::Tick | Kind::Part => Some(json!(!text.is_empty())),
        Kind::Line | Kind::Choice(_) | Kind::ChoiceOrFirst(_) | Kind::Name => Some(json!(trimmed)),
        Kind::Names => Some(names_in(trimmed).collect()),
        Kind::Lines => Some(lines().collect()),
        Kind::Pairs => {
            let pairs = lines().map(|line| {
                let (name, value) = line.split_once(':').unwrap_or((line, ""));
                (name.trim().to_owned(), json!(value.trim()))
            });
            Some(Value::Object(pairs.collect()))
        }
        _ if trimmed.is_empty() => None,
        Kind::Maybe => Some(json!(trimmed)),
        Kind::Text => Some(json!(text)),
        Kind::Number => Some(number(&trimmed.replace(',', "."))),
        Kind::Numbers if trimmed == NONE => Some(json!([])),
        Kind::Numbers => Some(pieces().map(number).collect()),
    }
}

fn number(text: &str) -> Value {
    if let Ok(whole) = text.parse::<i64>() {
        return json!(whole);
    }
    let fraction = text.parse::<f64>().ok().filter(|it| it.is_finite());
    fraction.map_or_else(|| json!(text), |it| json!(it))
}

#[cfg(test)]
mod tests;

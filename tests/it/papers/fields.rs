//! The tables of fields name every field that the OpenAPI document has, with its default and its bounds.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::page;
use crate::support::{Daemon, TestRedis};

/// A table: its page, the heading above it, and the schema whose fields it names.
const TABLES: [(&str, &str, &str); 11] = [
    ("docs/api.md", "## A message", "Message"),
    ("docs/buffers.md", "## A buffer", "NewBuffer"),
    ("docs/buffers.md", "### When a window closes", "WindowSpec"),
    ("docs/buffers.md", "### Queues of RabbitMQ", "AmqpSpec"),
    ("docs/buffers.md", "### Follow-up", "FollowUpSpec"),
    ("docs/buffers.md", "## A destination", "NewDestination"),
    (
        "docs/buffers.md",
        "### When a batch is tried again",
        "RetrySpec",
    ),
    ("docs/queues.md", "## Pace", "PaceSpec"),
    ("docs/queues.md", "## The message queue", "QueuedMessage"),
    ("docs/scheduling.md", "## Messages for later", "Message"),
    ("docs/scheduling.md", "## Schedules", "NewSchedule"),
];

/// Fields that stand in no table: those of other services, and what is shown beside what is written.
const IN_NO_TABLE: [&str; 8] = [
    "aggregate_field",
    "content",
    "from",
    "guarded",
    "id",
    "next",
    "removing",
    "version",
];

/// Numbers that a reader takes in as words.
const IN_WORDS: [(u64, &str); 3] = [
    (7_776_000, "90 days"),
    (31_536_000, "a year"),
    (315_360_000, "10 years"),
];

/// What a table says of a field, by the headings of its columns.
struct Row {
    field: String,
    default: Option<String>,
    bounds: String,
}

/// The rows of the first table below a heading.
fn rows(page: &str, heading: &str) -> Vec<Row> {
    let below = page.split(&format!("\n{heading}\n")).nth(1).unwrap();
    let mut lines = below
        .lines()
        .skip_while(|line| !line.starts_with("| field"));
    let cells = |line: &str| -> Vec<String> {
        let cells = line.trim_matches('|').split(" | ");
        cells.map(|cell| cell.trim().to_owned()).collect()
    };
    let head = cells(lines.next().unwrap());
    let place = |name: &str| head.iter().position(|cell| cell == name);
    let (default, bounds) = (place("default"), place("bounds").unwrap());
    let mut found = Vec::new();
    for line in lines.skip(1).take_while(|line| line.starts_with("| ")) {
        let cells = cells(line);
        let said = |place: usize, at: usize| -> String {
            let several: Vec<_> = cells[place].split(", ").collect();
            (*several.get(at).unwrap_or(&several[0])).to_owned()
        };
        let names = cells[0].split('`').skip(1).step_by(2);
        for (at, field) in names.enumerate() {
            found.push(Row {
                field: field.to_owned(),
                default: default.map(|place| said(place, at)),
                bounds: said(bounds, at),
            });
        }
    }
    found
}

/// The schema itself, where another points at it.
fn resolved<'a>(schemas: &'a Map<String, Value>, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(name) => &schemas[name.rsplit('/').next().unwrap()],
        None => schema,
    }
}

/// The bounds of a field, as a table says them.
fn bounds(schema: &Value) -> String {
    let names = schema["pattern"].as_str() == Some("^[a-z0-9_-]{1,64}$");
    if names {
        return "1 to 64".to_owned();
    }
    let text = |number: &Value| {
        let words = IN_WORDS.iter().find(|(known, _)| number == known);
        words.map_or_else(|| number.to_string(), |(_, words)| (*words).to_owned())
    };
    let of = |names: [&str; 3]| {
        names
            .map(|name| &schema[name])
            .into_iter()
            .find(|it| !it.is_null())
    };
    let least = of(["minimum", "minLength", "minItems"]).filter(|least| **least != 0);
    match (least, of(["maximum", "maxLength", "maxItems"])) {
        (None, None) => "–".to_owned(),
        (None, Some(most)) => format!("up to {}", text(most)),
        (Some(least), None) => format!("from {}", text(least)),
        (Some(least), Some(most)) => format!("{} to {}", text(least), text(most)),
    }
}

/// Whether a cell says this default; words say one that depends on something.
fn says(cell: &str, default: &Value) -> bool {
    let Some(said) = cell
        .strip_prefix('`')
        .and_then(|cell| cell.strip_suffix('`'))
    else {
        return cell != "–" || default.is_null();
    };
    let read: Value = serde_json::from_str(said).unwrap_or_else(|_| said.into());
    read == *default
        || read
            .as_f64()
            .is_some_and(|read| default.as_f64() == Some(read))
}

#[tokio::test]
async fn the_tables_of_fields_say_the_defaults_and_bounds_of_the_document() {
    let redis = TestRedis::start().await;
    let (_, mut document) = Daemon::api(&redis).await.get("/api/openapi.json").await;
    let schemas: Map<String, Value> =
        serde_json::from_value(document["components"]["schemas"].take()).unwrap();

    let mut wrong = Vec::new();
    for (file, heading, name) in TABLES {
        let fields = schemas[name]["properties"].as_object().unwrap();
        let rows = rows(&page(file), heading);
        let named: BTreeSet<_> = rows.iter().map(|row| row.field.as_str()).collect();
        for field in fields.keys().filter(|_| heading != "## Messages for later") {
            if !named.contains(&**field) && !IN_NO_TABLE.contains(&&**field) {
                wrong.push(format!("{file}, {heading}: {field} is missing"));
            }
        }
        for row in rows {
            let Row {
                field,
                default,
                bounds: said,
            } = row;
            // Such as a header.
            let Some(schema) = fields.get(&field) else {
                continue;
            };
            let is = bounds(resolved(&schemas, schema));
            if said != is && !said.starts_with("as ") {
                wrong.push(format!(
                    "{file}, {heading}: {field} has the bounds {is}, not {said}"
                ));
            }
            let is = &schema["default"];
            if default.is_some_and(|said| !says(&said, is)) {
                wrong.push(format!("{file}, {heading}: {field} has the default {is}"));
            }
        }
    }

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

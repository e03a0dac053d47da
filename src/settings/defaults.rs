//! Defaults stand in the `Raw*` structs alone: what docs/settings.md and `.env.example` say of them is held to that here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::redis::RawRedis;
use super::*;

/// Whose default is not a value in its struct: what the docs show is what its absence comes to, or an example.
const IN_WORDS: [&str; 7] = [
    "REDIS_DB",
    "MAX_BODIES_BYTES",
    "WEBHOOK_HEADERS",
    "RETRY_FOR",
    "LULL_URL",
    "OTEL_RESOURCE_ATTRIBUTES",
    "OTEL_SDK_DISABLED",
];

/// What each variable is where nobody sets it; nothing where it has no default.
fn defaults() -> BTreeMap<String, Option<String>> {
    let all = [
        defaults_of::<api::RawApi>(),
        defaults_of::<auth::RawAuth>(),
        defaults_of::<bounds::RawBounds>(),
        defaults_of::<export::RawExport>(),
        defaults_of::<guard::RawGuard>(),
        defaults_of::<idempotency::RawIdempotency>(),
        defaults_of::<limits::RawLimits>(),
        defaults_of::<log::RawLog>(),
        defaults_of::<messages::RawMessages>(),
        defaults_of::<monitor::RawMonitor>(),
        defaults_of::<operator::RawOperator>(),
        defaults_of::<otlp::RawOtlp>(),
        defaults_of::<rabbit::RawRabbit>(),
        defaults_of::<rate::RawRate>(),
        defaults_of::<RawRedis>(),
        defaults_of::<retention::RawRetention>(),
        defaults_of::<secrets::RawSecrets>(),
        defaults_of::<server::RawServer>(),
        defaults_of::<tokens::RawTokens>(),
        defaults_of::<up::RawUp>(),
        defaults_of::<webhook::RawWebhook>(),
    ];
    let all = all.into_iter().flatten();
    all.filter(|(name, _)| !IN_WORDS.contains(&name.as_str()))
        .collect()
}

fn defaults_of<T: DeserializeOwned + Serialize>() -> Vec<(String, Option<String>)> {
    let raw: T = Vars::new([]).read().unwrap();
    let Value::Object(fields) = serde_json::to_value(raw).unwrap() else {
        panic!("settings are fields");
    };
    let text = |value| match value {
        Value::Null => None,
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    };
    let fields = fields.into_iter();
    fields
        .map(|(name, value)| (name.to_uppercase(), text(value)))
        .collect()
}

/// Whether two values mean the same: `15` and `15.0` do.
fn is_same(said: &str, is: &str) -> bool {
    let number = |text: &str| text.parse::<f64>().ok();
    said == is || number(said).is_some_and(|said| number(is) == Some(said))
}

/// A file of the repository.
fn file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}

fn read(path: &str) -> String {
    std::fs::read_to_string(file(path)).unwrap()
}

/// The texts between backticks.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[test]
fn every_struct_of_settings_is_compared() {
    let here = read("src/settings/defaults.rs");
    for entry in std::fs::read_dir(file("src/settings")).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let structs = text.lines().filter_map(|line| {
            let name = line.trim_start_matches("pub(super) ");
            name.strip_prefix("struct ")?.strip_suffix(" {")
        });
        for raw in structs.filter(|name| name.starts_with("Raw")) {
            assert!(here.contains(&format!("{raw}>()")), "{raw}");
        }
    }
}

#[test]
fn the_docs_say_the_defaults_that_there_are() {
    let docs = read("docs/settings.md");
    let defaults = defaults();
    let (mut compared, mut wrong) = (0, Vec::new());
    for row in docs.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let (names, said) = (quoted(cells[1]), cells[2]);
        // A default that depends on something is told in words.
        if !said.starts_with(['`', '–']) {
            continue;
        }
        for (name, said) in names.into_iter().zip(said.split(", ")) {
            let Some(is) = defaults.get(name) else {
                continue;
            };
            match (quoted(said).first(), is) {
                (Some(said), Some(is)) if is_same(said, is) => {}
                (None, None) => {}
                (said, is) => wrong.push(format!("{name}: {said:?}, is {is:?}")),
            }
            compared += 1;
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(compared > 40, "{compared}");
}

#[test]
fn env_example_shows_the_defaults_that_there_are() {
    let example = read(".env.example");
    let defaults = defaults();
    let (mut compared, mut wrong) = (0, Vec::new());
    for line in example.lines() {
        let Some((name, said)) = line.trim_start_matches('#').split_once('=') else {
            continue;
        };
        if let Some(Some(is)) = defaults.get(name) {
            if !is_same(said, is) {
                wrong.push(format!("{name}: {said}, is {is}"));
            }
            compared += 1;
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(compared > 30, "{compared}");
}

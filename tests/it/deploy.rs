//! What lies in deploy/: the dashboard and the alerts ask for metrics that there are, and forget none.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use redis::AsyncCommands;
use serde_json::Value;

use crate::support::metrics::parts;
use crate::support::{Daemon, Receiver, TestRedis, eventually};

const DASHBOARD: &str = "deploy/grafana/lull.json";
/// What metrics begin with.
const HOUSES: [&str; 2] = ["lull_", "process_"];
const RULES: &str = "deploy/prometheus/lull.rules.yml";

/// The metrics of both daemons: the name of each series, and what its labels have been seen to be.
async fn series() -> BTreeMap<String, BTreeSet<String>> {
    let redis = TestRedis::start().await;
    let receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    let monitor = Daemon::monitor(&redis, &receiver.url()).await;
    // What does not show everywhere: an attempt, a limit to memory and a line that has posted for an hour.
    redis.set("maxmemory", "1gb").await;
    let mut raw = redis.raw().await;
    let now = redis.now().await;
    let line = format!("{} {now} 9.5 0 ", now - 3_600_000);
    let _: () = raw
        .hset("lull:{config}:lines", "default ", line)
        .await
        .unwrap();
    api.say("ana", "oi", 0.1).await;
    eventually("it is delivered", async || {
        monitor
            .metric("lull_attempts_total{outcome=\"delivered\"}")
            .await
            == 1.0
    })
    .await;
    let mut series = BTreeMap::<_, BTreeSet<_>>::new();
    for daemon in [&api, &monitor] {
        let (_, text) = daemon.get("/metrics").await;
        let lines = text.as_str().unwrap().lines();
        for line in lines.filter(|line| !line.starts_with('#')) {
            let (name, labels) = parts(line.rsplit_once(' ').unwrap().0);
            let seen = series.entry(name.to_owned()).or_default();
            seen.extend(labels.into_iter().map(str::to_owned));
        }
    }
    series
}

/// The names in an expression, each with its labels.
fn asked_for(expression: &str) -> Vec<(&str, &str)> {
    let starts = HOUSES
        .iter()
        .flat_map(|house| expression.match_indices(house));
    let starts = starts.map(|(start, _)| start);
    let asked = starts.map(|start| {
        let rest = &expression[start..];
        let end = rest.find(|c: char| !c.is_ascii_lowercase() && c != '_');
        let (name, rest) = rest.split_at(end.unwrap_or(rest.len()));
        let labels = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
        (name, labels.map_or("", |(labels, _)| labels))
    });
    asked.collect()
}

/// What a matcher of a label names: of `reason=~"a|b"` each.
fn each_of(matcher: &str) -> Vec<String> {
    let (label, values) = matcher.split_once('"').unwrap();
    let label = label.trim_end_matches(['=', '~', '!']);
    let values = values.trim_end_matches('"').split('|');
    values.map(|value| format!("{label}=\"{value}\"")).collect()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap()
}

fn panels() -> Vec<Value> {
    let dashboard: Value = serde_json::from_str(&read(DASHBOARD)).unwrap();
    dashboard["panels"].as_array().unwrap().clone()
}

/// A metric as it is spoken of: of a histogram the parts are one.
fn metric(series: &str) -> &str {
    let parts = ["_bucket", "_sum", "_count"];
    let whole = parts.iter().find_map(|part| series.strip_suffix(part));
    whole.unwrap_or(series)
}

#[tokio::test]
async fn the_dashboard_the_alerts_and_the_docs_know_every_metric_and_no_other() {
    let series = series().await;
    let panels = panels();
    let targets = panels
        .iter()
        .flat_map(|panel| panel["targets"].as_array().into_iter().flatten());
    let shown: Vec<_> = targets.map(|it| it["expr"].as_str().unwrap()).collect();
    let rules = read(RULES);
    let alerts = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("expr: "));

    for expression in shown.iter().copied().chain(alerts) {
        for (name, labels) in asked_for(expression) {
            let seen = series.get(name);
            let seen = seen.unwrap_or_else(|| panic!("no {name}, which is in {expression}"));
            for label in labels.split(',').filter(|label| !label.is_empty()) {
                for label in each_of(label) {
                    let known = seen.contains(&label) || label == "job=\"lull\"";
                    assert!(known, "no {name} with {label}: {seen:?}");
                }
            }
        }
    }
    let there: BTreeSet<_> = series.keys().map(|name| metric(name)).collect();
    let shown = shown.iter().flat_map(|expression| asked_for(expression));
    let shown: BTreeSet<_> = shown.map(|(name, _)| metric(name)).collect();
    assert_eq!(shown, there, "what the dashboard shows");
    let docs = read("docs/metrics.md");
    let rows = docs.lines().filter_map(|line| line.strip_prefix("| `"));
    let told: BTreeSet<_> = rows.map(|row| row.split_once('`').unwrap().0).collect();
    assert_eq!(told, there, "what the docs tell of");
}

#[test]
fn no_panel_lies_on_another() {
    let mut taken = BTreeSet::new();
    for panel in panels() {
        let place = |name: &str| panel["gridPos"][name].as_u64().unwrap();
        assert!(place("x") + place("w") <= 24, "{panel}");
        for x in place("x")..place("x") + place("w") {
            for y in place("y")..place("y") + place("h") {
                assert!(taken.insert((x, y)), "{} lies on another", panel["title"]);
            }
        }
        assert!(!panel["title"].as_str().unwrap().is_empty());
    }
}

#[test]
fn what_an_image_copies_may_be_copied() {
    let let_in = read(".dockerignore");
    let let_in: BTreeSet<_> = let_in
        .lines()
        .filter_map(|it| it.strip_prefix('!'))
        .collect();
    for image in ["api", "monitor", "redis"] {
        let dockerfile = read(&format!("Dockerfile.{image}"));
        let copies = dockerfile
            .lines()
            .filter_map(|line| line.strip_prefix("COPY "))
            .filter(|copy| !copy.contains("--from="));
        for copy in copies {
            let mut paths: Vec<_> = copy
                .split_whitespace()
                .filter(|word| !word.starts_with("--"))
                .collect();
            paths.pop();
            assert!(!paths.is_empty(), "{copy}");
            for path in paths {
                let top = path.split('/').next().unwrap();
                let is_let_in = let_in.contains(top) && Path::new(path).exists();
                assert!(is_let_in, "Dockerfile.{image} copies {path}");
            }
        }
    }
}

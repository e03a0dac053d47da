//! What there is, the docs tell of: every path of the API and every gateway. Settings, metrics and codes of refusals are
//! held where they are tested.

use std::collections::BTreeSet;

use lull::gateway::Gateway;

use super::{page, pages};
use crate::support::{Daemon, TestRedis};

/// A path whose parameters are called nothing.
fn nameless(path: &str) -> String {
    let mut parts = path.split('{');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |path, part| match part.split_once('}') {
        Some((_, rest)) => format!("{path}{{}}{rest}"),
        None => format!("{path}{{{part}"),
    })
}

/// The paths that the docs name, each in backticks, perhaps behind its method.
fn named() -> BTreeSet<String> {
    let docs = pages().into_iter();
    let docs = docs.filter(|(name, _)| name.starts_with("docs/"));
    let spans = docs.flat_map(|(_, text)| {
        let spans = text.split('`').skip(1).step_by(2);
        spans.map(str::to_owned).collect::<Vec<_>>()
    });
    let paths = spans.filter_map(|span| {
        let path = span.split(' ').find(|word| word.starts_with('/'))?;
        Some(nameless(path.split(['?', '"']).next()?))
    });
    paths.collect()
}

#[tokio::test]
async fn the_docs_name_every_path_of_the_api() {
    let redis = TestRedis::start().await;
    let (_, document) = Daemon::api(&redis).await.get("/api/openapi.json").await;
    let paths = document["paths"].as_object().unwrap();
    let named = named();

    assert!(paths.len() > 40, "{paths:?}");
    for path in paths.keys() {
        let is_named = named.contains(&nameless(path));
        assert!(is_named, "no page of docs/ names {path}");
    }
}

#[test]
fn every_gateway_has_a_page_that_the_overview_names() {
    let overview = page("docs/gateways/README.md");
    for gateway in Gateway::names() {
        let text = page(&format!("docs/gateways/{gateway}.md"));
        assert!(text.contains(&format!("`\"source\": \"{gateway}\"`")));
        assert!(overview.contains(&format!("({gateway}.md) | `{gateway}`")));
    }
}

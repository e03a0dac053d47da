//! `lull dead`.

use serde_json::Value;

use crate::support::tool::lull_at;
use crate::support::undeliverable::{LIST, Undeliverable};

/// The ids of the dead letters, newest first.
async fn ids(system: &Undeliverable) -> Vec<String> {
    let (_, page) = system.api.get(LIST).await;
    let items = page["items"].as_array().unwrap().iter();
    items
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn the_list_tells_why_in_columns_and_the_json_is_apis() {
    let mut system = Undeliverable::start().await;
    system.bury("ana", "oi").await;
    system.bury("a\u{1b}[2Jb", "oi").await;

    let table = lull_at(&system.api, &["dead", "list"]).await.well().out;
    let of_ana = lull_at(&system.api, &["dead", "list", "--user", "ana", "--json"]).await;

    let lines: Vec<_> = table.lines().collect();
    let at = |line: &str, word: &str| line.find(word).unwrap();
    assert_eq!(lines.len(), 3, "{table}");
    assert!(lines[0].ends_with("  REASON"), "{table}");
    assert!(lines[2].contains("HTTP 410"), "{table}");
    assert_eq!(at(lines[0], "USER"), at(lines[2], "ana"), "{table}");
    assert!(!table.contains('\u{1b}'), "{table}");
    let items = of_ana.well().json()["items"].clone();
    assert_eq!(items.as_array().unwrap().len(), 1);
    assert_eq!(items[0]["messages"], serde_json::json!(["oi"]));
}

#[tokio::test]
async fn a_long_list_goes_on_where_it_ended() {
    let mut system = Undeliverable::start().await;
    for user in ["ana", "bia", "caio"] {
        system.bury(user, "oi").await;
    }

    let first = lull_at(&system.api, &["dead", "list", "--limit", "2"])
        .await
        .well();
    let cursor = first.out.rsplit("--cursor ").next().unwrap().trim();
    let rest = lull_at(&system.api, &["dead", "list", "--cursor", cursor])
        .await
        .well();

    assert!(
        first.out.contains("caio") && first.out.contains("bia"),
        "{}",
        first.out
    );
    assert!(
        rest.out.contains("ana") && !rest.out.contains("bia"),
        "{}",
        rest.out
    );
}

#[tokio::test]
async fn one_is_shown_whole() {
    let mut system = Undeliverable::start().await;
    system.bury("ana", "uma\nlinha").await;
    let id = ids(&system).await.remove(0);

    let shown = lull_at(&system.api, &["dead", "show", &id])
        .await
        .well()
        .out;
    let json: Value = lull_at(&system.api, &["dead", "show", &id, "--json"])
        .await
        .well()
        .json();

    assert!(
        shown.starts_with(&format!("id             {id}\n")),
        "{shown}"
    );
    assert!(
        shown.ends_with("\n\n1 message, 1 attempt:\n  \"uma\\nlinha\"\n"),
        "{shown}"
    );
    assert_eq!(json["id"], id);
}

#[tokio::test]
async fn what_is_revived_is_delivered_and_what_is_discarded_is_not() {
    let mut system = Undeliverable::start().await;
    for user in ["ana", "bia", "caio"] {
        system.bury(user, user).await;
    }
    let ids = ids(&system).await;
    system.accept();

    let discarded = lull_at(&system.api, &["dead", "discard", &ids[0]])
        .await
        .well();
    let revived = lull_at(&system.api, &["dead", "revive", &ids[1]])
        .await
        .well();
    assert_eq!(system.deliveries(1).await, ["bia"]);
    let rest = lull_at(&system.api, &["dead", "revive", "--all", "--json"])
        .await
        .well();

    assert_eq!(system.deliveries(1).await, ["ana"]);
    assert_eq!(discarded.out, "1 dead letter: dropped for good\n");
    assert_eq!(revived.out, "1 dead letter: back at the head of its lane\n");
    assert_eq!(rest.json()["count"], 1);
    let list = lull_at(&system.api, &["dead", "list"]).await.well();
    assert_eq!(list.out, "There are no dead letters\n");
}

#[tokio::test]
async fn what_has_nothing_to_go_back_to_is_told_apart() {
    let mut system = Undeliverable::start().await;
    system.bury_and_retire("ana", "a").await;
    system.bury("bia", "b").await;
    system.accept();

    let json = lull_at(
        &system.api,
        &["dead", "revive", "--all", "--dry-run", "--json"],
    )
    .await;
    let told = lull_at(&system.api, &["dead", "revive", "--all"]).await;

    let counts = serde_json::json!({ "count": 1, "under_way": 0, "without_destination": 1 });
    assert_eq!(json.well().json(), counts);
    assert_eq!(
        told.well().out,
        "1 dead letter: on its way back to the head of its lane\n\
         1 dead letter: stays, as its destination or its buffer is not there\n"
    );
    assert_eq!(system.deliveries(1).await, ["b"]);
}

#[tokio::test]
async fn all_can_be_all_of_one_chat() {
    let mut system = Undeliverable::start().await;
    system.bury("ana", "a").await;
    system.bury("bia", "b").await;
    system.accept();

    let arguments = ["dead", "revive", "--all", "--user", "ana"];
    lull_at(&system.api, &arguments).await.well();

    assert_eq!(system.deliveries(1).await, ["a"]);
    assert_eq!(ids(&system).await.len(), 1);
}

#[tokio::test]
async fn an_id_that_is_not_there_is_an_error_and_no_id_is_a_misuse() {
    let system = Undeliverable::start().await;

    for verb in ["show", "revive", "discard"] {
        let gone = lull_at(&system.api, &["dead", verb, "1-2-3"]).await;
        let none = lull_at(&system.api, &["dead", verb]).await;

        assert_eq!(gone.code, 1);
        assert!(
            gone.err.contains("there is no dead letter with this id"),
            "{gone:?}"
        );
        assert_eq!(none.code, 2, "{none:?}");
    }
}

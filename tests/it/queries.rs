//! What a query says is checked by what the document says of it, on every path: nothing comes twice, what has to be there is
//! there, and a number is one, within its bounds.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::operations::{Operation, operations};
use crate::support::refusal::Refusal;
use crate::support::{Daemon, TestRedis};
use crate::unknown::is_of_gateways;

/// What the values of a parameter cannot be.
fn impossible(schema: &Value) -> Vec<String> {
    let around = |name: &str, by: i64| schema[name].as_i64().map(|bound| (bound + by).to_string());
    let of_numbers = || {
        let bounds = [around("minimum", -1), around("maximum", 1)];
        let bounds = bounds.into_iter().flatten();
        bounds.chain(["", "x", "1e999", "NaN"].map(str::to_owned))
    };
    match schema["type"].as_str() {
        Some("integer") => of_numbers()
            .chain(["1.5", "-1"].map(str::to_owned))
            .collect(),
        Some("number") => of_numbers().collect(),
        Some("boolean") => ["", "1", "yes", "TRUE"].map(str::to_owned).into(),
        _ => Vec::new(),
    }
}

async fn refused(api: &Daemon, operation: &Operation, asked: &str, field: &str) -> Refusal {
    let Operation { method, body, .. } = operation;
    let refusal = api.refused(method.clone(), asked, body.clone()).await;
    assert_eq!(
        (
            refusal.status.as_u16(),
            refusal.code.as_str(),
            refusal.field.as_deref()
        ),
        (400, "invalid_request", Some(field)),
        "{method} {asked}: {}",
        refusal.error
    );
    assert!(refusal.error.starts_with(field), "{}", refusal.error);
    refusal
}

#[tokio::test]
async fn every_path_refuses_what_its_query_cannot_be_and_names_it() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let mut values = 0;

    for operation in operations(&api).await {
        if is_of_gateways(&operation.path) {
            continue;
        }
        let (path, query) = operation
            .real
            .split_once('?')
            .unwrap_or((&operation.real, ""));
        let and = if operation.real.contains('?') {
            '&'
        } else {
            '?'
        };
        for parameter in &operation.query {
            let name = parameter["name"].as_str().unwrap();
            let schema = &parameter["schema"];
            let one = match schema["type"].as_str() {
                Some("boolean") => "true",
                _ => "1",
            };
            let twice = format!("{}{and}{name}={one}&{name}={one}", operation.real);
            let refusal = refused(&api, &operation, &twice, name).await;
            assert!(
                refusal.error.contains("more than once"),
                "{}",
                refusal.error
            );
            if parameter["required"] == true {
                let others = query.split('&').filter(|it| !it.starts_with(name));
                let without = others.collect::<Vec<_>>().join("&");
                refused(&api, &operation, &format!("{path}?{without}"), name).await;
            }
            for value in impossible(schema) {
                values += 1;
                let asked = format!("{}{and}{name}={value}", operation.real);
                let refusal = refused(&api, &operation, &asked, name).await;
                assert!(refusal.error.contains(" must be "), "{}", refusal.error);
            }
        }
    }
    assert!(values > 100, "{values}");
}

#[tokio::test]
async fn a_list_that_is_asked_for_what_cannot_be_is_not_simply_empty() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;

    for (asked, field) in [
        ("/api/history?status=zzz", "status"),
        ("/api/history?status=99", "status"),
        ("/api/messages/forwarded?status=zzz", "status"),
        ("/api/audit?action=zzz", "action"),
        ("/api/posts?result=zzz", "result"),
        ("/api/schedules/preview?cron=zzz", "cron"),
        (
            "/api/schedules/preview?cron=@daily&timezone=zzz",
            "timezone",
        ),
    ] {
        let refusal = api.refused(Method::GET, asked, None).await;
        assert_eq!(
            (refusal.code.as_str(), refusal.field.as_deref()),
            ("invalid_request", Some(field)),
            "{asked}: {}",
            refusal.error
        );
    }
    for known in ["/api/history?status=503", "/api/audit?action=buffer.write"] {
        assert_eq!(api.get(known).await.0, 200, "{known}");
    }
}

#[tokio::test]
async fn two_names_of_one_parameter_are_one_too_many() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;

    let (status, answer) = api.get("/api/chats?user=ana&key=eva").await;

    assert_eq!(
        (status.as_u16(), &answer["code"], &answer["field"]),
        (400, &json!("invalid_request"), &json!("key")),
        "{answer}"
    );
    assert_eq!(
        answer["error"],
        "user and key mean the same: send one of them"
    );
}

//! Writing over the version that was shown, and over no other.

use reqwest::Method;
use serde_json::json;

use crate::support::{Daemon, TestRedis};

#[tokio::test]
async fn a_version_that_was_shown_is_written_over_only_as_long_as_it_is_there() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let put = async |path: &str, body| {
        let (status, answer) = api.request(Method::PUT, path, Some(body)).await;
        (status.as_u16(), answer)
    };
    let bot = json!({"url": "http://127.0.0.1:9/bot"});
    let run = json!({"url": "http://127.0.0.1:9/bot", "cron": "0 9 * * *"});
    for (path, body) in [
        ("/api/buffers/loja", json!({"window": {"wait": 8}})),
        ("/api/destinations/bot", bot),
        ("/api/schedules/morning", run),
    ] {
        let (status, shown) = put(path, body.clone()).await;
        assert_eq!(status, 200, "{shown}");
        let over = |version: &serde_json::Value| format!("{path}?version={version}");
        let first = over(&shown["version"]);
        let (status, second) = put(&first, body.clone()).await;
        assert_eq!(status, 200, "{second}");

        let (status, refused) = put(&first, body.clone()).await;

        let text = refused["error"].as_str().unwrap();
        let now = format!("its version is {}", second["version"]);
        assert!(status == 409 && text.contains(&now), "{refused}");
        assert_eq!(put(&over(&json!("x")), body.clone()).await.0, 400);
        api.request(Method::DELETE, path, None).await;
        assert_eq!(put(&over(&second["version"]), body).await.0, 409);
    }
    let (status, part) = put("/api/schedules/x?version=1", json!({"active": false})).await;
    assert_eq!(status, 409, "{part}");
    let (status, own) = put("/api/buffers/default?version=1", json!({})).await;
    let text = own["error"].as_str().unwrap();
    assert!(status == 409 && text.contains("the settings"), "{own}");
}

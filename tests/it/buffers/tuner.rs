//! What other waits would have made of what was received, beside what the engine made of it.

use serde_json::{Value, json};

use crate::support::system::System;

#[tokio::test]
async fn a_replay_at_the_buffers_wait_makes_the_calls_that_were_made_and_a_longer_one_fewer() {
    let mut system = System::with_settings(&[], &[("DEFAULT_TTL", "0.4")]).await;
    let empty = tuned(&system, "").await;
    assert_eq!(
        (&empty["messages"], &empty["thoughts"]),
        (&json!(0), &json!(0))
    );
    assert!(empty["from"].is_null() && empty["items"][0]["share"].is_null());
    let say = async |user: &str, text: &str| {
        let body = json!({"user": user, "message": text});
        assert_eq!(system.api.post("/api/message", body).await.0, 200);
    };
    say("ana", "oi").await;
    say("ana", "tudo bem?").await;
    system.default.call().await;
    say("ana", "qual o preço?").await;
    say("leo", "oi").await;
    system.default.call().await;
    system.default.call().await;

    let tuned = tuned(&system, "?waits=30,0.4&pause=60").await;

    let (_, made) = system.api.get("/api/history").await;
    let made = made["items"].as_array().unwrap().len();
    let [short, long] = tuned["items"].as_array().unwrap().as_slice() else {
        panic!("{tuned}");
    };
    assert_eq!(
        (&tuned["messages"], &tuned["chats"]),
        (&json!(4), &json!(2))
    );
    assert_eq!((&tuned["thoughts"], &tuned["bare"]), (&json!(2), &json!(0)));
    assert_eq!(
        (&short["wait"], &short["calls"]),
        (&json!(0.4), &json!(made))
    );
    assert_eq!((&short["cut"], &short["share"]), (&json!(1), &json!(0.5)));
    assert_eq!((&long["cut"], &long["calls"]), (&json!(0), &json!(2)));
    assert_eq!(long["waited"], json!(30.0));
    for (query, field) in [
        ("?waits=0", "waits"),
        ("?waits=8,,9", "waits"),
        ("?pause=0", "pause"),
    ] {
        let (status, refused) = system
            .api
            .get(&format!("/api/buffers/default/tuner{query}"))
            .await;
        assert_eq!((status.as_u16(), &refused["field"]), (400, &json!(field)));
    }
    assert_eq!(system.api.get("/api/buffers/nix/tuner").await.0, 404);
}

async fn tuned(system: &System, query: &str) -> Value {
    let (status, tuned) = system
        .api
        .get(&format!("/api/buffers/default/tuner{query}"))
        .await;
    assert_eq!(status, 200, "{tuned}");
    tuned
}

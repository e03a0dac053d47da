//! Posts that hold many messages at once.

use serde_json::{Value, json};

use super::long;
use crate::support::system::System;

/// What Evolution posts for somebody of whom it tells alias and number.
fn said_by(number: usize) -> Value {
    json!({
        "key": {
            "remoteJid": format!("{}@lid", 10_000_000_000_000 + number),
            "remoteJidAlt": format!("{}@s.whatsapp.net", 5_511_900_000_000_u64 + number as u64),
            "fromMe": false,
            "id": format!("A{number}"),
        },
        "message": {"conversation": "oi"},
    })
}

#[tokio::test]
async fn the_persons_of_a_post_are_asked_about_together() {
    const MOST: usize = 4096;
    let system = System::with(&[long("wpp", "evolution")]).await;
    let data: Vec<_> = (0..MOST).map(said_by).collect();
    let post = json!({"event": "messages.upsert", "instance": "loja", "data": data});
    let before = system.redis.calls_of("evalsha").await;

    let (status, answer) = system.api.post("/api/webhook/wpp", post).await;

    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["accepted"], MOST, "{answer}");
    // A step for each message; what the daemons do meanwhile is far less than another.
    let steps = system.redis.calls_of("evalsha").await - before;
    assert!((4096..6000).contains(&steps), "{steps} steps");
    // The alias alone leads to the same chat now.
    let mut alone = said_by(7);
    alone["key"]["remoteJidAlt"] = Value::Null;
    alone["key"]["id"] = json!("B");
    let post = json!({"event": "messages.upsert", "instance": "loja", "data": alone});
    system.api.post("/api/webhook/wpp", post).await;
    let windows = system.windows().await;
    assert!(
        windows.iter().all(|(chat, _)| !chat.ends_with("@lid")),
        "{windows:?}"
    );
}

//! `GET /api/paused`: the chats that are left to a person, until when and by whom.

use lull::core::batch::Millis;
use redis::AsyncCommands;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Daemon, RETENTION, TestRedis};

async fn paused(api: &Daemon, query: &str) -> Value {
    let (status, page) = api.get(&format!("/api/paused?{query}")).await;
    assert_eq!(status, 200, "{query}: {page}");
    page
}

fn users(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().unwrap().iter();
    items.map(|it| it["user"].as_str().unwrap()).collect()
}

async fn pause(api: &Daemon, user: &str, secs: u32) {
    let path = format!("/api/chats/{user}/pause");
    let (status, answer) = api.post(&path, json!({ "for": secs })).await;
    assert_eq!(status, 200, "{answer}");
}

#[tokio::test]
async fn paused_chats_are_listed_by_their_end_with_who_paused_them() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let spec = json!({"source": "evolution", "on_own_message": "pause", "pause_for": 1800});
    let (status, answer) = api
        .request(Method::PUT, "/api/buffers/loja", Some(spec))
        .await;
    assert_eq!(status, 200, "{answer}");
    for (user, secs) in [("eva", 3600), ("ana", 600), ("rui", 7200)] {
        pause(&api, user, secs).await;
    }
    let own = json!({"event": "messages.upsert", "instance": "loja", "data": {
        "key": {"remoteJid": "5511988887777@s.whatsapp.net", "fromMe": true, "id": "A1"},
        "message": {"conversation": "already on it"}, "source": "android",
    }});
    let (status, answer) = api.post("/api/webhook/loja", own).await;
    assert_eq!(
        (status.as_u16(), &answer["paused"]),
        (200, &json!(1)),
        "{answer}"
    );

    let all = paused(&api, "").await;
    assert_eq!(users(&all), ["ana", "loja:5511988887777", "eva", "rui"]);
    assert_eq!(
        (&all["total"], &all["next_cursor"]),
        (&json!(4), &Value::Null)
    );
    let [ana, own, ..] = &all["items"].as_array().unwrap()[..] else {
        panic!("{all}");
    };
    assert_eq!(
        (&ana["by"], &ana["key"]),
        (&json!("operator"), &json!("suite"))
    );
    assert!(ana["paused_for"].as_f64().unwrap() <= 600.0);
    assert!(ana["paused_at"].as_str() < ana["until"].as_str());
    assert_eq!(
        (&own["by"], &own["key"]),
        (&json!("own_message"), &Value::Null)
    );

    for limit in 1..=4 {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = paused(&api, &format!("limit={limit}{cursor}")).await;
            found.extend(users(&page).into_iter().map(str::to_owned));
            let Some(next) = page["next_cursor"].as_str() else {
                break;
            };
            let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
            cursor = format!("&cursor={next}");
        }
        assert_eq!(found, users(&all), "{limit}");
    }
    assert_eq!(
        users(&paused(&api, "buffer=loja").await),
        ["loja:5511988887777"]
    );
    assert_eq!(users(&paused(&api, "user=eva").await), ["eva"]);
    assert!(users(&paused(&api, "user=bia").await).is_empty());

    // One that lasts longer already is not shortened, and stays whose it was.
    let before = paused(&api, "user=rui").await;
    pause(&api, "rui", 60).await;
    assert_eq!(
        paused(&api, "user=rui").await["items"][0]["until"],
        before["items"][0]["until"]
    );
    let (status, _) = api.post("/api/chats/eva/resume", json!({})).await;
    assert_eq!(status, 200);
    assert!(users(&paused(&api, "user=eva").await).is_empty());
}

#[tokio::test]
async fn nothing_is_kept_of_who_paused_a_chat_that_goes_on_is_erased_or_is_heard_after_it_ran_out()
{
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let store = redis.store().await;
    let noted = async || {
        let mut count: u64 = 0;
        for key in redis.keys("lull:*:pausers").await {
            count += redis.raw().await.hlen::<_, u64>(key).await.unwrap();
        }
        count
    };
    for user in ["ana", "eva", "rui"] {
        pause(&api, user, 3600).await;
    }
    assert_eq!(noted().await, 3);

    api.post("/api/chats/ana/resume", json!({})).await;
    assert_eq!(noted().await, 2);
    let path = "/api/chats/eva?everything=true";
    assert_eq!(api.request(Method::DELETE, path, None).await.0, 200);
    assert_eq!(noted().await, 1);

    let ended: Millis = store.clock().now().await.unwrap() - 1;
    for key in redis.keys("lull:*:paused").await {
        let raw = &mut redis.raw().await;
        let _: u64 = raw.zadd(key, "default:rui", ended).await.unwrap();
    }
    assert!(users(&paused(&api, "").await).is_empty(), "it has run out");
    api.say("rui", "oi", 3600.0).await;
    store.history().trim(&RETENTION).await.unwrap();
    assert_eq!(noted().await, 0);
    assert!(redis.keys("lull:*:paused").await.is_empty());
}

//! What an erased person leaves where no command looks: in what Redis writes to disk, and in posts that name them otherwise.

use lull::store::keys::Shard;
use reqwest::Method;
use serde_json::json;

use crate::support::system::System;
use crate::support::{TestRedis, chat, eventually};

const ID: &str = "5511988887777";

/// All keys as Redis writes them to disk.
async fn on_disk(redis: &TestRedis) -> Vec<u8> {
    let mut raw = redis.raw().await;
    let plainly = ["SET", "rdbcompression", "no"];
    let mut set = redis::cmd("CONFIG");
    let () = set.arg(&plainly).query_async(&mut raw).await.unwrap();
    let mut all = Vec::new();
    for key in redis.keys("*").await {
        let mut dump = redis::cmd("DUMP");
        let dumped: Vec<u8> = dump.arg(&key).query_async(&mut raw).await.unwrap();
        all.extend(dumped);
    }
    all
}

fn holds(disk: &[u8], trace: &str) -> bool {
    disk.windows(trace.len()).any(|it| it == trace.as_bytes())
}

#[tokio::test]
async fn what_redis_writes_to_disk_has_nothing_of_who_was_erased() {
    let system = System::open().await;
    let shard = Shard::of(&chat(ID)).index();
    let is_near = |name: &String| Shard::of(&chat(name)).index() == shard;
    let near = (0..).map(|number| format!("c{number}")).filter(is_near);
    let mut near: Vec<_> = near.take(12).collect();
    near.insert(6, ID.to_owned());
    for name in &near {
        system
            .api
            .say(name, &format!("segredo de {name}"), 0.1)
            .await;
    }
    eventually("all are settled", async || {
        let settled = system.api.get("/api/history?status=delivered").await.1;
        settled["items"].as_array().unwrap().len() == near.len()
    })
    .await;
    assert!(holds(&on_disk(&system.redis).await, ID));

    let path = format!("/api/chats/{ID}?everything=true");
    let (status, answer) = system.delete(&path).await;

    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["erased"]["history"], 1, "{answer}");
    let disk = on_disk(&system.redis).await;
    assert!(!holds(&disk, ID) && holds(&disk, "segredo de c"));
    // The lists go on as they were.
    let settled = system.api.get("/api/history").await.1;
    assert_eq!(settled["items"].as_array().unwrap().len(), near.len() - 1);
    system.api.say(&near[0], "mais", 0.1).await;
    eventually("what comes is kept", async || {
        let path = format!("/api/history?user={}", near[0]);
        let settled = system.api.get(&path).await.1;
        settled["items"].as_array().unwrap().len() == 2
    })
    .await;
}

#[tokio::test]
async fn posts_that_write_the_number_otherwise_go_with_its_person() {
    let loja = json!({
        "name": "loja", "source": "evolution", "window": {"wait": 600}, "destinations": ["default"],
        "secret": "s3cret-s3cret",
    });
    let system = System::with(&[loja]).await;
    let post = async |writer: &str, id: &str| {
        let participant = format!("{writer}@s.whatsapp.net");
        let key = json!({"remoteJid": "120363@g.us", "fromMe": false, "id": id, "participant": participant});
        let data = json!({
            "key": key, "message": {"conversation": format!("segredo de {writer}")},
            "messageType": "conversation", "messageTimestamp": 1_763_770_000,
        });
        let body = json!({"event": "messages.upsert", "instance": "l", "data": data});
        let path = "/api/webhook/loja?secret=s3cret-s3cret";
        let (status, answer) = system.api.post(path, body).await;
        assert_eq!(status, 200, "{answer}");
    };
    // Without the ninth digit, and somebody else.
    post("551188887777", "G1").await;
    post("551188887778", "G2").await;
    let said = json!({"user": ID, "message": "oi"});
    let _ = system.api.post("/api/buffers/loja/messages", said).await;

    let path = format!("/api/chats/{ID}?everything=true&buffer=loja");
    let (status, answer) = system.api.request(Method::DELETE, &path, None).await;

    assert_eq!(
        (status.as_u16(), &answer["erased"]["posts"]),
        (200, &json!(1)),
        "{answer}"
    );
    let posts = system
        .api
        .get("/api/posts?buffer=loja&result=group")
        .await
        .1;
    let items = posts["items"].as_array().unwrap();
    assert_eq!(items.len(), 1, "{posts}");
    assert!(!posts.to_string().contains("551188887777"), "{posts}");
}

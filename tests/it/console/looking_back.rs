//! Posts, numbers, the audit and settings, as pages.

use serde_json::json;

use super::browser::Browser;
use super::reading::{between, has};
use super::{ANA, EYES, KEYS};
use crate::support::{Daemon, TestRedis};

async fn with_loja(redis: &TestRedis) -> Daemon {
    let api = Daemon::api_with(redis, &KEYS).await;
    let loja = json!({"name": "loja", "source": "evolution", "window": {"wait": 8}});
    let write = api.client().post(api.url("/api/buffers")).bearer_auth(ANA);
    let write = write.header("content-type", "application/json");
    let written = write.body(loja.to_string()).send().await.unwrap();
    assert_eq!(written.status(), 201);
    api
}

fn in_a_group(text: &str) -> serde_json::Value {
    json!({
        "event": "messages.upsert", "instance": "loja",
        "data": {
            "key": {"remoteJid": "120363000000000000@g.us", "participant": "5511988887777@s.whatsapp.net", "fromMe": false, "id": "G1"},
            "pushName": "Ana", "message": {"conversation": text}, "messageTimestamp": 1_763_770_000,
        },
    })
}

#[tokio::test]
async fn a_post_that_was_not_taken_says_why_and_is_tried_in_a_buffer() {
    let redis = TestRedis::start().await;
    let api = with_loja(&redis).await;
    let eyes = Browser::with_key(&api, EYES).await;
    let empty = eyes.get("/console/posts").await;
    has(&empty, &["Nothing was posted yet", "<option>loja</option>"]);

    api.say("ana", "oi </pre><script>alert(1)</script>", 60.0)
        .await;
    api.post("/api/webhook/loja", in_a_group("<b>oi</b>")).await;
    api.post("/api/webhook/loja", json!({"hello": "world"}))
        .await;
    let all = eyes.get("/console/posts").await;
    has(
        &all,
        &[
            "/console/chats/chat_",
            "from a group",
            "The post is not one of the gateway that is set in this buffer.",
            "the body is not a post as evolution sends it",
            "&#34;hello&#34;: &#34;world&#34;",
        ],
    );
    assert!(!all.html.contains("<script>alert") && !all.html.contains("<b>oi"));
    let refused = eyes.get("/console/posts?buffer=loja&result=refused").await;
    assert!(!refused.html.contains(">from a group</span>"));
    let none = eyes.get("/console/posts?result=vote").await;
    has(&none, &["Nothing that fits.", "Show all"]);

    let post = between(&refused, "name=\"post\" value=\"", "\"").to_owned();
    let back = "/console/posts?result=refused";
    let form = |buffer: &'static str, post: &str| {
        let post = post.to_owned();
        [
            ("post", post),
            ("buffer", buffer.to_owned()),
            ("back", back.to_owned()),
        ]
    };
    let tried = async |buffer: &'static str, post: &str| {
        let form = form(buffer, post);
        let form: Vec<_> = form
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        eyes.post("/console/posts/try", &form).await
    };
    let loja = tried("loja", &post).await;
    assert_eq!(loja.status, 422);
    has(
        &loja,
        &[
            "The buffer refuses it.",
            back,
            "/api/buffers/loja/try?post=",
        ],
    );
    let group = eyes.get("/console/posts?result=group").await;
    let post = between(&group, "name=\"post\" value=\"", "\"").to_owned();
    has(&tried("loja", &post).await, &["Not taken: from a group"]);
    let nix = tried("../nix", &post).await;
    assert_eq!(nix.status, 404, "{}", nix.html);
}

#[tokio::test]
async fn numbers_are_pictures_tables_and_csv() {
    let redis = TestRedis::start().await;
    let mut api = with_loja(&redis).await;
    api.say("ana", "oi", 60.0).await;
    api.post("/api/message", json!({"user": "ana"})).await;
    // What was counted is added up when a daemon stops.
    api.stop().await;
    let api = Daemon::api_with(&redis, &KEYS).await;
    let eyes = Browser::with_key(&api, EYES).await;

    for range in ["1h", "24h", "30d", "nix"] {
        let page = eyes.get(&format!("/console/numbers?range={range}")).await;
        has(
            &page,
            &[
                "1 messages taken of 1 posts",
                "<rect class=\"s1\"",
                "<th scope=\"col\">taken</th>",
                "1 request refused",
                "message is wrong",
                "Nothing in this time.",
            ],
        );
        // Of the places, and of the lengths of time.
        assert_eq!(page.html.matches("aria-current=\"page\"").count(), 2);
    }
    let csv = eyes.get("/console/numbers.csv?range=24h").await;
    let mut lines = csv.html.lines();
    assert!(lines.next().unwrap().starts_with("at,in,taken,refused,"));
    assert!(
        csv.html.lines().any(|line| line.contains("Z,1,1,1,")),
        "{}",
        csv.html
    );
    assert!((1440..=1450).contains(&lines.count()));
}

#[tokio::test]
async fn settings_make_a_key_once_and_the_audit_says_who_did() {
    let redis = TestRedis::start().await;
    let api = with_loja(&redis).await;
    let (ana, eyes) = (
        Browser::with_key(&api, ANA).await,
        Browser::with_key(&api, EYES).await,
    );
    let seen = eyes.get("/console/settings").await;
    has(&seen, &["Only a key with admin sees keys.", "started"]);
    assert!(
        !seen.html.contains("action=\"/console/settings"),
        "{}",
        seen.html
    );
    assert!(!seen.html.contains("Check now"), "{}", seen.html);
    let checked = ana.get("/console/settings?check=true").await;
    for part in [
        "Check now",
        "<strong>Redis</strong>",
        "answers in",
        "/api/doctor",
    ] {
        assert!(checked.html.contains(part), "{part}: {}", checked.html);
    }
    let unasked = eyes.get("/console/settings?check=true").await;
    assert!(!unasked.html.contains("answers in"), "{}", unasked.html);
    let keys = "/console/settings/keys";
    let refused = eyes.post(keys, &[("name", "n8n"), ("read", "on")]).await;
    assert_eq!(refused.status, 403);

    let bare = ana.post(keys, &[("name", "n8n")]).await;
    has(&bare, &["Tick at least one thing", "value=\"n8n\""]);
    let wanted = [
        ("name", "n8n"),
        ("ingest", "on"),
        ("buffer", "loja"),
        ("read", "on"),
    ];
    let made = ana.post(keys, &wanted).await;
    assert_eq!(made.status, 201);
    let key = between(&made, "<pre id=\"made-key\">", "</pre>");
    has(&made, &["Key n8n is made", "ingest@loja"]);
    assert!(key.starts_with("lull_"), "{key}");
    let listed = ana.get("/console/settings").await;
    assert!(listed.html.contains("Revoke n8n") && !listed.html.contains(key));
    let again = ana.post(keys, &wanted).await;
    has(&again, &["There is a key of this name already."]);
    let revoked = ana
        .post("/console/settings/keys/n8n/revoke", &[("back", "")])
        .await;
    assert_eq!(revoked.sent_to, "/console/settings?done=key_revoked&n=0");
    has(&ana.get(&revoked.sent_to).await, &["The key is revoked."]);

    let zone = |zone| [("timezone", zone)];
    let path = "/console/settings/timezone";
    assert_eq!(ana.post(path, &zone("Nix")).await.status, 400);
    let set = ana.post(path, &zone("America/Bogota")).await;
    assert_eq!(set.sent_to, "/console/settings?done=timezone&n=0");

    let audit = eyes.get("/console/audit").await;
    has(
        &audit,
        &[
            "buffer written",
            "key made",
            "key revoked",
            "time zone set",
            "key ana, from 127.0.0.1",
        ],
    );
    let made = eyes.get("/console/audit?action=key.make").await;
    assert!(
        !made.html.contains("<strong>key revoked</strong>"),
        "{}",
        made.html
    );
    let none = eyes.get("/console/audit?action=chat.erase").await;
    has(&none, &["Nothing that fits."]);
    let more = eyes.get("/console/more").await;
    for page in ["posts", "numbers", "audit", "settings"] {
        has(&more, &[&format!("href=\"/console/{page}\"")]);
    }
}

//! Buffers as pages: made, set up tab by tab, and removed; what was refused or changed meanwhile is said.

mod trying;

use reqwest::Method;
use serde_json::json;

use super::browser::Browser;
use super::reading::{between, has, lacks, version};
use super::{ANA, EYES, KEYS};
use crate::support::{Daemon, TestRedis};

const LOJA: &str = "/console/buffers/loja";

async fn request(api: &Daemon, method: Method, path: &str, body: serde_json::Value) -> u16 {
    let request = api.client().request(method, api.url(path)).bearer_auth(ANA);
    let request = request.header("content-type", "application/json");
    let answer = request.body(body.to_string()).send().await.unwrap();
    answer.status().as_u16()
}

async fn get(api: &Daemon, path: &str) -> serde_json::Value {
    let request = api.client().get(api.url(path)).bearer_auth(ANA);
    let text = request.send().await.unwrap().text().await.unwrap();
    serde_json::from_str(&text).unwrap()
}

async fn with_loja(redis: &TestRedis) -> Daemon {
    let api = Daemon::api_with(redis, &KEYS).await;
    let loja = json!({"name": "loja", "source": "evolution", "window": {"wait": 8}});
    assert_eq!(request(&api, Method::POST, "/api/buffers", loja).await, 201);
    api
}

#[tokio::test]
async fn a_buffer_is_made_and_connected_and_its_secret_is_shown_once() {
    let redis = TestRedis::start().await;
    let api = Daemon::api_with(&redis, &KEYS).await;
    let ana = Browser::with_key(&api, ANA).await;
    let list = ana.get("/console/buffers").await;
    has(
        &list,
        &[
            "/console/buffers/default",
            "nothing has come yet",
            "New buffer",
        ],
    );

    let form = [
        ("name", "Loja 1"),
        ("source", "waha"),
        ("destinations:default", "on"),
    ];
    let refused = ana.post("/console/buffers", &form).await;
    assert_eq!(refused.status, 400);
    has(
        &refused,
        &["small letters", "value=\"Loja 1\"", "aria-invalid"],
    );
    let form = [("name", "loja"), form[1], form[2]];
    let made = ana.post("/console/buffers", &form).await;
    assert_eq!(made.sent_to, format!("{LOJA}?done=buffer_made&n=0"));

    let page = ana.get(LOJA).await;
    let url = format!("http://127.0.0.1:{}/api/webhook/loja", api.port());
    has(
        &page,
        &[
            &url,
            "HMAC → Key",
            "message.revoked",
            "Make a secret",
            "this machine alone",
        ],
    );
    let secret = ana.post(&format!("{LOJA}/secret"), &[]).await;
    assert_eq!(secret.status, 201);
    let told = between(&secret, "made-secret\" tabindex=\"0\">", "</pre>").to_owned();
    assert_eq!(told.len(), 48);
    let page = ana.get(LOJA).await;
    lacks(&page, &[&told, "Without a secret"]);
    has(&page, &["value=\"********\"", "Make another secret"]);

    let version = version(&page);
    let form = [
        ("as", "waha"),
        ("version", &*version),
        ("source", "waha"),
        ("secret", "********"),
    ];
    let form = [
        form.as_slice(),
        &[
            ("groups", "ignore"),
            ("on_edit", "apply"),
            ("description", "<b>da Ana</b>"),
            ("allow", "+55 11 98888-7777"),
        ],
    ];
    let saved = ana.post(LOJA, &form.concat()).await;
    assert_eq!(
        saved.sent_to,
        format!("{LOJA}?done=buffer_saved&n=0"),
        "{}",
        saved.html
    );
    let there = get(&api, "/api/buffers/loja").await;
    assert_eq!(there["secret"], "********");
    assert_eq!(there["allow"], json!(["+55 11 98888-7777"]));
    has(&ana.get(LOJA).await, &["&#60;b&#62;da Ana"]);

    let off = ana
        .post(&format!("{LOJA}/switch"), &[("active", "false")])
        .await;
    assert_eq!(off.sent_to, format!("{LOJA}?done=buffer_off&n=0"));
    has(&ana.get("/console/buffers").await, &[">off</span>"]);
    api.say("leo", "oi", 60.0).await;
    let gone = ana
        .post(&format!("{LOJA}/remove"), &[("how", "empty")])
        .await;
    assert_eq!(gone.sent_to, "/console/buffers?done=buffer_removed&n=0");
    assert_eq!(ana.get(LOJA).await.status, 404);
}

#[tokio::test]
async fn what_is_refused_or_was_changed_meanwhile_stands_beside_what_was_typed() {
    let redis = TestRedis::start().await;
    let api = with_loja(&redis).await;
    let ana = Browser::with_key(&api, ANA).await;
    let window = format!("{LOJA}/window");
    let page = ana.get(&window).await;
    has(
        &page,
        &[
            "name=\"window.wait\" value=\"8\"",
            "No messages of this buffer are kept yet",
        ],
    );
    let version = version(&page);
    let form = |wait: &'static str, version: &str| {
        [
            ("as", "evolution".to_owned()),
            ("version", version.to_owned()),
            ("window.wait", wait.to_owned()),
            ("window.max_wait", "60".to_owned()),
            ("window.flush_words", "só isso\r\n\r\nok".to_owned()),
            ("window.reset_on_message", "on".to_owned()),
            ("window.duplicates", "keep".to_owned()),
        ]
    };
    let post = async |wait: &'static str, version: &str| {
        let form = form(wait, version);
        let form: Vec<_> = form
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        ana.post(&window, &form).await
    };

    let refused = post("soon <i>", &version).await;
    assert_eq!(refused.status, 400);
    has(
        &refused,
        &[
            "A number of seconds from 0.1",
            "value=\"soon &#60;i&#62;\"",
            "só isso\n\nok",
        ],
    );
    let put = json!({"source": "evolution", "window": {"wait": 20}, "description": "of Leo"});
    assert_eq!(
        request(&api, Method::PUT, "/api/buffers/loja", put).await,
        200
    );
    let behind = post("0,5", &version).await;
    assert_eq!(behind.status, 409);
    let parts = [
        "Somebody else saved",
        "value=\"0,5\"",
        "Now it says:",
        ">20</span>",
        "só isso",
    ];
    has(&behind, &parts);
    let there = get(&api, "/api/buffers/loja").await;
    assert_eq!(there["window"]["wait"], 20.0);

    let newer = self::version(&behind);
    assert_ne!(newer, version);
    let saved = post("0,5", &newer).await;
    assert_eq!(
        saved.sent_to,
        format!("{window}?done=buffer_saved&n=0"),
        "{}",
        saved.html
    );
    let there = get(&api, "/api/buffers/loja").await;
    assert_eq!(there["window"]["wait"], 0.5);
    assert_eq!(there["window"]["flush_words"], json!(["só isso", "ok"]));
    assert_eq!(there["description"], "of Leo");

    let silence = format!("{LOJA}/silence");
    let version = self::version(&ana.get(&silence).await);
    let form = [
        ("as", "evolution"),
        ("version", &*version),
        ("follow_up", "on"),
        ("follow_up.after", "1800"),
        ("follow_up.destination", "nix"),
        ("on_own_message", "pause"),
        ("pause_for", "3600"),
    ];
    let refused = ana.post(&silence, &form).await;
    assert_eq!(refused.status, 400);
    has(
        &refused,
        &[
            "Choose a destination that there is.",
            "value=\"1800\"",
            "checked",
        ],
    );

    let eyes = Browser::with_key(&api, EYES).await;
    for tab in ["", "/window", "/out", "/silence", "/try"] {
        let page = eyes.get(&format!("{LOJA}{tab}")).await;
        assert_eq!(page.status, 200);
        lacks(
            &page,
            &["Save</button>", "/remove\"", "/switch\"", "/secret\""],
        );
    }
    has(
        &eyes.get(&window).await,
        &["<fieldset class=\"stack wide\" disabled>"],
    );
    has(
        &ana.get("/console/buffers/default").await,
        &["of the settings", "disabled"],
    );
    assert_eq!(ana.get(&format!("{LOJA}/nix")).await.status, 404);
}

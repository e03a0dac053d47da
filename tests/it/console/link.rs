//! `lull console`: a link by which a browser comes in once, as a key that is there.

use serde_json::json;

use super::browser::Browser;
use crate::support::tool::{Ran, lull};
use crate::support::{Daemon, TestRedis, eventually};

const KEYS: &str = "eyes:key-of-eyes-that-is-long-enough:read,ana:key-of-ana-that-is-long-enough,\
                    gate:key-of-gate-that-is-long-enough:ingest";

async fn console(redis: &TestRedis, arguments: &[&str]) -> Ran {
    let url = redis.url();
    let settings = [("REDIS_URL", url.as_str()), ("API_KEYS", KEYS)];
    let arguments = [&["console"], arguments].concat();
    lull(&arguments, &settings).await
}

/// The path of a link that was printed.
fn path(ran: &Ran) -> String {
    let at = ran
        .out
        .find("/console/")
        .unwrap_or_else(|| panic!("{ran:?}"));
    ran.out[at..].trim_end().to_owned()
}

fn secret(path: &str) -> &str {
    path.split_once("?link=").unwrap().1
}

#[tokio::test]
async fn a_link_is_good_once_and_only_when_its_button_is_pressed() {
    let redis = TestRedis::start().await;
    let api = Daemon::api_with(&redis, &[("API_KEYS", KEYS)]).await;
    let printed = console(&redis, &["--url", &api.url("/")]).await;
    assert!(
        printed
            .out
            .starts_with(&api.url("/console/login?link=lull_"))
            && printed.out.lines().count() == 1,
        "{printed:?}"
    );
    assert!(printed.err.contains("as the key ana:"), "{printed:?}");
    let path = path(&printed);
    let link = [("link", secret(&path)), ("to", "")];

    let browser = Browser::at(&api, "pt-BR");
    for _ in 0..2 {
        let page = browser.get(&path).await;
        assert!(
            page.html.contains("Este link vale uma vez"),
            "{}",
            page.html
        );
        assert!(!page.html.contains("type=\"password\""), "{}", page.html);
    }
    assert_eq!(
        browser.post("/console/login", &link).await.sent_to,
        "/console"
    );
    let now = browser.get("/console/settings").await;
    assert!(
        now.status == 200 && now.html.contains("ana"),
        "{}",
        now.html
    );

    let late = Browser::at(&api, "pt-BR")
        .post("/console/login", &link)
        .await;
    assert!(
        late.status == 401
            && late.html.contains("Este link já foi usado")
            && late.html.contains("type=\"password\""),
        "{}",
        late.html
    );
    let kept = redis.keys("lull:{config}:login:*").await;
    assert!(kept.is_empty(), "{kept:?}");
}

#[tokio::test]
async fn a_link_is_of_the_key_that_is_named_and_dies_with_it() {
    let redis = TestRedis::start().await;
    let api = Daemon::api_with(&redis, &[("API_KEYS", KEYS)]).await;
    let eyes = path(&console(&redis, &["--key", "eyes"]).await);
    let shown = json!({ "link": secret(&eyes) });
    let (status, who) = api.post("/api/session", shown.clone()).await;
    assert_eq!(
        (status.as_u16(), &who["name"], &who["may_change"]),
        (200, &json!("eyes"), &json!(false))
    );
    let (status, again) = api.post("/api/session", shown).await;
    assert_eq!(
        (status.as_u16(), &again["code"]),
        (401, &json!("key_unknown"))
    );

    // A key in Redis that is made just now, and one that is revoked before its link is used.
    let url = redis.url();
    let settings = [("REDIS_URL", url.as_str())];
    for revoked in [false, true] {
        lull(&["key", "new", "panel"], &settings).await.well();
        let of_panel = lull(&["console", "--key", "panel"], &settings).await;
        if revoked {
            lull(&["key", "revoke", "panel"], &settings).await;
        }
        let browser = Browser::at(&api, "en");
        let entered = browser
            .post("/console/login", &[("link", secret(&path(&of_panel)))])
            .await;
        assert_eq!(
            entered.status,
            if revoked { 401 } else { 303 },
            "{}",
            entered.html
        );
        if !revoked {
            lull(&["key", "revoke", "panel"], &settings).await;
            eventually("it is out", async || {
                browser.get("/console").await.status == 303
            })
            .await;
        }
    }
}

#[tokio::test]
async fn no_link_is_made_for_a_key_that_may_not_look_or_is_not_there() {
    let redis = TestRedis::start().await;
    for (key, why) in [
        ("gate", "only brings messages"),
        ("nix", "there is no key nix"),
    ] {
        let ran = console(&redis, &["--key", key]).await;
        assert!(
            ran.code == 1 && ran.err.contains(why) && ran.out.is_empty(),
            "{ran:?}"
        );
    }
    for address in ["notaurl", "javascript:alert(1)"] {
        let ran = console(&redis, &["--url", address]).await;
        assert!(
            ran.code == 1 && ran.err.contains("--url") && ran.out.is_empty(),
            "{ran:?}"
        );
    }
    let ran = lull(&["console"], &[("REDIS_URL", &redis.url())]).await;
    assert!(ran.code == 1 && ran.err.contains("lull key new"), "{ran:?}");
    let api = Daemon::api_with(&redis, &[("API_KEYS", KEYS)]).await;
    for (shown, field) in [
        (json!({}), "key"),
        (json!({"key": "a", "link": "b"}), "link"),
        (json!({"link": ""}), "link"),
        (json!({"link": 5}), "link"),
    ] {
        let (status, refused) = api.post("/api/session", shown.clone()).await;
        assert_eq!(
            (status.as_u16(), &refused["field"]),
            (400, &json!(field)),
            "{shown}: {refused}"
        );
    }
}

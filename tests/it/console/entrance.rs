//! Coming in, going out, and how somebody likes to read.

use super::browser::{Browser, Page};
use super::reading::between;
use crate::support::{Daemon, TestRedis};

const KEYS: &str = "ana:key-of-ana-that-is-long-enough, eyes:key-of-eyes-that-is-long-enough:read,\
                    gate:key-of-gate-that-is-long-enough:ingest";
const ANA: &str = "key-of-ana-that-is-long-enough";

async fn api(redis: &TestRedis) -> Daemon {
    Daemon::api_with(redis, &[("API_KEYS", KEYS)]).await
}

#[tokio::test]
async fn whoever_asks_for_a_page_comes_in_first_and_is_led_back_to_it() {
    let redis = TestRedis::start().await;
    let api = api(&redis).await;
    let browser = Browser::at(&api, "pt-BR,pt;q=0.9");

    assert_eq!(browser.get("/").await.sent_to, "/console");
    let page = browser.get("/console/find?x=1").await;
    assert_eq!(
        (page.status, page.sent_to.as_str()),
        (303, "/console/login?to=%2Fconsole%2Ffind%3Fx%3D1")
    );
    let login = browser.get(&page.sent_to).await;
    assert!(
        login.html.contains("lang=\"pt-BR\"") && login.html.contains("Chave ou token"),
        "{}",
        login.html
    );
    assert!(
        login.policy.contains("default-src 'none'") && !login.policy.contains("unsafe"),
        "{}",
        login.policy
    );

    let wrong = browser
        .post(
            "/console/login",
            &[("key", "nix"), ("to", "/console/find?x=1")],
        )
        .await;
    assert_eq!(wrong.status, 401);
    assert!(
        wrong.html.contains("Esta chave não existe.") && wrong.html.contains("/console/find?x=1")
    );
    let gate = browser
        .post(
            "/console/login",
            &[("key", "key-of-gate-that-is-long-enough")],
        )
        .await;
    assert!(
        gate.status == 403 && gate.html.contains("só traz mensagens"),
        "{}",
        gate.html
    );
    let elsewhere = browser
        .post("/console/login", &[("key", ANA), ("to", "//evil.example")])
        .await;
    assert_eq!(
        (elsewhere.status, elsewhere.sent_to.as_str()),
        (303, "/console")
    );

    assert_eq!(browser.get("/console").await.status, 200);
    assert_eq!(browser.get("/console/nix").await.status, 404);
    // A part of a page, of a browser that nobody has come in with: the page is to be read again.
    let part = api.client().get(api.url("/console/now"));
    let part = part.header("hx-request", "true").send().await.unwrap();
    assert_eq!(
        (
            part.status().as_u16(),
            part.headers()["hx-refresh"].to_str().unwrap()
        ),
        (401, "true")
    );
    let out = browser.post("/console/logout", &[]).await;
    assert_eq!(out.sent_to, "/console/login?over=true");
    assert_eq!(browser.get("/console").await.status, 303);
}

#[tokio::test]
async fn language_and_look_are_kept_and_a_key_that_reads_sees_no_acts() {
    let redis = TestRedis::start().await;
    let api = api(&redis).await;
    let eyes = Browser::with_key(&api, "key-of-eyes-that-is-long-enough").await;

    let now = eyes.get("/console").await;
    assert!(
        now.html.contains("lang=\"en\"") && now.html.contains("No monitor is alive."),
        "{}",
        now.html
    );
    assert!(!now.html.contains("/console/control"), "{}", now.html);
    let refused = eyes
        .post(
            "/console/control",
            &[("action", "stop"), ("back", "/console")],
        )
        .await;
    assert!(
        refused.status == 403 && refused.html.contains("This key may not do that."),
        "{}",
        refused.html
    );

    let liked = [
        ("language", "es"),
        ("theme", "dark"),
        ("back", "/console/more"),
    ];
    assert_eq!(
        eyes.post("/console/liking", &liked).await.sent_to,
        "/console/more"
    );
    let more = eyes.get("/console/more").await;
    assert!(
        more.html.contains("<html lang=\"es\" data-theme=\"dark\">")
            && more.html.contains("solo lectura"),
        "{}",
        more.html
    );

    let ana = Browser::with_key(&api, ANA).await;
    let stopped = ana
        .post(
            "/console/control",
            &[("action", "stop"), ("back", "/console")],
        )
        .await;
    assert_eq!(stopped.sent_to, "/console?done=stop&n=0");
    let now = ana.get(&stopped.sent_to).await;
    assert!(now.html.contains("Deliveries are stopped."), "{}", now.html);
}

/// When a part was made.
fn moment(page: &Page) -> u64 {
    between(page, "data-now=\"", "\"").parse().unwrap()
}

#[tokio::test]
async fn what_is_read_again_is_made_once_for_all_who_see_the_same_and_never_shown_to_others() {
    let redis = TestRedis::start().await;
    let api = api(&redis).await;
    let ana = Browser::with_key(&api, ANA).await;
    let eyes = Browser::with_key(&api, "key-of-eyes-that-is-long-enough").await;

    let paths = ["now", "strip", "windows", "waiting", "start/default"];
    for path in paths.map(|it| format!("/console/{it}")) {
        let first = ana.look_again(&path, 0).await;
        assert_eq!(first.status, 200, "{path}: {}", first.html);
        let for_eyes = eyes.look_again(&path, 0).await;
        assert!(
            moment(&for_eyes) > moment(&first),
            "{path}: it reaches less"
        );
        // The same, or one that was made a second later.
        let second = ana.look_again(&path, 0).await;
        assert!(second.html == first.html || moment(&second) > moment(&first));
        // Nothing for a page that shows what is newer, or again one that was made later.
        let newer = ana.look_again(&path, u64::MAX >> 1).await;
        let is_nothing = newer.status == 204 && newer.html.is_empty();
        assert!(
            is_nothing || moment(&newer) > moment(&first),
            "{path}: {}",
            newer.html
        );
        // Whoever has not come in is shown nothing of it.
        let stranger = Browser::at(&api, "en").look_again(&path, 0).await;
        assert_eq!((stranger.status, stranger.html.as_str()), (401, ""));
    }
}

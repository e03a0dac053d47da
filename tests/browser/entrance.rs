//! Coming in and being sent away, how somebody likes to read, and what a key that only reads sees.

use serde_json::json;

use crate::chromium::{Chromium, DESK};
use crate::pages::{How, PAGES};
use crate::scene::{ADMIN, Scene};
use crate::support::tool::lull;
use crate::support::{Daemon, TestRedis};

/// Makes a key that reads; answers it.
async fn key_that_reads(api: &Daemon, name: &str) -> String {
    let wanted = json!({"name": name, "scopes": ["read"]});
    let (status, made) = api.post("/api/keys", wanted).await;
    assert_eq!(status, 201, "{made}");
    made["key"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_wrong_key_says_so_and_a_right_one_leads_to_the_page_that_was_wanted() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let browser = Chromium::at(&api).await;

    browser.open("/console/dead").await;
    browser.is_at("/console/login").await;
    browser.come_in("not-a-key").await;
    browser.reads("This key is not known.").await;
    browser.come_in(ADMIN).await;
    browser.is_at("/console/dead").await;
    browser.reads("Nothing was given up on.").await;

    browser.open("/console/more").await;
    browser.press("Sign out").await;
    browser.reads("You have signed out.").await;
    browser.open("/console").await;
    browser.is_at("/console/login").await;
}

#[tokio::test]
async fn a_link_of_the_command_line_leads_in_once() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let (url, key) = (redis.url(), format!("suite:{ADMIN}"));
    let settings = [("REDIS_URL", url.as_str()), ("API_KEYS", key.as_str())];
    let printed = lull(&["console", "--url", &api.url("")], &settings).await;
    let link = printed.out.trim_end().strip_prefix(&api.url("")).unwrap();

    for (browser, words) in [
        (Chromium::at(&api).await, "Nobody is writing now."),
        (Chromium::at(&api).await, "Where is my key?"),
    ] {
        browser.open(link).await;
        browser.click("form.card button").await;
        browser.reads(words).await;
    }
}

#[tokio::test]
async fn a_page_that_is_looked_at_asks_for_a_key_as_soon_as_the_session_is_over() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let key = key_that_reads(&api, "leo").await;
    let browser = Chromium::with_key(&api, &key).await;
    browser.reads("Nobody is writing now.").await;

    let (status, _) = api
        .request(reqwest::Method::DELETE, "/api/keys/leo", None)
        .await;
    assert_eq!(status, 200);
    browser.is_at("/console/login").await;
    browser.come_in(ADMIN).await;
    browser.reads("Nobody is writing now.").await;

    // As a browser does with a cookie that has run out.
    browser
        .chrome("Network.clearBrowserCookies", json!({}))
        .await;
    browser.is_at("/console/login").await;
}

#[tokio::test]
async fn a_key_that_reads_sees_every_page_and_nothing_that_changes_anything() {
    let scene = Scene::full().await;
    let key = key_that_reads(&scene.system.api, "olhos").await;
    let browser = Chromium::with_key(&scene.system.api, &key).await;
    browser.is_at("/console").await;
    let acts = "return [...document.querySelectorAll('main form[method=post]:has(button:enabled)')].map((it) => it.getAttribute('action'))
        .filter((it) => !['/console/find', '/console/liking', '/console/logout', '/console/later'].includes(it) && !it.endsWith('/try'))";

    for page in PAGES.iter().filter(|it| matches!(it.how, How::Open)) {
        page.opened(&browser, Some(&scene)).await;
        let (text, seen) = (browser.text().await, browser.run(acts).await);
        assert_eq!(seen, json!([]), "{}", page.route);
        assert!(text.len() > 100, "{}: {text}", page.route);
    }
}

#[tokio::test]
async fn language_and_look_are_chosen_and_stay() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let browser = Chromium::reading(&api, "pt-BR").await;
    let back = "return getComputedStyle(document.body).backgroundColor";

    browser.come_in(ADMIN).await;
    browser.reads("Agora").await;
    let light = browser.run(back).await;
    browser.looks(DESK, true).await;
    let dark = browser.run(back).await;
    assert_ne!(light, dark, "the page goes by the device");

    browser.open("/console/more").await;
    browser.choose("language", "es").await;
    browser.choose("theme", "light").await;
    browser.press("OK").await;
    browser
        .until(
            "it is Spanish",
            "return document.documentElement.lang === 'es'",
        )
        .await;
    assert_eq!(browser.run(back).await, light, "whatever the device is");
    browser.open("/console").await;
    browser.reads("Ahora").await;
    assert_eq!(browser.run(back).await, light);
}

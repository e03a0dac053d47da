//! Whoever goes astray is led on: to the page of an act, past the form of a key that they need not fill in, and past what
//! cannot be read.

use super::browser::Browser;
use super::reading::{answers, between, has, lacks};
use super::{ANA, EYES, KEYS};
use crate::support::{Daemon, TestRedis};

#[tokio::test]
async fn whoever_goes_astray_is_led_on() {
    let redis = TestRedis::start().await;
    let api = Daemon::api_with(&redis, &KEYS).await;
    let stranger = Browser::at(&api, "en");
    let ana = Browser::with_key(&api, ANA).await;

    // The address of an act belongs to a page.
    let story = "/console/chats/chat_a";
    let pause = format!("{story}/pause");
    let asked = stranger.post(&pause, &[("back", story)]).await;
    assert_eq!(
        asked.sent_to,
        "/console/login?to=%2Fconsole%2Fchats%2Fchat_a"
    );
    for (act, page) in [
        (pause.as_str(), story),
        ("/console/control", "/console"),
        ("/console/logout", "/console"),
        ("/console/liking", "/console"),
        ("/console/dead/revive", "/console/dead"),
        ("/console/settings/timezone", "/console/settings"),
        ("/console/destinations/.preview", "/console/destinations"),
        ("/console/destinations/.try", "/console/destinations"),
        (
            "/console/destinations/bot/test",
            "/console/destinations/bot",
        ),
    ] {
        let led = ana.get(act).await;
        assert_eq!((led.status, led.sent_to.as_str()), (303, page), "{act}");
    }

    // A link of another site: the browser keeps the cookie back until our own page leads on.
    let page = "/console/dead?destination=default";
    let linked = stranger.get_by_a_link(page).await;
    answers(&linked, 200, &["http-equiv=\"refresh\"", page]);
    lacks(&linked, &["name=\"key\""]);
    let login = "/console/login?to=%2Fconsole%2Fdead";
    assert_eq!(ana.get(login).await.sent_to, "/console/dead");
    has(&stranger.get(login).await, &["name=\"key\""]);

    // A search for what nobody can have, and a form that cannot be read.
    let long = "9".repeat(70_000);
    let found = ana.post("/console/find", &[("q", &long)]).await;
    answers(&found, 400, &["id=\"search\""]);
    lacks(&found, &["Lull itself has failed", &long]);
    let nothing = ana.post("/console/find", &[("q", "\0")]).await;
    answers(&nothing, 400, &["id=\"search\""]);
    for (path, status) in [
        ("/console/control", 422),
        ("/console/chats/chat_a/nix", 400),
        ("/console/dead/revive", 422),
        ("/console/nix", 405),
    ] {
        let unread = ana.post(path, &[("nix", "1")]).await;
        answers(&unread, status, &["<main", "role=\"alert\"", "Back"]);
    }
    let huge = "9".repeat((2 << 20) + 1);
    let huge = ana.post("/console/find", &[("q", &huge)]).await;
    answers(&huge, 413, &["<main"]);

    // A key that is revoked.
    let wanted = [("name", "leo"), ("admin", "on")];
    let made = ana.post("/console/settings/keys", &wanted).await;
    let leo = Browser::with_key(&api, between(&made, "id=\"made-key\">", "<")).await;
    let settings = leo.get("/console/settings").await;
    has(&settings, &["This is your own key"]);
    let revoked = leo.post("/console/settings/keys/leo/revoke", &[]).await;
    let led = leo.get(&revoked.sent_to).await;
    assert_eq!(
        led.sent_to,
        "/console/login?to=%2Fconsole%2Fsettings&ended=true"
    );
    has(
        &leo.get(&led.sent_to).await,
        &["You are not signed in any more"],
    );
    let eyes = Browser::with_key(&api, EYES).await;
    has(
        &eyes.get("/console").await,
        &["href=\"/console/numbers\"", "href=\"/console/audit\""],
    );
}

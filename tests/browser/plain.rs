//! A browser that runs no scripts: every page can be read, and everything be done.

use serde_json::json;

use crate::chromium::Chromium;
use crate::pages::{How, PAGES};
use crate::scene::{ADMIN, ANA, Scene};
use crate::support::eventually;

#[tokio::test]
async fn without_scripts_every_page_is_read_and_every_act_is_done() {
    let mut scene = Scene::full().await;
    let browser = Chromium::at(&scene.system.api).await;
    let off = json!({"value": true});
    browser
        .chrome("Emulation.setScriptExecutionDisabled", off)
        .await;
    browser.come_in(ADMIN).await;
    browser.is_at("/console").await;
    assert_eq!(
        browser
            .run("return customElements.get('lull-countdown') === undefined")
            .await,
        true
    );

    for page in PAGES.iter().filter(|it| matches!(it.how, How::Open)) {
        page.opened(&browser, Some(&scene)).await;
        let text = browser.text().await;
        assert!(text.len() > 100, "{}: {text}", page.route);
        assert_eq!(
            browser.complaints().await,
            Vec::<String>::new(),
            "{}",
            page.route
        );
    }

    browser.fill("#search", ANA).await;
    browser.click("form.search button").await;
    eventually("she is found", async || {
        let found = browser.text().await;
        found.contains("What happened?") || found.contains("Leave to a person")
    })
    .await;
    browser.open("/console").await;
    browser.press("5561933332222").await;
    browser.press("Send 1 message now").await;
    browser.reads("Sent now: 1 messages.").await;
    let call = scene.system.default.call().await;
    assert_eq!(call.messages(), ["oi, tudo bem?"]);
}

//! What must hold of each page, when there is nothing, when there is something of everything, and when Redis is away: it can be
//! used by everybody (axe-core), fits, asks nothing of another host, breaks no policy, and no text of anybody does anything.

use crate::chromium::{Chromium, DESK, PHONE};
use crate::pages::{How, PAGES, Page};
use crate::scene::{ADMIN, Scene};
use crate::support::system::System;

/// What axe-core finds: the rule, and the first elements that break it.
const AXE: &str = "return axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
    violations.map(({ id, help, nodes }) => `${id}: ${help}\\n` + nodes.slice(0, 3)
        .map((it) => `      ${it.html.slice(0, 200)}\\n      ${(it.any[0] ?? it.all[0] ?? it.none[0])?.message}`).join('\\n')))";

/// Whatever came from elsewhere.
const FOREIGN: &str = "return performance.getEntriesByType('resource').map((it) => it.name)
    .filter((it) => new URL(it).origin !== location.origin)";

/// Whether something is wider than the window.
const TOO_WIDE: &str = "const width = document.documentElement.clientWidth;
    return document.documentElement.scrollWidth <= width ? [] : [...document.querySelectorAll('main *')]
        .filter((it) => it.getBoundingClientRect().right > width + 1).slice(0, 3).map((it) => it.outerHTML.slice(0, 200))";

/// What somebody's text has done.
const TAKEN: &str = "return document.title === 'taken' || document.querySelector('img') ? ['somebody has written into the page'] : []";

/// What is wrong with a page that is open.
async fn faults_of(browser: &Chromium, page: &Page) -> Vec<String> {
    let mut faults = Vec::new();
    let axe = std::fs::read_to_string(crate::program("AXE")).unwrap();
    browser.run(&axe).await;
    // What is folded up is for everybody, too.
    browser
        .run("document.querySelectorAll('details').forEach((it) => { it.open = true; })")
        .await;
    for (size, dark) in [(PHONE, false), (PHONE, true), (DESK, false), (DESK, true)] {
        browser.looks(size, dark).await;
        for script in [AXE, TOO_WIDE, FOREIGN, TAKEN] {
            let found = browser.run(script).await;
            let found = found.as_array().unwrap().iter();
            let found = found.map(|it| it.as_str().unwrap().to_owned());
            faults.extend(found.map(|it| format!("{} ({}): {it}", page.route, browser.look())));
        }
    }
    let complaints = browser.complaints().await.into_iter();
    faults.extend(complaints.map(|it| format!("{}: {it}", page.route)));
    faults
}

/// Looks at all pages, those for strangers first.
async fn look_at_all(browser: &Chromium, scene: Option<&Scene>, key: Option<&str>) {
    let mut faults = Vec::new();
    for page in PAGES.iter().filter(|it| matches!(it.how, How::Stranger)) {
        page.opened(browser, scene).await;
        faults.extend(faults_of(browser, page).await);
    }
    if let Some(key) = key {
        browser.come_in(key).await;
    }
    for page in PAGES.iter().filter(|it| !matches!(it.how, How::Stranger)) {
        page.opened(browser, scene).await;
        faults.extend(faults_of(browser, page).await);
    }
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n")
    );
}

#[tokio::test]
async fn where_nothing_has_happened_every_page_is_sound() {
    let system = System::open().await;
    let browser = Chromium::at(&system.api).await;

    look_at_all(&browser, None, Some(ADMIN)).await;
}

#[tokio::test]
async fn where_everything_has_happened_every_page_is_sound() {
    let scene = Scene::full().await;
    let browser = Chromium::at(&scene.system.api).await;

    look_at_all(&browser, Some(&scene), Some(ADMIN)).await;
}

#[tokio::test]
async fn while_redis_is_away_every_page_is_sound() {
    let mut scene = Scene::full().await;
    let browser = Chromium::with_key(&scene.system.api, ADMIN).await;
    browser.is_at("/console").await;
    scene.system.redis.kill();

    look_at_all(&browser, Some(&scene), None).await;
}

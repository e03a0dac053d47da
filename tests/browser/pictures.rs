//! The pictures of the console in the docs, taken of a Lull to which invented people write. Only `make pictures` runs this.

use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::chromium::{Chromium, DESK, PHONE};
use crate::scene::{ADMIN, evolution, posted};
use crate::support::system::System;
use crate::support::{Answer, Receiver, eventually};

const FOLDER: &str = "docs/console";
/// Pictures are loaded with pages that are read on a phone, so none may have more bytes.
const LARGEST: usize = 60_000;
/// Unfolds what else can be said of a chat.
const FOLD: &str = "for (const it of document.querySelectorAll('.verdict details')) it.open = true";
const ANA: &str = "5511988887777";

/// Takes a picture of what is on the screen, light and dark.
async fn take(browser: &Chromium, name: &str, size: (u32, u32)) {
    for (dark, ending) in [(false, ""), (true, "-dark")] {
        browser.looks(size, dark).await;
        // What is painted is what the page says by then.
        browser
            .run("return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
            .await;
        let wanted = json!({ "format": "webp", "quality": 70 });
        let taken = browser.chrome("Page.captureScreenshot", wanted).await;
        let picture = STANDARD.decode(taken["data"].as_str().unwrap()).unwrap();
        assert!(
            picture.len() <= LARGEST,
            "{name}{ending}: {} bytes",
            picture.len()
        );
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{name}{ending}.webp")), picture).unwrap();
    }
}

async fn posts(system: &System, buffer: &str, mut post: Value) {
    post["instance"] = json!(buffer);
    let path = format!("/api/webhook/{buffer}");
    let (status, answer) = system.api.post(&path, post).await;
    assert_eq!(status, 200, "{answer}");
}

/// Waits until a list of the api has so many.
async fn holds(system: &System, path: &str, count: usize) {
    eventually(path, async || {
        let (_, answer) = system.api.get(path).await;
        answer["items"].as_array().map_or(0, Vec::len) >= count
    })
    .await;
}

/// A customer who says three things, types meanwhile, and is answered at the second try.
async fn asks_for_a_price(system: &mut System) {
    system.default.answer_with(
        &[Answer::Full(503, "", "Service Unavailable")],
        Answer::Full(200, "", "Workflow was started"),
    );
    // What the picture shows is how long people take.
    for (pause, id, text) in [
        (0, "A1", "oi"),
        (2, "A2", "tudo bem?"),
        (3, "A3", "qual o preço da torta de limão?"),
    ] {
        sleep(Duration::from_secs(pause)).await;
        posts(system, "loja", evolution(ANA, "Ana", id, text)).await;
    }
    holds(system, "/api/history?status=delivered", 1).await;
    sleep(Duration::from_secs(2)).await;
    posts(
        system,
        "loja",
        posted(
            "send.message",
            ANA,
            "Ana",
            "B1",
            "A de limão custa R$ 49 😊",
            true,
        ),
    )
    .await;
}

/// What was given up on, and what waits.
async fn goes_wrong(system: &System) {
    for (buffer, user, text) in [
        ("agenda", "5521977776666", "quero remarcar minha consulta"),
        ("agenda", "5531966665555", "vocês abrem no sábado?"),
        (
            "boletos",
            "5541955554444",
            "segunda via do boleto, por favor",
        ),
        ("boletos", "5551944443333", "o link não abre"),
    ] {
        let message = json!({"user": user, "message": text, "ttl": 0.1});
        let (status, answer) = system
            .api
            .post(&format!("/api/buffers/{buffer}/messages"), message)
            .await;
        assert_eq!(status, 200, "{answer}");
    }
    holds(system, "/api/messages/dead-letter", 2).await;
    holds(system, "/api/history?destination=agenda&status=failed", 2).await;
}

/// People who are writing now.
async fn write_now(system: &System) {
    for (number, name, texts) in [
        (
            "5561933332222",
            "Clara",
            &["bom dia!", "vocês entregam no Lago Norte?"][..],
        ),
        ("5571922221111", "Bruno", &["oi"][..]),
        (
            "5581911110000",
            "Elisa",
            &["quero encomendar um bolo", "para sábado", "de 20 fatias"][..],
        ),
        ("5585900001111", "Fábio", &["chegou, obrigado!"][..]),
    ] {
        sleep(Duration::from_secs(2)).await;
        for (n, text) in texts.iter().enumerate() {
            posts(
                system,
                "padaria",
                evolution(number, name, &format!("{number}{n}"), text),
            )
            .await;
        }
    }
}

#[tokio::test]
async fn pictures_are_taken_of_what_people_look_at_most() {
    let mut system = System::open().await;
    let busy = Receiver::answering(&[], Answer::Full(503, "Retry-After: 900\r\n", "busy")).await;
    let gone = Receiver::answering(&[], Answer::Full(410, "", "workflow not active")).await;
    let bot = system.default.url();
    for (name, url) in [
        ("n8n", bot),
        ("agenda", busy.url()),
        ("boletos", gone.url()),
    ] {
        system.destination(name, &url).await;
    }
    for (name, wait) in [("loja", 8), ("padaria", 60)] {
        let spec =
            json!({"source": "evolution", "window": {"wait": wait}, "destinations": ["n8n"]});
        system.buffer_of(name, spec).await;
    }
    for name in ["agenda", "boletos"] {
        system.buffer(name, &[name]).await;
    }
    let zone = json!({"timezone": "America/Sao_Paulo"});
    let set = system
        .api
        .request(Method::POST, "/api/settings/timezone", Some(zone))
        .await;
    assert_eq!(set.0, 200, "{}", set.1);
    let browser = Chromium::with_key(&system.api, ADMIN).await;
    browser.is_at("/console").await;

    asks_for_a_price(&mut system).await;
    goes_wrong(&system).await;
    browser.fill("#search", ANA).await;
    browser.click("form.search button").await;
    browser.is_at("/console/chats/").await;
    browser.open(&browser.url().await).await;
    take(&browser, "story-phone", PHONE).await;
    browser.run(FOLD).await;
    take(&browser, "story", DESK).await;

    write_now(&system).await;
    browser.looks(DESK, false).await;
    browser.open("/console").await;
    browser.reads("4 open").await;
    take(&browser, "now", DESK).await;
    take(&browser, "now-phone", PHONE).await;

    // By now it is told how destinations do.
    browser.looks(DESK, false).await;
    browser.open("/console/dead").await;
    take(&browser, "dead", DESK).await;
    browser.open("/console/waiting").await;
    take(&browser, "waiting-phone", PHONE).await;
}

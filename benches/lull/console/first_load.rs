//! What a browser loads that opens the console for the first time: the page of now, and all that it names.

use anyhow::{Result, ensure};
use serde::Serialize;

use super::viewers::Browser;

/// Something that is loaded.
#[derive(Debug, Serialize)]
pub(super) struct Part {
    /// Its path.
    pub(super) what: String,
    /// What comes over the wire, head and body.
    pub(super) bytes: f64,
}

/// All that is loaded.
#[derive(Debug, Serialize)]
pub(super) struct FirstLoad {
    pub(super) parts: Vec<Part>,
}

impl FirstLoad {
    /// Over the wire.
    pub(super) fn bytes(&self) -> f64 {
        self.parts.iter().map(|part| part.bytes).sum()
    }
}

/// Measures it.
pub(super) async fn measure(port: u16) -> Result<FirstLoad> {
    let browser = Browser::at(port).await?;
    let page = "/console";
    let html = browser.text(page).await?;
    let mut parts = vec![browser.load(page).await?];
    for path in named_in(&html) {
        parts.push(browser.load(&path).await?);
    }
    ensure!(
        parts.len() > 3,
        "a page names its styles, scripts and icons"
    );
    Ok(FirstLoad { parts })
}

/// The files that a page names, each once.
fn named_in(html: &str) -> Vec<String> {
    let mut named = Vec::new();
    for (at, _) in html.match_indices("/console/assets/") {
        let path = html[at..].split(['"', '#']).next().unwrap_or_default();
        if !named.iter().any(|it| it == path) {
            named.push(path.to_owned());
        }
    }
    named
}

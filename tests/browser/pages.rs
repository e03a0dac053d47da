//! The table of the console's pages, which everything that must hold of each of them goes through. A page that is added to the
//! console is added here, in one line.

use crate::chromium::Chromium;
use crate::scene::Scene;

/// A page of the console.
pub(crate) struct Page {
    /// The route that answers with it, and what is asked of it.
    pub(crate) route: &'static str,
    pub(crate) how: How,
}

/// How somebody comes to a page.
#[derive(Clone, Copy)]
pub(crate) enum How {
    /// By its address. What stands in braces is a name of the scene.
    Open,
    /// By its address, before coming in.
    Stranger,
    /// By sending a form with these fields. What stands in braces is a name of the scene.
    Post(&'static [(&'static str, &'static str)]),
}
use How::{Open, Post, Stranger};

/// All of them.
pub(crate) const PAGES: &[Page] = &[
    page("/console/login", Stranger),
    page("/console/login?link=nothing", Stranger),
    page("/console", Open),
    page("/console/more", Open),
    page("/console/find", Open),
    page("/console/find", Post(&[("q", "0000")])),
    page("/console/chats/{token}", Open),
    page("/console/chats/{token}?all=true", Open),
    page("/console/windows", Open),
    page("/console/waiting", Open),
    page("/console/dead", Open),
    page("/console/dead/preview", Post(&[("destination", "antigo")])),
    page("/console/history", Open),
    page("/console/history/{webhook_id}", Open),
    page("/console/posts", Open),
    page("/console/posts/try", Post(TRIAL)),
    page("/console/numbers", Open),
    page("/console/audit", Open),
    page("/console/settings", Open),
    page("/console/settings?check=true", Open),
    page(
        "/console/settings/keys",
        Post(&[("name", "painel"), ("read", "on")]),
    ),
    page("/console/destinations", Open),
    page("/console/destinations/.new", Open),
    page("/console/destinations/.preview", Post(DRAFT)),
    page("/console/destinations/.try", Post(DRAFT)),
    page("/console/destinations/{destination}", Open),
    page("/console/destinations/{destination}/edit", Open),
    page(
        "/console/destinations/{destination}/test",
        Post(&[("webhook_id", "")]),
    ),
    page("/console/schedules", Open),
    page("/console/schedules/.new", Open),
    page(
        "/console/schedules/.preview",
        Post(&[("of", "{schedule}"), ("cron", "61 * * * *")]),
    ),
    page("/console/schedules/{schedule}", Open),
    page("/console/schedules/{schedule}/edit", Open),
    page("/console/later", Open),
    page("/console/later?what=queue", Open),
    page("/console/buffers", Open),
    page("/console/buffers/{buffer}", Open),
    page("/console/buffers/{buffer}/{tab}", Open),
    page("/console/buffers/{buffer}/try", Open),
    page("/console/buffers/{buffer}/try", Post(&[("post", "{post}")])),
    page("/console/start", Open),
    page("/console/start", Post(START)),
    page("/console/start/.test", Post(START)),
    page("/console/start/{buffer}", Open),
    // No such page.
    page("/console/{*rest}", Open),
];

/// Routes that show no page of their own: parts of one, files, and what does something and goes back.
pub(crate) const OTHERS: &[&str] = &[
    "/",
    "/console/",
    "/console/assets/{file}",
    "/console/buffers/{buffer}/remove",
    "/console/buffers/{buffer}/secret",
    "/console/buffers/{buffer}/switch",
    "/console/chats/{token}/{act}",
    "/console/control",
    "/console/dead/revive",
    "/console/dead/{id}/{act}",
    "/console/destinations/{destination}/remove",
    "/console/destinations/{destination}/switch",
    "/console/history/{id}/send-again",
    "/console/later/queue/{id}/take-back",
    "/console/later/{id}/take-back",
    "/console/liking",
    "/console/logout",
    "/console/now",
    "/console/numbers.csv",
    "/console/schedules/{schedule}/{act}",
    "/console/settings/keys/{name}/revoke",
    "/console/settings/timezone",
    "/console/strip",
    "/console/waiting/{act}",
];

const fn page(route: &'static str, how: How) -> Page {
    Page { route, how }
}

const DRAFT: &[(&str, &str)] = &[
    ("of", "{destination}"),
    ("url", "http://127.0.0.1:9/"),
    ("method", "POST"),
];

/// What cannot be made, so that it is asked for again.
const START: &[(&str, &str)] = &[
    ("source", "waha"),
    ("name", "{buffer}"),
    ("destination", "default"),
    ("url", ""),
];

const TRIAL: &[(&str, &str)] = &[
    ("post", "{post}"),
    ("buffer", "loja"),
    ("back", "/console/posts"),
];

/// A text with names of the scene for what is in braces; where there is no scene, a name that nothing has.
fn named(text: &str, scene: Option<&Scene>) -> String {
    let mut named = text.replace("{*rest}", "no/such/page");
    while let Some((before, rest)) = named.split_once('{') {
        let (name, after) = rest.split_once('}').unwrap();
        let it = scene.map_or("nothing", |scene| &scene.names[name]);
        named = format!("{before}{it}{after}");
    }
    named
}

impl Page {
    /// Its address.
    pub(crate) fn path(&self, scene: Option<&Scene>) -> String {
        named(self.route, scene)
    }

    /// Brings a browser there.
    pub(crate) async fn opened(&self, browser: &Chromium, scene: Option<&Scene>) {
        let path = self.path(scene);
        let Post(fields) = self.how else {
            return browser.open(&path).await;
        };
        let fields = fields
            .iter()
            .map(|(name, value)| (*name, named(value, scene)));
        let fields: Vec<_> = fields.collect();
        browser.post(&path, &fields).await;
    }
}

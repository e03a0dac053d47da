//! Keys, time zone, language and look, the daemons, and what is to be said about the deployment.

mod checked;
mod keys;

use askama::Template;
use axum::Router;
use axum::extract::{Form, Query};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::json;

use super::narrow::names;
use super::zones;
use crate::console::Console;
use crate::console::acts::{Act, done};
use crate::console::asking::{Call, Refused};
use crate::console::shell::{Notice, Shell};
use crate::console::visit::{Visit, page};
use checked::Report;
use keys::{Key, Keys, Made, Wanted};

const HERE: &str = "/console/settings";
const ZONE: &str = "/api/settings/timezone";

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route(HERE, get(show))
        .route("/console/settings/keys", post(keys::make).get(show))
        .route("/console/settings/keys/{name}/revoke", post(keys::revoke))
        .route("/console/settings/timezone", post(set_zone))
}

/// As in `GET /api/daemons`.
#[derive(Debug, Deserialize)]
struct Daemons {
    items: Vec<Daemon>,
}

#[derive(Debug, Deserialize)]
struct Daemon {
    name: String,
    role: String,
    version: String,
    since: String,
    last_sign: String,
    alive: bool,
    stands: Vec<String>,
}

#[derive(Template)]
#[template(path = "settings/page.html")]
struct Page {
    shell: Shell,
    /// Each with the button that revokes it.
    keys: Result<Vec<(Key, Act)>, Refused>,
    /// A key that was made just now; nobody sees it again.
    made: Option<Made>,
    /// What somebody wrote, where it would not do.
    wanted: Wanted,
    buffers: Vec<String>,
    daemons: Result<Daemons, Refused>,
    /// What was found; none: nobody asked for it.
    report: Option<Result<Report, Refused>>,
    /// Commands that make a key, that set the zone, and that look at everything.
    curls: [String; 3],
}

impl Page {
    fn made_now(&self, made: &Made) -> String {
        let words = &self.shell.words.settings;
        words.made_now.with(&[("name", &made.name)])
    }

    fn made_ago(&self, key: &Key) -> String {
        let ago = self.shell.clock.ago(&key.made_at);
        self.shell.words.settings.made.with(&[("ago", &ago)])
    }

    fn used_ago(&self, key: &Key) -> String {
        let words = &self.shell.words.settings;
        let Some(at) = &key.last_used_at else {
            return words.never_used.clone();
        };
        let ago = self.shell.clock.ago(at);
        words.used.with(&[("ago", &ago)])
    }

    /// It is the one that whoever looks came in with.
    fn is_theirs(&self, key: &Key) -> bool {
        keys::is_of(&self.shell, key)
    }

    fn about(&self, daemon: &Daemon) -> String {
        let (words, clock) = (&self.shell.words.settings, &self.shell.clock);
        let version = words.version.with(&[("version", &daemon.version)]);
        let since = words.since.with(&[("ago", &clock.ago(&daemon.since))]);
        let sign = words
            .last_sign
            .with(&[("ago", &clock.ago(&daemon.last_sign))]);
        [version, since, sign].join(" · ")
    }

    fn stands(&self, daemon: &Daemon) -> String {
        let called = |it: &String| {
            let (kind, destination) = it.split_once(':').unwrap_or((it, ""));
            let kind = self.shell.words.work.of(kind);
            match destination {
                "" => kind.to_owned(),
                name => format!("{kind} ({name})"),
            }
        };
        let what = daemon.stands.iter().map(called).collect::<Vec<_>>();
        let what = what.join(", ");
        self.shell.words.settings.stands.with(&[("what", &what)])
    }

    fn zones(&self) -> impl Iterator<Item = &'static str> {
        zones()
    }
}

/// What is asked for beside the page.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    check: bool,
}

async fn show(visit: Visit, Query(Asked { check }): Query<Asked>) -> Response {
    let mut report = None;
    if check && visit.shell.may_change() {
        report = Some(checked::examine(&visit.ask).await);
    }
    page_with(visit, StatusCode::OK, None, Wanted::default(), report).await
}

/// The page, after what was made or could not be.
async fn answer(visit: Visit, status: StatusCode, made: Option<Made>, wanted: Wanted) -> Response {
    page_with(visit, status, made, wanted, None).await
}

async fn page_with(
    Visit { ask, mut shell }: Visit,
    status: StatusCode,
    made: Option<Made>,
    wanted: Wanted,
    report: Option<Result<Report, Refused>>,
) -> Response {
    // Whatever is done from here leads back here, and not to a key that is made again.
    if shell.here.starts_with("/console/settings/") {
        shell.here = HERE.to_owned();
    }
    let (keys, buffers, daemons) = tokio::join!(
        ask.get::<Keys>("/api/keys", &[]),
        names(&ask, "/api/buffers", ""),
        ask.get("/api/daemons", &[]),
    );
    let with_act = |key: Key| {
        let act = keys::revoking(&ask, &shell, &key);
        (key, act)
    };
    let keys = keys.map(|keys| keys.items.into_iter().map(with_act).collect());
    let zone = zone_set(shell.clock.zone.name());
    let shown = Page {
        curls: [
            keys::making(&ask),
            zone.curl(&ask.origin()),
            checked::curl(&ask),
        ],
        report,
        shell,
        keys,
        made,
        wanted,
        buffers,
        daemons,
    };
    page(&ask, status, &shown)
}

#[derive(Deserialize)]
struct Zone {
    timezone: String,
}

async fn set_zone(visit: Visit, Form(Zone { timezone }): Form<Zone>) -> Response {
    done(visit, &zone_set(timezone.trim()), "timezone", HERE).await
}

fn zone_set(zone: &str) -> Call {
    Call::post(ZONE, Some(json!({ "timezone": zone })))
}

/// What could not be done, as the page says it.
fn could_not(shell: &Shell, refused: &Refused) -> Notice {
    Notice {
        text: shell.refusal(refused),
        is_error: true,
        request_id: refused.request_id.clone(),
    }
}

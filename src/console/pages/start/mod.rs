//! The first run: from nothing to the first message. Which gateway, where the bot is, what to enter at the gateway, and then
//! what becomes of a message that somebody sends to themself.

mod walk;

use askama::Template;
use axum::Router;
use axum::extract::{Form, Path};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::buffers::{Buffer, Steps, has_own_secret, random_secret, sources};
use super::destinations::Tried;
use super::narrow::names;
use super::refused;
use crate::console::Console;
use crate::console::asking::{Call, Refused};
use crate::console::shell::{Notice, Shell};
use crate::console::spelling::segment;
use crate::console::visit::{HX_REQUEST, Visit, page};
use crate::core::chat::Name;
use walk::Walk;

/// The first page; those of a buffer are below it.
const HERE: &str = "/console/start";
const DESTINATIONS: &str = "/api/destinations";
/// What the first new destination is called.
const BOT: &str = "bot";

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route(HERE, get(ask_for).post(make))
        .route("/console/start/.test", post(test).get(ask_for))
        .route("/console/start/{buffer}", get(show))
}

/// What somebody wants.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Wanted {
    source: String,
    name: String,
    /// A destination that is there; empty: a new one at the URL.
    destination: String,
    url: String,
}

impl Wanted {
    /// Where a new destination is; none: one that is there is meant. Who types a URL means it, whatever else is chosen.
    fn new_url(&self) -> Option<&str> {
        let url = self.url.trim();
        (self.destination.is_empty() || !url.is_empty()).then_some(url)
    }

    /// What a new destination is called beside those that are there: a second bot as its buffer.
    fn new_name(&self, there: &[String]) -> String {
        let is_first = !there.iter().any(|it| it == BOT);
        let name = if is_first { BOT } else { self.name.trim() };
        name.to_owned()
    }

    fn buffer(&self, secret: Option<&str>) -> Call {
        let mut buffer = json!({
            "name": self.name.trim(), "source": self.source, "destinations": [self.destination],
        });
        if let Some(secret) = secret {
            buffer["secret"] = Value::from(secret);
        }
        Call::post("/api/buffers", Some(buffer))
    }

    /// A marked call to the bot.
    fn test(&self) -> Call {
        match self.new_url() {
            Some(url) => {
                let draft = json!({ "url": url });
                Call::post(format!("{DESTINATIONS}/test"), Some(draft))
            }
            None => Call::post(
                format!("{DESTINATIONS}/{}/test", segment(&self.destination)),
                None,
            ),
        }
    }
}

#[derive(Template)]
#[template(path = "start/page.html")]
struct Page {
    shell: Shell,
    wanted: Wanted,
    destinations: Vec<String>,
    /// What came of a marked call to the bot.
    tried: Option<Result<Tried, Refused>>,
}

impl Page {
    /// The gateways, and what each is called.
    fn sources(&self) -> Vec<(&'static str, String)> {
        sources(&self.shell)
    }

    /// Whether a destination is the one that was chosen.
    fn is_chosen(&self, name: &str) -> bool {
        self.wanted.destination == name
    }
}

#[derive(Template)]
#[template(path = "start/ready.html")]
struct Ready<'a> {
    shell: &'a Shell,
    buffer: Buffer,
    /// Shown once.
    secret: Option<String>,
    steps: Steps,
    walk: Walk<'a>,
}

async fn ask_for(visit: Visit) -> Response {
    form(visit, None, StatusCode::OK, None, None).await
}

/// Calls the bot, and comes back to the form as it was filled in.
async fn test(visit: Visit, Form(wanted): Form<Wanted>) -> Response {
    let tried = visit.ask.read::<Tried>(&wanted.test()).await;
    let status = match &tried {
        Ok(_) => StatusCode::OK,
        Err(refused) => refused.status,
    };
    form(visit, Some(wanted), status, None, Some(tried)).await
}

/// The form as it was filled in; none: it was not yet, and begins with a destination that is there.
async fn form(
    visit: Visit,
    wanted: Option<Wanted>,
    status: StatusCode,
    refusal: Option<&Refused>,
    tried: Option<Result<Tried, Refused>>,
) -> Response {
    let Visit { ask, mut shell } = visit;
    HERE.clone_into(&mut shell.here);
    if let Some(refused) = refusal {
        shell.notice = Some(Notice {
            text: shell.refusal(refused),
            is_error: true,
            request_id: refused.request_id.clone(),
        });
    }
    let mut destinations = names(&ask, DESTINATIONS, "").await;
    // The queue's own goes where `default` goes, and is no bot.
    destinations.retain(|it| it != Name::messages_name().as_str());
    let wanted = wanted.unwrap_or_else(|| Wanted {
        destination: destinations.first().cloned().unwrap_or_default(),
        ..Wanted::default()
    });
    let shown = Page {
        shell,
        wanted,
        destinations,
        tried,
    };
    page(&ask, status, &shown)
}

/// Makes the destination, where it is a new one, and the buffer. What is there is never written over.
async fn make(visit: Visit, Form(mut wanted): Form<Wanted>) -> Response {
    if let Some(url) = wanted.new_url() {
        let name = wanted.new_name(&names(&visit.ask, DESTINATIONS, "").await);
        let destination = json!({ "name": name, "url": url });
        let call = Call::post(DESTINATIONS, Some(destination));
        if let Err(refusal) = visit.ask.call(&call).await {
            return form(visit, Some(wanted), refusal.status, Some(&refusal), None).await;
        }
        // Whoever has to write the rest anew finds it chosen.
        wanted.destination = name;
        wanted.url.clear();
    }
    let made = (!has_own_secret(&visit.shell, &wanted.source)).then(random_secret);
    let secret = match made.transpose() {
        Ok(secret) => secret,
        Err(refusal) => return refused(&visit, &refusal, HERE),
    };
    let call = wanted.buffer(secret.as_deref());
    match visit.ask.read::<Buffer>(&call).await {
        Ok(buffer) => ready(visit, buffer, secret, StatusCode::CREATED).await,
        Err(refusal) => form(visit, Some(wanted), refusal.status, Some(&refusal), None).await,
    }
}

/// What to enter at the gateway, and what becomes of the first message; that alone where it is read again.
async fn show(Path(name): Path<String>, headers: HeaderMap, visit: Visit) -> Response {
    if headers.contains_key(HX_REQUEST) {
        let walk = Walk::of(&visit.ask, &visit.shell, &name).await;
        return page(&visit.ask, StatusCode::OK, &walk);
    }
    let path = format!("/api/buffers/{}", segment(&name));
    match visit.ask.get::<Buffer>(&path, &[]).await {
        Ok(buffer) => ready(visit, buffer, None, StatusCode::OK).await,
        Err(refusal) => refused(&visit, &refusal, HERE),
    }
}

async fn ready(
    visit: Visit,
    buffer: Buffer,
    secret: Option<String>,
    status: StatusCode,
) -> Response {
    let Visit { ask, mut shell } = visit;
    shell.here = format!("{HERE}/{}", segment(&buffer.name));
    let shown = Ready {
        steps: Steps::of(&ask, &shell, &buffer, secret.as_deref()),
        walk: Walk::of(&ask, &shell, &buffer.name).await,
        shell: &shell,
        buffer,
        secret,
    };
    page(&ask, status, &shown)
}

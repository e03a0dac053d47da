//! A schedule: its next times, its call and its last runs.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;

use super::answers::Schedule;
use super::{API, PATH, acts, own_time};
use crate::console::acts::Act;
use crate::console::asking::Refused;
use crate::console::pages::history::{History, Tried, about, tone};
use crate::console::pages::refused;
use crate::console::pages::tries::Tries;
use crate::console::shell::Shell;
use crate::console::spelling::segment;
use crate::console::visit::{Visit, page};

/// Runs that are shown.
const RUNS: &str = "15";

#[derive(Template)]
#[template(path = "schedules/one.html")]
struct Page {
    shell: Shell,
    it: Schedule,
    runs: Result<History, Refused>,
    acts: [Act; 3],
    /// The time line of its tries, as HTML.
    tries: Option<String>,
    edit: String,
}

impl Page {
    fn tone_of(&self, run: &Tried) -> &'static str {
        tone(&run.status)
    }

    fn about(&self, run: &Tried) -> String {
        about(&self.shell, run)
    }

    fn own_time(&self, at: &str) -> Option<String> {
        own_time(&self.shell, at, &self.it.timezone)
    }

    fn catch_up(&self) -> &str {
        let words = &self.shell.words.schedules;
        match self.it.catch_up.as_str() {
            "once" => &words.catch_up_once,
            _ => &words.catch_up_skip,
        }
    }
}

pub(super) async fn show(Path(name): Path<String>, visit: Visit) -> Response {
    let path = format!("{API}/{}", segment(&name));
    let runs = format!("{path}/runs");
    let (it, runs) = tokio::join!(
        visit.ask.get::<Schedule>(&path, &[]),
        visit.ask.get::<History>(&runs, &[("limit", RUNS)]),
    );
    let it = match it {
        Ok(it) => it,
        Err(refusal) => return refused(&visit, &refusal, PATH),
    };
    let Visit { ask, shell } = visit;
    let tries = Tries::of(&shell, &it.retry).and_then(|it| it.render().ok());
    let shown = Page {
        acts: acts::buttons(&ask, &shell, &it),
        edit: format!("{PATH}/{}/edit", segment(&it.name)),
        tries,
        runs,
        it,
        shell,
    };
    page(&ask, StatusCode::OK, &shown)
}

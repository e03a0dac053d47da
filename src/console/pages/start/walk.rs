//! What becomes of the first message of a buffer: it is posted, gathered, and handed to the bot.

use askama::Template;

use crate::console::asking::{Asking, Refused, with_query};
use crate::console::pages::history::{History, Tried};
use crate::console::pages::now::answers::{Window, Windows};
use crate::console::pages::posts::answers::{Post, Posts};
use crate::console::shell::Shell;
use crate::console::spelling::segment;

/// How far it is.
#[derive(Debug)]
enum Stage {
    /// Nothing was posted yet.
    Silent,
    /// The gateway was refused.
    Refused(Post),
    /// The gateway posted, and nothing that is a message for a window.
    NotTaken(Post),
    /// The window is open.
    Open(Window),
    /// It is on its way to the bot.
    Leaving,
    /// The bot did not take it, and is asked again, or not any more.
    Failed(Tried),
    /// The bot took it.
    Delivered(Tried),
}

/// The walk, as it is read again every two seconds.
#[derive(Template)]
#[template(path = "start/walk.html")]
pub(super) struct Walk<'a> {
    shell: &'a Shell,
    name: String,
    stage: Result<Stage, Refused>,
}

impl<'a> Walk<'a> {
    /// How far the newest message of a buffer is.
    pub(super) async fn of(ask: &Asking, shell: &'a Shell, name: &str) -> Self {
        Self {
            shell,
            stage: stage(ask, name).await,
            name: name.to_owned(),
        }
    }

    fn path(&self) -> String {
        format!("/console/start/{}", segment(&self.name))
    }

    fn posts(&self) -> String {
        with_query("/console/posts", &[("buffer", &self.name)])
    }

    fn refusal(&self, post: &Post) -> String {
        let code = post.code.as_deref().unwrap_or_default();
        self.shell.words.refusals.of(code).to_owned()
    }

    fn ago(&self, post: &Post) -> String {
        self.shell.clock.ago(&post.at)
    }

    /// What came of its last try.
    fn summary(&self, tried: &Tried) -> String {
        let last = tried.attempts.last().map(|last| &*last.summary);
        let said = last.or(tried.why.as_deref()).unwrap_or_default();
        self.shell.words.told(said)
    }

    /// How long that took.
    fn took(&self, tried: &Tried) -> String {
        let took = tried.attempts.last().map(|last| last.duration_ms);
        self.shell.clock.length(took.unwrap_or_default())
    }

    /// Whether a step is done, under way, or not yet: a class of the styles.
    fn step(&self, number: u8) -> &'static str {
        let at = match &self.stage {
            Err(_) | Ok(Stage::Silent | Stage::Refused(_) | Stage::NotTaken(_)) => 1,
            Ok(Stage::Open(_)) => 2,
            Ok(Stage::Leaving | Stage::Failed(_)) => 3,
            Ok(Stage::Delivered(_)) => 4,
        };
        match number.cmp(&at) {
            std::cmp::Ordering::Less => "done",
            std::cmp::Ordering::Equal => "now",
            std::cmp::Ordering::Greater => "next",
        }
    }
}

async fn stage(ask: &Asking, name: &str) -> Result<Stage, Refused> {
    let query = [("buffer", name), ("limit", "1")];
    let (windows, tried, posts) = tokio::join!(
        ask.get::<Windows>("/api/chats", &query),
        ask.get::<History>("/api/history", &query),
        ask.get::<Posts>("/api/posts", &query),
    );
    if let Some(window) = windows?.items.into_iter().next() {
        return Ok(Stage::Open(window));
    }
    if let Some(tried) = tried?.items.into_iter().next() {
        return Ok(match tried.status.as_str() {
            "delivered" => Stage::Delivered(tried),
            _ => Stage::Failed(tried),
        });
    }
    let Some(post) = posts?.items.into_iter().next() else {
        return Ok(Stage::Silent);
    };
    Ok(match post.result.as_str() {
        "taken" => Stage::Leaving,
        "refused" => Stage::Refused(post),
        _ => Stage::NotTaken(post),
    })
}

//! What became of what was posted: counted by buffer, told in a log line and put into a list, unless it was taken. What
//! was taken is in the list of received messages already, by the step that took it.

use std::borrow::Cow;

use tracing::{debug, info};

use super::Ingest;
use super::hiding::without_secrets;
use crate::core::chat::{ChatId, Name};
use crate::core::code::Code;
use crate::core::incoming::Incoming;
use crate::core::post::PostResult;
use crate::gateway::Person;
use crate::store::history::posts::{MOST, MOST_BODY_BYTES, Post};
use crate::store::windows::Taken;
use crate::telemetry::bursts::Bursts;

/// Most things out of one post that are listed; all are counted.
const MOST_OF_ONE_POST: usize = 16;
/// Most characters of a reason.
const LONGEST_REASON: usize = 300;

/// The lines about posts that were not taken.
pub(super) struct PostLines {
    ignored: Bursts,
    refused: Bursts,
}

impl Default for PostLines {
    fn default() -> Self {
        Self {
            ignored: Bursts::new(|posts, results| {
                info!(
                    posts,
                    results, "{posts} more posts were not taken within the second: {results}"
                );
            }),
            refused: Bursts::new(|posts, codes| {
                info!(
                    posts,
                    codes, "{posts} more posts were refused within the second: {codes}"
                );
            }),
        }
    }
}

/// Something that was posted and came into no window as a message of its own.
#[derive(Debug)]
pub(super) struct Untaken {
    result: PostResult,
    reason: Cow<'static, str>,
    chat: Option<ChatId>,
    /// Who wrote it, in a group.
    writer: Option<String>,
    id: Option<String>,
    /// What was said, as JSON.
    message: Option<String>,
}

impl Untaken {
    /// What is no message, and what became of it.
    pub(super) fn event(
        result: PostResult,
        reason: impl Into<Cow<'static, str>>,
        chat: Option<ChatId>,
    ) -> Self {
        Self {
            result,
            reason: reason.into(),
            chat,
            writer: None,
            id: None,
            message: None,
        }
    }

    /// A message that could be read.
    pub(super) fn message(result: PostResult, incoming: &Incoming) -> Self {
        Self {
            result,
            reason: result.text().into(),
            chat: Some(incoming.user.clone()),
            writer: None,
            id: incoming.message_id.clone(),
            message: Some(incoming.message.get().to_owned()),
        }
    }

    pub(super) fn with_id(self, id: Option<String>) -> Self {
        Self { id, ..self }
    }

    /// The same with who wrote it, where the chat is a group: the number, if it is known.
    pub(super) fn by(self, writer: Option<&Person>) -> Self {
        let name = |writer: &Person| writer.phone.clone().unwrap_or_else(|| writer.name().into());
        let writer = writer.map(name);
        Self { writer, ..self }
    }
}

/// What became of a message that came to its window.
pub(super) fn result_of(taken: Taken) -> PostResult {
    match taken {
        Taken::Appended => PostResult::Taken,
        Taken::Duplicate => PostResult::Duplicate,
        Taken::Repeated => PostResult::Repeated,
        Taken::Paused => PostResult::Paused,
    }
}

impl Ingest {
    /// Counts what was posted for a buffer; none: for no buffer that there is.
    pub(super) fn count_post(&self, buffer: Option<&Name>, result: PostResult) {
        self.0.metrics.posts.count(buffer, result);
        self.0.metrics.tally.post(result);
    }

    /// Tells of what was not taken out of one post, and lists it; `body` is the post. Messages were counted where they came
    /// to their windows.
    pub(super) async fn note_untaken(
        &self,
        buffer: &Name,
        untaken: Vec<Untaken>,
        body: Option<&[u8]>,
    ) {
        let mut body = body;
        let mut posts = Vec::new();
        for it in untaken {
            if let PostResult::Ignored(_) | PostResult::Changed = it.result {
                self.count_post(Some(buffer), it.result);
            }
            let result = it.result.word();
            if it.result != PostResult::Changed && self.0.post_lines.ignored.take(result) {
                info!(%buffer, result, "A post for {buffer} was not taken: {result}");
            }
            if posts.len() < MOST_OF_ONE_POST {
                // Of what came in one post the first has all of it.
                let body = body.take_if(|_| it.message.is_none());
                posts.push(self.listed(Some(buffer), it, body));
            }
        }
        self.list(Some(buffer), &posts).await;
    }

    /// Counts what was refused, tells of it, and lists it. `body` is the post, if whoever sent it may post here.
    pub async fn note_refused(
        &self,
        buffer: Option<&Name>,
        code: Code,
        reason: String,
        body: Option<&[u8]>,
    ) {
        let result = PostResult::Refused(code);
        self.count_post(buffer, result);
        if let Some(buffer) = buffer {
            self.0.lines.refused(buffer, code);
        }
        // Strangers can be refused as often as they like: only what has a line of its own is listed.
        if !self.0.post_lines.refused.take(code.word()) {
            return;
        }
        let (named, code_word) = (buffer.map_or("", Name::as_str), code.word());
        info!(
            buffer = named,
            code = code_word,
            "A post for {} was refused: {code_word}",
            if named.is_empty() { "no buffer" } else { named }
        );
        let is_of_redis = [
            Code::StorageUnavailable,
            Code::StorageFull,
            Code::StorageDiskFailed,
            Code::NotOnReplicas,
        ];
        if !is_of_redis.contains(&code) {
            let untaken = Untaken::event(result, reason, None);
            let post = self.listed(buffer, untaken, body);
            self.list(buffer, &[post]).await;
        }
    }

    fn listed(&self, buffer: Option<&Name>, untaken: Untaken, body: Option<&[u8]>) -> Post {
        let Untaken {
            result,
            reason,
            chat,
            writer,
            id,
            message,
        } = untaken;
        let body = body.filter(|_| self.0.payloads);
        let snapshot = self.0.registry.get();
        let own = buffer.and_then(|buffer| snapshot.buffer(buffer)?.secret.as_deref());
        let kept = body.filter(|body| body.len() <= MOST_BODY_BYTES);
        Post {
            buffer: buffer.map(Name::to_string),
            chat: chat.map(|chat| chat.as_str().to_owned()),
            writer,
            result: result.word().to_owned(),
            code: result.code().map(|code| code.word().to_owned()),
            reason: Some(reason.chars().take(LONGEST_REASON).collect()),
            id,
            bytes: body.map(|body| body.len() as u64),
            message: message.filter(|it| self.0.payloads && it.len() <= MOST_BODY_BYTES),
            body: kept.map(|body| without_secrets(&String::from_utf8_lossy(body), own)),
        }
    }

    async fn list(&self, buffer: Option<&Name>, posts: &[Post]) {
        // What is over makes no Redis fuller that is about to be full.
        if posts.is_empty() || self.0.memory_guard.is_full() {
            return;
        }
        let most = MOST.min(self.0.retention.history);
        let history = self.0.store.history();
        if let Err(error) = history.note_posts(buffer, posts, most).await {
            debug!(error = %error, "Could not list a post that was not taken: {error}");
        }
    }
}

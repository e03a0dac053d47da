//! One of our own messages: whether its chat is left to whoever wrote it.

use tracing::debug;

use super::{Ingest, IngestError};
use crate::core::chat::Chat;
use crate::gateway::{Author, Gateway, Own};
use crate::spec::Buffer;
use crate::store::chats::own_messages::CameAs;
use crate::store::chats::pausing::Pauser;
use crate::store::history::told::Answer;

/// Most characters that are kept of what our side wrote.
const LONGEST_ANSWER: usize = 1000;

impl Ingest {
    /// Leaves a chat alone in which one of our people wrote, if the buffer says so; else answers why nothing came of it.
    ///
    /// It does so only where it is certain that a person wrote it. Where that is not told, it is as likely the echo of
    /// the bot's own answer, and a bot that silences itself with each answer is worse than one that talks on beside a
    /// person.
    ///
    /// # Errors
    /// As [`Ingest::pause`].
    pub(super) async fn own(
        &self,
        buffer: &Buffer,
        gateway: Gateway,
        chat: &Chat,
        own: &Own,
    ) -> Result<Option<&'static str>, IngestError> {
        // Whoever of us talks with the person need not be joined by a follow-up.
        if buffer.pause.is_none() && buffer.follow_up.is_none() {
            return Ok(Some("our own message"));
        }
        match (self.author(buffer, gateway, chat, own).await?, buffer.pause) {
            (Author::Human, Some(length)) => {
                self.pause(chat, length, &Pauser::OwnMessage).await?;
                return Ok(None);
            }
            (Author::Human, None) => {
                self.0.store.follow_ups().cancel(chat).await?;
            }
            (Author::Unknown, Some(_)) if own.user.is_some() => {
                return Ok(Some(
                    "our own message, by a user in whose name the bot may answer, too: \"bots\" would tell",
                ));
            }
            (Author::Unknown, Some(_)) => {
                return Ok(Some(
                    "our own message, which may be the bot's as well as a person's",
                ));
            }
            (Author::Bot, _) | (Author::Unknown, None) => {}
        }
        Ok(Some("our own message"))
    }

    /// Notes what our side wrote, for the story of the chat. What is over makes no Redis fuller that is about to be full.
    pub(super) async fn note_answer(&self, chat: &Chat, own: &Own) {
        if self.0.memory_guard.is_full() {
            return;
        }
        let text = own.text.as_ref().filter(|_| self.0.payloads);
        let answer = Answer {
            by: own.by,
            text: text.map(|text| text.chars().take(LONGEST_ANSWER).collect()),
            id: own.id.clone(),
        };
        let most = self.kept(chat).most;
        let history = self.0.store.history();
        if let Err(error) = history.note_answer(chat, &answer, most).await {
            debug!(error = %error, "Could not note what our side wrote: {error}");
        }
    }

    /// Who wrote it, also by what came before under the same id. If the echo of what a program sent comes first, the
    /// pause ends as soon as it is found out.
    async fn author(
        &self,
        buffer: &Buffer,
        gateway: Gateway,
        chat: &Chat,
        own: &Own,
    ) -> Result<Author, IngestError> {
        let by = buffer.people.author(own);
        let (Some(id), true) = (&own.id, gateway.has_echoes()) else {
            return Ok(by);
        };
        let chats = self.0.store.chats();
        let came = match by {
            Author::Human => CameAs::Person,
            Author::Bot => CameAs::Program,
            Author::Unknown => return Ok(by),
        };
        if !chats.note_own(chat, id, came).await? {
            return Ok(by);
        }
        if came == CameAs::Program && buffer.pause.is_some() {
            chats.resume(chat).await?;
        }
        Ok(Author::Bot)
    }
}

//! A buffer as the daemons go by it.

use std::sync::Arc;
use std::time::Duration;

use chrono_tz::Tz;

use super::OnEdit;
use super::people::People;
use crate::core::chat::{Chat, ChatId, Name};
use crate::core::destination::Target;
use crate::core::follow_up::FollowUp;
use crate::core::language::Language;
use crate::core::life::Life;
use crate::core::window::WindowRules;
use crate::core::words::WordRules;
use crate::spec::amqp::AmqpQueues;
use crate::spec::source::Source;

/// Most bytes of a gateway's post, unless its buffer or `MAX_BODY_BYTES` says otherwise: a photo of a phone in base64, and
/// most voice messages and documents.
const MOST_POSTED_BYTES: usize = 16 * 1024 * 1024;

/// A buffer as the daemons go by it.
#[derive(Clone, Debug)]
pub struct Buffer {
    /// What it is called.
    pub name: Name,
    /// How a post is read.
    pub source: Source,
    /// When its windows close.
    pub window: WindowRules,
    /// What the words decide.
    pub words: WordRules,
    /// The zone that moments are written in.
    pub zone: Tz,
    /// The language of `text` in payloads; none but for gateways, as other payloads have none.
    pub language: Option<Language>,
    /// Most bytes of a post, where it is not as all others.
    pub max_body_bytes: Option<usize>,
    /// Most bytes of a file that was posted with its message.
    pub max_file_bytes: u64,
    /// What becomes of a message that a person changes or takes back.
    pub on_edit: OnEdit,
    /// How long a chat is left alone in which one of our own people writes; without, it is not.
    pub pause: Option<Duration>,
    /// Who is a person and who a bot.
    pub people: People,
    /// What posts must prove to know.
    pub secret: Option<String>,
    /// What a gateway must know that asks before its first post.
    pub verify_token: Option<String>,
    /// Where its batches go.
    pub destinations: Arc<[Target]>,
    /// All its chats go by one lane to each.
    pub ordered: bool,
    /// How its chats are followed up; without, they are not.
    pub follow_up: Option<FollowUp>,
    /// The queues of RabbitMQ that it takes messages from, if any.
    pub amqp: Option<AmqpQueues>,
    /// Whether it takes messages.
    pub active: bool,
    /// Which of all that ever bore its name it is.
    pub life: Life,
}

impl Buffer {
    /// Most bytes of a post for it, where others may have `usual` and all together `largest`, 0 for any number. A body that
    /// all together may not be as large as would be refused for ever.
    pub fn max_post_bytes(&self, usual: usize, largest: usize) -> usize {
        let largest = match largest {
            0 => usize::MAX,
            all => all,
        };
        match (self.max_body_bytes, &self.source) {
            (Some(own), _) => own.min(largest),
            (None, Source::Gateway(_)) => MOST_POSTED_BYTES.max(usual).min(largest),
            (None, Source::Fields { .. }) => usual,
        }
    }

    /// The chat of a person in it.
    pub fn chat(&self, id: ChatId) -> Chat {
        Chat {
            buffer: self.name.clone(),
            id,
            ordered: self.ordered,
        }
    }
}

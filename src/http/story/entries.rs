//! What happened in a chat, as its story shows it.

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::admin::story::{Closed, Entry, Tried, What};
use crate::core::moment::{seconds, utc};
use crate::core::window::WaitRule;
use crate::gateway::Author;

/// Something that happened.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StoryEntry)]
pub(super) struct EntryAnswer {
    /// When (RFC 3339, UTC); of what is to come, when it will be.
    #[schema(format = DateTime)]
    at: String,
    /// What.
    #[serde(flatten)]
    what: Happened,
}

/// What happened.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
#[schema(as = StoryEvent)]
enum Happened {
    /// The person said something, and it was taken in.
    Received {
        /// The client's id for it.
        message_id: Option<String>,
        /// What it is: `text`, `image`, …; null where payloads are not kept.
        #[serde(rename = "type")]
        kind: Option<String>,
        /// The words in it.
        text: Option<String>,
        /// All of it; null where payloads are not kept.
        #[schema(value_type = Option<Value>)]
        message: Option<Box<RawValue>>,
        /// The `webhook-id`s of the batches it is in, of those that were tried.
        webhook_ids: Vec<String>,
    },
    /// Something was posted of the person that came into no window as a message of its own.
    Ignored {
        /// Why, in a word, as in `GET /api/posts`.
        result: String,
        /// Why, for people.
        reason: Option<String>,
        /// The id of the message.
        message_id: Option<String>,
    },
    /// Our side wrote, as the gateway told of it.
    Answered {
        /// Who of us, as far as that is told.
        by: Author,
        /// What was written; null where payloads are not kept.
        text: Option<String>,
        /// The gateway's id of the message.
        message_id: Option<String>,
    },
    /// The window was closed, or a batch was made without one.
    Closed {
        /// The `webhook-id` of the batch.
        webhook_id: String,
        /// Where it goes.
        destinations: Vec<String>,
        /// What closed the window.
        reason: String,
        /// How many messages it holds.
        messages: u64,
        /// When the first of them came.
        #[schema(format = DateTime)]
        opened_at: String,
        /// The quiet window that the last of them set, in ms; null: there was none.
        wait_ms: Option<u64>,
        /// Which rule set it; null: the wait of its buffer.
        wait_rule: Option<WaitRule>,
        /// By so many ms typing has held the window.
        typing_ms: u64,
        /// The `webhook-id` of the batch that somebody sent again in this one; null: it was made of what was said.
        repeats: Option<String>,
    },
    /// A batch was tried; the moment is when that had ended.
    Attempt {
        /// Its `webhook-id`.
        webhook_id: String,
        /// Where it went.
        destination: String,
        /// The number of the try; 1 is the first.
        attempt: u32,
        /// The HTTP status; null: there was no answer.
        status: Option<u16>,
        /// How long it took, in ms.
        duration_ms: u64,
        /// What happened, for people.
        summary: String,
        /// The beginning of the answer's body; null where payloads are not kept.
        answer: Option<String>,
        /// The destination has taken it.
        delivered: bool,
    },
    /// A batch was given up on.
    GivenUp {
        /// Its `webhook-id`.
        webhook_id: String,
        /// Where it was to go.
        destination: String,
        /// The reason that was given, else the result of the last try.
        reason: Option<String>,
        /// The id of the dead letter, if it is still there.
        dead_letter: Option<String>,
    },
    /// Somebody did something to the chat.
    Act {
        /// What, as in the audit: `chat.pause`, `chat.resume`, `chat.flush`, `lane.give_up`, `dead_letter.revive`, …
        action: String,
        /// To what of the chat: the destination of a lane, the id of a dead letter, or the new `webhook-id` of what was sent again;
        /// null: to the chat itself.
        subject: Option<String>,
        /// The name of the key of who did it.
        actor: Option<String>,
        /// To how many messages.
        count: Option<u64>,
    },
    /// A message waits for a time of its own.
    Later {
        /// Its id.
        message_id: String,
        /// What is to be said.
        #[schema(value_type = Value)]
        message: Box<RawValue>,
    },
    /// A follow-up waits.
    FollowUp {
        /// Its number, from 1.
        number: u32,
    },
    /// The window is open; the moment is when it closes if nothing more is said.
    Open {
        /// How many messages it holds.
        messages: u64,
        /// Seconds until then.
        expires_in: f64,
    },
}

pub(super) fn shown(entry: Entry) -> EntryAnswer {
    EntryAnswer {
        at: utc(entry.at),
        what: happened(entry.what),
    }
}

fn happened(what: What) -> Happened {
    match what {
        What::Said { item, batches } => Happened::Received {
            message_id: item.as_ref().and_then(|item| item.id.clone()),
            kind: item.as_ref().map(|item| item.kind().to_owned()),
            text: item.as_ref().and_then(|item| item.text()).map(Into::into),
            message: item.map(|item| item.message),
            webhook_ids: batches,
        },
        What::Untaken(posted) => Happened::Ignored {
            result: posted.post.result,
            reason: posted.post.reason,
            message_id: posted.post.id,
        },
        What::Answered(answer) => Happened::Answered {
            by: answer.by,
            text: answer.text,
            message_id: answer.id,
        },
        What::Closed(it) => closed(it),
        What::Tried(it) => tried(it),
        What::GivenUp {
            webhook_id,
            destination,
            reason,
            dead_letter,
        } => Happened::GivenUp {
            webhook_id,
            destination,
            reason,
            dead_letter,
        },
        What::Acted(noted) => Happened::Act {
            subject: noted.act.part().map(str::to_owned),
            action: noted.act.action,
            actor: noted.act.actor,
            count: noted.act.count,
        },
        What::Later(kept) => Happened::Later {
            message_id: kept.id,
            message: kept.message,
        },
        What::FollowUp(waiting) => Happened::FollowUp {
            number: waiting.number,
        },
        What::Open(window) => Happened::Open {
            messages: window.count,
            expires_in: seconds(window.left),
        },
    }
}

fn closed(it: Closed) -> Happened {
    Happened::Closed {
        webhook_id: it.webhook_id,
        destinations: it.destinations,
        reason: it.reason,
        messages: it.messages,
        opened_at: utc(it.opened),
        wait_ms: it.gathered.map(|it| it.wait),
        wait_rule: it.gathered.and_then(|it| it.rule),
        typing_ms: it.gathered.map_or(0, |it| it.typing),
        repeats: it.repeats,
    }
}

fn tried(it: Tried) -> Happened {
    Happened::Attempt {
        webhook_id: it.webhook_id,
        destination: it.destination,
        attempt: it.made.number,
        status: it.made.status,
        duration_ms: it.made.ms,
        summary: it.made.summary,
        answer: it.made.answer,
        delivered: it.delivered,
    }
}

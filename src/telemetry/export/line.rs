//! A line: the shape of an item of `GET /api/history`, and the hash of the chat.

use serde::Serialize;

use crate::core::batch::Millis;
use crate::core::moment::utc;
use crate::core::window::WaitRule;
use crate::store::history::{Record, Try};

/// What was settled. The fields of the list are described at `GET /api/history`.
#[derive(Debug, Serialize)]
pub(super) struct Line<'a> {
    webhook_id: &'a str,
    user: &'a str,
    buffer: &'a str,
    token: Option<String>,
    /// What stands for the chat in the logs.
    hash: Option<String>,
    destination: &'a str,
    status: &'a str,
    messages: u64,
    reason: &'a str,
    opened_at: String,
    closed_at: String,
    wait_ms: Option<u64>,
    wait_rule: Option<WaitRule>,
    typing_ms: u64,
    repeats: Option<&'a str>,
    said: Vec<Said<'a>>,
    settled_at: String,
    attempts: Vec<Attempt<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
    request: Option<Request<'a>>,
    response: Option<Response<'a>>,
}

#[derive(Debug, Serialize)]
struct Said<'a> {
    at: String,
    message_id: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct Attempt<'a> {
    attempt: u32,
    at: String,
    status: Option<u16>,
    duration_ms: u64,
    summary: &'a str,
}

#[derive(Debug, Serialize)]
struct Request<'a> {
    method: &'a str,
    url: &'a str,
    body: Option<&'a str>,
    bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct Response<'a> {
    status: u16,
    head: Option<&'a str>,
}

impl<'a> Line<'a> {
    pub(super) fn of(
        record: &'a Record,
        earlier: &'a [(Millis, Try)],
        at: Millis,
        token: Option<String>,
        hash: Option<String>,
    ) -> Self {
        let earlier = earlier.iter().map(|(at, made)| attempt(*at, made));
        let last = record.last.as_ref();
        let request = record.request.as_ref().map(|request| Request {
            method: &request.method,
            url: &request.url,
            body: request.body.as_deref(),
            bytes: request.bytes,
            note: request.note(),
        });
        let response = last.and_then(|last| {
            Some(Response {
                status: last.status?,
                head: last.answer.as_deref(),
            })
        });
        let said = record.stamps.iter().map(|stamp| Said {
            at: utc(stamp.at),
            message_id: stamp.id.as_deref(),
        });
        Self {
            webhook_id: &record.id,
            user: &record.chat,
            buffer: &record.buffer,
            token,
            hash,
            destination: &record.destination,
            status: &record.outcome,
            messages: record.messages,
            reason: &record.reason,
            opened_at: utc(record.opened),
            closed_at: utc(record.closed),
            wait_ms: record.gathered.map(|it| it.wait),
            wait_rule: record.gathered.and_then(|it| it.rule),
            typing_ms: record.gathered.map_or(0, |it| it.typing),
            repeats: record.repeats.as_deref(),
            said: said.collect(),
            settled_at: utc(at),
            attempts: earlier.chain(last.map(|last| attempt(at, last))).collect(),
            why: record.why.as_deref(),
            request,
            response,
        }
    }
}

fn attempt(at: Millis, made: &Try) -> Attempt<'_> {
    Attempt {
        attempt: made.number,
        at: utc(at),
        status: made.status,
        duration_ms: made.ms,
        summary: &made.summary,
    }
}

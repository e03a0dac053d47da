//! What came in, what went out, and who did what.

use super::operation::Op;
use super::tags::Tag;
use super::taking::ENTRY;
use crate::http::audit::AuditQuery;
use crate::http::query::ListQuery;
use crate::wire::answer::{AuditAnswer, SentAnswer};
use crate::wire::buffer_compat::{ForwardedAnswer, ReceivedAnswer};
use crate::wire::history::HistoryAnswer;

pub(super) fn operations() -> Vec<Op> {
    vec![list(), sent(), forwarded(), received(), audit()]
}

const ALL: [&str; 8] = [
    "limit",
    "cursor",
    "user",
    "buffer",
    "destination",
    "status",
    "from",
    "to",
];

fn list() -> Op {
    Op::get(Tag::History, "/api/history")
        .says(
            "List batches that were tried",
            "With their calls, answers and attempts, the newest first.",
        )
        .query::<ListQuery>(&ALL)
        .matching(&["cursor"], ENTRY)
        .answers_page::<HistoryAnswer>("A page of batches.")
}

fn sent() -> Op {
    Op::get(Tag::History, "/api/messages/sent")
        .says("List delivered batches", "The newest first.")
        .query::<ListQuery>(&ALL)
        .matching(&["cursor"], ENTRY)
        .answers_page::<SentAnswer>("A page of batches.")
}

fn forwarded() -> Op {
    Op::get(Tag::History, "/api/messages/forwarded")
        .says(
            "List calls",
            "One entry for each attempt, the newest first. Without `limit` and `cursor` the newest 100 as a bare list.",
        )
        .query::<ListQuery>(&ALL)
        .matching(&["cursor"], ENTRY)
        .by_words(&["buffer", "destination"])
        .answers_newest::<ForwardedAnswer>("Calls.")
}

fn received() -> Op {
    Op::get(Tag::History, "/api/messages/received")
        .says(
            "List messages as they came",
            "The newest first. Without `limit` and `cursor` the newest 100 as a bare list.",
        )
        .query::<ListQuery>(&ALL)
        .matching(&["cursor"], ENTRY)
        .by_words(&["buffer", "destination"])
        .answers_newest::<ReceivedAnswer>("Messages.")
}

fn audit() -> Op {
    Op::get(Tag::History, "/api/audit")
        .says(
            "List what was done",
            "What was changed and done by hand, when, by whom and from where, the newest first.",
        )
        .query::<ListQuery>(&["limit", "cursor", "from", "to"])
        .matching(&["cursor"], ENTRY)
        .query::<AuditQuery>(&["action", "deliveries"])
        .answers_page::<AuditAnswer>("A page of entries.")
}

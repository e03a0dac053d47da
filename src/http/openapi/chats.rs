//! Open windows, and what can be done to a chat.

use serde_json::json;

use super::operation::Op;
use super::tags::Tag;
use super::taking::DUE;
use crate::http::chats::Everything;
use crate::http::query::{BufferQuery, ListQuery};
use crate::wire::answer::{Closed, OpenWindow};
use crate::wire::chat_detail::ChatAnswer;
use crate::wire::history::ErasedAnswer;
use crate::wire::ingest_answers::Paused;
use crate::wire::request_bodies::{PauseBody, PauseForm};

pub(super) fn operations() -> Vec<Op> {
    vec![list(), show(), cancel(), flush(), pause(), resume()]
}

fn list() -> Op {
    Op::get(Tag::Chats, "/api/chats")
        .says("List open windows", "The next to close first.")
        .query::<ListQuery>(&["limit", "cursor", "user", "buffer"])
        .matching(&["cursor"], DUE)
        .answers_page::<OpenWindow>("A page of open windows.")
}

fn show() -> Op {
    Op::get(Tag::Chats, "/api/chats/{user}")
        .says(
            "Show a chat whole",
            "Its window with what was said, messages for later, a follow-up that waits, lanes, and the newest 50 each of history and dead letters. Of what is large it holds as much as begins within 8 MiB, and `more_in` names the fields of which not everything is shown. A chat that never was is empty.",
        )
        .query::<BufferQuery>(&["buffer"])
        .answers::<ChatAnswer>(200, "All that is there of the chat.")
}

fn cancel() -> Op {
    Op::delete(Tag::Chats, "/api/chats/{user}")
        .says(
            "Drop a window, or erase a chat",
            "Drops the open window. With `everything=true` erases every trace of the chat, for people who ask for it; that cannot be undone.",
        )
        .query::<BufferQuery>(&["buffer"])
        .query::<Everything>(&["everything"])
        .answers_one_of::<Closed<'_>, ErasedAnswer<'_>>(200, "What was dropped, or erased.")
}

fn flush() -> Op {
    Op::post(Tag::Chats, "/api/chats/{user}/flush")
        .says(
            "Close a window now",
            "Its messages are on their way at once. Without an open window nothing happens.",
        )
        .query::<BufferQuery>(&["buffer"])
        .answers::<Closed<'_>>(200, "How many messages are on their way.")
        .refusing(&[404])
}

fn pause() -> Op {
    Op::post(Tag::Chats, "/api/chats/{user}/pause")
        .says(
            "Leave a chat to a person",
            "Drops its window, and what is said until the pause ends: an hour, or as long as the body says, at most a year.",
        )
        .query::<BufferQuery>(&["buffer"])
        .body::<PauseBody>(&json!({ "for": 1800 }))
        .or_form::<PauseForm>()
        .or_nothing()
        .answers::<Paused<'_>>(200, "How long, and how many messages were dropped.")
        .refusing(&[404])
}

fn resume() -> Op {
    Op::post(Tag::Chats, "/api/chats/{user}/resume")
        .says(
            "End a pause",
            "Messages of the chat are gathered again. Without a pause nothing happens.",
        )
        .query::<BufferQuery>(&["buffer"])
        .answers::<Paused<'_>>(200, "The chat is not paused.")
        .refusing(&[404])
}

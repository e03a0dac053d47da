//! The chapters of the document, in the order in which a newcomer needs them.

use utoipa::openapi::tag::{Tag as Chapter, TagBuilder};

/// A chapter.
#[derive(Clone, Copy)]
pub(super) enum Tag {
    Messages,
    Chats,
    Buffers,
    Destinations,
    Queue,
    Schedules,
    History,
    DeadLetters,
    Control,
    Service,
    ContractB,
    ContractC,
    ContractD,
}

use Tag::{
    Buffers, Chats, ContractB, ContractC, ContractD, Control, DeadLetters, Destinations, History,
    Messages, Queue, Schedules, Service,
};

const ALL: [Tag; 13] = [
    Messages,
    Chats,
    Buffers,
    Destinations,
    Queue,
    Schedules,
    History,
    DeadLetters,
    Control,
    Service,
    ContractB,
    ContractC,
    ContractD,
];

impl Tag {
    pub(super) fn name(self) -> &'static str {
        self.in_words().0
    }

    fn in_words(self) -> (&'static str, &'static str) {
        match self {
            Messages => (
                "messages",
                "What people said: each message is put into the window of its chat.",
            ),
            Chats => (
                "chats",
                "Open windows: see, close or drop them, leave a chat to a person, erase it.",
            ),
            Buffers => (
                "buffers",
                "Where key and text are found in a post, how long to wait, where to deliver.",
            ),
            Destinations => (
                "destinations",
                "Where batches go: URL, headers, body, retries, signature.",
            ),
            Queue => (
                "queue",
                "Messages that leave one by one, at a pace and in one order.",
            ),
            Schedules => ("schedules", "Calls that are made at certain times."),
            History => ("history", "What came in, what went out, and who did what."),
            DeadLetters => (
                "dead letters",
                "Batches that were given up on, kept whole: see them, try them again, drop them.",
            ),
            Control => ("control", "Deliveries, stopped and started by hand."),
            Service => ("service", "Health, metrics and this document."),
            ContractB => (
                "contract: Buffer",
                "Buffers, forwardings and the time zone as clients of the service Buffer write them.",
            ),
            ContractC => (
                "contract: Buffer Service",
                "A message that brings its webhook and its buffer along.",
            ),
            ContractD => (
                "contract: Celery Redis buffer",
                "A message as clients of the Celery Redis buffer post it.",
            ),
        }
    }
}

pub(super) fn chapters() -> impl Iterator<Item = Chapter> {
    ALL.into_iter().map(|tag| {
        let (name, about) = tag.in_words();
        TagBuilder::new()
            .name(name)
            .description(Some(about))
            .build()
    })
}

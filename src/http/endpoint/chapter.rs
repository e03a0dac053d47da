//! The chapters of the document, in the order in which a newcomer needs them.

use utoipa::openapi::tag::{Tag, TagBuilder};

/// A chapter.
#[derive(Clone, Copy)]
pub(in crate::http) enum Chapter {
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
    Buffer,
    BufferService,
    Celery,
}

use Chapter::{
    Buffer, BufferService, Buffers, Celery, Chats, Control, DeadLetters, Destinations, History,
    Messages, Queue, Schedules, Service,
};

const ALL: [Chapter; 13] = [
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
    Buffer,
    BufferService,
    Celery,
];

impl Chapter {
    pub(in crate::http) fn name(self) -> &'static str {
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
            Buffer => (
                "contract: Buffer",
                "Buffers, forwardings and the time zone as clients of the service Buffer write them.",
            ),
            BufferService => (
                "contract: Buffer Service",
                "A message that brings its webhook and its buffer along.",
            ),
            Celery => (
                "contract: Celery Redis buffer",
                "A message as clients of the Celery Redis buffer post it.",
            ),
        }
    }
}

pub(in crate::http) fn chapters() -> impl Iterator<Item = Tag> {
    ALL.into_iter().map(|chapter| {
        let (name, about) = chapter.in_words();
        TagBuilder::new()
            .name(name)
            .description(Some(about))
            .build()
    })
}

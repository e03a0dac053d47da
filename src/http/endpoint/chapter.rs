//! The chapters of the document, in the order in which a newcomer needs them.

use utoipa::openapi::tag::{Tag, TagBuilder};

/// Makes the enum of chapters, so that none is without its name, what it is about and its place among the others.
macro_rules! chapters {
    ($($chapter:ident = $name:literal $about:literal,)*) => {
        /// A chapter.
        #[derive(Clone, Copy)]
        pub(in crate::http) enum Chapter {
            $($chapter,)*
        }

        impl Chapter {
            pub(in crate::http) fn name(self) -> &'static str {
                match self { $(Self::$chapter => $name,)* }
            }
        }

        const ALL: &[(&str, &str)] = &[$(($name, $about)),*];
    };
}

chapters! {
    Messages = "messages" "What people said: each message is put into the window of its chat.",
    Chats = "chats" "Open windows: see, close or drop them, leave a chat to a person, erase it.",
    Buffers = "buffers" "Where key and text are found in a post, how long to wait, where to deliver.",
    Destinations = "destinations" "Where batches go: URL, headers, body, retries, signature.",
    Queue = "queue" "Messages that leave one by one, at a pace and in one order.",
    Schedules = "schedules" "Calls that are made at certain times.",
    History = "history" "What came in, what went out, and who did what.",
    Lanes = "lanes" "What waits for which destination, and what holds it: see it, try it now, give up on it.",
    DeadLetters = "dead letters" "Batches that were given up on, kept whole: see them, try them again, drop them.",
    Control = "control" "Deliveries, stopped and started by hand.",
    Keys = "keys" "Keys of this API: make, list and revoke them.",
    Service = "service" "Health, metrics and this document.",
    Buffer = "contract: Buffer" "Buffers, forwardings and the time zone as clients of the service Buffer write them.",
    BufferService = "contract: Buffer Service" "A message that brings its webhook and its buffer along.",
    Celery = "contract: Celery Redis buffer" "A message as clients of the Celery Redis buffer post it.",
}

/// All chapters, as the document has them.
pub(in crate::http) fn chapters() -> impl Iterator<Item = Tag> {
    ALL.iter().map(|(name, about)| {
        TagBuilder::new()
            .name(*name)
            .description(Some(*about))
            .build()
    })
}

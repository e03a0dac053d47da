//! Why something that an operator asked for was not done.

use thiserror::Error;

use crate::core::batch::BatchId;
use crate::core::chat::Name;
use crate::delivery::BodyError;
use crate::delivery::trial::TrialError;
use crate::ingest::IngestError;
use crate::spec::SpecError;
use crate::store::StoreError;
use crate::store::config::Kind;

/// Why something was not done, or cannot be shown. Unless it says otherwise, nothing was changed.
#[derive(Debug, Error)]
pub enum AdminError {
    /// What was named is not there.
    #[error(transparent)]
    NoSuch(#[from] NoSuch),
    /// It does not go with what is there.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// A buffer, a destination or a schedule that cannot be.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// A destination that is tried makes no body of the sample.
    #[error("no body can be made of the test message: {0}")]
    Sample(BodyError),
    /// Not all that was said in a batch is there to be sent again.
    #[error(transparent)]
    NotKept(#[from] NotKept),
    /// There is no room for it.
    #[error(transparent)]
    Ingest(#[from] IngestError),
    /// Nothing the caller did. It may have been done.
    #[error("{}", .0.told())]
    Store(#[from] StoreError),
}

/// What was named and is not there.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum NoSuch {
    /// A buffer, a destination or a schedule.
    #[error("there is no {} of this name", .0.as_str())]
    Kind(Kind),
    /// A buffer, named by any words, to do something in.
    #[error("there is no buffer {0:?}")]
    Buffer(String),
    /// A chat: nothing is known of it.
    #[error("nothing is known of {sought:?} in {place}")]
    Chat {
        /// What was looked for.
        sought: String,
        /// Where.
        place: String,
    },
    /// A chat that nobody was heard in, by a name that none of its buffer will have.
    #[error(
        "nobody called {sought:?} was heard in buffer {buffer}, whose chats are called by their line: to pause a chat before it is heard, name it as in {named:?}"
    )]
    Unheard {
        /// The name.
        sought: String,
        /// The buffer.
        buffer: Name,
        /// What it would be called on the first line.
        named: String,
    },
    /// A batch: it is neither waiting nor over, or nothing is kept of it any more.
    #[error(
        "nothing is known of the batch {0}: it is not in the history, not among the dead letters, and on no lane that was looked at"
    )]
    Batch(BatchId),
    /// A batch to this destination: it did not go there, or nothing is kept of that any more.
    #[error(
        "nothing is known of the batch {0} at the destination {1}: GET /api/history/{0} names those it went to"
    )]
    BatchTo(BatchId, Name),
    /// A post: it was not kept, or is gone.
    #[error("there is no post {0} of which the body is kept (any more)")]
    Post(String),
    /// What was said in a batch: it was not kept, or is gone.
    #[error("nothing of what was said in the batch {0} is kept (any more)")]
    Said(BatchId),
    /// A dead letter: it was revived or dropped, or never was.
    #[error("there is no dead letter with this id (any more)")]
    DeadLetter,
    /// A key: it was revoked, or never was, or is one of the environment.
    #[error("there is no key of this name in Redis")]
    Key,
    /// A lane on which something waits, or the batch that was named as its first.
    #[error(
        "nothing of this chat waits for this destination, or the batch that you named is not the first (any more)"
    )]
    Lane,
    /// A message for later: it has left or was taken back, or never was.
    #[error("no message with this id waits for its time (any more)")]
    Scheduled,
    /// A message of the queue: it has left or was taken back, or never was.
    #[error("no message with this id waits in the queue (any more)")]
    Queued,
}

/// A batch of which not all is there that was said.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error(
    "not all that was said in the batch {0} is kept as it was sent, so it cannot be sent again"
)]
pub struct NotKept(pub BatchId);

/// What is there that it does not go with.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Conflict {
    /// One of this name is there already.
    #[error("there is a {} {name} already", kind.as_str())]
    Exists {
        /// Of which kind.
        kind: Kind,
        /// Its name.
        name: Name,
    },
    /// A key of this name is there already.
    #[error("there is a key {0} already: choose another name, or revoke it first")]
    KeyExists(Name),
    /// There are as many keys as may be.
    #[error("there are {0} keys, and that is the most: revoke one first")]
    TooManyKeys(usize),
    /// It was to be written over another version than it has.
    #[error("the {} {name} was changed since: {}", kind.as_str(), now(*version))]
    Changed {
        /// Of which kind.
        kind: Kind,
        /// Its name.
        name: String,
        /// The version that it has; none: it is not there.
        version: Option<u64>,
    },
    /// The environment describes it, and nobody else.
    #[error(
        "the {} {name} is described by the settings of the daemons: change it there, or choose another name",
        kind.as_str()
    )]
    OfEnvironment {
        /// Of which kind.
        kind: Kind,
        /// Its name.
        name: Name,
    },
    /// It is being removed.
    #[error("the {} {name} is being removed", kind.as_str())]
    BeingRemoved {
        /// Of which kind.
        kind: Kind,
        /// Its name.
        name: Name,
    },
    /// Somebody else has written it while it was to go.
    #[error("{0} was written anew while it was to be removed, and is there")]
    WrittenAnew(Name),
    /// Something came in while it was to go only if nothing stood there.
    #[error("{0} was in use when it was to be removed, and stays as it was: try again")]
    InUse(Name),
    /// A buffer in which something waits.
    #[error("{name} has {}", waiting(*windows, *later))]
    HoldsMessages {
        /// Its name.
        name: Name,
        /// Its open windows.
        windows: u64,
        /// Its messages that wait for their time.
        later: u64,
    },
    /// A destination for which batches wait.
    #[error("batches of {chats} chats wait for {name}")]
    BatchesWait {
        /// Its name.
        name: Name,
        /// The chats that have batches waiting.
        chats: u64,
    },
    /// A destination that buffers name.
    #[error("{name} is a destination of {}: take it out there first", buffers.join(", "))]
    Named {
        /// Its name.
        name: Name,
        /// Theirs.
        buffers: Vec<String>,
    },
    /// A buffer that cannot be used, so that nothing of it can be delivered first.
    #[error("{0} cannot be used, so nothing of it can be delivered")]
    Unusable(Name),
    /// A destination that is stopped, so that its batches cannot be delivered first.
    #[error("{0} is stopped, so its batches cannot be delivered")]
    Stopped(Name),
    /// A destination of the environment whose URL only monitor is told.
    #[error("this api does not know WEBHOOK_URL: give it the settings of monitor")]
    UntoldUrl,
    /// Several chats have this number, or begin so.
    #[error("{sought:?} may be any of {}", chats.join(", "))]
    SeveralPeople {
        /// What was looked for.
        sought: String,
        /// The chats, each with its buffer.
        chats: Vec<String>,
    },
    /// Messages of several chats have the id.
    #[error("messages of several chats have this id")]
    SeveralChats,
    /// An attempt at what is to be tried or given up on is on its way.
    #[error("an attempt is on its way: wait until it is over")]
    InHand,
    /// A message that is being tried, or was.
    #[error("it is being tried, or was tried before, and cannot be taken back")]
    Tried,
    /// The batch of another chat comes first on the lane of an ordered buffer.
    #[error("the batch of another chat comes first, because the buffer is ordered")]
    AnotherFirst,
    /// A batch that went to several destinations.
    #[error("the batch was delivered to several destinations: {}", .0.join(", "))]
    SeveralDestinations(Vec<String>),
    /// A batch that was not delivered to a destination, of which something is known there.
    #[error("the batch was not delivered to {0}, so there is nothing to send again")]
    NotDelivered(String),
    /// The same of one that waits there.
    #[error("the batch still waits for {0}, and is sent by itself")]
    StillWaits(String),
    /// The same of one that is a dead letter there.
    #[error("the batch is a dead letter of {0}")]
    IsDead(String),
    /// As many revivals are under way as may be.
    #[error("so many revivals are under way that no other can begin: wait until some are over")]
    TooManyRevivals,
    /// The destination of a batch that is to be sent again is not there.
    #[error("there is no destination {0} (any more) that it could be sent to again")]
    NoWayAgain(String),
    /// What a dead letter would have to go back to is not there; says what.
    #[error("there is no {0} that it could go back to: create it first, or discard the letter")]
    NoWayBack(String),
    /// Others were faster again and again.
    #[error("others are changing buffers and destinations: try again")]
    Busy,
}

fn waiting(windows: u64, later: u64) -> String {
    match later {
        0 => format!("{windows} open windows"),
        later => format!("{windows} open windows and {later} messages that wait for their time"),
    }
}

fn now(version: Option<u64>) -> String {
    match version {
        Some(version) => format!("its version is {version}"),
        None => "it is not there".to_owned(),
    }
}

impl NoSuch {
    /// Nothing is known of what was looked for, in a buffer if one was named.
    pub(super) fn chat(sought: &str, buffer: Option<&Name>) -> Self {
        Self::Chat {
            sought: sought.to_owned(),
            place: buffer.map_or_else(|| "any buffer".to_owned(), |it| format!("buffer {it}")),
        }
    }
}

impl From<TrialError> for AdminError {
    fn from(error: TrialError) -> Self {
        match error {
            TrialError::Spec(error) => Self::Spec(error),
            TrialError::Body(error) => Self::Sample(error),
        }
    }
}

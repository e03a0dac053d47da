//! The steps that histories are made of.

use proptest::prelude::{Just, Strategy, any};
use proptest::prop_oneof;

use super::CHATS;

#[derive(Clone, Debug)]
pub(super) enum Step {
    Append {
        chat: usize,
        short: bool,
        what: What,
    },
    /// The last message of the window is said again.
    Repeat {
        chat: usize,
    },
    Pause {
        chat: usize,
    },
    Resume {
        chat: usize,
    },
    Hold {
        chat: usize,
        typing: bool,
    },
    Take {
        chat: usize,
    },
    Close {
        chat: usize,
    },
    Flush {
        chat: usize,
    },
    Cancel {
        chat: usize,
    },
    Lease {
        chat: usize,
        short: bool,
    },
    Settle {
        which: usize,
        how: How,
    },
    /// The monitor dies with everything in hand; its leases run out in their time.
    Crash,
    Hasten,
    Revive,
    /// A message that leaves at a time of its own.
    Keep {
        chat: usize,
        soon: bool,
    },
    /// What has waited for its time leaves.
    Send {
        chat: usize,
    },
    /// Everything that waits leaves, as when its buffer is drained.
    SendAll,
    /// One that waits is said again under its id, and then taken back.
    Recall {
        chat: usize,
    },
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum What {
    Text,
    /// To a buffer with fixed windows.
    Fixed,
    FlushWord,
    Medium,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum How {
    Deliver,
    /// And the chat is followed up if it stays silent.
    FollowUp,
    Retry,
    Bury,
    Release,
}

/// Any step, the likelier the more it does.
pub(super) fn step() -> impl Strategy<Value = Step> {
    let chat = 0..CHATS.len();
    let how = prop_oneof![3 => Just(How::Deliver), 1 => Just(How::FollowUp), 2 => Just(How::Retry), 3 => Just(How::Bury), 1 => Just(How::Release)];
    let what = prop_oneof![5 => Just(What::Text), 1 => Just(What::Fixed), 1 => Just(What::FlushWord), 1 => Just(What::Medium)];
    prop_oneof![
        8 => (chat.clone(), any::<bool>(), what).prop_map(|(chat, short, what)| Step::Append { chat, short, what }),
        2 => chat.clone().prop_map(|chat| Step::Repeat { chat }),
        1 => chat.clone().prop_map(|chat| Step::Pause { chat }),
        2 => chat.clone().prop_map(|chat| Step::Resume { chat }),
        2 => (chat.clone(), any::<bool>()).prop_map(|(chat, typing)| Step::Hold { chat, typing }),
        2 => chat.clone().prop_map(|chat| Step::Take { chat }),
        5 => chat.clone().prop_map(|chat| Step::Close { chat }),
        3 => chat.clone().prop_map(|chat| Step::Flush { chat }),
        1 => chat.clone().prop_map(|chat| Step::Cancel { chat }),
        6 => (chat.clone(), any::<bool>()).prop_map(|(chat, short)| Step::Lease { chat, short }),
        3 => (chat.clone(), any::<bool>()).prop_map(|(chat, soon)| Step::Keep { chat, soon }),
        2 => chat.clone().prop_map(|chat| Step::Send { chat }),
        1 => Just(Step::SendAll),
        1 => chat.prop_map(|chat| Step::Recall { chat }),
        6 => (any::<usize>(), how).prop_map(|(which, how)| Step::Settle { which, how }),
        1 => Just(Step::Crash),
        1 => Just(Step::Hasten),
        3 => Just(Step::Revive),
    ]
}

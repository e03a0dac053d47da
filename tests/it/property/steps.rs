//! The steps that histories are made of.

use lull::core::life::Asked;
use proptest::prelude::{Just, Strategy, any};
use proptest::prop_oneof;

use super::model::{PEOPLE, REPORT, What};

/// `late` means throughout: by somebody who was held up, and goes by what was there before.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Append {
        chat: usize,
        short: bool,
        how: Saying,
        late: bool,
    },
    /// The last message of the window is said again.
    Repeat {
        chat: usize,
    },
    Pause {
        chat: usize,
        late: bool,
    },
    Resume {
        chat: usize,
    },
    Hold {
        chat: usize,
        typing: bool,
    },
    Extend {
        chat: usize,
    },
    Take {
        chat: usize,
    },
    Close {
        chat: usize,
        late: bool,
    },
    Flush {
        chat: usize,
        late: bool,
    },
    Cancel {
        chat: usize,
    },
    /// Also of the schedule's chat.
    Lease {
        chat: usize,
        to_bot: bool,
        short: bool,
    },
    Settle {
        which: usize,
        how: How,
        late: bool,
    },
    /// The monitor dies with everything in hand; its leases run out in their time.
    Crash,
    Promote {
        bot: bool,
    },
    Revive,
    /// A message that leaves at a time of its own; in the schedule's chat a run by hand.
    Keep {
        chat: usize,
        soon: bool,
        late: bool,
    },
    /// What has waited for its time leaves.
    Send {
        chat: usize,
        late: bool,
    },
    /// Everything that waits leaves, as when its buffer is drained.
    SendAll,
    /// One that waits is said again under its id, and then taken back.
    Recall {
        chat: usize,
    },
    /// A monitor looks up what a person is asked, and the next run of the schedule.
    LookUp,
    /// What a person is asked goes onto its lane, or is put off; `looked_up`: by what was looked up before.
    FollowUp {
        chat: usize,
        put_off: bool,
        looked_up: bool,
        late: bool,
    },
    Erase {
        chat: usize,
    },
    /// The buffer delivers elsewhere from now on.
    Point {
        bot: bool,
    },
    Make {
        what: What,
    },
    /// Whoever removes it dies after so many steps of work, if given.
    Remove {
        what: What,
        asked: Asked,
        dies: Option<usize>,
    },
    /// Another daemon carries on a removal.
    CarryOn {
        what: What,
        dies: Option<usize>,
    },
    /// The schedule is written, perhaps as it was.
    Write {
        often: bool,
        active: bool,
    },
    /// A monitor brings the plan in line with the schedule.
    Plan {
        late: bool,
    },
    /// Time goes by for the schedule.
    Tick {
        seconds: u64,
    },
    /// A monitor makes the run that is due.
    Run {
        looked_up: bool,
        late: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Saying {
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

fn people() -> impl Strategy<Value = usize> + Clone {
    0..PEOPLE.len()
}

/// Mostly people.
fn chats() -> impl Strategy<Value = usize> + Clone {
    prop_oneof![4 => people(), 1 => Just(REPORT)]
}

fn late() -> impl Strategy<Value = bool> + Clone {
    prop_oneof![6 => Just(false), 1 => Just(true)]
}

/// What happens in a history: mostly single steps, and some in the order in which they lead to what is rare else.
pub(super) fn happening() -> impl Strategy<Value = Vec<Step>> {
    let how = prop_oneof![2 => Just(How::FollowUp), 1 => Just(How::Bury)];
    prop_oneof![
        30 => step().prop_map(|step| vec![step]),
        2 => (people(), how).prop_map(|(chat, how)| exchange(chat, how)),
        1 => (people(), late(), any::<bool>()).prop_map(|(chat, late, again)| asking(chat, late, again)),
        1 => (people(), 2..4_usize).prop_map(|(chat, times)| giving_up(chat, times)),
    ]
}

/// A person says something, and it is delivered, or not.
fn exchange(chat: usize, how: How) -> Vec<Step> {
    let (short, late) = (false, false);
    let lease = |to_bot| Step::Lease {
        chat,
        to_bot,
        short,
    };
    let how_said = Saying::Text;
    vec![
        Step::Append {
            chat,
            short,
            how: how_said,
            late,
        },
        Step::Flush { chat, late },
        lease(false),
        lease(true),
        Step::Settle {
            which: 0,
            how,
            late,
        },
        Step::Settle {
            which: 0,
            how,
            late,
        },
    ]
}

/// A person who was silent is asked, by what was looked up; `again`: they have said something since, and are silent again.
fn asking(chat: usize, late: bool, again: bool) -> Vec<Step> {
    let mut steps = exchange(chat, How::FollowUp);
    steps.push(Step::LookUp);
    if again {
        steps.extend(exchange(chat, How::FollowUp));
    }
    let (put_off, looked_up) = (false, true);
    steps.push(Step::FollowUp {
        chat,
        put_off,
        looked_up,
        late,
    });
    steps
}

/// What is given up on is revived, several batches of one lane.
fn giving_up(chat: usize, times: usize) -> Vec<Step> {
    let mut steps: Vec<_> = (0..times).flat_map(|_| exchange(chat, How::Bury)).collect();
    steps.push(Step::Revive);
    steps
}

/// Any step, the likelier the more it does.
fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        34 => saying(),
        24 => delivering(),
        14 => waiting(),
        9 => living(),
        9 => scheduling(),
    ]
}

fn saying() -> impl Strategy<Value = Step> {
    let how = prop_oneof![5 => Just(Saying::Text), 1 => Just(Saying::Fixed), 1 => Just(Saying::FlushWord), 1 => Just(Saying::Medium)];
    prop_oneof![
        8 => (people(), any::<bool>(), how, late()).prop_map(|(chat, short, how, late)| Step::Append { chat, short, how, late }),
        2 => people().prop_map(|chat| Step::Repeat { chat }),
        1 => (people(), late()).prop_map(|(chat, late)| Step::Pause { chat, late }),
        2 => people().prop_map(|chat| Step::Resume { chat }),
        2 => (people(), any::<bool>()).prop_map(|(chat, typing)| Step::Hold { chat, typing }),
        1 => people().prop_map(|chat| Step::Extend { chat }),
        2 => chats().prop_map(|chat| Step::Take { chat }),
        5 => (people(), late()).prop_map(|(chat, late)| Step::Close { chat, late }),
        3 => (people(), late()).prop_map(|(chat, late)| Step::Flush { chat, late }),
        1 => people().prop_map(|chat| Step::Cancel { chat }),
    ]
}

fn delivering() -> impl Strategy<Value = Step> {
    let how = prop_oneof![3 => Just(How::Deliver), 5 => Just(How::FollowUp), 2 => Just(How::Retry), 3 => Just(How::Bury), 1 => Just(How::Release)];
    prop_oneof![
        8 => (chats(), any::<bool>(), any::<bool>()).prop_map(|(chat, to_bot, short)| Step::Lease { chat, to_bot, short }),
        8 => (any::<usize>(), how, late()).prop_map(|(which, how, late)| Step::Settle { which, how, late }),
        1 => Just(Step::Crash),
        1 => any::<bool>().prop_map(|bot| Step::Promote { bot }),
        3 => Just(Step::Revive),
    ]
}

fn waiting() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (chats(), any::<bool>(), late()).prop_map(|(chat, soon, late)| Step::Keep { chat, soon, late }),
        4 => (chats(), late()).prop_map(|(chat, late)| Step::Send { chat, late }),
        1 => Just(Step::SendAll),
        1 => people().prop_map(|chat| Step::Recall { chat }),
        2 => Just(Step::LookUp),
        9 => (people(), prop_oneof![3 => Just(false), 1 => Just(true)], any::<bool>(), late()).prop_map(|(chat, put_off, looked_up, late)| Step::FollowUp { chat, put_off, looked_up, late }),
        1 => people().prop_map(|chat| Step::Erase { chat }),
    ]
}

fn what() -> impl Strategy<Value = What> + Clone {
    prop_oneof![Just(What::Buffer), Just(What::Bot), Just(What::Report)]
}

fn living() -> impl Strategy<Value = Step> {
    let asked = prop_oneof![Just(Asked::Empty), Just(Asked::Drain), Just(Asked::Discard)];
    let dies =
        || prop_oneof![1 => Just(None), 1 => Just(Some(0)), 2 => (1..400_usize).prop_map(Some)];
    prop_oneof![
        3 => any::<bool>().prop_map(|bot| Step::Point { bot }),
        5 => what().prop_map(|what| Step::Make { what }),
        3 => (what(), asked, dies()).prop_map(|(what, asked, dies)| Step::Remove { what, asked, dies }),
        4 => (what(), dies()).prop_map(|(what, dies)| Step::CarryOn { what, dies }),
    ]
}

fn scheduling() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => (any::<bool>(), prop_oneof![3 => Just(true), 1 => Just(false)]).prop_map(|(often, active)| Step::Write { often, active }),
        3 => late().prop_map(|late| Step::Plan { late }),
        3 => (1..30_u64).prop_map(|seconds| Step::Tick { seconds }),
        4 => (any::<bool>(), late()).prop_map(|(looked_up, late)| Step::Run { looked_up, late }),
    ]
}

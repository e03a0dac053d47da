//! What must be true, kept in the simplest way: numbers that were said, and where each may be.

use std::collections::{BTreeSet, HashMap};

use lull::core::batch::{BatchId, Millis};
use lull::core::chat::Name;
use lull::core::life::Life;
use lull::store::config::Kind;
use lull::store::config::removals::Removal;
use lull::store::lanes::Lease;
use lull::store::scheduled::{Planned, WaitingFollowUp};

/// Few, so that much happens to each.
pub(super) const PEOPLE: [&str; 2] = ["5511988887777", "{a:b}"];
/// What stands for the schedule where there are chats.
pub(super) const REPORT: usize = 2;

/// Where batches go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum To {
    /// That of the environment.
    Default,
    /// One that is made and removed.
    Bot,
    /// That of the schedule.
    Report,
}

impl To {
    pub(super) const ALL: [Self; 3] = [Self::Default, Self::Bot, Self::Report];

    pub(super) fn name(self) -> Name {
        match self {
            Self::Default => Name::default_name(),
            Self::Bot => What::Bot.name(),
            Self::Report => What::Report.name().of_its_schedule(),
        }
    }

    /// The chats that have lanes to it.
    pub(super) fn chats(self) -> &'static [usize] {
        match self {
            Self::Report => &[REPORT],
            Self::Default | Self::Bot => &[0, 1],
        }
    }
}

/// What is made and removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Buffer,
    Bot,
    Report,
}

impl What {
    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Buffer => Kind::Buffer,
            Self::Bot => Kind::Destination,
            Self::Report => Kind::Schedule,
        }
    }

    pub(super) fn name(self) -> Name {
        let text = match self {
            Self::Buffer => "loja",
            Self::Bot => "bot",
            Self::Report => "report",
        };
        Name::parse(text).unwrap()
    }
}

/// How far something with a life is.
#[derive(Clone, Debug)]
pub(super) enum Stage {
    Absent,
    Alive,
    /// `touched`: somebody has begun to carry it out, so nobody can tell what it still takes.
    Removing {
        removal: Removal,
        touched: bool,
    },
}

/// Something that is made and removed, again and again.
#[derive(Clone, Debug)]
pub(super) struct Being {
    pub(super) stage: Stage,
    /// That it has, or had last.
    pub(super) life: Life,
    /// The one before.
    pub(super) former: Option<Life>,
}

impl Default for Being {
    fn default() -> Self {
        Self {
            stage: Stage::Absent,
            life: Life::ALWAYS,
            former: None,
        }
    }
}

impl Being {
    pub(super) fn is_alive(&self) -> bool {
        matches!(self.stage, Stage::Alive)
    }

    pub(super) fn is_absent(&self) -> bool {
        matches!(self.stage, Stage::Absent)
    }

    /// Whether something is stored for it in this life; `None`: that depends on how far its removal is.
    pub(super) fn takes(&self, life: Life) -> Option<bool> {
        match &self.stage {
            _ if life != self.life => Some(false),
            Stage::Absent => Some(false),
            Stage::Alive | Stage::Removing { touched: false, .. } => Some(true),
            Stage::Removing { touched: true, .. } => None,
        }
    }

    /// The life that somebody goes by who knows the newest, or who was held up.
    pub(super) fn known_as(&self, late: bool) -> Life {
        self.former.filter(|_| late).unwrap_or(self.life)
    }

    pub(super) fn begins(&mut self, life: Life) {
        let lived = !self.life.is_endless();
        if lived && self.life != life {
            self.former = Some(self.life);
        }
        self.life = life;
        self.stage = Stage::Alive;
    }
}

/// A lease in somebody's hand.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) to: To,
    pub(super) chat: usize,
    /// It does not run out within a test.
    pub(super) lasting: bool,
    /// What it is about was dropped: it settles nothing any more.
    pub(super) void: bool,
    pub(super) lease: Lease,
}

/// When the schedule runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Times {
    pub(super) version: u64,
    /// Every so many ms.
    pub(super) every: Millis,
    pub(super) active: bool,
}

impl Times {
    pub(super) fn after(&self, at: Millis) -> Millis {
        (at / self.every + 1) * self.every
    }

    pub(super) fn mark(&self) -> String {
        format!("every-{}", self.every)
    }
}

/// The next run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) at: Millis,
    pub(super) version: u64,
    pub(super) mark: String,
}

/// See above.
#[derive(Default)]
pub(super) struct Model {
    /// Counts the steps.
    pub(super) turn: usize,
    /// Counts what was said.
    pub(super) said: usize,
    /// By chat.
    pub(super) accepted: [BTreeSet<usize>; 3],
    /// By destination and chat, in this order.
    pub(super) delivered: [[Vec<usize>; 3]; 3],
    /// By chat: cancelled, erased, discarded, or not wanted because the chat is paused.
    pub(super) dropped: [Vec<usize>; 3],
    pub(super) paused: [bool; 2],
    /// Over all people: in this order they came onto lanes.
    pub(super) closed: Vec<usize>,
    /// By destination, over all chats: in this order they were delivered.
    pub(super) all_delivered: [Vec<usize>; 3],
    /// In which turn each came onto its lane.
    pub(super) closed_in: HashMap<usize, usize>,
    /// In which turn each person was last heard from.
    pub(super) heard_in: [usize; 2],
    /// Ever given up on, or with a time of their own: they rightly come out of turn.
    pub(super) out_of_turn: BTreeSet<usize>,
    /// What each person is asked if nothing more is said.
    pub(super) follow_up: [Option<usize>; 2],
    /// Follow-ups that a monitor has looked up, and goes by when it comes to it.
    pub(super) looked_up: [Option<WaitingFollowUp>; 2],
    pub(super) leases: Vec<Held>,
    /// By destination and chat: lasting leases of a monitor that died, which block their lane.
    pub(super) orphaned: [[bool; 3]; 3],
    /// What stood under an id when it was first attempted.
    pub(super) attempted: HashMap<BatchId, String>,

    pub(super) buffer: Being,
    pub(super) bot: Being,
    pub(super) report: Being,
    /// The buffer delivers there, else to the default.
    pub(super) to_bot: bool,

    /// The time that schedules go by.
    pub(super) now: Millis,
    /// The newest times, and those before, which a monitor that was held up still goes by.
    pub(super) times: Option<Times>,
    pub(super) times_before: Option<Times>,
    pub(super) plan: Option<Plan>,
    /// A plan that a monitor has looked up, and goes by when it comes to it.
    pub(super) looked_up_plan: Option<Planned>,
    /// Due times that were made, in this life of the schedule.
    pub(super) made: BTreeSet<Millis>,
}

impl Model {
    pub(super) fn next(&mut self) -> usize {
        self.said += 1;
        self.said - 1
    }

    pub(super) fn being(&mut self, what: What) -> &mut Being {
        match what {
            What::Buffer => &mut self.buffer,
            What::Bot => &mut self.bot,
            What::Report => &mut self.report,
        }
    }

    /// A person has said something, whatever became of it.
    pub(super) fn hear(&mut self, chat: usize) {
        self.heard_in[chat] = self.turn;
        self.follow_up[chat] = None;
    }

    /// These have come onto a lane now.
    pub(super) fn close(&mut self, numbers: impl IntoIterator<Item = usize>) {
        for number in numbers {
            self.closed.push(number);
            self.closed_in.insert(number, self.turn);
        }
    }

    /// Whether the person has said something since this came onto its lane.
    pub(super) fn said_since(&self, chat: usize, number: usize) -> bool {
        self.heard_in[chat] >= self.closed_in[&number]
    }

    /// Nothing is on this lane any more, or nothing that this chat has in hand.
    pub(super) fn let_go(&mut self, to: To, chat: usize) {
        for held in &mut self.leases {
            held.void |= held.to == to && held.chat == chat;
        }
        self.orphaned[to as usize][chat] = false;
    }

    /// What planning by these times must lead to; answers whether it changes anything.
    pub(super) fn plan_by(&mut self, times: Times) -> bool {
        let (at, mark) = (times.after(self.now), times.mark());
        let before = self.plan.clone();
        match &mut self.plan {
            Some(plan) if plan.version >= times.version => {}
            Some(plan) if plan.mark == mark => plan.version = times.version,
            plan => {
                let version = times.version;
                *plan = Some(Plan { at, version, mark });
            }
        }
        self.plan != before
    }
}

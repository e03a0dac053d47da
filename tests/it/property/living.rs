//! What is made and removed, and the runs of a schedule.

use std::pin::pin;
use std::task::Poll;

use lull::core::batch::BatchId;
use lull::core::life::{Asked, Life};
use lull::spec::{BufferSpec, DestinationSpec, ScheduleSpec};
use lull::store::config::lives::Living;
use lull::store::config::removals::Begun;
use lull::store::config::removing::Outcome;
use lull::store::config::{Configured, Mode, Written};
use lull::store::keys::Shard;
use lull::store::scheduled::{Planned, Run};

use super::World;
use super::model::{PEOPLE, Plan, REPORT, Stage, Times, To, What};
use super::places::Places;
use super::talking::taken;
use crate::support::item;

/// A time between two due times.
pub(super) const BEGINNING: u64 = 1_000_001;
const OFTEN: u64 = 7_000;
const SELDOM: u64 = 11_000;

/// Does part of some work, as somebody who dies; without, all of it.
async fn until_death<T>(work: impl Future<Output = T>, dies: Option<usize>) -> Option<T> {
    let mut work = pin!(work);
    let mut left = dies;
    std::future::poll_fn(|cx| {
        if let Some(left) = &mut left {
            if *left == 0 {
                return Poll::Ready(None);
            }
            *left -= 1;
        }
        work.as_mut().poll(cx).map(Some)
    })
    .await
}

impl World {
    pub(super) async fn make(&mut self, what: What) {
        let before = self.model.being(what).stage.clone();
        let (kind, name) = (what.kind(), what.name());
        let text = name.to_string();
        let store = &self.store;
        let written = match what {
            What::Buffer => {
                let spec = BufferSpec {
                    name: text,
                    ..BufferSpec::default()
                };
                store
                    .config()
                    .write(kind, &name, &spec, Mode::New, None, None)
                    .await
            }
            What::Bot => {
                let spec = DestinationSpec {
                    name: text,
                    ..DestinationSpec::default()
                };
                store
                    .config()
                    .write(kind, &name, &spec, Mode::New, None, None)
                    .await
            }
            What::Report => {
                let spec = ScheduleSpec {
                    name: text,
                    ..ScheduleSpec::default()
                };
                store
                    .config()
                    .write(kind, &name, &spec, Mode::New, None, None)
                    .await
            }
        };
        match (before, written.unwrap()) {
            (Stage::Alive, Written::Refused) | (Stage::Removing { .. }, Written::Removing) => {}
            (Stage::Absent, Written::As(version)) => {
                self.begins(what, Life::since(version)).await;
                match what {
                    What::Buffer => self.model.to_bot &= self.model.bot.is_alive(),
                    What::Bot => {}
                    What::Report => {
                        self.model.made.clear();
                        self.model.times_before = self.model.times;
                        self.model.times = Some(Times {
                            version,
                            every: OFTEN,
                            active: true,
                        });
                    }
                }
            }
            (before, written) => panic!("{written:?} where it was {before:?}"),
        }
    }

    /// A life has begun, and is vouched for wherever it is asked for.
    async fn begins(&mut self, what: What, life: Life) {
        self.model.being(what).begins(life);
        let living = [Living::new(what.kind(), &what.name(), life)];
        for chat in 0..=REPORT {
            let shard = Shard::of(&self.chat(chat));
            assert_eq!(self.store.config().vouch(shard, &living).await.unwrap(), []);
        }
    }

    pub(super) fn point(&mut self, bot: bool) {
        self.model.to_bot = bot && self.model.bot.is_alive();
    }

    pub(super) async fn remove(&mut self, what: What, asked: Asked, dies: Option<usize>) {
        let is_named = self.model.to_bot && !self.model.buffer.is_absent();
        if what == What::Bot && is_named {
            return;
        }
        let asked = if what == What::Report {
            Asked::Discard
        } else {
            asked
        };
        let by = lull::store::audit::By::default();
        let begun = self
            .store
            .config()
            .begin_removal(what.kind(), &what.name(), asked, &by, None, None)
            .await
            .unwrap();
        let being = self.model.being(what);
        match (&being.stage, begun) {
            (Stage::Absent, Begun::Nothing) => return,
            (Stage::Alive, Begun::Removal(removal)) => {
                assert_eq!(removal.life, being.life);
                let touched = false;
                being.stage = Stage::Removing { removal, touched };
            }
            (&Stage::Removing { touched, .. }, Begun::Removal(removal)) => {
                assert_eq!(removal.life, being.life);
                being.stage = Stage::Removing { removal, touched };
            }
            (stage, begun) => panic!("{begun:?} where it was {stage:?}"),
        }
        self.carry_on(what, dies).await;
    }

    pub(super) async fn carry_on(&mut self, what: What, dies: Option<usize>) {
        let Stage::Removing { removal, touched } = &mut self.model.being(what).stage else {
            return;
        };
        *touched |= dies != Some(0);
        let removal = removal.clone();
        let targets = if what == What::Buffer {
            self.targets(false)
        } else {
            Vec::new()
        };
        let (kind, name) = (what.kind(), what.name());
        let work = self
            .store
            .config()
            .carry_out(kind, &name, &removal, &targets);
        let outcome = until_death(work, dies).await.map(Result::unwrap);
        // What it had asked Redis for is done all the same, and before this.
        self.store.probe().await.unwrap();

        let after = self.places().await;
        self.cleared_away(what, removal.asked, &after);
        if let Some(outcome) = &outcome {
            self.is_as_told(what, removal.asked, outcome);
        }
        let configured = self.store.config().read().await.unwrap();
        self.ended(what, removal.asked, outcome, &after, &configured)
            .await;
    }

    /// Notes what is not where it was before.
    fn cleared_away(&mut self, what: What, asked: Asked, after: &Places) {
        let before = &self.before;
        let chats = if what == What::Report {
            vec![REPORT]
        } else {
            vec![0, 1]
        };
        let mut away = [const { Vec::new() }; 3];
        for &chat in &chats {
            let left = after.all_of(chat);
            let gone = before.all_of(chat);
            away[chat] = gone.into_iter().filter(|it| !left.contains(it)).collect();
        }
        if asked == Asked::Discard {
            for (chat, away) in away.into_iter().enumerate() {
                self.model.dropped[chat].extend(away);
            }
        } else {
            assert!(
                away.iter().all(Vec::is_empty),
                "dropped, and nobody asked for it"
            );
        }
        let to = match what {
            What::Buffer => None,
            What::Bot => Some(To::Bot),
            What::Report => Some(To::Report),
        };
        for &chat in &chats {
            if let Some(to) = to
                && after.whole_lane(to, chat).is_empty()
            {
                self.model.let_go(to, chat);
            }
        }
        let on_lanes = |places: &Places| {
            let lanes = To::ALL
                .iter()
                .flat_map(|&to| to.chats().iter().map(move |&chat| (to, chat)));
            let mut all = Vec::new();
            for (to, chat) in lanes {
                all.extend(
                    places
                        .whole_lane(to, chat)
                        .iter()
                        .flat_map(|it| it.numbers.clone()),
                );
            }
            all
        };
        for number in on_lanes(after) {
            if !self.model.closed_in.contains_key(&number) {
                assert!(what == What::Buffer && asked == Asked::Drain);
                self.model.close([number]);
            }
        }
    }

    /// Whether what was told of a removal is so.
    fn is_as_told(&self, what: What, asked: Asked, outcome: &Outcome) {
        let before = &self.before;
        let sum = |of: &[Vec<usize>]| of.iter().map(|it| it.len() as u64).sum::<u64>();
        let people = 0..PEOPLE.len();
        let lanes = |to: To| {
            let chats = if self.ordered && to != To::Report {
                &to.chats()[..1]
            } else {
                to.chats()
            };
            let lengths = chats
                .iter()
                .map(move |&chat| before.whole_lane(to, chat).len() as u64);
            lengths.filter(|&length| length > 0).collect::<Vec<_>>()
        };
        let (stood, later) = match what {
            What::Buffer => (
                sum(&before.window[people.clone()]),
                sum(&before.kept[people]),
            ),
            What::Bot => (lanes(To::Bot).iter().sum(), 0),
            What::Report => (lanes(To::Report).iter().sum(), sum(&before.kept[REPORT..])),
        };
        match outcome {
            Outcome::Gone {
                cleared,
                later: sent,
            } => {
                assert!(
                    asked != Asked::Empty || stood + later == 0,
                    "it was not empty"
                );
                if what != What::Bot || asked == Asked::Discard {
                    assert_eq!((cleared.held, *sent), (stood, later), "what it told");
                }
            }
            Outcome::Kept => assert!(asked == Asked::Empty && stood + later > 0),
            Outcome::Draining(left) => {
                assert!(what == What::Bot && asked == Asked::Drain);
                assert_eq!(*left, lanes(To::Bot).len() as u64);
                assert!(*left > 0);
            }
            Outcome::ByAnother => panic!("there is no other"),
        }
    }

    /// Notes how far it is now: only Redis knows that where somebody died.
    async fn ended(
        &mut self,
        what: What,
        asked: Asked,
        outcome: Option<Outcome>,
        after: &Places,
        configured: &Configured,
    ) {
        let (kind, name) = (what.kind(), what.name());
        let is_there = configured.is_there(kind, &name);
        let is_under_way = configured.removal(kind, &name).is_some();
        match &outcome {
            Some(Outcome::Gone { .. }) => assert!(!is_there),
            Some(Outcome::Kept) => assert!(is_there && !is_under_way),
            Some(_) => assert!(is_there && is_under_way),
            None => {}
        }
        if what == What::Buffer {
            for chat in 0..PEOPLE.len() {
                // Before it ends what is asked of people goes.
                if !is_there || after.follow_up[chat].is_none() {
                    self.model.follow_up[chat] = None;
                }
                let paused = self.store.chats().paused(&self.chat(chat)).await.unwrap();
                self.model.paused[chat] &= is_there && paused.is_some();
            }
        }
        if what == What::Report && after.plan.is_none() {
            self.model.plan = None;
        }
        if is_there && !is_under_way {
            assert_eq!(asked, Asked::Empty, "it stays, and nobody asked for it");
            self.begins(what, configured.life(kind, &name)).await;
        }
        if !is_there {
            let being = self.model.being(what);
            being.former = Some(being.life);
            being.stage = Stage::Absent;
        }
    }

    pub(super) async fn write(&mut self, often: bool, active: bool) {
        let (kind, name) = (What::Report.kind(), What::Report.name());
        let every = if often { OFTEN } else { SELDOM };
        let spec = ScheduleSpec {
            name: name.to_string(),
            active,
            ..ScheduleSpec::default()
        };
        let known = Mode::Known;
        let written = self
            .store
            .config()
            .write(kind, &name, &spec, known, None, None);
        match (&self.model.report.stage, written.await.unwrap()) {
            (Stage::Absent, Written::Refused) | (Stage::Removing { .. }, Written::Removing) => {}
            (Stage::Alive, Written::As(version)) => {
                self.model.times_before = self.model.times;
                self.model.times = Some(Times {
                    version,
                    every,
                    active,
                });
            }
            (stage, written) => panic!("{written:?} where it was {stage:?}"),
        }
    }

    /// As the monitor does it when what is configured changes.
    pub(super) async fn plan(&mut self, late: bool) {
        let known = if late {
            self.model.times_before
        } else {
            self.model.times
        };
        let (Some(times), name) = (known, What::Report.name()) else {
            return;
        };
        // Who has heard of its removal plans nothing.
        if !late && !self.model.report.is_alive() {
            return;
        }
        let store = &self.store;
        let now = self.model.now;
        if times.active {
            let at = times.after(now);
            let life = self.model.report.known_as(late);
            let takes = self.model.report.takes(life);
            let planned = store
                .schedules()
                .plan(&name, life, times.version, &times.mark(), at)
                .await;
            if let Some(planned) = taken(planned, takes) {
                assert_eq!(planned, self.model.plan_by(times));
            }
        } else {
            let unplanned = store
                .schedules()
                .unplan(&name, times.version)
                .await
                .unwrap();
            let is_older = |plan: &mut Plan| plan.version <= times.version;
            assert_eq!(unplanned, self.model.plan.take_if(is_older).is_some());
        }
    }

    pub(super) fn tick(&mut self, seconds: u64) {
        self.model.now += seconds * 1000;
    }

    /// A monitor looks up what it will go by when it comes to it.
    pub(super) async fn look_up(&mut self) {
        for chat in 0..PEOPLE.len() {
            self.model.looked_up[chat] = self
                .store
                .follow_ups()
                .find(&self.chat(chat))
                .await
                .unwrap();
        }
        let planned = self.store.schedules().planned(&What::Report.name()).await;
        self.model.looked_up_plan = planned.unwrap();
    }

    pub(super) async fn run(&mut self, looked_up: bool, late: bool) {
        let name = What::Report.name();
        let planned: Option<Planned> = if looked_up {
            self.model.looked_up_plan.take()
        } else {
            self.store.schedules().planned(&name).await.unwrap()
        };
        let times = [self.model.times, self.model.times_before];
        let Some(planned) = planned.filter(|planned| planned.at <= self.model.now) else {
            return;
        };
        let knows = |times: &&Times| planned.mark.as_deref() == Some(&times.mark());
        let Some(times) = times.iter().flatten().find(knows).copied() else {
            return;
        };
        let life = self.model.report.known_as(late);
        let number = self.model.next();
        let (id, said) = (BatchId::generate(), item(&number.to_string()));
        let next = times.after(planned.at);
        let ran = self
            .store
            .schedules()
            .run(
                &name,
                life,
                &planned,
                Some((&id, said.as_str())),
                Some(next),
            )
            .await;

        let is_due =
            |plan: &&mut Plan| plan.at == planned.at && planned.mark.as_deref() == Some(&plan.mark);
        let takes = self.model.report.takes(life);
        let Some(plan) = self.model.plan.as_mut().filter(is_due) else {
            assert_eq!(ran.unwrap(), Run::Stale);
            return;
        };
        if let Some(ran) = taken(ran, takes) {
            assert_eq!(ran, Run::Made);
            plan.at = next;
            assert!(
                self.model.made.insert(planned.at),
                "one due time is two calls"
            );
            self.model.accepted[REPORT].insert(number);
            self.model.close([number]);
        }
    }
}

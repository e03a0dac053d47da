//! Random histories of append, hold, close, pause, lease, settle, crash, of messages for later and follow-ups, and of the
//! operator's hands, against a simple model:
//! every accepted message is in exactly one place, lanes keep their order, a head has one attempt at a time, and a
//! paused chat has no window. In an ordered buffer all chats share one lane, which keeps the order of closing over them.

mod places;
mod steps;

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use lull::domain::batch::BatchId;
use lull::domain::chat::{Chat, Lane, Name};
use lull::domain::life::Life;
use lull::domain::revival::Wanted;
use lull::domain::window::WindowRules;
use lull::store::Store;
use lull::store::closing::Closing;
use lull::store::dead::Letter;
use lull::store::keys::{Due, Shard};
use lull::store::lanes::{Lease, LeaseRules, Settled, Verdict};
use lull::store::later::{FollowUpPlan, Keeping, Waiting};
use lull::store::windows::{Appended, NewMessage, Taken};
use lull::wire::when::When;
use proptest::collection;
use proptest::test_runner::{Config, TestRunner};
use redis::aio::MultiplexedConnection;

use self::places::numbers;
use self::steps::{How, Step, What, step};
use crate::support::{
    LEASES, LONG, RETENTION, RULES, SHORT, TestRedis, chat, destinations, item, lane, revive_all,
};

/// Few, so that much happens to each.
const CHATS: [&str; 2] = ["5511988887777", "{a:b}"];

/// What must be true, kept in the simplest way.
#[derive(Default)]
struct Model {
    said: usize,
    /// By chat: accepted, delivered in this order, cancelled.
    accepted: [Vec<usize>; 2],
    delivered: [Vec<usize>; 2],
    cancelled: [Vec<usize>; 2],
    paused: [bool; 2],
    /// Over all chats: in this order they came onto lanes, and were delivered.
    closed: Vec<usize>,
    all_delivered: Vec<usize>,
    /// Ever given up on, or with a time of their own: they rightly come out of turn.
    out_of_turn: BTreeSet<usize>,
    /// Delivered with a follow-up, and nothing said since.
    may_follow_up: [bool; 2],
    /// In hand, with the chat, and whether the lease lasts.
    leases: Vec<(usize, bool, Lease)>,
    /// Lasting leases of a monitor that died: they block their lane.
    orphaned: [bool; 2],
    /// What stood under an id when it was first attempted.
    attempted: HashMap<BatchId, String>,
}

struct World {
    store: Store,
    raw: MultiplexedConnection,
    model: Model,
    /// The buffer's chats go by one lane.
    ordered: bool,
}

impl World {
    fn chat(&self, index: usize) -> Chat {
        chat_in(self.ordered, index)
    }

    fn lane_to(&self, index: usize) -> Lane {
        Lane {
            chat: self.chat(index),
            ..lane(CHATS[index])
        }
    }

    /// Closes a window, by its deadline or an operator's hand.
    async fn close(&mut self, index: usize, by_hand: bool) {
        let (window, chat) = (self.window(index).await, self.chat(index));
        let (id, to) = (BatchId::generate(), destinations());
        let closing = if by_hand {
            self.store.flush(&chat, &id, &to).await
        } else {
            self.store.close(&chat, &id, &to).await
        };
        if matches!(closing.unwrap(), Closing::Closed { .. }) {
            self.model.closed.extend(window);
        }
    }

    async fn apply(&mut self, step: Step) {
        let model = &mut self.model;
        let store = &self.store;
        match step {
            Step::Append {
                chat: index,
                short,
                what,
            } => {
                let number = model.said;
                model.said += 1;
                let window = self.window(index).await;
                let appended = self.append(index, number, short, what).await;
                if self.model.paused[index] {
                    assert_eq!(appended.taken, Taken::Paused);
                } else {
                    assert_eq!(appended.taken, Taken::Appended);
                    self.model.accepted[index].push(number);
                    self.model.may_follow_up[index] = false;
                }
                if appended.closed.is_some() {
                    self.model.closed.extend(window);
                }
            }
            Step::Repeat { chat: index } => {
                if let Some(&last) = self.window(index).await.last() {
                    let appended = self.append(index, last, false, What::Text).await;
                    assert_eq!(appended.taken, Taken::Repeated);
                }
            }
            Step::Pause { chat: index } => {
                let open = self.window(index).await;
                let dropped = self.store.pause(&self.chat(index), LONG).await.unwrap();
                assert_eq!(dropped, open.len() as u64);
                self.model.cancelled[index].extend(open);
                self.model.paused[index] = true;
            }
            Step::Resume { chat: index } => {
                let resumed = store.resume(&chat_in(self.ordered, index)).await.unwrap();
                assert_eq!(resumed, std::mem::take(&mut model.paused[index]));
            }
            Step::Hold {
                chat: index,
                typing,
            } => {
                store
                    .hold(&self.chat(index), typing.then_some(LONG))
                    .await
                    .unwrap();
            }
            Step::Take { chat: index } => {
                store
                    .take(&Due::Windows, Shard::of(&self.chat(index)), 64)
                    .await
                    .unwrap();
            }
            Step::Close { chat: index } => self.close(index, false).await,
            Step::Flush { chat: index } => self.close(index, true).await,
            Step::Cancel { chat: index } => {
                let open = self.window(index).await;
                let dropped = self.store.cancel(&self.chat(index)).await.unwrap();
                assert_eq!(dropped, open.len() as u64);
                self.model.cancelled[index].extend(open);
            }
            Step::Lease { chat: index, short } => self.lease(index, short).await,
            Step::Settle { which, how } => {
                if !model.leases.is_empty() {
                    let lease = model.leases.swap_remove(which % model.leases.len());
                    self.settle(lease, how).await;
                }
            }
            Step::Crash => {
                for (index, lasting, _) in model.leases.drain(..) {
                    model.orphaned[index] |= lasting;
                }
            }
            Step::Hasten => {
                store
                    .hasten(&lane("x").destination, Duration::ZERO)
                    .await
                    .unwrap();
            }
            Step::Revive => {
                revive_all(store, &Wanted::all()).await;
            }
            Step::Keep { chat: index, soon } => {
                let number = model.said;
                model.said += 1;
                assert!(matches!(
                    self.keep(index, number, soon).await,
                    Keeping::Kept(_)
                ));
                self.model.accepted[index].push(number);
                self.model.out_of_turn.insert(number);
            }
            Step::Send { chat: index } => {
                let shard = Shard::of(&self.chat(index));
                for waiting in self.store.take_waiting(shard, 64).await.unwrap().0 {
                    if let Waiting::Message(message) = waiting {
                        let (id, to) = (BatchId::generate(), destinations());
                        self.store.send_kept(&message, &id, &to).await.unwrap();
                    }
                }
            }
            Step::SendAll => {
                let (name, to) = (Name::default_name(), destinations());
                store.send_all_kept(&name, &to, None).await.unwrap();
            }
            Step::Recall { chat: index } => {
                if let Some(&number) = self.kept(index).await.first() {
                    let again = self.keep(index, number, true).await;
                    assert!(matches!(again, Keeping::Duplicate(Some(_))), "{again:?}");
                    let (chat, id) = (self.chat(index), number.to_string());
                    assert!(self.store.recall(&chat, &id).await.unwrap());
                    self.model.cancelled[index].push(number);
                }
            }
        }
    }

    /// Says a number, in a buffer that has every rule.
    async fn append(&self, index: usize, number: usize, short: bool, what: What) -> Appended {
        let rules = WindowRules {
            max_messages: 4,
            restarts: what != What::Fixed,
            drops_repeats: true,
            media_waits: true,
            followed_up: true,
            ..RULES
        };
        let text = number.to_string();
        let said = item(&text);
        let message = NewMessage {
            text: Some(&text),
            flush: what == What::FlushWord,
            media_only: what == What::Medium,
            ..NewMessage::plain(&said, if short { SHORT } else { LONG })
        };
        self.store
            .append(&self.chat(index), message, &rules, &destinations())
            .await
            .unwrap()
    }

    /// A number that leaves at a time of its own, under an id that is the same.
    async fn keep(&self, index: usize, number: usize, soon: bool) -> Keeping {
        let text = number.to_string();
        let when = When::In(if soon { Duration::ZERO } else { LONG });
        let (chat, said) = (self.chat(index), item(&text));
        let kept = self.store.keep(&chat, Life::ALWAYS, &text, &said, when);
        kept.await.unwrap()
    }

    async fn lease(&mut self, index: usize, short: bool) {
        let rules = LeaseRules {
            length: if short { SHORT } else { LONG },
            max_messages: 6,
            ..LEASES
        };
        let Some(lease) = self.store.lease(&self.lane_to(index), rules).await.unwrap() else {
            return;
        };
        let whose = lease.lane.chat.id.as_str();
        assert!(self.ordered || whose == CHATS[index]);
        let index = CHATS.iter().position(|chat| *chat == whose).unwrap();
        let model = &mut self.model;

        let shares = |other: usize| self.ordered || other == index;
        let live = model
            .leases
            .iter()
            .any(|(other, lasting, _)| shares(*other) && *lasting);
        let orphaned = (0..CHATS.len()).any(|other| shares(other) && model.orphaned[other]);
        assert!(!live && !orphaned, "two attempts at one head");
        let content = lease.batch.items.clone();
        // A lease that was given back was no attempt: until then the batch may still grow.
        if lease.attempt > 1 {
            let before = model.attempted.get(&lease.batch.id);
            assert!(
                before.is_none_or(|before| *before == content),
                "a batch changed under its id"
            );
        }
        model.attempted.insert(lease.batch.id.clone(), content);
        model.leases.push((index, !short, lease));
    }

    async fn settle(&mut self, (index, lasting, lease): (usize, bool, Lease), how: How) {
        let verdict = match how {
            How::Deliver => Verdict::Drop,
            How::FollowUp => Verdict::DropAndFollowUp {
                plan: FollowUpPlan {
                    after: LONG,
                    number: 1,
                    came: lease.batch.closed,
                    item: item("still there?"),
                    life: Life::ALWAYS,
                },
            },
            How::Retry => Verdict::Retry {
                wait: Duration::ZERO,
                asked: false,
            },
            How::Release => Verdict::Release,
            How::Bury => Verdict::Bury {
                letter: letter(index, &lease),
            },
        };
        let settled = self
            .store
            .settle(&lease, &verdict, None, &RETENTION)
            .await
            .unwrap();
        let numbers = numbers(&lease.batch.items);
        assert!(
            !(lasting && settled == Settled::Stale),
            "a lease was lost before its time"
        );
        if settled != Settled::Stale {
            match how {
                How::Deliver | How::FollowUp => {
                    self.model.may_follow_up[index] |= how == How::FollowUp;
                    self.model.delivered[index].extend(&numbers);
                    self.model.all_delivered.extend(numbers);
                }
                How::Bury => self.model.out_of_turn.extend(numbers),
                How::Retry | How::Release => {}
            }
        }
    }

    async fn check(&mut self) {
        for (index, chat) in CHATS.into_iter().enumerate() {
            let (window, batches, dead, kept) = (
                self.window(index).await,
                self.lane(index).await,
                self.dead(index).await,
                self.kept(index).await,
            );
            let (announced, waiting) = self.waiting(index).await;
            assert_eq!(announced, waiting, "what waits and its index part");
            let follow_up = self.store.follow_up(&self.chat(index)).await.unwrap();
            let lane: Vec<_> = batches
                .iter()
                .filter(|(whose, _)| whose.as_ref().is_none_or(|whose| whose == chat))
                .flat_map(|(_, numbers)| numbers.clone())
                .collect();
            let model = &self.model;
            assert!(
                batches
                    .iter()
                    .all(|(whose, _)| whose.is_some() == self.ordered)
            );

            let places = [
                &model.delivered[index],
                &model.cancelled[index],
                &dead,
                &lane,
                &window,
                &kept,
            ];
            let mut everywhere: Vec<_> = places.into_iter().flatten().copied().collect();
            everywhere.sort_unstable();
            assert_eq!(
                everywhere, model.accepted[index],
                "a message is lost or stands in two places"
            );

            assert!(
                follow_up.is_none() || model.may_follow_up[index],
                "somebody who has written is followed up"
            );

            let in_turn = model.delivered[index].iter().chain(&lane).chain(&window);
            let in_turn: Vec<_> = in_turn
                .filter(|number| !model.out_of_turn.contains(number))
                .collect();
            assert!(in_turn.is_sorted(), "out of order: {in_turn:?}");
            if self.ordered {
                let on_lane = batches.iter().flat_map(|(_, numbers)| numbers);
                let in_turn = model.all_delivered.iter().chain(on_lane);
                let turns = in_turn
                    .filter(|number| !model.out_of_turn.contains(number))
                    .map(|number| model.closed.iter().position(|closed| closed == number));
                let turns: Vec<_> = turns.map(Option::unwrap).collect();
                assert!(turns.is_sorted(), "out of the order of closing: {turns:?}");
            }

            // Whatever stands somewhere is announced in a due index, or nobody would ever come for it.
            assert!(
                !model.paused[index] || window.is_empty(),
                "a paused chat has a window"
            );
            let windows_due = self.is_due("due", index, self.member(index)).await;
            assert_eq!(
                windows_due,
                !window.is_empty(),
                "the window and its due entry part"
            );
            let lanes_due = self
                .is_due("due:default", index, self.lane_member(index))
                .await;
            assert_eq!(
                lanes_due,
                !batches.is_empty(),
                "the lane and its due entry part"
            );
        }
    }
}

fn chat_in(ordered: bool, index: usize) -> Chat {
    Chat {
        ordered,
        ..chat(CHATS[index])
    }
}

fn letter(index: usize, lease: &Lease) -> Letter {
    Letter {
        buffer: "default".to_owned(),
        chat: CHATS[index].to_owned(),
        destination: "default".to_owned(),
        reason: String::new(),
        attempts: lease.attempt,
        first_attempt: lease.first_attempt,
    }
}

#[test]
fn every_accepted_message_is_in_exactly_one_place_whatever_happens() {
    holds_whatever_happens(false);
}

#[test]
fn an_ordered_buffer_keeps_the_order_of_closing_whatever_happens() {
    holds_whatever_happens(true);
}

fn holds_whatever_happens(ordered: bool) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    // No disk here: what is random is the order of steps, not a power cut.
    let redis = runtime.block_on(TestRedis::start_with(&["--appendonly", "no"]));
    let (store, raw) = runtime.block_on(async { (redis.store().await, redis.raw().await) });
    let config = Config {
        cases: 120,
        failure_persistence: None,
        ..Config::default()
    };

    let outcome = TestRunner::new(config).run(&collection::vec(step(), 1..120), |steps| {
        runtime.block_on(async {
            let mut world = World {
                store: store.clone(),
                raw: raw.clone(),
                model: Model::default(),
                ordered,
            };
            redis::cmd("FLUSHALL")
                .exec_async(&mut world.raw)
                .await
                .unwrap();
            for step in steps {
                world.apply(step).await;
                world.check().await;
            }
        });
        Ok(())
    });

    outcome.unwrap();
}

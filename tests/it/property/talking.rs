//! What people do, what is delivered to them, and what waits for its time.

use lull::store::chats::pausing::Pauser;
use std::time::Duration;

use lull::core::batch::BatchId;
use lull::core::life::Life;
use lull::core::revival::Wanted;
use lull::core::when::When;
use lull::core::window::{CloseReason, WindowRules};
use lull::store::StoreError;
use lull::store::config::lives::Living;
use lull::store::dead_letters::Letter;
use lull::store::keys::{Due, Shard};
use lull::store::lanes::{Lease, LeaseRules, Settled, Verdict};
use lull::store::scheduled::{FollowUpPlan, Keeping, Waiting};
use lull::store::windows::closing::Closing;
use lull::store::windows::{Appended, NewMessage, Taken};

use super::World;
use super::model::{Held, PEOPLE, REPORT, To, What};
use super::places::numbers;
use super::steps::{How, Saying};
use crate::support::{LEASES, LONG, RETENTION, RULES, SHORT, item, revive_all};

/// Whether the store took something, where it may also say that what it is for is gone. `expected`: what it must say;
/// `None`: either, as only it can know.
pub(super) fn taken<T>(answer: Result<T, StoreError>, expected: Option<bool>) -> Option<T> {
    match answer {
        Ok(answer) => {
            assert_ne!(expected, Some(false), "taken for what is gone");
            Some(answer)
        }
        Err(StoreError::Gone) => {
            assert_ne!(expected, Some(true), "refused for what is there");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

impl World {
    pub(super) async fn say(&mut self, chat: usize, short: bool, how: Saying, late: bool) {
        let life = self.model.buffer.known_as(late);
        let expected = self.model.buffer.takes(life);
        if expected == Some(false) {
            // Whoever was held up would vouch for it first.
            let over = [Living::buffer(&What::Buffer.name(), life)];
            let shard = Shard::of(&self.chat(chat));
            let refused = self.store.config().vouch(shard, &over).await.unwrap();
            assert_eq!(refused.len(), 1, "what is over was vouched for");
        }
        let number = self.model.next();
        let appended = self.append(chat, number, short, how, life).await;
        let Some(appended) = taken(appended, expected) else {
            return;
        };
        if appended.closed.is_some() {
            let window = self.before.window[chat].clone();
            self.model.close(window);
        }
        self.model.hear(chat);
        if self.model.paused[chat] {
            assert_eq!(appended.taken, Taken::Paused);
        } else {
            assert_eq!(appended.taken, Taken::Appended);
            self.model.accepted[chat].insert(number);
        }
    }

    pub(super) async fn repeat(&mut self, chat: usize) {
        if let Some(&last) = self.before.window[chat].last()
            && self.model.buffer.is_alive()
        {
            let life = self.model.buffer.life;
            let appended = self.append(chat, last, false, Saying::Text, life).await;
            assert_eq!(appended.unwrap().taken, Taken::Repeated);
            self.model.hear(chat);
        }
    }

    /// Says a number, in a buffer that has every rule.
    async fn append(
        &self,
        chat: usize,
        number: usize,
        short: bool,
        how: Saying,
        life: Life,
    ) -> Result<Appended, StoreError> {
        let rules = WindowRules {
            max_messages: 4,
            restarts: how != Saying::Fixed,
            drops_repeats: true,
            media_waits: true,
            followed_up: true,
            ..RULES
        };
        let text = number.to_string();
        let said = item(&text);
        let message = NewMessage {
            text: Some(&text),
            flush: (how == Saying::FlushWord).then_some(CloseReason::Word),
            media_only: how == Saying::Medium,
            life,
            ..NewMessage::plain(&said, if short { SHORT } else { LONG })
        };
        let targets = self.targets(false);
        self.store
            .windows()
            .append(&self.chat(chat), message, &rules, &targets)
            .await
    }

    pub(super) async fn pause(&mut self, chat: usize, late: bool) {
        let open = self.before.window[chat].clone();
        let life = self.model.buffer.known_as(late);
        let expected = self.model.buffer.takes(life);
        let dropped = self
            .store
            .chats()
            .pause(&self.chat(chat), life, LONG, &Pauser::OwnMessage)
            .await;
        let Some(dropped) = taken(dropped, expected) else {
            return;
        };
        assert_eq!(dropped, open.len() as u64);
        self.model.dropped[chat].extend(open);
        self.model.paused[chat] = true;
        self.model.follow_up[chat] = None;
    }

    pub(super) async fn resume(&mut self, chat: usize) {
        let resumed = self.store.chats().resume(&self.chat(chat)).await.unwrap();
        assert_eq!(resumed, std::mem::take(&mut self.model.paused[chat]));
    }

    pub(super) async fn cancel(&mut self, chat: usize) {
        let open = self.before.window[chat].clone();
        let dropped = self.store.windows().cancel(&self.chat(chat)).await.unwrap();
        assert_eq!(dropped, open.len() as u64);
        self.model.dropped[chat].extend(open);
    }

    /// Closes a window, by its deadline or an operator's hand.
    pub(super) async fn close(&mut self, chat: usize, by_hand: bool, late: bool) {
        let window = self.before.window[chat].clone();
        let (id, to) = (BatchId::generate(), self.targets(late));
        let closing = if by_hand {
            self.store.windows().flush(&self.chat(chat), &id, &to).await
        } else {
            self.store.windows().close(&self.chat(chat), &id, &to).await
        };
        let goes_nowhere = late && self.model.bot.former.is_some();
        let expected = match (goes_nowhere, window.is_empty(), by_hand) {
            (false, ..) | (true, true, _) => Some(true),
            (true, false, true) => Some(false),
            // A window that is not to be closed yet is not asked where it goes.
            (true, false, false) => None,
        };
        match taken(closing, expected) {
            Some(Closing::Closed { count, .. }) => {
                assert!(!goes_nowhere, "closed for what is gone");
                assert_eq!(count, window.len() as u64);
                self.model.close(window);
            }
            Some(Closing::NoWindow) => assert!(window.is_empty()),
            Some(Closing::Open) => assert!(!by_hand && !window.is_empty()),
            None => {}
        }
    }

    pub(super) async fn lease(&mut self, chat: usize, to_bot: bool, short: bool) {
        let to = match (chat, to_bot) {
            (REPORT, _) => To::Report,
            (_, true) => To::Bot,
            (_, false) => To::Default,
        };
        let rules = LeaseRules {
            length: if short { SHORT } else { LONG },
            max_messages: 6,
            ..LEASES
        };
        let lane = self.lane_to(to, chat);
        let Some(lease) = self.store.lanes().lease(&lane, rules).await.unwrap() else {
            return;
        };
        let whose = lease.lane.chat.id.as_str();
        let is_shared = self.ordered && to != To::Report;
        let of_whom = PEOPLE.iter().position(|id| *id == whose).unwrap_or(REPORT);
        assert!(is_shared || of_whom == chat);

        let model = &mut self.model;
        let shares = |other: usize| is_shared || other == of_whom;
        let live = |held: &Held| held.to == to && shares(held.chat) && held.lasting && !held.void;
        let orphaned = &model.orphaned[to as usize];
        let orphaned = (0..=REPORT).any(|other| shares(other) && orphaned[other]);
        assert!(
            !model.leases.iter().any(live) && !orphaned,
            "two attempts at one head"
        );
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
        model.leases.push(Held {
            to,
            chat: of_whom,
            lasting: !short,
            void: false,
            lease,
        });
    }

    pub(super) async fn settle(&mut self, held: Held, how: How, late: bool) {
        let Held { to, chat, .. } = held;
        let lease = &held.lease;
        let asked = self.model.next();
        let life = self.model.buffer.known_as(late);
        let verdict = match how {
            How::FollowUp if chat != REPORT => Verdict::DropAndFollowUp {
                plan: FollowUpPlan {
                    after: LONG,
                    number: 1,
                    came: lease.batch.closed,
                    item: format!(
                        "{{\"at\":{},{}",
                        lease.batch.closed,
                        &item(&asked.to_string())[1..]
                    ),
                    life,
                },
            },
            How::Deliver | How::FollowUp => Verdict::Drop,
            How::Retry => Verdict::Retry {
                wait: Duration::ZERO,
                asked: false,
            },
            How::Release => Verdict::Release,
            How::Bury => Verdict::Bury {
                letter: letter(to, lease),
            },
        };
        let settled = self
            .store
            .lanes()
            .settle(lease, &verdict, None, &RETENTION)
            .await
            .unwrap();
        let numbers = numbers(&lease.batch.items);
        if settled == Settled::Stale {
            assert!(
                !held.lasting || held.void,
                "a lease was lost before its time"
            );
            return;
        }
        assert!(!held.void, "what was dropped was settled");
        if let Verdict::DropAndFollowUp { .. } = verdict {
            self.followed_up(chat, *numbers.last().unwrap(), asked, life)
                .await;
        }
        match how {
            How::Deliver | How::FollowUp => {
                self.model.delivered[to as usize][chat].extend(&numbers);
                self.model.all_delivered[to as usize].extend(numbers);
            }
            How::Bury => self.model.out_of_turn.extend(numbers),
            How::Retry | How::Release => {}
        }
    }

    /// Whether a delivery that ended with this number is followed up is known but where a removal is under way.
    async fn followed_up(&mut self, chat: usize, last: usize, asked: usize, life: Life) {
        let may = !self.model.paused[chat] && !self.model.said_since(chat, last);
        let expected = self.model.buffer.takes(life);
        let is_planned = match expected {
            Some(takes) => may && takes,
            None => {
                let planned = self.places().await.follow_up[chat];
                may && planned.is_some_and(|(_, number)| number == asked)
            }
        };
        if is_planned {
            self.model.follow_up[chat] = Some(asked);
        }
    }

    pub(super) fn crash(&mut self) {
        for held in self.model.leases.drain(..) {
            let blocks = held.lasting && !held.void;
            self.model.orphaned[held.to as usize][held.chat] |= blocks;
        }
    }

    pub(super) async fn revive(&mut self) {
        revive_all(&self.store, &Wanted::all()).await;
        let left = self.places().await;
        for chat in 0..=REPORT {
            for (to, _) in &left.dead[chat] {
                let being = match to.as_str() {
                    "bot" => &self.model.bot,
                    ".report" => &self.model.report,
                    _ => panic!("what goes there could go back: {to}"),
                };
                assert!(!being.is_alive(), "a letter stayed dead");
            }
            for to in [To::Bot, To::Report] {
                let being = if to == To::Bot {
                    &self.model.bot
                } else {
                    &self.model.report
                };
                if !being.is_alive() {
                    let (now, then) = (left.on_lane(to, chat), self.before.on_lane(to, chat));
                    assert_eq!(now, then, "revived to where nothing is");
                }
            }
        }
    }

    pub(super) async fn keep(&mut self, chat: usize, soon: bool, late: bool) {
        let being = if chat == REPORT {
            &self.model.report
        } else {
            &self.model.buffer
        };
        let life = being.known_as(late);
        let expected = being.takes(life);
        let number = self.model.next();
        let kept = self.kept_as(chat, number, soon, life).await;
        if let Some(kept) = taken(kept, expected) {
            assert!(matches!(kept, Keeping::Kept(_)));
            self.model.accepted[chat].insert(number);
            self.model.out_of_turn.insert(number);
        }
    }

    /// A number that leaves at a time of its own, under an id that is the same.
    async fn kept_as(
        &self,
        chat: usize,
        number: usize,
        soon: bool,
        life: Life,
    ) -> Result<Keeping, StoreError> {
        let text = number.to_string();
        let when = When::In(if soon { Duration::ZERO } else { LONG });
        let (chat, said) = (self.chat(chat), item(&text));
        self.store
            .scheduled()
            .keep(&chat, life, &text, &said, when)
            .await
    }

    pub(super) async fn send(&mut self, chat: usize, late: bool) {
        let shard = Shard::of(&self.chat(chat));
        for waiting in self.store.scheduled().take_due(shard, 64).await.unwrap().0 {
            let Waiting::Message(message) = waiting else {
                continue;
            };
            let (to, expected) = if message.chat.schedule().is_some() {
                let being = &self.model.report;
                let life = being.known_as(late);
                (vec![self.target_of(To::Report, life)], being.takes(life))
            } else {
                let goes = !late || self.model.bot.former.is_none();
                (self.targets(late), Some(goes))
            };
            let sent = self
                .store
                .scheduled()
                .send(&message, &BatchId::generate(), &to)
                .await;
            match sent {
                Ok(true) => assert_ne!(expected, Some(false), "sent to what is gone"),
                // Its time lies ahead.
                Ok(false) => {}
                Err(StoreError::Gone) => {
                    assert_ne!(expected, Some(true), "not sent to what is there");
                }
                Err(error) => panic!("{error}"),
            }
        }
        self.moved_on().await;
    }

    pub(super) async fn send_all(&mut self) {
        let to = self.targets(false);
        let name = What::Buffer.name();
        self.store
            .scheduled()
            .send_all(&name, &to, None)
            .await
            .unwrap();
        self.moved_on().await;
    }

    /// Notes what waited and is on a lane now; nothing else may have become of it.
    pub(super) async fn moved_on(&mut self) {
        let after = self.places().await;
        let mut on_lanes = Vec::new();
        for to in To::ALL {
            for batch in to
                .chats()
                .iter()
                .flat_map(|&chat| after.whole_lane(to, chat))
            {
                on_lanes.extend(&batch.numbers);
            }
        }
        for number in on_lanes {
            if !self.model.closed_in.contains_key(&number) {
                self.model.close([number]);
            }
        }
    }

    pub(super) async fn recall(&mut self, chat: usize) {
        let Some(&number) = self.before.kept[chat].first() else {
            return;
        };
        if self.model.buffer.is_alive() {
            let life = self.model.buffer.life;
            let again = self.kept_as(chat, number, true, life).await.unwrap();
            assert!(matches!(again, Keeping::Duplicate(Some(_))), "{again:?}");
        }
        let (whose, id) = (self.chat(chat), number.to_string());
        assert!(self.store.scheduled().cancel(&whose, &id).await.unwrap());
        self.model.dropped[chat].push(number);
    }

    pub(super) async fn follow_up(
        &mut self,
        chat: usize,
        put_off: bool,
        looked_up: bool,
        late: bool,
    ) {
        let whose = self.chat(chat);
        let waiting = if looked_up {
            self.model.looked_up[chat].take()
        } else {
            self.store.follow_ups().find(&whose).await.unwrap()
        };
        let Some(waiting) = waiting else { return };
        let life = self.model.buffer.known_as(late);
        let target = self.targets(false).remove(0);
        let store = &self.store;
        let went = if put_off {
            let at = waiting.at + 1;
            store
                .follow_ups()
                .put_off(&whose, life, waiting, &target, at)
                .await
        } else {
            store
                .follow_ups()
                .send(&whose, life, waiting, &target)
                .await
        };
        let planned = self.before.follow_up[chat].filter(|(at, _)| *at == waiting.at);
        let takes = self.model.buffer.takes(life);
        let Some((_, asked)) = planned else {
            assert!(!went.unwrap(), "what was taken back went out");
            return;
        };
        if let Some(went) = taken(went, takes) {
            assert!(went);
            if !put_off {
                self.model.follow_up[chat] = None;
                self.model.accepted[chat].insert(asked);
                self.model.close([asked]);
                // It goes by a time of its own: a window may be open that was before it.
                self.model.out_of_turn.insert(asked);
            }
        }
    }

    pub(super) async fn erase(&mut self, chat: usize) {
        let before = self.before.clone();
        let erased = self.store.chats().erase(&self.chat(chat)).await.unwrap();
        assert_eq!(erased.messages, before.window[chat].len() as u64);
        assert_eq!(erased.later, before.kept[chat].len() as u64);
        assert_eq!(erased.dead_letters, before.dead[chat].len() as u64);
        let batches = To::ALL.map(|to| before.lane(to, chat).count() as u64);
        assert_eq!(erased.batches, batches.iter().sum::<u64>());
        self.model.dropped[chat].extend(before.all_of(chat));
        self.model.paused[chat] = false;
        self.model.follow_up[chat] = None;
        for to in To::ALL {
            self.model.let_go(to, chat);
        }
    }

    pub(super) async fn take(&mut self, chat: usize) {
        let shard = Shard::of(&self.chat(chat));
        self.store
            .due()
            .take(&Due::Windows, shard, 64)
            .await
            .unwrap();
    }
}

fn letter(to: To, lease: &Lease) -> Letter {
    let chat = &lease.lane.chat;
    Letter {
        buffer: chat.buffer.to_string(),
        chat: chat.id.as_str().to_owned(),
        destination: to.name().to_string(),
        reason: String::new(),
        summary: None,
        attempts: lease.attempt,
        first_attempt: lease.first_attempt,
    }
}

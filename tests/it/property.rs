//! Random histories of all that people, monitors and operators do to chats, and of daemons that die or are held up, against
//! a simple model: every accepted message is in exactly one place, lanes keep their order, a head has one attempt at a
//! time, a paused chat has no window, who is silent is followed up and nobody else, each due time of a schedule is one
//! run, and what is removed leaves nothing behind and takes nothing of its own into another of its name. In an ordered
//! buffer all chats share one lane, which keeps the order of closing over them.

mod checks;
mod living;
mod model;
mod places;
mod steps;
mod talking;

use std::time::Duration;

use lull::core::chat::{Chat, ChatId, Lane};
use lull::core::destination::Target;
use lull::core::life::Life;
use lull::store::Store;
use proptest::collection;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use redis::aio::MultiplexedConnection;
use uuid::Uuid;

use self::model::{Model, PEOPLE, To, What};
use self::places::Places;
use self::steps::{Step, happening};
use crate::support::{LONG, TestRedis};

/// Histories that are tried, beside those of `make soak`: the suite is to take less than five minutes.
const CASES: u32 = 50;

struct World {
    store: Store,
    raw: MultiplexedConnection,
    model: Model,
    /// Where everything stood before this step.
    before: Places,
    /// The buffer's chats go by one lane.
    ordered: bool,
}

impl World {
    fn chat(&self, chat: usize) -> Chat {
        let Some(id) = PEOPLE.get(chat) else {
            return Chat::of_schedule(&What::Report.name());
        };
        Chat {
            ordered: self.ordered,
            ..Chat::new(What::Buffer.name(), ChatId::parse(id).unwrap())
        }
    }

    fn lane_to(&self, to: To, chat: usize) -> Lane {
        Lane {
            destination: to.name(),
            chat: self.chat(chat),
        }
    }

    fn target_of(&self, to: To, life: Life) -> Target {
        Target {
            life,
            ..Target::whole(to.name())
        }
    }

    /// Where the buffer delivers; `late`: to a destination that was there before, if any was.
    fn targets(&self, late: bool) -> Vec<Target> {
        let bot = &self.model.bot;
        let target = match bot.former.filter(|_| late) {
            Some(life) => self.target_of(To::Bot, life),
            None if self.model.to_bot => self.target_of(To::Bot, bot.life),
            None => Target::whole(To::Default.name()),
        };
        vec![target]
    }

    async fn apply(&mut self, step: Step) {
        self.model.turn += 1;
        match step {
            Step::Append {
                chat,
                short,
                how,
                late,
            } => self.say(chat, short, how, late).await,
            Step::Repeat { chat } => self.repeat(chat).await,
            Step::Pause { chat, late } => self.pause(chat, late).await,
            Step::Resume { chat } => self.resume(chat).await,
            Step::Hold { chat, typing } => {
                let hold = typing.then_some(LONG);
                self.store
                    .windows()
                    .hold(&self.chat(chat), hold)
                    .await
                    .unwrap();
            }
            Step::Extend { chat } => {
                let windows = self.store.windows();
                windows.extend(&self.chat(chat), LONG).await.unwrap();
            }
            Step::Take { chat } => self.take(chat).await,
            Step::Close { chat, late } => self.close(chat, false, late).await,
            Step::Flush { chat, late } => self.close(chat, true, late).await,
            Step::Cancel { chat } => self.cancel(chat).await,
            Step::Lease {
                chat,
                to_bot,
                short,
            } => self.lease(chat, to_bot, short).await,
            Step::Settle { which, how, late } => {
                let leases = &mut self.model.leases;
                if !leases.is_empty() {
                    let held = leases.swap_remove(which % leases.len());
                    self.settle(held, how, late).await;
                }
            }
            Step::Crash => self.crash(),
            Step::Promote { bot } => {
                let to = if bot { To::Bot } else { To::Default };
                self.store
                    .lanes()
                    .promote(&to.name(), Duration::ZERO)
                    .await
                    .unwrap();
            }
            Step::Revive => self.revive().await,
            Step::Keep { chat, soon, late } => self.keep(chat, soon, late).await,
            Step::Send { chat, late } => self.send(chat, late).await,
            Step::SendAll => self.send_all().await,
            Step::Recall { chat } => self.recall(chat).await,
            Step::LookUp => self.look_up().await,
            Step::FollowUp {
                chat,
                put_off,
                looked_up,
                late,
            } => self.follow_up(chat, put_off, looked_up, late).await,
            Step::Erase { chat } => self.erase(chat).await,
            Step::Point { bot } => self.point(bot),
            Step::Make { what } => self.make(what).await,
            Step::Remove { what, asked, dies } => self.remove(what, asked, dies).await,
            Step::CarryOn { what, dies } => self.carry_on(what, dies).await,
            Step::Write { often, active } => self.write(often, active).await,
            Step::Plan { late } => self.plan(late).await,
            Step::Tick { seconds } => self.tick(seconds),
            Step::Run { looked_up, late } => self.run(looked_up, late).await,
        }
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
    // `PROPTEST_CASES` and `PROPTEST_RNG_SEED` say otherwise.
    let mut config = Config {
        failure_persistence: None,
        ..Config::default()
    };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = CASES;
    }
    let seed = match config.rng_seed {
        RngSeed::Fixed(seed) => seed,
        RngSeed::Random => Uuid::now_v7().as_u64_pair().1,
    };
    config.rng_seed = RngSeed::Fixed(seed);

    let outcome = TestRunner::new(config).run(&collection::vec(happening(), 1..100), |history| {
        runtime.block_on(async {
            let mut world = World {
                store: store.clone(),
                raw: raw.clone(),
                model: Model {
                    now: living::BEGINNING,
                    ..Model::default()
                },
                before: Places::default(),
                ordered,
            };
            redis::cmd("FLUSHALL")
                .exec_async(&mut world.raw)
                .await
                .unwrap();
            for what in [What::Buffer, What::Bot, What::Report] {
                world.make(what).await;
            }
            for step in history.into_iter().flatten() {
                world.apply(step).await;
                world.check().await;
            }
        });
        Ok(())
    });

    if let Err(error) = outcome {
        panic!("with PROPTEST_RNG_SEED={seed}: {error}");
    }
}

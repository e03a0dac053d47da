//! What came out of a queue at a time: each chat's messages one after the other, different chats at the same time. What
//! cannot be taken in now is tried again in its place, what never can is put away.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use tracing::{info, warn};

use super::grouping::{keys, together};
use super::queue::Queue;
use super::reading::{self, Poison};
use super::wanted::Wanted;
use crate::broker::Delivery;
use crate::ingest::{IngestError, Said};
use crate::panics;
use crate::spec::Buffer;
use crate::telemetry::amqp::Given;

/// Chats that are worked at together.
const AT_ONCE: usize = 64;
/// Before a message is tried again, at first; twice as long after each time …
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// … and no longer than this.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// What became of a round.
pub(super) enum Worked {
    /// All of it is acknowledged, but for what can never be taken in and could not be put away either.
    All(Vec<(Delivery, Poison)>),
    /// Some of it could not be taken in for too long.
    GivenBack,
    /// The buffer takes nothing any more, or the queue is wanted no longer.
    Stopped,
}

/// A delivery, and what it says until that was handed over.
struct Read {
    delivery: Delivery,
    said: Option<Result<Said, Poison>>,
}

/// Why a message was not taken in.
enum Trouble {
    Never(Poison),
    Now(IngestError),
    NoBuffer,
}

impl Queue<'_> {
    /// Works a round off.
    pub(super) async fn work(&self, wanted: &Wanted, deliveries: Vec<Delivery>) -> Worked {
        let parts = &self.source.0;
        let Ok(buffer) = parts.ingest.buffer(wanted.buffer.name.as_str()) else {
            return Worked::Stopped;
        };
        let mut all_keys = Vec::new();
        let mut read: Vec<_> = deliveries
            .into_iter()
            .map(|delivery| {
                let said = reading::said(&delivery, &buffer, parts.limits);
                all_keys.push(said.as_ref().map(keys).unwrap_or_default());
                let said = Some(said);
                Some(Read { delivery, said })
            })
            .collect();
        let failing = OnceLock::new();
        let groups = together(&all_keys).into_iter().map(|group| {
            let group: Vec<_> = group.into_iter().filter_map(|at| read[at].take()).collect();
            self.one_after_the_other(wanted, &buffer, group, &failing)
        });
        let groups: Vec<_> = groups.collect();
        let done: Vec<Worked> = stream::iter(groups)
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        let (mut aside, mut is_given_back) = (Vec::new(), false);
        for done in done {
            match done {
                Worked::All(poison) => aside.extend(poison),
                Worked::GivenBack => is_given_back = true,
                Worked::Stopped => return Worked::Stopped,
            }
        }
        if is_given_back {
            return Worked::GivenBack;
        }
        if failing.get().is_some() {
            let queue = &wanted.queue;
            info!(queue, "Messages of queue {queue} are stored again");
        }
        Worked::All(aside)
    }

    /// `failing` is since when something of the round cannot be taken in.
    async fn one_after_the_other(
        &self,
        wanted: &Wanted,
        buffer: &Buffer,
        group: Vec<Read>,
        failing: &OnceLock<Instant>,
    ) -> Worked {
        let mut aside = Vec::new();
        for mut read in group {
            let mut pause = FIRST_PAUSE;
            loop {
                match self.bring(buffer, &mut read).await {
                    Ok(()) => {
                        self.acknowledge(wanted, &read.delivery, Given::Taken).await;
                        break;
                    }
                    Err(Trouble::Never(why)) => {
                        if !self.put_away(wanted, &read.delivery, &why).await {
                            aside.push((read.delivery, why));
                        }
                        break;
                    }
                    Err(Trouble::NoBuffer) => return Worked::Stopped,
                    Err(Trouble::Now(error)) => {
                        let is_news = failing.get().is_none();
                        let since = failing.get_or_init(Instant::now);
                        if is_news {
                            self.say_waiting(wanted, &error);
                        }
                        if since.elapsed() >= self.give_back_after {
                            return Worked::GivenBack;
                        }
                        self.pause(pause).await;
                        if self.stop.is_cancelled() {
                            return Worked::Stopped;
                        }
                        pause = (pause * 2).min(LONGEST_PAUSE);
                    }
                }
            }
        }
        Worked::All(aside)
    }

    /// Takes a message in, as a post that came over HTTP.
    async fn bring(&self, buffer: &Buffer, read: &mut Read) -> Result<(), Trouble> {
        let parts = &self.source.0;
        let again = || reading::said(&read.delivery, buffer, parts.limits);
        let said = read.said.take().unwrap_or_else(again);
        let said = said.map_err(Trouble::Never)?;
        let ingest = &parts.ingest;
        let brought = panics::caught(async {
            match said {
                Said::Message(mut incoming) => ingest.accept(buffer, &mut incoming).await.map(drop),
                Said::Events(gateway, heard) => {
                    let (trace, body) = (reading::trace(&read.delivery), read.delivery.body());
                    let gathered = ingest.gather(buffer, gateway, heard, trace, body);
                    gathered.await.map(drop)
                }
            }
        });
        match brought.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(IngestError::NoBuffer(_))) => Err(Trouble::NoBuffer),
            Ok(Err(error)) if error.retry_after().is_some() => Err(Trouble::Now(error)),
            Ok(Err(error)) => Err(Trouble::Never(Poison::Refused(error))),
            Err(panic) => Err(Trouble::Never(Poison::Panic(panic.to_string()))),
        }
    }

    /// Puts away what can never be taken in; whether that was done.
    pub(super) async fn put_away(
        &self,
        wanted: &Wanted,
        delivery: &Delivery,
        why: &Poison,
    ) -> bool {
        let (queue, buffer) = (&wanted.queue, &wanted.buffer.name);
        if let Err(error) = self.dead.take(delivery, queue, why).await {
            if self.source.0.once.is_news("dead", &error) {
                warn!(
                    %buffer,
                    queue,
                    error,
                    "A message of queue {queue} cannot be taken, and stays there because it cannot be put away either: {error}"
                );
            }
            return false;
        }
        self.source.0.once.forget("dead");
        self.acknowledge(wanted, delivery, Given::Dead).await;
        let (code, metrics) = (why.code(), &self.source.0.metrics);
        metrics.refused.count(Some(buffer), &[why.reason()]);
        metrics.tally.refused(why.reason());
        let ingest = &self.source.0.ingest;
        ingest
            .note_refused(Some(buffer), code, why.to_string(), Some(delivery.body()))
            .await;
        true
    }

    async fn acknowledge(&self, wanted: &Wanted, delivery: &Delivery, given: Given) {
        self.count(wanted, given);
        // One that cannot be told comes again, and is known by its id.
        let _ = delivery.acknowledge().await;
    }

    fn say_waiting(&self, wanted: &Wanted, error: &IngestError) {
        let (queue, buffer, error) = (&wanted.queue, &wanted.buffer.name, error.to_string());
        warn!(
            %buffer,
            queue,
            error,
            "Messages of queue {queue} wait, and are tried again: {error}"
        );
    }
}

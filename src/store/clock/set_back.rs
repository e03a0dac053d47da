//! Redis's clock, set back: noticed by the newest time that is known, and what waits is moved by as much.
//!
//! Every time that is stored comes from that clock. Were nothing moved, all would stand still until it is that late
//! again. What is moved: windows with their timers, lanes with leases and retries, what waits for its time, pauses, when
//! chats were heard from, and revivals in hand. Pace and signs of life see to it themselves. What is only forgotten by its
//! age stays: ids that were seen, aliases, marks of what is gone, and what is over are kept for longer by the jump, and
//! nothing waits for them.

use std::time::Duration;

use crate::core::batch::Millis;
use crate::core::chat::Name;
use crate::core::moment::millis;
use crate::store::clock::lately;
use crate::store::handles::RedisClock;
use crate::store::keys::{self, CLOCK, Due, RETRIES, REVIVING, Shard};
use crate::store::revivals::LEFT_FOR;
use crate::store::scripts;
use crate::store::{Result, StoreError};

/// A smaller step back is none: time servers turn clocks by less.
pub const LEAST: Duration = Duration::from_secs(1);
/// Between two notes of the time, which each are a write. A monitor that lives goes by what it has seen itself; where none
/// has lived through a jump, it is taken for so much less at most.
const NOTED_AGAIN_AFTER: Duration = Duration::from_secs(10);
/// Moved by one script, and looked for at a time.
const AT_ONCE: usize = 32;

/// Redis's clock, as a look found it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// The time.
    pub now: Millis,
    /// How far it was set back since the last look of anybody, in ms; 0: it was not.
    pub step: Millis,
    /// How far it was set back in all, in ms.
    pub back: Millis,
    /// How far everything that waits was moved, in ms.
    pub moved: Millis,
    /// How far it went ahead in jumps, in ms, as long as that makes ids look older than they are.
    pub ahead: Millis,
}

/// What waits in a shard.
struct Index {
    kind: &'static str,
    /// The destination of lanes.
    lanes: Option<Name>,
}

/// In front of the destination in the name of an index of lanes.
const LANES: &str = "lanes";

impl Index {
    const WINDOWS: &str = "windows";
    const LATER: &str = "later";
    const PAUSES: &str = "pauses";
    const HEARD: &str = "heard";
    const PLAIN: [&str; 4] = [Self::WINDOWS, Self::LATER, Self::PAUSES, Self::HEARD];

    /// All of a shard with lanes to these destinations.
    fn all(destinations: &[Name]) -> Vec<Self> {
        let plain = Self::PLAIN.map(|kind| Self { kind, lanes: None });
        let lanes = destinations.iter().map(|name| Self {
            kind: LANES,
            lanes: Some(name.clone()),
        });
        plain.into_iter().chain(lanes).collect()
    }

    fn name(&self) -> String {
        match &self.lanes {
            Some(destination) => format!("{LANES}:{destination}"),
            None => self.kind.to_owned(),
        }
    }

    /// The inverse of [`Index::name`].
    fn of_name(name: &str) -> Option<Self> {
        let lanes = match name.split_once(':') {
            Some((LANES, destination)) => Some(Name::from_stored(destination).ok()?),
            Some(_) => return None,
            None => None,
        };
        let kind = match lanes {
            Some(_) => LANES,
            None => Self::PLAIN.into_iter().find(|kind| *kind == name)?,
        };
        Some(Self { kind, lanes })
    }

    fn key(&self, shard: Shard) -> String {
        match &self.lanes {
            Some(destination) => Due::Lanes(destination.clone()).key(shard),
            None if self.kind == Self::WINDOWS => Due::Windows.key(shard),
            None if self.kind == Self::LATER => Due::Later.key(shard),
            None if self.kind == Self::HEARD => keys::heard(shard),
            None => keys::paused(shard),
        }
    }
}

/// What the monitors know that are to move what waits.
#[derive(Clone, Debug)]
pub struct Waits {
    /// The destinations that lanes may lead to.
    pub destinations: Vec<Name>,
    /// The longest lease that one of them may have.
    pub lease: Duration,
}

impl RedisClock<'_> {
    /// Looks at the clock, with what was found at the last look; notes it where it was set back, or nobody has for long.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn look(self, last: Option<Clock>) -> Result<Clock> {
        let fields = ["newest", "back", "moved", "ahead", "ahead_found", "step"];
        let read = redis::Cmd::hmget(CLOCK, &fields);
        let told: [Option<Millis>; 6] = self.store.query(&read).await?;
        let [noted, back, moved, ahead, found, last_step] = told.map(Option::unwrap_or_default);
        let now = self.now().await?;
        let last = last.filter(|last| last.back == back);
        let newest = last.map_or(noted, |last| last.now.max(noted));
        let is_set_back = newest.saturating_sub(now) > millis(LEAST);
        let (jump, seen_for) = (self.store.clock.jump_to(now), self.store.ids.window);
        if !is_set_back && jump == 0 && now.saturating_sub(noted) < millis(NOTED_AGAIN_AFTER) {
            let clock = Clock {
                now,
                step: 0,
                back,
                moved,
                ahead: lately(ahead, found, now, seen_for),
            };
            self.store.clock.learn(clock, last_step);
            return Ok(clock);
        }
        let mut note = scripts::CLOCK.key(CLOCK);
        note.key(REVIVING)
            .arg(millis(LEAST))
            .arg(millis(LEFT_FOR))
            .arg(newest)
            .arg(back)
            .arg(jump)
            .arg(millis(seen_for));
        let (now, step, back, ahead, found) = self.store.run(Shard::FIRST, &note).await?;
        let clock = Clock {
            now,
            step,
            back,
            moved,
            ahead: lately(ahead, found, now, seen_for),
        };
        self.store
            .clock
            .learn(clock, if step > 0 { step } else { last_step });
        Ok(clock)
    }

    /// Notes that everything that waits is moved by `back` ms in all.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn note_moved(self, back: Millis) -> Result<()> {
        self.store
            .query(&redis::Cmd::hset(CLOCK, "moved", back))
            .await
    }

    /// Moves what waits in a shard, until it is moved by `back` ms in all; answers how much was. Several may be at it at
    /// once, and whoever dies at it leaves it to the others.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable; it can be gone on with.
    pub async fn set_back(self, shard: Shard, waits: &Waits, back: Millis) -> Result<u64> {
        let mut indexes = Index::all(&waits.destinations);
        let (mut moved, mut walked) = (0, 0);
        loop {
            let names: Vec<_> = indexes.iter().map(Index::name).collect();
            let mut ask = scripts::SET_BACK.key(keys::moved(shard));
            for index in &indexes {
                ask.key(index.key(shard));
            }
            ask.arg(back)
                .arg(names.join("\n"))
                .arg(walked)
                .arg(millis(LEAST));
            let (status, names, to): (String, String, Millis) = self.store.run(shard, &ask).await?;
            match status.as_str() {
                "done" => return Ok(moved),
                "move" => {
                    let named = names.lines().map(Index::of_name).collect::<Option<_>>();
                    indexes = named.ok_or(StoreError::Unreadable("what is being moved"))?;
                    for index in &indexes {
                        moved += self.move_index(shard, index, waits.lease).await?;
                    }
                    walked = to;
                }
                _ => {
                    indexes = Index::all(&waits.destinations);
                    walked = 0;
                }
            }
        }
    }

    async fn move_index(self, shard: Shard, index: &Index, lease: Duration) -> Result<u64> {
        let key = index.key(shard);
        let (mut cursor, mut moved) = (0_u64, 0);
        loop {
            // What was put into it since need not be seen; what is seen twice is moved once.
            let mut scan = redis::cmd("ZSCAN");
            scan.arg(&key).arg(cursor).arg("COUNT").arg(AT_ONCE);
            let (next, found): (u64, Vec<(String, f64)>) = self.store.query(&scan).await?;
            for some in found.chunks(AT_ONCE) {
                let members = some.iter().map(|(member, _)| member.as_str());
                moved += self.move_some(shard, index, lease, members).await?;
            }
            cursor = next;
            if cursor == 0 {
                return Ok(moved);
            }
        }
    }

    async fn move_some<'a>(
        self,
        shard: Shard,
        index: &Index,
        lease: Duration,
        members: impl Iterator<Item = &'a str> + Clone,
    ) -> Result<u64> {
        let mut call = scripts::MOVE.key(keys::moved(shard));
        call.key(index.key(shard));
        if index.kind == Index::LATER {
            call.key(keys::later_items(shard));
        }
        for member in members.clone() {
            if let Some(destination) = &index.lanes {
                call.key(keys::behind(shard, "head", destination, member));
            } else if index.kind == Index::WINDOWS {
                let (timer, window) = keys::window_behind(shard, member);
                call.key(timer).key(window);
            }
        }
        call.arg(index.kind)
            .arg(RETRIES)
            .arg(millis(LEAST))
            .arg(millis(lease));
        for member in members {
            call.arg(member);
        }
        self.store.run(shard, &call).await
    }
}

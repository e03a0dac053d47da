//! Lives of buffers, destinations and schedules, and their marks in the shards.
//!
//! Whatever stores something for one of them asks for the mark of its life in the same step, so a daemon that was held
//! up, and goes by what was configured before, stores nothing for what is gone by now. A mark is set in a shard when it
//! is first missed there, by whoever finds that the configuration has it; and struck in all shards when its removal
//! begins. It only ever moves on, so nobody brings back what is over.

use futures_util::future::try_join_all;

use crate::core::chat::Name;
use crate::core::destination::Target;
use crate::core::life::Life;
use crate::core::moment::millis;
use crate::store::config::Kind;
use crate::store::handles::Config;
use crate::store::keys::{self, Shard};
use crate::store::scripts::{self, Call};
use crate::store::{Result, reply};

/// The end of a life is remembered for so long in every shard: no daemon is held up for longer than that and goes on.
const REMEMBERED_FOR: std::time::Duration = std::time::Duration::from_secs(24 * 3600);
/// Looked at in one round of the housekeeper; the next one takes up the rest.
const AT_A_TIME: isize = 500;

/// Something with a life of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Living {
    field: String,
    life: Life,
}

impl Living {
    /// What is called so, in this life.
    pub fn new(kind: Kind, name: &Name, life: Life) -> Self {
        Self {
            field: kind.field(name),
            life,
        }
    }

    /// A buffer.
    pub fn buffer(name: &Name, life: Life) -> Self {
        Self::new(Kind::Buffer, name, life)
    }

    /// The schedule of this name.
    pub fn schedule(name: &Name, life: Life) -> Self {
        Self::new(Kind::Schedule, name, life)
    }

    /// Where batches go: a destination, or the schedule that has one of its own.
    pub fn target(target: &Target) -> Self {
        let name = target.name.as_str();
        match Name::parse(name.trim_start_matches('.')) {
            Ok(schedule) if target.name.is_own() => Self::schedule(&schedule, target.life),
            _ => Self::new(Kind::Destination, &target.name, target.life),
        }
    }

    /// Its field among lives and marks.
    pub(in crate::store) fn field(&self) -> &str {
        &self.field
    }

    /// Its life.
    pub fn life(&self) -> Life {
        self.life
    }

    fn mark(&self) -> String {
        self.life.version().to_string()
    }

    fn struck(&self) -> String {
        format!("-{}", self.life.version())
    }

    /// Tells a script, in one pair, that this must be there.
    pub(in crate::store) fn must_be_there(&self, call: &mut Call) {
        if self.life.is_endless() {
            call.arg("").arg("");
        } else {
            call.arg(&self.field).arg(self.mark());
        }
    }

    /// Tells a script, in one pair, that the removal of this must be under way.
    pub(in crate::store) fn must_be_over(&self, call: &mut Call) {
        call.arg(&self.field).arg(self.struck());
    }
}

/// Tells a script, in pairs, that all these must be there; those that always are need no pair.
pub(in crate::store) fn must_all_be_there<'a>(
    call: &mut Call,
    targets: impl IntoIterator<Item = &'a Target>,
) {
    for target in targets {
        if !target.life.is_endless() {
            Living::target(target).must_be_there(call);
        }
    }
}

impl Config<'_> {
    /// Marks in one shard that these have begun to live; answers those whose mark says that this life is over already,
    /// with that mark's version.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn vouch(self, shard: Shard, living: &[Living]) -> Result<Vec<(Living, u64)>> {
        let mortal = living.iter().filter(|it| !it.life.is_endless());
        let marks = mortal.map(|it| async move {
            let mark = self.mark(shard, it, it.mark()).await?;
            let version = i64::try_from(it.life.version()).unwrap_or(i64::MAX);
            let is_over = mark != version;
            Result::Ok(is_over.then(|| (it.clone(), mark.unsigned_abs())))
        });
        let refused = try_join_all(marks).await?;
        Ok(refused.into_iter().flatten().collect())
    }

    /// Marks in every shard that this life is over: from then on nothing is stored for it. False: a later life has
    /// begun, of which this says nothing.
    ///
    /// # Errors
    /// Unavailable or silent; what was marked until then stays so.
    pub async fn strike(self, living: &Living) -> Result<bool> {
        let marks = Shard::all().map(|shard| self.mark(shard, living, living.struck()));
        let marks = try_join_all(marks).await?;
        Ok(marks
            .iter()
            .all(|mark| mark.unsigned_abs() == living.life.version()))
    }

    async fn mark(self, shard: Shard, living: &Living, mark: String) -> Result<i64> {
        self.store
            .run(
                shard,
                scripts::MARK
                    .key(keys::alive(shard))
                    .arg(&living.field)
                    .arg(mark),
            )
            .await
    }

    /// Gives a life to what is configured without one, as by an older Lull. Whoever does it first decides for all.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn adopt(self) -> Result<()> {
        self.store
            .run::<u64>(
                Shard::FIRST,
                scripts::ADOPT.key(keys::CONFIG).key(keys::LIVES),
            )
            .await
            .map(drop)
    }

    /// Begins a life anew, later than `beyond`: its mark in a shard is ahead of the configuration, of which a part was
    /// emptied or brought back from a copy.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn renew(self, living: &Living, beyond: u64) -> Result<()> {
        let mut renew = scripts::RENEW.key(keys::CONFIG);
        renew
            .key(keys::LIVES)
            .arg(&living.field)
            .arg(living.mark())
            .arg(beyond);
        self.store.run::<u64>(Shard::FIRST, &renew).await.map(drop)
    }

    /// Forgets the marks of lives that have been over for a day.
    ///
    /// # Errors
    /// Unavailable or silent; what was forgotten until then stays so.
    pub async fn forget_lives(self) -> Result<()> {
        let now = reply::time(Some(self.store.query(&redis::cmd("TIME")).await?))?;
        let last = now.saturating_sub(millis(REMEMBERED_FOR));
        let over = redis::Cmd::zrangebyscore_limit(keys::OVER, "-inf", last, 0, AT_A_TIME);
        let over: Vec<String> = self.store.query(&over).await?;
        for entry in over {
            if let Some((field, version)) = entry.split_once(' ') {
                let forgotten = Shard::all().map(|shard| async move {
                    let mut forget = scripts::FORGET_MARK.key(keys::alive(shard));
                    forget.arg(field).arg(format!("-{version}"));
                    self.store.run::<u64>(shard, &forget).await
                });
                try_join_all(forgotten).await?;
            }
            self.store
                .query::<u64>(&redis::Cmd::zrem(keys::OVER, &entry))
                .await?;
        }
        Ok(())
    }
}

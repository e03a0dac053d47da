//! Room in a full Redis: what is over gives way to what is still to be delivered.

use super::handles::Windows;
use super::inspection::Facts;
use super::keys::{self, Due, Shard};
use super::{Result, Store};

/// The memory of Redis, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// What counts against the limit.
    pub used: u64,
    /// Beyond this Redis refuses what fills it; `None`: it has no limit, or drops something instead.
    pub most: Option<u64>,
}

impl Memory {
    /// How much of it is used, in percent; `None` without a limit.
    pub fn percent(&self) -> Option<u64> {
        let most = self.most?;
        Some(self.used.saturating_mul(100) / most.max(1))
    }

    /// The same as a share of 1.
    pub fn share(self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "nobody sees a share so finely")]
        let share = |most: u64| self.used as f64 / most.max(1) as f64;
        self.most.map(share)
    }

    fn of_info(info: &Facts) -> Self {
        let number = |name| info.number(name).unwrap_or(0);
        let most = number("maxmemory");
        // What drops keys is always full, and refuses nothing.
        let refuses = info.is("maxmemory_policy", "noeviction") == Some(true);
        Self {
            // Buffers of replicas and of the file are not held against it.
            used: number("used_memory").saturating_sub(number("mem_not_counted_for_evict")),
            most: (most > 0 && refuses).then_some(most),
        }
    }
}

impl Store {
    /// How much memory Redis uses; of several nodes the fullest that answers.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn memory(&self) -> Result<Memory> {
        let ask = redis::cmd("INFO").arg("memory").to_owned();
        let infos = self.query_living::<String>(&ask).await?;
        let all = infos
            .into_iter()
            .map(|info| Memory::of_info(&Facts::of_info(&info)));
        let fullest = all.max_by_key(|it| (it.percent(), it.used));
        Ok(fullest.unwrap_or_default())
    }

    /// Drops the older half of what was posted and received and of the history; answers how many entries. Dead letters stay.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn make_room(&self) -> Result<u64> {
        let streams: Vec<String> = Shard::all()
            .flat_map(|shard| {
                [
                    keys::posts(shard),
                    keys::received(shard),
                    keys::history(shard),
                ]
            })
            .collect();
        let mut looks = redis::pipe();
        for stream in &streams {
            looks.xlen(stream);
        }
        let lengths: Vec<usize> = self.pipeline(&looks).await?;
        let mut trims = redis::pipe();
        for (stream, length) in streams
            .iter()
            .zip(lengths)
            .filter(|(_, length)| *length > 0)
        {
            trims.cmd("XTRIM").arg(stream).arg("MAXLEN").arg(length / 2);
        }
        if trims.is_empty() {
            return Ok(0);
        }
        let dropped: Vec<u64> = self.pipeline(&trims).await?;
        Ok(dropped.iter().sum())
    }
}

impl Windows<'_> {
    /// How many windows are open.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn count(self) -> Result<u64> {
        let mut counts = redis::pipe();
        for shard in Shard::all() {
            counts.zcard(Due::Windows.key(shard));
        }
        let counts: Vec<u64> = self.store.pipeline(&counts).await?;
        Ok(counts.iter().sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_would_be_refused_counts() {
        let memory = |info: &str| Memory::of_info(&Facts::of_info(info));
        let limited = "used_memory:1000\r\nmem_not_counted_for_evict:50\r\nmaxmemory:1000\r\n";

        let refusing = memory(&format!("{limited}maxmemory_policy:noeviction\r\n"));
        let dropping = memory(&format!("{limited}maxmemory_policy:allkeys-lru\r\n"));
        let unlimited =
            memory("used_memory:1000\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\n");

        assert_eq!(refusing.percent(), Some(95));
        assert_eq!((refusing.share(), unlimited.share()), (Some(0.95), None));
        assert_eq!((dropping.percent(), unlimited.percent()), (None, None));
    }
}

//! Room in a full Redis: what is over gives way to what is still to be delivered.

use super::keys::{self, Shard};
use super::{Result, Store};

impl Store {
    /// Drops the older half of what was received and of the history; answers how many entries. Dead letters stay.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn make_room(&self) -> Result<u64> {
        let streams: Vec<String> = Shard::all()
            .flat_map(|shard| [keys::received(shard), keys::history(shard)])
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

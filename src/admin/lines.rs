//! The lines that gateways post through.

use std::collections::BTreeMap;

use super::{Admin, AdminError};
use crate::core::batch::Millis;
use crate::core::chat::Name;
use crate::store::lines::{Line, Silence};
use crate::telemetry::by_name::BROUGHT;

impl Admin {
    /// The lines of the buffers that there are, or of one, and Redis's time.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn lines(&self, buffer: Option<&Name>) -> Result<(Vec<Line>, Millis), AdminError> {
        let (mut lines, now) = self.store().lines().all().await?;
        let snapshot = self.registry().get();
        lines.retain(|line| match (line.buffer.as_deref(), buffer) {
            (Some(name), Some(asked)) => name == asked.as_str(),
            (None, Some(_)) => false,
            (None, None) => true,
            (Some(name), None) => {
                let is_there = |name: &Name| snapshot.buffer(name).is_some();
                name == BROUGHT || Name::parse(name).is_ok_and(|name| is_there(&name))
            }
        });
        Ok((lines, now))
    }

    /// Of each buffer the line that misses most.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn silences(&self) -> Result<Vec<Silence>, AdminError> {
        let (lines, now) = self.lines(None).await?;
        let mut worst = BTreeMap::<String, Silence>::new();
        for silence in lines.iter().filter_map(|line| line.silence(now)) {
            let known = worst.get(&silence.buffer);
            if known.is_none_or(|known| known.missed < silence.missed) {
                worst.insert(silence.buffer.clone(), silence);
            }
        }
        Ok(worst.into_values().collect())
    }
}

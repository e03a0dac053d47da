//! Which limits are crossed, for health and the log.

use std::sync::{MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::backlog::{FRESH, Load};
use super::{Bounds, Overfull, Way};
use crate::core::chat::Name;
use crate::core::code::Code;
use crate::ingest::IngestError;
use crate::store::StoreError;
use crate::store::work::Kind;

/// A refusal is remembered for so long: health tells of it while the same would be refused again.
const REMEMBERED: Duration = Duration::from_secs(60);

/// What was refused last for one reason.
pub(super) struct RefusedOnce {
    full: Overfull,
    way: Way,
    buffer: Name,
    load: Load,
    at: Instant,
}

impl Bounds {
    /// Notes a refusal, and makes it the answer.
    pub(super) fn refuse(
        &self,
        full: Overfull,
        way: Way,
        buffer: &Name,
        load: Load,
    ) -> IngestError {
        let mut refused = self.refused();
        let before = refused.iter().position(|it| it.full.code() == full.code());
        let again = before.map(|at| refused.remove(at));
        if again.is_none_or(|it| it.at.elapsed() > REMEMBERED) {
            warn!(
                code = full.code().word(),
                "A message was refused: {}",
                full.told()
            );
        }
        refused.push(RefusedOnce {
            full: full.clone(),
            way,
            buffer: buffer.clone(),
            load,
            at: Instant::now(),
        });
        full.into()
    }

    fn refused(&self) -> MutexGuard<'_, Vec<RefusedOnce>> {
        let refused = self.0.refused.lock();
        refused.unwrap_or_else(PoisonError::into_inner)
    }

    /// The limits that are crossed: by any message of their kind, or by one that was refused lately and would be again.
    pub(in crate::ingest) fn crossed(&self) -> Vec<Code> {
        let one = Load { count: 1, bytes: 1 };
        let nobody = Name::default_name();
        let ways = [Way::Joins, Way::Opens, Way::Later];
        let by_any = ways
            .into_iter()
            .filter_map(|way| self.over(way, &nobody, one));
        let mut crossed: Vec<_> = by_any.map(|full| full.code()).collect();
        let refused = self.refused();
        let lately = refused.iter().filter(|it| it.at.elapsed() < REMEMBERED);
        let again = lately.filter(|it| {
            let full = self.over(it.way, &it.buffer, it.load);
            full.is_some_and(|full| full.code() == it.full.code())
        });
        crossed.extend(again.map(|it| it.full.code()));
        crossed.dedup();
        crossed
    }

    /// Counts until told to stop, so that health knows it also where nobody sends anything.
    pub(in crate::ingest) async fn keep_fresh(self, stop: CancellationToken) {
        let counting = async {
            loop {
                if let Err(error) = self.count().await {
                    debug!(error = %error, "Cannot count what waits: {error}");
                }
                sleep(FRESH).await;
            }
        };
        stop.run_until_cancelled(counting).await;
    }

    async fn count(&self) -> Result<(), StoreError> {
        self.refresh_all(&Kind::ALL, None).await?;
        let refused: Vec<_> = {
            let mut refused = self.refused();
            refused.retain(|it| it.at.elapsed() < REMEMBERED);
            let refused = refused.iter();
            refused.map(|it| (it.buffer.clone(), it.way)).collect()
        };
        for (buffer, way) in refused {
            self.refresh(&buffer, way.kinds()).await?;
        }
        Ok(())
    }
}

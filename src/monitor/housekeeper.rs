//! The housekeeper: drops what is too old, where no settling comes by to do it, and puts right what lies otherwise than it
//! should.

use std::sync::Arc;
use std::time::Duration;

use tracing::{error, info, warn};

use super::Monitor;
use crate::store::StoreError;
use crate::store::strays::Buried;

const PERIOD: Duration = Duration::from_secs(600);
/// A buffer or a destination that came with a message is removed when nobody has used it for so long.
const DISUSED_FOR: Duration = Duration::from_secs(24 * 3600);

/// Trims every ten minutes until told to stop, and looks for strays whenever somebody comes across one.
pub(super) async fn run(monitor: Arc<Monitor>) {
    let mut ticks = tokio::time::interval(PERIOD);
    loop {
        tokio::select! {
            () = monitor.stop.cancelled() => return,
            _ = ticks.tick() => {
                seal(&monitor).await;
                trim(&monitor).await;
                bury_strays(&monitor).await;
            }
            () = monitor.belongs_to_nothing.notified() => bury_strays(&monitor).await,
        }
    }
}

/// Makes dead letters of what belongs to nothing that is there.
async fn bury_strays(monitor: &Monitor) {
    let bury = async {
        let strays = monitor.store.strays().find().await?;
        let buried = monitor.store.strays().bury(&strays, &monitor.retention);
        Ok::<_, StoreError>((strays.clone(), buried.await?))
    };
    match bury.await {
        Ok((strays, Buried { batches, dropped })) if batches > 0 => {
            let names = strays.names().join(", ");
            monitor.metrics.dead_letters_dropped.inc_by(dropped);
            error!(
                batches,
                dropped,
                "{} belong to buffers, destinations or schedules that are gone ({names}): {batches} batches are dead letters now, and can be revived once there is something of that name again",
                strays.told()
            );
        }
        Ok(_) => {}
        Err(error) => {
            warn!(error = %error, "Could not look for strays, again in {PERIOD:?}: {error}");
        }
    }
}

/// Has what lies in Redis in clear, or encrypted with an older key, encrypted with the first of `SECRETS_KEY`.
async fn seal(monitor: &Monitor) {
    match monitor.store.config().seal_anew().await {
        Ok(0) => {}
        Ok(written) => info!(
            written,
            "{written} buffers, destinations and schedules were written anew as SECRETS_KEY says"
        ),
        Err(error) => {
            warn!(error = %error, "Could not encrypt all that is configured, again in {PERIOD:?}: {error}");
        }
    }
}

async fn trim(monitor: &Monitor) {
    match monitor.store.history().trim(&monitor.retention).await {
        Ok(trimmed) => {
            let dropped = trimmed.dead_letters;
            if dropped > 0 {
                monitor.metrics.dead_letters_dropped.inc_by(dropped);
                info!(
                    dropped,
                    "{dropped} dead letters were older than DEAD_LETTER_AGE and are gone"
                );
            }
        }
        Err(error) => warn!(error = %error, "Could not trim, again in {PERIOD:?}: {error}"),
    }
    match monitor.store.config().remove_disused(DISUSED_FOR).await {
        Ok(0) => {}
        Ok(removed) => info!(
            removed,
            "{removed} buffers and destinations that came with messages were not used for a day and are gone"
        ),
        Err(error) => {
            warn!(error = %error, "Could not remove what nobody uses, again in {PERIOD:?}: {error}");
        }
    }
    match monitor.store.held().recount().await {
        Ok(0) => {}
        Ok(wrong) => info!(
            wrong,
            "What waits was counted anew in {wrong} places, where the number was not what is there"
        ),
        Err(error) => {
            warn!(error = %error, "Could not count what waits, again in {PERIOD:?}: {error}");
        }
    }
    // Whatever was written into Redis past Lull is found within this.
    monitor.all_lanes.doubt();
    if let Err(error) = monitor.store.config().forget_lives().await {
        warn!(error = %error, "Could not forget what is over, again in {PERIOD:?}: {error}");
    }
    let age = monitor.retention.history_age;
    if let Err(error) = monitor.store.chats().forget_people(age).await {
        warn!(error = %error, "Could not forget chats and aliases of long ago, again in {PERIOD:?}: {error}");
    }
}

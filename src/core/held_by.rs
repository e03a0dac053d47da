//! What keeps a batch on its lane.

use serde::Serialize;
use utoipa::ToSchema;

/// What keeps the next attempt on a lane from beginning: the first of these that is so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HeldBy {
    /// An attempt is on its way.
    InHand,
    /// The batch of another chat comes first: the buffer is ordered.
    Behind,
    /// There is no such destination.
    Gone,
    /// The destination is switched off.
    Off,
    /// Somebody has stopped everything, the buffer or the destination.
    Stopped,
    /// The last attempt failed, and the retry is not due yet.
    Retry,
    /// It is due, and no monitor is alive.
    NoMonitor,
    /// It is due, and the pace of the destination lets no other attempt begin yet.
    Paced,
    /// It is due: others are before it, or the destination is taken for down and tried with single batches.
    Others,
}

//! A destination at work: who may attempt now, at which pace, and the sweep of its lanes.

pub(super) mod calls;
pub(super) mod limiter;
pub(super) mod pacing;
pub(super) mod shared_room;
pub(super) mod worker;

//! How a monitor learns what is due: it hears timers expire, and sweeps the due indexes, which alone would be enough.

pub(super) mod agenda;
pub(super) mod all_lanes;
pub(super) mod hints;
mod lane_round;
pub(super) mod listener;
pub(super) mod mark;
pub(super) mod recent;
pub(super) mod sweeper;

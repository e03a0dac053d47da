//! An attempt, step by step: a window is closed, the head of a lane delivered, and what came of it settled; with its span
//! and its line in the log.

pub(super) mod closing;
pub(super) mod delivering;
pub(super) mod failing;
pub(super) mod follow_ups;
pub(super) mod log;
mod settling;
mod span;

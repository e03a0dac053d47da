//! Schedules as they are shown.

pub mod schedule;

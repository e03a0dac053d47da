//! Schedules as they are answered.

use serde::Serialize;
use utoipa::ToSchema;

use crate::spec::ScheduleSpec;
use crate::spec::shown::Shown;

/// A schedule as it is shown.
#[derive(Debug, Serialize)]
pub struct ShownSchedule {
    /// The schedule.
    #[serde(flatten)]
    pub written: Shown<ScheduleSpec>,
    /// Its next five times by its `cron`, whether or not it is active (RFC 3339, in its zone).
    pub next: Vec<String>,
    /// Its name, as the service Buffer calls it.
    pub id: String,
    /// Its `cron`, as the service Buffer calls it.
    pub cron_expression: String,
}

/// The answer to having a schedule run now.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunNow<'a> {
    /// Always true.
    pub success: bool,
    /// For people.
    pub message: &'static str,
    /// The schedule.
    pub name: &'a str,
    /// When the run is due (RFC 3339, in its zone).
    pub due: String,
}

/// The answer to a removal.
#[derive(Debug, Serialize, ToSchema)]
pub struct RemovedSchedule {
    /// Always true.
    pub success: bool,
    /// For people.
    pub message: &'static str,
    /// How many runs waited and are dropped.
    pub runs: u64,
}

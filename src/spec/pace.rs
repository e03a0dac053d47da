//! How fast a destination may be called.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{SpecError, seconds};
use crate::core::destination::Pace;
use crate::core::json::whole_number::whole;

/// More in one interval is no pace any more.
const MOST: usize = 10_000;

/// At most `batch` attempts in any interval of `every` seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaceSpec {
    /// How long an interval lasts, s.
    #[schema(minimum = 0.1, maximum = 315_360_000)]
    pub every: f64,
    /// How many attempts begin in one.
    #[schema(minimum = 1, maximum = 10_000)]
    #[serde(deserialize_with = "whole")]
    pub batch: usize,
}

impl PaceSpec {
    /// Checks it.
    ///
    /// # Errors
    /// Names the field that is wrong.
    pub fn check(&self) -> Result<Pace, SpecError> {
        if !(1..=MOST).contains(&self.batch) {
            let why = format!("must be from 1 to {MOST}");
            return Err(SpecError::new("pace.batch", why));
        }
        Ok(Pace {
            every: seconds("pace.every", self.every, 0.1)?,
            batch: self.batch,
        })
    }
}

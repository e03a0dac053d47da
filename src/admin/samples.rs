//! What all daemons counted lately, by time.

use super::{Admin, AdminError};
use crate::core::batch::Millis;
use crate::core::samples::{Asked, Counted, Step};

/// What was counted in the steps that were asked for.
#[derive(Clone, Debug)]
pub struct Sampled {
    /// Redis's time.
    pub now: Millis,
    /// Which they are.
    pub asked: Asked,
    /// What was counted in each; none: nobody counted.
    pub steps: Vec<Option<Counted>>,
}

impl Admin {
    /// What all daemons counted between two moments, in steps; see [`Asked::of`].
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn samples(
        &self,
        from: Option<Millis>,
        to: Option<Millis>,
        step: Option<Step>,
    ) -> Result<Sampled, AdminError> {
        let now = self.store().clock().now().await?;
        let asked = Asked::of(now, from, to, step);
        let samples = self.store().samples();
        let steps = samples.of(asked.step, asked.numbers.clone()).await?;
        Ok(Sampled { now, asked, steps })
    }
}

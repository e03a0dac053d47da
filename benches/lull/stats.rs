//! Numbers out of many numbers.

use serde::{Deserialize, Serialize};

/// Quantiles of times, in ms.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Quantiles {
    /// Half are below.
    pub(crate) p50_ms: f64,
    /// All but one in a hundred are below.
    pub(crate) p99_ms: f64,
    /// The longest.
    pub(crate) max_ms: f64,
}

impl Quantiles {
    /// Of times in seconds; zeros when there are none.
    pub(crate) fn of(seconds: impl Iterator<Item = f64>) -> Self {
        let mut all: Vec<f64> = seconds.map(|seconds| seconds * 1000.0).collect();
        all.sort_by(f64::total_cmp);
        // The nearest rank: no value that was not measured.
        let rank = |percent: usize| (all.len() * percent).div_ceil(100).saturating_sub(1);
        let at = |rank: usize| all.get(rank).copied().unwrap_or_default();
        Self {
            p50_ms: at(rank(50)),
            p99_ms: at(rank(99)),
            max_ms: at(rank(100)),
        }
    }
}

/// The middle one; of an even number the mean of the two in the middle.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut all: Vec<f64> = values.into_iter().collect();
    all.sort_by(f64::total_cmp);
    let middle = all.len() / 2;
    match (all.len() % 2, all.get(middle)) {
        (_, None) => f64::NAN,
        (0, Some(upper)) => f64::midpoint(all[middle - 1], *upper),
        (_, Some(only)) => *only,
    }
}

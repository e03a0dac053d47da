//! For how long the id of a message counts as seen.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde::Deserialize;

use super::{Vars, time_with_unit};

/// The shortest: a client that was not answered tries again within that.
const SHORTEST: Duration = Duration::from_secs(60);
/// The longest: an id takes memory for as long.
const LONGEST: Duration = Duration::from_secs(30 * 86_400);

#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(super) struct RawIdempotency {
    #[serde(default = "idempotency_window")]
    idempotency_window: String,
}

fn idempotency_window() -> String {
    "24h".to_owned()
}

/// Reads `IDEMPOTENCY_WINDOW`: how long a message id counts as seen, at least.
///
/// # Errors
/// It is no time, or none that ids can be kept for.
pub(super) fn seen_for(vars: &Vars) -> Result<Duration> {
    let raw: RawIdempotency = vars.read()?;
    let window = time_with_unit("IDEMPOTENCY_WINDOW", &raw.idempotency_window)?;
    ensure!(
        (SHORTEST..=LONGEST).contains(&window),
        "IDEMPOTENCY_WINDOW={} must be from 60 seconds to 30 days",
        raw.idempotency_window
    );
    Ok(window)
}

#[cfg(test)]
mod tests {
    use super::super::tests::vars;
    use super::*;

    #[test]
    fn an_id_counts_for_a_day_where_nothing_else_is_said() {
        let read = |text| seen_for(&vars(&[("IDEMPOTENCY_WINDOW", text)])).unwrap();
        assert_eq!(seen_for(&vars(&[])).unwrap(), Duration::from_secs(86_400));
        assert_eq!(read("1h"), Duration::from_secs(3_600));
        assert_eq!(read("90"), Duration::from_secs(90));
        assert_eq!(read("30d"), LONGEST);
    }

    #[test]
    fn a_time_that_ids_cannot_be_kept_for_is_refused() {
        for wrong in ["0", "59", "31d", "soon", "-1"] {
            let error = seen_for(&vars(&[("IDEMPOTENCY_WINDOW", wrong)])).unwrap_err();
            assert!(
                format!("{error:#}").contains("IDEMPOTENCY_WINDOW"),
                "{error:#}"
            );
        }
    }
}

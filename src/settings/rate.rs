//! How many requests a caller may send.

use std::num::NonZeroU32;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::Vars;

/// How many requests a caller may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// `RATE_LIMIT`: so many …
    pub requests: NonZeroU32,
    /// … within this time.
    pub per: Duration,
    /// `RATE_LIMIT_BURST`: so many at one moment, after a pause.
    pub burst: NonZeroU32,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(super) struct RawRate {
    rate_limit: Option<String>,
    rate_limit_burst: Option<NonZeroU32>,
}

impl Rate {
    /// Reads how many requests a caller may send; none: as many as they like.
    ///
    /// # Errors
    /// Names the variable that is wrong.
    pub fn from_vars(vars: &Vars) -> Result<Option<Self>> {
        let raw: RawRate = vars
            .read()
            .context("RATE_LIMIT_BURST must be a number above 0")?;
        let Some(limit) = raw.rate_limit else {
            return Ok(None);
        };
        let (requests, per) = parse(&limit).with_context(|| {
            format!("RATE_LIMIT={limit} must be a number above 0 per second, minute or hour, such as 100/s, 600/m or 5000/h")
        })?;
        Ok(Some(Self {
            requests,
            per,
            burst: raw.rate_limit_burst.unwrap_or(requests),
        }))
    }
}

fn parse(limit: &str) -> Option<(NonZeroU32, Duration)> {
    let (requests, unit) = limit.split_once('/')?;
    let seconds = match unit.trim() {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return None,
    };
    let requests: NonZeroU32 = requests.trim().parse().ok()?;
    Some((requests, Duration::from_secs(seconds)))
}

#[cfg(test)]
mod tests {
    use super::super::tests::vars;
    use super::*;

    #[test]
    fn a_rate_is_a_number_and_a_unit_and_a_burst_as_large_unless_it_is_set() {
        let rate = |pairs: &[_]| {
            let rate = Rate::from_vars(&vars(pairs)).unwrap();
            rate.map(|rate| (rate.requests.get(), rate.per.as_secs(), rate.burst.get()))
        };

        assert_eq!(rate(&[]), None);
        assert_eq!(rate(&[("RATE_LIMIT_BURST", "5")]), None);
        assert_eq!(rate(&[("RATE_LIMIT", "100/s")]), Some((100, 1, 100)));
        assert_eq!(rate(&[("RATE_LIMIT", " 600 / m ")]), Some((600, 60, 600)));
        assert_eq!(
            rate(&[("RATE_LIMIT", "5000/h"), ("RATE_LIMIT_BURST", "10")]),
            Some((5000, 3600, 10))
        );
    }

    #[test]
    fn a_wrong_setting_is_named() {
        for (name, value) in [
            ("RATE_LIMIT", "100"),
            ("RATE_LIMIT", "0/s"),
            ("RATE_LIMIT", "-1/s"),
            ("RATE_LIMIT", "1.5/s"),
            ("RATE_LIMIT", "100/d"),
            ("RATE_LIMIT_BURST", "0"),
            ("RATE_LIMIT_BURST", "many"),
        ] {
            let error = Rate::from_vars(&vars(&[(name, value)])).unwrap_err();
            assert!(format!("{error:#}").contains(name), "{value}: {error:#}");
        }
    }
}

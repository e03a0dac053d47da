//! What a daemon says about itself.

use anyhow::{Context, Result};

use crate::http1::Connection;

/// Its metrics, as it answered them.
pub(crate) struct Metrics(String);

impl Metrics {
    /// Asks the daemon at that port.
    pub(crate) async fn of(port: u16) -> Result<Self> {
        let mut connection = Connection::open(port).await?;
        connection
            .send(b"GET /metrics HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
            .await?;
        let answer = connection.next().await?.context("a daemon hung up")?;
        Ok(Self(String::from_utf8(answer.body.to_vec())?))
    }

    /// A number by its name and labels; 0 when it is not there.
    pub(crate) fn value(&self, name: &str) -> f64 {
        let value = self
            .0
            .lines()
            .find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        value.unwrap_or_default()
    }

    /// The upper bound of the bucket that holds a quantile of a histogram.
    pub(crate) fn quantile(&self, name: &str, quantile: f64) -> f64 {
        let wanted = quantile * self.value(&format!("{name}_count"));
        let prefix = format!("{name}_bucket{{le=\"");
        let buckets = self.0.lines().filter_map(|line| {
            let (bound, count) = line.strip_prefix(&prefix)?.split_once("\"} ")?;
            Some((bound.parse::<f64>().ok()?, count.parse::<f64>().ok()?))
        });
        let mut reached = buckets.skip_while(|&(_, count)| count < wanted);
        reached.next().map_or(f64::NAN, |(bound, _)| bound)
    }
}

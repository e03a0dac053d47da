//! Requests one after the other on each of several clients, until time or number is up.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::stats::Quantiles;
use lull_kit::proc;

/// How long to go on, and with how many at a time.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Course {
    /// How many clients have a request under way.
    pub(crate) clients: usize,
    /// Requests that end within so many seconds are not measured.
    pub(crate) warm_up: f64,
    /// Then so many seconds are.
    pub(crate) seconds: f64,
    /// No more requests than this, whatever time is left.
    pub(crate) requests: u64,
}

impl Course {
    /// A course that ends with its time.
    pub(crate) fn of_seconds(clients: usize, warm_up: f64, seconds: f64) -> Self {
        Self {
            clients,
            warm_up,
            seconds,
            requests: u64::MAX,
        }
    }

    /// A course that ends with its number of requests.
    pub(crate) fn of_requests(clients: usize, requests: u64) -> Self {
        Self {
            clients,
            warm_up: 0.0,
            seconds: 60.0,
            requests,
        }
    }
}

/// What makes the requests.
pub(crate) trait Client: Send + 'static {
    /// Makes the request of that number and waits for its answer.
    fn request(&mut self, number: u64) -> impl Future<Output = Result<()>> + Send;
}

/// How a course went.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Tally {
    /// Requests made, the warm-up's too.
    pub(crate) requests: u64,
    /// Measured requests in a second.
    pub(crate) per_second: f64,
    /// How long measured requests took.
    pub(crate) latency: Quantiles,
    /// What the process spent that made them.
    pub(crate) cpu_seconds: f64,
}

/// Runs a course to its end.
pub(crate) async fn run<C: Client>(course: Course, clients: Vec<C>) -> Result<Tally> {
    let started = Instant::now();
    let measure_from = started + Duration::from_secs_f64(course.warm_up);
    let end = measure_from + Duration::from_secs_f64(course.seconds);
    let next = Arc::new(AtomicU64::new(0));
    let runners: Vec<_> = clients
        .into_iter()
        .map(|mut client| {
            let next = next.clone();
            tokio::spawn(async move {
                let (mut requests, mut took) = (0, Vec::new());
                let mut began = Instant::now();
                while began < end {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= course.requests {
                        break;
                    }
                    client.request(number).await?;
                    requests += 1;
                    let now = Instant::now();
                    if now >= measure_from && now < end {
                        took.push(now - began);
                    }
                    began = now;
                }
                anyhow::Ok((requests, took))
            })
        })
        .collect();
    let (mut requests, mut took) = (0, Vec::new());
    for runner in runners {
        let (more, latencies) = runner.await??;
        requests += more;
        took.extend(latencies);
    }
    let measured = Instant::now().min(end) - measure_from;
    Ok(Tally {
        requests,
        per_second: took.len() as f64 / measured.as_secs_f64(),
        latency: Quantiles::of(took.iter().map(Duration::as_secs_f64)),
        cpu_seconds: proc::cpu_seconds(std::process::id())?,
    })
}

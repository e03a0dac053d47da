//! What monitor and Redis spend while nothing happens, with few destinations and with many.

use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

use crate::daemon::Daemon;
use crate::destinations;
use crate::redis_server::RedisServer;

/// By then the sweep of each destination has found nothing, and is seldom awake.
const SWEEPING: Duration = Duration::from_secs(15);
/// What is spent is counted in hundredths of a second.
const MEASURED: Duration = Duration::from_secs(20);
/// Beside the one of the environment, which is always there.
const MANY: usize = 999;

/// What is spent in a second, in ms of CPU.
#[derive(Debug, Serialize)]
pub(super) struct Idle {
    /// With so many destinations.
    pub(super) destinations: usize,
    /// By monitor.
    pub(super) monitor_ms: f64,
    /// By Redis.
    pub(super) redis_ms: f64,
}

/// Measures both one after the other: on a busy machine each costs the other caches.
pub(super) async fn measure(quick: bool) -> Result<Vec<Idle>> {
    let (many, sweeping, measured) = if quick {
        (9, Duration::from_millis(200), Duration::from_millis(500))
    } else {
        (MANY, SWEEPING, MEASURED)
    };
    let mut idle = Vec::new();
    for others in [0, many] {
        idle.push(with(others, sweeping, measured).await?);
    }
    Ok(idle)
}

async fn with(others: usize, sweeping: Duration, measured: Duration) -> Result<Idle> {
    let redis = RedisServer::start(&[]).await?;
    destinations::write(&redis.store().await?, others).await?;
    // Nobody calls anything: any port will do.
    let (monitor, _) = Daemon::monitor(redis.url(), 9, redis.folder()).await?;
    tokio::time::sleep(sweeping).await;
    let spent = || anyhow::Ok((monitor.cpu_seconds()?, redis.cpu_seconds()?));
    let before = spent()?;
    tokio::time::sleep(measured).await;
    let after = spent()?;
    let in_a_second = |seconds: f64| seconds * 1000.0 / measured.as_secs_f64();
    Ok(Idle {
        destinations: others + 1,
        monitor_ms: in_a_second(after.0 - before.0),
        redis_ms: in_a_second(after.1 - before.1),
    })
}

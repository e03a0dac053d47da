//! `monitor`, also `lull monitor`: the daemon that closes windows at their deadlines and delivers their messages.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Result;

use crate::daemon::{self, Command};
use crate::delivery;
use crate::loops::Loops;
use crate::monitor::{self, Monitor};
use crate::registry::Registry;
use crate::settings::Vars;
use crate::settings::monitor::MonitorConfig;
use crate::shutdown;
use crate::store::Store;
use crate::telemetry::metrics::{Metrics, Role};

pub(super) fn run(arguments: &daemon::Arguments) -> ExitCode {
    match arguments.command {
        None => daemon::run(work),
        Some(Command::Healthcheck) => daemon::run(healthcheck),
    }
}

async fn work(vars: &Vars) -> Result<()> {
    let config = MonitorConfig::from_vars(vars)?;
    monitor::check(&config)?;
    let tracer = daemon::tracer(vars, "lull-monitor")?;
    let stop = shutdown::on_signal()?;
    let listener = match &config.listen {
        Some(address) => Some(daemon::listen(address, "HOST, MONITOR_PORT").await?),
        None => None,
    };
    let Some(connected) = stop
        .run_until_cancelled(Store::connect(&config.redis, monitor::PATIENCE))
        .await
    else {
        return Ok(());
    };
    let metrics = Arc::new(Metrics::new(&[Role::Monitor]));
    let store = connected?.with_seen_for(config.seen_for);
    daemon::export(config.history_export.as_deref(), &store, &metrics).await?;
    let registry = Registry::load(store.clone(), config.defaults()).await?;
    let loops = Loops::new(metrics.clone(), &[Role::Monitor]);
    let monitor = Monitor::new(
        &config,
        registry,
        store.clone(),
        metrics.clone(),
        tracer.clone(),
        loops.clone(),
        stop,
    );
    let working = daemon::noted(
        &store,
        &loops,
        Role::Monitor,
        || monitor.says(),
        monitor.run(),
    );
    match listener {
        Some(listener) => {
            monitor
                .clone()
                .serve_health_during(listener, working)
                .await?;
        }
        None => working.await,
    }
    daemon::end_export(&metrics);
    tracer.finish().await;
    Ok(())
}

async fn healthcheck(vars: &Vars) -> Result<()> {
    match MonitorConfig::port(vars)? {
        Some(port) => delivery::healthcheck(port).await,
        // Health is off, so there is nobody to ask; the container's own process is all there is to see.
        None => Ok(()),
    }
}

//! The api daemon: takes messages over HTTP and keeps them in Redis.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Result;
use clap::Parser;
use lull::daemon::{self, Arguments, Command};
use lull::http::{self, Api};
use lull::loops::Loops;
use lull::registry::Registry;
use lull::settings::Vars;
use lull::settings::api::ApiConfig;
use lull::store::Store;
use lull::telemetry::metrics::{Metrics, Role};
use lull::{delivery, shutdown};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match Arguments::parse().command {
        None => daemon::run(serve),
        Some(Command::Healthcheck) => {
            daemon::run(async |vars| delivery::healthcheck(ApiConfig::port(vars)?).await)
        }
    }
}

async fn serve(vars: &Vars) -> Result<()> {
    let config = ApiConfig::from_vars(vars)?;
    let tracer = daemon::tracer(vars, "lull-api")?;
    let stop = shutdown::on_signal()?;
    let Some(connected) = stop
        .run_until_cancelled(Store::connect(&config.redis, http::PATIENCE))
        .await
    else {
        return Ok(());
    };
    let listener = daemon::listen(&config.listen, "HOST, PORT").await?;
    let store = connected?;
    let registry = Registry::load(store.clone(), config.defaults()).await;
    let metrics = Arc::new(Metrics::new(&[Role::Api]));
    let loops = Loops::new(metrics.clone(), &[Role::Api]);
    let api = Api::new(
        &config,
        registry,
        store.clone(),
        metrics,
        tracer.clone(),
        loops.clone(),
    )?;
    let serving = http::serve(listener, api, stop);
    let served = daemon::noted(&store, &loops, "api", Vec::new, serving).await;
    tracer.finish().await;
    served
}

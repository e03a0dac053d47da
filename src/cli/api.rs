//! `api`, also `lull api`: the daemon that takes messages over HTTP and keeps them in Redis.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Result;

use crate::amqp::Source;
use crate::console;
use crate::daemon::{self, Command};
use crate::delivery;
use crate::health::Says;
use crate::http::{self, Api};
use crate::loops::Loops;
use crate::registry::Registry;
use crate::settings::Vars;
use crate::settings::api::ApiConfig;
use crate::shutdown;
use crate::store::Store;
use crate::telemetry::metrics::{Metrics, Role};

pub(super) fn run(arguments: &daemon::Arguments) -> ExitCode {
    match arguments.command {
        None => daemon::run(serve),
        Some(Command::Healthcheck) => daemon::run(healthcheck),
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
    let store = connected?.with_seen_for(config.seen_for);
    let registry = Registry::load(store.clone(), config.defaults()).await?;
    let metrics = Arc::new(Metrics::new(&[Role::Api]));
    daemon::export(config.history_export.as_deref(), &store, &metrics).await?;
    let loops = Loops::new(metrics.clone(), &[Role::Api]);
    let api = Api::new(
        &config,
        registry.clone(),
        store.clone(),
        metrics.clone(),
        tracer.clone(),
        loops.clone(),
    )?;
    let source = Source::new(
        &config,
        registry,
        api.ingest().clone(),
        store.clone(),
        metrics.clone(),
    );
    let front = Box::new(console::in_front_of);
    let serving = http::serve(listener, api, front, stop.clone());
    let serving = source.beside(&loops, &stop, serving);
    let served = daemon::noted(&store, &loops, Role::Api, Says::default, serving).await;
    daemon::end_export(&metrics);
    tracer.finish().await;
    served
}

async fn healthcheck(vars: &Vars) -> Result<()> {
    delivery::healthcheck(ApiConfig::port(vars)?).await
}

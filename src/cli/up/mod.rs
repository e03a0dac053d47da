//! `lull up`: everything in one process, for trying it and for small hosts.

mod admin_key;
mod own_redis;
mod redis_server;
mod welcome;

use std::fs::{self, DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Args;
use nix::sys::stat::{Mode, umask};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::client::Api as Client;
use super::console::key_of;
use crate::amqp::Source;
use crate::console;
use crate::daemon;
use crate::health::Says;
use crate::http::{self, Api};
use crate::loops::Loops;
use crate::monitor::{self, Monitor};
use crate::registry::Registry;
use crate::settings::Vars;
use crate::settings::api::ApiConfig;
use crate::settings::auth::AuthConfig;
use crate::settings::monitor::MonitorConfig;
use crate::settings::up::UpConfig;
use crate::shutdown;
use crate::store::Store;
use crate::telemetry::lines::Lines;
use crate::telemetry::metrics::{Metrics, Role};
use crate::telemetry::tracer::Tracer;
use own_redis::OwnRedis;
use welcome::welcome;

/// Whoever reads stdout has so long to take the last payloads.
const LAST_LINES: Duration = Duration::from_secs(1);

/// How everything is run.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Start a Redis Cluster of six nodes on this machine, for trying: three masters, each with a replica
    #[arg(long)]
    cluster: bool,
    /// The first of the twelve ports that the nodes listen on
    #[arg(
        long,
        value_name = "PORT",
        default_value_t = 7000,
        requires = "cluster"
    )]
    cluster_port: u16,
}

/// Runs everything until told to stop.
///
/// # Errors
/// Names the setting that is wrong, or what could not be started.
pub(super) async fn up(arguments: &Arguments, vars: &Vars) -> Result<()> {
    let config = UpConfig::from_vars(vars)?;
    ensure!(
        config.own_redis || !arguments.cluster,
        "--cluster starts a cluster of its own: leave REDIS_URL and REDIS_HOST out, or --cluster"
    );
    // What this process and its Redis make holds what people said, so nobody else may read it.
    umask(Mode::S_IRWXG | Mode::S_IRWXO);
    let mut vars = vars.clone();
    // What is wrong with a setting is said before anything is started.
    let mut complete = vars.clone();
    if config.own_redis {
        complete = complete.with("REDIS_HOST", "127.0.0.1");
    }
    if config.own_receiver {
        complete = complete.with("WEBHOOK_URL", "http://127.0.0.1/");
    }
    ApiConfig::from_vars(&complete)?;
    monitor::check(&MonitorConfig::from_vars(&complete)?)?;
    let tracer = daemon::tracer(&vars, "lull")?;
    let stop = shutdown::on_signal()?;

    let receiver = if config.own_receiver {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .context("starting the receiver")?;
        vars = vars.with(
            "WEBHOOK_URL",
            &format!("http://{}/", listener.local_addr()?),
        );
        Some(listener)
    } else {
        None
    };
    let mut redis = if config.own_redis {
        let redis = match arguments.cluster {
            true => OwnRedis::cluster(&config, arguments.cluster_port).await?,
            false => OwnRedis::one(&config).await?,
        };
        vars = vars.with("REDIS_URL", redis.url());
        Some(redis)
    } else {
        None
    };
    let traced = tracer.clone();
    let running = run(&vars, &config, receiver, redis.as_mut(), traced, stop);
    let ended = Box::pin(running).await;
    tracer.finish().await;
    if let Some(redis) = redis {
        redis.stop().await?;
    }
    ended
}

async fn run(
    vars: &Vars,
    up: &UpConfig,
    receiver: Option<TcpListener>,
    redis: Option<&mut OwnRedis>,
    tracer: Tracer,
    stop: CancellationToken,
) -> Result<()> {
    let api_config = ApiConfig::from_vars(vars)?;
    let monitor_config = MonitorConfig::from_vars(vars)?;
    let listener = daemon::listen(&api_config.listen, "HOST, PORT").await?;
    let at = listener.local_addr()?;
    let connecting = async {
        tokio::try_join!(
            Store::connect(&api_config.redis, http::PATIENCE),
            Store::connect(&monitor_config.redis, monitor::PATIENCE)
        )
    };
    let Some(connected) = stop.run_until_cancelled(connecting).await else {
        return Ok(());
    };
    let (api_store, monitor_store) = connected?;
    let api_store = api_store.with_seen_for(api_config.seen_for);
    let monitor_store = monitor_store.with_seen_for(monitor_config.seen_for);
    let auth = &api_config.auth;
    let admin_key = if auth.names_nobody() {
        admin_key::see_to(up, &api_store).await?
    } else {
        None
    };
    let roles = [Role::Api, Role::Monitor];
    let metrics = Arc::new(Metrics::new(&roles));
    let export = monitor_config.history_export.as_deref();
    daemon::export(export, &monitor_store, &metrics).await?;
    let loops = Loops::new(metrics.clone(), &roles);
    // Each has its own, as each has its own patience with Redis.
    let api_registry = Registry::load(api_store.clone(), api_config.defaults()).await?;
    let api = Api::new(
        &api_config,
        api_registry.clone(),
        api_store.clone(),
        metrics.clone(),
        tracer.clone(),
        loops.clone(),
    )?;
    let source = Source::new(
        &api_config,
        api_registry,
        api.ingest().clone(),
        api_store.clone(),
        metrics.clone(),
    );
    let registry = Registry::load(monitor_store.clone(), monitor_config.defaults()).await?;
    let monitor = Monitor::new(
        &monitor_config,
        registry,
        monitor_store.clone(),
        metrics.clone(),
        tracer,
        loops.clone(),
        stop.clone(),
    );

    // The receiver outlives the monitor, whose last attempts it takes.
    let printing = CancellationToken::new();
    let out = Lines::on_stdout();
    let link = link(auth, &api_store, at.port()).await;
    let (open, key) = (auth.open_ingest, admin_key.as_ref());
    let keeps = redis.as_ref().map_or("your Redis", |it| it.described());
    let welcome = welcome(at.port(), up, keeps, open, key, link.as_deref());
    out.put(welcome.as_bytes());
    let printer = receiver.map(|listener| {
        let out = out.clone();
        let print = move |payload: &str| out.put(format!("{payload}\n").as_bytes());
        tokio::spawn(http::receiver::serve(listener, print, printing.clone()))
    });
    let redis_ended = async {
        match redis {
            Some(redis) => redis.ended().await,
            None => std::future::pending().await,
        }
    };
    let serving = async {
        let front = Box::new(console::in_front_of);
        let serving = http::serve(listener, api, front, stop.clone());
        let serving = source.beside(&loops, &stop, serving);
        let served = daemon::noted(&api_store, &loops, Role::Api, Says::default, serving).await;
        // Whatever ended it, the monitor has nothing more to come.
        stop.cancel();
        served
    };
    let guarding = async {
        tokio::select! {
            ended = redis_ended => { stop.cancel(); Err(ended) }
            () = stop.cancelled() => Ok(()),
        }
    };
    let delivering = daemon::noted(
        &monitor_store,
        &loops,
        Role::Monitor,
        || monitor.says(),
        monitor.run(),
    );
    let (served, (), guarded) = tokio::join!(serving, delivering, guarding);
    daemon::end_export(&metrics);
    printing.cancel();
    if let Some(printer) = printer {
        printer.await.context("the receiver")??;
    }
    out.flush(LAST_LINES);
    served.and(guarded)
}

/// A link by which a browser comes in; none: there is no key that it could stand for.
async fn link(auth: &AuthConfig, store: &Store, port: u16) -> Option<String> {
    let key = key_of(auth, store, None).await.ok()?;
    let secret = store.login_links().make(&key).await.ok()?;
    let api = Client::at(&format!("http://127.0.0.1:{port}"), None).ok()?;
    api.login_by(&secret).ok()
}

/// Makes a data folder that nobody else can look into; one that is there is closed to others.
fn make_folder(folder: &Path) -> Result<()> {
    let shown = folder.display();
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o700);
    let made = builder.create(folder);
    made.with_context(|| format!("cannot make the data folder {shown} (LULL_DATA)"))?;
    let is_open = |mode: u32| mode & 0o077 != 0;
    let permissions = fs::metadata(folder).map(|folder| folder.permissions());
    if permissions.is_ok_and(|permissions| !is_open(permissions.mode())) {
        return Ok(());
    }
    let closed = fs::set_permissions(folder, Permissions::from_mode(0o700));
    closed.with_context(|| {
        format!(
            "others may look into the data folder {shown}, and it cannot be closed to them: give it to the user that \
             runs this, or name another (LULL_DATA)"
        )
    })
}

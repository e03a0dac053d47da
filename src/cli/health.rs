//! `lull healthcheck`: for containers, and for scripts.

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};

use super::output;
use crate::delivery;
use crate::settings::Vars;
use crate::settings::api::ApiConfig;
use crate::settings::monitor::MonitorConfig;

/// Ask a daemon on this machine how it is; exit 0 if it is well
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Which daemon: api listens on PORT, monitor on `MONITOR_PORT`; lull up is asked as api
    #[arg(default_value = "api")]
    daemon: Daemon,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Daemon {
    Api,
    Monitor,
}

pub(super) async fn check(arguments: &Arguments, vars: &Vars) -> Result<()> {
    let (name, port) = match arguments.daemon {
        Daemon::Api => ("api", ApiConfig::port(vars)?),
        Daemon::Monitor => {
            let port = MonitorConfig::port(vars)?;
            let why = "MONITOR_PORT is not set, so the monitor answers nobody: set it to 5001";
            ("monitor", port.context(why)?)
        }
    };
    delivery::healthcheck(port).await?;
    output::line(&format!("{name} on port {port} is well"))
}

//! Asking a daemon on this machine how it is, for the healthcheck of its container.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use reqwest::Url;

use super::client::builder;

const PATIENCE: Duration = Duration::from_secs(5);

/// Asks the daemon that listens on `port` here.
///
/// # Errors
/// When it does not answer, or not with 2xx.
pub async fn healthcheck(port: u16) -> Result<()> {
    let url: Url = format!("http://127.0.0.1:{port}/api/health").parse()?;
    let client = builder(&url, PATIENCE)
        .build()
        .context("making the HTTP client")?;
    let answer = client.get(url).send().await;
    let status = answer
        .with_context(|| format!("nobody answers on port {port}"))?
        .status();
    ensure!(
        status.is_success(),
        "the daemon on port {port} answers {status}"
    );
    Ok(())
}

//! Getting something small from a URL that the environment names.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use reqwest::Url;

use super::client::builder;

/// Longer than this nobody waits.
const PATIENCE: Duration = Duration::from_secs(10);
/// Most bytes of an answer.
const MOST: usize = 256 * 1024;

/// Gets what is at a URL.
///
/// # Errors
/// When there is no answer, none with 200, or a larger one than 256 KiB.
pub async fn fetch(url: &str) -> Result<Vec<u8>> {
    let url: Url = url.parse().context("it is not a URL")?;
    let client = builder(&url, PATIENCE).build()?;
    let mut answer = client.get(url).send().await.context("nobody answers")?;
    let status = answer.status();
    ensure!(
        status == reqwest::StatusCode::OK,
        "the answer is HTTP {status}"
    );
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.context("the answer broke off")? {
        body.extend_from_slice(&chunk);
        ensure!(body.len() <= MOST, "the answer is larger than {MOST} bytes");
    }
    Ok(body)
}

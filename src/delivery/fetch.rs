//! Getting something small from a URL that the environment names.

use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use reqwest::Url;

use super::client::builder;
use super::why_none;

/// Longer than this nobody waits.
const PATIENCE: Duration = Duration::from_secs(10);
/// Most bytes of an answer.
const MOST: usize = 256 * 1024;

/// Gets what is at a URL.
///
/// # Errors
/// When there is no answer, none with 200, or a larger one than 256 KiB. Says nothing of the URL, which may hold a token.
pub async fn fetch(url: &str) -> Result<Vec<u8>> {
    let url: Url = url.parse().context("it is not a URL")?;
    let client = builder(&url, PATIENCE).build()?;
    // The error's own words hold the URL.
    let why = |error: reqwest::Error| anyhow!(why_none(&error, PATIENCE));
    let mut answer = client.get(url).send().await.map_err(why)?;
    let status = answer.status();
    ensure!(
        status == reqwest::StatusCode::OK,
        "the answer is HTTP {status}"
    );
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(why)? {
        body.extend_from_slice(&chunk);
        ensure!(body.len() <= MOST, "the answer is larger than {MOST} bytes");
    }
    Ok(body)
}

//! The destination `default`.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use super::{Vars, positive_seconds};

/// The destination `default`.
#[derive(Clone)]
pub struct WebhookConfig {
    /// `WEBHOOK_URL`.
    pub url: String,
    /// `WEBHOOK_SECRET`: the keys to sign with, in the `whsec_` form.
    pub secrets: Vec<String>,
    /// `WEBHOOK_HEADERS`: headers to send along.
    pub headers: BTreeMap<String, String>,
    /// `WEBHOOK_TIMEOUT`: the longest an attempt may take.
    pub timeout: Duration,
    /// `CONCURRENCY`: attempts in flight.
    pub concurrency: usize,
}

#[derive(Deserialize)]
struct RawWebhook {
    webhook_url: Option<String>,
    webhook_secret: Option<String>,
    webhook_headers: Option<String>,
    #[serde(default = "webhook_timeout")]
    webhook_timeout: f64,
    #[serde(default = "concurrency")]
    concurrency: usize,
}

fn webhook_timeout() -> f64 {
    30.0
}

fn concurrency() -> usize {
    256
}

/// More attempts in flight than this would only exhaust ports and file handles.
const MOST_CONCURRENCY: usize = 10_000;
/// A longer attempt would keep its chat waiting behind a dead connection.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(3600);

impl WebhookConfig {
    /// Reads `WEBHOOK_URL`, its companions, and `CONCURRENCY`.
    ///
    /// # Errors
    /// Names the variable that is missing or wrong.
    pub fn from_vars(vars: &Vars) -> Result<Self> {
        let raw: RawWebhook = vars.read()?;
        let Some(url) = raw.webhook_url else {
            bail!(
                "WEBHOOK_URL must be set: where batches are POSTed, such as https://n8n.example.com/webhook/bot"
            );
        };
        let timeout = positive_seconds("WEBHOOK_TIMEOUT", raw.webhook_timeout)?;
        ensure!(
            timeout <= LONGEST_TIMEOUT,
            "WEBHOOK_TIMEOUT must be at most {} seconds",
            LONGEST_TIMEOUT.as_secs()
        );
        ensure!(
            (1..=MOST_CONCURRENCY).contains(&raw.concurrency),
            "CONCURRENCY={} must be from 1 to {MOST_CONCURRENCY}",
            raw.concurrency
        );
        Ok(Self {
            url,
            secrets: secrets(raw.webhook_secret.as_deref()),
            headers: headers(raw.webhook_headers.as_deref())?,
            timeout,
            concurrency: raw.concurrency,
        })
    }
}

fn secrets(text: Option<&str>) -> Vec<String> {
    let secrets = text.unwrap_or_default().split(',').map(str::trim);
    secrets
        .filter(|secret| !secret.is_empty())
        .map(str::to_owned)
        .collect()
}

fn headers(text: Option<&str>) -> Result<BTreeMap<String, String>> {
    // The error of the parser would quote the value, which may be a token.
    let headers = serde_json::from_str(text.unwrap_or("{}")).ok();
    headers.context(
        r#"WEBHOOK_HEADERS must be a JSON object of texts, such as {"Authorization": "Bearer …"}"#,
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::vars;
    use super::*;

    fn config(pairs: &[(&str, &str)]) -> Result<WebhookConfig> {
        let mut all = vec![("WEBHOOK_URL", "http://n8n/webhook/x")];
        all.extend(pairs);
        WebhookConfig::from_vars(&vars(&all))
    }

    #[test]
    fn the_defaults_are_the_documented_ones() {
        let config = config(&[]).unwrap();

        assert_eq!(config.timeout, Duration::from_secs(30));
        assert_eq!(config.concurrency, 256);
        assert!(config.secrets.is_empty() && config.headers.is_empty());
    }

    #[test]
    fn a_missing_url_is_named() {
        let error = WebhookConfig::from_vars(&vars(&[]))
            .err()
            .unwrap()
            .to_string();

        assert!(error.starts_with("WEBHOOK_URL must be set"), "{error}");
    }

    #[test]
    fn several_secrets_stand_between_commas() {
        let config = config(&[("WEBHOOK_SECRET", "whsec_a, whsec_b,")]).unwrap();

        assert_eq!(config.secrets, ["whsec_a", "whsec_b"]);
    }

    #[test]
    fn a_wrong_setting_is_named_and_a_secret_is_not_told() {
        for (name, value) in [
            ("WEBHOOK_TIMEOUT", "0"),
            ("WEBHOOK_TIMEOUT", "4000"),
            ("CONCURRENCY", "0"),
            ("CONCURRENCY", "10001"),
            ("WEBHOOK_HEADERS", r#"["tok3n"]"#),
            ("WEBHOOK_HEADERS", "Authorization: tok3n"),
            ("WEBHOOK_HEADERS", r#"{"tok3n": 5}"#),
        ] {
            let error = format!("{:#}", config(&[(name, value)]).err().unwrap());
            assert!(error.contains(name), "{name}={value}: {error}");
            assert!(!error.contains("tok3n"), "{error}");
        }
    }
}

//! `lull dead revive`: dead letters put back, by their ids or by what they have in common.

use anyhow::{Context, Result};
use clap::{ArgGroup, Args};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Done, done};
use crate::cli::Where;
use crate::cli::client::Api;
use crate::cli::output::line;

/// Try some again: each goes back to the head of its lane, with attempts to spare
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("which").required(true).multiple(true)
    .args(["ids", "all", "user", "buffer", "destination", "reason", "from", "to"]))]
pub(in crate::cli) struct Revive {
    /// The ids, as the list has them
    ids: Vec<String>,
    /// All of them
    #[arg(long, conflicts_with = "ids")]
    all: bool,
    /// Only of this chat
    #[arg(long)]
    user: Option<String>,
    /// Only of this buffer; with --user, the buffer of the chat
    #[arg(long)]
    buffer: Option<String>,
    /// Only those that were to go to this destination
    #[arg(long)]
    destination: Option<String>,
    /// Only those whose reason holds this text
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Only those not given up on before this moment, such as 2026-01-31T12:00:00Z
    #[arg(long, value_name = "MOMENT")]
    from: Option<String>,
    /// Only those not given up on after this moment
    #[arg(long, value_name = "MOMENT")]
    to: Option<String>,
    /// Of all these only the oldest N
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// Only count them
    #[arg(long)]
    dry_run: bool,
    /// Print the count as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    pub(super) at: Where,
}

impl Revive {
    /// What api is asked for, where it is not one by one.
    fn asks(&self) -> serde_json::Map<String, Value> {
        let texts = [
            ("user", &self.user),
            ("buffer", &self.buffer),
            ("destination", &self.destination),
            ("reason", &self.reason),
            ("from", &self.from),
            ("to", &self.to),
        ];
        let given = |(name, text): (&str, &Option<String>)| {
            let text = text.as_deref()?;
            Some((name.to_owned(), text.into()))
        };
        let mut asks: serde_json::Map<String, Value> =
            texts.into_iter().filter_map(given).collect();
        if self.all {
            asks.insert("all".to_owned(), true.into());
        }
        asks
    }
}

pub(super) async fn revive(revive: &Revive, api: &Api) -> Result<()> {
    let mut asks = revive.asks();
    if asks.is_empty() && revive.limit.is_none() && !revive.dry_run {
        let mut count = 0;
        for id in &revive.ids {
            let path = ["api", "dead-letter", id, "revive"];
            let answer = api.post(&path, &json!({})).await;
            count += answer.with_context(|| id.clone())?.read::<Done>()?.count;
        }
        return done(count, revive.json, "back at the head of its lane");
    }
    if !revive.ids.is_empty() {
        asks.insert("ids".to_owned(), revive.ids.as_slice().into());
    }
    asks.extend(revive.limit.map(|limit| ("limit".to_owned(), limit.into())));
    asks.insert("dry_run".to_owned(), revive.dry_run.into());
    let answer = api.post(&["api", "dead-letter", "revive"], &asks).await?;
    let Reviving {
        count,
        under_way,
        without_destination,
    } = answer.read()?;
    if revive.json {
        let counts = json!({
            "count": count, "under_way": under_way, "without_destination": without_destination,
        });
        return line(&counts.to_string());
    }
    let what = match revive.dry_run {
        true => "would go back to the head of its lane",
        false => "on its way back to the head of its lane",
    };
    done(count, false, what)?;
    let besides = [
        (under_way, "on its way already"),
        (
            without_destination,
            "stays, as its destination or its buffer is not there",
        ),
    ];
    for (count, what) in besides.into_iter().filter(|(count, _)| *count > 0) {
        done(count, false, what)?;
    }
    Ok(())
}

/// How many dead letters a revival of many is about.
#[derive(Deserialize)]
struct Reviving {
    count: u64,
    #[serde(default)]
    under_way: u64,
    #[serde(default)]
    without_destination: u64,
}

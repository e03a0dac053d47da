//! `lull tail`: what is delivered, what is tried again, what is given up on and what was not taken, as it happens.

mod follow;
mod news;
mod row;

use std::time::Duration;

use anyhow::Result;
use clap::Args;
use tokio::time::{Instant, sleep_until};

use super::Where;
use super::client::Api;
use super::output::{line, note};
use crate::settings::Vars;
use crate::shutdown;
use follow::{Entry, Kind, List};
use news::News;
use row::{Whose, heads, json, row};

/// Between two looks, where api does not tell of events.
const PERIOD: Duration = Duration::from_millis(500);
/// The longest between two looks.
const LONGEST: Duration = Duration::from_secs(10);
/// Following takes no more than this part of api's time.
const IDLE_SHARE: u32 = 4;

/// Follow deliveries, retries, dead letters and posts that were not taken as they happen, until Ctrl-C
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  lull tail\n  lull tail --user 5511988887777 --for 60\n  lull tail --json --count 1 | jq .sent.webhook_id"
)]
pub(super) struct Arguments {
    /// Only of this chat
    #[arg(long)]
    user: Option<String>,
    /// Only of this buffer
    #[arg(long)]
    buffer: Option<String>,
    /// End after so long
    #[arg(long = "for", value_name = "SECONDS", value_parser = seconds)]
    lasting: Option<Duration>,
    /// End after so many
    #[arg(long, value_name = "N")]
    count: Option<u64>,
    /// Print each as a JSON object on a line of its own
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: Where,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok();
    let duration = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    duration.ok_or_else(|| "must be a number of seconds".to_owned())
}

pub(super) async fn tail(arguments: &Arguments, vars: &Vars) -> Result<()> {
    let api = arguments.at.api(vars)?;
    let stop = shutdown::on_signal()?;
    let following = follow(arguments, &api);
    stop.run_until_cancelled(following).await.unwrap_or(Ok(()))
}

async fn follow(arguments: &Arguments, api: &Api) -> Result<()> {
    let end = arguments.lasting.map(|lasting| Instant::now() + lasting);
    let mut news = News::default();
    // First, so that nothing falls between the lists and what is told from here on.
    news.listen(api).await;
    let mut lists = Vec::new();
    for kind in Kind::ALL {
        lists.push(List::begin(kind, api).await?);
    }
    if !arguments.json {
        line(&heads())?;
    }
    let whose = Whose {
        user: arguments.user.as_deref(),
        buffer: arguments.buffer.as_deref(),
    };
    let mut left = arguments.count.unwrap_or(u64::MAX);
    let mut is_away = false;
    while left > 0 {
        let is_last = end.is_some_and(|end| Instant::now() >= end);
        let began = Instant::now();
        for entry in look(&mut lists, api, &mut is_away).await {
            if left == 0 || !whose.includes(&entry)? {
                continue;
            }
            left -= 1;
            line(&if arguments.json {
                json(&entry)?
            } else {
                row(&entry)?
            })?;
        }
        if is_last {
            break;
        }
        // However much happens, following takes no more than its part of api's time.
        let rest = Instant::now() + began.elapsed() * IDLE_SHARE;
        sleep_until(end.map_or(rest, |end| rest.min(end))).await;
        news.listen(api).await;
        let longest = Instant::now() + LONGEST;
        news.wait(end.map_or(longest, |end| longest.min(end))).await;
    }
    Ok(())
}

/// What has come up in any list since the look before, in order.
async fn look(lists: &mut [List], api: &Api, is_away: &mut bool) -> Vec<Entry> {
    let mut news = Vec::new();
    let mut failed = None;
    for list in lists {
        match list.look(api).await {
            Ok(new) => news.extend(new),
            Err(error) => failed = Some(error),
        }
    }
    // Whoever follows a restart wants to see what comes after it.
    if let (Some(error), false) = (&failed, *is_away) {
        note(&format!("{error:#}; trying again"));
    }
    *is_away = failed.is_some();
    news.sort();
    news
}

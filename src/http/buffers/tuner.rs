//! `GET /api/buffers/{name}/tuner`: what other waits would have made of what a buffer received lately.

use std::time::Duration;

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::admin::tuner::Tuned;
use crate::core::moment::{seconds, utc};
use crate::core::tuner::{MOST_WAITS, Tried};
use crate::http::Api;
use crate::http::admin_error::NO_BUFFER;
use crate::http::endpoint::{Chapter, Endpoint};
use crate::http::error::ApiError;
use crate::http::specs::named;

/// A list of waits: seconds of at most five digits and three behind the point.
const LIST: &str = r"^(0\.[1-9][0-9]{0,2}|[1-9][0-9]{0,4}(\.[0-9]{1,3})?)(,(0\.[1-9][0-9]{0,2}|[1-9][0-9]{0,4}(\.[0-9]{1,3})?)){0,23}$";

/// Which waits are tried.
#[derive(Deserialize, IntoParams)]
struct TunerQuery {
    /// The waits, in s, with commas between them; at most 24. Absent: some from 2 to 45 s, and that of the buffer.
    waits: Option<String>,
    /// What a person writes within so many seconds may be one thought. Absent: 60, or half as long again as the longest wait.
    #[param(minimum = 1, maximum = 86_400)]
    pause: Option<f64>,
}

/// What other waits would have made of what a buffer received lately.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tuner)]
struct TunerAnswer {
    /// The wait of the buffer, in s.
    wait: f64,
    /// What a person writes within so many seconds, while nothing of your side is seen between, is one thought.
    pause: f64,
    /// How many messages were replayed: the last 1,000 at the most.
    messages: u64,
    /// Of how many of them only the moment is kept, and not what was said.
    bare: u64,
    /// How many chats they are of.
    chats: u64,
    /// When the first of them came (RFC 3339, UTC); null: there is none.
    #[schema(format = DateTime)]
    from: Option<String>,
    /// When the last of them came.
    #[schema(format = DateTime)]
    to: Option<String>,
    /// How many thoughts they are, at any wait.
    thoughts: u64,
    /// The waits, the shortest first.
    items: Vec<TriedAnswer>,
}

/// What a wait would have made of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TriedWait)]
struct TriedAnswer {
    /// The wait, in s.
    wait: f64,
    /// How many thoughts would have come in more than one call.
    cut: u64,
    /// Which part of all thoughts that is, from 0 to 1; null: there is none.
    share: Option<f64>,
    /// How many of those a limit of the window cuts, such as `max_wait`: no longer wait mends them.
    by_limit: u64,
    /// How many calls there would have been.
    calls: u64,
    /// How long after the last message of a call its window would have closed, in s, on average; null: there is none.
    waited: Option<f64>,
}

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(Chapter::Buffers, "/api/buffers/{name}/tuner", tune)
            .says(
                "Try other waits on what was received",
                "Replays the last 1,000 messages of the buffer by its rules as they are now, with other waits in place of `wait`: how many thoughts each would have cut in two, and how long people would have waited. Typing signals, and the `ttl` of single messages, are not kept and do not count.",
            )
            .query::<TunerQuery>(&["waits", "pause"])
            .matching(&["waits"], LIST)
            .answers::<TunerAnswer>(200, "What the waits would have made of it.")
            .refusing(&[404]),
    ]
}

async fn tune(
    State(api): State<Api>,
    name: Result<Path<String>, PathRejection>,
    query: Result<Query<TunerQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let name = named(name, NO_BUFFER)?;
    let Query(TunerQuery { waits, pause }) = query?;
    let waits = waits.as_deref().map(waits_of).transpose()?;
    let pause = pause.map(Duration::from_secs_f64);
    let tuned = api.admin.tune(&name, waits.unwrap_or_default(), pause);
    Ok(Json(TunerAnswer::from(tuned.await?)).into_response())
}

fn waits_of(text: &str) -> Result<Vec<Duration>, ApiError> {
    let why = || {
        let why = "must be 1 to 24 numbers of seconds from 0.1 to 99999, with commas between them";
        ApiError::parameter("waits", why)
    };
    let waits: Option<Vec<_>> = text.split(',').map(wait_of).collect();
    waits.filter(|it| it.len() <= MOST_WAITS).ok_or_else(why)
}

/// As [`LIST`] has it.
fn wait_of(text: &str) -> Option<Duration> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = |text: &str, most| {
        (1..=most).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_digit())
    };
    let is_plain = if whole == "0" {
        text.len() > 2 && !part.starts_with('0')
    } else {
        !whole.starts_with('0')
    };
    if !is_plain || !is_number(whole, 5) || !is_number(part, 3) {
        return None;
    }
    Duration::try_from_secs_f64(text.parse().ok()?).ok()
}

impl From<Tuned> for TunerAnswer {
    fn from(tuned: Tuned) -> Self {
        let (from, to) = tuned.between.unzip();
        let of = |(wait, tried): (Duration, Tried)| TriedAnswer {
            wait: seconds(wait),
            cut: tried.cut,
            share: part(tried.cut, tuned.thoughts),
            by_limit: tried.by_limit,
            calls: tried.calls,
            waited: part(tried.waited, tried.calls).map(|ms| (ms / 100.0).round() / 10.0),
        };
        Self {
            wait: seconds(tuned.wait),
            pause: seconds(tuned.pause),
            messages: tuned.messages,
            bare: tuned.bare,
            chats: tuned.chats,
            from: from.map(utc),
            to: to.map(utc),
            thoughts: tuned.thoughts,
            items: tuned.tried.into_iter().map(of).collect(),
        }
    }
}

/// To four digits behind the point.
#[expect(clippy::cast_precision_loss, reason = "a part is no finer")]
fn part(some: u64, all: u64) -> Option<f64> {
    (all > 0).then(|| (some as f64 / all as f64 * 10_000.0).round() / 10_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_waits_is_read_as_it_is_described() {
        let read = |text: &str| waits_of(text).ok().map(|it| it.len());

        assert_eq!(read("8"), Some(1));
        assert_eq!(read("0.5,8,12.25"), Some(3));
        for bad in [
            "", "8,", "0", "0.0", "0.05", "08", "1e3", "-1", "8;9", "100000",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
        assert_eq!(read(&vec!["8"; 25].join(",")), None);
    }
}

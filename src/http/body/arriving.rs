//! A body as it comes in: how much of it, how fast, and what becomes of one that nobody wants.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::header::{CONTENT_LENGTH, EXPECT};
use http_body_util::BodyExt;
use tokio::time::{Instant, timeout, timeout_at};

use crate::http::error::ApiError;
use crate::http::middleware::budget::Share;

/// How long what is left of a refused body is read for nothing.
const DISCARD_FOR: Duration = Duration::from_secs(5);

/// So long a body may take, however little of it comes …
const BODY_GRACE: Duration = Duration::from_secs(5);
/// … and after that it must have come at so many bytes a second from its beginning. A gateway on the worst of lines is
/// faster by far.
pub(in crate::http) const LEAST_RATE: u32 = 1024;

/// A body that grows is given room for so many bytes ahead at the most.
const MOST_AHEAD: usize = 64 * 1024;

/// How long a body is to be, by its header.
pub(super) fn announced(request: &Request) -> Option<usize> {
    let length = request.headers().get(CONTENT_LENGTH)?;
    length.to_str().ok()?.parse().ok()
}

/// A body as it comes, within `patience`. It is copied, because what came would hold the connection's buffer, of which it
/// may be a few bytes; and it holds no more room than what has come, whatever was announced.
pub(super) async fn gather(
    body: &mut Body,
    limit: usize,
    patience: Duration,
    share: Option<&Share>,
) -> Result<Bytes, ApiError> {
    let begun = Instant::now();
    let mut gathered = Vec::new();
    loop {
        let within = patience.min(time_for(gathered.len()));
        let Ok(frame) = timeout_at(begun + within, body.frame()).await else {
            return Err(if within == patience {
                ApiError::TooSlow(patience)
            } else {
                ApiError::BelowRate
            });
        };
        let Some(frame) = frame else {
            return Ok(gathered.into());
        };
        let broken = |_| ApiError::BadRequest("the body broke off".to_owned());
        let Ok(data) = frame.map_err(broken)?.into_data() else {
            continue;
        };
        if gathered.len() + data.len() > limit {
            return Err(ApiError::TooLarge(limit));
        }
        if let Some(share) = share {
            share.add(data.len())?;
        }
        if gathered.capacity() < gathered.len() + data.len() {
            let ahead = gathered.len().min(MOST_AHEAD);
            gathered.reserve_exact(data.len().max(ahead));
        }
        gathered.extend_from_slice(&data);
    }
}

/// How long so much of a body may take.
fn time_for(bytes: usize) -> Duration {
    BODY_GRACE + Duration::from_secs(bytes as u64) / LEAST_RATE
}

/// Before a request is refused unread: a client that is still sending when the connection closes gets a reset instead
/// of the answer.
pub(in crate::http) async fn discard(request: Request) {
    // Such a client sends nothing before it has heard something.
    if !request.headers().contains_key(EXPECT) {
        read_for_nothing(request.into_body()).await;
    }
}

pub(super) async fn read_for_nothing(mut body: Body) {
    let rest = async { while let Some(Ok(_)) = body.frame().await {} };
    let _ = timeout(DISCARD_FOR, rest).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_seconds_are_free_and_then_each_has_to_bring_something() {
        let rate = usize::try_from(LEAST_RATE).unwrap();
        for (bytes, seconds) in [(0, 5), (10, 5), (rate, 6), (60 * rate, 65)] {
            assert_eq!(time_for(bytes).as_secs(), seconds, "{bytes}");
        }
    }
}

//! When there is something new: api tells over its stream of events. Where it does not, whoever follows looks now and then.

use tokio::time::{Instant, sleep_until, timeout_at};

use super::PERIOD;
use crate::cli::client::{Api, Endless};

/// What may be in a list that is followed.
const TELLING: [&str; 5] = ["attempt", "dead_letter", "post", "skipped", "reload"];

/// The stream of events, while it is there.
#[derive(Default)]
pub(super) struct News {
    stream: Option<Endless>,
    /// The beginning of a line of it.
    rest: Vec<u8>,
}

impl News {
    /// Begins to listen, if api tells of events.
    pub(super) async fn listen(&mut self, api: &Api) {
        if self.stream.is_none() {
            self.stream = api.stream(&["api", "events"]).await.ok();
            self.rest.clear();
        }
    }

    /// Waits until something has happened, at most until then; without a stream, a moment.
    pub(super) async fn wait(&mut self, until: Instant) {
        let Some(stream) = &mut self.stream else {
            sleep_until(until.min(Instant::now() + PERIOD)).await;
            return;
        };
        loop {
            match timeout_at(until, stream.chunk()).await {
                Err(_) => return,
                Ok(Some(chunk)) => self.rest.extend_from_slice(&chunk),
                Ok(None) => {
                    self.stream = None;
                    return;
                }
            }
            if has_news(&mut self.rest) {
                return;
            }
        }
    }
}

/// Whether a whole line tells of something; lines that were looked at are dropped.
fn has_news(text: &mut Vec<u8>) -> bool {
    let Some(end) = text.iter().rposition(|byte| *byte == b'\n') else {
        return false;
    };
    let whole: Vec<u8> = text.drain(..=end).collect();
    let whole = String::from_utf8_lossy(&whole);
    whole.lines().any(|line| {
        let name = line.strip_prefix("event:").map(str::trim);
        name.is_some_and(|name| TELLING.contains(&name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_in_a_list_is_news_and_counts_are_not() {
        let news = |text: &str| {
            let mut rest = text.as_bytes().to_vec();
            (has_news(&mut rest), String::from_utf8(rest).unwrap())
        };

        assert_eq!(
            news("event: counts\ndata: {}\n\nev"),
            (false, "ev".to_owned())
        );
        assert_eq!(news("id: 1\nevent: attempt\nda"), (true, "da".to_owned()));
        assert_eq!(news("event: atte"), (false, "event: atte".to_owned()));
        assert_eq!(news("event:reload\n"), (true, String::new()));
    }
}

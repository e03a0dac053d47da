//! The metrics that api shows.

use std::time::Duration;

use super::Metrics;
use crate::core::chat::Name;
use crate::core::refused::{MESSAGE_FIELDS, RefusedFor};
use crate::telemetry::by_name::{MOST_FROM_START, OTHER, told_apart};
use crate::telemetry::labels::{Dropped, words};

/// The methods that are told apart.
const METHODS: [&str; 7] = ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"];

/// The refusals of a buffer that alerts wait for.
const ALARMING: [RefusedFor; 3] = [RefusedFor::Full, RefusedFor::Redis, RefusedFor::Proof];

impl Metrics {
    pub(super) fn register_api(&mut self) {
        let fields = MESSAGE_FIELDS.into_iter();
        let reasons: Vec<_> = fields
            .chain(words::<RefusedFor>())
            .map(|reason| [reason])
            .collect();
        self.refused.show([""], &reasons);
        let registry = &mut self.registry;
        registry.register(
            "messages_accepted",
            "Messages stored, by buffer",
            self.accepted.clone(),
        );
        registry.register(
            "messages_duplicate",
            "Messages whose id was seen before, by buffer",
            self.duplicates.clone(),
        );
        registry.register(
            "messages_dropped",
            "Messages that a rule dropped, by buffer and reason",
            self.dropped.clone(),
        );
        registry.register(
            "requests_refused",
            "Messages and posts refused, and requests that did not come in, by reason, and by buffer where it was known",
            self.refused.clone(),
        );
        self.posts.register(registry);
        self.amqp.register(registry);
        registry.register(
            "request_seconds",
            "Time until a request was answered, by route, method and class of status",
            self.requests.clone(),
        );
    }

    /// Has metrics of these buffers from their start, and of others none any more.
    pub fn keep_buffers<'a>(&self, buffers: impl IntoIterator<Item = &'a Name>) {
        let names = told_apart(buffers);
        let all = || names.iter().copied();
        for counts in [&self.accepted, &self.duplicates] {
            counts.keep(all());
            counts.show(all(), &[[]]);
        }
        let dropped: Vec<_> = words::<Dropped>().map(|word| [word]).collect();
        self.dropped.keep(all());
        self.dropped.show(all(), &dropped);
        let alarming: Vec<_> = ALARMING.map(|it| [it.as_str()]).into();
        self.refused.keep(all());
        self.refused.show(all().take(MOST_FROM_START), &alarming);
        self.posts.keep(&names);
        self.amqp.keep(&names);
    }

    /// A request to a route, empty where none matched, was answered with a status.
    pub fn answered(&self, route: &str, method: &str, status: u16, took: Duration) {
        let words = [method_word(method), status_word(status)];
        self.requests
            .with(route, &words, |requests| requests.observe(took));
    }
}

/// The method, of which strangers may make up any.
fn method_word(method: &str) -> &'static str {
    let known = METHODS.into_iter().find(|known| *known == method);
    known.unwrap_or(OTHER)
}

fn status_word(status: u16) -> &'static str {
    match status {
        100..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        _ => "5xx",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_and_statuses_are_a_few_words() {
        assert_eq!(method_word("PATCH"), "PATCH");
        assert_eq!(method_word("X-MADE-UP"), "other");
        let words: Vec<_> = [101, 200, 302, 499, 503].map(status_word).into();
        assert_eq!(words, ["1xx", "2xx", "3xx", "4xx", "5xx"]);
    }
}

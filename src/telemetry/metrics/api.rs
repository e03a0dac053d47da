//! The metrics that api shows.

use super::{Metrics, show_zeros};
use crate::core::refused::{MESSAGE_FIELDS, RefusedFor};
use crate::telemetry::labels::{Dropped, words};

impl Metrics {
    pub(super) fn register_api(&mut self) {
        show_zeros(&self.dropped, "reason", words::<Dropped>());
        show_zeros(&self.refused, "reason", MESSAGE_FIELDS);
        show_zeros(&self.refused, "reason", words::<RefusedFor>());
        let registry = &mut self.registry;
        registry.register(
            "messages_accepted",
            "Messages stored",
            self.accepted.clone(),
        );
        registry.register(
            "messages_duplicate",
            "Messages whose id was seen before",
            self.duplicates.clone(),
        );
        registry.register(
            "messages_dropped",
            "Messages that a rule dropped, by reason",
            self.dropped.clone(),
        );
        registry.register(
            "requests_refused",
            "Requests refused, by reason",
            self.refused.clone(),
        );
        self.posts.register(registry);
    }
}

//! What became of posts, by buffer.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;

use super::by_name::{ByName, MOST_FROM_START, Words};
use crate::core::chat::Name;
use crate::core::code::Code;
use crate::core::post::PostResult;

/// The refusals that tell of a wrong setting, which somebody may want to be alarmed by.
const SETTINGS: [Code; 2] = [Code::ProofFailed, Code::NotOfGateway];

/// Counts of posts by buffer, result and code. Clones count together.
#[derive(Clone, Debug)]
pub struct PostMetrics(ByName<Counter, 2>);

impl Default for PostMetrics {
    fn default() -> Self {
        Self(ByName::new("buffer", ["result", "code"], Counter::default))
    }
}

impl PostMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "posts",
            "What was posted, by buffer and what became of it",
            self.0.clone(),
        );
    }

    /// Counts one more; none: for no buffer that there is.
    pub fn count(&self, buffer: Option<&Name>, result: PostResult) {
        self.0.count(buffer, &words(result));
    }

    /// Has counts of these buffers from their start, as far as there are not too many, and of others none any more.
    pub(super) fn keep(&self, buffers: &[&str]) {
        self.0.keep(buffers.iter().copied());
        let refused = SETTINGS.into_iter().map(PostResult::Refused);
        let all: Vec<_> = PostResult::unrefused().chain(refused).map(words).collect();
        let shown = buffers.iter().copied().take(MOST_FROM_START);
        self.0.show(shown, &all);
    }
}

fn words(result: PostResult) -> Words<2> {
    [result.word(), result.code().map_or("", Code::word)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        Name::parse(text).unwrap()
    }

    fn shown(metrics: &PostMetrics) -> String {
        let mut registry = Registry::default();
        metrics.register(&mut registry);
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        text
    }

    #[test]
    fn a_buffer_has_its_counts_from_the_start_until_it_is_gone() {
        let metrics = PostMetrics::default();
        let proof = PostResult::Refused(Code::ProofFailed);
        metrics.count(Some(&name("loja")), PostResult::Taken);
        metrics.keep(&["loja", "other-one"]);

        let text = shown(&metrics);
        for line in [
            r#"posts_total{buffer="loja",result="taken",code=""} 1"#,
            r#"posts_total{buffer="loja",result="refused",code="proof_failed"} 0"#,
            r#"posts_total{buffer="other-one",result="paused",code=""} 0"#,
        ] {
            assert!(text.lines().any(|it| it == line), "{line}: {text}");
        }
        metrics.count(None, proof);
        metrics.keep(&["other-one"]);
        let text = shown(&metrics);
        assert!(!text.contains("loja"), "{text}");
        assert!(text.contains(r#"{buffer="",result="refused",code="proof_failed"} 1"#));
    }

    #[test]
    fn where_there_are_many_buffers_only_what_was_posted_is_counted() {
        let metrics = PostMetrics::default();
        let names: Vec<_> = (0..1000).map(|number| format!("b{number}")).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();

        metrics.count(Some(&name("b999")), PostResult::Taken);
        metrics.keep(&names);

        let text = shown(&metrics);
        assert!(text.contains(r#"{buffer="b31",result="paused","#));
        assert!(!text.contains(r#"{buffer="b32","#));
        assert!(text.contains(r#"{buffer="b999",result="taken",code=""} 1"#));
        assert!(!text.contains(r#"{buffer="b999",result="paused","#));
    }
}

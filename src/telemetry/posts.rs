//! What became of posts, by buffer.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use crate::core::chat::Name;
use crate::core::code::Code;
use crate::core::post::PostResult;

/// Of so many buffers each count is there from the start.
const MOST_FROM_START: usize = 32;
/// What all buffers are called that came with a message: there can be thousands.
pub const BROUGHT: &str = ".brought";
/// The refusals that tell of a wrong setting, which somebody may want to be alarmed by.
const SETTINGS: [Code; 2] = [Code::ProofFailed, Code::NotOfGateway];

type Labels = [(&'static str, Cow<'static, str>); 3];

/// Counts of posts by buffer, result and code. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct PostMetrics {
    posts: Family<Labels, Counter>,
    /// The buffers that have counts.
    buffers: Arc<Mutex<BTreeSet<String>>>,
}

impl PostMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "posts",
            "What was posted, by buffer and what became of it",
            self.posts.clone(),
        );
    }

    /// Counts one more; none: for no buffer that there is.
    pub fn count(&self, buffer: Option<&Name>, result: PostResult) {
        let buffer = buffer.map_or("", Name::as_str);
        let buffer = if Name::is_anonymous(buffer) {
            BROUGHT
        } else {
            buffer
        };
        let labels = labels(buffer, result);
        // Mostly it is there, and nothing has to be locked for it.
        if let Some(counter) = self.posts.get(&labels) {
            counter.inc();
            return;
        }
        self.buffers().insert(buffer.to_owned());
        self.posts.get_or_create(&labels).inc();
    }

    /// Has counts of these buffers from their start, as far as there are not too many, and of others none any more.
    pub fn keep<'a>(&self, names: impl Iterator<Item = &'a Name>) {
        let names: BTreeSet<&str> = names.map(Name::as_str).collect();
        let mut buffers = self.buffers();
        buffers.retain(|name| {
            let stays = names.contains(name.as_str()) || ["", BROUGHT].contains(&name.as_str());
            if !stays {
                self.forget(name);
            }
            stays
        });
        let shown = names.iter().filter(|it| !Name::is_anonymous(it));
        for name in shown.take(MOST_FROM_START) {
            if buffers.insert((*name).to_owned()) || self.is_new(name) {
                let refused = SETTINGS.into_iter().map(PostResult::Refused);
                for result in PostResult::unrefused().chain(refused) {
                    drop(self.posts.get_or_create(&labels(name, result)));
                }
            }
        }
    }

    fn forget(&self, gone: &str) {
        let refused = Code::ALL.iter().copied().map(PostResult::Refused);
        for result in PostResult::unrefused().chain(refused) {
            self.posts.remove(&labels(gone, result));
        }
    }

    /// Whether the buffer has no counts but those of what was posted.
    fn is_new(&self, name: &str) -> bool {
        let settings = PostResult::Refused(SETTINGS[0]);
        self.posts.get(&labels(name, settings)).is_none()
    }

    fn buffers(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.buffers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn labels(buffer: &str, result: PostResult) -> Labels {
    let code = result.code().map_or("", Code::word);
    [
        ("buffer", Cow::Owned(buffer.to_owned())),
        ("result", Cow::Borrowed(result.word())),
        ("code", Cow::Borrowed(code)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        Name::parse(text).unwrap()
    }

    fn count_of(metrics: &PostMetrics, buffer: &str, result: PostResult) -> Option<u64> {
        let counter = metrics.posts.get(&labels(buffer, result));
        counter.map(|counter| counter.get())
    }

    #[test]
    fn a_buffer_has_its_counts_from_the_start_until_it_is_gone() {
        let metrics = PostMetrics::default();
        let (loja, other) = (name("loja"), name("other"));
        let proof = PostResult::Refused(Code::ProofFailed);

        metrics.count(Some(&loja), PostResult::Taken);
        metrics.keep([&loja, &other].into_iter());
        assert_eq!(count_of(&metrics, "loja", PostResult::Taken), Some(1));
        assert_eq!(count_of(&metrics, "loja", proof), Some(0));
        assert_eq!(count_of(&metrics, "other", PostResult::Paused), Some(0));

        metrics.count(None, proof);
        metrics.keep([&other].into_iter());
        assert_eq!(count_of(&metrics, "loja", PostResult::Taken), None);
        assert_eq!(count_of(&metrics, "loja", proof), None);
        assert_eq!(count_of(&metrics, "", proof), Some(1));
    }

    #[test]
    fn however_many_buffers_come_with_messages_they_are_counted_as_one() {
        let metrics = PostMetrics::default();
        for number in 0..1000 {
            let brought = name(&format!("c-{number:016x}"));
            metrics.count(Some(&brought), PostResult::Taken);
        }

        assert_eq!(count_of(&metrics, BROUGHT, PostResult::Taken), Some(1000));
        assert_eq!(metrics.buffers().len(), 1);
    }

    #[test]
    fn where_there_are_many_buffers_only_what_was_posted_is_counted() {
        let metrics = PostMetrics::default();
        let names: Vec<_> = (0..1000)
            .map(|number| name(&format!("b{number}")))
            .collect();

        metrics.keep(names.iter());
        assert_eq!(metrics.buffers().len(), MOST_FROM_START);
        metrics.count(Some(&names[999]), PostResult::Taken);
        metrics.keep(names.iter());
        assert_eq!(count_of(&metrics, "b999", PostResult::Taken), Some(1));
        assert_eq!(count_of(&metrics, "b999", PostResult::Paused), None);
    }
}

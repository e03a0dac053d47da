//! Metrics by a name that operators choose, such as that of a buffer: bounded, however many names there are, and without
//! what has gone.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use prometheus_client::encoding::{EncodeMetric, MetricEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::{MetricType, TypedMetric};

use crate::core::chat::Name;

/// So many names are told apart.
pub const MOST: usize = 200;
/// Of so many names what has many words, or many buckets, is there from the start.
pub const MOST_FROM_START: usize = 32;
/// What all names beyond [`MOST`] are called; also one that is called so.
pub const OTHER: &str = "other";
/// What everything is called that came with a message: there can be thousands.
pub const BROUGHT: &str = ".brought";
/// What is no name of anything that an operator made, and is always told apart.
const OWN: [&str; 3] = ["", BROUGHT, OTHER];

/// The words of the labels beside the name.
pub type Words<const N: usize> = [&'static str; N];

/// A metric for each name and, under it, for each choice of words of `N` more labels. Clones are one.
///
/// Whoever counts under a name that is known allocates nothing, and shares a lock with all others who do.
pub struct ByName<M, const N: usize>(Arc<Shared<M, N>>);

struct Shared<M, const N: usize> {
    label: &'static str,
    labels: [&'static str; N],
    make: fn() -> M,
    known: RwLock<Known<M, N>>,
}

struct Known<M, const N: usize>(HashMap<Box<str>, HashMap<Words<N>, M>>);

/// The label of something that has this name; none: it is of nothing that there is.
pub fn label_of(name: Option<&Name>) -> &str {
    let name = name.map_or("", Name::as_str);
    if Name::is_anonymous(name) {
        BROUGHT
    } else {
        name
    }
}

/// The labels of these names, but for those that came with a message.
pub fn told_apart<'a>(names: impl IntoIterator<Item = &'a Name>) -> Vec<&'a str> {
    let names = names.into_iter().map(Name::as_str);
    let names: BTreeSet<_> = names.filter(|name| !Name::is_anonymous(name)).collect();
    names.into_iter().collect()
}

impl<M, const N: usize> ByName<M, N> {
    /// One whose names stand in `label` and whose words in `labels`; `make` makes a metric that has counted nothing.
    pub fn new(label: &'static str, labels: [&'static str; N], make: fn() -> M) -> Self {
        let known = RwLock::new(Known(HashMap::new()));
        Self(Arc::new(Shared {
            label,
            labels,
            make,
            known,
        }))
    }

    /// Does something with the metric of a name and these words. `name` is a [label](label_of).
    pub fn with<T>(&self, name: &str, words: &Words<N>, note: impl FnOnce(&M) -> T) -> T {
        if let Some(metric) = self.read().find(name, words) {
            return note(metric);
        }
        note(self.write().made(name, words, self.0.make))
    }

    /// Has no metrics of names that are gone: of all but these.
    pub fn keep<'a>(&self, names: impl IntoIterator<Item = &'a str>) {
        let names: BTreeSet<&str> = names.into_iter().collect();
        self.write().0.retain(|name, _| {
            let name: &str = name;
            OWN.contains(&name) || names.contains(name)
        });
    }

    /// Has the metrics of these names from now on, with each of these words: what appears with its first event cannot be
    /// seen to rise.
    pub fn show<'a>(&self, names: impl IntoIterator<Item = &'a str>, words: &[Words<N>]) {
        let mut known = self.write();
        for name in names {
            for words in words {
                known.made(name, words, self.0.make);
            }
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Known<M, N>> {
        self.0.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Known<M, N>> {
        self.0.known.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<const N: usize> ByName<Counter, N> {
    /// Counts one more.
    pub fn count(&self, name: Option<&Name>, words: &Words<N>) {
        self.with(label_of(name), words, Counter::inc);
    }

    /// How many were counted in all, of names that are still there.
    pub fn total(&self) -> u64 {
        let known = self.read();
        known
            .0
            .values()
            .flat_map(HashMap::values)
            .map(Counter::get)
            .sum()
    }
}

impl<M, const N: usize> Known<M, N> {
    fn find(&self, name: &str, words: &Words<N>) -> Option<&M> {
        let of_name = match self.0.get(name) {
            Some(of_name) => Some(of_name),
            None if self.is_full() => self.0.get(OTHER),
            None => None,
        };
        of_name?.get(words)
    }

    fn is_full(&self) -> bool {
        let own = OWN.iter().filter(|it| self.0.contains_key(**it));
        self.0.len() >= MOST + own.count()
    }

    fn made(&mut self, name: &str, words: &Words<N>, make: fn() -> M) -> &M {
        let is_told = self.0.contains_key(name) || OWN.contains(&name) || !self.is_full();
        let name = if is_told { name } else { OTHER };
        let of_name = self.0.entry(name.into()).or_default();
        of_name.entry(*words).or_insert_with(make)
    }
}

impl<M, const N: usize> Clone for ByName<M, N> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<M, const N: usize> fmt::Debug for ByName<M, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ByName").field(&self.0.label).finish()
    }
}

impl<M: EncodeMetric + TypedMetric, const N: usize> EncodeMetric for ByName<M, N> {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        let known = self.read();
        let by_name: BTreeMap<_, _> = known.0.iter().collect();
        for (name, metrics) in by_name {
            let by_words: BTreeMap<_, _> = metrics.iter().collect();
            for (words, metric) in by_words {
                let words = self.0.labels.iter().copied().zip(words.iter().copied());
                let labels: Vec<_> = [(self.0.label, &**name)].into_iter().chain(words).collect();
                metric.encode(encoder.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }

    fn metric_type(&self) -> MetricType {
        M::TYPE
    }

    fn is_empty(&self) -> bool {
        self.read().0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts() -> ByName<Counter, 1> {
        ByName::new("buffer", ["reason"], Counter::default)
    }

    fn count_of(counts: &ByName<Counter, 1>, name: &str) -> Option<u64> {
        let known = counts.read();
        known
            .0
            .get(name)
            .map(|it| it.values().map(Counter::get).sum())
    }

    #[test]
    fn beyond_two_hundred_names_all_are_one() {
        let counts = counts();
        for _ in 0..2 {
            for number in 0..1_000 {
                counts.with(&format!("b{number}"), &["full"], Counter::inc);
            }
        }
        counts.count(None, &["key"]);

        assert_eq!(count_of(&counts, "b199"), Some(2));
        assert_eq!(count_of(&counts, "b200"), None);
        assert_eq!(count_of(&counts, OTHER), Some(1_600));
        assert_eq!(count_of(&counts, ""), Some(1));
        assert_eq!(counts.read().0.len(), MOST + 2);
    }

    #[test]
    fn what_is_gone_makes_room() {
        let counts = counts();
        let names: Vec<_> = (0..MOST).map(|number| format!("b{number}")).collect();
        for name in &names {
            counts.with(name, &["full"], Counter::inc);
        }
        counts.with("new", &["full"], Counter::inc);
        assert_eq!(count_of(&counts, "new"), None);

        counts.keep(names.iter().skip(1).map(String::as_str));
        counts.show(["b1"], &[["redis"]]);
        counts.with("new", &["full"], Counter::inc);

        assert_eq!(count_of(&counts, "b0"), None);
        assert_eq!(count_of(&counts, "new"), Some(1));
        assert_eq!(counts.read().0["b1"].len(), 2, "it shows from the start");
        assert_eq!(counts.total(), MOST as u64 + 1);
    }

    #[test]
    fn whatever_comes_with_messages_has_one_name() {
        let brought = Name::parse("c-0123456789abcdef").unwrap();
        assert_eq!(label_of(Some(&brought)), BROUGHT);
        assert_eq!(label_of(None), "");
    }
}

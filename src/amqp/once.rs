//! What was said in the log already, so that what lasts is said once.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

/// More than so many different things of one kind are not told apart.
const MOST: usize = 1000;

/// What was said, by its kind.
#[derive(Debug, Default)]
pub(super) struct Once(Mutex<HashMap<&'static str, HashSet<String>>>);

impl Once {
    /// Whether it is news.
    pub(super) fn is_news(&self, kind: &'static str, about: &str) -> bool {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_kind = said.entry(kind).or_default();
        of_kind.len() < MOST && of_kind.insert(about.to_owned())
    }

    /// Forgets what is over, so that it will be news again.
    pub(super) fn forget(&self, kind: &'static str) {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        said.remove(kind);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lasts_is_news_once_until_it_is_over() {
        let once = Once::default();
        assert!(once.is_news("away", "refused"));
        assert!(!once.is_news("away", "refused"));
        assert!(once.is_news("away", "silent"));
        once.forget("away");
        assert!(once.is_news("away", "refused"));
    }
}

//! How much one listener is told in a second: nobody reads more, and telling it would cost those who post.

use std::time::Duration;

use tokio::time::Instant;

use crate::admin::live::happenings::What;

/// Tries that are told in a second, and as many posts.
const MOST: u32 = 200;
const SECOND: Duration = Duration::from_secs(1);

/// What was told in this second, and what was left out of it.
pub(super) struct Budget {
    began: Instant,
    tries: u32,
    posts: u32,
    left_out: u64,
}

impl Budget {
    /// Nothing yet.
    pub(super) fn new() -> Self {
        Self {
            began: Instant::now(),
            tries: 0,
            posts: 0,
            left_out: 0,
        }
    }

    /// Whether this is told; else it is counted. What came to nothing is always told, and so is what is in no list.
    pub(super) fn may_tell(&mut self, what: &What) -> bool {
        let told = match what {
            What::Tried(_) => &mut self.tries,
            What::Posted(_) => &mut self.posts,
            What::Buried { .. } | What::Counts(_) | What::Changed | What::Reload => return true,
        };
        let may = *told < MOST;
        *told += u32::from(may);
        self.left_out += u64::from(!may);
        may
    }

    /// What was left out of the second that is over; none: nothing, or it is not over.
    pub(super) fn skipped(&mut self) -> Option<u64> {
        if self.began.elapsed() < SECOND {
            return None;
        }
        let left_out = std::mem::replace(self, Self::new()).left_out;
        (left_out > 0).then_some(left_out)
    }
}

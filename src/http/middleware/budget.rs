//! A budget over all bodies on their way (`MAX_BODIES_BYTES`): what has come of each, until its request is answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;

use crate::http::Api;
use crate::http::error::ApiError;

/// The bytes of all bodies on their way.
#[derive(Clone)]
pub(in crate::http) struct Budget {
    /// Most that may be; 0: any number.
    most: usize,
    taken: Arc<AtomicUsize>,
}

impl Budget {
    pub(in crate::http) fn new(most: usize) -> Self {
        Self {
            most,
            taken: Arc::default(),
        }
    }

    /// The part of a request that is about to be read.
    fn part(&self) -> Part {
        Part {
            budget: self.clone(),
            bytes: AtomicUsize::new(0),
        }
    }
}

/// What the body of one request has taken, given back when the request is answered.
struct Part {
    budget: Budget,
    bytes: AtomicUsize,
}

impl Drop for Part {
    fn drop(&mut self) {
        let bytes = self.bytes.load(Ordering::Relaxed);
        self.budget.taken.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// The part of the request in hand; the layer has put it there.
#[derive(Clone)]
pub(in crate::http) struct Share(Arc<Part>);

impl Share {
    /// Asks for room for more of the body, which has come.
    ///
    /// # Errors
    /// When all bodies on their way together would be too large.
    pub(in crate::http) fn add(&self, bytes: usize) -> Result<(), ApiError> {
        let Budget { most, taken } = &self.0.budget;
        let before = taken.fetch_add(bytes, Ordering::Relaxed);
        self.0.bytes.fetch_add(bytes, Ordering::Relaxed);
        if *most > 0 && before + bytes > *most {
            return Err(ApiError::TooManyBytes(*most));
        }
        Ok(())
    }

    /// What has come is let go of before the request is answered.
    pub(in crate::http) fn give_back(&self) {
        let bytes = self.0.bytes.swap(0, Ordering::Relaxed);
        self.0.budget.taken.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// The layer that knows when a request is answered.
pub(in crate::http) async fn share(
    State(api): State<Api>,
    mut request: Request,
    next: Next,
) -> Response {
    let share = Share(Arc::new(api.budget.part()));
    request.extensions_mut().insert(share.clone());
    let answer = next.run(request).await;
    drop(share);
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_answered_makes_room_for_others() {
        let budget = Budget::new(10);
        let share = || Share(Arc::new(budget.part()));
        let (one, other) = (share(), share());

        assert!(one.add(6).is_ok() && other.add(4).is_ok());
        assert!(other.add(1).is_err());
        other.give_back();
        assert!(one.add(4).is_ok());
        drop(one);
        assert_eq!(budget.taken.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn zero_is_no_limit() {
        let share = Share(Arc::new(Budget::new(0).part()));
        assert!(share.add(usize::MAX / 2).is_ok());
    }
}

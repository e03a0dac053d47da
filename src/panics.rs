//! Panics: what is caught of one, and the line that tells of one that nobody catches.
//!
//! A line names the place in the source and the words that stand there. What was put into the words at run time stays
//! out, because it may be a piece of what a person said.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use tracing::error;

thread_local! {
    /// How many of the futures being polled on this thread catch panics.
    static CATCHING: Cell<u32> = const { Cell::new(0) };
    static LAST: RefCell<Option<Panic>> = const { RefCell::new(None) };
}

/// A panic that was caught.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panic {
    place: String,
    words: Option<&'static str>,
}

impl Panic {
    fn of(info: &PanicHookInfo<'_>) -> Self {
        let place = info.location().map(ToString::to_string);
        Self {
            place: place.unwrap_or_else(|| "an unknown place".to_owned()),
            words: words(info.payload()),
        }
    }
}

impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a panic at {}", self.place)?;
        match self.words {
            Some(words) => write!(f, ": {words}"),
            None => Ok(()),
        }
    }
}

/// Only words that are written in the source come as they are.
fn words(payload: &(dyn Any + Send)) -> Option<&'static str> {
    payload.downcast_ref::<&'static str>().copied()
}

/// From now on a panic writes one log line, where nobody catches it, and nothing else: the usual way prints to stderr,
/// and ends the process where that fails.
pub fn say_in_log() {
    set_hook(Box::new(|info| {
        let panic = Panic::of(info);
        if CATCHING.get() > 0 {
            LAST.set(Some(panic));
        } else {
            error!("Lull itself has failed, please report it: {panic}");
        }
    }));
}

/// Runs `work`, and answers its panic if there is one; whoever gets it has to tell of it.
pub async fn caught<T>(work: impl Future<Output = T>) -> Result<T, Panic> {
    Caught(pin!(work)).await
}

struct Caught<'a, F>(Pin<&'a mut F>);

impl<F: Future> Future for Caught<'_, F> {
    type Output = Result<F::Output, Panic>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let _catching = Catching::begin();
        // After a panic the future is dropped and never polled again, so nothing half-done is seen.
        match catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(context))) {
            Ok(poll) => poll.map(Ok),
            Err(payload) => Poll::Ready(Err(LAST.take().unwrap_or_else(|| Panic {
                place: "an unknown place".to_owned(),
                words: words(&*payload),
            }))),
        }
    }
}

struct Catching;

impl Catching {
    fn begin() -> Self {
        CATCHING.set(CATCHING.get() + 1);
        Self
    }
}

impl Drop for Catching {
    fn drop(&mut self) {
        CATCHING.set(CATCHING.get() - 1);
    }
}

/// Panics that tests ask for by `LULL_TEST_PANICS`, such as `listener:2,attempt:1`. A release knows nothing of it.
#[cfg(debug_assertions)]
pub mod provoked {
    use std::collections::HashMap;
    use std::sync::{Mutex, OnceLock, PoisonError};

    static LEFT: OnceLock<Mutex<HashMap<String, u32>>> = OnceLock::new();

    /// Takes up what is asked for: how often each place has to panic.
    pub fn ask_for(text: &str) {
        let asked = text.split(',').filter_map(|asked| {
            let (place, count) = asked.split_once(':')?;
            Some((place.to_owned(), count.parse().ok()?))
        });
        let _ = LEFT.set(Mutex::new(asked.collect()));
    }

    pub(super) fn takes(place: &str) -> bool {
        let Some(left) = LEFT.get() else { return false };
        let mut left = left.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(left) = left.get_mut(place).filter(|left| **left > 0) else {
            return false;
        };
        *left -= 1;
        true
    }
}

/// A place that tests may have panic; in a release it is nothing.
#[inline]
#[track_caller]
pub fn provoke(place: &str) {
    #[cfg(debug_assertions)]
    assert!(!provoked::takes(place), "a test has asked for this");
    #[cfg(not(debug_assertions))]
    let _ = place;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_words_of_the_source_are_told() {
        let secret = std::hint::black_box("5511988887777");

        let plain = caught(async { panic!("the index is empty") }).await;
        let with_data = caught(async { panic!("no {secret} here") }).await;

        let told = |result: Result<(), Panic>| result.unwrap_err().to_string();
        assert!(told(plain).ends_with(": the index is empty"));
        let told = told(with_data);
        assert!(
            !told.contains(secret) && told.starts_with("a panic at "),
            "{told}"
        );
    }

    #[tokio::test]
    async fn what_does_not_panic_goes_on_over_many_polls() {
        let work = async {
            tokio::task::yield_now().await;
            tokio::task::yield_now().await;
            7
        };

        assert_eq!(caught(work).await, Ok(7));
        assert_eq!(CATCHING.get(), 0);
    }
}

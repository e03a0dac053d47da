//! What many look at, asked of the API once for all of them: a part of a page that is read again every two seconds by each
//! browser costs about as much for twenty as for one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// An answer is handed out for so long.
const FRESH: Duration = Duration::from_secs(1);
/// More answers are not kept: the old ones make room.
const MOST: usize = 64;

/// Answers that are handed out more than once. A clone is the same.
#[derive(Clone, Default)]
pub(super) struct Shared(Arc<Mutex<HashMap<Asked, Slot>>>);

/// Who may be answered the same: whoever reaches as much, and asks for this path.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Asked {
    pub(super) scopes: Arc<str>,
    pub(super) path: String,
}

/// An answer, once there is one; who comes while it is asked for waits for it.
type Slot = Arc<tokio::sync::Mutex<Option<(Instant, Arc<[u8]>)>>>;

impl Shared {
    /// The answer to it, asked for anew if it is too old. A refusal is handed to the one who got it, and to nobody else.
    ///
    /// # Errors
    /// What `ask` says.
    pub(super) async fn answer<E>(
        &self,
        asked: Asked,
        ask: impl Future<Output = Result<Vec<u8>, E>>,
    ) -> Result<Arc<[u8]>, E> {
        let slot = self.slot(asked);
        let mut answer = slot.lock().await;
        if let Some((at, bytes)) = &*answer
            && at.elapsed() < FRESH
        {
            return Ok(bytes.clone());
        }
        let bytes: Arc<[u8]> = ask.await?.into();
        *answer = Some((Instant::now(), bytes.clone()));
        Ok(bytes)
    }

    fn slot(&self, asked: Asked) -> Slot {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= MOST && !slots.contains_key(&asked) {
            slots.clear();
        }
        slots.entry(asked).or_default().clone()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn asked(scopes: &str, path: &str) -> Asked {
        Asked {
            scopes: scopes.into(),
            path: path.to_owned(),
        }
    }

    #[tokio::test]
    async fn of_all_who_ask_within_a_second_one_asks_the_api() {
        let (shared, times) = (Shared::default(), AtomicUsize::new(0));
        let ask = || async {
            let time = times.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            Ok::<_, ()>(vec![u8::try_from(time).unwrap()])
        };
        let now = || shared.answer(asked("read", "/api/overview"), ask());

        let (one, other) = tokio::join!(now(), now());
        assert_eq!((&*one.unwrap(), &*other.unwrap()), (&[0][..], &[0][..]));
        assert_eq!(*now().await.unwrap(), [0]);
        let admin = shared.answer(asked("admin", "/api/overview"), ask());
        assert_eq!(
            *admin.await.unwrap(),
            [1],
            "who reaches more is answered apart"
        );
        let slot = shared.slot(asked("read", "/api/overview"));
        let mut answer = slot.lock().await;
        let (at, _) = answer.as_mut().unwrap();
        *at = at.checked_sub(FRESH).unwrap();
        drop(answer);
        assert_eq!(*now().await.unwrap(), [2]);
    }

    #[tokio::test]
    async fn a_refusal_is_not_kept_and_old_answers_make_room() {
        let shared = Shared::default();
        let refused = shared.answer(asked("read", "/"), async { Err("away") });
        assert_eq!(refused.await, Err("away"));
        for at in 0..2 * MOST {
            let path = at.to_string();
            let answer = shared.answer(asked("read", &path), async { Ok::<_, ()>(vec![1]) });
            assert_eq!(*answer.await.unwrap(), [1]);
        }
        assert!(shared.0.lock().unwrap().len() <= MOST);
    }
}

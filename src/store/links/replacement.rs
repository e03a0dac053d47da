//! Noticing that connections were made anew.

use tokio::sync::watch;

use super::{Links, State};

impl Links {
    /// Tells when connections are replaced, from now on.
    pub(in crate::store) fn replacement(&self) -> Replacement {
        let states = self.links[0].subscribe();
        let number = states.borrow().live.as_ref().map(|live| live.number);
        Replacement { states, number }
    }
}

/// Waits until a shared connection is replaced by another: the address may lead elsewhere by then.
pub(in crate::store) struct Replacement {
    states: watch::Receiver<State>,
    number: Option<u64>,
}

impl Replacement {
    pub(in crate::store) async fn comes(&mut self) {
        let number = self.number;
        let came = self
            .states
            .wait_for(|state| {
                let live = state.live.as_ref();
                live.is_some_and(|live| Some(live.number) != number)
            })
            .await;
        // An error: nobody has the store any more.
        drop(came);
    }
}

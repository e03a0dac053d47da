//! Leaving a node for good: what it still says is not heard.

use redis::RedisError;

use super::Links;

impl Links {
    /// Another node has taken the place of this one. All connections to it are given up at once, with the calls on them: a
    /// master that hangs would do what lies in its sockets as soon as it wakes, and its answers must not count.
    pub(in crate::store) fn leave_for_good(&self) {
        self.left.cancel();
        for link in &self.links {
            link.send_modify(|state| {
                state.live = None;
                state.connecting = false;
                state.why = Some(left());
            });
        }
    }

    /// Waits until the node was left for good.
    pub(in crate::store) async fn are_left(&self) -> RedisError {
        self.left.cancelled().await;
        left()
    }
}

/// As if the connection had broken: what was asked may have been done, or not.
fn left() -> RedisError {
    let why = "this Redis is not the master any more";
    std::io::Error::new(std::io::ErrorKind::ConnectionReset, why).into()
}

//! Which queues messages are to be taken from.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::core::chat::Name;
use crate::registry::Snapshot;
use crate::spec::Buffer;
use crate::store::config::Kind;

/// A queue, and the buffer that its messages are for.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) queue: String,
    pub(super) buffer: Arc<Buffer>,
    pub(super) prefetch: u16,
}

/// Two are the same as long as nothing changes for whoever takes from the queue; the buffer itself is looked up each time.
impl PartialEq for Wanted {
    fn eq(&self, other: &Self) -> bool {
        let key = |it: &Self| (it.queue.clone(), it.buffer.name.clone(), it.prefetch);
        key(self) == key(other)
    }
}

/// The queues of all buffers that take messages, by name; and those that a second buffer names in vain.
pub(super) fn of(snapshot: &Snapshot) -> (Vec<Wanted>, Vec<(String, Name)>) {
    let mut buffers: Vec<_> = snapshot.buffers().collect();
    buffers.sort_by(|a, b| a.name.cmp(&b.name));
    let (mut wanted, mut twice) = (BTreeMap::new(), Vec::new());
    for buffer in buffers {
        let is_going = snapshot.configured.removal(Kind::Buffer, &buffer.name);
        let Some(amqp) = buffer.amqp.as_ref().filter(|_| buffer.active) else {
            continue;
        };
        if is_going.is_some() {
            continue;
        }
        for queue in &amqp.queues {
            if wanted.contains_key(queue) {
                twice.push((queue.clone(), buffer.name.clone()));
                continue;
            }
            let it = Wanted {
                queue: queue.clone(),
                buffer: buffer.clone(),
                prefetch: amqp.prefetch,
            };
            wanted.insert(queue.clone(), it);
        }
    }
    (wanted.into_values().collect(), twice)
}

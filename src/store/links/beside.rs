//! Connections to another node, and by what a node is asked how it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

use redis::{Client, ConnectionAddr, ErrorKind, RedisError, RedisResult};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::mending::mended;
use super::shortage::Shortage;
use super::watching::watched;
use super::{Links, State};
use crate::store::nodes::Tag;
use crate::store::trouble::Trouble;

impl Links {
    /// The same to another address, and `why` there; its connections are being made, and who asks on one waits for that.
    ///
    /// # Errors
    /// When nothing can be dialled there.
    pub(in crate::store) fn beside(
        &self,
        address: ConnectionAddr,
        why: &'static str,
    ) -> RedisResult<Arc<Self>> {
        let info = self.client.get_connection_info().clone().set_addr(address);
        let place = info.addr().to_string();
        let count = self.links.len();
        let states = (0..count).map(|_| {
            watch::Sender::new(State {
                live: None,
                mending: true,
                connecting: true,
                why: None,
            })
        });
        let links = Arc::new(Self {
            client: Client::open(info)?,
            links: states.collect(),
            shortage: Arc::new(Shortage::new(place.clone(), self.shortage.wanted())),
            doubted: (0..count).map(|_| AtomicBool::default()).collect(),
            next_number: AtomicU64::default(),
            probed: AtomicU8::new(Tag::CONFIG.number()),
            trouble: Trouble::new(place),
            left: CancellationToken::new(),
        });
        for which in 0..count {
            let cause = RedisError::from((ErrorKind::Client, why));
            tokio::spawn(mended(Arc::downgrade(&links), which, cause, None));
        }
        tokio::spawn(watched(Arc::downgrade(&links)));
        Ok(links)
    }

    /// By what it is asked how it is.
    pub(in crate::store) fn probed(&self) -> Tag {
        Tag::of_number(self.probed.load(Ordering::Relaxed))
    }

    /// Something that lies there goes by this.
    pub(in crate::store) fn probe_by(&self, tag: Tag) {
        self.probed.store(tag.number(), Ordering::Relaxed);
    }
}

//! An address that can be led elsewhere, as a name or a virtual address is after a failover: connections that are open stay
//! where they lead to.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, UnixStream};

use super::TestRedis;

/// A TCP address that leads to one of several Redis.
pub(crate) struct Doorway {
    address: String,
    leads_to: Arc<Mutex<PathBuf>>,
}

impl Doorway {
    /// One that leads there.
    pub(crate) async fn to(redis: &TestRedis) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let leads_to = Arc::new(Mutex::new(redis.socket()));
        let to = leads_to.clone();
        tokio::spawn(async move {
            while let Ok((mut ours, _)) = listener.accept().await {
                let path = to.lock().unwrap().clone();
                tokio::spawn(async move {
                    if let Ok(mut theirs) = UnixStream::connect(path).await {
                        let _ = copy_bidirectional(&mut ours, &mut theirs).await;
                    }
                });
            }
        });
        Self { address, leads_to }
    }

    /// From now on it leads there.
    pub(crate) fn lead_to(&self, redis: &TestRedis) {
        *self.leads_to.lock().unwrap() = redis.socket();
    }

    /// The address as `REDIS_URL`.
    pub(crate) fn url(&self) -> String {
        format!("redis://{}", self.address)
    }
}

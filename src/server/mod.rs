//! The HTTP server of the daemons, which no client can wear out: so many connections, and so long for each thing that
//! a client has to do.

mod activity;
mod connection;
mod crowd;
mod slots;

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::warn;

use crate::loops::{Loop, Loops};
use crate::settings::server::ServerConfig;
use crate::shutdown::GRACE;
use connection::Conversation;
pub use connection::HasNoEnd;
pub use crowd::network_of;
use slots::Slots;

/// Before the next look, when the system gives no more connections, such as for want of open files.
const REST: Duration = Duration::from_millis(100);

/// Serves `router` on `listener` until told to stop, then finishes the requests in hand, at most [`GRACE`] long.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    config: ServerConfig,
    loops: &Loops,
    stop: CancellationToken,
) {
    let connections = TaskTracker::new();
    // There is one loop that takes connections, and those it has taken keep their slots when it begins anew.
    let slots = Mutex::new(Slots::new(config.connections));
    let taking = || async {
        let mut slots = slots.lock().await;
        let taking = async {
            loop {
                let (stream, peer) = accept(&listener, &mut slots).await;
                // While it waits, others wait where the system keeps new connections, and may still be served.
                let Some(slot) = slots.seat(peer.ip()).await else {
                    continue;
                };
                let conversation = Conversation {
                    router: router.clone(),
                    peer,
                    config,
                    slot,
                };
                connections.spawn(conversation.hold(stream, stop.clone()));
            }
        };
        stop.run_until_cancelled(taking).await;
    };
    loops.hold(Loop::Connections, None, &stop, taking).await;
    drop(listener);
    connections.close();
    if timeout(GRACE, connections.wait()).await.is_err() {
        warn!("Some requests did not finish within {} s", GRACE.as_secs());
    }
}

async fn accept(listener: &TcpListener, slots: &mut Slots) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Answers are small, and a client waits for each.
                let _ = stream.set_nodelay(true);
                return (stream, peer);
            }
            // The client had gone before its turn came.
            Err(error) if is_of_the_client(error.kind()) => {}
            Err(error) => {
                slots.starved(&error);
                sleep(REST).await;
            }
        }
    }
}

fn is_of_the_client(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset
    )
}

//! One connection: its requests, one after another, and its end.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::ConnectInfo;
use axum::http::HeaderValue;
use axum::http::header::CONNECTION;
use hyper::Request;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};
use tokio_util::sync::CancellationToken;
use tower::Service;

use super::activity::{Activity, Watched};
use super::slots::Slot;
use crate::settings::server::ServerConfig;

/// Longest request line and headers. Proxies and tokens make them long, but never so long.
const MOST_OF_A_HEAD: usize = 32 * 1024;
/// Most of a body that is read ahead.
const MOST_AHEAD: usize = 64 * 1024;

/// All that a connection is served with.
pub(super) struct Conversation {
    pub(super) router: Router,
    pub(super) peer: SocketAddr,
    pub(super) config: ServerConfig,
    pub(super) slot: Slot,
}

impl Conversation {
    /// Serves a connection until either side has enough: the client is too slow, others need its slot, or `stop`.
    pub(super) async fn hold(self, stream: TcpStream, stop: CancellationToken) {
        let activity = &self.slot.activity;
        let service = service_fn(|request: Request<Incoming>| {
            let mut request = arriving(request, activity);
            request.extensions_mut().insert(ConnectInfo(self.peer));
            let answering = self.router.clone().call(request);
            async move {
                let Ok(mut answer) = answering.await;
                if activity.is_asked() {
                    let close = HeaderValue::from_static("close");
                    answer.headers_mut().insert(CONNECTION, close);
                }
                if answer.extensions().get::<HasNoEnd>().is_none() {
                    activity.served();
                    return Ok::<_, Infallible>(answer);
                }
                activity.listen();
                Ok(answer.map(|body| {
                    let activity = activity.clone();
                    Body::new(Leaving { body, activity })
                }))
            }
        });
        let watched = Watched {
            stream,
            activity: activity.clone(),
        };
        let mut connection = pin!(http().serve_connection(TokioIo::new(watched), service));
        let mut alarm = pin!(sleep(self.config.head()));
        let mut leaving = false;
        loop {
            // The connection first: each of its steps changes what it is late with.
            tokio::select! {
                biased;
                _ = connection.as_mut() => return,
                () = overdue(activity, &self.config, alarm.as_mut()) => {
                    // Half a request is of no use, and who has been asked to leave is not asked again.
                    if leaving || !activity.is_quiet() {
                        return;
                    }
                }
                // It is now due sooner.
                () = activity.asked_to_leave() => continue,
                () = stop.cancelled(), if !leaving => {}
            }
            leaving = true;
            connection.as_mut().graceful_shutdown();
        }
    }
}

/// Marks an answer that goes on as long as its connection: who gets it is not idle meanwhile.
#[derive(Clone, Copy, Debug)]
pub struct HasNoEnd;

/// An answer without an end, until it has one.
struct Leaving {
    body: Body,
    activity: Arc<Activity>,
}

impl Drop for Leaving {
    fn drop(&mut self) {
        self.activity.served();
    }
}

impl HttpBody for Leaving {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A request whose body is noted as it comes.
fn arriving(request: Request<Incoming>, activity: &Arc<Activity>) -> Request<Body> {
    if request.body().is_end_stream() {
        activity.serve();
        return request.map(Body::new);
    }
    activity.send();
    let activity = activity.clone();
    request.map(|body| Body::new(Arriving { body, activity }))
}

/// A body on its way.
struct Arriving {
    body: Incoming,
    activity: Arc<Activity>,
}

impl HttpBody for Arriving {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if frame.is_none() || self.body.is_end_stream() {
            self.activity.serve();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

fn http() -> http1::Builder {
    let mut http = http1::Builder::new();
    http.half_close(true)
        .max_header_size(MOST_OF_A_HEAD)
        .max_buf_size(MOST_AHEAD)
        // The activity knows the difference between a request that is slow and one that nobody has begun.
        .header_read_timeout(None);
    http
}

/// Ends when the client should have done something by now.
async fn overdue(activity: &Activity, config: &ServerConfig, mut alarm: Pin<&mut Sleep>) {
    poll_fn(|context| {
        let due = activity.due(config);
        if let Some(due) = due.filter(|due| *due < alarm.deadline()) {
            alarm.as_mut().reset(due);
        }
        // It was set for something that has been done since.
        while alarm.as_mut().poll(context).is_ready() {
            let now = Instant::now();
            if due.is_some_and(|due| due <= now) {
                return Poll::Ready(());
            }
            alarm.as_mut().reset(due.unwrap_or(now + config.keep_alive));
        }
        Poll::Pending
    })
    .await;
}

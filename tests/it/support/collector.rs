//! A collector of spans, as far as a test looks at them.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// A span, with what tests ask of it.
#[derive(Clone, Debug)]
pub(crate) struct Got {
    pub(crate) service: String,
    pub(crate) name: String,
    pub(crate) trace: String,
    pub(crate) span: String,
    /// Empty where there is none.
    pub(crate) parent: String,
    /// The spans that are linked.
    pub(crate) links: Vec<String>,
    /// 2 is a server's, 3 a client's.
    pub(crate) kind: i32,
    /// 2 is an error.
    pub(crate) status: i32,
    pub(crate) attributes: BTreeMap<String, String>,
}

/// A collector that ends with the test.
pub(crate) struct Collector {
    address: SocketAddr,
    posts: mpsc::UnboundedReceiver<(HeaderMap, Bytes)>,
    serving: JoinHandle<()>,
}

impl Collector {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (record, posts) = mpsc::unbounded_channel();
        let take = async |State(record): State<mpsc::UnboundedSender<_>>,
                          headers: HeaderMap,
                          body: Bytes| {
            record.send((headers, body)).unwrap();
        };
        let router = Router::new().route("/v1/traces", post(take));
        let router = router.with_state(record);
        Self {
            address,
            posts,
            serving: tokio::spawn(async { axum::serve(listener, router).await.unwrap() }),
        }
    }

    /// What to set as `OTEL_EXPORTER_OTLP_ENDPOINT`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The posts that have come and were not looked at.
    pub(crate) fn posts(&mut self) -> Vec<(HeaderMap, Bytes)> {
        std::iter::from_fn(|| self.posts.try_recv().ok()).collect()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// The spans of a post.
pub(crate) fn spans(post: &Bytes) -> Vec<Got> {
    let request = ExportTraceServiceRequest::decode(post.clone()).unwrap();
    let mut got = Vec::new();
    for of_service in request.resource_spans {
        let resource = attributes(of_service.resource.unwrap().attributes);
        for of_scope in of_service.scope_spans {
            let spans = of_scope.spans.into_iter();
            got.extend(spans.map(|span| read(span, &resource["service.name"])));
        }
    }
    got
}

fn read(span: Span, service: &str) -> Got {
    Got {
        service: service.to_owned(),
        name: span.name,
        trace: hex::encode(span.trace_id),
        span: hex::encode(span.span_id),
        parent: hex::encode(span.parent_span_id),
        links: span
            .links
            .into_iter()
            .map(|link| hex::encode(link.span_id))
            .collect(),
        kind: span.kind,
        status: span.status.map_or(0, |status| status.code),
        attributes: attributes(span.attributes),
    }
}

fn attributes(attributes: Vec<KeyValue>) -> BTreeMap<String, String> {
    let attributes = attributes.into_iter().map(|attribute| {
        let value = match attribute.value {
            Some(AnyValue {
                value: Some(Value::StringValue(text)),
            }) => text,
            Some(AnyValue {
                value: Some(Value::IntValue(number)),
            }) => number.to_string(),
            other => panic!("{}: {other:?}", attribute.key),
        };
        (attribute.key, value)
    });
    attributes.collect()
}

//! A post as it arrived: proved, and read as its buffer says.

use std::convert::Infallible;

use axum::RequestExt;
use axum::extract::{FromRequest, Request};
use axum::http::header::HOST;
use axum::http::{HeaderMap, Uri};

use crate::core::incoming::Incoming;
use crate::core::json::node::Node;
use crate::gateway::by_paths::Paths;
use crate::gateway::proof::{Post, Proof};
use crate::gateway::{Event, Gateway, read};
use crate::http::auth::Pass;
use crate::http::body::Whole;
use crate::http::error::ApiError;
use crate::http::message::read_headers;
use crate::http::{Api, now};
use crate::spec::Buffer;
use crate::spec::source::Source;

/// A post. One whose body cannot be read has arrived too: it is refused, and counted, where all are.
pub(super) struct Arrived {
    uri: Uri,
    pass: Pass,
    pub(super) headers: HeaderMap,
    pub(super) body: Result<Whole, ApiError>,
}

impl FromRequest<Api> for Arrived {
    type Rejection = Infallible;

    async fn from_request(mut request: Request, api: &Api) -> Result<Self, Infallible> {
        Ok(Self {
            pass: request.extract_parts_with_state(api).await?,
            uri: request.uri().clone(),
            headers: request.headers().clone(),
            body: Whole::from_request(request, api).await,
        })
    }
}

/// What a post says.
pub(super) enum Said {
    /// One message, found by paths.
    Message(Box<Incoming>),
    /// What was heard through a gateway.
    Event(Gateway, Vec<Event>),
}

impl Arrived {
    /// Checks the proof, where the buffer has a secret, and else the key, where there are keys; and reads the body. Without await: what is being read cannot be
    /// shared between threads.
    pub(super) fn said(self, buffer: &Buffer) -> Result<Said, ApiError> {
        let Self {
            uri,
            pass,
            headers,
            body,
        } = self;
        if buffer.secret.is_none() {
            pass.brings_to(&buffer.name)?;
        }
        let body = body?;
        let json = body.json()?;
        let node = Node::parse(&json)?;
        if let Some(secret) = &buffer.secret {
            let post = Post {
                header: &|name| headers.get(name)?.to_str().ok(),
                url: &url_as_called(&uri, &headers),
                bytes: &body.bytes,
                body: &node,
            };
            let checked = match &buffer.source {
                Source::Gateway(gateway) => gateway.proof().check(secret, post, now()),
                Source::Fields { .. } => Proof::plain().check(secret, post, now()),
            };
            checked.map_err(|error| ApiError::Unproven(error.to_string()))?;
        }
        said(buffer, &node, &headers)
    }
}

/// What a body says to a buffer.
pub(super) fn said(
    buffer: &Buffer,
    body: &Node<'_>,
    headers: &HeaderMap,
) -> Result<Said, ApiError> {
    match &buffer.source {
        Source::Gateway(gateway) => Ok(Said::Event(*gateway, read(*gateway, body))),
        Source::Fields { key, text, id } => {
            let text = text.as_ref();
            let mut incoming = Paths { key, text, id }.incoming(body)?;
            read_headers(&mut incoming, headers)?;
            Ok(Said::Message(Box::new(incoming)))
        }
    }
}

/// The URL that the gateway called, which Twilio signs. A proxy in front tells it in `X-Forwarded-Proto` and
/// `X-Forwarded-Host`. Whoever forges those gains nothing: the signature still has to fit.
fn url_as_called(uri: &Uri, headers: &HeaderMap) -> String {
    let header = |name: &str| {
        let value = headers.get(name)?.to_str().ok()?;
        // Of several proxies the first is the one that was called.
        Some(value.split(',').next().unwrap_or_default().trim())
    };
    let scheme = header("x-forwarded-proto").unwrap_or("http");
    let host = header("x-forwarded-host")
        .or_else(|| header(HOST.as_str()))
        .unwrap_or_default();
    let path = uri
        .path_and_query()
        .map_or("/", |path_and_query| path_and_query.as_str());
    format!("{scheme}://{host}{path}")
}

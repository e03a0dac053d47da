//! A post as it arrived: proved, and read as its buffer says.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use axum::RequestExt;
use axum::body::HttpBody as _;
use axum::extract::{FromRequest, OriginalUri, Request};
use axum::http::header::HOST;
use axum::http::{HeaderMap, Uri};
use serde_json::Value;
use utoipa::ToSchema;

use crate::clock::now;
use crate::core::json::node::Node;
use crate::gateway::proof;
use crate::http::Api;
use crate::http::auth::Pass;
use crate::http::body::{Whole, discard};
use crate::http::error::ApiError;
use crate::http::message::read_headers;
use crate::http::webhook::inactive;
use crate::ingest::{Said, prove};
use crate::spec::Buffer;

/// A post for a buffer, read as that says.
#[expect(dead_code, reason = "only the document is made of it")]
#[derive(ToSchema)]
#[schema(as = Post, value_type = Value)]
pub(super) struct PostBody(Value);

/// A post for a buffer, as a form; read as the buffer says.
#[expect(dead_code, reason = "only the document is made of it")]
#[derive(ToSchema)]
pub(super) struct PostForm(BTreeMap<String, String>);

/// A post, of which nothing but the head has been looked at.
pub(super) struct Arrived {
    pass: Pass,
    request: Request,
}

impl FromRequest<Api> for Arrived {
    type Rejection = Infallible;

    async fn from_request(mut request: Request, api: &Api) -> Result<Self, Infallible> {
        let pass = request.extract_parts_with_state(api).await?;
        Ok(Self { pass, request })
    }
}

/// A post in whole.
pub(super) struct Post {
    uri: Uri,
    pub(super) headers: HeaderMap,
    pub(super) body: Whole,
}

impl Arrived {
    /// Nothing comes with it.
    pub(super) fn has_no_body(&self) -> bool {
        self.request.body().is_end_stream()
    }

    /// The buffer and the whole post. The key comes first, where the buffer has no secret that proves the post: who may
    /// not come in is told so before the body is read, and not what buffers there are. A buffer that is switched off asks
    /// for a key only where it does so when it is on: else a wrong key would be looked for.
    pub(super) async fn let_in(
        self,
        api: &Api,
        buffer: Result<Arc<Buffer>, ApiError>,
    ) -> Result<(Arc<Buffer>, Post), ApiError> {
        let admitted = match &buffer {
            Ok(buffer) if buffer.secret.is_some() => Ok(()),
            Ok(buffer) => self.pass.brings_to(&buffer.name),
            Err(error) if asks_for_a_proof(api, error) => Ok(()),
            Err(_) => self.pass.is_somebodys(),
        };
        self.read(api, admitted.map_err(ApiError::from).and(buffer))
            .await
    }

    /// The same for whoever has been let in already.
    pub(super) async fn read(
        self,
        api: &Api,
        buffer: Result<Arc<Buffer>, ApiError>,
    ) -> Result<(Arc<Buffer>, Post), ApiError> {
        let Self { request, .. } = self;
        let buffer = match buffer {
            Ok(buffer) => buffer,
            Err(error) => {
                discard(request).await;
                return Err(error);
            }
        };
        // As it was called: a slash at its end is signed, too.
        let called = request.extensions().get::<OriginalUri>();
        let uri = called.map_or_else(|| request.uri().clone(), |OriginalUri(uri)| uri.clone());
        let headers = request.headers().clone();
        let body = Whole::of(request, api, api.max_post_bytes(&buffer)).await?;
        let post = Post { uri, headers, body };
        Ok((buffer, post))
    }
}

/// Whether a buffer takes nothing because it is switched off, and asks for a proof in place of a key when it is on.
fn asks_for_a_proof(api: &Api, error: &ApiError) -> bool {
    let snapshot = api.registry.get();
    let buffer = inactive(error).and_then(|name| snapshot.buffer(&name).cloned());
    buffer.is_some_and(|buffer| buffer.secret.is_some())
}

impl Post {
    /// Checks the proof, where the buffer has a secret, and reads the body. Without await: what is being read cannot be
    /// shared between threads.
    pub(super) fn said(&self, buffer: &Buffer) -> Result<Said, ApiError> {
        let Self { uri, headers, body } = self;
        let json = body.json()?;
        let node = Node::parse(&json)?;
        if buffer.secret.is_some() {
            let post = proof::Post {
                header: &|name| headers.get(name)?.to_str().ok(),
                url: &url_as_called(uri, headers),
                bytes: &body.bytes,
                body: &node,
            };
            let proved = prove(buffer, post, now());
            proved.map_err(|error| ApiError::Unproven(error.to_string()))?;
        }
        said(buffer, &node, headers)
    }
}

impl Api {
    /// Most bytes of a post for a buffer.
    fn max_post_bytes(&self, buffer: &Buffer) -> usize {
        buffer.max_post_bytes(self.max_body_bytes, self.max_bodies_bytes)
    }
}

/// What a body says to a buffer.
pub(super) fn said(
    buffer: &Buffer,
    body: &Node<'_>,
    headers: &HeaderMap,
) -> Result<Said, ApiError> {
    let mut said = Said::read(buffer, body)?;
    if let Said::Message(incoming) = &mut said {
        read_headers(incoming, headers)?;
    }
    Ok(said)
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

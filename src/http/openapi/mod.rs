//! The OpenAPI document, made of all endpoints, and the pages that show it.

mod describing;
mod limits;
mod pages;
mod refusals;
mod security;

use std::sync::OnceLock;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use utoipa::openapi::{
    ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Paths,
};
use utoipa::{PartialSchema, ToSchema};

use super::Api;
use crate::core::code::Code;
use crate::http::error::ErrorAnswer;

use super::endpoint::{Chapter, Endpoint, chapters};
use crate::http::auth::{Auth, Need};
use describing::operation;
use limits::Limits;

const ABOUT: &str = "\
Lull waits until a person has stopped typing, then hands everything they said to a bot in one call.

1. A message comes in with `POST /api/message` and is put into the *window* of its chat.
2. When the chat has been quiet for a while, the window closes: its messages become one *batch*.
3. The batch is POSTed to the *destination*, in order, and again until it is accepted; given up on, it is a *dead letter*.
4. A *buffer* says where chat and text are found in a post, how long to wait and where to deliver; `default` is there from the start.
5. Times are seconds unless a name says otherwise, moments are RFC 3339. Every refusal is `{error, code, field?, request_id}`; every answer has `x-request-id`, the request's own where it brings one; the `traceparent` of a message goes on to the webhook; a method that a path does not take is answered with 405 and `Allow`.";

/// The document as it is sent; made when it is first asked for.
#[derive(Default)]
pub(super) struct Document(OnceLock<Bytes>);

/// An OpenAPI document.
#[expect(dead_code, reason = "only the document is made of it")]
#[derive(ToSchema)]
#[schema(as = Document)]
struct DocumentBody {
    /// Its version of OpenAPI.
    openapi: String,
    /// Every path.
    #[schema(value_type = Object)]
    paths: Value,
}

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let document = Endpoint::get(Chapter::Service, "/api/openapi.json", show)
        .needs(Need::Nothing)
        .says("Read this document", "OpenAPI 3.1.")
        .without_redis()
        .answers::<DocumentBody>(200, "This document.");
    std::iter::once(document)
        .chain(pages::endpoints())
        .collect()
}

async fn show(State(api): State<Api>) -> Response {
    let json = api.document.0.get_or_init(|| {
        let limits = Limits {
            max_ttl: api.default_buffer().window.max_ttl,
            message_max_length: api.message_max_length,
        };
        let json = serde_json::to_vec(&document(&api.auth, &limits));
        json.unwrap_or_default().into()
    });
    let kind = [(CONTENT_TYPE, "application/json")];
    (kind, json.clone()).into_response()
}

/// The document of this api: what it takes without a key depends on its settings.
fn document(auth: &Auth, limits: &Limits) -> OpenApi {
    let mut components = ComponentsBuilder::new();
    components = security::with_schemes(components);
    components = refusals::with_refusals(components);
    components = components.schema(ErrorAnswer::name(), ErrorAnswer::schema());
    components = components.schema(Code::name(), Code::schema());
    let mut paths = Paths::new();
    for endpoint in super::endpoints() {
        let Some(chapter) = endpoint.chapter else {
            continue;
        };
        for path in &endpoint.paths {
            let operation = operation(&endpoint, chapter, path, auth.opens(endpoint.need));
            paths.add_path_operation(*path, vec![endpoint.method.clone()], operation);
        }
        components = components.schemas_from_iter(endpoint.schemas);
    }
    let mut components = components.build();
    limits.set(&mut components.schemas);
    let license = LicenseBuilder::new().name("MIT").identifier(Some("MIT"));
    let info = InfoBuilder::new()
        .title("Lull")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT))
        .license(Some(license.build()));
    OpenApiBuilder::new()
        .info(info)
        .tags(Some(chapters()))
        .paths(paths)
        .components(Some(components))
        .build()
}

//! The OpenAPI document: what every path takes and answers, put together from the types that are read and written, and
//! from the table of routes.

mod answering;
mod buffers;
mod chats;
mod compat;
mod dead_letters;
mod destinations;
mod history;
mod messages;
mod operation;
mod pages;
mod parameters;
mod queue;
mod refusals;
mod schedules;
mod security;
mod service;
mod tags;
mod taking;

use std::sync::OnceLock;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::Method;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use utoipa::openapi::{
    ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Paths,
};
use utoipa::{PartialSchema, ToSchema};

use super::Api;
use crate::core::code::Code;
use crate::wire::error::ErrorAnswer;
use operation::Op;

pub(super) use operation::Takes;

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

/// The routes of this room.
pub(super) fn routes() -> Router<Api> {
    let document = Router::new().route("/api/openapi.json", get(show));
    document.merge(pages::routes())
}

async fn show(State(api): State<Api>) -> Response {
    let json = api.document.0.get_or_init(|| {
        let json = serde_json::to_vec(&document());
        json.unwrap_or_default().into()
    });
    let kind = [(CONTENT_TYPE, "application/json")];
    (kind, json.clone()).into_response()
}

/// Every operation, in the order of the chapters.
fn operations() -> impl Iterator<Item = Op> {
    let all = [
        messages::operations(),
        chats::operations(),
        buffers::operations(),
        destinations::operations(),
        queue::operations(),
        schedules::operations(),
        history::operations(),
        dead_letters::operations(),
        service::operations(),
        compat::operations(),
    ];
    all.into_iter().flatten()
}

/// What requests may carry, by route and method.
pub(super) fn takes() -> impl Iterator<Item = (&'static str, Method, Takes)> {
    operations().flat_map(Op::taken)
}

fn document() -> OpenApi {
    let mut components = ComponentsBuilder::new();
    components = security::with_schemes(components);
    components = refusals::with_refusals(components);
    components = components.schema(ErrorAnswer::name(), ErrorAnswer::schema());
    components = components.schema(Code::name(), Code::schema());
    let mut paths = Paths::new();
    for operation in operations() {
        let (described, schemas) = operation.described();
        components = components.schemas_from_iter(schemas);
        for operation::Described {
            path,
            method,
            operation,
        } in described
        {
            paths.add_path_operation(path, vec![method], operation);
        }
    }
    let license = LicenseBuilder::new().name("MIT").identifier(Some("MIT"));
    let info = InfoBuilder::new()
        .title("Lull")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT))
        .license(Some(license.build()));
    OpenApiBuilder::new()
        .info(info)
        .tags(Some(tags::chapters()))
        .paths(paths)
        .components(Some(components.build()))
        .build()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::http::auth::ROUTES;

    #[test]
    fn every_route_of_the_table_is_in_the_document_and_the_other_way_round() {
        let table = ROUTES.iter().map(|(route, ..)| (*route).to_owned());
        // What the pages load is nobody's to call.
        let table: BTreeSet<_> = table.filter(|route| !route.ends_with("/{file}")).collect();

        let document: BTreeSet<_> = document().paths.paths.into_keys().collect();

        assert_eq!(document, table);
    }
}

//! The document as pages: Swagger UI to try it, ReDoc to read it. All that they load is in this program: their policy
//! lets a browser ask no other host for anything.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::HeaderValue;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
    X_FRAME_OPTIONS,
};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::super::Api;
use super::super::error::ApiError;

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

/// Both pages set styles on their elements; no script stands in a page. ReDoc searches in a worker of its own.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     connect-src 'self'; worker-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// ReDoc's script, compressed: `vendor/redoc/README.md` says which.
const REDOC: &[u8] = include_bytes!("vendor/redoc/redoc.standalone.js.gz");

/// The routes of this room.
pub(super) fn routes() -> Router<Api> {
    let swagger = |document| move || async move { swagger(document) };
    Router::new()
        .route("/docs", get(swagger("api/openapi.json")))
        .route("/docs/{file}", get(swagger_file))
        .route("/api/docs", get(swagger("openapi.json")))
        .route("/api/docs/{file}", get(swagger_file))
        .route("/redoc", get(redoc))
        .route("/redoc/{file}", get(redoc_file))
}

/// `document` is where the document is, seen from the page: so the page works below any prefix of a proxy.
fn swagger(document: &str) -> Response {
    page(include_str!("swagger.html").replace("{document}", document))
}

async fn redoc() -> Response {
    page(include_str!("redoc.html").to_owned())
}

fn page(html: String) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(HTML)),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    (headers, html).into_response()
}

async fn swagger_file(file: Result<Path<String>, PathRejection>) -> Result<Response, ApiError> {
    let Path(file) = file?;
    match file.as_str() {
        "start.js" => Ok(asset(SCRIPT, include_str!("swagger.js"))),
        name @ "swagger-ui-bundle.js" => Ok(embedded(name, SCRIPT)),
        name @ "swagger-ui.css" => Ok(embedded(name, STYLE)),
        _ => Err(NO_FILE),
    }
}

async fn redoc_file(file: Result<Path<String>, PathRejection>) -> Result<Response, ApiError> {
    let Path(file) = file?;
    match file.as_str() {
        "start.js" => Ok(asset(SCRIPT, include_str!("redoc.js"))),
        "page.css" => Ok(asset(STYLE, include_str!("page.css"))),
        "redoc.standalone.js" => Ok(gzipped(asset(SCRIPT, REDOC))),
        _ => Err(NO_FILE),
    }
}

const NO_FILE: ApiError = ApiError::NotFound("the pages of the API have no such file");

/// A file of Swagger UI, which its crate keeps compressed.
fn embedded(name: &str, kind: &'static str) -> Response {
    let config = Arc::new(utoipa_swagger_ui::Config::from(""));
    let Ok(Some(file)) = utoipa_swagger_ui::serve(name, config) else {
        return NO_FILE.into_response();
    };
    let answer = asset(kind, Bytes::from(file.bytes.into_owned()));
    if file.gzpipped {
        gzipped(answer)
    } else {
        answer
    }
}

/// What this program keeps compressed goes out so: every browser takes it.
fn gzipped(mut answer: Response) -> Response {
    let gzip = HeaderValue::from_static("gzip");
    answer.headers_mut().insert(CONTENT_ENCODING, gzip);
    answer
}

fn asset(kind: &'static str, file: impl Into<axum::body::Body>) -> Response {
    // A new version may bring another.
    let kept = "max-age=3600";
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, kept)], file.into()).into_response()
}

//! The document as pages: Swagger UI to try it, ReDoc to read it. All that they load is in this program: their policy
//! lets a browser ask no other host for anything.

use std::borrow::Cow;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{MatchedPath, OriginalUri, Path};
use axum::http::HeaderValue;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
    X_FRAME_OPTIONS,
};
use axum::response::{IntoResponse, Redirect, Response};

use super::super::error::ApiError;
use crate::http::auth::Need;
use crate::http::endpoint::{Chapter, Endpoint};

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

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(Chapter::Service, "/api/docs", swagger)
            .needs(Need::Nothing)
            .also(&["/docs"])
            .says(
                "See this document as a page to try",
                "Swagger UI: \"Authorize\" takes a key, and every operation can be sent from there. Nothing is loaded from another host.",
            )
            .without_redis()
            .answers_in("text/html; charset=utf-8", 200, "The page."),
        Endpoint::get(Chapter::Service, "/redoc", redoc)
            .needs(Need::Nothing)
            .says(
                "See this document as a page to read",
                "ReDoc. Nothing is loaded from another host.",
            )
            .without_redis()
            .answers_in("text/html; charset=utf-8", 200, "The page."),
            Endpoint::file("/docs/{file}", swagger_file).also(&["/api/docs/{file}"]),
            Endpoint::file("/redoc/{file}", redoc_file),
    ]
}

/// The page names the document as it is seen from there, so that it works below any prefix of a proxy.
async fn swagger(path: MatchedPath, OriginalUri(called): OriginalUri) -> Response {
    if called.path().ends_with('/') {
        return Redirect::permanent("../docs").into_response();
    }
    let document = match path.as_str() {
        "/docs" => "api/openapi.json",
        _ => "openapi.json",
    };
    page(include_str!("swagger.html").replace("{document}", document))
}

async fn redoc(OriginalUri(called): OriginalUri) -> Response {
    if called.path().ends_with('/') {
        return Redirect::permanent("../redoc").into_response();
    }
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

const NO_FILE: ApiError =
    ApiError::NotFound(Cow::Borrowed("the pages of the API have no such file"));

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

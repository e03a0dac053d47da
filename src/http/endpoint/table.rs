//! What each request must have and may carry, by its route and method: looked up at every request.

use std::collections::HashMap;
use std::sync::LazyLock;

use axum::extract::MatchedPath;
use axum::http::{Method, Request};
use utoipa::openapi::path::HttpMethod;

use super::Takes;
use crate::http::auth::Need;
use crate::http::endpoints;

struct Row {
    method: Method,
    need: Need,
    takes: Takes,
}

/// Of each route, by method.
static TABLE: LazyLock<HashMap<&'static str, Vec<Row>>> = LazyLock::new(|| {
    let mut table: HashMap<_, Vec<_>> = HashMap::new();
    for endpoint in endpoints() {
        let takes = endpoint.takes();
        for path in endpoint.paths {
            table.entry(path).or_default().push(Row {
                method: method(&endpoint.method),
                need: endpoint.need,
                takes: takes.clone(),
            });
        }
    }
    table
});

/// Makes the table before the first request needs it.
pub(in crate::http) fn prepare() {
    LazyLock::force(&TABLE);
}

/// What a request asks of whoever sends it. A method that its route does not take asks for what the route's others do,
/// or for the most.
pub(in crate::http) fn need_of<B>(request: &Request<B>) -> Need {
    let Some(rows) = rows(request) else {
        return Need::Admin;
    };
    let gets = is_get(request.method());
    match row(rows, request.method()) {
        Some(row) => row.need,
        None if gets => Need::Read,
        None => rows
            .iter()
            .find(|row| !is_get(&row.method))
            .map_or(Need::Admin, |row| row.need),
    }
}

/// What a request may carry; none: its route answers itself that it does not take this method.
pub(in crate::http) fn takes_of<B>(request: &Request<B>) -> Option<&'static Takes> {
    row(rows(request)?, request.method()).map(|row| &row.takes)
}

fn rows<B>(request: &Request<B>) -> Option<&'static [Row]> {
    let route = request.extensions().get::<MatchedPath>()?;
    TABLE.get(route.as_str()).map(Vec::as_slice)
}

fn row<'a>(rows: &'a [Row], method: &Method) -> Option<&'a Row> {
    let gets = is_get(method);
    rows.iter().find(|row| {
        if gets {
            is_get(&row.method)
        } else {
            row.method == *method
        }
    })
}

fn is_get(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

pub(super) fn method(method: &HttpMethod) -> Method {
    match method {
        HttpMethod::Post => Method::POST,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Delete => Method::DELETE,
        _ => Method::GET,
    }
}

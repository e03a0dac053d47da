//! What requests may carry. A parameter or a field that nobody reads is a mistake of whoever sent it: misspelt, it would
//! leave out what was meant, and an operator's `destnation` would stand for all destinations. So it is refused, here for
//! all routes, by what the document says of each.
//!
//! A body that nobody reads is the same mistake: `{"dry_run": true}` for a route that takes none would not be a trial.
//!
//! What passes through is not looked at: fields of messages, and whatever gateways put into their addresses and posts.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::core::json::RawObject;
use crate::core::json::fields::BadInput;
use crate::http::Api;
use crate::http::body::{Unread, discard, unread};
use crate::http::error::ApiError;
use crate::http::openapi::{self, Takes};

/// Of each route, by method.
static ROUTES: LazyLock<HashMap<&'static str, Vec<(Method, Takes)>>> = LazyLock::new(|| {
    let mut routes: HashMap<_, Vec<_>> = HashMap::new();
    for (path, method, takes) in openapi::takes() {
        routes.entry(path).or_default().push((method, takes));
    }
    routes
});

/// Reads the document before the first request needs it.
pub(in crate::http) fn prepare() {
    LazyLock::force(&ROUTES);
}

/// What a route takes; none: the route answers itself that it does not take this method.
fn takes(route: &str, method: &Method) -> Option<&'static Takes> {
    /// What the pages load.
    static NOTHING: Takes = Takes {
        query: Some(BTreeSet::new()),
        fields: None,
        body: false,
    };
    let Some(methods) = ROUTES.get(route) else {
        return Some(&NOTHING);
    };
    let method = if method == Method::HEAD {
        &Method::GET
    } else {
        method
    };
    let known = methods.iter().find(|(known, _)| known == method);
    known.map(|(_, takes)| takes)
}

/// The layer in front of the routes, behind auth: refuses a query with a parameter that the route does not read,
/// and a body where the route reads none.
pub(in crate::http) async fn check(
    State(api): State<Api>,
    mut request: Request,
    next: Next,
) -> Response {
    if let Some(error) = unknown_parameter(&request) {
        discard(request).await;
        return error.into_response();
    }
    match check_unread(&mut request, &api).await {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

async fn check_unread(request: &mut Request, api: &Api) -> Result<(), ApiError> {
    let route = request.extensions().get::<MatchedPath>();
    let known = route.and_then(|route| takes(route.as_str(), request.method()));
    let Some(known) = known.filter(|known| !known.body) else {
        return Ok(());
    };
    let field = match unread(request, api).await? {
        Unread::Nothing => return Ok(()),
        Unread::Field(name) => Some(shortened(&name)),
        Unread::Something => None,
    };
    Err(ApiError::UnreadBody {
        field,
        known: known.query.as_ref().map_or_else(String::new, listed),
    })
}

fn unknown_parameter(request: &Request) -> Option<ApiError> {
    let query = request.uri().query().filter(|query| !query.is_empty())?;
    let route = request.extensions().get::<MatchedPath>()?;
    let known = takes(route.as_str(), request.method())?.query.as_ref()?;
    let mut names = form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name);
    let unknown = names.find(|name| !known.contains(&**name))?;
    Some(ApiError::UnknownParameter {
        name: shortened(&unknown),
        known: listed(known),
    })
}

/// The fields that the body of a request may have; none: any, or its handler reads them more strictly.
pub(in crate::http) fn fields_of(request: &Request) -> Option<&'static BTreeSet<String>> {
    let route = request.extensions().get::<MatchedPath>()?;
    takes(route.as_str(), request.method())?.fields.as_ref()
}

/// Refuses fields that are not among these.
pub(in crate::http) fn check_fields(
    fields: &RawObject,
    known: Option<&BTreeSet<String>>,
) -> Result<(), BadInput> {
    let Some(known) = known else {
        return Ok(());
    };
    match fields.keys().find(|name| !known.contains(*name)) {
        None => Ok(()),
        Some(unknown) => Err(BadInput::Unknown {
            name: shortened(unknown),
            known: listed(known),
        }),
    }
}

/// A name as an answer repeats it.
fn shortened(name: &str) -> String {
    const MOST: usize = 64;
    name.chars().take(MOST).collect()
}

fn listed(known: &BTreeSet<String>) -> String {
    let names: Vec<&str> = known.iter().map(String::as_str).collect();
    match &names[..] {
        [] => "none is taken here".to_owned(),
        names => format!("taken here are {}", names.join(", ")),
    }
}

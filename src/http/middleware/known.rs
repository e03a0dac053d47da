//! What requests may carry. A parameter or a field that nobody reads is a mistake of whoever sent it: misspelt, it would
//! leave out what was meant, and an operator's `destnation` would stand for all destinations. So it is refused, here for
//! all routes, by what each endpoint says.
//!
//! A body that nobody reads is the same mistake: `{"dry_run": true}` for a route that takes none would not be a trial.
//!
//! What passes through is not looked at: fields of messages, and whatever gateways put into their addresses and posts.

use std::collections::BTreeSet;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::core::json::RawObject;
use crate::core::json::fields::BadInput;
use crate::http::Api;
use crate::http::body::{Unread, discard, unread};
use crate::http::endpoint::takes_of;
use crate::http::error::ApiError;

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
    let Some(known) = takes_of(request).filter(|known| !known.body) else {
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
    let known = takes_of(request)?.query.as_ref()?;
    let mut names = form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name);
    let unknown = names.find(|name| !known.contains(&**name))?;
    Some(ApiError::UnknownParameter {
        name: shortened(&unknown),
        known: listed(known),
    })
}

/// The fields that the body of a request may have; none: any, or its handler reads them more strictly.
pub(in crate::http) fn fields_of(request: &Request) -> Option<&'static BTreeSet<String>> {
    takes_of(request)?.fields.as_ref()
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

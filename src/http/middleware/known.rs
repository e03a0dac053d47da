//! What requests may carry. A parameter or a field that nobody reads is a mistake of whoever sent it: misspelt, it would
//! leave out what was meant, and an operator's `destnation` would stand for all destinations. So it is refused, here for
//! all routes, by what each endpoint says; and so is a parameter that comes twice, or is no number where one is meant.
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
use crate::http::endpoint::{Query, listed, shortened, takes_of};
use crate::http::error::ApiError;

/// The layer in front of the routes, behind auth: refuses a query that is not as the route says, and a body where the
/// route reads none.
pub(in crate::http) async fn check(
    State(api): State<Api>,
    mut request: Request,
    next: Next,
) -> Response {
    if let Err(error) = check_query(&request) {
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
        known: known.query.as_ref().map_or_else(String::new, Query::listed),
    })
}

fn check_query(request: &Request) -> Result<(), ApiError> {
    let known = takes_of(request).and_then(|it| it.query.as_ref());
    known.map_or(Ok(()), |known| {
        known.check(request.uri().query().unwrap_or_default())
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

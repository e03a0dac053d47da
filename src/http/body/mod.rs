//! Reading a body, JSON or form, into its fields.

mod arriving;
mod coding;
mod format;

use std::borrow::Cow;
use std::mem;

use axum::body::{Bytes, HttpBody as _};
use axum::extract::{FromRequest, Request};

use super::Api;
use super::error::ApiError;
use super::middleware::budget::Share;
use super::middleware::known::{check_fields, fields_of};
use crate::core::json::RawObject;
use crate::core::json::fields::{form_as_json, form_fields, json_fields};
pub(super) use arriving::{LEAST_RATE, discard};
use arriving::{announced, gather, read_for_nothing};
use coding::Coding;
use format::{Format, Kind};

/// Of a body that no handler reads no more is looked at: whoever sends more is told that it takes none at all.
const MOST_LOOKED_AT: usize = 16 * 1024;

/// The fields of a body.
pub(super) struct Fields(pub(super) RawObject);

/// The fields of a body that need not be there.
pub(super) struct OptionalFields(pub(super) RawObject);

/// A body as it came.
pub(super) struct Whole {
    /// Byte by byte, as proofs look at it.
    pub(super) bytes: Bytes,
    /// The same in UTF-8.
    pub(super) text: Bytes,
    kind: Kind,
}

impl Whole {
    /// The body as JSON; a form as an object of texts.
    pub(super) fn json(&self) -> Result<Cow<'_, [u8]>, ApiError> {
        Ok(match self.kind {
            Kind::Json => Cow::Borrowed(&*self.text),
            Kind::Form => Cow::Owned(form_as_json(&self.text)?.into_bytes()),
        })
    }
}

impl FromRequest<Api> for Whole {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &Api) -> Result<Self, ApiError> {
        Self::of(request, api, api.max_body_bytes).await
    }
}

impl Whole {
    /// The body of a request, of at most `limit` bytes.
    ///
    /// # Errors
    /// When it does not come, is too large, or is not what its headers say.
    pub(super) async fn of(request: Request, api: &Api, limit: usize) -> Result<Self, ApiError> {
        match Format::of(request.headers()) {
            Ok(format) => {
                let bytes = read(request, api, limit).await?;
                let text = format.text(&bytes)?;
                let kind = format.kind;
                kind.check(&text)?;
                Ok(Self { bytes, text, kind })
            }
            Err(error) => {
                discard(request).await;
                Err(error)
            }
        }
    }
}

impl FromRequest<Api> for Fields {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &Api) -> Result<Self, ApiError> {
        let names = fields_of(&request);
        let Whole { kind, text, .. } = Whole::from_request(request, api).await?;
        let fields = kind.fields(&text)?;
        check_fields(&fields, names)?;
        Ok(Self(fields))
    }
}

impl FromRequest<Api> for OptionalFields {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &Api) -> Result<Self, ApiError> {
        let names = fields_of(&request);
        let format = Format::of(request.headers());
        let body = read(request, api, api.max_body_bytes).await?;
        if body.trim_ascii().is_empty() {
            return Ok(Self(RawObject::new()));
        }
        let format = format?;
        let (kind, body) = (format.kind, format.text(&body)?);
        kind.check(&body)?;
        let fields = kind.fields(&body)?;
        check_fields(&fields, names)?;
        Ok(Self(fields))
    }
}

/// What is in the body of a request that takes none.
pub(super) enum Unread {
    /// Nothing, or an object without fields, as some HTTP clients send by themselves.
    Nothing,
    /// A field of this name.
    Field(String),
    /// Something that has no fields, or too much to be looked at.
    Something,
}

/// Looks at the body of a request that takes none, and takes it away.
///
/// # Errors
/// When it does not come.
pub(super) async fn unread(request: &mut Request, api: &Api) -> Result<Unread, ApiError> {
    if request.body().is_end_stream() {
        return Ok(Unread::Nothing);
    }
    if announced(request).is_some_and(|length| length > MOST_LOOKED_AT) {
        discard(mem::take(request)).await;
        return Ok(Unread::Something);
    }
    let read = gather(request.body_mut(), MOST_LOOKED_AT, api.server.request, None).await;
    let rest = mem::take(request.body_mut());
    let body = match read {
        Err(ApiError::TooLarge(_)) => {
            read_for_nothing(rest).await;
            return Ok(Unread::Something);
        }
        read => read?,
    };
    if body.trim_ascii().is_empty() {
        return Ok(Unread::Nothing);
    }
    // JSON is known by its looks, as curl sends it as a form.
    let fields = match Format::of(request.headers()) {
        Ok(Format {
            kind: Kind::Form, ..
        }) => form_fields(&body).or_else(|_| json_fields(&body)),
        _ => json_fields(&body),
    };
    Ok(match fields.as_ref().map(|fields| fields.keys().next()) {
        Ok(None) => Unread::Nothing,
        Ok(Some(name)) => Unread::Field(name.clone()),
        Err(_) => Unread::Something,
    })
}

async fn read(mut request: Request, api: &Api, limit: usize) -> Result<Bytes, ApiError> {
    if announced(&request).is_some_and(|length| length > limit) {
        discard(request).await;
        return Err(ApiError::TooLarge(limit));
    }
    let coding = match Coding::of(request.headers()) {
        Ok(coding) => coding,
        Err(error) => {
            discard(request).await;
            return Err(error);
        }
    };
    let share = request.extensions().get::<Share>().cloned();
    let patience = api.server.request;
    let read = gather(request.body_mut(), limit, patience, share.as_ref()).await;
    let read = read.and_then(|bytes| coding.undone(bytes, limit, share.as_ref()));
    if let Err(ApiError::TooLarge(_) | ApiError::TooManyBytes(_)) = read {
        // Nothing of it is held while the rest is read for nothing.
        if let Some(share) = share {
            share.give_back();
        }
        read_for_nothing(request.into_body()).await;
    }
    read
}

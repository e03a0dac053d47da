//! Reading a body, JSON or form, into its fields.

use std::borrow::Cow;
use std::mem;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody as _};
use axum::extract::{FromRequest, Request};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, EXPECT};
use http_body_util::BodyExt;
use tokio::time::{Instant, timeout, timeout_at};

use super::Api;
use super::error::ApiError;
use super::middleware::budget::Share;
use super::middleware::known::{check_fields, fields_of};
use crate::core::json::RawObject;
use crate::core::json::depth::is_too_deep;
use crate::core::json::fields::{BadInput, form_as_json, form_fields, json_fields};

/// How long what is left of a refused body is read for nothing.
const DISCARD_FOR: Duration = Duration::from_secs(5);

/// So long a body may take, however little of it comes …
const BODY_GRACE: Duration = Duration::from_secs(5);
/// … and after that it must have come at so many bytes a second from its beginning. A gateway on the worst of lines is
/// faster by far.
pub(super) const LEAST_RATE: u32 = 1024;

/// A body that grows is given room for so many bytes ahead at the most.
const MOST_AHEAD: usize = 64 * 1024;

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
    kind: Kind,
}

impl Whole {
    /// The body as JSON; a form as an object of texts.
    pub(super) fn json(&self) -> Result<Cow<'_, [u8]>, ApiError> {
        Ok(match self.kind {
            Kind::Json => Cow::Borrowed(&*self.bytes),
            Kind::Form => Cow::Owned(form_as_json(&self.bytes)?.into_bytes()),
        })
    }
}

impl FromRequest<Api> for Whole {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &Api) -> Result<Self, ApiError> {
        let (kind, bytes) = known(request, api).await?;
        Ok(Self { bytes, kind })
    }
}

impl FromRequest<Api> for Fields {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &Api) -> Result<Self, ApiError> {
        let names = fields_of(&request);
        let (kind, body) = known(request, api).await?;
        let fields = kind.fields(&body)?;
        check_fields(&fields, names)?;
        Ok(Self(fields))
    }
}

impl FromRequest<Api> for OptionalFields {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &Api) -> Result<Self, ApiError> {
        let names = fields_of(&request);
        let kind = Kind::of(&request);
        let body = read(request, api).await?;
        if body.trim_ascii().is_empty() {
            return Ok(Self(RawObject::new()));
        }
        let kind = kind?;
        kind.check(&body)?;
        let fields = kind.fields(&body)?;
        check_fields(&fields, names)?;
        Ok(Self(fields))
    }
}

/// A body of a kind that can be read.
async fn known(request: Request, api: &Api) -> Result<(Kind, Bytes), ApiError> {
    match Kind::of(&request) {
        Ok(kind) => {
            let body = read(request, api).await?;
            kind.check(&body)?;
            Ok((kind, body))
        }
        Err(error) => {
            discard(request).await;
            Err(error)
        }
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Json,
    Form,
}

impl Kind {
    fn of(request: &Request) -> Result<Self, ApiError> {
        let header = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let kind = header
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        match kind.as_str() {
            "application/x-www-form-urlencoded" => Ok(Self::Form),
            "application/json" => Ok(Self::Json),
            // Such as application/cloudevents+json.
            kind if kind.starts_with("application/") && kind.ends_with("+json") => Ok(Self::Json),
            _ => Err(ApiError::ContentType),
        }
    }

    /// Nobody behind this has to fear what is deep. The values of forms are texts.
    fn check(self, body: &[u8]) -> Result<(), BadInput> {
        match self {
            Self::Json if is_too_deep(body) => Err(BadInput::TooDeep),
            Self::Json | Self::Form => Ok(()),
        }
    }

    fn fields(self, body: &[u8]) -> Result<RawObject, ApiError> {
        Ok(match self {
            Self::Json => json_fields(body)?,
            Self::Form => form_fields(body)?,
        })
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
    let fields = match Kind::of(request) {
        Ok(Kind::Form) => form_fields(&body).or_else(|_| json_fields(&body)),
        _ => json_fields(&body),
    };
    Ok(match fields.as_ref().map(|fields| fields.keys().next()) {
        Ok(None) => Unread::Nothing,
        Ok(Some(name)) => Unread::Field(name.clone()),
        Err(_) => Unread::Something,
    })
}

/// How long a body is to be, by its header.
fn announced(request: &Request) -> Option<usize> {
    let length = request.headers().get(CONTENT_LENGTH)?;
    length.to_str().ok()?.parse().ok()
}

async fn read(mut request: Request, api: &Api) -> Result<Bytes, ApiError> {
    let limit = api.max_body_bytes;
    if announced(&request).is_some_and(|length| length > limit) {
        discard(request).await;
        return Err(ApiError::TooLarge(limit));
    }
    let share = request.extensions().get::<Share>().cloned();
    let patience = api.server.request;
    let read = gather(request.body_mut(), limit, patience, share.as_ref()).await;
    if let Err(ApiError::TooLarge(_) | ApiError::TooManyBytes(_)) = read {
        // Nothing of it is held while the rest is read for nothing.
        if let Some(share) = share {
            share.give_back();
        }
        read_for_nothing(request.into_body()).await;
    }
    read
}

/// A body as it comes, within `patience`. It is copied, because what came would hold the connection's buffer, of which it
/// may be a few bytes; and it holds no more room than what has come, whatever was announced.
async fn gather(
    body: &mut Body,
    limit: usize,
    patience: Duration,
    share: Option<&Share>,
) -> Result<Bytes, ApiError> {
    let begun = Instant::now();
    let mut gathered = Vec::new();
    loop {
        let within = patience.min(time_for(gathered.len()));
        let Ok(frame) = timeout_at(begun + within, body.frame()).await else {
            return Err(if within == patience {
                ApiError::TooSlow(patience)
            } else {
                ApiError::BelowRate
            });
        };
        let Some(frame) = frame else {
            return Ok(gathered.into());
        };
        let broken = |_| ApiError::BadRequest("the body broke off".to_owned());
        let Ok(data) = frame.map_err(broken)?.into_data() else {
            continue;
        };
        if gathered.len() + data.len() > limit {
            return Err(ApiError::TooLarge(limit));
        }
        if let Some(share) = share {
            share.add(data.len())?;
        }
        if gathered.capacity() < gathered.len() + data.len() {
            let ahead = gathered.len().min(MOST_AHEAD);
            gathered.reserve_exact(data.len().max(ahead));
        }
        gathered.extend_from_slice(&data);
    }
}

/// How long so much of a body may take.
fn time_for(bytes: usize) -> Duration {
    BODY_GRACE + Duration::from_secs(bytes as u64) / LEAST_RATE
}

/// Before a request is refused unread: a client that is still sending when the connection closes gets a reset instead
/// of the answer.
pub(super) async fn discard(request: Request) {
    // Such a client sends nothing before it has heard something.
    if !request.headers().contains_key(EXPECT) {
        read_for_nothing(request.into_body()).await;
    }
}

async fn read_for_nothing(mut body: Body) {
    let rest = async { while let Some(Ok(_)) = body.frame().await {} };
    let _ = timeout(DISCARD_FOR, rest).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_seconds_are_free_and_then_each_has_to_bring_something() {
        let rate = usize::try_from(LEAST_RATE).unwrap();
        for (bytes, seconds) in [(0, 5), (10, 5), (rate, 6), (60 * rate, 65)] {
            assert_eq!(time_for(bytes).as_secs(), seconds, "{bytes}");
        }
    }
}

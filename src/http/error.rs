//! Refusals: why something was not done, and how that is answered.

mod rejections;

use std::borrow::Cow;
use std::time::Duration;

use axum::extract::Request;
use axum::http::header::RETRY_AFTER;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use thiserror::Error;
use utoipa::ToSchema;

use super::auth::Refusal;
use super::body::{LEAST_RATE, discard};
use crate::admin::NotKept;
use crate::core::code::Code;
use crate::core::json::fields::BadInput;
use crate::core::refused::RefusedFor;
use crate::ingest::IngestError;
use crate::spec::SpecError;
use crate::store::StoreError;

/// Why a request was not done.
#[derive(Debug, Error)]
pub(super) enum ApiError {
    /// The caller must change something.
    #[error(transparent)]
    BadInput(#[from] BadInput),
    /// A path or query that cannot be.
    #[error("{0}")]
    BadRequest(String),
    /// A part of path or query that cannot be.
    #[error("{why}")]
    Parameter {
        /// Its name.
        name: Cow<'static, str>,
        /// What is wrong with it; names it.
        why: String,
    },
    /// A parameter of the query that nobody reads.
    #[error("{name:?} is no parameter of this request: {known}")]
    UnknownParameter {
        /// Its name.
        name: String,
        /// Which are taken.
        known: String,
    },
    /// A body for a request that takes none.
    #[error(
        "{}: this request takes no body, and what it goes by stands in the query, where {known}; nothing was done",
        in_a_body(field.as_deref())
    )]
    UnreadBody {
        /// A field of it.
        field: Option<String>,
        /// Which parameters the query takes.
        known: String,
    },
    /// The body is over `MAX_BODY_BYTES`.
    #[error("the body is larger than {0} bytes")]
    TooLarge(usize),
    /// All bodies on their way are over `MAX_BODIES_BYTES`.
    #[error(
        "bodies of over {0} bytes are on their way (MAX_BODIES_BYTES), and nothing was stored: try again"
    )]
    TooManyBytes(usize),
    /// The body has not come within `REQUEST_TIMEOUT`.
    #[error("the body did not come within {} s", .0.as_secs_f64())]
    TooSlow(Duration),
    /// Of the body came too little in too much time.
    #[error("the body came at less than {LEAST_RATE} bytes a second")]
    BelowRate,
    /// Neither JSON nor a form.
    #[error(
        "the header Content-Type must be application/json or application/x-www-form-urlencoded"
    )]
    ContentType,
    /// A body in a charset that nobody knows.
    #[error("the charset {0} is not known: send UTF-8")]
    Charset(String),
    /// A body that is not in its charset.
    #[error("the body is not {0}: name its charset in the header Content-Type, or send UTF-8")]
    NotInCharset(&'static str),
    /// A body that is compressed in another way than those that are taken.
    #[error("the header Content-Encoding must be gzip, deflate, br or left out, and not {0}")]
    ContentEncoding(String),
    /// What the path names is not there.
    #[error("{0}")]
    NotFound(Cow<'static, str>),
    /// There is no such buffer, or it takes nothing.
    #[error("{0}")]
    NoBuffer(String),
    /// It does not prove where it comes from.
    #[error("{0}")]
    Unproven(String),
    /// It has no key, or none that reaches so far.
    #[error(transparent)]
    Auth(#[from] Refusal),
    /// A buffer or destination that cannot be.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// It does not go with what is there.
    #[error("{0}")]
    Conflict(String),
    /// Not all that was said in a batch is kept.
    #[error(transparent)]
    NotKept(#[from] NotKept),
    /// As many listen to what happens as may.
    #[error("as many listen to this api as may: end another stream, or ask another api")]
    TooManyListeners,
    /// It was not taken in.
    #[error(transparent)]
    Ingest(#[from] IngestError),
    /// Nothing the caller did: it may come again.
    #[error("{}", .0.told())]
    Store(#[from] StoreError),
}

fn in_a_body(field: Option<&str>) -> String {
    match field {
        Some(name) => format!("{name:?} was sent in a body"),
        None => "a body was sent".to_owned(),
    }
}

impl ApiError {
    /// A part of path or query that cannot be; `why` names it.
    pub(super) fn parameter(name: impl Into<Cow<'static, str>>, why: impl Into<String>) -> Self {
        Self::Parameter {
            name: name.into(),
            why: why.into(),
        }
    }

    /// What programs are told.
    pub(super) fn code(&self) -> Code {
        match self {
            Self::BadInput(bad) => bad.code(),
            Self::BadRequest(_) | Self::Parameter { .. } => Code::InvalidRequest,
            Self::UnknownParameter { .. } => Code::UnknownParameter,
            Self::UnreadBody { .. } => Code::UnknownField,
            Self::TooLarge(_) => Code::TooLarge,
            Self::TooManyBytes(_) => Code::TooManyBodies,
            Self::TooSlow(_) | Self::BelowRate => Code::TooSlow,
            Self::ContentType | Self::Charset(_) => Code::WrongContentType,
            Self::NotInCharset(_) => Code::WrongCharset,
            Self::ContentEncoding(_) => Code::WrongContentEncoding,
            Self::NotFound(_) => Code::NotFound,
            Self::NoBuffer(_) => Code::NoSuchBuffer,
            Self::Unproven(_) => Code::ProofFailed,
            Self::Auth(refusal) => refusal.code(),
            Self::Spec(error) => error.code,
            Self::Conflict(_) => Code::Conflict,
            Self::NotKept(_) => Code::NotKept,
            Self::TooManyListeners => Code::TooManyListeners,
            Self::Ingest(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    /// The field, or the part of path or query, that is at fault.
    fn field(&self) -> Option<String> {
        match self {
            Self::BadInput(bad) => bad.field_name().map(str::to_owned),
            Self::Ingest(error) => error.field().map(str::to_owned),
            Self::UnknownParameter { name, .. } => Some(name.clone()),
            Self::UnreadBody { field, .. } => field.clone(),
            Self::Spec(error) => error.field_name().map(str::to_owned),
            Self::Parameter { name, .. } => Some(name.clone().into_owned()),
            _ => None,
        }
    }

    /// How metrics count it.
    pub(super) fn reason(&self) -> &'static str {
        let word = match self {
            Self::BadInput(bad) => return bad.at_fault(),
            Self::BadRequest(_) | Self::Parameter { .. } | Self::UnknownParameter { .. } => {
                RefusedFor::Request
            }
            Self::UnreadBody { .. } => RefusedFor::Unknown,
            Self::TooLarge(_) => RefusedFor::TooLarge,
            Self::TooManyBytes(_) => RefusedFor::Bodies,
            Self::TooSlow(_) | Self::BelowRate => RefusedFor::TooSlow,
            Self::ContentType
            | Self::Charset(_)
            | Self::NotInCharset(_)
            | Self::ContentEncoding(_) => RefusedFor::ContentType,
            Self::NotFound(_) => RefusedFor::NotFound,
            Self::NoBuffer(_) => RefusedFor::Buffer,
            Self::Unproven(_) => RefusedFor::Proof,
            Self::Auth(refusal) => refusal.reason(),
            Self::Spec(_) => RefusedFor::Spec,
            Self::Conflict(_) | Self::NotKept(_) => RefusedFor::Conflict,
            Self::TooManyListeners => RefusedFor::TooMany,
            Self::Ingest(error) => return error.reason(),
            Self::Store(StoreError::NotOnReplicas { .. }) => RefusedFor::Replicas,
            Self::Store(_) => RefusedFor::Redis,
        };
        word.as_str()
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let refused = Refused {
            code: self.code(),
            error: self.to_string(),
            field: self.field(),
            cause: match &self {
                Self::Store(error) | Self::Ingest(IngestError::Store(error)) => {
                    Some(error.to_string())
                }
                _ => None,
            },
        };
        let again = match self {
            Self::Auth(refusal) => return refusal.into_response(),
            Self::Ingest(error) => error.retry_after(),
            Self::Store(error) => Some(error.retry_after()),
            Self::TooManyBytes(_) => Some(Duration::from_secs(1)),
            _ => None,
        };
        let again = again.map(|again| [(RETRY_AFTER, again.as_secs().to_string())]);
        (again, refused).into_response()
    }
}

/// What a refusal says. It goes with the answer as an extension until the layer of `requests.rs`, which knows what the
/// request is called, writes the body.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    pub(super) code: Code,
    pub(super) error: String,
    pub(super) field: Option<String>,
    /// What the log is told beside it.
    pub(super) cause: Option<String>,
}

impl Refused {
    /// A refusal that is about no field.
    pub(super) fn new(code: Code, error: impl Into<String>) -> Self {
        Self {
            code,
            error: error.into(),
            field: None,
            cause: None,
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.code.status());
        let mut answer = status.unwrap_or_default().into_response();
        answer.extensions_mut().insert(self);
        answer
    }
}

/// What went wrong and what to do: the body of every answer from 400 on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Error)]
pub(super) struct ErrorAnswer<'a> {
    /// What was wrong, where, and what to do, for people. Its words may change.
    pub(super) error: &'a str,
    /// The same for programs; it stays.
    pub(super) code: Code,
    /// The field of the body, or the part of path or query, that is at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) field: Option<&'a str>,
    /// The request as the logs call it; it stands in the header `x-request-id`, too.
    pub(super) request_id: &'a str,
}

pub(super) async fn no_such_path(uri: Uri, request: Request) -> Refused {
    discard(request).await;
    let error = format!("there is nothing at {}", uri.path());
    Refused::new(Code::NoSuchPath, error)
}

pub(super) async fn no_such_method(method: Method, uri: Uri, request: Request) -> Refused {
    discard(request).await;
    let error = format!(
        "{} does not take {method}; the header Allow says what it takes",
        uri.path()
    );
    Refused::new(Code::MethodNotAllowed, error)
}

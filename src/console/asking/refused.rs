//! Why the API did not do what it was asked.

use axum::http::StatusCode;
use serde::Deserialize;

/// Why the API did not do it.
#[derive(Clone, Debug)]
pub(in crate::console) struct Refused {
    pub(in crate::console) status: StatusCode,
    /// For programs; empty where the answer had none.
    pub(in crate::console) code: String,
    /// For people, in English.
    pub(in crate::console) error: String,
    /// Which field or parameter was wrong.
    pub(in crate::console) field: Option<String>,
    /// Names the request in the log.
    pub(in crate::console) request_id: String,
}

#[derive(Deserialize)]
struct ErrorAnswer {
    error: String,
    code: String,
    field: Option<String>,
    request_id: String,
}

impl Refused {
    /// As an answer tells it.
    pub(super) fn told(status: StatusCode, body: &[u8]) -> Self {
        let Ok(told) = serde_json::from_slice::<ErrorAnswer>(body) else {
            return Self {
                status,
                ..Self::within("the answer cannot be read")
            };
        };
        Self {
            status,
            code: told.code,
            error: told.error,
            field: told.field,
            request_id: told.request_id,
        }
    }

    pub(in crate::console) fn within(why: &str) -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            code: "internal_error".to_owned(),
            error: why.to_owned(),
            field: None,
            request_id: String::new(),
        }
    }

    /// What cannot be read, so that nobody was asked.
    pub(in crate::console) fn unread(status: StatusCode, code: &str) -> Self {
        Self {
            status,
            code: code.to_owned(),
            ..Self::within("what came cannot be read")
        }
    }

    /// What is not even asked for, because the page was opened from elsewhere.
    pub(in crate::console) fn from_elsewhere() -> Self {
        Self {
            status: StatusCode::FORBIDDEN,
            code: "foreign_origin".to_owned(),
            ..Self::within("the page was opened from elsewhere")
        }
    }

    /// Nobody has come in, or not any more.
    pub(in crate::console) fn asks_for_a_key(&self) -> bool {
        self.status == StatusCode::UNAUTHORIZED
    }
}

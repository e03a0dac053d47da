//! Refusals, which all have one shape.

use reqwest::header::HeaderMap;
use reqwest::{Response, StatusCode};

use super::daemon::read;

/// What a refusal says.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) error: String,
}

impl Refusal {
    /// Reads one: JSON with `error` and nothing else.
    pub(crate) async fn of(answer: Response) -> Self {
        let headers = answer.headers().clone();
        let (status, body) = read(answer).await;
        assert!(status.is_client_error() || status.is_server_error());
        assert_eq!(headers["content-type"], "application/json", "{body}");
        let error = body["error"].as_str().unwrap().to_owned();
        assert_eq!(body, serde_json::json!({ "error": error }));
        Self {
            status,
            headers,
            error,
        }
    }
}

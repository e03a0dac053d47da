//! Refusals, which all have one shape.

use reqwest::header::HeaderMap;
use reqwest::{Response, StatusCode};
use serde_json::{Map, Value};

use super::daemon::read;

/// What a refusal says.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) error: String,
    pub(crate) code: String,
    pub(crate) field: Option<String>,
}

impl Refusal {
    /// Reads one: JSON with `error`, `code`, `request_id`, perhaps `field`, and nothing else.
    pub(crate) async fn of(answer: Response) -> Self {
        let headers = answer.headers().clone();
        let (status, body) = read(answer).await;
        assert!(status.is_client_error() || status.is_server_error());
        assert_eq!(headers["content-type"], "application/json", "{body}");
        let mut body: Map<String, Value> = serde_json::from_value(body).unwrap();
        let mut text = |name| Some(body.remove(name)?.as_str().unwrap().to_owned());
        let refusal = Self {
            status,
            error: text("error").unwrap(),
            code: text("code").unwrap(),
            field: text("field"),
            headers,
        };
        let id = text("request_id").unwrap();
        assert_eq!(refusal.headers["x-request-id"], id.as_str());
        assert!(body.is_empty(), "{body:?}");
        refusal
    }
}

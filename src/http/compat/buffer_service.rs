//! `POST /api/v1/message`: a message that brings its webhook and its buffer along (Buffer Service).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::core::batch::BatchId;
use crate::core::chat::Name;
use crate::delivery::Sender;
use crate::http::Api;
use crate::http::auth::Need;
use crate::http::body::Whole;
use crate::http::endpoint::{Chapter, Endpoint};
use crate::http::error::ApiError;
use crate::http::message::{ABOUT_IDEMPOTENCY_KEY, IDEMPOTENCY_KEY, id_schema, read_headers};
use crate::spec::{Buffer, SpecError};
use crate::store::config::{Kind, Mode};
use crate::wire::anonymous::Anonymous;
use crate::wire::ingest_answers::{BufferInfo, Taken};
use crate::wire::request_bodies::AnonymousBody;

/// Most webhooks that callers have brought; each is kept until it was not used for a day.
const MOST: usize = 1000;
/// Use is noted this often.
const NOTED_FOR: Duration = Duration::from_secs(3600);

/// When this process has last noted the use of each anonymous buffer.
#[derive(Default)]
pub(in crate::http) struct Noted(Mutex<HashMap<Name, Instant>>);

impl Noted {
    fn is_fresh(&self, buffer: &Name) -> bool {
        let noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noted
            .get(buffer)
            .is_some_and(|noted| noted.elapsed() < NOTED_FOR)
    }

    fn note(&self, buffer: Name) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noted.retain(|_, noted| noted.elapsed() < NOTED_FOR);
        noted.insert(buffer, Instant::now());
    }
}

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(Chapter::BufferService, "/api/v1/message", take)
            .needs(Need::IngestAll)
            .says(
                "Take in a message that brings its webhook",
                "The window is counted from its first message. A webhook is kept until it was not used for a day; more than 1000 different ones are refused with 429.",
            )
            .header(IDEMPOTENCY_KEY, ABOUT_IDEMPOTENCY_KEY, id_schema())
            .body::<AnonymousBody>(&json!({
                "webhook": { "url": "https://93.184.215.14/webhook", "method": "POST", "headers": { "Authorization": "Bearer t" } },
                "buffer": { "key": "user123@domain.net", "wait_time": 20, "aggregate_field": "json.input.data.query", "max_size": 5 },
                "payload": { "json": { "input": { "data": { "query": "one thing said" } } } },
            }))
            .any_field()
            .answers::<Taken>(200, "The window that the message is in."),
    ]
}

async fn take(
    State(api): State<Api>,
    headers: HeaderMap,
    body: Result<Whole, ApiError>,
) -> Result<Response, ApiError> {
    api.counted(append(&api, &headers, body).await)
}

async fn append(
    api: &Api,
    headers: &HeaderMap,
    body: Result<Whole, ApiError>,
) -> Result<Response, ApiError> {
    let brought = Anonymous::read(&body?.json()?, api.registry.defaults());
    let mut brought = brought.map_err(|error| refused(&error))?;
    read_headers(&mut brought.incoming, headers)?;
    let buffer = api.buffer_of(&brought).await?;
    let appended = api.ingest.take_in(&buffer, &brought.incoming).await?;
    let answer = Taken {
        status: "success",
        message_id: BatchId::generate().to_string(),
        buffer_info: BufferInfo {
            current_size: appended.count,
            max_size: buffer.window.max_messages,
            time_remaining: appended.left.as_millis().div_ceil(1000),
        },
    };
    Ok(Json(answer).into_response())
}

impl Api {
    /// The buffer that a message brought, written down if it is new, and its use noted.
    async fn buffer_of(&self, brought: &Anonymous) -> Result<Arc<Buffer>, ApiError> {
        let (buffer, destination) = brought.names().map_err(|error| refused(&error))?;
        let snapshot = self.registry.get();
        let known = snapshot
            .buffer(&buffer)
            .filter(|_| snapshot.destination(&destination).is_some());
        if let Some(known) = known.filter(|_| self.noted.is_fresh(&buffer)) {
            return Ok(known.clone());
        }
        let limits = &self.registry.defaults().buffer.window;
        let checked = brought.buffer.check(limits);
        let checked = checked.map_err(|error| refused(&error))?;
        if known.is_none() {
            let sound = brought.destination.check();
            sound
                .and_then(|destination| Sender::new(&destination, &self.clients))
                .map_err(|error| refused(&error))?;
            let mut names = snapshot.configured.destinations.keys();
            if names
                .by_ref()
                .filter(|name| Name::is_anonymous(name))
                .count()
                >= MOST
            {
                let why = format!(
                    "more than {MOST} different webhooks within a day: configure a buffer and a destination instead"
                );
                return Err(ApiError::TooManyWebhooks(why));
            }
        }
        // In this order: see store::disuse.
        self.store.touch(&buffer, &destination).await?;
        self.store
            .configure(
                Kind::Destination,
                &destination,
                &brought.destination,
                Mode::New,
                None,
                None,
            )
            .await?;
        self.store
            .configure(
                Kind::Buffer,
                &buffer,
                &brought.buffer,
                Mode::New,
                None,
                None,
            )
            .await?;
        if known.is_none() {
            self.registry.catch_up().await?;
        }
        self.noted.note(buffer);
        Ok(Arc::new(checked))
    }
}

/// A field is called here as the request calls it.
fn refused(error: &SpecError) -> ApiError {
    let field = match error.field.as_str() {
        "window.wait" => "buffer.wait_time",
        "window.max_messages" => "buffer.max_size",
        "url" => "webhook.url",
        "method" => "webhook.method",
        "headers" | "headers, secrets" => "webhook.headers",
        field => field,
    };
    error.clone().about(field).into()
}

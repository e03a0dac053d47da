//! `/api/forwarding-configs`.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::forwarding_config::{
    ForwardingConfig, ForwardingConfigAnswer, ForwardingConfigBody, NewForwardingConfigBody,
};
use crate::admin::AdminError;
use crate::core::chat::Name;
use crate::core::life::Asked;
use crate::http::Api;
use crate::http::admin_error::NO_DESTINATION;
use crate::http::audit::Caller;
use crate::http::body::Fields;
use crate::http::endpoint::{Chapter, Endpoint};
use crate::http::error::ApiError;
use crate::http::removal::RemovalQuery;
use crate::http::specs::writing::Resource;
use crate::http::specs::{named, spec_of};
use crate::spec::{BufferSpec, DestinationSpec, SpecError};
use crate::store::audit::By;
use crate::store::config::{Mode, Versioned};

/// Where a buffer delivers that nobody has said anything about.
const IMPLIED: &str = "default";

/// Other names of fields, and what their lists show beside them, which their clients put back.
const OF_FORWARDING: [&str; 9] = [
    "buffer_name",
    "buffer_id",
    "buffer_config_id",
    "is_active",
    "enabled",
    "name",
    "id",
    "created_at",
    "updated_at",
];

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    const ALL: &str = "/api/forwarding-configs";
    const ONE: &str = "/api/forwarding-configs/{id}";
    let example = json!({
        "name": "crm", "buffer": "Loja B", "url": "http://127.0.0.1:9/crm", "template": "{{text}}",
    });
    vec![
        Endpoint::get(Chapter::Buffer, ALL, list)
            .says("List forwardings", "As a bare list.")
            .without_redis()
            .answers_list::<ForwardingConfigAnswer>("All of them."),
        Endpoint::post(Chapter::Buffer, ALL, create)
            .says(
                "Create a forwarding",
                "`name`, `buffer` and `url` must be there.",
            )
            .body::<NewForwardingConfigBody>(&example)
            .also_fields(&OF_FORWARDING)
            .answers::<ForwardingConfigAnswer>(201, "The forwarding.")
            .refusing(&[409]),
        Endpoint::put(Chapter::Buffer, ONE, change)
            .says("Change a forwarding", "What is absent stays as it was.")
            .body::<ForwardingConfigBody>(&json!({ "method": "PUT" }))
            .also_fields(&OF_FORWARDING)
            .answers::<ForwardingConfigAnswer>(200, "The forwarding.")
            .refusing(&[404, 409]),
        Endpoint::delete(Chapter::Buffer, ONE, remove)
            .says(
                "Remove a forwarding",
                "As `DELETE /api/destinations/{name}`; its buffers forward there no more.",
            )
            .removes(
                "Not yet: batches are still on their way, and it goes when the last is delivered.",
            ),
    ]
}

pub(super) async fn list(State(api): State<Api>) -> Response {
    let snapshot = api.registry.get();
    let written = snapshot.configured.destinations.values();
    let items: Vec<_> = written
        .filter_map(|written| api.shown(written.spec.clone()))
        .collect();
    Json(items).into_response()
}

pub(super) async fn create(
    State(api): State<Api>,
    Caller(by): Caller,
    Fields(fields): Fields,
) -> Result<Response, ApiError> {
    let config: ForwardingConfig = spec_of(fields)?;
    let Some(buffer) = config.buffer()? else {
        let why = "is missing: it names the buffer whose messages are forwarded";
        return Err(SpecError::new("buffer", why).into());
    };
    let buffer = api.forwarded(&buffer).await?;
    let spec = config.into_new(&buffer.key)?;
    let spec = api.write_forwarding(spec, Mode::New, &by).await?;
    api.forward(&buffer.name, &spec.name, &by).await?;
    Ok((StatusCode::CREATED, Json(api.shown(spec))).into_response())
}

pub(super) async fn change(
    State(api): State<Api>,
    id: Result<Path<String>, PathRejection>,
    Caller(by): Caller,
    Fields(fields): Fields,
) -> Result<Response, ApiError> {
    let name = named(id, NO_DESTINATION)?;
    let old = api.admin.written::<DestinationSpec>(&name).await?.spec;
    // What is absent stays where the forwarding stays; its secrets go nowhere else.
    let old = old.masked();
    if old.template.is_some() || old.aggregate_field.is_some() {
        let why = "has a body of its own and is no forwarding: change it at PUT /api/destinations";
        return Err(ApiError::Conflict(format!("{name} {why}")));
    }
    let config: ForwardingConfig = spec_of(fields)?;
    let buffer = match config.buffer()? {
        Some(buffer) => Some(api.forwarded(&buffer).await?),
        None => None,
    };
    let key = match (&buffer, &old.content) {
        (Some(buffer), _) => buffer.key.clone(),
        (None, Some(content)) => content.key_field.clone(),
        (None, None) => BufferSpec::default().key,
    };
    let spec = config.onto(old, &key)?;
    let spec = api.write_forwarding(spec, Mode::Known, &by).await?;
    if let Some(buffer) = buffer.filter(|buffer| !buffer.destinations.contains(&spec.name)) {
        api.forward_no_more(&name, &by).await?;
        api.forward(&buffer.name, &spec.name, &by).await?;
    }
    Ok(Json(api.shown(spec)).into_response())
}

pub(super) async fn remove(
    State(api): State<Api>,
    id: Result<Path<String>, PathRejection>,
    query: Result<Query<RemovalQuery>, QueryRejection>,
    Caller(by): Caller,
) -> Result<Response, ApiError> {
    let name = named(id, NO_DESTINATION)?;
    let asked = RemovalQuery::parse(query)?;
    api.admin.written::<DestinationSpec>(&name).await?;
    if asked == Asked::Empty {
        api.admin.nothing_waits_for(&name).await?;
    }
    api.forward_no_more(&name, &by).await?;
    let removal = api.admin.remove::<DestinationSpec>(&name, asked, &by);
    Ok(DestinationSpec::removed(asked, removal.await?))
}

impl Api {
    /// The buffer that a forwarding names.
    async fn forwarded(&self, name: &Name) -> Result<BufferSpec, ApiError> {
        match self.admin.written::<BufferSpec>(name).await {
            Ok(buffer) => Ok(buffer.spec),
            Err(AdminError::NoSuch(_)) => {
                let why = format!("there is no buffer {name}: create it first");
                Err(SpecError::new("buffer", why).into())
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn write_forwarding(
        &self,
        spec: DestinationSpec,
        mode: Mode,
        by: &By,
    ) -> Result<DestinationSpec, ApiError> {
        match self.admin.put(spec, mode, by).await {
            Ok(Versioned { spec, .. }) => Ok(spec),
            Err(AdminError::Spec(error)) => Err(ForwardingConfig::in_its_words(error).into()),
            Err(error) => Err(error.into()),
        }
    }

    /// A buffer delivers to one more; the first takes the place of what was implied.
    async fn forward(&self, buffer: &str, to: &str, by: &By) -> Result<(), AdminError> {
        let add = |mut buffer: BufferSpec| {
            if buffer.destinations == [IMPLIED] {
                buffer.destinations.clear();
            }
            buffer.destinations.push(to.to_owned());
            Ok::<_, AdminError>(buffer)
        };
        self.admin.change(buffer, add, by).await.map(drop)
    }

    /// No buffer delivers there any more.
    async fn forward_no_more(&self, to: &Name, by: &By) -> Result<(), AdminError> {
        let remove = |mut buffer: BufferSpec| {
            buffer.destinations.retain(|name| name != to.as_str());
            if buffer.destinations.is_empty() {
                buffer.destinations.push(IMPLIED.to_owned());
            }
            Ok::<_, AdminError>(buffer)
        };
        for buffer in self.admin.buffers_to(to) {
            self.admin.change(&buffer, remove, by).await?;
        }
        Ok(())
    }

    fn shown(&self, spec: DestinationSpec) -> Option<ForwardingConfigAnswer> {
        let name = Name::parse(&spec.name).ok()?;
        let buffer = self.admin.buffers_to(&name).into_iter().next();
        ForwardingConfigAnswer::of(spec.masked(), buffer)
    }
}

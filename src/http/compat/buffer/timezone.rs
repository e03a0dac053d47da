//! `/api/settings/timezone`: the zone that new buffers of the service Buffer write their moments in.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::http::Api;
use crate::http::audit::Caller;
use crate::http::body::Fields;
use crate::http::endpoint::{Chapter, Endpoint};
use crate::http::error::ApiError;
use crate::http::specs::spec_of;

/// The zone that new buffers of the service Buffer write their moments in.
#[derive(Serialize, Deserialize, ToSchema)]
pub(super) struct Timezone {
    /// A name of the IANA list, such as `America/Sao_Paulo`.
    #[schema(format = "timezone")]
    timezone: String,
}

/// See [`Timezone`].
#[expect(dead_code, reason = "only the document is made of it")]
#[derive(ToSchema)]
#[schema(description = "A time zone, as a form.")]
struct TimezoneForm {
    /// A name of the IANA list.
    #[schema(format = "timezone")]
    timezone: String,
}

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(Chapter::Buffer, "/api/settings/timezone", show)
            .says(
                "Show the time zone",
                "The one that new buffers of the service Buffer write their moments in.",
            )
            .without_redis()
            .answers::<Timezone>(200, "The zone."),
        Endpoint::post(Chapter::Buffer, "/api/settings/timezone", write)
            .says("Set the time zone", "Buffers that are there keep theirs.")
            .body::<Timezone>(&json!({ "timezone": "America/Sao_Paulo" }))
            .or_form::<TimezoneForm>()
            .answers::<Timezone>(200, "The zone."),
    ]
}

pub(super) async fn show(State(api): State<Api>) -> Json<Timezone> {
    let timezone = api.admin.timezone();
    Json(Timezone { timezone })
}

pub(super) async fn write(
    State(api): State<Api>,
    Caller(by): Caller,
    Fields(fields): Fields,
) -> Result<Json<Timezone>, ApiError> {
    let wanted: Timezone = spec_of(fields)?;
    api.admin.set_timezone(&wanted.timezone, &by).await?;
    Ok(Json(wanted))
}

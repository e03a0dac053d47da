//! `GET /api/schedules/preview`: the next times of an expression, while somebody writes it.

use axum::Json;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::admin::{Admin, AdminError};
use crate::clock::now;
use crate::core::moment::rfc3339;
use crate::http::endpoint::{Chapter, Endpoint};
use crate::http::error::ApiError;

const COUNT: usize = 5;

/// What is to be previewed.
#[derive(Deserialize, IntoParams)]
struct PreviewQuery {
    /// Five fields, six with seconds first, or a word such as `@daily`.
    #[param(format = "cron", example = "30 8 * * 1-5")]
    cron: String,
    /// The zone that it is read in (IANA); without it `UTC`.
    #[param(format = "timezone")]
    timezone: Option<String>,
    /// How many times.
    #[param(minimum = 1, maximum = 50, default = 5)]
    count: Option<usize>,
}

/// The next times of an expression.
#[derive(Debug, Serialize, ToSchema)]
struct SchedulePreview {
    /// The expression.
    cron: String,
    /// The zone that it is read in.
    timezone: &'static str,
    /// Its next times (RFC 3339, in its zone); fewer than asked for where it does not come that often.
    #[schema(format = DateTime)]
    next: Vec<String>,
}

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(Chapter::Schedules, "/api/schedules/preview", preview)
            .says(
                "Preview the times of a cron expression",
                "Its next times, which no schedule need have; a 400 says what is wrong with it.",
            )
            .query::<PreviewQuery>(&["cron", "timezone", "count"])
            .without_redis()
            .answers::<SchedulePreview>(200, "Its next times."),
    ]
}

/// What is a field of a schedule is a parameter here.
fn of_the_query(error: AdminError) -> ApiError {
    match error {
        AdminError::Spec(error) => {
            let why = format!("{}: {}", error.field, error.why);
            ApiError::parameter(error.field, why)
        }
        error => error.into(),
    }
}

async fn preview(
    query: Result<Query<PreviewQuery>, QueryRejection>,
) -> Result<Json<SchedulePreview>, ApiError> {
    let Query(PreviewQuery {
        cron,
        timezone,
        count,
    }) = query?;
    let count = count.unwrap_or(COUNT);
    let timezone = timezone.as_deref().unwrap_or("UTC");
    let (next, zone) = Admin::preview(&cron, timezone, now(), count).map_err(of_the_query)?;
    Ok(Json(SchedulePreview {
        cron,
        timezone: zone.name(),
        next: next.into_iter().map(|at| rfc3339(at, zone)).collect(),
    }))
}

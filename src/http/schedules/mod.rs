//! `/api/schedules`: list, show, write, switch, run and remove them, and what became of their runs. The clients of
//! the service Buffer find theirs here too.

mod fields;
mod preview;
mod shown;

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::core::moment::rfc3339;
use crate::http::Api;
use crate::http::admin_error::NO_SCHEDULE;
use crate::http::audit::Caller;
use crate::http::body::Fields;
use crate::http::compat::buffer::names::schedule_name;
use crate::http::endpoint::takes::ENTRY;
use crate::http::endpoint::{Chapter, Endpoint};
use crate::http::error::ApiError;
use crate::http::history::{HistoryAnswer, shown as shown_run};
use crate::http::page::page;
use crate::http::query::{List, ListQuery};
use crate::http::specs::writing::WriteQuery;
use crate::http::specs::{New, Put, created, named, new_name, spec_named, spec_of};
use crate::spec::ScheduleSpec;
use crate::store::config::Mode;
use fields::{changed, own};
use shown::{ShownSchedule, shown};

/// The answer to having a schedule run now.
#[derive(Debug, Serialize, ToSchema)]
struct RunNow<'a> {
    /// Always true.
    success: bool,
    /// For people.
    message: &'static str,
    /// The schedule.
    name: &'a str,
    /// When the run is due (RFC 3339, in its zone).
    due: String,
}

/// The answer to a removal.
#[derive(Debug, Serialize, ToSchema)]
struct RemovedSchedule {
    /// Always true.
    success: bool,
    /// For people.
    message: &'static str,
    /// How many runs waited and are dropped.
    runs: u64,
}

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let all = vec![
        Endpoint::get(Chapter::Schedules, "/api/schedules", list)
            .says(
                "List schedules",
                "A bare list, as clients of the service Buffer know it.",
            )
            .answers_list::<ShownSchedule>("All schedules."),
        Endpoint::post(Chapter::Schedules, "/api/schedules", create)
            .says(
                "Create a schedule",
                "What is left out has its default. `name` may be any words: the name is made of them, and they become the description. `cron_expression` stands for `cron`, `is_active` and `enabled` for `active`. An unknown field is refused.",
            )
            .body::<New<ScheduleSpec>>(&json!({
                "name": "morning", "cron": "30 8 * * 1-5", "timezone": "America/Sao_Paulo",
                "url": "http://127.0.0.1:9/webhook/morning", "body": { "run": "{{ due }}" }, "catch_up": "once",
            }))
            .any_field()
            .answers::<ShownSchedule>(201, "The schedule; `Location` names it.")
            .refusing(&[409]),
        Endpoint::get(Chapter::Schedules, "/api/schedules/{name}", show)
            .says(
                "Show a schedule",
                "Secrets, the values of headers, and user info and the values of the query of the URL are masked. A mask that is put back keeps what it stands for, as long as scheme, host and port of the URL stay.",
            )
            .answers::<ShownSchedule>(200, "The schedule.")
            .refusing(&[404]),
        Endpoint::put(Chapter::Schedules, "/api/schedules/{name}", put)
            .says(
                "Write a schedule",
                "Creates or replaces it whole. Without `cron` only what is there is changed, as clients of the service Buffer do. `name` may be repeated in the body, and must not contradict the path.",
            )
            .body::<Put<ScheduleSpec>>(&json!({
                "cron": "0 9 * * *", "timezone": "America/Sao_Paulo", "url": "http://127.0.0.1:9/webhook/morning",
            }))
            .any_field()
            .over_a_version()
            .answers::<ShownSchedule>(200, "The schedule.")
            .refusing(&[404, 409]),
        Endpoint::delete(Chapter::Schedules, "/api/schedules/{name}", remove)
            .says("Remove a schedule", "Runs that wait are dropped.")
            .answers::<RemovedSchedule>(200, "It is gone.")
            .refusing(&[404, 409]),
        Endpoint::post(Chapter::Schedules, "/api/schedules/{name}/toggle", toggle)
            .says(
                "Switch a schedule",
                "Off where it is on, and on where it is off.",
            )
            .answers::<ShownSchedule>(200, "The schedule.")
            .refusing(&[404, 409]),
        Endpoint::post(Chapter::Schedules, "/api/schedules/{name}/run", run)
            .says(
                "Have a schedule run now",
                "Beside its times, whether or not it is active.",
            )
            .answers::<RunNow<'_>>(202, "It is on its way.")
            .refusing(&[404]),
        Endpoint::get(Chapter::Schedules, "/api/schedules/{name}/runs", runs)
            .says("List the runs of a schedule", "The newest first.")
            .query::<ListQuery>(&["limit", "cursor", "from", "to"])
            .matching(&["cursor"], ENTRY)
            .answers_page::<HistoryAnswer>("A page of runs.")
            .refusing(&[404]),
    ];
    all.into_iter().chain(preview::endpoints()).collect()
}

/// A bare list, as clients of the service Buffer know it.
async fn list(State(api): State<Api>) -> Result<Response, ApiError> {
    let schedules = api.admin.schedules().await?.into_iter();
    let schedules: Vec<_> = schedules.map(shown).collect();
    Ok(Json(schedules).into_response())
}

async fn show(
    State(api): State<Api>,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, ApiError> {
    let schedule = api.admin.schedule(&named(name, NO_SCHEDULE)?).await?;
    Ok(Json(shown(schedule)).into_response())
}

async fn create(
    State(api): State<Api>,
    Caller(by): Caller,
    Fields(fields): Fields,
) -> Result<Response, ApiError> {
    let mut spec: ScheduleSpec = spec_of(own(fields))?;
    schedule_name(&mut spec.name, &mut spec.description)?;
    let written = api.admin.put(spec, Mode::New, &by).await?;
    let name = written.spec.name.clone();
    let schedule = api.admin.with_times(written).await?;
    Ok(created("schedules", &name, shown(schedule)))
}

async fn put(
    State(api): State<Api>,
    name: Result<Path<String>, PathRejection>,
    query: Result<Query<WriteQuery>, QueryRejection>,
    Caller(by): Caller,
    Fields(fields): Fields,
) -> Result<Response, ApiError> {
    let name = new_name(name)?;
    let Query(query) = query?;
    let version = query.version()?;
    let written = if fields.contains_key("cron") {
        let spec: ScheduleSpec = spec_named(own(fields), &name)?;
        api.admin.put_over(version, spec, &by).await?
    } else {
        // The service Buffer: what is absent stays as it was.
        let changes = own(fields);
        let change = |old| changed(&old, &changes);
        let name = name.as_str();
        api.admin.change_over(version, name, change, &by).await?
    };
    let schedule = api.admin.with_times(written).await?;
    Ok(Json(shown(schedule)).into_response())
}

async fn toggle(
    State(api): State<Api>,
    name: Result<Path<String>, PathRejection>,
    Caller(by): Caller,
) -> Result<Response, ApiError> {
    let name = named(name, NO_SCHEDULE)?;
    let written = api.admin.toggle(&name, &by).await?;
    let schedule = api.admin.with_times(written).await?;
    Ok(Json(shown(schedule)).into_response())
}

async fn run(
    State(api): State<Api>,
    name: Result<Path<String>, PathRejection>,
    Caller(by): Caller,
) -> Result<Response, ApiError> {
    let name = named(name, NO_SCHEDULE)?;
    let run = api.admin.run_now(&name, &by).await?;
    let answer = RunNow {
        success: true,
        message: "On its way; GET …/runs tells what becomes of it",
        name: name.as_str(),
        due: rfc3339(run.due, run.zone),
    };
    Ok((StatusCode::ACCEPTED, Json(answer)).into_response())
}

async fn runs(
    State(api): State<Api>,
    name: Result<Path<String>, PathRejection>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let name = named(name, NO_SCHEDULE)?;
    let look = List::parse(&api, query).await?.look()?;
    Ok(page(api.admin.runs(&name, look).await?, |run| {
        shown_run(&api, run)
    }))
}

async fn remove(
    State(api): State<Api>,
    name: Result<Path<String>, PathRejection>,
    Caller(by): Caller,
) -> Result<Response, ApiError> {
    let name = named(name, NO_SCHEDULE)?;
    let runs = api.admin.remove_schedule(&name, &by).await?;
    Ok(Json(RemovedSchedule {
        success: true,
        message: "Removed; the runs that waited are dropped",
        runs,
    })
    .into_response())
}

//! `/api/schedules`: list, show, write, switch, run and remove them, and what became of their runs. The clients of
//! the service Buffer find theirs here too.

use axum::Json;

mod writing;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tracing::info;

use crate::core::action::Action;
use crate::core::batch::Millis;
use crate::core::chat::Chat;
use crate::core::filter::Filter;
use crate::core::moment::rfc3339;
use crate::http::Api;
use crate::http::audit::Caller;
use crate::http::body::Fields;
use crate::http::config::{NO_SCHEDULE, created, named, removing_of, spec_named, spec_of};
use crate::http::endpoint::takes::ENTRY;
use crate::http::endpoint::{Chapter, Endpoint};
use crate::http::error::ApiError;
use crate::http::history::shown as shown_run;
use crate::http::query::{List, ListQuery, page};
use crate::registry::Snapshot;
use crate::spec::ScheduleSpec;
use crate::spec::schema::{New, Put};
use crate::spec::shown::Shown;
use crate::store::audit::Act;
use crate::store::config::{Configured, Kind, Mode, Versioned};
use crate::wire::buffer_compat::schedule_name;
use crate::wire::history::HistoryAnswer;
use crate::wire::schedule::{RemovedSchedule, RunNow, ShownSchedule};
use serde_json::json;
use writing::{changed, own};

/// Upcoming times in every answer.
const UPCOMING: usize = 5;

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
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
                "Secrets and the values of headers are masked.",
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
    ]
}

/// A bare list, as clients of the service Buffer know it.
async fn list(State(api): State<Api>) -> Result<Response, ApiError> {
    let now = api.store.now().await?;
    let snapshot = api.registry.get();
    let written = snapshot.configured.schedules.values();
    let schedules: Vec<_> = written
        .map(|written| shown(&snapshot, written.clone(), now))
        .collect();
    Ok(Json(schedules).into_response())
}

async fn show(
    State(api): State<Api>,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, ApiError> {
    let written = api.written_schedule(&named(name, NO_SCHEDULE)?).await?;
    let now = api.store.now().await?;
    Ok(Json(shown(&api.registry.get(), written, now)).into_response())
}

async fn create(
    State(api): State<Api>,
    Caller(by): Caller,
    Fields(fields): Fields,
) -> Result<Response, ApiError> {
    let mut spec: ScheduleSpec = spec_of(own(fields))?;
    schedule_name(&mut spec.name, &mut spec.description)?;
    let make = |_: &Configured| Ok(spec.clone());
    let written = api.write_schedule(make, Mode::New, &by).await?;
    let (name, now) = (written.spec.name.clone(), api.store.now().await?);
    let shown = shown(&api.registry.get(), written, now);
    Ok(created("schedules", &name, shown))
}

async fn put(
    State(api): State<Api>,
    name: Result<Path<String>, PathRejection>,
    Caller(by): Caller,
    Fields(fields): Fields,
) -> Result<Response, ApiError> {
    let name = named(name, NO_SCHEDULE)?;
    let written = if fields.contains_key("cron") {
        let spec: ScheduleSpec = spec_named(own(fields), &name)?;
        let make = |_: &Configured| Ok(spec.clone());
        api.write_schedule(make, Mode::Any, &by).await?
    } else {
        // The service Buffer: what is absent stays as it was.
        let changes = own(fields);
        let make = |configured: &Configured| {
            let old = configured.schedules.get(name.as_str()).ok_or(NO_SCHEDULE)?;
            changed(&old.spec, &changes)
        };
        api.write_schedule(make, Mode::Known, &by).await?
    };
    let now = api.store.now().await?;
    Ok(Json(shown(&api.registry.get(), written, now)).into_response())
}

async fn toggle(
    State(api): State<Api>,
    name: Result<Path<String>, PathRejection>,
    Caller(by): Caller,
) -> Result<Response, ApiError> {
    let name = named(name, NO_SCHEDULE)?;
    let make = |configured: &Configured| {
        let old = configured.schedules.get(name.as_str()).ok_or(NO_SCHEDULE)?;
        Ok(ScheduleSpec {
            active: !old.spec.active,
            ..old.spec.clone()
        })
    };
    let written = api.write_schedule(make, Mode::Known, &by).await?;
    let now = api.store.now().await?;
    Ok(Json(shown(&api.registry.get(), written, now)).into_response())
}

async fn run(
    State(api): State<Api>,
    name: Result<Path<String>, PathRejection>,
    Caller(by): Caller,
) -> Result<Response, ApiError> {
    let name = named(name, NO_SCHEDULE)?;
    let written = api.written_schedule(&name).await?;
    let schedule = written.spec.check(written.version)?;
    let due = api.store.now().await?;
    let item = schedule.message(due);
    if !api.ingest.run(&name, &item, due).await? {
        return Err(NO_SCHEDULE);
    }
    api.note(&Act::new(Action::ScheduleRun, &by).on(&name)).await;
    info!(schedule = %name, "An operator had schedule {name} run");
    let answer = RunNow {
        success: true,
        message: "On its way; GET …/runs tells what becomes of it",
        name: name.as_str(),
        due: rfc3339(due, schedule.times.zone()),
    };
    Ok((StatusCode::ACCEPTED, Json(answer)).into_response())
}

async fn runs(
    State(api): State<Api>,
    name: Result<Path<String>, PathRejection>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let name = named(name, NO_SCHEDULE)?;
    let list = List::parse(query)?;
    api.written_schedule(&name).await?;
    let filter = Filter::Chat(Chat::of_schedule(&name));
    let wanted = |_: &_| true;
    let (found, next_cursor) = api.store.settlements(&filter, wanted, list.look()?).await?;
    Ok(page(found.into_iter().map(shown_run), None, next_cursor))
}

async fn remove(
    State(api): State<Api>,
    name: Result<Path<String>, PathRejection>,
    Caller(by): Caller,
) -> Result<Response, ApiError> {
    let name = named(name, NO_SCHEDULE)?;
    let runs = api.remove_schedule(&name, &by).await?;
    Ok(Json(RemovedSchedule {
        success: true,
        message: "Removed; the runs that waited are dropped",
        runs,
    })
    .into_response())
}

fn shown(snapshot: &Snapshot, written: Versioned<ScheduleSpec>, now: Millis) -> ShownSchedule {
    let Versioned { version, spec } = written;
    let times = spec.check(version).ok().map(|schedule| schedule.times);
    let next = times.iter().flat_map(|times| {
        let upcoming = times.upcoming(now).take(UPCOMING);
        upcoming.map(|at| rfc3339(at, times.zone()))
    });
    let removing = removing_of(snapshot, Kind::Schedule, &spec.name);
    ShownSchedule {
        id: spec.name.clone(),
        cron_expression: spec.cron.clone(),
        next: next.collect(),
        written: Shown::by_api(spec.masked(), version, removing),
    }
}

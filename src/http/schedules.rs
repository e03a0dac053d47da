//! `/api/schedules`: list, show, write, switch, run and remove them, and what became of their runs. The clients of
//! the service Buffer find theirs here too.

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::value::{RawValue, to_raw_value};
use tracing::{info, warn};

use super::Api;
use super::audit::Caller;
use super::body::Fields;
use super::config::{
    MOST_TRIES, NO_SCHEDULE, busy, created, named, removing_of, spec_named, spec_of, writing,
};
use super::error::ApiError;
use super::history::shown as shown_run;
use super::query::{List, ListQuery, page};
use crate::core::batch::{BatchId, Millis};
use crate::core::chat::{Chat, Name};
use crate::core::filter::Filter;
use crate::core::json::RawObject;
use crate::core::json::fields::BadInput;
use crate::core::moment::rfc3339;
use crate::core::when::When;
use crate::delivery::Sender;
use crate::registry::Snapshot;
use crate::spec::shown::Shown;
use crate::spec::{ScheduleSpec, SpecError};
use crate::store::StoreError;
use crate::store::audit::{Act, By};
use crate::store::config::{Configured, Kind, Mode, Versioned};
use crate::wire::buffer_compat::schedule_name;
use crate::wire::schedule::{RemovedSchedule, RunNow, ShownSchedule};

/// Upcoming times in every answer.
const UPCOMING: usize = 5;
/// What is shown beside a schedule, and may be put back with it.
const BESIDE: [&str; 2] = ["id", "next"];
/// Their word for `cron`.
const CRON_EXPRESSION: &str = "cron_expression";

/// The routes of this room.
pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/api/schedules", get(list).post(create))
        .route("/api/schedules/{name}", get(show).put(put).delete(remove))
        .route("/api/schedules/{name}/toggle", post(toggle))
        .route("/api/schedules/{name}/run", post(run))
        .route("/api/schedules/{name}/runs", get(runs))
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
    let (chat, id) = (Chat::of_schedule(&name), BatchId::generate().to_string());
    let mut life = api.registry.get().configured.life(Kind::Schedule, &name);
    api.room.admit()?;
    let place = api.bounds.admit_later(&chat, &id, item.len()).await?;
    loop {
        match api.store.keep(&chat, life, &id, &item, When::At(due)).await {
            Err(StoreError::Gone) => {
                let renewed = api.registry.renewed_schedule(&name).await?;
                life = renewed.ok_or(NO_SCHEDULE)?.1;
            }
            kept => {
                kept?;
                place.taken();
                break;
            }
        }
    }
    api.note(&Act::new("schedule.run", &by).on(&name)).await;
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

impl Api {
    async fn written_schedule(&self, name: &Name) -> Result<Versioned<ScheduleSpec>, ApiError> {
        // Another api may have written it a moment ago.
        self.registry.catch_up().await?;
        let snapshot = self.registry.get();
        let written = snapshot.configured.schedules.get(name.as_str());
        written.cloned().ok_or(NO_SCHEDULE)
    }

    /// Checks and writes a schedule; its body is tried on a sample.
    async fn write_schedule(
        &self,
        make: impl Fn(&Configured) -> Result<ScheduleSpec, ApiError>,
        mode: Mode,
        by: &By,
    ) -> Result<Versioned<ScheduleSpec>, ApiError> {
        for _ in 0..MOST_TRIES {
            self.registry.catch_up().await?;
            let configured = &self.registry.get().configured;
            let spec = make(configured)?;
            let old = configured.schedules.get(&spec.name).map(|old| &old.spec);
            let spec = spec.unmasked(old);
            let base = configured.version;
            let schedule = spec.check(base)?;
            let was = old.and_then(|old| old.check(base).ok());
            Sender::new(&schedule.destination, &self.clients)
                .map_err(ScheduleSpec::in_its_words)?;
            let old = old.map(|old| old.clone().masked());
            let act = writing(Kind::Schedule, &schedule.name, by);
            let act = act.from_to(old.as_ref(), Some(&spec.clone().masked()));
            let written = self.write(Kind::Schedule, &schedule.name, &spec, mode, base, &act);
            if let Some(version) = written.await? {
                if was.is_some_and(|was| !schedule.keeps_the_plan_of(&was)) {
                    // A monitor sees only what is newest: not that it was off, or had other times, in between.
                    let dropped = self.store.unplan(&schedule.name, version - 1).await;
                    // Those that run do the same by themselves.
                    let _ = dropped.inspect_err(
                        |error| warn!(error = %error, "Could not drop a plan: {error}"),
                    );
                }
                return Ok(Versioned { version, spec });
            }
        }
        Err(busy())
    }
}

/// The fields of a schedule, without what is shown beside it.
fn own(mut fields: RawObject) -> RawObject {
    if fields.contains_key("cron") {
        fields.shift_remove(CRON_EXPRESSION);
    }
    fields.retain(|name, _| !BESIDE.contains(&name.as_str()));
    fields
}

/// A schedule with some of its fields changed.
fn changed(old: &ScheduleSpec, changes: &RawObject) -> Result<ScheduleSpec, ApiError> {
    let unreadable = |error| ApiError::from(BadInput::NotJson(error));
    let old_fields = to_raw_value(old).map_err(unreadable)?;
    let mut fields: RawObject = serde_json::from_str(old_fields.get()).map_err(unreadable)?;
    for (name, value) in changes {
        let name = match name.as_str() {
            CRON_EXPRESSION => "cron",
            "is_active" | "enabled" => "active",
            name => name,
        };
        let is_name = name == "name";
        let value: Box<RawValue> = value.clone();
        if !is_name {
            fields.insert(name.to_owned(), value);
            continue;
        }
        let words: Option<String> = serde_json::from_str(value.get()).ok();
        let mut words = words.ok_or_else(|| SpecError::new("name", "must be text"))?;
        schedule_name(&mut words, &mut String::new())?;
        fields.insert(name.to_owned(), to_raw_value(&words).map_err(unreadable)?);
    }
    let name = Name::parse(&old.name).map_err(|_| NO_SCHEDULE)?;
    spec_named(fields, &name)
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

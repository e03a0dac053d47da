//! Schedules as they are written: checked, tried on a sample, and kept; also those that clients of the service Buffer
//! change field by field.

use serde_json::value::{RawValue, to_raw_value};
use tracing::warn;

use crate::core::chat::Name;
use crate::core::json::RawObject;
use crate::core::json::fields::BadInput;
use crate::delivery::Sender;
use crate::http::Api;
use crate::http::config::{MOST_TRIES, NO_SCHEDULE, busy, spec_named, writing};
use crate::http::error::ApiError;
use crate::spec::{ScheduleSpec, SpecError};
use crate::store::audit::By;
use crate::store::config::{Configured, Kind, Mode, Versioned};
use crate::wire::buffer_compat::schedule_name;

/// What is shown beside a schedule, and may be put back with it.
const BESIDE: [&str; 2] = ["id", "next"];
/// Their word for `cron`.
const CRON_EXPRESSION: &str = "cron_expression";

impl Api {
    pub(super) async fn written_schedule(
        &self,
        name: &Name,
    ) -> Result<Versioned<ScheduleSpec>, ApiError> {
        // Another api may have written it a moment ago.
        self.registry.catch_up().await?;
        let snapshot = self.registry.get();
        let written = snapshot.configured.schedules.get(name.as_str());
        written.cloned().ok_or(NO_SCHEDULE)
    }

    /// Checks and writes a schedule; its body is tried on a sample.
    pub(super) async fn write_schedule(
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
pub(super) fn own(mut fields: RawObject) -> RawObject {
    if fields.contains_key("cron") {
        fields.shift_remove(CRON_EXPRESSION);
    }
    fields.retain(|name, _| !BESIDE.contains(&name.as_str()));
    fields
}

/// A schedule with some of its fields changed.
pub(super) fn changed(old: &ScheduleSpec, changes: &RawObject) -> Result<ScheduleSpec, ApiError> {
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

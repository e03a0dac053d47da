//! A schedule as it is answered.

use serde::Serialize;
use serde_json::json;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{PartialSchema, ToSchema};

use crate::admin::ScheduleDetail;
use crate::core::moment::rfc3339;
use crate::http::specs::{ShownSpec, object_shown};
use crate::spec::ScheduleSpec;
use crate::spec::scalars::schema_of;

/// A schedule as it is shown.
#[derive(Debug, Serialize)]
pub(super) struct ShownSchedule {
    /// The schedule.
    #[serde(flatten)]
    written: ShownSpec<ScheduleSpec>,
    /// Its next five times by its `cron`, whether or not it is active (RFC 3339, in its zone).
    next: Vec<String>,
    /// Its name, as the service Buffer calls it.
    id: String,
    /// Its `cron`, as the service Buffer calls it.
    cron_expression: String,
}

impl ToSchema for ShownSchedule {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        ShownSpec::<ScheduleSpec>::schemas(schemas);
    }
}

impl PartialSchema for ShownSchedule {
    fn schema() -> RefOr<Schema> {
        let mut object = object_shown::<ScheduleSpec>();
        for (name, schema) in [
            (
                "next",
                json!({
                    "type": "array", "items": { "type": "string", "format": "date-time" },
                    "description": "Its next five times by its `cron`, whether or not it is active, in its zone.",
                }),
            ),
            (
                "id",
                json!({ "type": "string", "description": "Its name, as the service Buffer calls it." }),
            ),
            (
                "cron_expression",
                json!({ "type": "string", "description": "Its `cron`, as the service Buffer calls it." }),
            ),
        ] {
            object.properties.insert(name.to_owned(), schema_of(schema));
            object.required.push(name.to_owned());
        }
        Schema::Object(object).into()
    }
}

pub(super) fn shown(schedule: ScheduleDetail) -> ShownSchedule {
    let ScheduleDetail {
        shown,
        upcoming,
        zone,
    } = schedule;
    ShownSchedule {
        id: shown.spec.name.clone(),
        cron_expression: shown.spec.cron.clone(),
        next: upcoming.into_iter().map(|at| rfc3339(at, zone)).collect(),
        written: shown.into(),
    }
}

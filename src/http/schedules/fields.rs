//! The fields of a schedule: without what is shown beside them, and those that clients of the service Buffer change one
//! by one.

use serde_json::value::{RawValue, to_raw_value};

use crate::core::chat::Name;
use crate::core::json::RawObject;
use crate::core::json::fields::BadInput;
use crate::http::admin_error::NO_SCHEDULE;
use crate::http::compat::buffer::names::schedule_name;
use crate::http::error::ApiError;
use crate::http::specs::spec_named;
use crate::spec::{ScheduleSpec, SpecError};

/// What is shown beside a schedule, and may be put back with it.
const BESIDE: [&str; 2] = ["id", "next"];
/// Their word for `cron`.
const CRON_EXPRESSION: &str = "cron_expression";

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

//! Buffers, destinations and schedules as bodies of the document: as they are written new, and as they are put under a
//! name. Both are made of the schema of the one specification.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::{Value, json};
use utoipa::openapi::RefOr;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::schema::{Object, ObjectBuilder, Schema, SchemaType};
use utoipa::{PartialSchema, ToSchema};

use crate::spec::{BufferSpec, DestinationSpec, ScheduleSpec};

/// A specification that is new: a body of POST.
pub(in crate::http) struct New<T>(T);

/// A specification without its name, which stands in the path: a body of PUT.
pub(in crate::http) struct Put<T>(T);

/// A specification that is only tried: a body like that of POST, which need have no name.
pub(in crate::http) struct Draft<T>(T);

/// What is written, and how the document calls it.
pub(in crate::http) trait Spec: ToSchema {
    /// In the document.
    const NAME: &'static str;
    /// What has no default.
    const REQUIRED: &'static [&'static str];
    /// What is shown beside it, and ignored where it is put back.
    const BESIDE: &'static [&'static str] = &["version", "from", "removing"];
    /// What its fields do not say one by one: keywords of JSON Schema.
    fn also() -> Value {
        json!({})
    }
}

impl Spec for BufferSpec {
    const NAME: &'static str = "Buffer";
    const REQUIRED: &'static [&'static str] = &["name"];
}

/// Both are there, and not null.
fn both(one: &str, other: &str) -> Value {
    let value = json!({ "not": { "type": "null" } });
    json!({ "required": [one, other], "properties": { one: value, other: value } })
}

impl Spec for DestinationSpec {
    const NAME: &'static str = "Destination";
    const REQUIRED: &'static [&'static str] = &["name"];

    fn also() -> Value {
        let ways = [
            both("template", "content"),
            both("template", "aggregate_field"),
            both("content", "aggregate_field"),
        ];
        json!({
            "not": { "anyOf": ways },
            "allOf": [
                { "if": of("redis-stream"), "then": stream(), "else": without(&["stream", "max_len"]) },
                { "if": of("amqp"), "then": amqp(), "else": without(&["exchange", "routing_key", "persistent"]) },
                { "if": { "anyOf": [of("redis-stream"), of("amqp")] }, "then": other_than_http(), "else": http() },
            ],
        })
    }
}

/// A destination of this kind.
fn of(kind: &str) -> Value {
    json!({ "required": ["kind"], "properties": { "kind": { "const": kind } } })
}

/// None of these says anything.
fn without(fields: &[&str]) -> Value {
    let fields = fields
        .iter()
        .map(|&field| (field, json!({ "type": "null" })));
    json!({ "properties": fields.collect::<HashMap<_, _>>() })
}

fn http() -> Value {
    json!({ "required": ["url"], "properties": { "url": { "format": "http-url" } } })
}

fn stream() -> Value {
    json!({
        "required": ["url", "stream"],
        "properties": { "url": { "format": "redis-url" }, "stream": { "type": "string" } },
    })
}

fn amqp() -> Value {
    let named = |field: &str| {
        let some = json!({ "type": "string", "minLength": 1 });
        json!({ "required": [field], "properties": { field: some } })
    };
    json!({
        "properties": { "url": { "format": "amqp-url" } },
        "anyOf": [named("exchange"), named("routing_key")],
    })
}

fn other_than_http() -> Value {
    json!({
        "properties": {
            "method": { "const": "POST" },
            "retry": { "properties": { "max_retry_after": { "const": 3600 } } },
        },
    })
}

impl Spec for ScheduleSpec {
    const NAME: &'static str = "Schedule";
    const REQUIRED: &'static [&'static str] = &["name", "cron", "url"];
    const BESIDE: &'static [&'static str] = &["version", "from", "id", "next"];

    // Without `cron` what is absent stays as it was.
    fn also() -> Value {
        json!({ "dependentRequired": { "cron": ["url"] } })
    }
}

impl<T: Spec> ToSchema for New<T> {
    fn name() -> Cow<'static, str> {
        format!("New{}", T::NAME).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        T::schemas(schemas);
    }
}

impl<T: Spec> PartialSchema for New<T> {
    fn schema() -> RefOr<Schema> {
        let mut spec = written::<T>();
        spec.required = T::REQUIRED.iter().map(|&name| name.to_owned()).collect();
        Schema::Object(spec).into()
    }
}

impl<T: Spec> ToSchema for Put<T> {
    fn name() -> Cow<'static, str> {
        T::NAME.into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        T::schemas(schemas);
    }
}

impl<T: Spec> PartialSchema for Put<T> {
    fn schema() -> RefOr<Schema> {
        let mut spec = written::<T>();
        spec.properties.shift_remove("name");
        let required = T::REQUIRED.iter().filter(|&&name| name == "url");
        let keeps_what_is_absent = T::also().get("dependentRequired").is_some();
        if !keeps_what_is_absent {
            spec.required = required.map(|&name| name.to_owned()).collect();
        }
        Schema::Object(spec).into()
    }
}

impl<T: Spec> ToSchema for Draft<T> {
    fn name() -> Cow<'static, str> {
        format!("Draft{}", T::NAME).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        T::schemas(schemas);
    }
}

impl<T: Spec> PartialSchema for Draft<T> {
    fn schema() -> RefOr<Schema> {
        let mut spec = written::<T>();
        let required = T::REQUIRED.iter().filter(|&&name| name != "name");
        spec.required = required.map(|&name| name.to_owned()).collect();
        Schema::Object(spec).into()
    }
}

/// A specification as it may be written. What is shown beside it may be put back with it, and is ignored.
fn written<T: Spec>() -> Object {
    let mut spec = object_of::<T>();
    for name in T::BESIDE {
        let ignored = ObjectBuilder::new()
            .schema_type(SchemaType::AnyValue)
            .description(Some("As it was shown; ignored."));
        spec.properties.insert((*name).to_owned(), ignored.into());
    }
    for name in T::REQUIRED {
        match spec.properties.get_mut(*name) {
            Some(RefOr::T(Schema::Object(field))) => field.default = None,
            Some(RefOr::Ref(field)) => field.default = None,
            _ => {}
        }
    }
    if let Value::Object(also) = T::also() {
        spec.extensions = Some(Extensions::from_iter(also));
    }
    spec
}

/// The schema of a specification.
pub(super) fn object_of<T: PartialSchema>() -> Object {
    match T::schema() {
        RefOr::T(Schema::Object(object)) => object,
        _ => Object::new(),
    }
}

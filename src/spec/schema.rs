//! Buffers, destinations and schedules as the OpenAPI document describes them: as they are written new, as they are put
//! under a name, and as they are shown. Each is made of the schema of the one specification.

use std::borrow::Cow;

use serde_json::{Value, json};
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::schema::{
    AdditionalProperties, Object, ObjectBuilder, Schema, SchemaType, Type,
};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use super::shown::{From, Removing, Shown, ShownDestination};
use super::source::FIELDS;
use super::window::WindowSpec;
use super::{BufferSpec, DestinationSpec, ScheduleSpec};
use crate::gateway::Gateway;
use crate::wire::schedule::ShownSchedule;

/// How a post is read: `fields`, or the name of a gateway.
pub struct SourceName;

impl ToSchema for SourceName {}

impl PartialSchema for SourceName {
    fn schema() -> RefOr<Schema> {
        let names = std::iter::once(FIELDS).chain(Gateway::names());
        let source = ObjectBuilder::new().schema_type(Type::String);
        source.enum_values(Some(names)).into()
    }
}

/// A specification that is new: a body of POST.
pub struct New<T>(T);

/// A specification without its name, which stands in the path: a body of PUT.
pub struct Put<T>(T);

/// What is written, and how the document calls it.
pub trait Spec: ToSchema {
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
    const REQUIRED: &'static [&'static str] = &["name", "url"];

    fn also() -> Value {
        let ways = [
            both("template", "content"),
            both("template", "aggregate_field"),
            both("content", "aggregate_field"),
        ];
        json!({ "not": { "anyOf": ways } })
    }
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

impl<T: Spec> ToSchema for Shown<T> {
    fn name() -> Cow<'static, str> {
        format!("Shown{}", T::NAME).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        T::schemas(schemas);
        schemas.push((From::name().into_owned(), From::schema()));
        schemas.push((Removing::name().into_owned(), Removing::schema()));
    }
}

impl<T: Spec> PartialSchema for Shown<T> {
    fn schema() -> RefOr<Schema> {
        Schema::Object(shown::<T>()).into()
    }
}

impl ToSchema for ShownDestination {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Shown::<DestinationSpec>::schemas(schemas);
    }
}

impl PartialSchema for ShownDestination {
    fn schema() -> RefOr<Schema> {
        let mut object = shown::<DestinationSpec>();
        let url = json!({
            "type": ["string", "null"],
            "description": "Where it is; null where only monitor is told.",
        });
        let note =
            json!({ "type": "string", "description": "Why the rest of it is not known here." });
        object.properties.insert("url".to_owned(), read(url));
        object.properties.insert("note".to_owned(), read(note));
        Schema::Object(object).into()
    }
}

impl ToSchema for ShownSchedule {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Shown::<ScheduleSpec>::schemas(schemas);
    }
}

impl PartialSchema for ShownSchedule {
    fn schema() -> RefOr<Schema> {
        let mut object = shown::<ScheduleSpec>();
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
            object.properties.insert(name.to_owned(), read(schema));
            object.required.push(name.to_owned());
        }
        Schema::Object(object).into()
    }
}

fn read(json: Value) -> RefOr<Schema> {
    serde_json::from_value(json).unwrap_or_default()
}

fn object_of<T: PartialSchema>() -> Object {
    match T::schema() {
        RefOr::T(Schema::Object(object)) => object,
        _ => Object::new(),
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
        if let Some(RefOr::T(Schema::Object(field))) = spec.properties.get_mut(*name) {
            field.default = None;
        }
    }
    if let Value::Object(also) = T::also() {
        spec.extensions = Some(Extensions::from_iter(also));
    }
    spec
}

/// A specification as it is shown: any of its fields may be what could not be written.
fn shown<T: PartialSchema>() -> Object {
    let mut object = object_of::<T>();
    if let Some(AdditionalProperties::FreeForm(false)) = object.additional_properties.as_deref() {
        object.additional_properties = None;
    }
    // The buffer `messages` has no windows, and shows none.
    if object.properties.contains_key("window") {
        let mut window = object_of::<WindowSpec>();
        if let Some(RefOr::T(Schema::Object(wait))) = window.properties.get_mut("wait") {
            wait.minimum = None;
        }
        let window = Schema::Object(window);
        object.properties.insert("window".to_owned(), window.into());
    }
    let version = json!({
        "type": ["integer", "null"],
        "description": "The version of the configuration that its last write made; null for what the environment describes.",
    });
    object
        .properties
        .insert("version".to_owned(), read(version));
    let from = Ref::from_schema_name(From::name());
    object.properties.insert("from".to_owned(), from.into());
    object.required = ["name", "version", "from"].map(str::to_owned).into();
    object
}

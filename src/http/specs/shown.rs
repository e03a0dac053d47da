//! Buffers, destinations and schedules as they are answered: masked, with their version and where they come from.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::json;
use utoipa::openapi::schema::{AdditionalProperties, Object, Schema};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use super::written::{Spec, object_of};
use crate::admin::{DestinationDetail, Shown};
use crate::core::chat::Name;
use crate::core::moment::utc;
use crate::spec::DestinationSpec;
use crate::spec::scalars::schema_of;
use crate::spec::window::WindowSpec;
use crate::store::config::removals::Removal;

/// A buffer, destination or schedule as it is answered.
#[derive(Debug, Serialize)]
pub(in crate::http) struct ShownSpec<T> {
    /// What was written, masked.
    #[serde(flatten)]
    spec: T,
    /// The version of the configuration that its last write made; none for what the environment describes.
    version: Option<u64>,
    /// Who described it.
    from: Origin,
    /// How it is being removed; absent: it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    removing: Option<Removing>,
}

/// How a buffer or destination is being removed. It takes nothing more, and is gone in the end, or stays as it was where
/// it was to go only if nothing stands there.
#[derive(Debug, Serialize, ToSchema)]
struct Removing {
    /// What becomes of what stands there: `drain`: it is delivered; `discard`: it is dropped; `empty`: nothing may stand
    /// there.
    asked: &'static str,
    /// Since when.
    #[schema(format = "date-time")]
    since: String,
}

/// Who described a buffer or destination.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = From)]
#[serde(rename_all = "lowercase")]
enum Origin {
    /// The settings of the daemons.
    Environment,
    /// A request.
    Api,
}

/// A destination of the environment where api is not told of it.
#[derive(Debug, Serialize)]
pub(in crate::http) struct Untold {
    name: String,
    url: Option<()>,
    version: Option<u64>,
    from: Origin,
    note: &'static str,
}

impl Untold {
    fn new(name: &Name) -> Self {
        Self {
            name: name.to_string(),
            url: None,
            version: None,
            from: Origin::Environment,
            note: "monitor has its WEBHOOK_URL; give api the same settings to see and try it here",
        }
    }
}

/// A destination as it is answered.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(in crate::http) enum ShownDestination {
    /// One that api knows all about.
    Known(Box<ShownSpec<DestinationSpec>>),
    /// The one that only monitor knows.
    Untold(Untold),
}

impl<T> From<Shown<T>> for ShownSpec<T> {
    fn from(shown: Shown<T>) -> Self {
        let Shown {
            spec,
            version,
            removing,
        } = shown;
        Self {
            spec,
            version,
            from: match version {
                Some(_) => Origin::Api,
                None => Origin::Environment,
            },
            removing: removing.map(Removing::from),
        }
    }
}

impl From<Removal> for Removing {
    fn from(removal: Removal) -> Self {
        Self {
            asked: removal.asked.as_str(),
            since: utc(removal.since),
        }
    }
}

impl From<DestinationDetail> for ShownDestination {
    fn from(detail: DestinationDetail) -> Self {
        match detail {
            DestinationDetail::Known(shown) => Self::Known(Box::new((*shown).into())),
            DestinationDetail::Untold(name) => Self::Untold(Untold::new(&name)),
        }
    }
}

impl<T: Spec> ToSchema for ShownSpec<T> {
    fn name() -> Cow<'static, str> {
        format!("Shown{}", T::NAME).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        T::schemas(schemas);
        schemas.push((Origin::name().into_owned(), Origin::schema()));
        schemas.push((Removing::name().into_owned(), Removing::schema()));
    }
}

impl<T: Spec> PartialSchema for ShownSpec<T> {
    fn schema() -> RefOr<Schema> {
        Schema::Object(object_shown::<T>()).into()
    }
}

impl ToSchema for ShownDestination {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        ShownSpec::<DestinationSpec>::schemas(schemas);
    }
}

impl PartialSchema for ShownDestination {
    fn schema() -> RefOr<Schema> {
        let mut object = object_shown::<DestinationSpec>();
        let url = json!({
            "type": ["string", "null"],
            "description": "Where it is; null where only monitor is told.",
        });
        let note =
            json!({ "type": "string", "description": "Why the rest of it is not known here." });
        object.properties.insert("url".to_owned(), schema_of(url));
        object.properties.insert("note".to_owned(), schema_of(note));
        Schema::Object(object).into()
    }
}

/// A specification as it is shown: any of its fields may be what could not be written.
pub(in crate::http) fn object_shown<T: PartialSchema>() -> Object {
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
        .insert("version".to_owned(), schema_of(version));
    let from = Ref::from_schema_name(Origin::name());
    object.properties.insert("from".to_owned(), from.into());
    object.required = ["name", "version", "from"].map(str::to_owned).into();
    object
}

//! How a post to a buffer is read.

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use super::{BufferSpec, SpecError};
use crate::gateway::Gateway;
use crate::gateway::path::Path;

/// The source of buffers that say themselves where things stand in a post.
pub const FIELDS: &str = "fields";

/// How a post to a buffer is read.
#[derive(Clone, Debug)]
pub enum Source {
    /// Chat, text and id stand at these paths.
    Fields {
        /// The chat.
        key: Path,
        /// What was said; without, the whole body is the message.
        text: Option<Path>,
        /// The id of the message.
        id: Path,
    },
    /// As the gateway's preset says.
    Gateway(Gateway),
}

impl Source {
    /// How posts to this buffer are read.
    ///
    /// # Errors
    /// Names the field that is wrong.
    pub fn of(spec: &BufferSpec) -> Result<Self, SpecError> {
        if spec.source != FIELDS {
            let gateway = Gateway::parse(&spec.source).map_err(|error| {
                SpecError::new("source", format!("must be fields or a gateway: {error}"))
            })?;
            return Ok(Self::Gateway(gateway));
        }
        let path = |field: &str, text: &str| {
            Path::parse(text).map_err(|error| SpecError::new(field, error.to_string()))
        };
        Ok(Self::Fields {
            key: path("key", &spec.key)?,
            text: match spec.text.as_str() {
                "" => None,
                text => Some(path("text", text)?),
            },
            id: path("id", &spec.id)?,
        })
    }
}

/// The words for it: `fields`, or the name of a gateway.
pub struct SourceName;

impl ToSchema for SourceName {}

impl PartialSchema for SourceName {
    fn schema() -> RefOr<Schema> {
        let names = std::iter::once(FIELDS).chain(Gateway::names());
        let source = ObjectBuilder::new().schema_type(Type::String);
        source.enum_values(Some(names)).into()
    }
}

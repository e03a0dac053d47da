//! The routing key of a message: the same for all, or made of what is said.

use std::sync::Arc;

use crate::core::broker_url::LONGEST_NAME;
use crate::delivery::BodyError;
use crate::delivery::template::context::TemplateContext;
use crate::delivery::template::kept::{Kept, Templates};
use crate::spec::SpecError;

/// Nothing is escaped in a key.
const PLAIN: &str = "text/plain";

/// What makes routing keys.
#[derive(Debug)]
pub(super) enum Routing {
    Fixed(String),
    Template(Arc<Kept>),
}

impl Routing {
    /// Makes ready; a template is tried on a sample.
    ///
    /// # Errors
    /// When it is broken or cannot be filled.
    pub(super) fn new(key: &str, templates: &Templates) -> Result<Self, SpecError> {
        if !key.contains("{{") && !key.contains("{%") {
            return Ok(Self::Fixed(key.to_owned()));
        }
        match templates.of_body(key, PLAIN) {
            Ok(template) => Ok(Self::Template(template)),
            Err(error) => Err(SpecError::new("routing_key", error.to_string())),
        }
    }

    /// The key for a context.
    ///
    /// # Errors
    /// When it cannot be made of it, or is longer than one may be.
    pub(super) fn key(&self, context: &TemplateContext<'_>) -> Result<String, BodyError> {
        let key = match self {
            Self::Fixed(key) => key.clone(),
            Self::Template(template) => template.render(context)?,
        };
        let key = key.trim();
        if key.len() > LONGEST_NAME {
            return Err(BodyError::RoutingKey(LONGEST_NAME));
        }
        Ok(key.to_owned())
    }
}

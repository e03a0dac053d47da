//! A forwarding of the service Buffer: a destination, and the buffer that delivers to it.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::names::{description, id_of, put, renamed, shown_name};
use crate::core::chat::Name;
use crate::spec::destination::ContentSpec;
use crate::spec::scalars::{Headers, HttpMethod, Words};
use crate::spec::{DestinationSpec, SpecError};

/// Read by [`ForwardingConfig`].
#[expect(dead_code, reason = "only the document is made of it")]
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewForwardingConfig, description = "A new forwarding as the service Buffer writes it. An unknown field is refused.")]
pub(super) struct NewForwardingConfigBody {
    /// What it is called.
    name: Words,
    /// The buffer whose batches are forwarded, by name or id; also `buffer_name`, `buffer_id` and `buffer_config_id`.
    #[schema(format = "buffer")]
    buffer: String,
    /// Where they go: `http` or `https`.
    #[schema(format = "http-url")]
    url: String,
    /// Without it `POST`.
    method: Option<HttpMethod>,
    /// Headers to send along.
    headers: Option<Headers>,
    /// Which fields of each message to send; null or empty: all.
    fields: Option<Vec<String>>,
    /// What each message becomes, such as `{{text}}`; null or empty: the messages as they came.
    #[schema(format = "template")]
    template: Option<String>,
    /// False: batches wait; also `is_active` and `enabled`.
    active: Option<bool>,
}

/// Read by [`ForwardingConfig`].
#[expect(dead_code, reason = "only the document is made of it")]
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ForwardingConfig, description = "A change of a forwarding as the service Buffer writes it: what is absent stays as it was. `name` may be repeated, with any words that make the same id. An unknown field is refused.")]
pub(super) struct ForwardingConfigBody {
    /// The buffer whose batches are forwarded, by name or id; also `buffer_name`, `buffer_id` and `buffer_config_id`.
    #[schema(format = "buffer")]
    buffer: Option<String>,
    /// Where they go: `http` or `https`.
    #[schema(format = "http-url")]
    url: Option<String>,
    /// How they are sent.
    method: Option<HttpMethod>,
    /// Headers to send along.
    headers: Option<Headers>,
    /// Which fields of each message to send; null or empty: all.
    fields: Option<Vec<String>>,
    /// What each message becomes, such as `{{text}}`; null or empty: the messages as they came.
    #[schema(format = "template")]
    template: Option<String>,
    /// False: batches wait; also `is_active` and `enabled`.
    active: Option<bool>,
}

/// A forwarding as the service Buffer writes it; what is absent stays as it was.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ForwardingConfig {
    name: Option<String>,
    #[serde(alias = "buffer_name", alias = "buffer_id", alias = "buffer_config_id")]
    buffer: Option<String>,
    url: Option<String>,
    method: Option<String>,
    headers: Option<BTreeMap<String, String>>,
    #[serde(deserialize_with = "there")]
    fields: Option<Option<Vec<String>>>,
    #[serde(deserialize_with = "there")]
    template: Option<Option<String>>,
    #[serde(alias = "is_active", alias = "enabled")]
    active: Option<bool>,
}

/// A forwarding as the service Buffer shows it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ForwardingConfigAnswer {
    id: String,
    name: String,
    /// None: no buffer delivers there any more.
    buffer: Option<String>,
    url: String,
    method: String,
    headers: BTreeMap<String, String>,
    fields: Vec<String>,
    template: Option<String>,
    active: bool,
}

impl ForwardingConfig {
    /// The buffer that it names.
    ///
    /// # Errors
    /// When that is no name.
    pub(super) fn buffer(&self) -> Result<Option<Name>, SpecError> {
        let words = self.buffer.as_deref();
        let name = words.map(Name::slug).transpose();
        name.map_err(|error| SpecError::new("buffer", error.to_string()))
    }

    /// A new destination of this description, for a buffer with this key.
    ///
    /// # Errors
    /// When it has no name.
    pub(super) fn into_new(self, key_field: &str) -> Result<DestinationSpec, SpecError> {
        let words = self.name.clone().unwrap_or_default();
        let name = id_of(&words)?;
        let spec = DestinationSpec {
            name: name.to_string(),
            description: description(&words, &name),
            ..DestinationSpec::default()
        };
        self.onto(spec, key_field)
    }

    /// The destination with what is described changed.
    ///
    /// # Errors
    /// When it names another.
    pub(super) fn onto(
        self,
        mut spec: DestinationSpec,
        key_field: &str,
    ) -> Result<DestinationSpec, SpecError> {
        if let Some(words) = self.name {
            spec.description = renamed(&words, &spec.name)?;
        }
        put(&mut spec.url, self.url);
        spec.method = self.method.or(spec.method);
        put(&mut spec.headers, self.headers);
        put(&mut spec.active, self.active);
        // Their forms send what is empty for what is absent.
        let fields = self
            .fields
            .map(|fields| fields.filter(|list| !list.is_empty()));
        put(&mut spec.fields, fields);
        let template = self
            .template
            .map(|template| template.filter(|text| !text.is_empty()));
        let old = spec.content.take().and_then(|content| content.template);
        spec.content = Some(ContentSpec {
            key_field: key_field.to_owned(),
            template: template.unwrap_or(old),
        });
        Ok(spec)
    }

    /// The error with the name that the service Buffer has for the field.
    pub(super) fn in_its_words(error: SpecError) -> SpecError {
        if error.field == "content.template" {
            return error.about("template");
        }
        error
    }
}

impl ForwardingConfigAnswer {
    /// A destination of the service Buffer, masked, and the buffer that delivers to it; `None` for any other.
    pub(super) fn of(spec: DestinationSpec, buffer: Option<String>) -> Option<Self> {
        // There nothing goes anywhere but by HTTP.
        if !spec.kind.is_http() {
            return None;
        }
        Some(Self {
            name: shown_name(&spec.name, &spec.description),
            id: spec.name,
            buffer,
            url: spec.url,
            method: spec.method.unwrap_or_default(),
            headers: spec.headers,
            fields: spec.fields.unwrap_or_default(),
            template: spec.content?.template,
            active: spec.active,
        })
    }
}

/// Tells a null from what is absent.
fn there<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    value: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(value).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::read;

    #[test]
    fn what_is_absent_stays_and_a_null_takes_away() {
        let new: ForwardingConfig =
            read(br#"{"name":"bot","url":"http://a/","template":"{{x}}","fields":["x"]}"#).unwrap();
        let spec = new.into_new("phone").unwrap();

        let url: ForwardingConfig = read(br#"{"url":"http://b/","fields":[]}"#).unwrap();
        let spec = url.onto(spec, "phone").unwrap();
        assert_eq!(
            spec.content.as_ref().unwrap().template.as_deref(),
            Some("{{x}}")
        );
        assert_eq!((spec.url.as_str(), &spec.fields), ("http://b/", &None));

        let none: ForwardingConfig = read(br#"{"template":null}"#).unwrap();
        let spec = none.onto(spec, "phone").unwrap();
        assert_eq!(spec.content.unwrap().template, None);
    }
}

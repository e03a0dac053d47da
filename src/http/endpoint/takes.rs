//! What an operation takes: query, headers and body.

use serde_json::{Value, json};
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{Schema, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{ContentBuilder, RefOr, Required};
use utoipa::{IntoParams, ToSchema};

use super::{Endpoint, JSON};

/// The cursor of a list of what is over.
pub(in crate::http) const ENTRY: &str = "^[1-9][0-9]{0,14}-[0-9]{1,15}-([0-9]|[1-5][0-9]|6[0-3])$";
/// The cursor of two lists of what is over that are shown as one.
pub(in crate::http) const ENTRY_OF_TWO: &str =
    "^[1-9][0-9]{0,14}-[0-9]{1,15}-([0-9]|[1-9][0-9]|1[01][0-9]|12[0-7])$";
/// The cursor of a list of what falls due.
pub(in crate::http) const DUE: &str = r"^[0-9]{1,15}\.([0-9]|[1-5][0-9]|6[0-3])\.";
/// The cursor of the list of lanes.
pub(in crate::http) const LANE: &str =
    r"^\.?[a-z0-9_-]{1,64}/([0-9]{1,15}\.([0-9]|[1-5][0-9]|6[0-3])\..*)?$";
const FORM: &str = "application/x-www-form-urlencoded";
/// What is posted as a form is the same object with texts for values.
const AS_FORM: &str = "The same fields as a form; every value is a text.";

impl Endpoint {
    /// The fields of a query that it goes by, out of those of `P`.
    pub(in crate::http) fn query<P: IntoParams>(mut self, names: &[&str]) -> Self {
        let all = P::into_params(|| Some(ParameterIn::Query));
        let taken = all
            .into_iter()
            .filter(|it| names.contains(&it.name.as_str()));
        self.parameters.extend(taken.map(never_null));
        let names = names.iter().map(|name| (*name).to_owned());
        self.query.get_or_insert_default().extend(names);
        self.refusing(&[400])
    }

    /// The values of these match a pattern.
    pub(in crate::http) fn matching(mut self, names: &[&str], pattern: &str) -> Self {
        for parameter in &mut self.parameters {
            if names.contains(&parameter.name.as_str())
                && let Some(RefOr::T(Schema::Object(object))) = &mut parameter.schema
            {
                object.pattern = Some(pattern.to_owned());
            }
        }
        self
    }

    /// These may be called by any words, as clients of the service Buffer do.
    pub(in crate::http) fn by_words(mut self, names: &[&str]) -> Self {
        for parameter in &mut self.parameters {
            if names.contains(&parameter.name.as_str())
                && let Some(RefOr::T(Schema::Object(object))) = &mut parameter.schema
            {
                object.pattern = None;
                object.format = Some(SchemaFormat::Custom("words".to_owned()));
            }
        }
        self
    }

    /// A header that it goes by.
    pub(in crate::http) fn header(self, name: &str, about: &str, schema: Value) -> Self {
        self.parameter(name, ParameterIn::Header, Required::False, about, schema)
    }

    /// A field of the query without which it cannot be.
    pub(in crate::http) fn required(self, name: &str, about: &str, schema: Value) -> Self {
        self.parameter(name, ParameterIn::Query, Required::True, about, schema)
    }

    fn parameter(
        mut self,
        name: &str,
        stands: ParameterIn,
        required: Required,
        about: &str,
        schema: Value,
    ) -> Self {
        let schema: RefOr<Schema> = serde_json::from_value(schema).unwrap_or_default();
        let parameter = ParameterBuilder::new().name(name).parameter_in(stands);
        let parameter = parameter.required(required).description(Some(about));
        self.parameters.push(parameter.schema(Some(schema)).build());
        self.refusing(&[400])
    }

    /// A body of JSON, with an example that works.
    pub(in crate::http) fn body<T: ToSchema>(mut self, example: &Value) -> Self {
        if let RefOr::T(Schema::Object(object)) = T::schema() {
            let fields = object.properties.into_iter().map(|(name, _)| name);
            self.fields = Some(fields.collect());
        }
        let content = ContentBuilder::new().schema(Some(self.refer::<T>()));
        let content = content.example(Some(example.clone())).build();
        let body = RequestBodyBuilder::new().content(JSON, content);
        self.body = Some(body.required(Some(Required::True)).build());
        self.refusing(&[400, 408, 413, 415])
    }

    /// The same as a form: `T` says it with texts.
    pub(in crate::http) fn or_form<T: ToSchema>(mut self) -> Self {
        let content = ContentBuilder::new().schema(Some(self.refer::<T>()));
        let content = content.description(Some(AS_FORM)).build();
        if let Some(body) = &mut self.body {
            body.content.insert(FORM.to_owned(), content.into());
        }
        self
    }

    /// The body need not be there.
    pub(in crate::http) fn or_nothing(mut self) -> Self {
        if let Some(body) = &mut self.body {
            body.required = Some(Required::False);
        }
        self
    }

    /// Of these two fields of the body only one may be there.
    pub(in crate::http) fn excluding<T: ToSchema>(mut self, one: &str, other: &str) -> Self {
        let value = json!({ "not": { "type": "null" } });
        let both = json!({ "required": [one, other], "properties": { one: value, other: value } });
        let name = T::name();
        let described = self.schemas.iter_mut().find(|(known, _)| *known == name);
        if let Some((_, RefOr::T(Schema::Object(object)))) = described {
            object.extensions = Some(Extensions::from_iter([("not", both)]));
        }
        self
    }
}

/// What may be absent of a query is no null.
fn never_null(mut parameter: Parameter) -> Parameter {
    if let Some(RefOr::T(Schema::Object(object))) = &mut parameter.schema
        && let SchemaType::Array(types) = &mut object.schema_type
    {
        types.retain(|it| *it != Type::Null);
        if let [only] = &types[..] {
            object.schema_type = SchemaType::Type(only.clone());
        }
    }
    parameter
}

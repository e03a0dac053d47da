//! How an operation of the document is described: what is the same of many is said once, and what it asks of whoever
//! comes is read from the table of routes.

use std::collections::BTreeSet;

use axum::http::Method;
use serde_json::json;
use utoipa::ToSchema;
use utoipa::openapi::path::{HttpMethod, Operation, OperationBuilder, Parameter};
use utoipa::openapi::request_body::RequestBody;
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{Ref, RefOr, Response, ResponsesBuilder};

use super::parameters::of_path;
use super::refusals::refusal_name;
use super::security::alternatives;
use super::tags::Tag;
use crate::http::auth::Need;
use crate::http::query::OTHER_NAMES;

/// What most bodies are.
pub(super) const JSON: &str = "application/json";

/// What requests of an operation may carry; none: anything.
#[derive(Clone)]
pub(in crate::http) struct Takes {
    /// The parameters of the query.
    pub(in crate::http) query: Option<BTreeSet<String>>,
    /// The fields of the body.
    pub(in crate::http) fields: Option<BTreeSet<String>>,
    /// Whether there may be a body at all.
    pub(in crate::http) body: bool,
}

/// Schemas by the names that the document has for them.
pub(super) type Schemas = Vec<(String, RefOr<Schema>)>;

/// An operation, under each of its paths.
pub(super) struct Op {
    paths: Vec<&'static str>,
    method: HttpMethod,
    tag: Tag,
    summary: &'static str,
    description: String,
    pub(super) parameters: Vec<Parameter>,
    pub(super) body: Option<RequestBody>,
    pub(super) answers: Vec<(u16, Response)>,
    refusals: Vec<u16>,
    pub(super) schemas: Schemas,
    pub(super) takes: Takes,
}

impl Op {
    pub(super) fn get(tag: Tag, path: &'static str) -> Self {
        Self::new(tag, HttpMethod::Get, path)
    }

    pub(super) fn post(tag: Tag, path: &'static str) -> Self {
        Self::new(tag, HttpMethod::Post, path)
    }

    pub(super) fn put(tag: Tag, path: &'static str) -> Self {
        Self::new(tag, HttpMethod::Put, path)
    }

    pub(super) fn delete(tag: Tag, path: &'static str) -> Self {
        Self::new(tag, HttpMethod::Delete, path)
    }

    fn new(tag: Tag, method: HttpMethod, path: &'static str) -> Self {
        Self {
            paths: vec![path],
            method,
            tag,
            summary: "",
            description: String::new(),
            parameters: Vec::new(),
            body: None,
            answers: Vec::new(),
            refusals: vec![503],
            schemas: Schemas::new(),
            takes: Takes {
                query: Some(BTreeSet::new()),
                fields: None,
                body: false,
            },
        }
    }

    /// The other paths that do the same.
    pub(super) fn also(mut self, paths: &[&'static str]) -> Self {
        self.paths.extend(paths);
        self
    }

    /// What it does: in a line, and in whole.
    pub(super) fn says(mut self, summary: &'static str, description: impl Into<String>) -> Self {
        self.summary = summary;
        self.description = description.into();
        self
    }

    /// What else it may refuse with.
    pub(super) fn refusing(mut self, statuses: &[u16]) -> Self {
        self.refusals.extend(statuses);
        self
    }

    /// What gateways put into the address, it takes.
    pub(super) fn any_query(mut self) -> Self {
        self.takes.query = None;
        self
    }

    /// All fields of its body are taken: they pass through, or its handler looks at them more strictly.
    pub(super) fn any_field(mut self) -> Self {
        self.takes.fields = None;
        self
    }

    /// Fields of its body that the document need not name: other names of others, and what an answer shows beside them.
    pub(super) fn also_fields(mut self, names: &[&str]) -> Self {
        let names = names.iter().map(|name| (*name).to_owned());
        self.takes.fields.get_or_insert_default().extend(names);
        self
    }

    /// What requests of it may carry, under each of its paths.
    pub(super) fn taken(self) -> impl Iterator<Item = (&'static str, Method, Takes)> {
        let method = match self.method {
            HttpMethod::Post => Method::POST,
            HttpMethod::Put => Method::PUT,
            HttpMethod::Delete => Method::DELETE,
            _ => Method::GET,
        };
        let body = self.may_have_a_body();
        let Self {
            paths, mut takes, ..
        } = self;
        takes.body = body;
        if let Some(query) = &mut takes.query {
            let other = OTHER_NAMES.iter().filter(|(name, _)| query.contains(*name));
            let other: Vec<String> = other.map(|(_, other)| (*other).to_owned()).collect();
            query.extend(other);
        }
        let paths = paths.into_iter();
        paths.map(move |path| (path, method.clone(), takes.clone()))
    }

    /// Gateways may send what they like, wherever their requests go.
    fn may_have_a_body(&self) -> bool {
        self.body.is_some() || self.takes.query.is_none()
    }

    /// It asks Redis nothing.
    pub(super) fn without_redis(mut self) -> Self {
        self.refusals.retain(|status| *status != 503);
        self
    }

    pub(super) fn refer<T: ToSchema>(&mut self) -> RefOr<Schema> {
        let name = T::name().into_owned();
        T::schemas(&mut self.schemas);
        self.schemas.push((name.clone(), T::schema()));
        Ref::from_schema_name(name).into()
    }

    /// The operation under each of its paths, and the schemas that it names.
    pub(super) fn described(self) -> (Vec<Described>, Schemas) {
        let described = self.paths.iter().map(|path| self.under(path)).collect();
        (described, self.schemas)
    }

    fn under(&self, path: &'static str) -> Described {
        let need = Need::of_route(path, matches!(self.method, HttpMethod::Get));
        let mut refusals = self.refusals.clone();
        if need != Need::Nothing {
            refusals.extend([401, 403, 429]);
        }
        let of_path = of_path(path);
        if !of_path.is_empty() {
            refusals.push(400);
        }
        if !self.may_have_a_body() {
            refusals.extend([400, 408]);
        }
        refusals.sort_unstable();
        refusals.dedup();
        let mut responses = ResponsesBuilder::new();
        for (status, answer) in &self.answers {
            responses = responses.response(status.to_string(), answer.clone());
        }
        for status in refusals {
            let refusal = Ref::from_response_name(refusal_name(status));
            responses = responses.response(status.to_string(), refusal);
        }
        let parameters = of_path.into_iter().chain(self.parameters.iter().cloned());
        let asks = need.in_words();
        let operation = OperationBuilder::new()
            .tag(self.tag.name())
            .operation_id(Some(id_of(&self.method, path)))
            .summary(Some(self.summary))
            .description(Some(format!("{}\n\n{asks}", self.description)))
            .parameters(Some(parameters))
            .request_body(self.body.clone())
            .responses(responses.build())
            .securities(Some(alternatives(need)))
            .build();
        Described {
            path,
            method: self.method.clone(),
            operation,
        }
    }
}

/// An operation under one path.
pub(super) struct Described {
    pub(super) path: &'static str,
    pub(super) method: HttpMethod,
    pub(super) operation: Operation,
}

/// `post_api_chats_user_flush`.
fn id_of(method: &HttpMethod, path: &str) -> String {
    let method = json!(method).as_str().unwrap_or_default().to_owned();
    let words = path.split(|c: char| !c.is_ascii_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let words = if words.is_empty() {
        vec!["root"]
    } else {
        words
    };
    format!("{method}_{}", words.join("_"))
}

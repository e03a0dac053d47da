//! An endpoint: all there is to say of one operation of the API, said once, where its handler stands. The router, the
//! table of what a request must have and may carry, and the OpenAPI document are made of it.

mod answers;
mod chapter;
mod path;
mod shadowed;
mod table;
pub(super) mod takes;
mod values;

use std::collections::BTreeSet;

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodRouter, delete, get, post, put};
use utoipa::ToSchema;
use utoipa::openapi::path::{HttpMethod, Parameter};
use utoipa::openapi::request_body::RequestBody;
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{Ref, RefOr, Response};

use super::Api;
use super::auth::Need;
pub(super) use chapter::{Chapter, chapters};
pub(super) use path::of_path;
pub(super) use shadowed::called_so;
pub(super) use table::{need_of, prepare, takes_of};
pub(super) use values::{Query, listed, shortened};

/// What most bodies are.
const JSON: &str = "application/json";

/// What requests of an endpoint may carry; none: anything.
#[derive(Clone)]
pub(super) struct Takes {
    /// The parameters of the query.
    pub(super) query: Option<Query>,
    /// The fields of the body.
    pub(super) fields: Option<BTreeSet<String>>,
    /// Whether there may be a body at all.
    pub(super) body: bool,
}

/// Schemas by the names that the document has for them.
pub(super) type Schemas = Vec<(String, RefOr<Schema>)>;

/// An operation, under each of its paths.
pub(super) struct Endpoint {
    /// Where it is.
    pub(super) paths: Vec<&'static str>,
    /// How it is called.
    pub(super) method: HttpMethod,
    /// What it asks of whoever calls it.
    pub(super) need: Need,
    handler: MethodRouter<Api>,
    /// Where the document has it; nowhere, if only pages of ours load it.
    pub(super) chapter: Option<Chapter>,
    /// What it does, in a line.
    pub(super) summary: &'static str,
    /// What it does, in whole.
    pub(super) description: String,
    /// What query and headers may have.
    pub(super) parameters: Vec<Parameter>,
    /// What is posted.
    pub(super) body: Option<RequestBody>,
    /// How it answers when all is well.
    pub(super) answers: Vec<(u16, Response)>,
    /// The statuses of its refusals, beside those that follow from all else.
    pub(super) refusals: Vec<u16>,
    /// The schemas that it names.
    pub(super) schemas: Schemas,
    /// The parameters of its query; none: any.
    query: Option<BTreeSet<String>>,
    /// The fields of its body; none: any.
    fields: Option<BTreeSet<String>>,
}

impl Endpoint {
    pub(super) fn get<H, T>(chapter: Chapter, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, Api>,
        T: 'static,
    {
        Self::new(HttpMethod::Get, Some(chapter), path, get(handler))
    }

    pub(super) fn post<H, T>(chapter: Chapter, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, Api>,
        T: 'static,
    {
        Self::new(HttpMethod::Post, Some(chapter), path, post(handler))
    }

    pub(super) fn put<H, T>(chapter: Chapter, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, Api>,
        T: 'static,
    {
        Self::new(HttpMethod::Put, Some(chapter), path, put(handler))
    }

    pub(super) fn delete<H, T>(chapter: Chapter, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, Api>,
        T: 'static,
    {
        Self::new(HttpMethod::Delete, Some(chapter), path, delete(handler))
    }

    /// A file that a page of ours loads: it needs no key, and the document does not have it.
    pub(super) fn file<H, T>(path: &'static str, handler: H) -> Self
    where
        H: Handler<T, Api>,
        T: 'static,
    {
        Self::new(HttpMethod::Get, None, path, get(handler)).needs(Need::Nothing)
    }

    fn new(
        method: HttpMethod,
        chapter: Option<Chapter>,
        path: &'static str,
        handler: MethodRouter<Api>,
    ) -> Self {
        let need = match method {
            HttpMethod::Get => Need::Read,
            _ => Need::Admin,
        };
        Self {
            paths: vec![path],
            method,
            need,
            handler,
            chapter,
            summary: "",
            description: String::new(),
            parameters: Vec::new(),
            body: None,
            answers: Vec::new(),
            refusals: vec![503],
            schemas: Schemas::new(),
            query: Some(BTreeSet::new()),
            fields: None,
        }
    }

    /// The other paths that do the same.
    pub(super) fn also(mut self, paths: &[&'static str]) -> Self {
        self.paths.extend(paths);
        self
    }

    /// What it asks of whoever calls it, where that is not to look for GET, and to change for all else.
    pub(super) fn needs(mut self, need: Need) -> Self {
        self.need = need;
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
        self.query = None;
        self
    }

    /// All fields of its body are taken: they pass through, or its handler looks at them more strictly.
    pub(super) fn any_field(mut self) -> Self {
        self.fields = None;
        self
    }

    /// Fields of its body that the document need not name: other names of others, and what an answer shows beside them.
    pub(super) fn also_fields(mut self, names: &[&str]) -> Self {
        let names = names.iter().map(|name| (*name).to_owned());
        self.fields.get_or_insert_default().extend(names);
        self
    }

    /// Whether it may have a body. Gateways may send what they like, wherever their requests go.
    pub(super) fn may_have_a_body(&self) -> bool {
        self.body.is_some() || self.query.is_none()
    }

    /// What its requests may carry.
    fn takes(&self) -> Takes {
        let names = self.query.as_ref();
        Takes {
            query: names.map(|names| Query::of(&self.parameters, names)),
            fields: self.fields.clone(),
            body: self.may_have_a_body(),
        }
    }

    /// It asks Redis nothing.
    pub(super) fn without_redis(mut self) -> Self {
        self.refusals.retain(|status| *status != 503);
        self
    }

    /// The router with it.
    pub(super) fn routed(self, router: Router<Api>) -> Router<Api> {
        let Self { paths, handler, .. } = self;
        let paths = paths.into_iter();
        paths.fold(router, |router, path| router.route(path, handler.clone()))
    }

    fn refer<T: ToSchema>(&mut self) -> RefOr<Schema> {
        let name = T::name().into_owned();
        T::schemas(&mut self.schemas);
        self.schemas.push((name.clone(), T::schema()));
        Ref::from_schema_name(name).into()
    }
}

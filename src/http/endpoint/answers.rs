//! What an operation answers with when all is well.

use utoipa::openapi::schema::{
    ArrayBuilder, KnownFormat, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::{ContentBuilder, OneOfBuilder, RefOr, ResponseBuilder};
use utoipa::{PartialSchema, ToSchema};

use super::{Endpoint, JSON};

impl Endpoint {
    /// What it answers with when all is well.
    pub(in crate::http) fn answers<T: ToSchema>(mut self, status: u16, description: &str) -> Self {
        let content = ContentBuilder::new()
            .schema(Some(self.refer::<T>()))
            .build();
        let answer = ResponseBuilder::new().description(description);
        self.answers
            .push((status, answer.content(JSON, content).build()));
        self
    }

    /// A page of a list of these.
    pub(in crate::http) fn answers_page<T: ToSchema>(mut self, description: &str) -> Self {
        let page = page_of(self.refer::<T>());
        self.answer_of(200, description, page)
    }

    /// All of these, as the only field of an object.
    pub(in crate::http) fn answers_all<T: ToSchema>(mut self, description: &str) -> Self {
        let all = ArrayBuilder::new().items(self.refer::<T>());
        let all = ObjectBuilder::new().property("items", all);
        self.answer_of(200, description, all.required("items"))
    }

    /// All of these, as a bare list.
    pub(in crate::http) fn answers_list<T: ToSchema>(mut self, description: &str) -> Self {
        let list = ArrayBuilder::new().items(self.refer::<T>());
        self.answer_of(200, description, list)
    }

    /// The newest of these as a bare list, or a page of them where one was asked for.
    pub(in crate::http) fn answers_newest<T: ToSchema>(mut self, description: &str) -> Self {
        let entry = self.refer::<T>();
        let list = ArrayBuilder::new().items(entry.clone());
        let either = OneOfBuilder::new().item(list).item(page_of(entry));
        self.answer_of(200, description, either)
    }

    /// Nothing but that it was done.
    pub(in crate::http) fn answers_nothing(mut self, description: &str) -> Self {
        let answer = ResponseBuilder::new().description(description);
        self.answers.push((204, answer.build()));
        self
    }

    fn answer_of(
        mut self,
        status: u16,
        description: &str,
        schema: impl Into<RefOr<Schema>>,
    ) -> Self {
        let content = ContentBuilder::new().schema(Some(schema)).build();
        let answer = ResponseBuilder::new().description(description);
        self.answers
            .push((status, answer.content(JSON, content).build()));
        self
    }

    /// What it answers with when all is well, which is one of two.
    pub(in crate::http) fn answers_one_of<T: ToSchema, U: ToSchema>(
        mut self,
        status: u16,
        description: &str,
    ) -> Self {
        let (one, other) = (self.refer::<T>(), self.refer::<U>());
        let either = OneOfBuilder::new().item(one).item(other);
        self.answer_of(status, description, either)
    }

    /// What it answers with where that is not JSON.
    pub(in crate::http) fn answers_in(
        mut self,
        kind: &str,
        status: u16,
        description: &str,
    ) -> Self {
        let text = ContentBuilder::new().schema(Some(String::schema())).build();
        let found = self.answers.iter_mut().find(|(known, _)| *known == status);
        match found {
            Some((_, answer)) => drop(answer.content.insert(kind.to_owned(), text.into())),
            None => {
                let answer = ResponseBuilder::new().description(description);
                self.answers
                    .push((status, answer.content(kind, text).build()));
            }
        }
        self
    }
}

/// See [`Page`](crate::http::page::Page).
fn page_of(entry: RefOr<Schema>) -> Schema {
    let count = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(0))
        .description(Some(
            "How many there are in all, where that is known without reading them all.",
        ));
    let cursor = ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
        .description(Some(
            "Pass it as `?cursor=` for the next page; null on the last.",
        ));
    let searched = ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
        .description(Some(
            "Of an empty page that is not the last: until here everything was looked through for it (RFC 3339, UTC).",
        ));
    ObjectBuilder::new()
        .property("items", ArrayBuilder::new().items(entry))
        .required("items")
        .property("total", count)
        .property("next_cursor", cursor)
        .required("next_cursor")
        .property("searched_until", searched)
        .into()
}

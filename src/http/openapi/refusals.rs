//! The refusals: one description of each, which every operation that may answer so points at.

use serde_json::json;
use utoipa::PartialSchema;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::schema::{AllOfBuilder, ObjectBuilder, Type};
use utoipa::openapi::{ComponentsBuilder, ContentBuilder, Header, Ref, ResponseBuilder};

use crate::core::code::Code;

/// The statuses of refusals that operations name, each with its name in the document.
const REFUSALS: [(u16, &str); 11] = [
    (400, "BadRequest"),
    (401, "Unauthorized"),
    (403, "Forbidden"),
    (404, "NotFound"),
    (408, "TooSlow"),
    (409, "Conflict"),
    (413, "TooLarge"),
    (415, "UnsupportedMediaType"),
    (422, "Unprocessable"),
    (429, "TooManyRequests"),
    (503, "Unavailable"),
];

/// What the document calls a refusal.
pub(super) fn refusal_name(status: u16) -> &'static str {
    let found = REFUSALS.iter().find(|(known, _)| *known == status);
    found.map_or("", |(_, name)| *name)
}

/// The same with all refusals.
pub(super) fn with_refusals(mut components: ComponentsBuilder) -> ComponentsBuilder {
    for (status, name) in REFUSALS {
        let codes: Vec<Code> = Code::ALL
            .iter()
            .copied()
            .filter(|it| it.status() == status)
            .collect();
        let meanings: Vec<String> = codes
            .iter()
            .map(|it| format!("- `{}`: {}", it.word(), it.meaning()))
            .collect();
        let words = ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(codes.iter().map(|it| it.word())));
        let error = AllOfBuilder::new()
            .item(Ref::from_schema_name("Error"))
            .item(ObjectBuilder::new().property("code", words));
        let example = codes.first().map(|code| {
            json!({ "error": code.meaning(), "code": code.word(), "request_id": "req_5d0c4e8a1f27b36c" })
        });
        let error = ContentBuilder::new().schema(Some(error)).example(example);
        let mut response = ResponseBuilder::new()
            .description(meanings.join("\n"))
            .content("application/json", error.build());
        for (header, about) in headers_of(status) {
            response = response.header(*header, text(about));
        }
        components = components.response(name, response.build());
    }
    components
}

fn headers_of(status: u16) -> &'static [(&'static str, &'static str)] {
    const RETRY: (&str, &str) = ("Retry-After", "Seconds after which it may be sent again.");
    match status {
        401 => &[(
            "WWW-Authenticate",
            "`Bearer`, with what is wrong with a token.",
        )],
        429 => &[
            RETRY,
            (
                "RateLimit",
                "What is left to this caller, and when it is full again.",
            ),
            (
                "RateLimit-Policy",
                "How much this caller may send, in how many seconds.",
            ),
        ],
        503 => &[RETRY],
        _ => &[],
    }
}

fn text(about: &str) -> Header {
    HeaderBuilder::new()
        .schema(Some(String::schema()))
        .description(Some(about))
        .build()
}

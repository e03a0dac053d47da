//! An endpoint as an operation of the document: what is the same of many is said here.

use serde_json::json;
use utoipa::openapi::path::{HttpMethod, Operation, OperationBuilder};
use utoipa::openapi::{Ref, ResponsesBuilder};

use super::refusals::refusal_name;
use super::security::alternatives;
use crate::http::auth::Need;
use crate::http::endpoint::{Chapter, Endpoint, of_path};

/// The operation of an endpoint under one of its paths, at an api where it is `open` or not.
pub(super) fn operation(
    endpoint: &Endpoint,
    chapter: Chapter,
    path: &str,
    open: bool,
) -> Operation {
    let need = endpoint.need;
    let mut refusals = endpoint.refusals.clone();
    refusals.extend(match need {
        Need::Nothing => &[][..],
        Need::Proof => &[401, 429],
        _ => &[401, 403, 429],
    });
    let of_path = of_path(path);
    if !of_path.is_empty() {
        refusals.push(400);
    }
    if !endpoint.may_have_a_body() {
        refusals.extend([400, 408]);
    }
    refusals.sort_unstable();
    refusals.dedup();
    let mut responses = ResponsesBuilder::new();
    for (status, answer) in &endpoint.answers {
        responses = responses.response(status.to_string(), answer.clone());
    }
    for status in refusals {
        let refusal = Ref::from_response_name(refusal_name(status));
        responses = responses.response(status.to_string(), refusal);
    }
    let parameters = of_path
        .into_iter()
        .chain(endpoint.parameters.iter().cloned());
    let asks = need.in_words(open);
    OperationBuilder::new()
        .tag(chapter.name())
        .operation_id(Some(id_of(&endpoint.method, path)))
        .summary(Some(endpoint.summary))
        .description(Some(format!("{}\n\n{asks}", endpoint.description)))
        .parameters(Some(parameters))
        .request_body(endpoint.body.clone())
        .responses(responses.build())
        .securities(Some(alternatives(need, open)))
        .build()
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

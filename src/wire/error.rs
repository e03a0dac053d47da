//! How a refusal looks to whoever is refused.

use serde::Serialize;
use utoipa::ToSchema;

use crate::core::code::Code;

/// What went wrong and what to do: the body of every answer from 400 on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Error)]
pub struct ErrorAnswer<'a> {
    /// What was wrong, where, and what to do, for people. Its words may change.
    pub error: &'a str,
    /// The same for programs; it stays.
    pub code: Code,
    /// The field of the body, or the part of path or query, that is at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<&'a str>,
    /// The request as the logs call it; it stands in the header `x-request-id`, too.
    pub request_id: &'a str,
}

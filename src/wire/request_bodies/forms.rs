//! The same bodies as forms, where every value is a text.

use utoipa::ToSchema;

/// See [`OutboundBody`](super::OutboundBody).
#[derive(ToSchema)]
#[schema(description = "A message that leaves one by one, as a form.")]
pub struct OutboundForm {
    /// To whom.
    #[schema(pattern = r"^\+[1-9][0-9]{6,14}$")]
    pub phone_number: String,
    /// What is to be sent.
    #[schema(min_length = 1, max_length = 4096, pattern = r"\S")]
    pub content: String,
}

/// See [`TimezoneBody`](super::TimezoneBody).
#[derive(ToSchema)]
#[schema(description = "A time zone, as a form.")]
pub struct TimezoneForm {
    /// A name of the IANA list.
    #[schema(format = "timezone")]
    pub timezone: String,
}

//! How the chats of a buffer are followed up when they fall silent.

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::scalars::DestinationName;
use super::{SpecError, seconds};
use crate::core::chat::Name;
use crate::core::follow_up::{Between, FollowUp};
use crate::core::json::whole_number::whole;

/// Most follow-ups, one after another.
const MOST: u32 = 100;

/// How the chats of a buffer are followed up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FollowUpSpec {
    /// The silence after a delivery, s.
    #[schema(minimum = 1, maximum = 315_360_000)]
    #[serde(default)]
    #[schema(required = true)]
    pub after: f64,
    /// Where it goes.
    #[schema(value_type = DestinationName)]
    #[serde(default)]
    #[schema(required = true)]
    pub destination: String,
    /// Its body as a template; absent: the destination's own body.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "template")]
    pub template: Option<String>,
    /// The hours at which it may go out, such as `08:00-20:00`; absent: at any.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "hours")]
    pub between: Option<String>,
    /// The zone of those hours (IANA); absent: the buffer's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "timezone")]
    pub timezone: Option<String>,
    /// How many there are, one after another, until something is said.
    #[schema(minimum = 1, maximum = 100, default = once)]
    #[serde(default = "once", deserialize_with = "whole")]
    pub max: u32,
}

fn once() -> u32 {
    1
}

impl FollowUpSpec {
    /// `zone` is the buffer's. What only a template can tell, whoever compiles it checks.
    pub(super) fn check(&self, zone: Tz) -> Result<FollowUp, SpecError> {
        let zone = match &self.timezone {
            Some(name) => name.parse().map_err(|_| {
                let why = "is not a zone of the IANA list, such as America/Sao_Paulo";
                SpecError::new("follow_up.timezone", why)
            })?,
            None => zone,
        };
        let between = self.between.as_deref();
        let between = between.map(|text| Between::parse(text, zone)).transpose();
        if !(1..=MOST).contains(&self.max) {
            let why = format!("must be a number from 1 to {MOST}");
            return Err(SpecError::new("follow_up.max", why));
        }
        Ok(FollowUp {
            after: seconds("follow_up.after", self.after, 1.0)?,
            destination: Name::parse(&self.destination)
                .map_err(|error| SpecError::new("follow_up.destination", error.to_string()))?,
            template: self.template.clone(),
            between: between
                .map_err(|error| SpecError::new("follow_up.between", error.to_string()))?,
            most: self.max,
        })
    }
}

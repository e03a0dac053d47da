//! A schedule: a call that is made at certain times.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::json;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::retry::RetrySpec;
use super::scalars::{Headers, HttpMethod, JsonTemplate, SigningKey, Words};
use super::{DestinationSpec, SpecError, name};
use crate::core::batch::Millis;
use crate::core::chat::Name;
use crate::core::destination::{Body, Destination};
use crate::core::moment::rfc3339;
use crate::core::schedule::Times;

/// A schedule as it is written, kept and shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ScheduleSpec {
    /// What it is called.
    #[schema(value_type = Words)]
    pub name: String,
    /// For people.
    pub description: String,
    /// When it runs: five fields, six with seconds first, or a word such as `@daily`.
    #[serde(alias = "cron_expression")]
    #[schema(format = "cron")]
    pub cron: String,
    /// The zone that `cron` and the moments in the body are read and written in (IANA).
    #[schema(format = "timezone")]
    pub timezone: String,
    /// `POST`, `PUT`, `PATCH`, `DELETE` or `GET`.
    #[schema(value_type = HttpMethod)]
    pub method: String,
    /// Where the call goes.
    #[schema(format = "http-url")]
    pub url: String,
    /// Headers to send along.
    #[schema(value_type = Headers)]
    pub headers: BTreeMap<String, String>,
    /// The body as a template; absent: none.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "text_or_json"
    )]
    #[schema(value_type = JsonTemplate, required = false)]
    pub body: Option<String>,
    /// The longest that an attempt may take, s.
    #[schema(minimum = 0.1, maximum = 3600)]
    pub timeout: f64,
    /// When a run is tried again.
    pub retry: RetrySpec,
    /// The keys to sign with, in the `whsec_` form.
    #[schema(value_type = Vec<SigningKey>)]
    pub secrets: Vec<String>,
    /// What becomes of a run whose time has passed while nobody could make it.
    pub catch_up: CatchUp,
    /// Off: it does not run.
    #[serde(alias = "is_active", alias = "enabled")]
    pub active: bool,
}

/// What becomes of runs that were missed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CatchUp {
    /// They are left out.
    #[default]
    Skip,
    /// One is made for all of them.
    Once,
}

impl Default for ScheduleSpec {
    fn default() -> Self {
        let call = DestinationSpec::default();
        Self {
            name: String::new(),
            description: String::new(),
            cron: String::new(),
            timezone: "UTC".to_owned(),
            method: call.method.unwrap_or_default(),
            url: String::new(),
            headers: BTreeMap::new(),
            body: None,
            timeout: call.timeout,
            retry: call.retry,
            secrets: Vec::new(),
            catch_up: CatchUp::Skip,
            active: true,
        }
    }
}

/// A schedule as the daemons go by it.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// What it is called.
    pub name: Name,
    /// The version of the configuration that its last write made.
    pub version: u64,
    /// When it is due.
    pub times: Times,
    /// See [`CatchUp`].
    pub catch_up: CatchUp,
    /// Whether it runs.
    pub active: bool,
    /// What it calls.
    pub destination: Destination,
}

impl Schedule {
    /// Whether due times that were planned by `old` are still to be made: it was on, and had the same moments.
    pub fn keeps_the_plan_of(&self, old: &Self) -> bool {
        old.active && self.active && old.times.mark() == self.times.mark()
    }

    /// The message of a run that is due then, for its body to name.
    pub fn message(&self, due: Millis) -> String {
        let name = self.name.as_str();
        let moment = rfc3339(due, self.times.zone());
        json!({ "message": name, "fields": { "schedule": name, "due": moment } }).to_string()
    }
}

/// The moments of an expression in a zone.
///
/// # Errors
/// Names the field that is wrong: `cron` or `timezone`.
pub fn times_of(cron: &str, timezone: &str) -> Result<Times, SpecError> {
    let zone: Tz = timezone.parse().map_err(|_| {
        SpecError::new(
            "timezone",
            "is not a zone of the IANA list, such as America/Sao_Paulo",
        )
    })?;
    Times::parse(cron, zone).map_err(|error| SpecError::new("cron", error.to_string()))
}

impl ScheduleSpec {
    /// The same with masks in place of secrets, of the values of headers, and of what its URL holds of them.
    #[must_use]
    pub fn masked(self) -> Self {
        let call = self.call().masked();
        self.with(call)
    }

    /// The same with the secrets and values of `old` where masks were put back.
    ///
    /// # Errors
    /// As [`DestinationSpec::unmasked`].
    pub fn unmasked(self, old: Option<&Self>) -> Result<Self, SpecError> {
        let call = self.call().unmasked(old.map(Self::call).as_ref())?;
        Ok(self.with(call))
    }

    fn with(self, call: DestinationSpec) -> Self {
        Self {
            url: call.url,
            headers: call.headers,
            secrets: call.secrets,
            ..self
        }
    }

    /// The call as a destination of its own.
    fn call(&self) -> DestinationSpec {
        DestinationSpec {
            name: self.name.clone(),
            url: self.url.clone(),
            method: Some(self.method.clone()),
            headers: self.headers.clone(),
            template: self.body.clone(),
            timeout: self.timeout,
            retry: self.retry.clone(),
            secrets: self.secrets.clone(),
            ..DestinationSpec::default()
        }
    }

    /// Checks it and makes it ready. What only a call can tell, its sender checks.
    ///
    /// # Errors
    /// Names the field that is wrong.
    pub fn check(&self, version: u64) -> Result<Schedule, SpecError> {
        let name = name(&self.name)?;
        let times = times_of(&self.cron, &self.timezone)?;
        let mut destination = self.call().check()?;
        destination.name = name.of_its_schedule();
        if self.body.is_none() {
            destination.body = Body::Nothing;
        }
        Ok(Schedule {
            name,
            version,
            times,
            catch_up: self.catch_up,
            active: self.active,
            destination,
        })
    }

    /// See [`DestinationSpec::check_idle`].
    ///
    /// # Errors
    /// Names the field that is wrong.
    pub fn check_idle(&self) -> Result<(), SpecError> {
        self.call().check_idle()
    }

    /// An error about the template that is its body.
    pub fn in_its_words(error: SpecError) -> SpecError {
        if error.field == "template" {
            return error.about("body");
        }
        error
    }
}

/// A template as a text, or as the JSON that it makes.
fn text_or_json<'de, D: Deserializer<'de>>(value: D) -> Result<Option<String>, D::Error> {
    let raw: Option<Box<RawValue>> = Option::deserialize(value)?;
    let written = raw.map(|raw| {
        let text = serde_json::from_str::<String>(raw.get());
        text.unwrap_or_else(|_| raw.get().to_owned())
    });
    // The forms of the service Buffer send what is empty for what is absent.
    Ok(written.filter(|text| !text.trim().is_empty()))
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;

    fn check(json: &str) -> Result<Schedule, SpecError> {
        read::<ScheduleSpec>(json.as_bytes())?.check(1)
    }

    #[test]
    fn a_name_a_cron_and_a_url_are_enough() {
        let backup = check(r#"{"name":"backup","cron":"@daily","url":"http://n8n/x"}"#).unwrap();

        assert_eq!(backup.destination.name.as_str(), ".backup");
        assert_eq!(backup.destination.body, Body::Nothing);
        assert!(backup.active);
    }

    #[test]
    fn a_body_is_a_template_written_as_text_or_as_json() {
        for body in [r#""{\"a\":1.10}""#, r#"{"a":1.10}"#] {
            let json = format!(
                r#"{{"name":"a","cron_expression":"0 9 * * *","url":"http://n/","body":{body}}}"#
            );
            let made = check(&json).unwrap().destination.body;
            assert_eq!(made, Body::Template(r#"{"a":1.10}"#.to_owned()));
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (json, why) in [
            (r#"{"name":"A b","cron":"@daily"}"#, "name: "),
            (r#"{"name":"a"}"#, "cron: "),
            (r#"{"name":"a","cron":"0 0 30 2 *"}"#, "cron: never comes"),
            (
                r#"{"name":"a","cron":"@daily","timezone":"Brasilia"}"#,
                "timezone: is not a zone",
            ),
            (
                r#"{"name":"a","cron":"@daily","method":"TRACE"}"#,
                "method: ",
            ),
            (
                r#"{"name":"a","cron":"@daily","catch_up":"all"}"#,
                "catch_up: ",
            ),
        ] {
            let error = check(json).unwrap_err().to_string();
            assert!(error.starts_with(why), "{json}: {error}");
        }
    }
}

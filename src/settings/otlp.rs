//! Where spans are sent.
//!
//! The variables are those of OpenTelemetry. What is checked here is what would go wrong without a word; the rest
//! (`OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_BSP_…`, `OTEL_SPAN_…`) its SDK reads by itself.

use std::time::Duration;

use anyhow::{Result, bail, ensure};
use serde::Deserialize;

use super::Vars;

const BASE: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const TRACES: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
/// What is appended to the address of a collector that takes more than traces.
const PATH: &str = "/v1/traces";

/// How spans are exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtlpConfig {
    /// Where they are posted.
    pub endpoint: String,
    /// The variable that says so.
    pub variable: &'static str,
    /// The longest that one post may take.
    pub timeout: Duration,
    /// Whether the environment names this service.
    pub named: bool,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(super) struct RawOtlp {
    otel_exporter_otlp_endpoint: Option<String>,
    otel_exporter_otlp_traces_endpoint: Option<String>,
    #[serde(default = "protocol")]
    otel_exporter_otlp_protocol: String,
    #[serde(default = "timeout")]
    otel_exporter_otlp_timeout: u64,
    #[serde(default = "sampler")]
    otel_traces_sampler: String,
    #[serde(default = "ratio")]
    otel_traces_sampler_arg: String,
    otel_service_name: Option<String>,
    #[serde(default)]
    otel_resource_attributes: String,
    #[serde(default)]
    otel_sdk_disabled: String,
}

fn protocol() -> String {
    "http/protobuf".to_owned()
}

fn timeout() -> u64 {
    10_000
}

fn sampler() -> String {
    "parentbased_always_on".to_owned()
}

fn ratio() -> String {
    "1".to_owned()
}

impl OtlpConfig {
    /// Reads the settings; none where nothing is to be exported.
    ///
    /// # Errors
    /// Names the variable that is wrong.
    pub fn from_vars(vars: &Vars) -> Result<Option<Self>> {
        let raw: RawOtlp = vars.read()?;
        let (variable, endpoint) = match (
            &raw.otel_exporter_otlp_traces_endpoint,
            &raw.otel_exporter_otlp_endpoint,
        ) {
            (Some(whole), _) => (TRACES, whole.trim().to_owned()),
            (None, Some(base)) => (BASE, format!("{}{PATH}", base.trim().trim_end_matches('/'))),
            (None, None) => return Ok(None),
        };
        if raw.otel_sdk_disabled.eq_ignore_ascii_case("true") {
            return Ok(None);
        }
        let protocol = &raw.otel_exporter_otlp_protocol;
        ensure!(
            protocol == "http/protobuf",
            "OTEL_EXPORTER_OTLP_PROTOCOL={protocol} must be http/protobuf, which a collector mostly takes on port 4318"
        );
        ensure!(
            raw.otel_exporter_otlp_timeout > 0,
            "OTEL_EXPORTER_OTLP_TIMEOUT must be above 0, in milliseconds"
        );
        check_sampler(&raw.otel_traces_sampler, &raw.otel_traces_sampler_arg)?;
        let mut attributes = raw.otel_resource_attributes.split(',');
        let is_name = |attribute: &str| attribute.trim_start().starts_with("service.name=");
        Ok(Some(Self {
            endpoint,
            variable,
            timeout: Duration::from_millis(raw.otel_exporter_otlp_timeout),
            named: raw.otel_service_name.is_some() || attributes.any(is_name),
        }))
    }
}

fn check_sampler(sampler: &str, ratio: &str) -> Result<()> {
    match sampler {
        "always_on" | "always_off" | "parentbased_always_on" | "parentbased_always_off" => {}
        "traceidratio" | "parentbased_traceidratio" => {
            let fits = ratio
                .parse()
                .is_ok_and(|ratio| (0.0..=1.0).contains(&ratio));
            ensure!(
                fits,
                "OTEL_TRACES_SAMPLER_ARG={ratio} must be a number from 0 to 1"
            );
        }
        other => bail!(
            "OTEL_TRACES_SAMPLER={other} must be always_on, always_off or traceidratio, or one of them with parentbased_ before it"
        ),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::tests::vars;
    use super::*;

    const COLLECTOR: (&str, &str) = (BASE, "http://collector:4318/");

    fn config(pairs: &[(&str, &str)]) -> Option<OtlpConfig> {
        OtlpConfig::from_vars(&vars(pairs)).unwrap()
    }

    #[test]
    fn without_an_endpoint_and_where_it_is_disabled_nothing_is_exported() {
        assert_eq!(config(&[("OTEL_SERVICE_NAME", "x")]), None);
        assert_eq!(config(&[COLLECTOR, ("OTEL_SDK_DISABLED", "True")]), None);
    }

    #[test]
    fn the_endpoint_for_traces_alone_is_taken_as_it_is() {
        let both = config(&[COLLECTOR, (TRACES, "http://traces:1/x")]).unwrap();

        assert_eq!(
            (both.endpoint.as_str(), both.variable),
            ("http://traces:1/x", TRACES)
        );
        let base = config(&[COLLECTOR]).unwrap();
        assert_eq!(base.endpoint, "http://collector:4318/v1/traces");
    }

    #[test]
    fn whoever_names_the_service_is_heard() {
        for name in [
            ("OTEL_SERVICE_NAME", "x"),
            ("OTEL_RESOURCE_ATTRIBUTES", "a=b, service.name=x"),
        ] {
            assert!(config(&[COLLECTOR, name]).unwrap().named);
        }
        let other = ("OTEL_RESOURCE_ATTRIBUTES", "my.service.name=x");
        assert!(!config(&[COLLECTOR, other]).unwrap().named);
    }

    #[test]
    fn a_wrong_setting_is_named() {
        for (name, value) in [
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "0"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s"),
            ("OTEL_TRACES_SAMPLER", "always"),
        ] {
            let error = OtlpConfig::from_vars(&vars(&[COLLECTOR, (name, value)]));
            let error = format!("{:#}", error.unwrap_err()).to_uppercase();
            assert!(error.contains(name), "{name}: {error}");
        }
        for ratio in ["", "1.1", "-0.1", "half"] {
            let settings = [
                COLLECTOR,
                ("OTEL_TRACES_SAMPLER", "traceidratio"),
                ("OTEL_TRACES_SAMPLER_ARG", ratio),
            ];
            // One that is empty counts as not set.
            let checked = OtlpConfig::from_vars(&vars(&settings));
            assert_eq!(checked.is_ok(), ratio.is_empty(), "{ratio}");
        }
    }
}

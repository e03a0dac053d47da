//! `lull doctor`: looks at a deployment and says what to do about each finding.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use serde::Serialize;

use super::output::{counted, harmless, joined, line};
use crate::admin::doctor::{Deployment, Effort, Finding, Level};
use crate::delivery::Clients;
use crate::monitor;
use crate::settings::Vars;
use crate::settings::api::ApiConfig;
use crate::settings::monitor::MonitorConfig;
use crate::settings::operator::prints_payloads;
use crate::settings::otlp::OtlpConfig;
use crate::settings::redis::RedisConfig;
use crate::store::Store;

/// A Redis that takes longer is not well.
const PATIENCE: Duration = Duration::from_secs(5);
/// Level and check, in columns.
const WIDTHS: [usize; 3] = [7, 13, 0];

/// Check a deployment and say what to do about each finding; exit 0 if there is no problem
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Make one call to each destination, marked by the user lull-test, the field "test" and the header lull-test
    #[arg(long)]
    call: bool,
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    findings: &'a [Finding],
    problems: usize,
    warnings: usize,
}

/// Looks at everything; the code is 1 if there is a problem.
pub(super) async fn examine(arguments: &Arguments, vars: &Vars) -> Result<ExitCode> {
    let mut findings = if prints_payloads(vars)? {
        settings(&vars.clone().with("WEBHOOK_URL", "http://127.0.0.1/"))
    } else {
        settings(vars)
    };
    let deployment = ApiConfig::from_vars(vars).map(|config| {
        let broker = config.rabbit.as_ref().map(|rabbit| rabbit.url.clone());
        let clients = Clients::new(config.guard.clone()).with_broker(broker);
        Deployment::of(&config, clients)
    });
    let deployment = deployment.unwrap_or_else(|_| Deployment::unknown());
    findings.extend(deployment.keys());
    if let Ok(config) = RedisConfig::from_vars(vars) {
        let effort = Effort {
            call: arguments.call,
            most: usize::MAX,
        };
        match Store::connect_once(&config, PATIENCE).await {
            Ok(store) => findings.extend(deployment.state(&store, effort).await),
            Err(error) => {
                let advice = "start Redis, or set REDIS_URL or REDIS_HOST and its companions right";
                findings.push(Finding::problem("redis", error.to_string(), advice));
                findings.extend(deployment.destinations(None, effort).await);
            }
        }
    }
    tell(&findings, arguments.json)
}

/// What the daemons would say of their settings.
fn settings(vars: &Vars) -> Vec<Finding> {
    let otlp = || OtlpConfig::from_vars(vars).map(drop);
    let api = ApiConfig::from_vars(vars).and_then(|_| otlp());
    let monitor = MonitorConfig::from_vars(vars).and_then(|config| monitor::check(&config));
    let monitor = monitor.and_then(|()| otlp());
    let wrong: Vec<_> = [("api", api), ("monitor", monitor)]
        .into_iter()
        .filter_map(|(daemon, checked)| Some((daemon, checked.err()?)))
        .map(|(daemon, error)| {
            let found = format!("{daemon} does not start with them: {error:#}");
            Finding::problem(
                "settings",
                found,
                "set it where the daemons get their environment; .env.example has all",
            )
        })
        .collect();
    if wrong.is_empty() {
        return vec![Finding::ok("settings", "api and monitor start with them")];
    }
    wrong
}

fn tell(findings: &[Finding], as_json: bool) -> Result<ExitCode> {
    let count = |level| findings.iter().filter(|it| it.level == level).count();
    let (problems, warnings) = (count(Level::Problem), count(Level::Warning));
    if as_json {
        let report = Report {
            findings,
            problems,
            warnings,
        };
        line(&serde_json::to_string(&report)?)?;
    } else {
        for finding in findings {
            let cells = [finding.level.as_str(), finding.check, &finding.found];
            line(&joined(&cells.map(harmless), &WIDTHS))?;
            if let Some(advice) = &finding.advice {
                line(&joined(
                    &["", "", &format!("-> {advice}")].map(harmless),
                    &WIDTHS,
                ))?;
            }
        }
        line(&format!(
            "\n{}, {}",
            counted(problems.try_into()?, "problem"),
            counted(warnings.try_into()?, "warning")
        ))?;
    }
    Ok(if problems == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

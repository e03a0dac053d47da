//! `lull doctor`: looks at a deployment and says what to do about each finding.

mod auth;
mod finding;
mod redis_checks;
mod webhook;
mod work;

use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use anyhow::Result;
use clap::Args;
use serde::Serialize;

use super::output::{counted, harmless, joined, line};
use crate::core::batch::Millis;
use crate::core::chat::Name;
use crate::core::control::Stops;
use crate::delivery::Clients;
use crate::monitor;
use crate::registry::Snapshot;
use crate::settings::Vars;
use crate::settings::api::ApiConfig;
use crate::settings::monitor::MonitorConfig;
use crate::settings::operator::prints_payloads;
use crate::settings::otlp::OtlpConfig;
use crate::settings::redis::RedisConfig;
use crate::store::Store;
use crate::store::strays::Strays;
use finding::{Finding, Level};
use webhook::Look;

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
    if let Ok(config) = ApiConfig::from_vars(vars) {
        findings.extend(auth::findings(&config));
    }
    if let Ok(config) = RedisConfig::from_vars(vars) {
        match Store::connect_once(&config, PATIENCE).await {
            Ok(store) => findings.extend(state(&store, vars, arguments.call).await),
            Err(error) => {
                let advice = "start Redis, or set REDIS_URL or REDIS_HOST and its companions right";
                findings.push(Finding::problem("redis", error.to_string(), advice));
                findings.extend(destinations(vars, None, arguments.call).await);
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

/// What Redis is like, what stands in it, and where that is to go.
async fn state(store: &Store, vars: &Vars, call: bool) -> Vec<Finding> {
    let seen = tokio::try_join!(store.inspect(), store.config().read());
    let (inspection, configured) = match seen {
        Ok(seen) => seen,
        Err(error) => {
            let advice = "see what Redis logs, and what its login may do";
            return vec![Finding::problem("redis", error.to_string(), advice)];
        }
    };
    let mut findings = redis_checks::findings(&inspection);
    if let (Ok(config), Ok(keys)) = (ApiConfig::from_vars(vars), store.keys().read().await) {
        findings.extend(auth::in_redis(&config, &keys));
    }
    findings.extend(stopped(&configured.stops));
    findings.extend(configured.locked_errors().map(|locked| {
        let advice = "run the doctor with the SECRETS_KEY of the daemons; without that key they do not start either";
        Finding::problem("secrets", locked.to_string(), advice)
    }));
    for field in &configured.unreadable {
        let found = format!(
            "{field} cannot be read: another version of Lull has written it, or it was changed in Redis"
        );
        findings.push(Finding::problem(
            "configuration",
            found,
            "let all daemons be of one version",
        ));
    }
    if let Ok(strays) = store.strays().find().await {
        findings.push(belonging(&strays));
    }
    if let Ok(counts) = store.counts([]).await {
        findings.push(dead_letters(counts.dead_letters));
    }
    let snapshot = ApiConfig::from_vars(vars).ok();
    let snapshot = snapshot.map(|config| Snapshot::new(&config.defaults(), configured));
    // What a replica holds may be of some time ago.
    if !inspection.is_replica {
        findings.extend(work_of_all(store, snapshot.as_ref()).await);
    }
    findings.extend(destinations(vars, snapshot.as_ref(), call).await);
    findings
}

async fn work_of_all(store: &Store, snapshot: Option<&Snapshot>) -> Vec<Finding> {
    let found = work::findings(store, snapshot).await;
    found.unwrap_or_else(|error| {
        let advice = "see what Redis logs, and what its login may do";
        vec![Finding::problem("redis", error.to_string(), advice)]
    })
}

fn stopped(stops: &Stops) -> Option<Finding> {
    let names = stops.buffers.iter().chain(&stops.destinations);
    let mut what: Vec<_> = names.map(ToString::to_string).collect();
    if stops.all() {
        what = vec!["everything".to_owned()];
    }
    let found = format!("deliveries are stopped: {}", what.join(", "));
    let advice = "start them again with POST /api/control when they are to leave";
    (!what.is_empty()).then(|| Finding::warning("control", found, advice))
}

fn belonging(strays: &Strays) -> Finding {
    if strays.is_empty() {
        return Finding::ok("strays", "everything belongs to a buffer and a destination");
    }
    let names = strays.names().join(", ");
    let found = format!(
        "{} belong to what is gone ({names}), and are not delivered",
        strays.told()
    );
    let advice = "a monitor makes dead letters of them within ten minutes; make a buffer or destination of that name, then lull dead revive";
    Finding::problem("strays", found, advice)
}

fn dead_letters(count: u64) -> Finding {
    let found = counted(count, "dead letter");
    match count {
        0 => Finding::ok("dead letters", "none"),
        _ => Finding::warning(
            "dead letters",
            found,
            "lull dead list tells why; lull dead revive tries them again",
        ),
    }
}

/// Every destination that an operator has described; without a snapshot the one of the environment.
async fn destinations(vars: &Vars, snapshot: Option<&Snapshot>, call: bool) -> Vec<Finding> {
    let Ok(config) = ApiConfig::from_vars(vars) else {
        return Vec::new();
    };
    let look = Look {
        vars,
        clients: Clients::new(config.guard),
        call,
        now: now(),
    };
    let mut destinations: Vec<_> = match snapshot {
        // Those that came with a message are their caller's business.
        Some(snapshot) => snapshot
            .destinations()
            .filter(|it| !it.guarded)
            // It goes where `default` goes.
            .filter(|it| it.name != Name::messages_name())
            .map(|it| (**it).clone())
            .collect(),
        None => config.destination.into_iter().collect(),
    };
    destinations.sort_by(|one, other| one.name.cmp(&other.name));
    let mut findings = Vec::new();
    for destination in &destinations {
        findings.extend(look.findings(destination).await);
    }
    findings
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

fn now() -> Millis {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
}

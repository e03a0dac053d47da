//! `GET /api/doctor`: what is to be said about the deployment, and what to do about it.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::admin::doctor::{Finding, Level};
use crate::http::Api;
use crate::http::auth::Need;
use crate::http::endpoint::{Chapter, Endpoint};

/// What was found.
#[derive(Debug, Serialize, ToSchema)]
struct Report {
    /// Each thing that was looked at.
    findings: Vec<FindingAnswer>,
    /// How many of them are a `problem`.
    problems: usize,
    /// How many are a `warning`.
    warnings: usize,
}

/// One thing that was looked at.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Finding)]
struct FindingAnswer {
    /// What, in a word.
    check: &'static str,
    /// How bad it is.
    level: LevelAnswer,
    /// What was found, for people.
    found: String,
    /// What to do about it, for people; null: nothing.
    advice: Option<String>,
}

/// How bad something is.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = Level)]
enum LevelAnswer {
    /// As it should be.
    Ok,
    /// It works, but not as well or as safely as it could.
    Warning,
    /// Messages will not be delivered, or can be lost.
    Problem,
}

/// Its endpoint.
pub(super) fn endpoint() -> Endpoint {
    Endpoint::get(Chapter::Service, "/api/doctor", examine)
        .needs(Need::Admin)
        .says(
            "Check the deployment",
            "What `lull doctor` finds, as far as this `api` sees it: its keys, Redis (version, password, persistence, memory, clock), what nobody works off, what waits and for whom, and whether destinations take connections, at most 50 of them, to which nothing is sent. It takes as long as the slowest of them, at most 10 s for each eight.",
        )
        .answers::<Report>(200, "What was found.")
}

async fn examine(State(api): State<Api>) -> Json<Report> {
    let findings = api.admin.examine().await;
    let count = |level| findings.iter().filter(|it| it.level == level).count();
    Json(Report {
        problems: count(Level::Problem),
        warnings: count(Level::Warning),
        findings: findings.into_iter().map(shown).collect(),
    })
}

fn shown(finding: Finding) -> FindingAnswer {
    FindingAnswer {
        check: finding.check,
        level: match finding.level {
            Level::Ok => LevelAnswer::Ok,
            Level::Warning => LevelAnswer::Warning,
            Level::Problem => LevelAnswer::Problem,
        },
        found: finding.found,
        advice: finding.advice,
    }
}

//! What is to be said about the deployment, where somebody asks for it: it connects to every destination, and so no page does it
//! by itself.

use serde::Deserialize;

use crate::console::asking::{Asking, Call, Refused};

/// As in `GET /api/doctor`.
#[derive(Debug, Deserialize)]
pub(super) struct Report {
    findings: Vec<Finding>,
}

/// One thing that was looked at.
#[derive(Debug, Deserialize)]
pub(super) struct Finding {
    pub(super) check: String,
    pub(super) level: String,
    /// In English, as its advice.
    pub(super) found: String,
    pub(super) advice: Option<String>,
}

impl Report {
    /// What can be done better, the worst first.
    pub(super) fn to_mend(&self) -> Vec<&Finding> {
        let with = |level: &'static str| self.findings.iter().filter(move |it| it.level == level);
        with("problem").chain(with("warning")).collect()
    }

    /// What is as it should be.
    pub(super) fn is_well(&self) -> Vec<&Finding> {
        let all = self.findings.iter();
        all.filter(|it| it.level == "ok").collect()
    }
}

impl Finding {
    pub(super) fn tone(&self) -> &'static str {
        match self.level.as_str() {
            "problem" => "bad",
            "warning" => "warn",
            _ => "good",
        }
    }
}

fn call() -> Call {
    Call::get("/api/doctor", &[])
}

/// The same as a command.
pub(super) fn curl(ask: &Asking) -> String {
    call().curl(&ask.origin())
}

/// Looks at everything.
pub(super) async fn examine(ask: &Asking) -> Result<Report, Refused> {
    ask.read(&call()).await
}

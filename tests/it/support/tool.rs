//! The operator's tool, run to its end as a person or a script runs it.

use std::process::Stdio;

use serde_json::Value;
use tokio::process::Command;
use tokio::time::timeout;

use super::daemon::{LULL, SUITE_KEY};
use super::{DEADLINE, Daemon};

/// What a run of the tool came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// The output as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap()
    }

    /// The same run, which must have gone well.
    pub(crate) fn well(self) -> Self {
        assert_eq!((self.code, self.err.as_str()), (0, ""), "{}", self.out);
        self
    }
}

/// Runs it with nothing but these settings.
pub(crate) async fn lull(arguments: &[&str], settings: &[(&str, &str)]) -> Ran {
    let run = Command::new(LULL)
        .args(arguments)
        .env_clear()
        // Whatever somebody runs in this folder is not theirs.
        .env("LULL_DATA", "/nowhere")
        .envs(settings.iter().copied())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = timeout(DEADLINE, run).await.expect("it does not end");
    let output = output.unwrap();
    Ran {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs it against this api.
pub(crate) async fn lull_at(api: &Daemon, arguments: &[&str]) -> Ran {
    lull(
        arguments,
        &[("LULL_URL", &api.url("")), ("LULL_KEY", SUITE_KEY)],
    )
    .await
}

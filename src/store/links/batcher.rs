//! What clients are answered for, in batches on a connection of its own: commands, and behind them one `WAIT`, until so many
//! replicas have all of them. A `WAIT` for each command would cost most of the throughput.
//!
//! While a batch waits, Redis does nothing else on that connection, and what comes meanwhile is the next batch. So a batch
//! waits no longer than the first of its commands may, however long the others still could: what stands behind it has its
//! answer in time, too.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{Cmd, RedisError, RedisResult, Value};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::shortage::Shortage;
use crate::store::dialling::silent;
use crate::store::refusal::is_value_unloaded;
use crate::store::scripts::Script;

/// Commands in one batch.
const MOST: usize = 512;
/// Commands that are to be in the next ones; whoever brings more waits.
const QUEUED: usize = 4 * MOST;
/// A Redis that has not answered so long after a `WAIT` was to end does not answer.
const OVERDUE: Duration = Duration::from_secs(1);

/// A command for a batch.
#[derive(Clone)]
pub(in crate::store) struct Job {
    /// What is to be done.
    pub(in crate::store) command: Cmd,
    /// The script that it calls, if it calls one.
    pub(in crate::store) script: Option<&'static Script>,
    /// Until when replicas are waited for.
    pub(in crate::store) until: Instant,
}

/// A job, and who wants to know what came of it.
struct Asked {
    job: Job,
    answer: oneshot::Sender<RedisResult<Value>>,
}

/// Where commands for a connection are brought.
#[derive(Clone)]
pub(in crate::store) struct Batcher(mpsc::Sender<Asked>);

impl Batcher {
    /// One for this connection; it ends with all that have it.
    pub(super) fn start(connection: MultiplexedConnection, shortage: Arc<Shortage>) -> Self {
        let (sender, asked) = mpsc::channel(QUEUED);
        tokio::spawn(work(connection, asked, shortage));
        Self(sender)
    }

    /// Has a command done in the next batch; answers with its answer and how many replicas have it.
    ///
    /// # Errors
    /// Why it was not done, or nobody knows whether it was.
    pub(in crate::store) async fn ask(&self, job: Job) -> RedisResult<Value> {
        let (answer, answered) = oneshot::channel();
        if self.0.send(Asked { job, answer }).await.is_err() {
            return Err(ended());
        }
        answered.await.unwrap_or_else(|_| Err(ended()))
    }
}

async fn work(
    mut connection: MultiplexedConnection,
    mut asked: mpsc::Receiver<Asked>,
    shortage: Arc<Shortage>,
) {
    let mut batch = Vec::new();
    while asked.recv_many(&mut batch, MOST).await > 0 {
        // Whoever does not wait any more was told that nothing is certain.
        batch.retain(|it: &Asked| !it.answer.is_closed());
        let now = std::mem::take(&mut batch);
        let unloaded = answer(&mut connection, now, &shortage, is_value_unloaded).await;
        if !unloaded.is_empty() {
            load(&mut connection, &unloaded).await;
            answer(&mut connection, unloaded, &shortage, |_| false).await;
        }
    }
}

/// Has a batch done, and answers whoever asked; what Redis answers so that it is to come `again` comes back.
async fn answer(
    connection: &mut MultiplexedConnection,
    batch: Vec<Asked>,
    shortage: &Shortage,
    again: impl Fn(&Value) -> bool,
) -> Vec<Asked> {
    let Some(until) = batch.iter().map(|it| it.job.until).min() else {
        return Vec::new();
    };
    // Zero would be for ever.
    let left = until
        .saturating_duration_since(Instant::now())
        .max(Duration::from_millis(1));
    let mut commands = redis::pipe();
    for it in &batch {
        commands.add_command(it.job.command.clone());
    }
    let left_ms = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
    commands.cmd("WAIT").arg(shortage.wanted()).arg(left_ms);
    let asking = connection.req_packed_commands(&commands, 0, commands.len());
    let answered = timeout(left + OVERDUE, asking).await;
    let answered = answered.unwrap_or_else(|_| Err(silent(left + OVERDUE)));
    let mut values = match answered {
        Ok(values) => values,
        Err(error) => {
            tell(batch, &error);
            return Vec::new();
        }
    };
    let on = values.pop().map_or_else(|| Err(ended()), on);
    if let Ok(on) = on {
        shortage.note(on);
    }
    let mut to_come_again = Vec::new();
    for (it, value) in batch.into_iter().zip(values) {
        if again(&value) {
            to_come_again.push(it);
            continue;
        }
        let done = value.extract_error().and_then(|value| {
            let on = on.clone()?;
            Ok(Value::Array(vec![value, Value::Int(on.into())]))
        });
        drop(it.answer.send(done));
    }
    to_come_again
}

/// Brings the scripts that these need. Where that fails they are not there at the second attempt either.
async fn load(connection: &mut MultiplexedConnection, batch: &[Asked]) {
    let scripts = batch.iter().filter_map(|it| it.job.script);
    let scripts: BTreeMap<_, _> = scripts.map(|script| (script.name(), script)).collect();
    let mut all = redis::pipe();
    for script in scripts.values() {
        all.cmd("SCRIPT").arg("LOAD").arg(script.text()).ignore();
    }
    let loading = all.query_async::<()>(connection);
    drop(timeout(OVERDUE, loading).await);
}

/// How many replicas have it, by the answer to `WAIT`.
fn on(answer: Value) -> RedisResult<u32> {
    Ok(redis::from_redis_value(answer.extract_error()?)?)
}

fn tell(batch: Vec<Asked>, error: &RedisError) {
    for it in batch {
        drop(it.answer.send(Err(error.clone())));
    }
}

/// As if the connection had broken: what was asked may have been done, or not.
fn ended() -> RedisError {
    std::io::Error::from(std::io::ErrorKind::ConnectionReset).into()
}

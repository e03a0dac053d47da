//! Asking Redis: on the node that has what a command is about, on one of the connections to it, for no longer than whoever
//! asks has patience. What a node has not done, as it lies elsewhere, is asked again there. Nothing else is: it may have been
//! done.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{Cmd, ErrorKind, FromRedisValue, Pipeline, RedisError, RedisResult, Value};
use tokio::time::timeout;

use super::links::Links;
use super::nodes::Tag;
use super::refusal::{self, is_elsewhere, is_value_elsewhere};
use super::{Result, Store, StoreError, reply};
use crate::core::batch::Millis;

/// The answer to a command, and when it was given, by the clock of its node; none: the node did not answer.
pub(super) type Timed = Option<(Millis, Value)>;

/// Commands of which one node has what they are about, by their places among all.
struct Part {
    node: Arc<Links>,
    places: Vec<usize>,
}

impl Store {
    /// Does one command, on the node that has its first key.
    pub(super) async fn query<T: FromRedisValue>(&self, command: &Cmd) -> Result<T> {
        self.query_at(Tag::of_command(command), command).await
    }

    /// The same on the node that has what goes by a tag.
    pub(super) async fn query_at<T: FromRedisValue>(
        &self,
        tag: Option<Tag>,
        command: &Cmd,
    ) -> Result<T> {
        let asked = self.ask(tag, 0, 1, |mut connection| async move {
            command.query_async(&mut connection).await
        });
        asked.await
    }

    /// The same on a node.
    pub(super) async fn query_node<T: FromRedisValue>(
        &self,
        node: &Arc<Links>,
        command: &Cmd,
    ) -> Result<T> {
        let asked = self.ask_node(node, 0, self.patience, |mut connection| async move {
            command.query_async(&mut connection).await
        });
        asked.await.map_err(told)
    }

    /// The same on each node, of each its answer.
    pub(super) async fn query_each<T: FromRedisValue>(&self, command: &Cmd) -> Result<Vec<T>> {
        let nodes = self.nodes.all();
        let asked = nodes.iter().map(|node| self.query_node(node, command));
        join_all(asked).await.into_iter().collect()
    }

    /// The same on each node, of each that gave one its answer.
    ///
    /// # Errors
    /// None did.
    pub(super) async fn query_living<T: FromRedisValue>(&self, command: &Cmd) -> Result<Vec<T>> {
        let nodes = self.nodes.all();
        let asked = nodes.iter().map(|node| self.query_node(node, command));
        let (mut answers, mut failed) = (Vec::new(), None);
        for answer in join_all(asked).await {
            match answer {
                Ok(answer) => answers.push(answer),
                Err(error) => drop(failed.get_or_insert(error)),
            }
        }
        match failed {
            Some(error) if answers.is_empty() => Err(error),
            _ => Ok(answers),
        }
    }

    /// Does several commands, each on the node that has its first key; those of one node are done in their order. Answers may
    /// be left out (`ignore`), and all be one transaction, only where all have the same tag.
    pub(super) async fn pipeline<T: FromRedisValue>(&self, pipeline: &Pipeline) -> Result<T> {
        let tags = || pipeline.cmd_iter().filter_map(Tag::of_command);
        if !self.nodes.is_cluster() || is_one(tags()) {
            let tag = tags().next();
            let asked = self.ask(tag, 0, pipeline.len(), |mut connection| async move {
                pipeline.query_async(&mut connection).await
            });
            return asked.await;
        }
        let commands: Vec<_> = pipeline.cmd_iter().collect();
        let (answers, failed) = self.spread(&commands, false).await;
        if let Some(error) = failed {
            return Err(error);
        }
        let values = answers.into_iter().flatten().map(|(_, value)| value);
        let read = T::from_redis_value(Value::Array(values.collect()));
        read.map_err(|error| RedisError::from(error).into())
    }

    /// The same of commands that only read, each answer with its time. A node that does not answer keeps nobody from what
    /// others have.
    ///
    /// # Errors
    /// No node answers.
    pub(super) async fn timed(&self, reads: &Pipeline) -> Result<Vec<Timed>> {
        let commands: Vec<_> = reads.cmd_iter().collect();
        let (answers, failed) = self.spread(&commands, true).await;
        match failed {
            Some(error) if answers.iter().all(Option::is_none) => Err(error),
            _ => Ok(answers),
        }
    }

    /// The same, without the times: of each command its answer, if its node gave one.
    ///
    /// # Errors
    /// No node answers.
    pub(super) async fn living(&self, reads: &Pipeline) -> Result<Vec<Option<Value>>> {
        let commands: Vec<_> = reads.cmd_iter().collect();
        let (answers, failed) = self.spread(&commands, false).await;
        match failed {
            Some(error) if answers.iter().all(Option::is_none) => Err(error),
            _ => Ok(answers.into_iter().map(|answer| Some(answer?.1)).collect()),
        }
    }

    /// Asks each node for its part; answers what was answered, with its time if that is wanted, and the first failure.
    async fn spread(&self, commands: &[&Cmd], timed: bool) -> (Vec<Timed>, Option<StoreError>) {
        let began = Instant::now();
        let mut answers = vec![None; commands.len()];
        let mut failed = None;
        let mut open: Vec<_> = (0..commands.len()).collect();
        while !open.is_empty() {
            let left = self.patience.saturating_sub(began.elapsed());
            let parts = self.parts(commands, std::mem::take(&mut open));
            let asked = parts
                .iter()
                .map(|it| self.ask_part(it, commands, timed, left));
            let mut elsewhere = None;
            for (part, answer) in parts.iter().zip(join_all(asked).await) {
                let (now, values) = match answer {
                    Ok(answer) => answer,
                    Err(error) => {
                        failed.get_or_insert(error);
                        continue;
                    }
                };
                for (at, value) in part.places.iter().zip(values) {
                    if is_value_elsewhere(&value) && began.elapsed() < self.patience {
                        elsewhere = Some(&part.node);
                        open.push(*at);
                        continue;
                    }
                    match value.extract_error() {
                        Ok(value) => answers[*at] = Some((now, value)),
                        Err(error) => drop(failed.get_or_insert(error.into())),
                    }
                }
            }
            if let Some(node) = elsewhere {
                self.nodes.is_elsewhere(node).await;
            }
        }
        (answers, failed)
    }

    /// These of the commands by their nodes.
    fn parts(&self, commands: &[&Cmd], places: Vec<usize>) -> Vec<Part> {
        let mut parts: Vec<Part> = Vec::new();
        for at in places {
            let node = self.nodes.node_of(Tag::of_command(commands[at]));
            match parts.iter_mut().find(|it| Arc::ptr_eq(&it.node, &node)) {
                Some(part) => part.places.push(at),
                None => parts.push(Part {
                    node,
                    places: vec![at],
                }),
            }
        }
        parts
    }

    /// The answers of a node to its part, and when they were given, if that is wanted.
    async fn ask_part(
        &self,
        part: &Part,
        commands: &[&Cmd],
        timed: bool,
        patience: Duration,
    ) -> Result<(Millis, Vec<Value>)> {
        let mut asked = redis::pipe();
        if timed {
            asked.cmd("TIME");
        }
        for at in &part.places {
            asked.add_command(commands[*at].clone());
        }
        let asked = &asked;
        let answers = self.ask_node(&part.node, 0, patience, |mut connection| async move {
            let count = asked.len();
            connection.req_packed_commands(asked, 0, count).await
        });
        let mut answers = answers.await.map_err(told)?.into_iter();
        let now = match timed {
            true => reply::time(answers.next())?,
            false => 0,
        };
        Ok((now, answers.collect()))
    }

    /// Asks so many commands on one of the connections to the node that has what goes by a tag.
    pub(super) async fn ask<T, A>(
        &self,
        tag: Option<Tag>,
        which: usize,
        commands: usize,
        question: impl Fn(MultiplexedConnection) -> A,
    ) -> Result<T>
    where
        A: Future<Output = RedisResult<T>>,
    {
        let began = Instant::now();
        loop {
            let left = self.patience.saturating_sub(began.elapsed());
            let node = self.nodes.node_of(tag);
            match self.ask_node(&node, which, left, &question).await {
                Ok(answer) => return Ok(answer),
                Err(Failed::Refused(error))
                    if self.nodes.is_cluster()
                        && is_elsewhere(&error, commands)
                        && began.elapsed() < self.patience =>
                {
                    self.nodes.is_elsewhere(&node).await;
                }
                Err(failed) => return Err(told(failed)),
            }
        }
    }

    /// Asks something on one of the connections to a node, and sees to it if that does not work.
    pub(super) async fn ask_node<T, A>(
        &self,
        node: &Arc<Links>,
        which: usize,
        patience: Duration,
        question: impl Fn(MultiplexedConnection) -> A,
    ) -> std::result::Result<T, Failed>
    where
        A: Future<Output = RedisResult<T>>,
    {
        let mut used = None;
        let asking = async {
            let live = node.get(which).await?;
            let connection = live.connection.clone();
            used = Some(live);
            question(connection).await
        };
        let answer = timeout(patience, asking).await;
        match (answer, used) {
            (Ok(Ok(answer)), _) => Ok(answer),
            (Ok(Err(error)), used) => {
                if let Some(live) = used {
                    node.failed(&live, &refusal::first(error.clone()));
                }
                if error.kind() == ErrorKind::Io {
                    self.nodes.doubt();
                }
                Err(Failed::Refused(error))
            }
            (Err(_), used) => {
                if let Some(live) = used {
                    node.doubt(live);
                }
                self.nodes.doubt();
                Err(Failed::Silent(self.patience))
            }
        }
    }
}

/// What a node did not do.
pub(super) enum Failed {
    /// It said why, or was not reached.
    Refused(RedisError),
    /// It did not answer for so long.
    Silent(Duration),
}

/// The same as whoever asked is told it.
pub(super) fn told(failed: Failed) -> StoreError {
    match failed {
        Failed::Refused(error) => refusal::first(error).into(),
        Failed::Silent(patience) => StoreError::Silent(patience),
    }
}

/// Whether all of them are the same; also of none.
fn is_one(mut tags: impl Iterator<Item = Tag>) -> bool {
    let first = tags.next();
    tags.all(|tag| Some(tag) == first)
}

//! Asking Redis: on the node that has what a command is about, on one of the connections to it, for no longer than whoever
//! asks has patience. What a node has not done, as it lies elsewhere, is asked again there. Nothing else is: it may have been
//! done.
//!
//! All of it is made for one kind of question and of answer, and boxed: else it would be compiled anew for each use, and every
//! future that asks would carry it whole.

mod many;

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use redis::aio::ConnectionLike;
use redis::{Cmd, ErrorKind, FromRedisValue, Pipeline, RedisError, RedisResult, Value};
use tokio::time::timeout;

use super::links::{Job, Links, Live, Purpose};
use super::nodes::Tag;
use super::probe;
use super::refusal::{self, is_elsewhere};
use super::scripts::Call;
use super::{Result, Store, StoreError};

/// What is asked of a node.
#[derive(Clone, Copy)]
pub(super) enum Question<'a> {
    /// A command.
    Command(&'a Cmd),
    /// Several. It fails if one of them does.
    All(&'a Pipeline),
    /// Several, of each what it was answered with, refusals too.
    Each(&'a Pipeline),
    /// A script.
    Script(&'a Call),
    /// Whether it takes messages.
    Probe(Tag),
    /// A command behind which replicas are waited for. It answers with its own answer and how many have it.
    Waiting(&'a Job),
}

impl Question<'_> {
    /// How many commands that is.
    fn len(self) -> usize {
        match self {
            Self::All(commands) | Self::Each(commands) => commands.len(),
            Self::Command(_) | Self::Script(_) | Self::Probe(_) | Self::Waiting(_) => 1,
        }
    }

    /// What the connections that it may be put to are for.
    fn purpose(self) -> Purpose {
        match self {
            Self::Waiting(_) => Purpose::Waiting,
            _ => Purpose::Plain,
        }
    }

    async fn put_to(self, live: Live) -> RedisResult<Value> {
        let mut connection = live.connection.clone();
        match self {
            Self::Command(command) => command.query_async(&mut connection).await,
            Self::All(commands) => commands.query_async(&mut connection).await,
            Self::Each(commands) => {
                let asked = connection.req_packed_commands(commands, 0, commands.len());
                asked.await.map(Value::Array)
            }
            Self::Script(call) => call.on(&mut connection).await,
            Self::Probe(tag) => probe::ask(&mut connection, tag).await.map(|()| Value::Okay),
            Self::Waiting(job) => live.batched(job.clone()).await,
        }
    }
}

/// The answer of a node.
type Answered<'a> = BoxFuture<'a, std::result::Result<Value, Failed>>;

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
        read(self.ask(tag, 0, Question::Command(command)).await?)
    }

    /// The same on a node.
    pub(super) async fn query_node<T: FromRedisValue>(
        &self,
        node: &Arc<Links>,
        command: &Cmd,
    ) -> Result<T> {
        let question = Question::Command(command);
        let asked = self.ask_while_there(node, 0, self.patience, question);
        read(asked.await.map_err(told)?)
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

    /// Asks something on one of the connections to the node that has what goes by a tag.
    pub(super) fn ask<'a>(
        &'a self,
        tag: Option<Tag>,
        which: usize,
        question: Question<'a>,
    ) -> BoxFuture<'a, Result<Value>> {
        if self.nodes.may_move() {
            return self.ask_where_it_lies(tag, which, question).boxed();
        }
        let node = self.nodes.node_of(tag);
        async move {
            let answer = self.ask_node(&node, which, self.patience, question);
            answer.await.map_err(told)
        }
        .boxed()
    }

    async fn ask_where_it_lies(
        &self,
        tag: Option<Tag>,
        which: usize,
        question: Question<'_>,
    ) -> Result<Value> {
        let began = Instant::now();
        loop {
            let left = self.patience.saturating_sub(began.elapsed());
            let node = self.nodes.node_of(tag);
            match self.ask_while_there(&node, which, left, question).await {
                Ok(answer) => return Ok(answer),
                Err(Failed::Refused(error))
                    if is_elsewhere(&error, question.len()) && began.elapsed() < self.patience =>
                {
                    self.nodes.is_elsewhere(&node).await;
                }
                Err(failed) => return Err(told(failed)),
            }
        }
    }

    /// The same as [`Store::ask_node`], until the node is left for good: what it says then is not heard.
    pub(super) fn ask_while_there<'a>(
        &'a self,
        node: &'a Arc<Links>,
        which: usize,
        patience: Duration,
        question: Question<'a>,
    ) -> Answered<'a> {
        async move {
            tokio::select! {
                biased;
                left = node.are_left() => Err(Failed::Refused(left)),
                answer = self.ask_node(node, which, patience, question) => answer,
            }
        }
        .boxed()
    }

    /// Asks something on one of the connections to a node, and sees to it if that does not work.
    async fn ask_node(
        &self,
        node: &Arc<Links>,
        which: usize,
        patience: Duration,
        question: Question<'_>,
    ) -> std::result::Result<Value, Failed> {
        let mut used = None;
        let asking = async {
            let live = node.get(question.purpose(), which).await?;
            used = Some(live.clone());
            question.put_to(live).await
        };
        let answer = timeout(patience, asking).await;
        match (answer, used) {
            (Ok(Ok(answer)), _) => Ok(answer),
            (Ok(Err(error)), used) => {
                let first = refusal::first(error.clone());
                if let Some(live) = used {
                    node.failed(&live, &first);
                }
                if error.kind() == ErrorKind::Io || refusal::is_lasting(&first) {
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

/// What an answer says.
pub(super) fn read<T: FromRedisValue>(answer: Value) -> Result<T> {
    let read = T::from_redis_value(answer);
    read.map_err(|error| RedisError::from(error).into())
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

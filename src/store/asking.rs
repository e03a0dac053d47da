//! Asking Redis: on the node that has what a command is about, on one of the connections to it, for no longer than whoever
//! asks has patience. What a node has not done, as it lies elsewhere, is asked again there. Nothing else is: it may have been
//! done.

mod many;

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use redis::{Cmd, ErrorKind, FromRedisValue, RedisError, RedisResult};
use tokio::time::timeout;

use super::links::{Links, Live, Which};
use super::nodes::Tag;
use super::refusal::{self, is_elsewhere};
use super::{Result, Store, StoreError};

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
        let asked = self.ask(tag, Which::Plain(0), 1, |mut live| async move {
            command.query_async(&mut live.connection).await
        });
        asked.await
    }

    /// The same on a node.
    pub(super) async fn query_node<T: FromRedisValue>(
        &self,
        node: &Arc<Links>,
        command: &Cmd,
    ) -> Result<T> {
        let which = Which::Plain(0);
        let asked = self.ask_while_there(node, which, self.patience, |mut live| async move {
            command.query_async(&mut live.connection).await
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

    /// Asks so many commands on one of the connections to the node that has what goes by a tag.
    pub(super) async fn ask<T, A>(
        &self,
        tag: Option<Tag>,
        which: Which,
        commands: usize,
        question: impl Fn(Live) -> A,
    ) -> Result<T>
    where
        A: Future<Output = RedisResult<T>>,
    {
        if self.nodes.may_move() {
            // What every call carries with it stays as small as it is for one node.
            return Box::pin(self.ask_where_it_lies(tag, which, commands, question)).await;
        }
        let node = self.nodes.node_of(tag);
        let answer = self.ask_node(&node, which, self.patience, question);
        answer.await.map_err(told)
    }

    async fn ask_where_it_lies<T, A>(
        &self,
        tag: Option<Tag>,
        which: Which,
        commands: usize,
        question: impl Fn(Live) -> A,
    ) -> Result<T>
    where
        A: Future<Output = RedisResult<T>>,
    {
        let began = Instant::now();
        loop {
            let left = self.patience.saturating_sub(began.elapsed());
            let node = self.nodes.node_of(tag);
            match self.ask_while_there(&node, which, left, &question).await {
                Ok(answer) => return Ok(answer),
                Err(Failed::Refused(error))
                    if is_elsewhere(&error, commands) && began.elapsed() < self.patience =>
                {
                    self.nodes.is_elsewhere(&node).await;
                }
                Err(failed) => return Err(told(failed)),
            }
        }
    }

    /// The same as [`Store::ask_node`], until the node is left for good: what it says then is not heard.
    pub(super) async fn ask_while_there<T, A>(
        &self,
        node: &Arc<Links>,
        which: Which,
        patience: Duration,
        question: impl Fn(Live) -> A,
    ) -> std::result::Result<T, Failed>
    where
        A: Future<Output = RedisResult<T>>,
    {
        tokio::select! {
            biased;
            left = node.are_left() => Err(Failed::Refused(left)),
            answer = self.ask_node(node, which, patience, question) => answer,
        }
    }

    /// Asks something on one of the connections to a node, and sees to it if that does not work.
    pub(super) async fn ask_node<T, A>(
        &self,
        node: &Arc<Links>,
        which: Which,
        patience: Duration,
        question: impl Fn(Live) -> A,
    ) -> std::result::Result<T, Failed>
    where
        A: Future<Output = RedisResult<T>>,
    {
        let mut used = None;
        let asking = async {
            let live = node.get(which).await?;
            used = Some(live.clone());
            question(live).await
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

//! Asking for many things at once: each of the node that has it, and all answers in the order of what was asked.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use redis::{Cmd, FromRedisValue, Pipeline, Value};

use super::{Question, read, told};
use crate::core::batch::Millis;
use crate::store::links::Links;
use crate::store::nodes::Tag;
use crate::store::refusal::is_value_elsewhere;
use crate::store::{Result, Store, StoreError, reply};

/// The answer to a command, and when it was given, by the clock of its node; none: the node did not answer.
pub(in crate::store) type Timed = Option<(Millis, Value)>;

/// Commands of which one node has what they are about, by their places among all.
struct Part {
    node: Arc<Links>,
    places: Vec<usize>,
}

impl Store {
    /// Does several commands, each on the node that has its first key; those of one node are done in their order. Answers may
    /// be left out (`ignore`), and all be one transaction, only where all have the same tag.
    pub(in crate::store) async fn pipeline<T: FromRedisValue>(
        &self,
        pipeline: &Pipeline,
    ) -> Result<T> {
        let tags = || pipeline.cmd_iter().filter_map(Tag::of_command);
        if !self.nodes.is_cluster() || is_one(tags()) {
            let tag = tags().next();
            return read(self.ask(tag, 0, Question::All(pipeline)).await?);
        }
        let commands: Vec<_> = pipeline.cmd_iter().collect();
        let (answers, failed) = Box::pin(self.spread(&commands, false)).await;
        if let Some(error) = failed {
            return Err(error);
        }
        let values = answers.into_iter().flatten().map(|(_, value)| value);
        read(Value::Array(values.collect()))
    }

    /// The same of commands that only read, each answer with its time. A node that does not answer keeps nobody from what
    /// others have.
    ///
    /// # Errors
    /// No node answers.
    pub(in crate::store) async fn timed(&self, reads: &Pipeline) -> Result<Vec<Timed>> {
        let commands: Vec<_> = reads.cmd_iter().collect();
        let (answers, failed) = Box::pin(self.spread(&commands, true)).await;
        match failed {
            Some(error) if answers.iter().all(Option::is_none) => Err(error),
            _ => Ok(answers),
        }
    }

    /// The same, without the times: of each command its answer, if its node gave one.
    ///
    /// # Errors
    /// No node answers.
    pub(in crate::store) async fn living(&self, reads: &Pipeline) -> Result<Vec<Option<Value>>> {
        let commands: Vec<_> = reads.cmd_iter().collect();
        let (answers, failed) = Box::pin(self.spread(&commands, false)).await;
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
        let answers = self.ask_while_there(&part.node, 0, patience, Question::Each(&asked));
        let mut answers = read::<Vec<Value>>(answers.await.map_err(told)?)?.into_iter();
        let now = match timed {
            true => reply::time(answers.next())?,
            false => 0,
        };
        Ok((now, answers.collect()))
    }
}

/// Whether all of them are the same; also of none.
fn is_one(mut tags: impl Iterator<Item = Tag>) -> bool {
    let first = tags.next();
    tags.all(|tag| Some(tag) == first)
}

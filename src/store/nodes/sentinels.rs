//! Sentinels, and which Redis they say is the master.
//!
//! They agree on who it is, but not all of them at the same moment. Each change has a higher epoch than the one before, so of
//! different answers the one with the highest counts; and only a Redis that says of itself that it is a master is taken.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use redis::{Client, RedisError, RedisResult, Value};
use tracing::{info, warn};

use super::sentinel::{Named, Sentinel};
use super::{Address, TELLING};
use crate::store::dialling::briefly;
use crate::store::refusal::is_login;

/// All that watch one master.
pub(in crate::store) struct Sentinels {
    /// What they call the master.
    master: String,
    all: Vec<Sentinel>,
    /// That of the newest answer which was followed.
    epoch: AtomicU64,
    /// Said in the log that none answers.
    said_silent: AtomicBool,
}

/// Why no master was found.
pub(in crate::store) enum Unfound {
    /// They watch others.
    Unknown {
        /// Host and port of who said so.
        place: String,
        /// What they call those.
        others: Vec<String>,
    },
    /// One refused the login, and none lets us in.
    Login {
        /// Host and port of who said so.
        place: String,
        /// Its words.
        error: RedisError,
    },
    /// It answered as no Sentinel does, and no other answered.
    Foreign {
        /// Host and port of who said so.
        place: String,
        /// Its words.
        error: RedisError,
    },
    /// Not yet.
    Waiting(String),
}

impl Sentinels {
    /// These, which watch a master that they call so.
    pub(in crate::store) fn of(master: &str, all: Vec<Sentinel>) -> Self {
        Self {
            master: master.to_owned(),
            all,
            epoch: AtomicU64::default(),
            said_silent: AtomicBool::default(),
        }
    }

    /// What they call the master.
    pub(in crate::store) fn master(&self) -> &str {
        &self.master
    }

    /// All of them.
    pub(in crate::store) fn all(&self) -> &[Sentinel] {
        &self.all
    }

    /// Where they are, for people.
    pub(in crate::store) fn places(&self) -> String {
        let places: Vec<_> = self.all.iter().map(Sentinel::place).collect();
        places.join(", ")
    }

    /// The master, as they name it and as it says of itself. `like` says how to come to a Redis, whatever its address.
    ///
    /// # Errors
    /// Why there is none.
    pub(in crate::store) async fn find(&self, like: &Client) -> Result<Address, Unfound> {
        let answers = self.answers().await;
        let named = self.newest(&answers, None);
        for named in &named {
            match is_master(&named.address, like).await {
                Ok(true) => {
                    self.follow(named);
                    return Ok(named.address.clone());
                }
                // Who connects there says it better.
                Err(error) if is_login(&error) => return Ok(named.address.clone()),
                Ok(false) | Err(_) => {}
            }
        }
        if let Some(named) = named.first() {
            let master = &self.master;
            let why = format!(
                "{master} is to be at {}, which is no master yet",
                named.address
            );
            return Err(Unfound::Waiting(why));
        }
        Err(self.unfound(answers).await)
    }

    /// The master, if it is another than the one that is known. A Sentinel that tells of a newer change is not kept waiting
    /// for the others.
    pub(super) async fn find_other(&self, known: &Address, like: &Client) -> Option<Address> {
        let asked = self.all.iter().map(|it| it.names(&self.master));
        let mut asked: FuturesUnordered<_> = asked.collect();
        let mut answers = Vec::new();
        while let Some(answer) = asked.next().await {
            if let Ok(Some(named)) = &answer
                && named.epoch > self.epoch.load(Ordering::Relaxed)
                && self.is_other(named, known, like).await
            {
                return Some(named.address.clone());
            }
            answers.push(answer);
        }
        self.say_whether_silent(&answers, known);
        for named in self.newest(&answers, Some(known)) {
            if named.address == *known {
                self.follow(&named);
                return None;
            }
            if self.is_other(&named, known, like).await {
                return Some(named.address);
            }
        }
        None
    }

    /// Whether it names another master than the known, which says of itself that it is one; then it is followed.
    async fn is_other(&self, named: &Named, known: &Address, like: &Client) -> bool {
        let is_other =
            named.address != *known && is_master(&named.address, like).await.unwrap_or_default();
        if is_other {
            self.follow(named);
        }
        is_other
    }

    async fn answers(&self) -> Vec<RedisResult<Option<Named>>> {
        let asked = self.all.iter().map(|it| it.names(&self.master));
        join_all(asked).await
    }

    /// Whom they name, by the newest change first. Who names one of before what was followed has not heard of it yet; only
    /// if most of them do were they set up anew.
    fn newest(
        &self,
        answers: &[RedisResult<Option<Named>>],
        known: Option<&Address>,
    ) -> Vec<Named> {
        let named = answers.iter().filter_map(|it| it.as_ref().ok()?.clone());
        let mut named: Vec<_> = named.collect();
        let followed = self.epoch.load(Ordering::Relaxed);
        let is_old = |it: &Named| it.epoch < followed;
        if !(named.iter().all(is_old) && named.len() * 2 > self.all.len()) {
            named.retain(|it| !is_old(it));
        }
        named.sort_by_key(|it| (std::cmp::Reverse(it.epoch), Some(&it.address) != known));
        named.dedup();
        named
    }

    fn follow(&self, named: &Named) {
        self.epoch.store(named.epoch, Ordering::Relaxed);
    }

    /// Once when none answers any more, and once when one does again.
    fn say_whether_silent(&self, answers: &[RedisResult<Option<Named>>], known: &Address) {
        let error = answers.iter().find_map(|it| it.as_ref().err());
        let is_silent = answers.iter().all(Result::is_err);
        if self.said_silent.swap(is_silent, Ordering::Relaxed) == is_silent {
            return;
        }
        let (places, master) = (self.places(), &self.master);
        match error {
            Some(error) if is_silent => warn!(
                sentinels = %places,
                error = %error,
                "No Sentinel answers ({places}), so going on with the {master} that is known, at {known}: {error}"
            ),
            _ => info!(sentinels = %places, "Sentinels answer again ({places})"),
        }
    }

    /// Why they name nobody.
    async fn unfound(&self, answers: Vec<RedisResult<Option<Named>>>) -> Unfound {
        let mut told = None;
        for (sentinel, answer) in self.all.iter().zip(answers) {
            let place = sentinel.place();
            match answer {
                Ok(_) => {
                    let others = sentinel.watched().await.unwrap_or_default();
                    return Unfound::Unknown { place, others };
                }
                Err(error) if is_login(&error) => {
                    told = Some(Unfound::Login { place, error });
                }
                Err(error) if !error.is_io_error() && told.is_none() => {
                    told = Some(Unfound::Foreign { place, error });
                }
                Err(error) if told.is_none() => {
                    told = Some(Unfound::Waiting(format!("{place}: {error}")));
                }
                Err(_) => {}
            }
        }
        told.unwrap_or_else(|| Unfound::Waiting("there is no Sentinel".to_owned()))
    }
}

/// Whether a Redis says of itself that it is a master.
async fn is_master(address: &Address, like: &Client) -> RedisResult<bool> {
    let mut connection = briefly(&address.client_like(like)?, TELLING).await?;
    let role: RedisResult<Vec<Value>> = redis::cmd("ROLE").query_async(&mut connection).await;
    match role {
        Ok(role) => Ok(role.first().is_some_and(|role| {
            redis::from_redis_value_ref::<String>(role).is_ok_and(|role| role == "master")
        })),
        // A user with least rights may not ask that, but this.
        Err(error) if !error.is_io_error() => {
            let info: String = redis::cmd("INFO")
                .arg("replication")
                .query_async(&mut connection)
                .await?;
            Ok(info.contains("role:master"))
        }
        Err(error) => Err(error),
    }
}

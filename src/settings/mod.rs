//! The only reader of the environment.
//!
//! Settings come in as flat `Raw*` structs, are checked with their relations, and go on as what the rooms need. A wrong
//! one is an error that names the variable; a variable that is set but empty counts as not set, as panels leave them,
//! unless it closes something.

pub mod api;
pub mod auth;
pub mod bounds;
pub mod buffer;
#[cfg(test)]
mod defaults;
mod export;
mod fields;
pub mod guard;
mod idempotency;
pub mod limits;
pub mod log;
pub mod messages;
pub mod monitor;
pub mod operator;
pub mod origins;
pub mod otlp;
pub mod proxies;
pub mod rabbit;
pub mod rate;
pub mod redis;
#[cfg(test)]
mod redis_tests;
mod redis_url;
pub mod retention;
pub mod secrets;
pub mod server;
pub mod tokens;
pub mod up;
pub mod webhook;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::de::DeserializeOwned;

use crate::core::invisible::is_invisible;

/// The variables of a process, or of a test.
#[derive(Clone)]
pub struct Vars {
    set: Vec<(String, String)>,
    /// The names of those that are set, but to nothing.
    empty: Vec<String>,
    /// The names of those that are no UTF-8.
    not_text: Vec<String>,
}

impl Vars {
    /// The environment of this process.
    pub fn from_env() -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the one place that reads the environment"
        )]
        let vars = std::env::vars_os();
        // Foreign variables may be anything; ours are text.
        let (mut set, mut not_text) = (Vec::new(), Vec::new());
        for (name, value) in vars {
            match (name.into_string(), value.into_string()) {
                (Ok(name), Ok(value)) => set.push((name, value)),
                (Ok(name), Err(_)) => not_text.push(name),
                (Err(_), _) => {}
            }
        }
        Self {
            not_text,
            ..Self::new(set)
        }
    }

    /// The given variables.
    pub fn new(vars: impl IntoIterator<Item = (String, String)>) -> Self {
        let vars = vars.into_iter();
        let (set, empty): (Vec<_>, Vec<_>) =
            vars.partition(|(_, value)| !value.chars().all(is_invisible));
        Self {
            set,
            empty: empty.into_iter().map(|(name, _)| name).collect(),
            not_text: Vec::new(),
        }
    }

    /// The value of one variable.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.set
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.as_str())
    }

    /// The same with one variable set.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.set.retain(|(other, _)| other != name);
        self.set.push((name.to_owned(), value.to_owned()));
        self
    }

    fn read<T: DeserializeOwned>(&self) -> Result<T> {
        for name in &fields::of::<T>() {
            ensure!(
                !self.not_text.contains(name),
                "{name} is not UTF-8, so it cannot be read"
            );
        }
        envy::from_iter(self.set.iter().cloned()).context("a setting cannot be read")
    }

    /// Refuses variables that close something, and are set to nothing: whoever set them meant to close it.
    fn refuse_empty(&self, names: &[&str]) -> Result<()> {
        for name in names {
            ensure!(
                self.get(name).is_some() || !self.empty.iter().any(|empty| empty == name),
                "{name} is set, but to nothing: give it a value, or do not set it at all"
            );
        }
        Ok(())
    }
}

/// The folders that programs are looked for in.
pub fn search_path() -> Vec<PathBuf> {
    let path = Vars::from_env();
    std::env::split_paths(path.get("PATH").unwrap_or_default()).collect()
}

/// A number of seconds, whole or fractional.
fn seconds(name: &str, value: f64) -> Result<Duration> {
    let duration = Duration::try_from_secs_f64(value).ok();
    duration.with_context(|| format!("{name}={value} is not a number of seconds"))
}

/// A time with its unit, such as `2m`; without one it is in seconds, as in every other setting.
fn time_with_unit(name: &str, text: &str) -> Result<Duration> {
    let text = text.trim();
    let seconds = text.parse().ok().map(Duration::try_from_secs_f64);
    let time = match seconds {
        Some(seconds) => seconds.ok(),
        None => humantime::parse_duration(text).ok(),
    };
    time.with_context(|| format!("{name}={text} is not a time such as 2m, 90s, 1h or 1h 30m"))
}

/// A number of seconds above zero.
fn positive_seconds(name: &str, value: f64) -> Result<Duration> {
    let duration = seconds(name, value)?;
    ensure!(!duration.is_zero(), "{name} must be above 0");
    Ok(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn vars(pairs: &[(&str, &str)]) -> Vars {
        Vars::new(
            pairs
                .iter()
                .map(|&(name, value)| (name.to_owned(), value.to_owned())),
        )
    }

    #[test]
    fn a_variable_that_is_set_but_empty_counts_as_not_set() {
        assert_eq!(vars(&[("A", ""), ("B", " "), ("C", "c")]).get("A"), None);
        assert_eq!(
            vars(&[("A", ""), ("B", " "), ("C", "c")]).get("C"),
            Some("c")
        );
    }
}

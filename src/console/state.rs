//! How all of it goes, as the strip on every page says it.

use serde::Deserialize;

/// How all of it goes, as far as every page says it.
#[derive(Debug, Deserialize)]
pub(super) struct Strip {
    pub(super) counts: Counts,
    pub(super) standing: Vec<String>,
    pub(super) destinations: Destinations,
    pub(super) stopped: Stopped,
    pub(super) daemons: Daemons,
}

/// How much there is.
#[derive(Debug, Deserialize)]
pub(super) struct Counts {
    pub(super) open_windows: u64,
    pub(super) waiting_batches: u64,
    pub(super) later: u64,
    pub(super) dead_letters: u64,
    pub(super) paused_chats: u64,
}

/// How many destinations do how.
#[derive(Debug, Deserialize)]
pub(super) struct Destinations {
    pub(super) down: u64,
    pub(super) failing: u64,
}

/// What an operator has stopped.
#[derive(Debug, Deserialize)]
pub(super) struct Stopped {
    pub(super) everything: bool,
    pub(super) buffers: Vec<String>,
    pub(super) destinations: Vec<String>,
}

/// How many daemons are alive.
#[derive(Debug, Deserialize)]
pub(super) struct Daemons {
    pub(super) monitor: u64,
}

/// How all of it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Nobody delivers.
    NoMonitor,
    /// An operator has stopped everything.
    Stopped,
    /// Something is due that nobody works off.
    Standing,
    /// A destination does not take what it is sent.
    Failing,
    /// All is well.
    Works,
}

impl Strip {
    /// What matters most of it.
    pub(super) fn state(&self) -> State {
        if self.daemons.monitor == 0 {
            State::NoMonitor
        } else if self.stopped.everything {
            State::Stopped
        } else if !self.standing.is_empty() {
            State::Standing
        } else if self.failing() > 0 {
            State::Failing
        } else {
            State::Works
        }
    }

    /// How bad that is: a class of the styles.
    pub(super) fn tone(&self) -> &'static str {
        match self.state() {
            State::Works => "good",
            State::Stopped => "warn",
            State::NoMonitor | State::Standing | State::Failing => "bad",
        }
    }

    /// What is stopped, where that is not everything.
    pub(super) fn stopped_things(&self) -> String {
        let Stopped {
            buffers,
            destinations,
            ..
        } = &self.stopped;
        let all: Vec<&str> = buffers
            .iter()
            .chain(destinations)
            .map(String::as_str)
            .collect();
        all.join(", ")
    }

    /// Destinations that do not take what they are sent.
    pub(super) fn failing(&self) -> u64 {
        self.destinations.down + self.destinations.failing
    }
}

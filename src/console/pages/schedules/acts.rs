//! What can be done to a schedule: run it now, switch it off and on, remove it.

use axum::extract::{Form, Path};
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use super::answers::Schedule;
use super::{API, PATH};
use crate::console::acts::{Act, done};
use crate::console::asking::{Asking, Call};
use crate::console::shell::Shell;
use crate::console::spelling::segment;
use crate::console::visit::Visit;

/// What can be done to a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum OfSchedule {
    /// Have it run now.
    Run,
    /// Switch it on.
    On,
    /// Switch it off.
    Off,
    /// Remove it.
    Remove,
}

#[derive(Deserialize)]
pub(super) struct Back {
    back: String,
}

impl OfSchedule {
    fn word(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::On => "on",
            Self::Off => "off",
            Self::Remove => "remove",
        }
    }

    /// The word of what was done.
    fn done(self) -> &'static str {
        match self {
            Self::Run => "schedule_run",
            Self::On => "schedule_on",
            Self::Off => "schedule_off",
            Self::Remove => "schedule_removed",
        }
    }

    fn call(self, name: &str) -> Call {
        let path = format!("{API}/{}", segment(name));
        // Only what is named is changed. A toggle would do the opposite where somebody else was faster.
        let active = |active: bool| Call::put(path.clone(), json!({ "active": active }));
        match self {
            Self::Run => Call::post(format!("{path}/run"), None),
            Self::On => active(true),
            Self::Off => active(false),
            Self::Remove => Call::delete(path),
        }
    }

    fn button(self, ask: &Asking, name: &str, label: &str, sure: Option<&str>) -> Act {
        Act {
            action: format!("{PATH}/{}/{}", segment(name), self.word()),
            label: label.to_owned(),
            icon: match self {
                Self::Run => "sent",
                Self::On => "start",
                Self::Off => "stop",
                Self::Remove => "trash",
            },
            sure: sure.map(str::to_owned),
            harms: matches!(self, Self::Off | Self::Remove),
            key: match self {
                Self::Run => "r",
                Self::On | Self::Off => "p",
                Self::Remove => "",
            },
            curl: self.call(name).curl(&ask.origin()),
            fields: Vec::new(),
        }
    }
}

/// The buttons, that which removes it last.
pub(super) fn buttons(ask: &Asking, shell: &Shell, it: &Schedule) -> [Act; 3] {
    let words = &shell.words.schedules;
    let switch = if it.active {
        let sure = Some(words.switch_off_sure.as_str());
        OfSchedule::Off.button(ask, &it.name, &words.switch_off, sure)
    } else {
        OfSchedule::On.button(ask, &it.name, &words.switch_on, None)
    };
    [
        OfSchedule::Run.button(ask, &it.name, &words.run, Some(&words.run_sure)),
        switch,
        OfSchedule::Remove.button(ask, &it.name, &words.remove, Some(&words.remove_sure)),
    ]
}

pub(super) async fn acted(
    Path((name, act)): Path<(String, OfSchedule)>,
    visit: Visit,
    Form(Back { back }): Form<Back>,
) -> Response {
    // What is gone has no page to come back to.
    let back = if act == OfSchedule::Remove {
        PATH
    } else {
        &back
    };
    done(visit, &act.call(&name), act.done(), back).await
}

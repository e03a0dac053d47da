//! Calls that are made at certain times.

use serde_json::json;

use super::operation::Op;
use super::tags::Tag;
use super::taking::ENTRY;
use crate::http::query::ListQuery;
use crate::spec::ScheduleSpec;
use crate::spec::schema::{New, Put};
use crate::wire::history::HistoryAnswer;
use crate::wire::schedule::{RemovedSchedule, RunNow, ShownSchedule};

pub(super) fn operations() -> Vec<Op> {
    vec![
        list(),
        create(),
        show(),
        put(),
        remove(),
        toggle(),
        run(),
        runs(),
    ]
}

fn list() -> Op {
    Op::get(Tag::Schedules, "/api/schedules")
        .says(
            "List schedules",
            "A bare list, as clients of the service Buffer know it.",
        )
        .answers_list::<ShownSchedule>("All schedules.")
}

fn create() -> Op {
    Op::post(Tag::Schedules, "/api/schedules")
        .says(
            "Create a schedule",
            "What is left out has its default. `name` may be any words: the name is made of them, and they become the description. `cron_expression` stands for `cron`, `is_active` and `enabled` for `active`. An unknown field is refused.",
        )
        .body::<New<ScheduleSpec>>(&json!({
            "name": "morning", "cron": "30 8 * * 1-5", "timezone": "America/Sao_Paulo",
            "url": "http://127.0.0.1:9/webhook/morning", "body": { "run": "{{ due }}" }, "catch_up": "once",
        }))
        .any_field()
        .answers::<ShownSchedule>(201, "The schedule; `Location` names it.")
        .refusing(&[409])
}

fn show() -> Op {
    Op::get(Tag::Schedules, "/api/schedules/{name}")
        .says(
            "Show a schedule",
            "Secrets and the values of headers are masked.",
        )
        .answers::<ShownSchedule>(200, "The schedule.")
        .refusing(&[404])
}

fn put() -> Op {
    Op::put(Tag::Schedules, "/api/schedules/{name}")
        .says(
            "Write a schedule",
            "Creates or replaces it whole. Without `cron` only what is there is changed, as clients of the service Buffer do. `name` may be repeated in the body, and must not contradict the path.",
        )
        .body::<Put<ScheduleSpec>>(&json!({
            "cron": "0 9 * * *", "timezone": "America/Sao_Paulo", "url": "http://127.0.0.1:9/webhook/morning",
        }))
        .any_field()
        .answers::<ShownSchedule>(200, "The schedule.")
        .refusing(&[404, 409])
}

fn remove() -> Op {
    Op::delete(Tag::Schedules, "/api/schedules/{name}")
        .says("Remove a schedule", "Runs that wait are dropped.")
        .answers::<RemovedSchedule>(200, "It is gone.")
        .refusing(&[404, 409])
}

fn toggle() -> Op {
    Op::post(Tag::Schedules, "/api/schedules/{name}/toggle")
        .says(
            "Switch a schedule",
            "Off where it is on, and on where it is off.",
        )
        .answers::<ShownSchedule>(200, "The schedule.")
        .refusing(&[404, 409])
}

fn run() -> Op {
    Op::post(Tag::Schedules, "/api/schedules/{name}/run")
        .says(
            "Have a schedule run now",
            "Beside its times, whether or not it is active.",
        )
        .answers::<RunNow<'_>>(202, "It is on its way.")
        .refusing(&[404])
}

fn runs() -> Op {
    Op::get(Tag::Schedules, "/api/schedules/{name}/runs")
        .says("List the runs of a schedule", "The newest first.")
        .query::<ListQuery>(&["limit", "cursor", "from", "to"])
        .matching(&["cursor"], ENTRY)
        .answers_page::<HistoryAnswer>("A page of runs.")
        .refusing(&[404])
}

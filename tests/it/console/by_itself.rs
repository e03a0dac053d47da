//! What leaves by itself, as pages: schedules, messages for later, and the message queue.

use serde_json::json;

use super::browser::Browser;
use super::reading::{answers, lacks, version};
use crate::support::daemon::SUITE_KEY;
use crate::support::system::System;
use crate::support::{Daemon, TestRedis, eventually};

#[tokio::test]
async fn a_schedule_is_previewed_written_run_switched_and_removed() {
    let mut system = System::with(&[]).await;
    let ana = Browser::with_key(&system.api, SUITE_KEY).await;
    answers(
        &ana.get("/console/schedules").await,
        200,
        &["No schedules."],
    );
    let url = system.default.url();
    let typed = |cron: &'static str, version: &str| {
        vec![
            ("name", "Morning report".to_owned()),
            ("cron", cron.to_owned()),
            ("timezone", "America/Sao_Paulo".to_owned()),
            ("catch_up", "skip".to_owned()),
            ("active", "on".to_owned()),
            ("url", url.clone()),
            ("method", "POST".to_owned()),
            ("body", "{\"for\": {{ due }}}".to_owned()),
            ("version", version.to_owned()),
        ]
    };
    let post = async |path: &str, typed: Vec<(&'static str, String)>| {
        let typed: Vec<_> = typed
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        ana.post(path, &typed).await
    };

    let preview = post("/console/schedules/.preview", typed("30 8 31 12 *", "")).await;
    answers(
        &preview,
        200,
        &[
            "id=\"preview\"",
            "12-31T08:30:00.000-03:00",
            "Morning report",
        ],
    );
    let wrong = post("/console/schedules/.new", typed("61 * * * *", "")).await;
    answers(
        &wrong,
        400,
        &["This expression cannot be used.", "61 * * * *"],
    );
    let made = post("/console/schedules/.new", typed("30 8 31 12 *", "")).await;
    assert_eq!(made.sent_to, "/console/schedules?done=schedule_written&n=0");
    answers(
        &ana.get("/console/schedules").await,
        200,
        &["morning-report", "30 8 31 12 *"],
    );

    let one = "/console/schedules/morning-report";
    let run = ana.post(&format!("{one}/run"), &[("back", one)]).await;
    assert_eq!(run.sent_to, format!("{one}?done=schedule_run&n=0"));
    let id = system.default.call().await.id();
    eventually("the run is told", async || {
        ana.get(one).await.html.contains(&id)
    })
    .await;
    let leo = Browser::of_a_reader(&system.api).await;
    let seen = leo.get(one).await;
    answers(&seen, 200, &["12-31T08:30:00.000-03:00"]);
    lacks(&seen, &["Run now", "/edit"]);

    let edit = format!("{one}/edit");
    let before = version(&ana.get(&edit).await);
    let off = ana.post(&format!("{one}/off"), &[("back", one)]).await;
    assert_eq!(off.sent_to, format!("{one}?done=schedule_off&n=0"));
    answers(
        &ana.get(one).await,
        200,
        &["Switch on", "There is no next time."],
    );
    let behind = post(&edit, typed("0 9 * * *", &before)).await;
    answers(
        &behind,
        409,
        &["Somebody else saved", "Now it says:", "0 9 * * *"],
    );
    let saved = post(&edit, typed("0 9 * * *", &version(&behind))).await;
    assert_eq!(saved.status, 303, "{}", saved.html);
    let gone = ana.post(&format!("{one}/remove"), &[("back", one)]).await;
    assert_eq!(gone.sent_to, "/console/schedules?done=schedule_removed&n=0");
    assert_eq!(ana.get(one).await.status, 404);
}

#[tokio::test]
async fn what_waits_for_its_time_is_narrowed_paged_and_taken_back() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let ana = Browser::with_key(&api, SUITE_KEY).await;
    answers(
        &ana.get("/console/later").await,
        200,
        &["Nothing waits for a set time."],
    );
    for (user, text, delay) in [
        ("5511988887777", "<b>oi</b>", 600),
        ("5521966665555", "later", 1200),
    ] {
        let body = json!({"user": user, "message": text, "delay": delay, "message_id": format!("a/{delay}?")});
        assert_eq!(api.post("/api/message", body).await.0, 200);
    }

    let all = ana.get("/console/later").await;
    answers(
        &all,
        200,
        &[
            "5511988887777",
            "&#60;b&#62;oi",
            "5521966665555",
            "Take back",
            "/console/chats/chat_",
        ],
    );
    lacks(&all, &["<b>oi"]);
    let one = ana
        .post(
            "/console/later",
            &[("user", "5521966665555"), ("buffer", "")],
        )
        .await;
    answers(&one, 200, &["5521966665555"]);
    lacks(&one, &["5511988887777"]);
    answers(
        &ana.get("/console/later?buffer=nix").await,
        200,
        &["Show all"],
    );
    let leo = Browser::of_a_reader(&api).await;
    lacks(&leo.get("/console/later").await, &["Take back"]);

    let of = [
        ("user", "5521966665555"),
        ("buffer", "default"),
        ("back", "/console/later"),
    ];
    let back = ana.post("/console/later/a%2F1200%3F/take-back", &of).await;
    assert_eq!(back.sent_to, "/console/later?done=taken_back&n=0");
    let left = ana.get(&back.sent_to).await;
    answers(&left, 200, &["Taken back", "5511988887777"]);
    lacks(&left, &["5521966665555"]);

    let queue = "/console/later?what=queue";
    answers(&ana.get(queue).await, 200, &["The message queue is empty."]);
    let body = json!({"phone_number": "+5511988887777", "content": "Your <i>order</i>"});
    let (status, made) = api.post("/api/messages", body).await;
    assert_eq!(status, 201, "{made}");
    answers(
        &ana.get(queue).await,
        200,
        &[
            "+5511988887777",
            "&#60;i&#62;order",
            "no. 1 in the queue",
            "1 message in the queue",
        ],
    );
    let id = made["id"].as_str().unwrap();
    let take_back = format!("/console/later/queue/{id}/take-back");
    let back = ana.post(&take_back, &[("back", queue)]).await;
    assert_eq!(back.sent_to, format!("{queue}&done=taken_back&n=0"));
    let left = ana.get(&back.sent_to).await;
    answers(&left, 200, &["Taken back", "The message queue is empty."]);
}

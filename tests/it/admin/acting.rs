//! What is done to deliveries, schedules, and chats.

use lull::admin::{AdminError, Conflict, NoSuch};
use lull::core::chat::Name;
use lull::core::control::Scope;
use lull::core::filter::Filter;
use lull::core::life::Asked;
use lull::core::revival::Wanted;
use lull::ingest::{IngestError, TooManyPaused};
use lull::spec::ScheduleSpec;
use lull::store::config::Kind;
use lull::store::revivals::Counted;

use super::{Desk, bot, conflict, missing, name, user_id};
use crate::support::LONG;

#[tokio::test]
async fn deliveries_are_stopped_and_started_and_only_of_what_is_there() {
    let desk = Desk::open().await;
    let Desk { admin, by, .. } = &desk;
    let scope = Scope::Destination(name("bot"));

    let refused = admin.stop(&scope, by).await;
    assert_eq!(missing(refused), NoSuch::Kind(Kind::Destination));
    desk.write(bot()).await.unwrap();
    let stopped = admin.stop(&scope, by).await.unwrap();
    let drained = desk.remove_bot(Asked::Drain).await;
    assert_eq!(conflict(drained), Conflict::Stopped(name("bot")));
    let started = admin.start(&scope, by).await.unwrap();

    assert!(stopped.holds_to(&name("bot")) && !started.holds_to(&name("bot")));
    assert_eq!(desk.noted().await.len(), 3);
}

#[tokio::test]
async fn a_schedule_is_written_switched_and_removed() {
    let desk = Desk::open().await;
    let Desk { admin, by, .. } = &desk;
    let morning = ScheduleSpec {
        name: "morning".to_owned(),
        cron: "30 8 * * *".to_owned(),
        url: "http://127.0.0.1:9/morning".to_owned(),
        ..ScheduleSpec::default()
    };

    desk.write(morning).await.unwrap();
    let switched = admin.toggle(&name("morning"), by).await.unwrap();
    let shown = admin.schedule(&name("morning")).await.unwrap();
    assert!(!switched.spec.active && !shown.shown.spec.active);
    assert_eq!(shown.upcoming.len(), 5);
    assert_eq!(admin.schedules().await.unwrap().len(), 1);
    assert_eq!(
        admin.remove_schedule(&name("morning"), by).await.unwrap(),
        0
    );
    assert!(admin.schedules().await.unwrap().is_empty());
}

#[tokio::test]
async fn what_nobody_has_said_or_buried_is_told_as_missing() {
    let desk = Desk::open().await;
    let Desk { admin, by, .. } = &desk;
    let chat = admin.chat(Name::default_name(), user_id("ana"));

    assert_eq!(admin.flush(&chat, by).await.unwrap(), None);
    assert_eq!(admin.drop_window(&chat, by).await.unwrap(), 0);
    let nothing = missing(admin.chat_detail(&chat).await);
    assert!(matches!(nothing, NoSuch::Chat { .. }), "{nothing}");
    for id in ["1-0-1", "x", "msg_01a20130c9b370ed8f37a7d00a3ec3f9"] {
        assert_eq!(
            missing(admin.revive(id, by).await),
            NoSuch::DeadLetter,
            "{id}"
        );
        assert_eq!(
            missing(admin.discard(id, by).await),
            NoSuch::DeadLetter,
            "{id}"
        );
    }
    let recalled = admin.recall("x", &Filter::Everybody, by).await;
    assert_eq!(missing(recalled), NoSuch::Scheduled);
    let elsewhere = admin.chat(name("loja"), user_id("ana"));
    let flushed = admin.flush(&elsewhere, by).await;
    assert_eq!(missing(flushed), NoSuch::Kind(Kind::Buffer));
    assert!(desk.noted().await.is_empty(), "nothing was done");
    let revived = admin.revive_all(Wanted::all(), None, by).await.unwrap();
    assert_eq!(revived, Counted::default());
}

#[tokio::test]
async fn a_chat_is_paused_and_resumed_and_no_more_of_them_than_may_be() {
    let desk = Desk::open_with(&[("MAX_PAUSED", "1")]).await;
    let Desk { admin, by, .. } = &desk;
    let [ana, eva] = ["ana", "eva"].map(|user| admin.chat(Name::default_name(), user_id(user)));

    assert_eq!(admin.pause(&ana, LONG, by).await.unwrap(), 0);
    let detail = admin.chat_detail(&ana).await.unwrap();
    assert!(detail.paused.is_some_and(|left| left <= LONG));
    match admin.pause(&eva, LONG, by).await.unwrap_err() {
        AdminError::Ingest(IngestError::TooManyPaused(TooManyPaused::InAll(1))) => {}
        other => panic!("{other:?}"),
    }
    assert!(admin.resume(&ana, by).await.unwrap());
    assert!(!admin.resume(&ana, by).await.unwrap());
    assert_eq!(admin.pause(&eva, LONG, by).await.unwrap(), 0);
    let unknown = admin.known_buffer("loja");
    assert_eq!(missing(unknown), NoSuch::Buffer("loja".to_owned()));

    let words: Vec<_> = desk
        .noted()
        .await
        .into_iter()
        .map(|(word, _)| word)
        .collect();
    assert_eq!(words, ["chat.pause", "chat.resume", "chat.pause"]);
}

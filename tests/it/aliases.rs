//! One person under two names: what is remembered, and when the alias stays the name.

use lull::store::chats::pausing::Pauser;
use std::time::Duration;

use lull::core::batch::BatchId;
use lull::core::chat::Chat;
use lull::core::life::Life;
use lull::core::window::WindowRules;
use lull::gateway::{Group, Party, Person};
use lull::spec::{Buffer, BufferSpec};
use lull::store::Store;
use lull::store::chats::aliases::{Known, REMEMBERED_FOR};
use lull::store::windows::NewMessage;

use crate::support::{LONG, RULES, SHORT, TestRedis, destinations, eventually, item};

const PHONE: &str = "5511988887777";
const ALIAS: &str = "99887766554433@lid";

fn party(line: &str, phone: Option<&str>, alias: Option<&str>) -> Party {
    Party {
        line: Some(line.to_owned()),
        person: Person {
            id: None,
            phone: phone.map(str::to_owned),
            alias: alias.map(str::to_owned),
        },
        group: None,
    }
}

fn both() -> Party {
    party("loja", Some(PHONE), Some(ALIAS))
}

fn alias_only() -> Party {
    party("loja", None, Some(ALIAS))
}

fn default() -> Buffer {
    buffer("default")
}

fn buffer(name: &str) -> Buffer {
    let spec = BufferSpec {
        name: name.to_owned(),
        ..BufferSpec::default()
    };
    spec.check(&WindowRules::default()).unwrap()
}

/// What is known of the person.
async fn known(store: &Store, buffer: &Buffer, party: &Party) -> Known {
    let persons = store.chats().persons(buffer, &[party]).await;
    persons.unwrap().remove(0)
}

/// The name that the person goes by.
async fn name(store: &Store, party: &Party) -> String {
    let known = known(store, &default(), party).await;
    known.as_named().name().to_owned()
}

/// The chat of somebody with that name on the line `loja`.
fn chat(name: &str) -> Chat {
    crate::support::chat(&format!("loja:{name}"))
}

async fn say(store: &Store, name: &str) {
    let said = item("oi");
    let message = NewMessage::plain(&said, LONG);
    store
        .windows()
        .append(&chat(name), message, &RULES, &destinations())
        .await
        .unwrap();
}

/// Makes the alias of Ana one that was last used so long ago.
async fn used(redis: &TestRedis, ago: Duration) {
    let key = &redis.keys("lull:*:aliases").await[0];
    let mut raw = redis.raw().await;
    let (seconds, _): (u64, u64) = redis::cmd("TIME").query_async(&mut raw).await.unwrap();
    let at = (seconds - ago.as_secs()) * 1000;
    redis::cmd("HSET")
        .arg(key)
        .arg(format!("default:loja:{ALIAS}"))
        .arg(format!("{at} {PHONE}"))
        .exec_async(&mut raw)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_number_told_once_is_the_name_from_then_on() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    assert_eq!(name(&store, &alias_only()).await, ALIAS);

    assert_eq!(name(&store, &both()).await, PHONE);

    let later = known(&store, &default(), &alias_only()).await;
    assert_eq!((later.person, later.by_alias), (both().person, false));
}

#[tokio::test]
async fn a_new_number_replaces_the_old_one() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    name(&store, &both()).await;

    let moved = party("loja", Some("5511900000000"), Some(ALIAS));

    assert_eq!(name(&store, &moved).await, "5511900000000");
    assert_eq!(name(&store, &alias_only()).await, "5511900000000");
}

#[tokio::test]
async fn a_number_that_becomes_known_while_a_window_is_open_under_the_alias_does_not_cut_it() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    say(&store, &name(&store, &alias_only()).await).await;

    let learnt = name(&store, &both()).await;
    say(&store, &learnt).await;
    let meanwhile = name(&store, &alias_only()).await;
    let known = known(&store, &default(), &alias_only()).await;
    store
        .windows()
        .flush(&chat(ALIAS), &BatchId::generate(), &destinations())
        .await
        .unwrap();

    assert_eq!([learnt.as_str(), &meanwhile], [ALIAS, ALIAS]);
    // Who answers needs the number, by whatever name the chat goes.
    assert_eq!((known.person, known.by_alias), (both().person, true));
    assert_eq!(name(&store, &both()).await, PHONE);
    assert_eq!(name(&store, &alias_only()).await, PHONE);
}

#[tokio::test]
async fn a_chat_paused_under_the_alias_stays_paused_when_the_number_becomes_known() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    store
        .chats()
        .pause(&chat(ALIAS), Life::ALWAYS, LONG, &Pauser::OwnMessage)
        .await
        .unwrap();

    let during = name(&store, &both()).await;
    store.chats().resume(&chat(ALIAS)).await.unwrap();
    store
        .chats()
        .pause(&chat(ALIAS), Life::ALWAYS, SHORT, &Pauser::OwnMessage)
        .await
        .unwrap();

    assert_eq!(during, ALIAS);
    eventually("the pause is over", async || {
        name(&store, &both()).await == PHONE
    })
    .await;
}

#[tokio::test]
async fn two_lines_and_two_buffers_never_mix() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let other_buffer = buffer("other");
    name(&store, &both()).await;

    let other_line = name(&store, &party("filial", None, Some(ALIAS))).await;
    let no_line = Party {
        line: None,
        ..alias_only()
    };
    let of_other_buffer = known(&store, &other_buffer, &alias_only()).await;

    assert_eq!(other_line, ALIAS);
    assert_eq!(name(&store, &no_line).await, ALIAS);
    assert_eq!(of_other_buffer.as_named().name(), ALIAS);
    assert_eq!(of_other_buffer.person, alias_only().person);
}

#[tokio::test]
async fn redis_is_not_asked_about_somebody_with_one_name() {
    let mut redis = TestRedis::start().await;
    let store = redis.store().await;
    let mut of_conversation = both();
    of_conversation.person.id = Some("c-7".to_owned());
    redis.kill();

    assert_eq!(name(&store, &party("loja", Some(PHONE), None)).await, PHONE);
    assert_eq!(name(&store, &of_conversation).await, "c-7");
    assert!(
        store
            .chats()
            .persons(&default(), &[&alias_only()])
            .await
            .is_err()
    );
}

#[tokio::test]
async fn an_alias_too_long_for_a_chat_is_not_remembered() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let long = "9".repeat(600);

    let with_number = name(&store, &party("loja", Some(PHONE), Some(&long))).await;
    let alone = name(&store, &party("loja", None, Some(&long))).await;

    assert_eq!((with_number.as_str(), alone), (PHONE, long));
    assert!(redis.chat_keys().await.is_empty());
}

#[tokio::test]
async fn an_alias_that_nobody_uses_is_forgotten() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    name(&store, &both()).await;
    assert_eq!(
        store.chats().forget_people(REMEMBERED_FOR).await.unwrap(),
        0
    );
    used(&redis, REMEMBERED_FOR + Duration::from_secs(1)).await;

    assert_eq!(
        store.chats().forget_people(REMEMBERED_FOR).await.unwrap(),
        1
    );

    assert_eq!(name(&store, &alias_only()).await, ALIAS);
}

#[tokio::test]
async fn an_alias_that_is_used_is_remembered() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    name(&store, &both()).await;
    used(&redis, REMEMBERED_FOR + Duration::from_secs(1)).await;

    name(&store, &alias_only()).await;

    assert_eq!(
        store.chats().forget_people(REMEMBERED_FOR).await.unwrap(),
        0
    );
    assert_eq!(name(&store, &alias_only()).await, PHONE);
}

#[tokio::test]
async fn many_aliases_are_forgotten_step_by_step() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let mut raw = redis.raw().await;
    let mut old = redis::cmd("HSET");
    old.arg("lull:{07}:aliases");
    for number in 0..3000 {
        old.arg(format!("default:loja:{number}@lid")).arg("1 5511");
    }
    old.exec_async(&mut raw).await.unwrap();

    assert_eq!(
        store.chats().forget_people(REMEMBERED_FOR).await.unwrap(),
        3000
    );

    assert!(redis.chat_keys().await.is_empty());
}

#[tokio::test]
async fn in_a_group_the_alias_is_one_of_the_group_only_where_everybody_has_a_chat_there() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let in_group = |party: Party, by_sender| Party {
        group: Some(Group {
            id: "1203@g.us".to_owned(),
            by_sender,
        }),
        ..party
    };
    name(&store, &both()).await;

    let whole = known(&store, &default(), &in_group(alias_only(), false)).await;
    let before = known(&store, &default(), &in_group(alias_only(), true)).await;
    known(&store, &default(), &in_group(both(), true)).await;
    let after = known(&store, &default(), &in_group(alias_only(), true)).await;

    assert_eq!(whole.person, both().person);
    assert_eq!((before.person.phone, before.by_alias), (None, true));
    assert_eq!(after.person, both().person);
}

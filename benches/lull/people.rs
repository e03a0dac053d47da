//! People: how long a search by a number takes among very many chats, in each way of writing it, and the story of one.

use std::time::Duration;

use anyhow::Result;
use futures_util::{StreamExt, TryStreamExt, stream};
use lull::core::chat::{Chat, ChatId, Name};
use lull::core::window::WindowRules;
use lull::store::Store;
use lull::store::windows::NewMessage;
use serde::Serialize;

use crate::asking::{self, Asker};
use crate::daemon::Daemon;
use crate::message;
use crate::redis_server::RedisServer;
use crate::report::{Expectation, Section};
use crate::stats::Quantiles;

/// None falls due while it is measured; each is dropped again, so that only who was heard from is left.
const LONG: Duration = Duration::from_secs(3600);
const MESSAGE_BYTES: usize = 50;
const AT_A_TIME: usize = 128;
/// Numbers that are looked for in each way of writing.
const LOOKS: u64 = 50;

/// A way of writing a Brazilian number out of its area and its subscriber.
type Writing = fn(&str, &str) -> String;

/// Twelve of them.
const WRITINGS: [(&str, Writing); 12] = [
    ("5511988887777", |area, number| format!("55{area}9{number}")),
    ("+55 11 98888-7777", |area, number| {
        format!("+55 {area} 9{}", dashed(number))
    }),
    ("+55 (11) 98888-7777", |area, number| {
        format!("+55 ({area}) 9{}", dashed(number))
    }),
    ("11988887777", |area, number| format!("{area}9{number}")),
    ("(11) 8888-7777", |area, number| {
        format!("({area}) {}", dashed(number))
    }),
    ("551188887777", |area, number| format!("55{area}{number}")),
    ("005511988887777", |area, number| {
        format!("0055{area}9{number}")
    }),
    ("011 98888-7777", |area, number| {
        format!("0{area} 9{}", dashed(number))
    }),
    ("98888-7777", |_, number| format!("9{}", dashed(number))),
    ("88887777", |_, number| number.to_owned()),
    ("whatsapp:+5511988887777", |area, number| {
        format!("whatsapp:+55{area}9{number}")
    }),
    ("5511988887777@s.whatsapp.net", |area, number| {
        format!("55{area}9{number}@s.whatsapp.net")
    }),
];

#[derive(Debug, Serialize)]
struct Found {
    written: &'static str,
    found: u64,
    of: u64,
    took: Quantiles,
}

/// Measures it.
pub(crate) async fn measure(quick: bool) -> Result<Section> {
    let chats: u64 = if quick { 1000 } else { 1_000_000 };
    let redis = RedisServer::start(&[]).await?;
    let store = redis.store().await?;
    let before = redis.used_memory().await?;
    know(&store, chats, chat).await?;
    let bytes = (redis.used_memory().await? - before) as f64 / chats as f64;
    let settings = [("API_KEYS", asking::KEYS)];
    let (_api, port) = Daemon::api(redis.url(), redis.folder(), &settings).await?;
    let asker = Asker::of(port);
    let mut found = Vec::new();
    for (written, writing) in WRITINGS {
        found.push(look(&asker, chats, written, writing).await?);
    }
    let worst = found.iter().map(|it| it.took.p99_ms).fold(0.0, f64::max);
    let missed: u64 = found.iter().map(|it| it.of - it.found).sum();
    Ok(Section {
        name: "people",
        title: format!("People: a search by number among {chats} chats"),
        rows: rows(&found),
        notes: vec![format!(
            "A chat that is known takes {bytes:.0} bytes of Redis."
        )],
        expectations: vec![
            Expectation::under("p99 of the slowest way of writing", 300.0, worst, "ms"),
            Expectation::under("numbers that were not found", 1.0, missed as f64, ""),
        ],
        data: serde_json::json!({ "chats": chats, "bytes_per_chat": bytes, "searches": found }),
    })
}

fn rows(found: &[Found]) -> Vec<Vec<String>> {
    let head = ["written", "found", "of", "p50 ms", "p99 ms", "max ms"];
    let mut rows = vec![head.map(str::to_owned).into()];
    for Found {
        written,
        found,
        of,
        took,
    } in found
    {
        let times = [took.p50_ms, took.p99_ms, took.max_ms].map(|ms| format!("{ms:.2}"));
        let mut cells = vec![(*written).to_owned(), found.to_string(), of.to_string()];
        cells.extend(times);
        rows.push(cells);
    }
    rows
}

fn dashed(number: &str) -> String {
    let (first, last) = number.split_at(4);
    format!("{first}-{last}")
}

/// Area and subscriber of the number of a chat; no two are alike.
fn parts(number: u64) -> (String, String) {
    let area = 11 + number % 80;
    // Far apart, as real ones are, and each its own: the factor has no divisor in common with 10^8.
    let subscriber = number * 48_271 % 100_000_000;
    (area.to_string(), format!("{subscriber:08}"))
}

fn chat(number: u64) -> Result<Chat> {
    let (area, subscriber) = parts(number);
    let id = ChatId::parse(&format!("loja:55{area}9{subscriber}"))?;
    Ok(Chat::new(Name::default_name(), id))
}

/// Lets so many chats be heard from, in windows that are dropped; `chat` tells which has that number.
pub(crate) async fn know(
    store: &Store,
    chats: u64,
    chat: impl Fn(u64) -> Result<Chat>,
) -> Result<()> {
    let item = message::plain_item(MESSAGE_BYTES)?;
    let rules = WindowRules::default();
    let work = (0..chats).map(|number| {
        let (item, rules, chat) = (&item, &rules, chat(number));
        async move {
            let chat = chat?;
            let mut message = NewMessage::plain(item, LONG);
            message.name = Some("Ana Maria");
            store.windows().append(&chat, message, rules, &[]).await?;
            store.windows().cancel(&chat).await?;
            anyhow::Ok(())
        }
    });
    stream::iter(work)
        .buffer_unordered(AT_A_TIME)
        .try_collect()
        .await
}

async fn look(asker: &Asker, chats: u64, written: &'static str, writing: Writing) -> Result<Found> {
    let (mut times, mut hits) = (Vec::new(), 0);
    for turn in 0..LOOKS {
        let number = turn * 7919 % chats;
        let (area, subscriber) = parts(number);
        let query = [("q", writing(&area, &subscriber))];
        let (took, answer) = asker.get("/api/find", &query).await?;
        times.push(took.as_secs_f64());
        let wanted = chat(number)?;
        hits += u64::from(answer["people"][0]["chats"][0]["user"] == wanted.id.as_str());
    }
    Ok(Found {
        written,
        found: hits,
        of: LOOKS,
        took: Quantiles::of(times.into_iter()),
    })
}

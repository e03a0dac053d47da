//! Memory: what an open chat and a message id take in Redis, and what the daemons take.

use std::time::Duration;

use anyhow::Result;
use futures_util::{StreamExt, TryStreamExt, stream};
use lull::core::chat::Name;
use lull::spec::DestinationSpec;
use lull::store::config::{Kind, Mode};
use serde::Serialize;

use crate::append;
use crate::course::{Course, Tally};
use crate::daemon::{Daemon, Memory};
use crate::helper::Job;
use crate::load::{Load, Post};
use crate::message;
use crate::receiver;
use crate::redis_server::RedisServer;
use crate::report::{Expectation, Section, row};

const MESSAGE_BYTES: usize = 500;
/// None falls due while Redis is measured.
const LONG: Duration = Duration::from_secs(3600);
/// Redis takes a moment to let go of the buffers of a connection that has ended.
const SETTLING: Duration = Duration::from_millis(500);
const CLIENTS: usize = 64;
/// Ids on their way to Redis.
const AT_ONCE: usize = 256;
/// By then the sweep of each destination has found nothing, and is seldom awake.
const SWEEPING: Duration = Duration::from_secs(15);

#[derive(Debug, Serialize)]
struct Measured {
    redis_bytes_per_chat: Vec<(u64, f64)>,
    /// The same of a message id that counts as seen.
    redis_bytes_per_id: Vec<(u64, f64)>,
    daemons: Vec<Stage>,
    /// How much more a monitor needs for so many destinations than for one.
    destinations: Vec<Beside>,
}

/// What destinations cost a monitor.
#[derive(Debug, Serialize)]
struct Beside {
    what: String,
    mib: f64,
}

/// The daemons at one moment.
#[derive(Debug, Serialize)]
struct Stage {
    when: String,
    api: Memory,
    monitor: Memory,
}

/// Measures it.
pub(crate) async fn measure(quick: bool) -> Result<Section> {
    let (chats, counts, ids) = if quick {
        (500, [100, 500], vec![2_000])
    } else {
        (10_000, [10_000, 100_000], vec![100_000, 300_000])
    };
    let measured = Measured {
        redis_bytes_per_chat: bytes_per_chat(&counts).await?,
        redis_bytes_per_id: bytes_per_id(&ids).await?,
        daemons: daemons(chats, if quick { 1.0 } else { 6.0 }).await?,
        destinations: destinations(if quick { 50 } else { 2000 }).await?,
    };
    let per_chat = measured.redis_bytes_per_chat.iter();
    let mut expectations: Vec<_> = per_chat
        .map(|&(count, bytes)| {
            let what = format!("Redis per open chat with one 500-byte message, {count} chats");
            Expectation::under(what, 1.5, bytes / 1024.0, "KiB")
        })
        .collect();
    for &(count, bytes) in &measured.redis_bytes_per_id {
        let what = format!("Redis per message id that counts as seen, {count} ids");
        expectations.push(Expectation::under(what, 70.0, bytes, "bytes"));
    }
    for Stage { when, api, monitor } in measured.daemons.iter().skip(1) {
        for (name, memory) in [("api", api), ("monitor", monitor)] {
            let what = format!("{name} at its peak, {when}");
            expectations.push(Expectation::under(what, 30.0, memory.peak_mib, "MiB"));
        }
    }
    for Beside { what, mib } in &measured.destinations {
        let what = format!("monitor with {what}, beside one");
        expectations.push(Expectation::under(what, 40.0, *mib, "MiB"));
    }
    Ok(Section {
        name: "memory",
        title: "Memory".to_owned(),
        rows: rows(&measured),
        notes: Vec::new(),
        expectations,
        data: serde_json::to_value(&measured)?,
    })
}

fn rows(measured: &Measured) -> Vec<Vec<String>> {
    let head = ["", "api RSS MiB", "peak", "monitor RSS MiB", "peak"];
    let mut rows = vec![head.map(str::to_owned).into()];
    for Stage { when, api, monitor } in &measured.daemons {
        let mut cells = vec![when.clone()];
        let mib = [api.rss_mib, api.peak_mib, monitor.rss_mib, monitor.peak_mib];
        cells.extend(mib.map(|mib| format!("{mib:.1}")));
        rows.push(cells);
    }
    for Beside { what, mib } in &measured.destinations {
        rows.push(row([&format!(
            "monitor with {what}: {mib:.1} MiB more than with one"
        )]));
    }
    for (count, bytes) in &measured.redis_bytes_per_chat {
        rows.push(row([&format!(
            "Redis: {bytes:.0} bytes per chat at {count} open chats"
        )]));
    }
    for (count, bytes) in &measured.redis_bytes_per_id {
        rows.push(row([&format!(
            "Redis: {bytes:.1} bytes per message id that counts as seen, at {count} ids"
        )]));
    }
    rows
}

async fn bytes_per_chat(counts: &[u64]) -> Result<Vec<(u64, f64)>> {
    let redis = RedisServer::start(&[]).await?;
    // Scripts are loaded once, and do not belong to any chat.
    drop(redis.store().await?);
    tokio::time::sleep(SETTLING).await;
    let empty = redis.used_memory().await?;
    let (mut open, mut found) = (0, Vec::new());
    for &count in counts {
        let item = message::plain_item(MESSAGE_BYTES)?;
        append::open_windows(&redis.store().await?, open..count, item, |_| LONG).await?;
        open = count;
        tokio::time::sleep(SETTLING).await;
        let used = redis.used_memory().await? - empty;
        found.push((count, used as f64 / count as f64));
    }
    Ok(found)
}

/// What Redis needs for each id that is noted, at these numbers of them.
async fn bytes_per_id(counts: &[u64]) -> Result<Vec<(u64, f64)>> {
    let redis = RedisServer::start(&[]).await?;
    let store = redis.store().await?;
    store.look_for_older_ids().await?;
    tokio::time::sleep(SETTLING).await;
    let empty = redis.used_memory().await?;
    let (mut noted, mut found) = (0, Vec::new());
    for &count in counts {
        stream::iter(noted..count)
            .map(|number| {
                let store = store.clone();
                async move {
                    let chat = message::chat(number)?;
                    let noted = store
                        .windows()
                        .note_taken_back(&chat, "3EB0A1B2C3D4E5F60718");
                    anyhow::Ok(noted.await?)
                }
            })
            .buffer_unordered(AT_ONCE)
            .try_for_each(async |()| Ok(()))
            .await?;
        noted = count;
        tokio::time::sleep(SETTLING).await;
        let used = redis.used_memory().await? - empty;
        found.push((count, used as f64 / count as f64));
    }
    Ok(found)
}

/// Lets a monitor run with one destination, with `count`, with `count` that have one template, and with `count` of which
/// each has a template of its own.
async fn destinations(count: usize) -> Result<Vec<Beside>> {
    let one = resident_with(0, |_| None).await?;
    let plain = resident_with(count, |_| None).await? - one;
    let template =
        |bot| format!(r#"{{"bot": {bot}, "chat": {{{{ user }}}}, "text": {{{{ text }}}}}}"#);
    let equal = resident_with(count, |_| Some(template(0))).await? - one;
    let own = resident_with(count, |number| Some(template(number))).await? - one;
    let beside = |what: &str, mib| Beside {
        what: format!("{count} {what}"),
        mib,
    };
    Ok(vec![
        beside("destinations", plain),
        beside("destinations with equal templates", equal),
        beside("destinations with templates of their own", own),
    ])
}

/// What a monitor needs with so many destinations beside the one of its environment, MiB.
async fn resident_with(count: usize, template: impl Fn(usize) -> Option<String>) -> Result<f64> {
    let redis = RedisServer::start(&[]).await?;
    let store = redis.store().await?;
    for number in 0..count {
        let spec = DestinationSpec {
            name: format!("d{number}"),
            url: format!("http://host{number}.example/hook"),
            template: template(number),
            ..DestinationSpec::default()
        };
        let name = Name::parse(&spec.name)?;
        store
            .config()
            .write(Kind::Destination, &name, &spec, Mode::Any, None, None)
            .await?;
    }
    // Nobody calls anything: any port will do.
    let (monitor, _) = Daemon::monitor(redis.url(), 9, redis.folder()).await?;
    tokio::time::sleep(SWEEPING).await;
    Ok(monitor.memory()?.rss_mib)
}

/// Posts one message in each of `chats`, and has them delivered.
async fn daemons(chats: u64, ttl: f64) -> Result<Vec<Stage>> {
    let redis = RedisServer::start(&[]).await?;
    let mut receiver = Job::Receiver.serving().await?;
    let (monitor, _) = Daemon::monitor(redis.url(), receiver.port(), redis.folder()).await?;
    let (api, port) = Daemon::api(redis.url(), redis.folder(), &[]).await?;
    let stage = |when: String| {
        anyhow::Ok(Stage {
            when,
            api: api.memory()?,
            monitor: monitor.memory()?,
        })
    };
    let mut stages = vec![stage("just started".to_owned())?];
    let load = Load {
        port,
        course: Course::of_requests(CLIENTS, chats),
        chats,
        post: Post::Plain(ttl),
    };
    Job::Load(load).done::<Tally>().await?;
    stages.push(stage(format!("{chats} windows open"))?);
    let patience = Duration::from_secs_f64(ttl) + Duration::from_secs(20);
    receiver::wait_for(&mut receiver, usize::try_from(chats)?, patience).await?;
    tokio::time::sleep(SETTLING).await;
    stages.push(stage("all delivered".to_owned())?);
    Ok(stages)
}

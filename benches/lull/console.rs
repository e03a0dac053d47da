//! The console: what its first page weighs, what those who keep it open cost api, and what they cost those who post.

mod first_load;
pub(crate) mod viewers;

use std::time::Duration;

use anyhow::Result;
use serde::Serialize;
use tokio::time::sleep;

use self::first_load::FirstLoad;
use self::viewers::Viewers;
use crate::append;
use crate::asking;
use crate::beside::{self, Beside};
use crate::daemon::Daemon;
use crate::helper::Job;
use crate::message;
use crate::redis_server::RedisServer;
use crate::report::{Expectation, Section, row};

/// None falls due while it is measured.
const LONG: Duration = Duration::from_secs(3600);
const KIB: f64 = 1024.0;

#[derive(Serialize)]
struct Measured {
    first_load: FirstLoad,
    windows: u64,
    viewers: usize,
    /// Of a core, by api, while nobody looks.
    alone_percent: f64,
    /// The same while they do.
    viewed_percent: f64,
    beside: Beside,
}

/// Measures it.
pub(crate) async fn measure(quick: bool) -> Result<Section> {
    let (windows, viewers, course) = if quick {
        (500, 3, Duration::from_millis(500))
    } else {
        (100_000, 20, Duration::from_secs(20))
    };
    let redis = RedisServer::start(&[]).await?;
    let item = message::item()?;
    append::open_windows(&redis.store().await?, 0..windows, item, |_| LONG).await?;
    let settings = [("API_KEYS", asking::KEYS)];
    let (api, port) = Daemon::api(redis.url(), redis.folder(), &settings).await?;
    let first_load = first_load::measure(port).await?;
    let spent = async || {
        let before = api.cpu_seconds()?;
        sleep(course).await;
        anyhow::Ok((api.cpu_seconds()? - before) / course.as_secs_f64() * 100.0)
    };
    let alone_percent = spent().await?;
    let count = viewers;
    let job = Job::Viewers(Viewers { port, count }).serving().await?;
    let viewed_percent = spent().await?;
    drop(job);
    drop(api);
    let beside =
        beside::measure(quick, |port, count| Job::Viewers(Viewers { port, count })).await?;
    let measured = Measured {
        first_load,
        windows,
        viewers,
        alone_percent,
        viewed_percent,
        beside,
    };
    Ok(Section {
        name: "console",
        title: format!(
            "Console: its first page, and {viewers} who keep it open beside {windows} windows"
        ),
        rows: rows(&measured),
        notes: notes(&measured),
        expectations: expectations(&measured),
        data: serde_json::to_value(&measured)?,
    })
}

impl Measured {
    /// What those who look cost, of a core.
    fn viewers_percent(&self) -> f64 {
        self.viewed_percent - self.alone_percent
    }
}

fn expectations(measured: &Measured) -> Vec<Expectation> {
    let viewers = measured.viewers;
    let beside = &measured.beside;
    vec![
        Expectation::under(
            "first load over the wire",
            60.0,
            measured.first_load.bytes() / KIB,
            "KiB",
        ),
        Expectation::under(
            format!("api for {viewers} who look, of a core"),
            1.0,
            measured.viewers_percent(),
            "%",
        ),
        Expectation::under(
            format!("posts lost beside {} who look", beside.count),
            2.0,
            beside.lost_percent,
            "%",
        ),
    ]
}

fn rows(measured: &Measured) -> Vec<Vec<String>> {
    let mut rows = vec![row([&"first load", &"KiB over the wire"])];
    rows.extend(
        measured
            .first_load
            .parts
            .iter()
            .map(|part| row([&part.what, &format!("{:.1}", part.bytes / KIB)])),
    );
    rows.push(Vec::new());
    rows.push(row([&"who looks", &"api, % of a core"]));
    rows.push(row([&"nobody", &format!("{:.2}", measured.alone_percent)]));
    rows.push(row([
        &measured.viewers,
        &format!("{:.2}", measured.viewed_percent),
    ]));
    rows.push(Vec::new());
    rows.push(row([&"ingest", &"posts/s", &"CPU s of api per 100,000"]));
    let beside = &measured.beside;
    for (name, turns) in [
        ("nobody looks".to_owned(), &beside.alone),
        (format!("{} look", beside.count), &beside.watched),
    ] {
        rows.push(row([
            &name,
            &format!("{:.0}", beside::rate(turns)),
            &format!("{:.2}", beside::cpu(turns)),
        ]));
    }
    rows
}

fn notes(measured: &Measured) -> Vec<String> {
    let beside = &measured.beside;
    vec![format!(
        "Each of them reads what is shown of now every 2 s, and listens to what happens. Beside them {:.2} of the posts are \
         taken, the median of {} pairs.",
        1.0 - beside.lost_percent / 100.0,
        beside.alone.len(),
    )]
}

//! Watching: what the daemons spend while nothing happens, what listeners cost those who post, and how long the story of a
//! chat takes among very many rows of others.

mod idle;
pub(crate) mod listeners;
mod past;
mod story;

use anyhow::Result;
use serde::Serialize;

use self::idle::Idle;
use self::listeners::Listeners;
use self::story::Stories;
use crate::beside::{self, Beside};
use crate::helper::Job;
use crate::report::{Expectation, Section, row};

#[derive(Serialize)]
struct Measured {
    idle: Vec<Idle>,
    listeners: Beside,
    story: Stories,
}

/// Measures it.
pub(crate) async fn measure(quick: bool) -> Result<Section> {
    let measured = Measured {
        idle: idle::measure(quick).await?,
        listeners: beside::measure(quick, |port, count| {
            Job::Listeners(Listeners { port, count })
        })
        .await?,
        story: story::measure(quick).await?,
    };
    Ok(Section {
        name: "watching",
        title: "Watching: with nothing to do, beside listeners, and the story of a chat".to_owned(),
        rows: rows(&measured),
        notes: notes(&measured),
        expectations: vec![
            Expectation::under(
                format!("posts lost beside {} listeners", measured.listeners.count),
                2.0,
                measured.listeners.lost_percent,
                "%",
            ),
            Expectation::under(
                "p99 of a page of a story",
                300.0,
                measured.story.slowest_page_ms(),
                "ms",
            ),
        ],
        data: serde_json::to_value(&measured)?,
    })
}

fn rows(measured: &Measured) -> Vec<Vec<String>> {
    let mut rows = vec![row([
        &"nothing to do: ms of CPU a second",
        &"monitor",
        &"redis",
    ])];
    rows.extend(measured.idle.iter().map(|it| {
        row([
            &format!("destinations: {}", it.destinations),
            &format!("{:.2}", it.monitor_ms),
            &format!("{:.2}", it.redis_ms),
        ])
    }));
    rows.push(Vec::new());
    let listened = &measured.listeners;
    rows.push(row([&"ingest", &"posts/s", &"CPU s of api per 100,000"]));
    for (name, turns) in [
        ("nobody listens".to_owned(), &listened.alone),
        (format!("{} listen", listened.count), &listened.watched),
    ] {
        rows.push(row([
            &name,
            &format!("{:.0}", beside::rate(turns)),
            &format!("{:.2}", beside::cpu(turns)),
        ]));
    }
    rows.push(Vec::new());
    rows.push(row([&"read", &"p50 ms", &"p99 ms", &"max ms"]));
    rows.extend(measured.story.reads.iter().map(|read| {
        let took = read.took;
        row([
            &read.what,
            &format!("{:.2}", took.p50_ms),
            &format!("{:.2}", took.p99_ms),
            &format!("{:.2}", took.max_ms),
        ])
    }));
    rows
}

fn notes(measured: &Measured) -> Vec<String> {
    let (listened, story) = (&measured.listeners, &measured.story);
    vec![
        format!(
            "Beside listeners {:.2} of the posts are taken, the median of {} pairs; each listener heard at least {:.1} tries \
             a second.",
            1.0 - listened.lost_percent / 100.0,
            listened.alone.len(),
            listened.seen_per_second,
        ),
        format!(
            "The story of {} entries stands among {} messages and {} calls of {} chats, and is {} pages.",
            story.entries, story.messages, story.calls, story.chats, story.pages,
        ),
    ]
}

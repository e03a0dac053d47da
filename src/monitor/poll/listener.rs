//! The listener: hears timers expire. It only permits on what it hears and never waits for work; what it cannot permit on
//! or does not hear, the sweep finds.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::sync::mpsc;
use tracing::{error, info, warn};

use crate::core::chat::Chat;
use crate::monitor::Monitor;
use crate::panics;
use crate::store::Result;
use crate::store::events::{Event, EventMode, Events};
use crate::telemetry::labels::FoundBy;

/// Chats heard of and not yet looked at.
const HEARD: usize = 4096;
/// Windows closed at a time.
const CLOSING: usize = 64;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Listens, and closes what it hears of, until told to stop.
pub(in crate::monitor) async fn run(monitor: Arc<Monitor>) {
    let (heard, chats) = mpsc::channel(HEARD);
    let closing = stream::unfold(chats, async |mut chats: mpsc::Receiver<Chat>| {
        Some((chats.recv().await?, chats))
    })
    .for_each_concurrent(CLOSING, |chat| async {
        let hash = chat.hash();
        // By an event nothing is leased: see the closer. One that fails must not take the others with it.
        if let Err(panic) = panics::caught(monitor.close(chat, FoundBy::Event)).await {
            error!(chat = %hash, "Could not close a window, the sweep will; please report it: {panic}");
        }
    });
    tokio::select! {
        () = monitor.stop.cancelled() => {}
        () = closing => {}
        () = listen(&monitor, heard) => {}
    }
}

async fn listen(monitor: &Monitor, heard: mpsc::Sender<Chat>) {
    let mut pause = FIRST_PAUSE;
    let mut said = None;
    loop {
        match subscribe(monitor).await {
            Ok((mut events, mode)) => {
                pause = FIRST_PAUSE;
                if said.replace(mode) != Some(mode) {
                    say(mode);
                }
                // Whatever was announced while nobody listened.
                monitor.look_again();
                while let Some(event) = events.next().await {
                    pass_on(monitor, &heard, event);
                }
                warn!(
                    "Cut off from expired events; the sweep goes on, listening again in {pause:?}"
                );
            }
            Err(error) => {
                warn!(error = %error, "Cannot listen to expired events, again in {pause:?}: {error}");
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn subscribe(monitor: &Monitor) -> Result<(Events, EventMode)> {
    // Subscribed first: between the two nothing can be missed. And asked for at each connection: Redis may have
    // restarted with another configuration.
    let events = monitor.store.subscribe().await?;
    let mode = monitor.store.switch_events_on().await?;
    Ok((events, mode))
}

fn pass_on(monitor: &Monitor, heard: &mpsc::Sender<Chat>, event: Event) {
    match event {
        Event::Expired(chat) => {
            monitor.metrics.events.inc();
            if monitor.recent.forget(&chat) {
                return;
            }
            if heard.try_send(chat).is_err() {
                monitor.metrics.events_dropped.inc();
            }
        }
        Event::Wake(shard, due) => monitor.look_at(&due, shard),
        Event::WakeAll => monitor.look_everywhere(),
    }
}

fn say(mode: EventMode) {
    match mode {
        EventMode::On => info!("Listening to expired events"),
        EventMode::Off => warn!(
            "Expired events are off and cannot be switched on; working by the due index alone, which is as punctual"
        ),
        EventMode::Unknown => info!(
            "Redis does not tell whether expired events are on; the due index does not need them"
        ),
    }
}

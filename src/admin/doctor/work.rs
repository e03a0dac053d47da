//! What is to be said about the work: who does it, what nobody does, and what waits for whom.

use std::time::Duration;

use super::finding::Finding;
use crate::core::chat::Name;
use crate::registry::Snapshot;
use crate::store::lanes::waiting::Waiting;
use crate::store::work::{Kind, TOO_LONG, Work};
use crate::store::{Result, Store};

const WAITING: &str = "waiting";
/// Destinations that are told of one by one.
const MOST_NAMED: usize = 20;

/// Everything about it.
///
/// # Errors
/// Unavailable or silent.
pub(super) async fn findings(store: &Store, snapshot: Option<&Snapshot>) -> Result<Vec<Finding>> {
    let expected = snapshot.map_or_else(Vec::new, Snapshot::expected);
    let work = store.daemons().work(&expected).await?;
    let mut findings = vec![monitors(&work)];
    findings.extend(Kind::ALL.map(|kind| progress(&work, kind)));
    let names = snapshot.map(Snapshot::destination_names);
    let mut names: Vec<_> = names.into_iter().flatten().collect();
    names.sort();
    let mut waits = Vec::new();
    for name in names {
        let waiting = store.lanes().waiting_for(&name).await?;
        if waiting.batches > 0 {
            waits.push((expected.contains(&name), name, waiting));
        }
    }
    // Those that were tried in vain first, the most of them first.
    waits.sort_by_key(|(_, _, waiting)| {
        let tried = waiting.tried_most.is_none();
        (tried, std::cmp::Reverse(waiting.batches))
    });
    let more = waits.len().saturating_sub(MOST_NAMED);
    waits.truncate(MOST_NAMED);
    let waits = waits
        .iter()
        .map(|(is_on, name, waiting)| waits_for(*is_on, name, waiting));
    findings.extend(waits);
    if more > 0 {
        let found = format!("batches wait for {more} other destinations");
        findings.push(Finding::ok(WAITING, found));
    }
    Ok(findings)
}

fn monitors(work: &Work) -> Finding {
    const CHECK: &str = "monitors";
    let daemons = work.daemons.iter().filter(|it| work.is_alive(it));
    let living: Vec<_> = daemons
        .map(|it| {
            let about = &it.about;
            format!("{} {} on {}", about.role, about.version, about.name)
        })
        .collect();
    if work.living_monitors().next().is_some() {
        return Finding::ok(CHECK, format!("at work: {}", living.join(", ")));
    }
    let last = work.monitors().map(|it| it.last_sign).max();
    let found = match last {
        Some(last) => {
            let ago = Duration::from_millis(work.now.saturating_sub(last)).as_secs();
            format!("none is at work: the last sign of one was {ago} s ago")
        }
        None => "none has given a sign of life within the last hour".to_owned(),
    };
    Finding::warning(
        CHECK,
        found,
        "start the monitor: windows close and batches leave only while one runs; look at its log if it does",
    )
}

fn progress(work: &Work, kind: Kind) -> Finding {
    let check = kind.as_str();
    let what = match kind {
        Kind::Windows => "a window should have been closed",
        Kind::Lanes => "a batch should have been tried",
        Kind::Later => "what waits for its time should have been sent",
    };
    let Some(overdue) = work.overdue(kind).filter(|overdue| *overdue >= TOO_LONG) else {
        return Finding::ok(check, "none is overdue");
    };
    let since = format!("{what} {} s ago", overdue.as_secs());
    if work.standing().contains(&kind) && work.living_monitors().next().is_some() {
        return Finding::problem(
            check,
            format!("{since}: a monitor runs, but that part of it stands still"),
            "look at the log of the monitor for what fails there, and restart it",
        );
    }
    if work.standing().contains(&kind) {
        return Finding::problem(
            check,
            format!("{since}: no monitor works"),
            "start the monitor, and look at its log if it runs",
        );
    }
    if kind == Kind::Lanes {
        // There may be little room, or a pace; what was tried in vain is told of each destination.
        return Finding::ok(check, format!("{since}: monitors are at work"));
    }
    Finding::warning(
        check,
        format!("{since}: monitors are at work, and late"),
        "look at what the machine of Redis and monitor has to do; another monitor may help",
    )
}

fn waits_for(is_on: bool, name: &Name, waiting: &Waiting) -> Finding {
    let more = if waiting.other_lanes > 0 {
        "more than "
    } else {
        ""
    };
    let found = match waiting.batches {
        1 => format!("{more}1 batch waits for {name}"),
        count => format!("{more}{count} batches wait for {name}"),
    };
    if !is_on {
        // It is said elsewhere, with what to do.
        return Finding::ok(WAITING, format!("{found}, which is off or stopped"));
    }
    match &waiting.tried_most {
        Some(tried) => Finding::warning(
            WAITING,
            format!("{found}, attempt {}, {}", tried.number, tried.summary),
            "see what the destination answers: GET /api/history?status=failed has it; they are tried again until RETRY_FOR is over",
        ),
        None => Finding::ok(WAITING, format!("{found}, not tried in vain yet")),
    }
}

//! What is to be said about the Redis that keeps the messages.

#[cfg(test)]
pub(super) mod tests;

use std::time::Duration;

use super::finding::Finding;
use crate::core::moment::utc;
use crate::store::clock::SetBack;
use crate::store::events::EventMode;
use crate::store::inspection::Inspection;

/// Nothing of Lull's goes by the difference of clocks; but times in payloads and logs should be right.
const MOST_AHEAD: u64 = 2_000;
/// Receivers that verify signatures refuse calls whose timestamp is this far off (Standard Webhooks).
const TOO_FAR_AHEAD: u64 = 300_000;
const MANY_TIMERS: u64 = 1_000;

/// Everything about it.
pub(super) fn findings(redis: &Inspection) -> Vec<Finding> {
    let mut findings = vec![server(redis), password(redis), persistence(redis)];
    findings.extend(
        [eviction(redis), memory(redis), events(redis)]
            .into_iter()
            .flatten(),
    );
    findings.extend(foreign_timers(redis));
    findings.push(clock(redis));
    findings.extend(redis.set_back.map(set_back));
    if !redis.tells_config {
        findings.push(Finding::warning(
            "config",
            "this login may not read CONFIG, so appendfsync, snapshots and notifications were not seen",
            "look for them in your provider's console: appendonly yes, appendfsync always, notify-keyspace-events Ex",
        ));
    }
    findings
}

fn server(redis: &Inspection) -> Finding {
    let server = &redis.server;
    if redis.is_replica {
        return Finding::problem(
            "redis",
            format!("{server} is a replica and takes no writes"),
            "set REDIS_URL or REDIS_HOST to its primary",
        );
    }
    let ms = redis.ping.as_secs_f64() * 1000.0;
    Finding::ok("redis", format!("{server} answers in {ms:.1} ms"))
}

fn password(redis: &Inspection) -> Finding {
    match redis.is_open {
        Some(false) => Finding::ok("password", "it lets nobody in without one"),
        None => Finding::warning(
            "password",
            "whether it asks for one was not seen",
            "connect to it without a password: it must answer NOAUTH",
        ),
        Some(true) if redis.is_local && redis.is_protected == Some(true) => {
            Finding::ok("password", "none, and it lets in this machine only")
        }
        Some(true) if redis.is_local => Finding::warning(
            "password",
            "none, and nothing keeps other machines out but a firewall, if there is one",
            "set requirepass in Redis and REDIS_PASSWORD for Lull, or protected-mode yes",
        ),
        Some(true) => Finding::warning(
            "password",
            "none: whoever reaches this Redis can read and change every message",
            "set requirepass in Redis and REDIS_PASSWORD for Lull",
        ),
    }
}

fn persistence(redis: &Inspection) -> Finding {
    const CHECK: &str = "persistence";
    if redis.failed_to_write {
        return Finding::problem(
            CHECK,
            "its last write to disk failed",
            "look at its log and at the room on its disk",
        );
    }
    match (redis.appends, redis.sync.as_deref(), redis.snapshots) {
        (Some(true), Some("always"), _) => {
            Finding::ok(CHECK, "every message is on disk before it is acknowledged")
        }
        (Some(true), Some("everysec"), _) => Finding::warning(
            CHECK,
            "appendfsync is everysec: a power cut can cost up to two seconds of messages",
            "set appendfsync always, unless the disk is too slow for it",
        ),
        (Some(true), Some(_), _) => Finding::warning(
            CHECK,
            "appendfsync is no: a power cut can cost half a minute of messages",
            "set appendfsync always",
        ),
        (Some(true), None, _) => Finding::ok(CHECK, "every message goes into the append-only file"),
        (Some(false), _, Some(false)) => Finding::problem(
            CHECK,
            "nothing is kept on disk: whatever ends this Redis loses every message in it",
            "set appendonly yes and appendfsync always; redis.conf has all that Lull needs",
        ),
        (Some(false), _, _) => Finding::problem(
            CHECK,
            "the append-only file is off: a crash loses what came since the last snapshot",
            "set appendonly yes and appendfsync always; redis.conf has all that Lull needs",
        ),
        (None, _, _) => Finding::warning(
            CHECK,
            "whether messages are kept on disk was not seen",
            "look in your provider's console for the append-only file (AOF), and switch it on",
        ),
    }
}

fn eviction(redis: &Inspection) -> Option<Finding> {
    let policy = redis.eviction.as_deref()?;
    let advice =
        "set maxmemory-policy noeviction: a full Redis then refuses new messages and keeps the old";
    Some(match (policy, redis.max_memory) {
        ("noeviction", _) => Finding::ok("eviction", "a full Redis drops nothing"),
        (policy, Some(0)) => Finding::warning(
            "eviction",
            format!(
                "maxmemory-policy is {policy}: should it ever get a maxmemory, it would drop messages"
            ),
            advice,
        ),
        (policy, _) => Finding::problem(
            "eviction",
            format!("maxmemory-policy is {policy}: a full Redis drops messages that were accepted"),
            advice,
        ),
    })
}

fn memory(redis: &Inspection) -> Option<Finding> {
    let (used, most) = (redis.memory?, redis.max_memory?);
    if most == 0 {
        return Some(Finding::warning(
            "memory",
            format!(
                "{} in use, without a limit: the system may kill a Redis that grows too large",
                size(used)
            ),
            "set maxmemory (REDIS_MAXMEMORY of the image) to about two thirds of what the machine can give",
        ));
    }
    let found = format!("{} of {} in use", size(used), size(most));
    let advice = "raise maxmemory, or look for what fills it: waiting batches (lull doctor), history (HISTORY_COUNT), other programs";
    Some(match used.saturating_mul(100) / most {
        95.. => Finding::problem(
            "memory",
            format!("{found}: new messages are refused, or soon will be"),
            advice,
        ),
        75.. => Finding::warning("memory", found, advice),
        _ => Finding::ok("memory", found),
    })
}

fn events(redis: &Inspection) -> Option<Finding> {
    match redis.events {
        EventMode::On => Some(Finding::ok("notifications", "it tells of expired keys")),
        EventMode::Off => Some(Finding::warning(
            "notifications",
            "off: Lull works by its own index alone, as punctually",
            "the monitor switches them on when it starts; where it may not, set notify-keyspace-events Ex, or leave it",
        )),
        // Said with all else that CONFIG would tell.
        EventMode::Unknown => None,
    }
}

fn foreign_timers(redis: &Inspection) -> Option<Finding> {
    let count = redis.foreign_timers?;
    Some(match count {
        0 => Finding::ok("other keys", "no keys with a TTL but Lull's"),
        MANY_TIMERS.. => Finding::warning(
            "other keys",
            format!(
                "{count} keys with a TTL in this database are not Lull's: they delay Redis's events, though not Lull, and share its memory"
            ),
            "give Lull a Redis of its own",
        ),
        // Lull's own short-lived ones are among them: links to the console, ids under which a call was sent again.
        _ => Finding::ok("other keys", "hardly any keys with a TTL but Lull's"),
    })
}

fn clock(redis: &Inspection) -> Finding {
    let ahead = redis.clock_ahead;
    let seconds = format!("{:.1} s", ahead.unsigned_abs() as f64 / 1000.0);
    let which = if ahead < 0 { "behind" } else { "ahead of" };
    let found = format!("Redis's clock is {seconds} {which} this machine's");
    let advice = "let both keep time by NTP";
    match ahead.unsigned_abs() {
        TOO_FAR_AHEAD.. => Finding::problem(
            "clock",
            format!(
                "{found}: receivers that verify signatures may refuse calls as too old or too new"
            ),
            advice,
        ),
        MOST_AHEAD.. => Finding::warning("clock", found, advice),
        _ => Finding::ok("clock", "Redis's and this machine's agree"),
    }
}

fn set_back(jump: SetBack) -> Finding {
    let by = Duration::from_millis(jump.by);
    let keep = "let Redis's machine keep time by NTP";
    match jump.since {
        Some(since) => Finding::warning(
            "clock",
            format!(
                "Redis's clock was set back by {by:?}, found at {}: what waited was moved by as much",
                utc(since)
            ),
            keep,
        ),
        None => Finding::problem(
            "clock",
            format!(
                "Redis's clock was set back by {by:?}, and no monitor has seen to it: what waits stands still for so long"
            ),
            "start a monitor: it moves what waits",
        ),
    }
}

fn size(bytes: u64) -> String {
    const MIB: u64 = 1024 * 1024;
    format!("{} MiB", bytes.div_ceil(MIB))
}

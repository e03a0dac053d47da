//! What is to be said about all nodes that keep the messages: one Redis, or the masters of a Redis Cluster.

#[cfg(test)]
mod tests;

use std::time::Duration;

use super::finding::{Finding, Level};
use super::{redis_checks, replicas, sentinels};
use crate::store::inspection::Inspection;
use crate::store::inspection::cluster::{Cluster, Inspected};

/// A master that is silent for longer than this before another takes its place keeps its chats waiting for long.
const LONG_TIMEOUT: Duration = Duration::from_secs(5);
/// By so many ms clocks may differ without anybody noticing.
const APART: u64 = 500;
/// By so much two monitors may come to take the same batch after a failover: a part of what a lease has to spare.
const TOO_FAR_APART: u64 = 2_000;

/// Everything about them.
pub(super) fn findings(redis: &Inspected) -> Vec<Finding> {
    let of_nodes = redis.nodes.iter().map(redis_checks::findings);
    let Some(cluster) = &redis.cluster else {
        let watch = redis.watch.iter().flat_map(sentinels::findings);
        let waited_for = replicas::findings(redis);
        return of_nodes.flatten().chain(watch).chain(waited_for).collect();
    };
    let mut findings = masters(redis);
    findings.extend(slots(cluster));
    findings.push(copies(redis, cluster));
    findings.extend(replicas::findings(redis));
    findings.extend(failover(cluster));
    findings.extend(clocks(redis, cluster));
    let of_nodes: Vec<_> = redis.nodes.iter().zip(of_nodes).collect();
    findings.extend(together(&of_nodes));
    findings
}

/// Which masters there are, and which of them do not answer.
fn masters(redis: &Inspected) -> Vec<Finding> {
    const CHECK: &str = "redis";
    let mut servers: Vec<_> = redis.nodes.iter().map(|node| &*node.server).collect();
    servers.sort_unstable();
    servers.dedup();
    let places: Vec<_> = redis.nodes.iter().map(|node| &*node.place).collect();
    let found = format!(
        "{} masters of a Redis Cluster answer ({}): {}",
        places.len(),
        servers.join(" and "),
        places.join(", ")
    );
    let told = match servers.len() {
        1 => Finding::ok(CHECK, found),
        _ => Finding::warning(CHECK, found, "let all nodes be of one version"),
    };
    let silent = redis.silent.iter().map(|(place, error)| {
        let found = format!("the master at {place} does not answer: {error}");
        let advice = "start it again: posts of its chats are refused and what waits there stays, until it or a replica is there";
        Finding::problem(CHECK, found, advice)
    });
    silent.chain([told]).collect()
}

fn slots(cluster: &Cluster) -> Option<Finding> {
    let found = format!("{} slots have no living node", cluster.slots_missing);
    let advice = "see CLUSTER NODES, and give them to a master: posts of chats in them are refused";
    (cluster.slots_missing > 0).then(|| Finding::problem("slots", found, advice))
}

/// Whether each master has a copy that could take its place.
fn copies(redis: &Inspected, cluster: &Cluster) -> Finding {
    const CHECK: &str = "replicas";
    let has_copy = |master: &&Inspection| {
        let mut copies = cluster.replicas.iter().filter(|it| it.of == master.place);
        copies.any(|copy| copy.is_in_step)
    };
    let alone = redis.nodes.iter().filter(|master| !has_copy(master));
    let alone: Vec<_> = alone.map(|master| &*master.place).collect();
    if alone.is_empty() {
        return Finding::ok(CHECK, "each master has one that is in step");
    }
    let found = format!("none is in step with {}", alone.join(", "));
    let advice = "give each master a replica: without one its chats wait until it comes back, and are lost with its disk";
    Finding::warning(CHECK, found, advice)
}

/// What one dead master costs.
fn failover(cluster: &Cluster) -> Vec<Finding> {
    const CHECK: &str = "failover";
    let all_refuse = (cluster.needs_all == Some(true)).then(|| {
        let found = "cluster-require-full-coverage is yes: one dead master makes all refuse";
        Finding::warning(
            CHECK,
            found,
            "set cluster-require-full-coverage no on all nodes",
        )
    });
    let slow = cluster.node_timeout.filter(|it| *it > LONG_TIMEOUT);
    let slow = slow.map(|it| {
        let found =
            format!("a dead master is replaced after more than {it:?} (cluster-node-timeout)");
        Finding::warning(
            CHECK,
            found,
            "set cluster-node-timeout to 2000 to 5000 ms on all nodes",
        )
    });
    all_refuse.into_iter().chain(slow).collect()
}

/// How far the clocks of all nodes are apart: after a failover what waits goes by another.
fn clocks(redis: &Inspected, cluster: &Cluster) -> Option<Finding> {
    let masters = redis
        .nodes
        .iter()
        .map(|node| (&*node.place, node.clock_ahead));
    let replicas = cluster.replicas.iter();
    let replicas = replicas.filter_map(|it| Some((&*it.place, it.clock_ahead?)));
    let mut all: Vec<_> = masters.chain(replicas).collect();
    all.sort_by_key(|(_, ahead)| *ahead);
    let ((behind, least), (ahead, most)) = (*all.first()?, *all.last()?);
    let apart = most.abs_diff(least);
    let found = format!(
        "the clock of {ahead} is {:.1} s ahead of that of {behind}",
        apart as f64 / 1000.0
    );
    let advice =
        "let all nodes keep time by NTP: after a failover what waits goes by another clock";
    match apart {
        TOO_FAR_APART.. => Some(Finding::problem("clock", found, advice)),
        APART.. => Some(Finding::warning("clock", found, advice)),
        _ => None,
    }
}

/// What is to be said about each node: once where all are alike, else of those that are not well, by their names.
fn together(of_nodes: &[(&Inspection, Vec<Finding>)]) -> Vec<Finding> {
    let all = || {
        of_nodes
            .iter()
            .flat_map(|(node, all)| all.iter().map(move |it| (node, it)))
    };
    let mut checks = Vec::new();
    for (_, finding) in all() {
        // What is said of servers is said of all of them already.
        if finding.check != "redis" && !checks.contains(&finding.check) {
            checks.push(finding.check);
        }
    }
    let mut findings = Vec::new();
    for check in checks {
        let told: Vec<_> = all()
            .filter(|(_, finding)| finding.check == check)
            .collect();
        let Some((node, first)) = told.first() else {
            continue;
        };
        // What one alone tells it tells of all.
        if told.iter().all(|(_, it)| it == first) {
            findings.push((*first).clone());
            continue;
        }
        let ill = told.iter().filter(|(_, it)| it.level != Level::Ok);
        let ill: Vec<_> = ill.map(|(node, it)| named(node, it)).collect();
        if ill.is_empty() {
            // The fullest is the first.
            findings.push(named(node, first));
        }
        findings.extend(ill);
    }
    findings
}

fn named(node: &Inspection, finding: &Finding) -> Finding {
    Finding {
        found: format!("{}: {}", node.place, finding.found),
        ..finding.clone()
    }
}

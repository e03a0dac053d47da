//! What is to be said about the nodes of a cluster.

use super::super::redis_checks::tests::well;
use super::*;
use crate::store::StoreError;
use crate::store::inspection::cluster::Replica;

fn node(place: &str) -> Inspection {
    Inspection {
        place: place.to_owned(),
        ..well()
    }
}

fn cluster() -> Inspected {
    let replica = |of: &str| Replica {
        place: format!("copy of {of}"),
        of: of.to_owned(),
        is_in_step: true,
        clock_ahead: Some(0),
    };
    Inspected {
        nodes: vec![node("a"), node("b")],
        silent: Vec::new(),
        cluster: Some(Cluster {
            slots_missing: 0,
            node_timeout: Some(Duration::from_secs(2)),
            needs_all: Some(false),
            replicas: vec![replica("a"), replica("b")],
        }),
        watch: None,
        wait_replicas: 0,
    }
}

/// What is not well.
fn ill(redis: &Inspected) -> Vec<(&'static str, Level, String)> {
    let all = findings(redis).into_iter();
    let ill = all.filter(|it| it.level != Level::Ok);
    ill.map(|it| (it.check, it.level, it.found)).collect()
}

#[test]
fn of_one_that_is_well_each_thing_is_said_once() {
    let all = findings(&cluster());

    let checks: Vec<_> = all.iter().map(|it| it.check).collect();
    assert_eq!(
        checks,
        [
            "redis",
            "replicas",
            "password",
            "persistence",
            "eviction",
            "memory",
            "notifications",
            "other keys",
            "clock"
        ]
    );
    assert!(all.iter().all(|it| it.level == Level::Ok), "{all:?}");
    assert!(all[0].found.contains("2 masters") && all[0].found.ends_with("a, b"));
}

#[test]
fn what_is_ill_is_said_of_the_node_that_is() {
    let mut redis = cluster();
    redis.nodes[1].appends = Some(false);
    redis.nodes[0].memory = Some(80);

    let ill = ill(&redis);

    let told: Vec<_> = ill
        .iter()
        .map(|(check, level, _)| (*check, *level))
        .collect();
    assert_eq!(
        told,
        [("persistence", Level::Problem), ("memory", Level::Warning)]
    );
    assert!(
        ill[0].2.starts_with("b: ") && ill[1].2.starts_with("a: "),
        "{ill:?}"
    );
}

#[test]
fn what_a_dead_master_costs_is_told() {
    let mut redis = cluster();
    let dead = StoreError::Silent(Duration::from_secs(1));
    redis.silent.push(("c".to_owned(), dead));
    let told = redis.cluster.as_mut().unwrap();
    told.slots_missing = 5;
    told.needs_all = Some(true);
    told.node_timeout = Some(Duration::from_secs(15));
    told.replicas.pop();

    let ill: Vec<_> = ill(&redis)
        .into_iter()
        .map(|(check, level, _)| (check, level))
        .collect();

    assert_eq!(
        ill,
        [
            ("redis", Level::Problem),
            ("slots", Level::Problem),
            ("replicas", Level::Warning),
            ("failover", Level::Warning),
            ("failover", Level::Warning),
        ]
    );
}

#[test]
fn clocks_that_are_apart_are_told_also_of_replicas() {
    for (ahead, expected) in [
        (400, None),
        (700, Some(Level::Warning)),
        (-2_100, Some(Level::Problem)),
    ] {
        let mut redis = cluster();
        redis.cluster.as_mut().unwrap().replicas[0].clock_ahead = Some(ahead);

        let told = ill(&redis);

        assert_eq!(
            told.first().map(|(_, level, _)| *level),
            expected,
            "{ahead}: {told:?}"
        );
    }
}

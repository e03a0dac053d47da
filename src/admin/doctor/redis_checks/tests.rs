//! What is to be said about a Redis: what no test can bring a real one to.

use std::time::Duration;

use super::super::finding::Level;
use super::*;

pub(in super::super) fn well() -> Inspection {
    Inspection {
        place: "redis:6379".to_owned(),
        server: "Redis 7.0.15".to_owned(),
        ping: Duration::from_micros(150),
        is_local: false,
        is_replica: false,
        replicas: 2,
        is_open: Some(false),
        is_protected: Some(true),
        tells_config: true,
        appends: Some(true),
        sync: Some("always".to_owned()),
        snapshots: Some(false),
        failed_to_write: false,
        eviction: Some("noeviction".to_owned()),
        memory: Some(10),
        max_memory: Some(100),
        events: EventMode::On,
        foreign_timers: Some(0),
        clock_ahead: 3,
        set_back: None,
    }
}

/// The worst that is said about a check.
fn level(redis: &Inspection, check: &str) -> Level {
    let finding = findings(redis).into_iter().find(|it| it.check == check);
    finding.unwrap().level
}

#[test]
fn about_one_that_is_well_nothing_bad_is_said() {
    let findings = findings(&well());

    assert!(
        findings.iter().all(|it| it.level == Level::Ok),
        "{findings:?}"
    );
}

#[test]
fn a_redis_without_a_password_is_warned_of_unless_it_is_this_machines_alone() {
    for (is_open, is_local, is_protected, expected) in [
        (Some(true), false, Some(true), Level::Warning),
        (Some(true), true, Some(true), Level::Ok),
        (Some(true), true, Some(false), Level::Warning),
        (Some(true), true, None, Level::Warning),
        (Some(false), false, Some(false), Level::Ok),
        (None, false, None, Level::Warning),
    ] {
        let redis = Inspection {
            is_open,
            is_local,
            is_protected,
            ..well()
        };
        assert_eq!(level(&redis, "password"), expected, "{redis:?}");
    }
}

#[test]
fn a_clock_that_was_set_back_is_told_and_is_a_problem_until_a_monitor_has_seen_to_it() {
    for (since, expected) in [
        (Some(1_764_000_000_000), Level::Warning),
        (None, Level::Problem),
    ] {
        let jump = SetBack {
            by: 3_600_000,
            since,
        };
        let finding = set_back(jump);
        assert_eq!((finding.check, finding.level), ("clock", expected));
        assert!(finding.found.contains("3600s"), "{finding:?}");
        let redis = Inspection {
            set_back: Some(jump),
            ..well()
        };
        assert_eq!(findings(&redis).len(), findings(&well()).len() + 1);
    }
}

#[test]
fn clocks_that_differ_are_told_whichever_is_ahead() {
    for (clock_ahead, expected) in [
        (1_999, Level::Ok),
        (2_000, Level::Warning),
        (-2_000, Level::Warning),
        (-300_000, Level::Problem),
        (i64::MIN, Level::Problem),
    ] {
        let redis = Inspection {
            clock_ahead,
            ..well()
        };
        assert_eq!(level(&redis, "clock"), expected, "{clock_ahead}");
    }
}

#[test]
fn memory_that_runs_out_is_told_before_it_has() {
    for (memory, max_memory, expected) in [
        (74, 100, Level::Ok),
        (75, 100, Level::Warning),
        (95, 100, Level::Problem),
        (200, 100, Level::Problem),
        (1, 0, Level::Warning),
    ] {
        let redis = Inspection {
            memory: Some(memory),
            max_memory: Some(max_memory),
            ..well()
        };
        assert_eq!(
            level(&redis, "memory"),
            expected,
            "{memory} of {max_memory}"
        );
    }
}

#[test]
fn what_fails_on_disk_is_a_problem_whatever_is_set() {
    let redis = Inspection {
        failed_to_write: true,
        ..well()
    };
    assert_eq!(level(&redis, "persistence"), Level::Problem);
}

//! Which moments an expression means, also where clocks change.

use chrono::SecondsFormat;

use super::*;

/// The next moments after one, in the zone itself.
fn next(cron: &str, zone: Tz, after: &str, count: usize) -> Vec<String> {
    let after = DateTime::parse_from_rfc3339(after).unwrap();
    let times = Times::parse(cron, zone).unwrap();
    let upcoming = times.upcoming(after.timestamp_millis().try_into().unwrap());
    let written = upcoming.take(count).map(|at| {
        let at = DateTime::from_timestamp_millis(at.try_into().unwrap()).unwrap();
        at.with_timezone(&zone)
            .to_rfc3339_opts(SecondsFormat::Secs, true)
    });
    written.collect()
}

#[test]
fn known_next_times() {
    for (cron, after, expected) in [
        (
            "30 9 * * *",
            "2026-11-22T12:30:00Z",
            ["2026-11-23T09:30:00Z", "2026-11-24T09:30:00Z"],
        ),
        (
            "*/15 * * * *",
            "2026-11-22T12:30:00Z",
            ["2026-11-22T12:45:00Z", "2026-11-22T13:00:00Z"],
        ),
        (
            "*/20 * * * * *",
            "2026-12-31T23:59:30Z",
            ["2026-12-31T23:59:40Z", "2027-01-01T00:00:00Z"],
        ),
        (
            "0 8 * * MON-FRI",
            "2026-11-20T08:00:00Z",
            ["2026-11-23T08:00:00Z", "2026-11-24T08:00:00Z"],
        ),
        (
            "0 0 1,15 * *",
            "2026-11-22T00:00:00Z",
            ["2026-12-01T00:00:00Z", "2026-12-15T00:00:00Z"],
        ),
        (
            "0 12 29 2 *",
            "2026-11-22T00:00:00Z",
            ["2028-02-29T12:00:00Z", "2032-02-29T12:00:00Z"],
        ),
        (
            "0 0 13 * 5",
            "2026-11-22T00:00:00Z",
            ["2026-11-27T00:00:00Z", "2026-12-04T00:00:00Z"],
        ),
        (
            "@daily",
            "2026-11-22T00:00:00Z",
            ["2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z"],
        ),
        (
            "@hourly",
            "2026-11-22T12:59:59Z",
            ["2026-11-22T13:00:00Z", "2026-11-22T14:00:00Z"],
        ),
        (
            "@weekly",
            "2026-11-22T00:00:00Z",
            ["2026-11-29T00:00:00Z", "2026-12-06T00:00:00Z"],
        ),
        (
            "@monthly",
            "2026-11-22T00:00:00Z",
            ["2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"],
        ),
        (
            "@yearly",
            "2026-11-22T00:00:00Z",
            ["2027-01-01T00:00:00Z", "2028-01-01T00:00:00Z"],
        ),
    ] {
        assert_eq!(next(cron, Tz::UTC, after, 2), expected, "{cron}");
    }
}

#[test]
fn a_time_that_the_clocks_jump_over_comes_right_after_the_jump() {
    // Clocks went from 0:00 to 1:00 in São Paulo, and go from 2:00 to 3:00 in Berlin.
    assert_eq!(
        next(
            "30 0 * * *",
            Tz::America__Sao_Paulo,
            "2018-11-02T12:00:00-03:00",
            3
        ),
        [
            "2018-11-03T00:30:00-03:00",
            "2018-11-04T01:00:00-02:00",
            "2018-11-05T00:30:00-02:00"
        ]
    );
    assert_eq!(
        next(
            "30 2 * * *",
            Tz::Europe__Berlin,
            "2026-03-27T12:00:00+01:00",
            3
        ),
        [
            "2026-03-28T02:30:00+01:00",
            "2026-03-29T03:00:00+02:00",
            "2026-03-30T02:30:00+02:00"
        ]
    );
}

#[test]
fn a_time_that_comes_twice_is_taken_once() {
    // Clocks went back from 0:00 to 23:00 in São Paulo, and go back from 3:00 to 2:00 in Berlin.
    assert_eq!(
        next(
            "30 23 * * *",
            Tz::America__Sao_Paulo,
            "2019-02-16T12:00:00-02:00",
            2
        ),
        ["2019-02-16T23:30:00-02:00", "2019-02-17T23:30:00-03:00"]
    );
    assert_eq!(
        next(
            "30 2 * * *",
            Tz::Europe__Berlin,
            "2026-10-24T12:00:00+02:00",
            2
        ),
        ["2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"]
    );
}

#[test]
fn every_so_often_goes_on_through_both_jumps() {
    assert_eq!(
        next(
            "*/30 * * * *",
            Tz::Europe__Berlin,
            "2026-03-29T01:00:00+01:00",
            3
        ),
        [
            "2026-03-29T01:30:00+01:00",
            "2026-03-29T03:00:00+02:00",
            "2026-03-29T03:30:00+02:00"
        ]
    );
    assert_eq!(
        next(
            "*/30 * * * *",
            Tz::Europe__Berlin,
            "2026-10-25T02:00:00+02:00",
            4
        ),
        [
            "2026-10-25T02:30:00+02:00",
            "2026-10-25T02:00:00+01:00",
            "2026-10-25T02:30:00+01:00",
            "2026-10-25T03:00:00+01:00"
        ]
    );
    assert_eq!(
        next(
            "0 * * * *",
            Tz::America__Sao_Paulo,
            "2018-11-03T22:30:00-03:00",
            2
        ),
        ["2018-11-03T23:00:00-03:00", "2018-11-04T01:00:00-02:00"]
    );
    assert_eq!(
        next(
            "0 * * * *",
            Tz::America__Sao_Paulo,
            "2019-02-16T22:30:00-02:00",
            3
        ),
        [
            "2019-02-16T23:00:00-02:00",
            "2019-02-16T23:00:00-03:00",
            "2019-02-17T00:00:00-03:00"
        ]
    );
}

#[test]
fn the_mark_of_moments_never_changes_and_differs_with_them() {
    let mark = |cron, zone| Times::parse(cron, zone).unwrap().mark().to_owned();
    let hourly = mark("0 * * * *", Tz::UTC);

    // Plans in Redis carry it, so another release has to make the same.
    assert_eq!(hourly, "f9ebcec2fa8d63e4");
    assert_eq!(hourly, mark(" 0  * * * *", Tz::UTC));
    assert_ne!(hourly, mark("1 * * * *", Tz::UTC));
    assert_ne!(hourly, mark("0 * * * *", Tz::Asia__Kolkata));
}

#[test]
fn what_is_no_expression_or_never_comes_is_refused() {
    for bad in [
        "",
        "* * * *",
        "60 * * * *",
        "@sometimes",
        "0 0 0 1 1 * 2030",
    ] {
        let error = Times::parse(bad, Tz::UTC).unwrap_err();
        assert!(matches!(error, CronError::Broken(_)), "{bad}: {error}");
    }
    assert_eq!(Times::parse("0 0 30 2 *", Tz::UTC), Err(CronError::Never));
}

//! When work stands still.

use super::*;

const NOW: Millis = 1_000_000;

fn daemon(role: &str, age: Millis, stands: &[&str]) -> Daemon {
    let about = About {
        role: role.to_owned(),
        stands: stands.iter().map(|&it| it.to_owned()).collect(),
        ..About::default()
    };
    Daemon {
        id: role.to_owned(),
        last_sign: NOW - age,
        since: 0,
        about,
    }
}

fn late(daemons: Vec<Daemon>) -> Work {
    let long = Some(TOO_LONG);
    Work {
        now: NOW,
        daemons,
        windows: long,
        later: long,
        lanes: vec![(Name::default_name(), TOO_LONG)],
    }
}

#[test]
fn without_a_living_monitor_all_that_is_late_stands() {
    for nobody in [
        vec![],
        vec![daemon("api", 0, &[])],
        vec![daemon("monitor", 10_001, &[])],
    ] {
        assert_eq!(late(nobody).standing(), Kind::ALL);
    }
}

#[test]
fn what_a_living_monitor_goes_round_does_not_stand_however_late_it_is() {
    assert_eq!(late(vec![daemon("monitor", 9_000, &[])]).standing(), []);
    let one_each = vec![
        daemon("monitor", 0, &["windows"]),
        daemon("monitor", 0, &["lanes:default"]),
    ];
    assert_eq!(late(one_each).standing(), []);
}

#[test]
fn what_all_living_monitors_have_given_up_stands() {
    let work = |stands: &[&str]| late(vec![daemon("monitor", 0, stands)]).standing();

    assert_eq!(work(&["windows"]), [Kind::Windows]);
    assert_eq!(
        work(&["lanes:default", "later"]),
        [Kind::Lanes, Kind::Later]
    );
    assert_eq!(work(&["lanes"]), [Kind::Lanes]);
    assert_eq!(work(&["lanes:another"]), []);
}

#[test]
fn what_is_due_for_a_moment_does_not_stand() {
    let mut work = late(vec![]);
    let moment = TOO_LONG - Duration::from_millis(1);
    (work.windows, work.later) = (Some(moment), None);
    work.lanes = vec![(Name::default_name(), moment)];

    assert_eq!(work.standing(), []);
}

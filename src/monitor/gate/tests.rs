//! Who is let in, and who waits.

use super::*;

const RETRY: Outcome = Outcome::Retry { asked: None };

#[tokio::test]
async fn there_is_room_for_so_many() {
    let gate = Gate::new(3, false);

    let passes = gate.enter(64).await;

    assert_eq!(passes.len(), 3);
    assert!(gate.try_enter().is_none());
    drop(passes);
    assert!(gate.try_enter().is_some());
}

#[tokio::test]
async fn where_there_is_a_pace_only_the_sweep_enters() {
    let gate = Gate::new(3, true);

    assert!(gate.try_enter().is_none());
    assert!(gate.enter_within(Duration::from_secs(5)).await.is_none());
    assert_eq!(gate.enter(64).await.len(), 3);
}

#[tokio::test]
async fn who_waits_enters_when_somebody_leaves() {
    let gate = Gate::new(1, false);
    let pass = gate.try_enter();
    let waiting = tokio::spawn({
        let gate = gate.clone();
        async move { gate.enter(1).await.len() }
    });
    tokio::task::yield_now().await;

    drop(pass);

    assert_eq!(
        timeout(Duration::from_secs(5), waiting)
            .await
            .unwrap()
            .unwrap(),
        1
    );
}

fn down(concurrency: usize) -> Arc<Gate> {
    let gate = Gate::new(concurrency, false);
    while !gate.is_open() {
        gate.try_enter().unwrap().record(&RETRY, true);
    }
    gate
}

#[tokio::test]
async fn while_the_destination_refuses_everything_one_probe_goes() {
    let gate = down(64);
    assert!(gate.try_enter().is_none());

    let mut probes = timeout(Duration::from_secs(5), gate.enter(64))
        .await
        .unwrap();

    assert_eq!(probes.len(), 1);
    assert!(gate.try_enter().is_none());
    assert_eq!(probes[0].record(&Outcome::Delivered, true), Turn::Closed);
}

#[tokio::test]
async fn when_it_is_back_more_and_more_are_let_in() {
    let gate = down(64);
    let mut probe = gate.enter(64).await.pop().unwrap();
    probe.record(&Outcome::Delivered, true);
    drop(probe);

    let mut two = gate.enter(64).await;
    assert_eq!(two.len(), 2);
    for pass in &mut two {
        pass.record(&Outcome::Delivered, true);
    }

    assert_eq!(gate.enter(64).await.len(), 2);
    drop(two);
    assert_eq!(gate.enter(64).await.len(), 4);
}

#[tokio::test]
async fn who_waits_while_it_comes_back_enters_when_somebody_leaves() {
    let gate = down(64);
    let mut probe = gate.enter(64).await.pop().unwrap();
    probe.record(&Outcome::Delivered, true);
    drop(probe);
    let two = gate.enter(64).await;
    let waiting = tokio::spawn({
        let gate = gate.clone();
        async move { gate.enter(1).await.len() }
    });
    tokio::task::yield_now().await;

    drop(two);

    let entered = timeout(Duration::from_secs(5), waiting).await;
    assert_eq!(entered.unwrap().unwrap(), 1);
}

#[tokio::test]
async fn retries_take_no_more_than_half_of_the_room() {
    let gate = Gate::new(8, false);

    let retries = gate.try_enter_retries(8);

    assert_eq!(retries.len(), 4);
    assert_eq!(gate.enter(8).await.len(), 4);
    drop(retries);
    assert_eq!(gate.try_enter_retries(1).len(), 1);
}

#[tokio::test]
async fn asking_for_a_retrys_pass_in_vain_wakes_nobody() {
    let gate = Gate::new(4, false);
    let _two = gate.try_enter_retries(4);
    while timeout(Duration::ZERO, gate.somebody_left()).await.is_ok() {}

    assert!(gate.try_enter_retries(1).is_empty());

    let woken = timeout(Duration::from_millis(1), gate.somebody_left()).await;
    assert!(woken.is_err());
}

#[tokio::test]
async fn where_there_is_room_for_one_a_retry_takes_it() {
    let gate = Gate::new(1, false);

    assert_eq!(gate.try_enter_retries(8).len(), 1);
}

#[tokio::test]
async fn after_many_others_it_is_the_turn_of_a_retry() {
    let gate = Gate::new(2, false);
    for _ in 0..BEFORE_A_RETRY {
        assert!(!gate.owes_a_retry());
        drop(gate.try_enter());
    }

    assert!(gate.owes_a_retry());
    drop(gate.try_enter_retries(1));
    assert!(!gate.owes_a_retry());
}

//! Who is let in, and who waits.

use super::*;
use crate::core::batch::Outcome;
use crate::core::breaker::Turn;
use crate::monitor::destination::shared_room::SharedRoom;

/// One whose destination has all places to itself.
fn alone(concurrency: usize, paced: bool) -> Arc<Limiter> {
    Limiter::new(concurrency, paced, SharedRoom::new(1024).share(false))
}

const RETRY: Outcome = Outcome::Retry { asked: None };

#[tokio::test]
async fn there_is_room_for_so_many() {
    let limiter = alone(3, false);

    let permits = limiter.enter(64).await;

    assert_eq!(permits.len(), 3);
    assert!(limiter.try_enter().is_none());
    drop(permits);
    assert!(limiter.try_enter().is_some());
}

#[tokio::test]
async fn where_there_is_a_pace_only_the_sweep_enters() {
    let limiter = alone(3, true);

    assert!(limiter.try_enter().is_none());
    assert!(limiter.enter_within(Duration::from_secs(5)).await.is_none());
    assert_eq!(limiter.enter(64).await.len(), 3);
}

#[tokio::test]
async fn who_waits_enters_when_somebody_leaves() {
    let limiter = alone(1, false);
    let permit = limiter.try_enter();
    let waiting = tokio::spawn({
        let limiter = limiter.clone();
        async move { limiter.enter(1).await.len() }
    });
    tokio::task::yield_now().await;

    drop(permit);

    assert_eq!(
        timeout(Duration::from_secs(5), waiting)
            .await
            .unwrap()
            .unwrap(),
        1
    );
}

fn down(concurrency: usize) -> Arc<Limiter> {
    let limiter = alone(concurrency, false);
    while !limiter.is_open() {
        limiter.try_enter().unwrap().record(&RETRY, true);
    }
    limiter
}

#[tokio::test]
async fn while_the_destination_refuses_everything_one_probe_goes() {
    let limiter = down(64);
    assert!(limiter.try_enter().is_none());

    let mut probes = timeout(Duration::from_secs(5), limiter.enter(64))
        .await
        .unwrap();

    assert_eq!(probes.len(), 1);
    assert!(limiter.try_enter().is_none());
    assert_eq!(probes[0].record(&Outcome::Delivered, true), Turn::Closed);
}

#[tokio::test]
async fn when_it_is_back_more_and_more_are_let_in() {
    let limiter = down(64);
    let mut probe = limiter.enter(64).await.pop().unwrap();
    probe.record(&Outcome::Delivered, true);
    drop(probe);

    let mut two = limiter.enter(64).await;
    assert_eq!(two.len(), 2);
    for permit in &mut two {
        permit.record(&Outcome::Delivered, true);
    }

    assert_eq!(limiter.enter(64).await.len(), 2);
    drop(two);
    assert_eq!(limiter.enter(64).await.len(), 4);
}

#[tokio::test]
async fn who_waits_while_it_comes_back_enters_when_somebody_leaves() {
    let limiter = down(64);
    let mut probe = limiter.enter(64).await.pop().unwrap();
    probe.record(&Outcome::Delivered, true);
    drop(probe);
    let two = limiter.enter(64).await;
    let waiting = tokio::spawn({
        let limiter = limiter.clone();
        async move { limiter.enter(1).await.len() }
    });
    tokio::task::yield_now().await;

    drop(two);

    let entered = timeout(Duration::from_secs(5), waiting).await;
    assert_eq!(entered.unwrap().unwrap(), 1);
}

#[tokio::test]
async fn retries_take_no_more_than_half_of_the_room() {
    let limiter = alone(8, false);

    let retries = limiter.try_enter_retries(8);

    assert_eq!(retries.len(), 4);
    assert_eq!(limiter.enter(8).await.len(), 4);
    drop(retries);
    assert_eq!(limiter.try_enter_retries(1).len(), 1);
}

#[tokio::test]
async fn asking_for_a_retrys_pass_in_vain_wakes_nobody() {
    let limiter = alone(4, false);
    let _two = limiter.try_enter_retries(4);
    while timeout(Duration::ZERO, limiter.somebody_left())
        .await
        .is_ok()
    {}

    assert!(limiter.try_enter_retries(1).is_empty());

    let woken = timeout(Duration::from_millis(1), limiter.somebody_left()).await;
    assert!(woken.is_err());
}

#[tokio::test]
async fn where_there_is_room_for_one_a_retry_takes_it() {
    let limiter = alone(1, false);

    assert_eq!(limiter.try_enter_retries(8).len(), 1);
}

#[tokio::test]
async fn after_many_others_it_is_the_turn_of_a_retry() {
    let limiter = alone(2, false);
    for _ in 0..BEFORE_A_RETRY {
        assert!(!limiter.owes_a_retry());
        drop(limiter.try_enter());
    }

    assert!(limiter.owes_a_retry());
    drop(limiter.try_enter_retries(1));
    assert!(!limiter.owes_a_retry());
}

#[tokio::test]
async fn who_finds_no_place_among_all_enters_when_others_give_one_back() {
    let room = SharedRoom::new(8);
    let (one, other) = (room.share(false), room.share(false));
    let (greedy, modest) = (Limiter::new(64, false, one), Limiter::new(64, false, other));
    let held = greedy.enter(64).await;
    assert_eq!(held.len(), 3);
    let first = modest.enter(64).await;
    assert_eq!(first.len(), 1);
    assert!(modest.try_enter().is_none() && greedy.try_enter().is_none());
    assert!(modest.try_enter_retries(1).is_empty());
    let waiting = tokio::spawn({
        let modest = modest.clone();
        async move { modest.enter(1).await.len() }
    });
    tokio::task::yield_now().await;

    drop(held);

    assert_eq!(
        timeout(Duration::from_secs(10), waiting)
            .await
            .unwrap()
            .unwrap(),
        1
    );
    timeout(Duration::from_secs(10), modest.somebody_left())
        .await
        .unwrap();
}

#[tokio::test]
async fn who_had_no_answer_leaves_what_is_kept_back_until_it_has_one() {
    let room = SharedRoom::new(8);
    let limiter = || Limiter::new(64, false, room.share(false));
    let (greedy, silent) = (limiter(), limiter());
    silent.enter(1).await[0].note_answer(false);
    let held: Vec<_> = greedy
        .enter(64)
        .await
        .into_iter()
        .chain(limiter().enter(1).await)
        .collect();
    let more = limiter().enter(1).await;
    assert_eq!((held.len(), more.len()), (4, 1));

    assert!(silent.try_enter().is_none());
    assert!(limiter().try_enter().is_some());

    drop(more);
    silent.try_enter().unwrap().note_answer(true);
    let _more = limiter().enter(1).await;
    assert!(silent.try_enter().is_some());
}

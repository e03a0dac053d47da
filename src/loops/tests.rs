//! What becomes of loops that fail.

use std::sync::atomic::AtomicUsize;

use super::*;
use crate::telemetry::metrics::format::Format;
use crate::telemetry::metrics::seen::Seen;

fn loops() -> (Loops, Arc<Metrics>) {
    let metrics = Arc::new(Metrics::new(&[Role::Monitor]));
    (Loops::new(metrics.clone(), &[Role::Monitor]), metrics)
}

fn restarts(metrics: &Metrics, name: Loop) -> u64 {
    let label = [("loop", name.as_str())];
    metrics.loop_restarts.get_or_create(&label).get()
}

/// Waits until `done`.
async fn until(done: impl Fn() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < Duration::from_secs(40), "waited in vain");
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn one_that_panics_is_counted_named_and_begun_anew() {
    let (loops, metrics) = loops();
    let (stop, begun) = (CancellationToken::new(), Arc::new(AtomicUsize::new(0)));
    let (token, count) = (stop.clone(), begun.clone());
    loops.start(
        Loop::Lanes,
        Some("crm".to_owned()),
        stop.clone(),
        move || {
            let (stop, number) = (token.clone(), count.fetch_add(1, Ordering::SeqCst));
            async move {
                // In the middle of its life, not at its beginning.
                sleep(Duration::from_millis(10)).await;
                assert!(number >= 3, "it breaks");
                stop.cancelled().await;
            }
        },
    );

    until(|| begun.load(Ordering::SeqCst) == 4).await;

    assert_eq!(restarts(&metrics, Loop::Lanes), 3);
    let failed = loops.failed_ones();
    assert_eq!(
        (failed[0].name, failed[0].of.as_deref()),
        ("lanes", Some("crm"))
    );
    assert_eq!((failed[0].restarts, failed[0].runs), (3, true));
    assert!(failed[0].why.ends_with("it breaks"), "{failed:?}");
    assert_eq!(loops.failed_at(Instant::now() + PROVEN), []);
    stop.cancel();
    loops.ended().await;
    assert_eq!(loops.failed_ones(), []);
}

#[tokio::test]
async fn one_that_ends_by_itself_has_failed_too_and_its_pauses_grow() {
    let (loops, metrics) = loops();
    let stop = CancellationToken::new();
    let began = Instant::now();
    loops.start(Loop::Listener, None, stop.clone(), || async {});

    until(|| restarts(&metrics, Loop::Listener) >= 4).await;

    // 0.1, 0.2 and 0.4 s.
    assert!(
        began.elapsed() >= Duration::from_millis(700),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(loops.failed_ones()[0].why, "it ended by itself");
    stop.cancel();
    loops.ended().await;
}

#[tokio::test]
async fn one_that_was_told_to_end_has_not_failed() {
    let (loops, metrics) = loops();
    let stop = CancellationToken::new();
    let token = stop.clone();
    loops.start(Loop::Windows, None, stop.clone(), move || {
        let stop = token.clone();
        async move { stop.cancelled().await }
    });

    stop.cancel();
    loops.ended().await;

    assert_eq!(restarts(&metrics, Loop::Windows), 0);
    assert_eq!(loops.failed_ones(), []);
}

#[test]
fn every_loop_of_a_role_is_counted_from_the_start() {
    let (_, metrics) = loops();
    let text = metrics.text(Format::OpenMetrics, &Seen::default());

    for (name, roles) in Loop::ALL {
        let line = format!("lull_loop_restarts_total{{loop=\"{}\"}} 0", name.as_str());
        assert_eq!(
            text.contains(&line),
            roles.contains(&Role::Monitor),
            "{line}"
        );
    }
}

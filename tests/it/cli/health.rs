//! `lull healthcheck`.

use crate::support::daemon::free_port;
use crate::support::tool::lull;
use crate::support::undeliverable::Undeliverable;

#[tokio::test]
async fn a_daemon_that_is_well_is_said_to_be_and_one_that_is_not_is_an_error() {
    let mut system = Undeliverable::start().await;
    let port = |url: String| url.rsplit(':').next().unwrap().to_owned();
    let (api, monitor) = (port(system.api.url("")), port(system.monitor.url("")));
    let settings = [("PORT", api.as_str()), ("MONITOR_PORT", &monitor)];

    for (arguments, who) in [
        (&["healthcheck"][..], format!("api on port {api}")),
        (
            &["healthcheck", "monitor"],
            format!("monitor on port {monitor}"),
        ),
    ] {
        let ran = lull(arguments, &settings).await.well();
        assert_eq!(ran.out, format!("{who} is well\n"));
    }
    system.redis.kill();
    for arguments in [&["healthcheck"][..], &["healthcheck", "monitor"]] {
        let ran = lull(arguments, &settings).await;
        assert_eq!((ran.code, ran.out.as_str()), (1, ""));
        assert!(ran.err.contains("answers 503"), "{}", ran.err);
    }
}

#[tokio::test]
async fn a_healthcheck_of_nobody_fails_and_says_why() {
    let port = free_port().to_string();

    let api = lull(&["healthcheck"], &[("PORT", &port)]).await;
    let monitor = lull(&["healthcheck", "monitor"], &[]).await;

    let words = format!("error: nobody answers on port {port}");
    assert!(api.code == 1 && api.err.starts_with(&words), "{api:?}");
    let words = "error: MONITOR_PORT is not set";
    assert!(
        monitor.code == 1 && monitor.err.starts_with(words),
        "{monitor:?}"
    );
}

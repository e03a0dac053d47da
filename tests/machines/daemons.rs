//! The daemons, in front of any Redis.

use crate::support::Daemon;
use crate::support::daemon::free_port;

/// A program of Lull that answers.
pub(crate) async fn daemon(program: &str, redis: &str, more: &[(&str, &str)]) -> Daemon {
    let port = free_port();
    let text = port.to_string();
    let mut settings = vec![
        ("REDIS_URL", redis),
        ("HOST", "127.0.0.1"),
        ("PORT", &text),
        ("MONITOR_PORT", &text),
    ];
    settings.extend(more);
    let daemon = Daemon::spawn(program, &[], &settings, port);
    daemon.wait_until_up().await;
    daemon
}

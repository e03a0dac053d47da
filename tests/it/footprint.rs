//! What many destinations cost a monitor, of which each has a template of its own that no batch has come for.

use lull::core::chat::Name;
use lull::spec::DestinationSpec;
use lull::store::config::{Kind, Mode};

use crate::support::{Daemon, TestRedis, eventually};

/// The most that each of many destinations may add, KiB, in a build that is not optimized. A compiled template takes
/// some 12 KiB more, and an HTTP client of its own more than 120.
const EACH: u64 = 36;

/// The most memory that a monitor has used until it had so many destinations at work beside those of its environment.
async fn memory_with(count: usize) -> u64 {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    for number in 0..count {
        let spec = DestinationSpec {
            name: format!("d{number}"),
            url: format!("https://host{number}.example/hook"),
            template: Some(format!(
                r#"{{"bot": {number}, "to": {{{{ user }}}}, "text": {{{{ text }}}}}}"#
            )),
            ..DestinationSpec::default()
        };
        let name = Name::parse(&spec.name).unwrap();
        store
            .config()
            .write(Kind::Destination, &name, &spec, Mode::Any, None, None)
            .await
            .unwrap();
    }
    let monitor = Daemon::monitor(&redis, "http://127.0.0.1:9/").await;
    eventually("all are at work", async || {
        monitor.log().matches("Delivering to").count() >= count + 2
    })
    .await;
    monitor.memory_kib()
}

#[tokio::test]
async fn many_destinations_share_what_they_need_to_be_called() {
    let one = memory_with(0).await;

    let many = memory_with(500).await;

    let each = many.saturating_sub(one) / 500;
    assert!(each < EACH, "each takes {each} KiB");
}

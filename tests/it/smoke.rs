//! The main job, from end to end.

use crate::support::{Daemon, Receiver, TestRedis};

#[tokio::test]
async fn what_a_person_said_arrives_as_one_payload() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    let _monitor = Daemon::monitor(&redis, &receiver.url()).await;

    api.say("5511988887777", "oi", 0.3).await;
    api.say("5511988887777", "tudo bem?", 0.3).await;

    let call = receiver.call().await;
    assert_eq!(call.user(), "5511988887777");
    assert_eq!(call.messages(), ["oi", "tudo bem?"]);
}

//! Dead letters put back: alone, by user, all; under their old ids and in their old order.

use reqwest::Method;
use serde_json::json;

use crate::support::daemon::read;
use crate::support::house::{House, id, neighbour_of, said};
use crate::support::{Daemon, eventually};

#[tokio::test]
async fn a_revived_letter_is_delivered_under_its_old_id() {
    let mut house = House::start().await;
    house.api.say("ana", "oi", 0.1).await;
    let before = house.receiver.call().await;
    eventually("it is buried", async || house.letters("").await.len() == 1).await;
    house.accept();

    let path = format!(
        "/api/dead-letter/{}/revive",
        id(&house.letters("").await[0])
    );
    let (status, answer) = house.api.request(Method::POST, &path, None).await;

    let after = house.receiver.call().await;
    assert_eq!(status, 200);
    assert_eq!(
        answer,
        json!({"success": true, "message": "Back at the head of its lane", "count": 1})
    );
    assert_eq!((after.id(), after.body), (before.id(), before.body));
    assert!(house.letters("").await.is_empty());
}

#[tokio::test]
async fn letters_revived_one_by_one_are_delivered_oldest_first() {
    let mut house = House::start().await;
    for number in 0..5 {
        house.bury("ana", &number.to_string()).await;
    }
    house.monitor.stop().await;
    house.api.say("ana", "new", 0.1).await;
    house.accept();

    // The list has the newest first.
    let letters = house.letters("").await;
    for at in [2, 4, 0, 3, 1] {
        let path = format!("/api/dead-letter/{}/revive", id(&letters[at]));
        house.api.request(Method::POST, &path, None).await;
    }
    let url = house.receiver.url();
    let _monitor = Daemon::monitor(&house.redis, &url).await;

    let order = house.deliveries(6).await;
    assert_eq!(order, ["0", "1", "2", "3", "4", "new"]);
}

#[tokio::test]
async fn all_letters_of_a_chat_are_delivered_oldest_first() {
    let mut house = House::start().await;
    for number in 0..6 {
        house.bury("ana", &number.to_string()).await;
        for other in ["eva", "rui", "lia"] {
            house.bury(other, "x").await;
        }
    }
    house.accept();

    let (status, answer) = house
        .api
        .request(Method::POST, "/api/dead-letter/revive", None)
        .await;

    assert_eq!(status, 200);
    assert_eq!(
        answer,
        json!({"success": true, "message": "Back at the heads of their lanes", "count": 24})
    );
    let mut order = house.deliveries(24).await;
    order.retain(|text| text != "x");
    assert_eq!(order, ["0", "1", "2", "3", "4", "5"]);
}

#[tokio::test]
async fn the_letters_of_one_user_can_be_revived_alone() {
    for (kind, body) in [
        ("application/json", r#"{"user": "ana"}"#),
        ("application/x-www-form-urlencoded", "user=ana"),
    ] {
        let mut house = House::start().await;
        for (user, text) in [("ana", "1"), (&neighbour_of("ana"), "2"), ("ana", "3")] {
            house.bury(user, text).await;
        }
        house.accept();

        let request = house
            .api
            .client()
            .post(house.api.url("/api/dead-letter/revive"));
        let request = request.header("content-type", kind).body(body);
        let (_, answer) = read(request.send().await.unwrap()).await;

        assert_eq!(answer["count"], 2, "{kind}");
        assert_eq!(house.deliveries(2).await, ["1", "3"], "{kind}");
        assert_eq!(said(&house.letters("").await), ["2"], "{kind}");
    }
}

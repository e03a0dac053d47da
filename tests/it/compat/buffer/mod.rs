//! The service Buffer: its buffers and forwardings are buffers and destinations under other names.

mod configs;
mod deliveries;

use serde_json::{Value, json};

use crate::support::shop::Shop;

/// Whoever posts to a buffer of the service Buffer posts whole objects.
fn whole(message: &Value) -> String {
    json!({ "message": message }).to_string()
}

async fn forwarding(shop: &Shop, spec: Value) -> Value {
    let (status, answer) = shop.api.post("/api/forwarding-configs", spec).await;
    assert_eq!(status, 201, "{answer}");
    answer
}

/// The shop with a buffer of the service Buffer.
async fn shop() -> Shop {
    let shop = Shop::open().await;
    let spec = json!({"name": "Loja São Paulo", "filter_field": "phone", "max_time": 30});
    let (status, answer) = shop.api.post("/api/buffer-configs", spec).await;
    assert_eq!(status, 201, "{answer}");
    shop
}

/// Waits until the monitor goes by all that was written.
async fn settled(shop: &Shop) {
    let version = shop.store.config().version().await.unwrap();
    shop.taken_up(&json!({ "version": version })).await;
}

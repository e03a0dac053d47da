//! The service Buffer: its buffers and forwardings are buffers and destinations under other names.

mod configs;
mod deliveries;

use serde_json::{Value, json};

use crate::support::system::System;

/// Whoever posts to a buffer of the service Buffer posts whole objects.
fn whole(message: &Value) -> String {
    json!({ "message": message }).to_string()
}

async fn forwarding(system: &System, spec: Value) -> Value {
    let (status, answer) = system.api.post("/api/forwarding-configs", spec).await;
    assert_eq!(status, 201, "{answer}");
    answer
}

/// The system with a buffer of the service Buffer.
async fn system() -> System {
    let system = System::open().await;
    let spec = json!({"name": "Loja São Paulo", "filter_field": "phone", "max_time": 30});
    let (status, answer) = system.api.post("/api/buffer-configs", spec).await;
    assert_eq!(status, 201, "{answer}");
    system
}

/// Waits until the monitor goes by all that was written.
async fn settled(system: &System) {
    let version = system.store.config().version().await.unwrap();
    system.taken_up(&json!({ "version": version })).await;
}

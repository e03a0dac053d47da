//! Buffers with a secret: what proves it needs no key, and no key stands for it.

use serde_json::json;

use super::{BOSS, KEYS, LOJA, bring};
use crate::support::system::System;

#[tokio::test]
async fn a_post_that_proves_the_secret_of_its_buffer_needs_no_key() {
    let buffer = |name: &str| json!({"name": name, "window": {"wait": 60}, "secret": "s3cret"});
    let system = System::with_settings(&[buffer("loja")], &[("API_KEYS", KEYS)]).await;
    let path = "/api/webhook/loja";

    for (headers, status) in [
        (vec![("x-webhook-secret", "s3cret")], 201),
        // Where both stand in one header, the proof decides.
        (vec![("authorization", "Bearer s3cret")], 201),
        (
            vec![("x-webhook-secret", "s3cret"), ("x-api-key", LOJA)],
            201,
        ),
        (vec![("x-webhook-secret", "guess")], 401),
        (
            vec![("x-webhook-secret", "guess"), ("x-api-key", BOSS)],
            401,
        ),
        (vec![("x-api-key", LOJA)], 401),
        (vec![], 401),
    ] {
        assert_eq!(
            bring(&system.api, path, &headers).await,
            status,
            "{headers:?}"
        );
    }
    // The secret of one buffer is no key for anything else.
    let secret = [
        ("x-webhook-secret", "s3cret"),
        ("authorization", "Bearer s3cret"),
    ];
    assert_eq!(bring(&system.api, "/api/message", &secret).await, 401);
    assert_eq!(
        bring(&system.api, "/api/webhook/default", &secret).await,
        401
    );
    assert_eq!(
        bring(&system.api, "/api/buffers/loja/try", &secret).await,
        401
    );
}

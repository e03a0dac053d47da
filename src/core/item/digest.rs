//! What the messages of a batch were, in few bytes.

use sha2::{Digest, Sha256};

/// Bytes of the digest that are kept: enough to tell what was changed, and no secret rests on it.
const BYTES: usize = 8;

/// The digest of items as they lie in Redis: of other messages, of another order or of changed words it is another.
pub fn digest(items: &str) -> String {
    hex::encode(&Sha256::digest(items)[..BYTES])
}

#[cfg(test)]
mod tests {
    use super::digest;

    #[test]
    fn other_words_and_another_order_have_another_digest() {
        let items = r#"{"at":1,"message":"a"},{"at":2,"message":"b"}"#;

        assert_eq!(digest(items), digest(items));
        assert_eq!(digest(items).len(), 16);
        for other in [
            "",
            r#"{"at":1,"message":"a"}"#,
            r#"{"at":2,"message":"b"},{"at":1,"message":"a"}"#,
            r#"{"at":1,"message":"a"},{"at":2,"message":"B"}"#,
        ] {
            assert_ne!(digest(other), digest(items), "{other}");
        }
    }
}

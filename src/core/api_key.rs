//! A key of the API as text, and the digest by which it is known.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::scopes::Scopes;

/// Begins every key that Lull makes, so that whoever looks for secrets in files and logs can find one.
const PREFIX: &str = "lull_";

/// What is kept of a key. One round of SHA-256 is enough, because keys are 256 random bits: nobody can try them out, so
/// nothing is gained by a hash that is slow, and every request would have to wait for it.
pub type KeyDigest = [u8; 32];

/// The digest of what somebody sent, or of a key.
pub fn digest(key: &str) -> KeyDigest {
    Sha256::digest(key).into()
}

/// The text of a key that was just made. It cannot be printed by accident, so that no log line holds it.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// The key of 256 random bits.
    pub fn of(random: [u8; 32]) -> Self {
        Self(format!("{PREFIX}{}", hex::encode(random)))
    }

    /// The text, for the one time that it is shown.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    pub fn digest(&self) -> KeyDigest {
        digest(&self.0)
    }
}

/// Who holds a key or a token.
#[derive(Debug)]
pub struct Principal {
    /// What they are called.
    pub name: Arc<str>,
    /// What they reach.
    pub scopes: Scopes,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_can_stand_in_a_header_a_path_and_a_list() {
        let secret = Secret::of([0xab; 32]);

        assert_eq!(secret.text(), format!("lull_{}", "ab".repeat(32)));
        assert_eq!(secret.digest(), digest(secret.text()));
        assert_ne!(secret.digest(), Secret::of([0xac; 32]).digest());
    }
}

//! What of a buffer is written and never shown.

use super::BufferSpec;
use crate::spec::SpecError;
use crate::spec::masked::{MASK, unmasked};

impl BufferSpec {
    /// The same with a mask in place of each secret.
    #[must_use]
    pub fn masked(mut self) -> Self {
        for secret in [&mut self.secret, &mut self.verify_token]
            .into_iter()
            .flatten()
        {
            MASK.clone_into(secret);
        }
        self
    }

    /// The same as the audit notes it: also with a mask in place of each person who is heard or not.
    #[must_use]
    pub fn noted(self) -> Self {
        let mut noted = self.masked();
        for person in noted.allow.iter_mut().chain(&mut noted.block) {
            MASK.clone_into(person);
        }
        noted
    }

    /// The same with the secrets of `old` where masks were put back.
    ///
    /// # Errors
    /// None: nobody is sent its secrets.
    pub fn unmasked(mut self, old: Option<&Self>) -> Result<Self, SpecError> {
        let old_secret = old.and_then(|old| old.secret.as_deref());
        self.secret = self.secret.map(|put| unmasked(&put, old_secret));
        let old_token = old.and_then(|old| old.verify_token.as_deref());
        self.verify_token = self.verify_token.map(|put| unmasked(&put, old_token));
        Ok(self)
    }
}

//! What is configured is encrypted in Redis with these keys.

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::Vars;

const NAME: &str = "SECRETS_KEY";

/// In front of the keys: what is written from now on is not encrypted, and what is encrypted still opens.
const NONE: &str = "none";

/// A key of 256 bits.
pub type SecretsKey = [u8; 32];

/// What secrets are encrypted with before they are put into Redis. It cannot be printed, so that no log line can hold it.
#[derive(Clone, Default)]
pub struct SecretsConfig {
    /// What is written is encrypted with this one; none: it is not encrypted.
    pub first: Option<SecretsKey>,
    /// What is read may be encrypted with any of them.
    pub all: Vec<SecretsKey>,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(super) struct RawSecrets {
    secrets_key: Option<String>,
}

impl SecretsConfig {
    /// Reads `SECRETS_KEY`.
    ///
    /// # Errors
    /// When it is set and is not what it must be: nothing of it is shown.
    pub fn from_vars(vars: &Vars) -> Result<Self> {
        let raw: RawSecrets = vars.read()?;
        // Whoever set it does not want secrets to be written in clear.
        vars.refuse_empty(&[NAME])?;
        let Some(text) = raw.secrets_key else {
            return Ok(Self::default());
        };
        let mut words: Vec<_> = text.split(',').map(str::trim).collect();
        let in_clear = words.first() == Some(&NONE);
        if in_clear {
            words.remove(0);
            ensure!(
                !words.is_empty(),
                "{NAME}: behind none stand the keys of what is still to be opened; do not set it at all where there are none"
            );
        }
        let mut all: Vec<SecretsKey> = Vec::new();
        for (index, word) in words.into_iter().enumerate() {
            let key =
                key_of(word).with_context(|| format!("{NAME}: key {} is wrong", index + 1))?;
            ensure!(
                !all.contains(&key),
                "{NAME}: key {} is there twice",
                index + 1
            );
            all.push(key);
        }
        let first = all.first().copied().filter(|_| !in_clear);
        Ok(Self { first, all })
    }
}

/// No error repeats any part of it.
fn key_of(word: &str) -> Result<SecretsKey> {
    let mut key = SecretsKey::default();
    let read = hex::decode_to_slice(word, &mut key);
    let is_guessed = key.iter().all(|byte| *byte == key[0]);
    ensure!(
        read.is_ok() && !is_guessed,
        "it must be 64 random hex digits, such as from: openssl rand -hex 32"
    );
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::super::tests::vars;
    use super::*;

    const ONE: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    const OTHER: &str = "FEDCBA9876543210fedcba9876543210fedcba9876543210fedcba9876543210";

    fn config(text: &str) -> Result<SecretsConfig> {
        SecretsConfig::from_vars(&vars(&[(NAME, text)]))
    }

    #[test]
    fn without_a_key_nothing_is_encrypted() {
        let config = SecretsConfig::from_vars(&vars(&[])).unwrap();

        assert!(config.first.is_none() && config.all.is_empty());
    }

    #[test]
    fn the_first_key_encrypts_and_all_open() {
        let config = config(&format!("{ONE}, {OTHER}")).unwrap();

        assert_eq!(config.all.len(), 2);
        assert_eq!(config.first, Some(config.all[0]));
        assert_eq!(config.all[1][..2], [0xfe, 0xdc]);
    }

    #[test]
    fn behind_none_keys_only_open() {
        let config = config(&format!("none,{ONE}")).unwrap();

        assert_eq!((config.first, config.all.len()), (None, 1));
    }

    #[test]
    fn what_is_no_key_stops_whoever_reads_it_and_is_not_shown() {
        let short = &ONE[..62];
        for text in [
            "",
            "  ",
            ",",
            "none",
            "none,",
            short,
            &format!("{ONE}ab"),
            &format!("{ONE},"),
            &format!("{ONE},{short}"),
            &format!("{ONE},{ONE}"),
            &format!("{ONE},{}", ONE.to_uppercase()),
            &format!("{ONE},none"),
            &"0".repeat(64),
            "correct horse battery staple",
        ] {
            let error = format!("{:#}", config(text).err().unwrap());
            assert!(error.contains(NAME) && !error.contains('\n'), "{error}");
            assert!(
                !error.contains("0123") && !error.contains("horse"),
                "{error}"
            );
        }
    }
}

//! Who may come in.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use ipnet::IpNet;
use serde::Deserialize;

use super::Vars;
use super::origins::Origins;
use super::rate::Rate;
use super::tokens::TokenConfig;
use crate::core::scopes::Scopes;

/// A key shorter than this, in characters, may be guessed.
pub const SHORTEST_KEY: usize = 16;

/// Longest name of a key, in characters: it stands in the audit.
const LONGEST_NAME: usize = 64;

/// What closes something: empty, as where a secret of a panel is missing, it must not leave that open.
const CLOSING: [&str; 4] = [
    "API_KEYS",
    "API_KEYS_FILE",
    "OPEN_INGEST",
    "OPEN_BUFFER_SERVICE",
];

/// Who may come in, and whom to believe where they come from.
#[derive(Clone, Default)]
pub struct AuthConfig {
    /// `API_KEYS` and the keys of `API_KEYS_FILE`; those that operators make lie in Redis.
    pub keys: Vec<Key>,
    /// Whose tokens are believed.
    pub tokens: TokenConfig,
    /// Whether messages are taken without a key: `OPEN_INGEST`, or else whether the environment has neither keys nor
    /// whose tokens are believed.
    pub open_ingest: bool,
    /// `OPEN_BUFFER_SERVICE`: whether `POST /api/v1/message` and `POST /api/messages` take messages without a key.
    pub open_buffer_service: bool,
    /// How many requests a caller may send; none: as many as they like.
    pub rate: Option<Rate>,
    /// `ALLOWED_ORIGINS`: which pages of others may call.
    pub origins: Origins,
    /// `TRUSTED_PROXIES`: who is believed when they say where a request came from.
    pub proxies: Vec<IpNet>,
}

/// A key, and what it reaches. It cannot be printed, so that no log line can hold it.
#[derive(Clone)]
pub struct Key {
    /// Who has it, as the audit calls them.
    pub name: String,
    /// The key itself.
    pub secret: String,
    /// What it reaches.
    pub scopes: Scopes,
}

impl Key {
    /// Whether it is shorter than [`SHORTEST_KEY`].
    pub fn may_be_guessed(&self) -> bool {
        self.secret.len() < SHORTEST_KEY
    }
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(super) struct RawAuth {
    api_keys: Option<String>,
    api_keys_file: Option<PathBuf>,
    open_ingest: Option<bool>,
    #[serde(default)]
    open_buffer_service: bool,
    allowed_origins: Option<String>,
    trusted_proxies: Option<String>,
}

impl AuthConfig {
    /// Reads who may come in.
    ///
    /// # Errors
    /// Names the variable that is wrong, and shows no key.
    pub fn from_vars(vars: &Vars) -> Result<Self> {
        let raw: RawAuth = vars.read()?;
        vars.refuse_empty(&CLOSING)?;
        let text = raw.api_keys.unwrap_or_default();
        let mut keys = keys_of("API_KEYS", &text)?;
        ensure!(
            text.is_empty() || !keys.is_empty(),
            "API_KEYS is set, but there is no key in it: put one in, as <name>:<key>, or do not set it at all"
        );
        if let Some(file) = raw.api_keys_file {
            keys.extend(keys_of("API_KEYS_FILE", &read_file(&file)?)?);
        }
        let mut secrets = HashSet::new();
        for Key { name, secret, .. } in &keys {
            ensure!(
                secrets.insert(secret),
                "API_KEYS: the key of {name} is there twice, and which of the two is meant cannot be known"
            );
        }
        let tokens = TokenConfig::from_vars(vars)?;
        let names_nobody = keys.is_empty() && tokens.is_empty();
        Ok(Self {
            keys,
            tokens,
            open_ingest: raw.open_ingest.unwrap_or(names_nobody),
            open_buffer_service: raw.open_buffer_service,
            rate: Rate::from_vars(vars)?,
            origins: Origins::parse(&raw.allowed_origins.unwrap_or_default())?,
            proxies: proxies_of(&raw.trusted_proxies.unwrap_or_default())?,
        })
    }
}

impl AuthConfig {
    /// Whether the environment has neither keys nor whose tokens are believed, so that only keys in Redis open what is
    /// closed.
    pub fn names_nobody(&self) -> bool {
        self.keys.is_empty() && self.tokens.is_empty()
    }
}

fn read_file(file: &Path) -> Result<String> {
    let text = std::fs::read_to_string(file);
    let text = text.with_context(|| format!("API_KEYS_FILE: cannot read {}", file.display()))?;
    // An empty secret of a panel must not let everybody in.
    ensure!(
        entries(&text).next().is_some(),
        "API_KEYS_FILE: {} has no key in it",
        file.display()
    );
    Ok(text)
}

/// The entries of a list, one a line or several with commas between; a line with a hash in front is a remark.
fn entries(text: &str) -> impl Iterator<Item = &str> {
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'));
    let entries = lines.flat_map(|line| line.split(',')).map(str::trim);
    entries.filter(|entry| !entry.is_empty())
}

fn keys_of(variable: &str, text: &str) -> Result<Vec<Key>> {
    let keys = entries(text).enumerate().map(|(index, entry)| {
        key_of(entry).with_context(|| format!("{variable}: entry {} is wrong", index + 1))
    });
    keys.collect()
}

/// No error repeats any part of an entry that may be the key.
fn key_of(entry: &str) -> Result<Key> {
    let parts: Vec<_> = entry.split(':').map(str::trim).collect();
    let (name, secret, words) = match parts[..] {
        [name, secret] => (name, secret, None),
        [name, secret, words] => (name, secret, Some(words)),
        _ => bail!("write name:key or name:key:scopes, such as n8n:<key>:ingest+read"),
    };
    let in_name = |c: char| !c.is_control();
    ensure!(
        !name.is_empty() && name.chars().count() <= LONGEST_NAME && name.chars().all(in_name),
        "a name has 1 to {LONGEST_NAME} characters"
    );
    ensure!(
        !secret.is_empty() && secret.bytes().all(|byte| byte.is_ascii_graphic()),
        "a key has letters, digits and signs of ASCII, no blanks; make one with: openssl rand -hex 24"
    );
    let scopes = match words {
        None => Scopes::everything(),
        Some(words) => words
            .split('+')
            .try_fold(Scopes::default(), |scopes, word| scopes.with(word.trim()))?,
    };
    Ok(Key {
        name: name.to_owned(),
        secret: secret.to_owned(),
        scopes,
    })
}

fn proxies_of(text: &str) -> Result<Vec<IpNet>> {
    let proxies = entries(text).map(|entry| {
        let address = entry.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
        match address {
            Ok(address) => Ok(address.to_canonical().into()),
            Err(_) => entry.parse().with_context(|| {
                format!(
                    "TRUSTED_PROXIES: {entry} must be an address or a network, such as 10.0.0.5 or 10.0.0.0/8"
                )
            }),
        }
    });
    proxies.collect()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::super::tests::vars;
    use super::*;

    fn config(pairs: &[(&str, &str)]) -> Result<AuthConfig> {
        AuthConfig::from_vars(&vars(pairs))
    }

    fn names(config: &AuthConfig) -> Vec<&str> {
        config.keys.iter().map(|key| key.name.as_str()).collect()
    }

    #[test]
    fn keys_have_a_name_and_reach_everything_unless_they_say_what() {
        let text = " n8n:k3y , panel:an+o/ther=:read,\ngateway:th1rd:ingest@loja+ingest@outra,";
        let config = config(&[("API_KEYS", text)]).unwrap();

        assert_eq!(names(&config), ["n8n", "panel", "gateway"]);
        assert_eq!(config.keys[1].secret, "an+o/ther=");
        let scopes: Vec<_> = config.keys.iter().map(|key| &key.scopes).collect();
        assert!(scopes[0].changes());
        assert!(scopes[1].reads() && !scopes[1].changes());
        assert!(!scopes[2].reads() && !scopes[2].brings_to_all());
    }

    #[test]
    fn a_file_adds_its_keys_and_may_hold_remarks() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(file, "# who: what for\nn8n:k3y:ingest\n\npanel:other\n").unwrap();
        let path = file.path().to_str().unwrap();

        let config = config(&[("API_KEYS", "me:own"), ("API_KEYS_FILE", path)]).unwrap();

        assert_eq!(names(&config), ["me", "n8n", "panel"]);
    }

    #[test]
    fn a_wrong_setting_is_named_and_no_key_is_shown() {
        let empty = tempfile::NamedTempFile::new().unwrap();
        for (name, value) in [
            ("API_KEYS", "s3cret"),
            ("API_KEYS", "n8n:"),
            ("API_KEYS", ":s3cret"),
            ("API_KEYS", "n8n:s3cret with blanks"),
            ("API_KEYS", "n8n:s3cret:write"),
            ("API_KEYS", "n8n:s3cret:"),
            ("API_KEYS", "n8n:s3cret:read:more"),
            ("API_KEYS", "a:s3cret,b:s3cret"),
            ("API_KEYS", ""),
            ("API_KEYS", " "),
            ("API_KEYS", ","),
            ("API_KEYS", "# n8n:s3cret"),
            ("API_KEYS_FILE", ""),
            ("OPEN_INGEST", ""),
            ("OPEN_INGEST", "no"),
            ("OPEN_BUFFER_SERVICE", ""),
            ("OPEN_BUFFER_SERVICE", "1"),
            ("API_KEYS_FILE", "/nowhere"),
            ("API_KEYS_FILE", empty.path().to_str().unwrap()),
            ("TRUSTED_PROXIES", "traefik"),
            ("TRUSTED_PROXIES", "10.0.0.0/33"),
        ] {
            let error = config(&[(name, value)]).err();
            let error = format!("{:#}", error.unwrap());
            assert!(error.contains(name), "{name}={value}: {error}");
            assert!(!error.contains("s3cret"), "{name}={value}: {error}");
        }
    }

    #[test]
    fn messages_are_open_only_where_nothing_says_who_comes_in() {
        let open = |pairs: &[_]| config(pairs).unwrap().open_ingest;

        assert!(open(&[]));
        for closing in [
            ("API_KEYS", "n8n:k3y"),
            ("SECRET_KEY", "k3y"),
            ("OPEN_INGEST", "false"),
        ] {
            assert!(!open(&[closing]), "{closing:?}");
        }
        assert!(open(&[("API_KEYS", "n8n:k3y"), ("OPEN_INGEST", "true")]));
        assert!(!config(&[]).unwrap().open_buffer_service);
    }

    #[test]
    fn proxies_are_addresses_and_networks() {
        let proxies = "127.0.0.1, 10.0.0.0/8,[::1]";
        let config = config(&[("TRUSTED_PROXIES", proxies)]).unwrap();

        let proxies: Vec<_> = config.proxies.iter().map(ToString::to_string).collect();
        assert_eq!(proxies, ["127.0.0.1/32", "10.0.0.0/8", "::1/128"]);
    }
}

//! Tokens (JWT): whose signature is believed, and what they must say.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use super::Vars;

/// A `SECRET_KEY` shorter than this, in characters, may be guessed: HS256 wants 256 bits (RFC 7518, 3.2).
pub const SHORTEST_SECRET: usize = 32;

/// What closes something: empty, as where a secret of a panel is missing, it must not leave that open.
const CLOSING: [&str; 5] = [
    "SECRET_KEY",
    "JWT_JWKS_FILE",
    "JWT_JWKS_URL",
    "JWT_AUDIENCE",
    "JWT_ISSUER",
];

/// Whose signature is believed, and what a token must say.
#[derive(Clone, Default)]
pub struct TokenConfig {
    /// `SECRET_KEY`: what HS256 tokens are signed with.
    pub secret: Option<String>,
    /// Where the public keys for RS256, ES256 and `EdDSA` are.
    pub key_set: Option<KeySet>,
    /// `JWT_AUDIENCE`: one of them must be meant; none: whom a token is meant for is not asked.
    pub audiences: Vec<String>,
    /// `JWT_ISSUER`: one of them must have issued it; none: it is not asked.
    pub issuers: Vec<String>,
}

/// Public keys (RFC 7517).
#[derive(Clone)]
pub enum KeySet {
    /// The text of `JWT_JWKS_FILE`.
    Text(String),
    /// `JWT_JWKS_URL`: they are fetched from there, again and again.
    Url(String),
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(super) struct RawTokens {
    secret_key: Option<String>,
    jwt_jwks_file: Option<PathBuf>,
    jwt_jwks_url: Option<String>,
    jwt_audience: Option<String>,
    jwt_issuer: Option<String>,
}

impl TokenConfig {
    /// Reads what is believed of tokens.
    ///
    /// # Errors
    /// Names the variable that is wrong.
    pub fn from_vars(vars: &Vars) -> Result<Self> {
        let raw: RawTokens = vars.read()?;
        vars.refuse_empty(&CLOSING)?;
        let key_set = match (raw.jwt_jwks_file, raw.jwt_jwks_url) {
            (None, None) => None,
            (Some(file), None) => Some(KeySet::Text(read_file(&file)?)),
            (None, Some(url)) => {
                let is_url = url.starts_with("https://") || url.starts_with("http://");
                ensure!(is_url, "JWT_JWKS_URL must begin with https:// or http://");
                Some(KeySet::Url(url))
            }
            (Some(_), Some(_)) => bail!("set one of JWT_JWKS_FILE and JWT_JWKS_URL"),
        };
        let config = Self {
            secret: raw.secret_key,
            key_set,
            audiences: list("JWT_AUDIENCE", raw.jwt_audience)?,
            issuers: list("JWT_ISSUER", raw.jwt_issuer)?,
        };
        // Whoever names whose tokens are meant wants nobody in without one.
        for (name, words) in [
            ("JWT_AUDIENCE", &config.audiences),
            ("JWT_ISSUER", &config.issuers),
        ] {
            ensure!(
                words.is_empty() || !config.is_empty(),
                "{name} is set, but no key that tokens are signed with: set JWT_JWKS_URL, JWT_JWKS_FILE or SECRET_KEY beside it"
            );
        }
        // Who issues tokens for several services would otherwise let the users of all others in.
        ensure!(
            config.key_set.is_none() || !config.audiences.is_empty(),
            "JWT_AUDIENCE must be set beside JWT_JWKS_FILE or JWT_JWKS_URL: it says which tokens are meant for Lull"
        );
        Ok(config)
    }

    /// Whether `SECRET_KEY` is shorter than [`SHORTEST_SECRET`].
    pub fn may_be_guessed(&self) -> bool {
        let secret = self.secret.as_ref();
        secret.is_some_and(|secret| secret.len() < SHORTEST_SECRET)
    }

    /// Whether no token is believed.
    pub fn is_empty(&self) -> bool {
        self.secret.is_none() && self.key_set.is_none()
    }
}

fn read_file(file: &Path) -> Result<String> {
    let text = std::fs::read_to_string(file);
    text.with_context(|| format!("JWT_JWKS_FILE: cannot read {}", file.display()))
}

fn list(variable: &str, text: Option<String>) -> Result<Vec<String>> {
    let Some(text) = text else {
        return Ok(Vec::new());
    };
    let words = text.split(',').map(str::trim);
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    ensure!(!words.is_empty(), "{variable} is set, but names nobody");
    Ok(words.into_iter().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::super::tests::vars;
    use super::*;

    fn config(pairs: &[(&str, &str)]) -> Result<TokenConfig> {
        TokenConfig::from_vars(&vars(pairs))
    }

    #[test]
    fn no_token_is_believed_by_default() {
        let config = config(&[]).unwrap();

        assert!(config.is_empty() && config.issuers.is_empty());
    }

    #[test]
    fn a_key_set_needs_an_audience() {
        let url = ("JWT_JWKS_URL", "https://id.example/jwks.json");
        let config = |more| config(&[url, more]);

        let lacking = config(("JWT_ISSUER", "x")).err().unwrap();
        assert!(lacking.to_string().contains("JWT_AUDIENCE"), "{lacking}");
        let config = config(("JWT_AUDIENCE", "lull, bots")).unwrap();
        assert_eq!(config.audiences, ["lull", "bots"]);
        assert!(!config.is_empty());
    }

    #[test]
    fn a_wrong_setting_is_named() {
        for settings in [
            &[("JWT_JWKS_FILE", "/nowhere")][..],
            &[("JWT_JWKS_URL", "id.example/jwks.json")],
            &[("JWT_JWKS_FILE", "/x"), ("JWT_JWKS_URL", "http://x/")],
            // What is set and says nothing must not leave open what it was to close.
            &[("SECRET_KEY", "")],
            &[("SECRET_KEY", "   ")],
            &[("SECRET_KEY", "\u{a0}\u{2003}")],
            &[("SECRET_KEY", "\u{200b}\u{feff} \u{2060}")],
            &[("JWT_JWKS_FILE", "")],
            &[("JWT_JWKS_URL", "")],
            &[("JWT_AUDIENCE", "")],
            &[("JWT_ISSUER", " "), ("SECRET_KEY", "x")],
            &[("JWT_ISSUER", ","), ("SECRET_KEY", "x")],
            &[("JWT_AUDIENCE", "lull")],
            &[("JWT_ISSUER", "https://id.example")],
        ] {
            let error = format!("{:#}", config(settings).err().unwrap());
            assert!(error.contains(settings[0].0), "{error}");
        }
    }
}

//! What stands for a chat where its number must not: in paths, which proxies write into their logs.
//!
//! A token is the chat itself, encrypted with a key that all daemons of one Redis share, so nobody has to remember it. One
//! chat has one token as long as that key lives.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac::{HMAC_SHA256, Key, sign};

use crate::core::chat::Chat;
use crate::store::handles::Chats;
use crate::store::keys::TOKEN_KEY;
use crate::store::{Result, StoreError};

/// Begins every token.
pub const PREFIX: &str = "chat_";
/// Letters behind that of a token of a chat of three bytes: a nonce, the bytes, and what proves them.
const SHORTEST: usize = 42;
/// What a nonce is made for, so that it is of use for nothing else.
const PURPOSE: &[u8] = b"lull: the nonce of the token of a chat\0";

/// Whether somebody means a token by it, and not a chat that is called so.
pub fn is_like_one(text: &str) -> bool {
    let sealed = text.strip_prefix(PREFIX).unwrap_or_default();
    let may_stand = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
    sealed.len() >= SHORTEST && sealed.bytes().all(may_stand)
}

/// The key of all tokens.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TokenKey([u8; 32]);

impl TokenKey {
    /// A new one; none: the system gives no randomness.
    pub fn generate() -> Option<Self> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).ok()?;
        Some(Self(key))
    }

    /// As it lies in Redis.
    pub fn to_hex(self) -> String {
        hex::encode(self.0)
    }

    /// The inverse of [`TokenKey::to_hex`].
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut key = [0; 32];
        hex::decode_to_slice(text, &mut key).ok()?;
        Some(Self(key))
    }

    /// The token of a chat: `chat_` and letters that may stand in a path.
    pub fn token(self, chat: &Chat) -> String {
        let mut text = format!("{}:{}", chat.buffer, chat.id.as_str()).into_bytes();
        let nonce = self.nonce(&text);
        // A nonce that is made of the text is the same for no other text.
        let under = Nonce::assume_unique_for_key(nonce);
        if let Some(key) = self.ready() {
            // Only a text of gigabytes cannot be sealed.
            let _ = key.seal_in_place_append_tag(under, Aad::from(PREFIX), &mut text);
        }
        let bytes = [&nonce[..], &text].concat();
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The chat of a token, as one with lanes of its own; none: it is no token, or one of another key.
    pub fn open(self, token: &str) -> Option<Chat> {
        let bytes = URL_SAFE_NO_PAD.decode(token.strip_prefix(PREFIX)?).ok()?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut sealed = sealed.to_vec();
        let opened = self
            .ready()?
            .open_in_place(nonce, Aad::from(PREFIX), &mut sealed);
        let text = std::str::from_utf8(opened.ok()?).ok()?;
        let (buffer, id) = text.split_once(':')?;
        Chat::from_stored(buffer, id)
    }

    /// What proves to all daemons of this Redis that one of them wrote a text, for this purpose and no other
    /// (HMAC-SHA-256).
    pub fn proof(self, purpose: &str, text: &[u8]) -> [u8; 32] {
        let purpose = format!("lull: {purpose}\0");
        self.tag(purpose.as_bytes(), text)
    }

    fn nonce(self, text: &[u8]) -> [u8; NONCE_LEN] {
        let mut nonce = [0; NONCE_LEN];
        nonce.copy_from_slice(&self.tag(PURPOSE, text)[..NONCE_LEN]);
        nonce
    }

    fn tag(self, purpose: &[u8], text: &[u8]) -> [u8; 32] {
        let key = Key::new(HMAC_SHA256, &[purpose, &self.0].concat());
        let mut tag = [0; 32];
        tag.copy_from_slice(sign(&key, text).as_ref());
        tag
    }

    /// None: it has another length than its kind, which the type rules out.
    fn ready(self) -> Option<LessSafeKey> {
        let key = UnboundKey::new(&CHACHA20_POLY1305, &self.0).ok();
        key.map(LessSafeKey::new)
    }
}

impl std::fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenKey")
    }
}

impl Chats<'_> {
    /// The key that all daemons go by: `ours`, if there is none yet, or no longer.
    ///
    /// # Errors
    /// Full, unavailable, silent or unreadable.
    pub async fn agree_on_token_key(self, ours: TokenKey) -> Result<TokenKey> {
        let mut set = redis::cmd("SET");
        set.arg(TOKEN_KEY).arg(ours.to_hex()).arg("NX").arg("GET");
        let theirs: Option<String> = self.store.query(&set).await?;
        let Some(theirs) = theirs else {
            return Ok(ours);
        };
        TokenKey::from_hex(&theirs).ok_or(StoreError::Unreadable("the key of chat tokens"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chat(id: &str) -> Chat {
        Chat::from_stored("loja", id).unwrap()
    }

    #[test]
    fn a_token_leads_back_to_its_chat_and_tells_nobody_else() {
        let key = TokenKey::generate().unwrap();
        for id in ["loja:5511988887777", "a:b\u{0}\n", &"é".repeat(200)] {
            let chat = chat(id);
            let token = key.token(&chat);

            assert_eq!(key.token(&chat), token);
            assert_eq!(key.open(&token), Some(chat));
            assert!(!token.contains("5511") && token.is_ascii());
            assert_eq!(TokenKey::generate().unwrap().open(&token), None);
        }
    }

    #[test]
    fn a_proof_is_of_one_text_one_purpose_and_one_key() {
        let key = TokenKey::from_hex(&"07".repeat(32)).unwrap();
        let proof = key.proof("sessions", b"ana");

        assert_eq!(key.proof("sessions", b"ana"), proof);
        assert_ne!(key.proof("sessions", b"anb"), proof);
        assert_ne!(key.proof("links", b"ana"), proof);
        let other = TokenKey::from_hex(&"08".repeat(32)).unwrap();
        assert_ne!(other.proof("sessions", b"ana"), proof);
    }

    #[test]
    fn a_token_that_was_changed_opens_nothing() {
        let key = TokenKey::from_hex(&"07".repeat(32)).unwrap();
        let token = key.token(&chat("loja:5511988887777"));
        for at in PREFIX.len()..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            // The last letter may hold bits that nobody reads.
            if key.open(&changed).is_some() {
                assert_eq!(at, token.len() - 1, "{changed}");
            }
        }
        for bad in ["", "chat_", "chat_AAAA", "5511988887777", &token[5..]] {
            assert_eq!(key.open(bad), None, "{bad}");
        }
        assert_eq!(TokenKey::from_hex(&key.to_hex()), Some(key));
        assert_eq!(TokenKey::from_hex("07"), None);
    }
}

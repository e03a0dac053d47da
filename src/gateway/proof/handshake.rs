//! How a gateway is told that its posts are welcome.

use thiserror::Error;

use super::{in_query, same};

/// Why a handshake is refused.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum HandshakeError {
    /// It is no handshake at all.
    #[error(
        "hub.mode must be subscribe, and hub.challenge must be there: this address is for the gateway"
    )]
    NotOne,
    /// It comes from somebody else's app.
    #[error(
        "hub.verify_token is not the one of this buffer: enter the buffer's at Meta, where the webhook is set up"
    )]
    WrongToken,
}

/// What to answer to the GET by which Meta asks, before its first post, whether posts are welcome: the challenge.
/// `query` is the part of the URL behind the question mark.
///
/// # Errors
/// When it is no such question, or not asked with our token.
pub fn handshake(query: &str, token: &str) -> Result<String, HandshakeError> {
    let of = |name: &str| in_query(&format!("?{query}"), name);
    let (Some("subscribe"), Some(challenge)) = (of("hub.mode").as_deref(), of("hub.challenge"))
    else {
        return Err(HandshakeError::NotOne);
    };
    let given = of("hub.verify_token").unwrap_or_default();
    if token.trim().is_empty() || !same(&given, token) {
        return Err(HandshakeError::WrongToken);
    }
    Ok(challenge)
}

//! What Meta must know before its first post. It asks by a URL, which proxies and browsers write down, so it is a token of
//! its own: whoever knows the secret can sign posts.

use super::BufferSpec;
use crate::spec::SpecError;
use crate::spec::masked::MASK;
use crate::spec::source::Source;

/// Checks the token of a buffer.
///
/// # Errors
/// When it can be guessed, or where nobody asks for one.
pub(super) fn check(spec: &BufferSpec, source: &Source) -> Result<(), SpecError> {
    let Some(token) = spec.verify_token.as_deref() else {
        return Ok(());
    };
    let asks = matches!(source, Source::Gateway(gateway) if gateway.has_handshake());
    let why = if token.trim().is_empty() || token == MASK {
        "must not be empty or blank, nor the mask it is shown as"
    } else if !asks {
        "is for gateways that ask before their first post, such as cloud"
    } else if spec.verify_token == spec.secret {
        "must not be the secret, because it stands in a URL"
    } else {
        return Ok(());
    };
    Err(SpecError::new("verify_token", why))
}

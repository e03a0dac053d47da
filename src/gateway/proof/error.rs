//! Why a post is not believed, and what to do about it.

use thiserror::Error;

/// Why a post is not believed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ProofError {
    /// The buffer has an empty secret, or one of blanks, which anybody guesses.
    #[error("the secret is empty: set it to {0}")]
    NoSecret(String),
    /// There is no proof in it.
    #[error("the post has no {place}: set the secret at the gateway too; it is {secret_is}")]
    Missing {
        /// Where it was looked for.
        place: String,
        /// What the secret is at the gateway.
        secret_is: String,
    },
    /// It was made with another secret, for another body, or for another URL.
    #[error(
        "{place} does not fit the post: is the secret {secret_is}, and do proxies leave URL and body alone?"
    )]
    Wrong {
        /// Where it stands.
        place: String,
        /// What the secret is at the gateway.
        secret_is: String,
    },
    /// It was signed too long ago, or in the future.
    #[error("{0} is more than 5 minutes from now: is the post a repetition, or a clock wrong?")]
    Stale(String),
    /// The token in it was made too long ago.
    #[error("the token of the post has expired: is the post a repetition, or a clock wrong?")]
    Expired,
}

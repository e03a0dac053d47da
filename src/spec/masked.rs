//! Secrets are written and never shown: a mask stands for each, and a mask that is put back keeps what was there.

/// What is shown in place of a secret.
pub const MASK: &str = "********";

/// The secret behind what was put: the old one behind a mask, else what was put itself.
pub(super) fn unmasked(put: &str, old: Option<&str>) -> String {
    match old {
        Some(old) if put == MASK => old.to_owned(),
        _ => put.to_owned(),
    }
}

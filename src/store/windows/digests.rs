//! Digests of what was said and of ids, which stand in Redis in the place of what they are of.

use sha2::{Digest, Sha256};

use crate::core::json::RawObject;
use crate::store::keys::Place;

/// Enough of a digest to tell what was said from what was just before it, without a zero byte, which would end it in the
/// head.
pub(super) fn said_digest(text: &str, parts: Option<&RawObject>) -> String {
    let parts = parts.into_iter().flatten();
    let parts = parts.flat_map(|(name, part)| [name.as_str(), part.get()]);
    let mut digest = Sha256::new();
    for piece in std::iter::once(text).chain(parts) {
        // The length keeps them apart: no two run together.
        digest.update(piece.len().to_be_bytes());
        digest.update(piece);
    }
    hex::encode(&digest.finalize()[..8])
}

/// Ids are kept as digests: short whatever the client sends, and no phone number stays behind for a day. An older Lull looks for
/// these 16 bytes; sets of ids hold the beginning of them.
pub(in crate::store) fn seen_digest(place: &Place, id: &str) -> Vec<u8> {
    let digest = Sha256::new()
        // The length keeps chat and id apart: no two pairs run together.
        .chain_update(place.member.len().to_be_bytes())
        .chain_update(&place.member)
        .chain_update(id)
        .finalize();
    digest[..16].to_vec()
}

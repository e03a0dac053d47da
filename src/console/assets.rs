//! Styles, scripts and icons: compiled in, named by their contents, so that a browser keeps them for ever.

use std::io::Write;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// Each with its name, its kind and its bytes.
const FILES: [(&str, &str, &[u8]); 5] = [
    ("console.css", CSS, include_bytes!("assets/console.css")),
    ("console.js", JS, include_bytes!("assets/console.js")),
    ("favicon.svg", SVG, include_bytes!("assets/favicon.svg")),
    ("htmx.js", JS, include_bytes!("assets/htmx-4.0.1.min.js")),
    ("icons.svg", SVG, include_bytes!("assets/icons.svg")),
];

/// All of them, ready to be served.
#[derive(Clone)]
pub(super) struct Assets(Arc<[Asset]>);

struct Asset {
    name: &'static str,
    /// The name with what its bytes come to.
    served_as: String,
    kind: &'static str,
    bytes: &'static [u8],
    compressed: Vec<u8>,
}

impl Assets {
    pub(super) fn new() -> Self {
        Self(
            FILES
                .iter()
                .map(|(name, kind, bytes)| Asset::new(name, kind, bytes))
                .collect(),
        )
    }

    /// Where a browser finds one.
    pub(super) fn url(&self, name: &str) -> String {
        let asset = self.0.iter().find(|asset| asset.name == name);
        let served_as = asset.map_or(name, |asset| &asset.served_as);
        format!("/console/assets/{served_as}")
    }
}

impl Asset {
    fn new(name: &'static str, kind: &'static str, bytes: &'static [u8]) -> Self {
        let hash = hex::encode(&Sha256::digest(bytes)[..6]);
        let served_as = match name.rsplit_once('.') {
            Some((stem, ending)) => format!("{stem}-{hash}.{ending}"),
            None => format!("{name}-{hash}"),
        };
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        // Writing into memory cannot fail; if it did, the file would be served as it is.
        let compressed = encoder.write_all(bytes).and_then(|()| encoder.finish());
        Self {
            name,
            served_as,
            kind,
            bytes,
            compressed: compressed.unwrap_or_default(),
        }
    }
}

/// Serves one by its name.
pub(super) async fn serve(
    State(assets): State<Assets>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Response {
    let Some(asset) = assets.0.iter().find(|asset| asset.served_as == file) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kept = [
        (CONTENT_TYPE, asset.kind),
        (CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (VARY, "accept-encoding"),
    ];
    let accepted = headers.get(ACCEPT_ENCODING).and_then(|it| it.to_str().ok());
    if accepted.is_some_and(|it| it.contains("gzip")) && !asset.compressed.is_empty() {
        let encoded = [(CONTENT_ENCODING, "gzip")];
        return (kept, encoded, asset.compressed.clone()).into_response();
    }
    (kept, asset.bytes).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_is_as_they_published_it() {
        // The sum of dist/htmx.min.js in htmx.org 4.0.1, as npm has it.
        let published = "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130";
        let (_, _, bytes) = FILES.iter().find(|(name, ..)| *name == "htmx.js").unwrap();
        assert_eq!(hex::encode(Sha256::digest(bytes)), published);
    }

    #[test]
    fn an_asset_is_named_by_its_bytes() {
        let assets = Assets::new();
        for (name, ..) in FILES {
            let (stem, ending) = name.rsplit_once('.').unwrap();
            let url = assets.url(name);
            assert!(
                url.starts_with(&format!("/console/assets/{stem}-")),
                "{url}"
            );
            assert!(url.ends_with(&format!(".{ending}")), "{url}");
        }
    }
}

//! Compressed bodies, by `Content-Encoding`.

use std::io::Read;

use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_ENCODING;
use brotli_decompressor::Decompressor;
use flate2::bufread::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use crate::http::error::ApiError;
use crate::http::middleware::budget::Share;

/// So much of a body is decompressed at a time.
const STEP: usize = 16 * 1024;

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Coding {
    None,
    Gzip,
    Deflate,
    Brotli,
}

impl Coding {
    /// # Errors
    /// When it is one that is not taken, or more than one.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, ApiError> {
        let mut coding = Self::None;
        for header in headers.get_all(CONTENT_ENCODING) {
            let refused = || {
                let name = String::from_utf8_lossy(header.as_bytes());
                ApiError::ContentEncoding(name.chars().take(100).collect())
            };
            for name in header.to_str().map_err(|_| refused())?.split(',') {
                let this = match name.trim().to_ascii_lowercase().as_str() {
                    "" | "identity" => continue,
                    "gzip" | "x-gzip" => Self::Gzip,
                    "deflate" => Self::Deflate,
                    "br" => Self::Brotli,
                    _ => return Err(refused()),
                };
                if coding != Self::None {
                    return Err(refused());
                }
                coding = this;
            }
        }
        Ok(coding)
    }

    /// The body as it was before it was compressed, `limit` bytes at the most.
    ///
    /// # Errors
    /// When it is larger, or not compressed like that.
    pub(super) fn undone(
        self,
        bytes: Bytes,
        limit: usize,
        share: Option<&Share>,
    ) -> Result<Bytes, ApiError> {
        let compressed = &*bytes;
        match self {
            Self::None => Ok(bytes),
            // One can be made of several, one behind the other.
            Self::Gzip => self.read(&mut MultiGzDecoder::new(compressed), limit, share),
            // By RFC 9110 it is zlib's, and some send it without that around it. A zlib header is a multiple of 31.
            Self::Deflate => match compressed {
                [first, second, ..]
                    if first & 15 == 8 && u16::from_be_bytes([*first, *second]) % 31 == 0 =>
                {
                    let mut zlib = ZlibDecoder::new(compressed);
                    let whole = self.read(&mut zlib, limit, share)?;
                    self.ended(zlib.get_ref(), whole)
                }
                _ => {
                    let mut raw = DeflateDecoder::new(compressed);
                    let whole = self.read(&mut raw, limit, share)?;
                    self.ended(raw.get_ref(), whole)
                }
            },
            Self::Brotli => self.read(&mut Decompressor::new(compressed, STEP), limit, share),
        }
    }

    /// What was compressed, if nothing stands behind it.
    fn ended(self, left: &[u8], whole: Bytes) -> Result<Bytes, ApiError> {
        if left.is_empty() {
            Ok(whole)
        } else {
            Err(self.is_not_this())
        }
    }

    fn is_not_this(self) -> ApiError {
        let name = format!("{self:?}").to_lowercase();
        ApiError::BadRequest(format!(
            "the body is not compressed with {name}, as the header Content-Encoding says"
        ))
    }

    fn read(
        self,
        from: &mut impl Read,
        limit: usize,
        share: Option<&Share>,
    ) -> Result<Bytes, ApiError> {
        let mut whole = Vec::new();
        let mut step = vec![0; STEP];
        loop {
            let read = from.read(&mut step).map_err(|_| self.is_not_this())?;
            if read == 0 {
                return Ok(whole.into());
            }
            if whole.len() + read > limit {
                return Err(ApiError::TooLarge(limit));
            }
            if let Some(share) = share {
                share.add(read)?;
            }
            whole.extend_from_slice(&step[..read]);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    const SAID: &[u8] = br#"{"message": "oi"}"#;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(bytes).unwrap();
        gzip.finish().unwrap()
    }

    fn coding(header: &'static str) -> Result<Coding, String> {
        let headers = HeaderMap::from_iter([(CONTENT_ENCODING, header.parse().unwrap())]);
        Coding::of(&headers).map_err(|error| error.to_string())
    }

    #[test]
    fn what_was_compressed_comes_out_as_it_was() {
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
        zlib.write_all(SAID).unwrap();
        let mut raw = DeflateEncoder::new(Vec::new(), Compression::default());
        raw.write_all(SAID).unwrap();
        // Made with Python's brotli.
        let brotli = b"\x0b\x08\x80{\"message\": \"oi\"}\x03";
        for (header, bytes) in [
            ("gzip", gzip(SAID)),
            ("x-gzip", gzip(SAID)),
            // Of two parts, as some clients stream them.
            ("gzip", [gzip(&SAID[..5]), gzip(&SAID[5..])].concat()),
            ("deflate", zlib.finish().unwrap()),
            ("deflate", raw.finish().unwrap()),
            ("br", brotli.to_vec()),
            ("identity", SAID.to_vec()),
        ] {
            let undone = coding(header).unwrap().undone(bytes.into(), 100, None);
            assert_eq!(undone.unwrap(), SAID, "{header}");
        }
    }

    #[test]
    fn what_is_too_large_or_not_compressed_is_refused() {
        let bomb = gzip(&vec![b' '; 10_000_000]);
        assert!(bomb.len() < 20_000);
        let undone = Coding::Gzip.undone(bomb.into(), 1_000_000, None);
        assert!(
            matches!(undone, Err(ApiError::TooLarge(1_000_000))),
            "{undone:?}"
        );
        for coding in [Coding::Gzip, Coding::Deflate, Coding::Brotli] {
            let undone = coding.undone(SAID.into(), 100, None);
            assert!(matches!(undone, Err(ApiError::BadRequest(_))), "{undone:?}");
        }
        let zlib = || {
            let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
            zlib.write_all(SAID).unwrap();
            zlib.finish().unwrap()
        };
        for (coding, mut bytes) in [(Coding::Gzip, gzip(SAID)), (Coding::Deflate, zlib())] {
            bytes.extend(b"more");
            let undone = coding.undone(bytes.into(), 100, None);
            assert!(matches!(undone, Err(ApiError::BadRequest(_))), "{undone:?}");
        }
        let whole = gzip(SAID);
        let half = Coding::Gzip.undone(whole[..whole.len() / 2].to_vec().into(), 100, None);
        assert!(half.is_err(), "{half:?}");
    }

    #[test]
    fn a_coding_that_is_not_taken_is_named() {
        for header in ["zstd", "gzip, br", "compress"] {
            assert!(coding(header).unwrap_err().contains(header), "{header}");
        }
    }
}

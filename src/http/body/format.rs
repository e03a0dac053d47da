//! What a body is by its `Content-Type`: JSON or a form, and in which charset.

use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use encoding_rs::{Encoding, REPLACEMENT, UTF_8};

use crate::core::json::RawObject;
use crate::core::json::depth::is_too_deep;
use crate::core::json::fields::{BadInput, form_fields, json_fields};
use crate::http::error::ApiError;

/// Some programs put it in front of what they write in UTF-8.
const BOM: &[u8] = b"\xEF\xBB\xBF";

/// What a body is.
#[derive(Clone, Copy)]
pub(super) struct Format {
    pub(super) kind: Kind,
    charset: &'static Encoding,
}

/// How a body holds its fields.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Json,
    Form,
}

impl Format {
    /// # Errors
    /// When it is neither JSON nor a form, or in a charset that nobody knows.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, ApiError> {
        let header = headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let mut parts = header.split(';').map(str::trim);
        let kind = match parts
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase()
            .as_str()
        {
            "application/x-www-form-urlencoded" => Kind::Form,
            "application/json" => Kind::Json,
            // Such as application/cloudevents+json.
            kind if kind.starts_with("application/") && kind.ends_with("+json") => Kind::Json,
            _ => return Err(ApiError::ContentType),
        };
        let charset = parts.find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.trim()
                .eq_ignore_ascii_case("charset")
                .then(|| value.trim().trim_matches('"'))
        });
        let charset = match charset {
            None => UTF_8,
            Some(label) => Encoding::for_label(label.as_bytes())
                .filter(|known| *known != REPLACEMENT)
                .ok_or_else(|| ApiError::Charset(label.to_owned()))?,
        };
        Ok(Self { kind, charset })
    }

    /// The body in UTF-8, without a mark of that in front.
    ///
    /// # Errors
    /// When it is not in its charset. It is never guessed: nobody could tell later what was said.
    pub(super) fn text(self, bytes: &Bytes) -> Result<Bytes, ApiError> {
        let wrong = || ApiError::NotInCharset(self.charset.name());
        match self.kind {
            // serde_json tells where it is not UTF-8.
            Kind::Json if self.charset == UTF_8 => Ok(without_bom(bytes)),
            Kind::Json => {
                let (text, _, malformed) = self.charset.decode(bytes);
                if malformed {
                    return Err(wrong());
                }
                Ok(text.into_owned().into())
            }
            Kind::Form => {
                let bytes = without_bom(bytes);
                if self.charset == UTF_8 && bytes.is_ascii() && !bytes.contains(&b'%') {
                    return Ok(bytes);
                }
                let mut form = form_urlencoded::Serializer::new(String::new());
                for pair in bytes.split(|byte| *byte == b'&') {
                    let mut parts = pair.splitn(2, |byte| *byte == b'=');
                    let mut part = || {
                        let raw = parts.next().unwrap_or_default();
                        self.part_of_form(raw).ok_or_else(wrong)
                    };
                    let (name, value) = (part()?, part()?);
                    if !pair.is_empty() {
                        form.append_pair(&name, &value);
                    }
                }
                Ok(form.finish().into())
            }
        }
    }

    /// A name or a value of a form; none: it is not in its charset.
    fn part_of_form(self, raw: &[u8]) -> Option<String> {
        let spaced: Vec<u8> = raw
            .iter()
            .map(|byte| if *byte == b'+' { b' ' } else { *byte })
            .collect();
        let bytes: Vec<u8> = percent_encoding::percent_decode(&spaced).collect();
        let text = self
            .charset
            .decode_without_bom_handling_and_without_replacement(&bytes)?;
        Some(text.into_owned())
    }
}

fn without_bom(bytes: &Bytes) -> Bytes {
    if bytes.starts_with(BOM) {
        bytes.slice(BOM.len()..)
    } else {
        bytes.clone()
    }
}

impl Kind {
    /// Nobody behind this has to fear what is deep. The values of forms are texts.
    pub(super) fn check(self, body: &[u8]) -> Result<(), BadInput> {
        match self {
            Self::Json if is_too_deep(body) => Err(BadInput::TooDeep),
            Self::Json | Self::Form => Ok(()),
        }
    }

    pub(super) fn fields(self, body: &[u8]) -> Result<RawObject, ApiError> {
        Ok(match self {
            Self::Json => json_fields(body)?,
            Self::Form => form_fields(body)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text of a body under a content type, or what it is refused with.
    fn text(content_type: &'static str, body: &'static [u8]) -> Result<String, String> {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, content_type.parse().unwrap())]);
        let text = Format::of(&headers).and_then(|format| format.text(&body.into()));
        text.map(|text| String::from_utf8(text.to_vec()).unwrap())
            .map_err(|error| error.to_string())
    }

    const JSON: &str = "application/json";
    const FORM: &str = "application/x-www-form-urlencoded";

    #[test]
    fn a_declared_charset_is_what_the_body_is_read_in() {
        let latin = "application/json; charset=ISO-8859-1";
        let quoted = "application/json;Charset=\"windows-1252\"";
        let utf16 = "application/json; charset=utf-16le";
        assert_eq!(
            text(latin, b"{\"a\":\"n\xE3o\"}").unwrap(),
            r#"{"a":"não"}"#
        );
        assert_eq!(text(quoted, b"\"\x80\"").unwrap(), "\"€\"");
        assert_eq!(text(utf16, b"\"\0a\0\"\0").unwrap(), "\"a\"");
        let form = "application/x-www-form-urlencoded; charset=ISO-8859-1";
        assert_eq!(text(form, b"a=n%E3o+sei&b").unwrap(), "a=n%C3%A3o+sei&b=");
        assert_eq!(text(form, b"a=n\xE3o").unwrap(), "a=n%C3%A3o");
    }

    #[test]
    fn what_is_not_in_its_charset_is_refused_by_name() {
        for (content_type, body, named) in [
            (FORM, &b"a=n%E3o"[..], "UTF-8"),
            ("application/json; charset=utf-16le", b"\"", "UTF-16LE"),
            ("application/json; charset=klingon", b"{}", "klingon"),
            ("application/json; charset=utf-7", b"{}", "utf-7"),
            (
                "application/json; charset=iso-2022-kr",
                b"{}",
                "iso-2022-kr",
            ),
        ] {
            let refused = text(content_type, body).unwrap_err();
            assert!(refused.contains(named), "{content_type}: {refused}");
        }
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_a_body() {
        for content_type in [JSON, "application/json; charset=utf-8"] {
            assert_eq!(text(content_type, b"\xEF\xBB\xBF{}").unwrap(), "{}");
        }
        assert_eq!(text(FORM, b"\xEF\xBB\xBFa=1").unwrap(), "a=1");
        let utf16 = "application/json; charset=utf-16";
        assert_eq!(text(utf16, b"\xFF\xFE{\0}\0").unwrap(), "{}");
    }
}

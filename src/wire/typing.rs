//! Typing signals, as clients post them.

use crate::core::chat::ChatId;
use crate::core::incoming::user_of;
use crate::core::json::RawObject;
use crate::core::json::fields::{BadInput, take};

/// A typing signal, as `POST /api/typing` takes it.
#[derive(Debug)]
pub struct Typing {
    /// The chat.
    pub user: ChatId,
    /// True while the person types.
    pub typing: bool,
}

impl Typing {
    /// Takes the fields of a body as a typing signal; without `typing` it is one of somebody typing.
    ///
    /// # Errors
    /// Says what is wrong, and with which field.
    pub fn from_fields(mut fields: RawObject) -> Result<Self, BadInput> {
        let user = user_of(&mut fields)?;
        let typing = match take(&mut fields, "typing") {
            None => true,
            Some(raw) => match raw.get().trim_matches('"') {
                "true" => true,
                "false" => false,
                _ => return Err(BadInput::field("typing", "must be true or false")),
            },
        };
        Ok(Self { user, typing })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::json::fields::json_fields;

    #[test]
    fn typing_defaults_to_true() {
        let typing = |body: &str| {
            json_fields(body.as_bytes())
                .and_then(Typing::from_fields)
                .map(|t| t.typing)
        };

        assert!(typing(r#"{"user":"a"}"#).unwrap());
        assert!(!typing(r#"{"user":"a","typing":false}"#).unwrap());
        assert!(!typing(r#"{"user":"a","typing":"false"}"#).unwrap());
        assert_eq!(
            typing(r#"{"user":"a","typing":3}"#)
                .unwrap_err()
                .to_string(),
            "typing must be true or false"
        );
    }
}

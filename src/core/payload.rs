//! The body of a webhook call (the payload).

use chrono_tz::Tz;
use serde_json::value::to_raw_value;

use crate::core::batch::Millis;
use crate::core::item::Item;
use crate::core::json::RawObject;
use crate::core::language::Language;
use crate::core::moment::rfc3339;

/// Names that are always Lull's own, whatever a client sends.
const USER: &str = "user";
const USER_ID: &str = "user_id";
const MESSAGES: &str = "messages";
const PROCESSED_AT: &str = "processed_at";

/// Names that are Lull's own in the payloads of gateways' buffers, which pass nothing of a client's through.
const TEXT: &str = "text";
const ITEMS: &str = "items";

/// How payloads look.
#[derive(Clone, Copy, Debug)]
pub struct PayloadRules<'a> {
    /// The name of the list of messages: `messages`, or `listamessages` for newer redis-datafy flows.
    pub messages_field: &'a str,
    /// The zone that `processed_at` is written in.
    pub timezone: Tz,
    /// Of a gateway's buffer: the language of its `text`. Other payloads have neither `text` nor `items`.
    pub language: Option<Language>,
}

impl PayloadRules<'_> {
    /// Whether a list of messages may have that name.
    pub fn allows_messages_field(name: &str) -> bool {
        !name.is_empty() && ![USER, USER_ID, PROCESSED_AT].contains(&name)
    }

    /// Builds the body for a batch that was closed at `closed`. The same batch gives the same bytes at every attempt.
    ///
    /// # Errors
    /// None that a stored batch can cause.
    pub fn body(&self, user: &str, items: &[Item], closed: Millis) -> serde_json::Result<String> {
        let mut body = RawObject::new();
        for item in items {
            for (name, value) in &item.fields {
                body.insert(name.clone(), value.clone());
            }
        }
        // A client's field of an own name would otherwise stand where the receiver looks for Lull's.
        for own in [USER, USER_ID, MESSAGES, PROCESSED_AT, self.messages_field] {
            body.shift_remove(own);
        }
        let user = to_raw_value(user)?;
        let messages: Vec<_> = items.iter().map(|item| &item.message).collect();
        body.insert(USER.to_owned(), user.clone());
        body.insert(USER_ID.to_owned(), user);
        body.insert(self.messages_field.to_owned(), to_raw_value(&messages)?);
        if let Some(language) = self.language {
            let whole: Vec<_> = items.iter().map(Item::shown).collect::<Result<_, _>>()?;
            let said = to_raw_value(&language.text_of(items))?;
            // Whoever called the list of messages so wants that.
            body.entry(TEXT.to_owned()).or_insert(said);
            body.entry(ITEMS.to_owned())
                .or_insert(to_raw_value(&whole)?);
        }
        body.insert(
            PROCESSED_AT.to_owned(),
            to_raw_value(&rfc3339(closed, self.timezone))?,
        );
        serde_json::to_string(&body)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::core::item::read_items;

    fn body(rules: &PayloadRules<'_>, items: &str) -> String {
        rules
            .body("55119", &read_items(items).unwrap(), 1_763_770_000_123)
            .unwrap()
    }

    fn rules() -> PayloadRules<'static> {
        PayloadRules {
            messages_field: "messages",
            timezone: Tz::UTC,
            language: None,
        }
    }

    #[test]
    fn the_body_is_as_documented() {
        let items = r#"{"at":1,"message":"oi","fields":{"phone":"1","token":"t"}},{"at":2,"message":{"a":1},"id":"x"}"#;

        assert_eq!(
            serde_json::from_str::<Value>(&body(&rules(), items)).unwrap(),
            json!({
                "phone": "1",
                "token": "t",
                "user": "55119",
                "user_id": "55119",
                "messages": ["oi", {"a": 1}],
                "processed_at": "2025-11-22T00:06:40.123Z",
            })
        );
    }

    #[test]
    fn a_payload_of_a_gateway_has_all_that_was_said_as_a_text_and_whole() {
        let of_gateway = PayloadRules {
            language: Some(Language::English),
            ..rules()
        };
        let items = concat!(
            r#"{"at":5,"message":"Yes","id":"A","time":2,"sender":"Ana","parts":{"choice":{"id":"yes"}},"fields":{"phone":"1"}},"#,
            r#"{"at":6,"message":{"type":"location","latitude":-23.50,"file_name":"Home"},"type":"location"}"#
        );

        let payload: Value = serde_json::from_str(&body(&of_gateway, items)).unwrap();

        assert_eq!(payload["text"], "Yes\n[location]");
        assert_eq!(payload["messages"][0], "Yes");
        assert_eq!(
            payload["items"],
            json!([
                {"id": "A", "time": 2, "at": 5, "type": "text", "text": "Yes", "choice": {"id": "yes"}, "sender": "Ana"},
                {
                    "time": 6, "at": 6, "type": "location",
                    "media": [{"type": "location", "file_name": "Home", "latitude": -23.5}],
                    "location": {"name": "Home", "latitude": -23.5},
                },
            ])
        );
        assert!(body(&of_gateway, items).contains(r#""latitude":-23.50"#));
    }

    #[test]
    fn later_fields_win_and_values_keep_every_letter() {
        let items = concat!(
            r#"{"at":1,"message":1,"fields":{"z":1,"n":12345678901234567890123,"a":1.10}},"#,
            r#"{"at":2,"message":2,"fields":{"z":2}}"#
        );

        assert!(
            body(&rules(), items)
                .starts_with(r#"{"z":2,"n":12345678901234567890123,"a":1.10,"user":"55119","#)
        );
    }

    #[test]
    fn a_client_field_never_replaces_one_of_lull() {
        let items = r#"{"at":1,"message":"oi","fields":{"user_id":9,"messages":9,"processed_at":9,"listamessages":9}}"#;

        let plain: Value = serde_json::from_str(&body(&rules(), items)).unwrap();
        assert_eq!(plain["user_id"], "55119");
        assert_eq!(plain["messages"], json!(["oi"]));
        assert_eq!(plain["processed_at"], "2025-11-22T00:06:40.123Z");
        assert_eq!(plain["listamessages"], 9);

        let renamed = PayloadRules {
            messages_field: "listamessages",
            ..rules()
        };
        let renamed: Value = serde_json::from_str(&body(&renamed, items)).unwrap();
        assert_eq!(renamed["listamessages"], json!(["oi"]));
        assert_eq!(renamed.get("messages"), None);
    }

    #[test]
    fn processed_at_stands_in_the_zone() {
        let rules = PayloadRules {
            timezone: Tz::America__Sao_Paulo,
            ..rules()
        };

        assert!(
            body(&rules, r#"{"at":1,"message":1}"#)
                .contains(r#""processed_at":"2025-11-21T21:06:40.123-03:00""#)
        );
    }

    proptest::proptest! {
        /// Many messages become one payload: each text in its place, of each field the last, in the order they first
        /// came, and Lull's own never a client's.
        #[test]
        fn folding_keeps_every_message_and_of_each_field_the_last(
            said in proptest::collection::vec(
                ("\\PC{0,12}", proptest::collection::vec(("[a-d]|user|messages|processed_at", 0..1000_u32), 0..5)),
                1..12,
            )
        ) {
            let items: Vec<_> = said
                .iter()
                .map(|(text, fields)| {
                    let fields: serde_json::Map<_, _> = fields.iter().map(|(name, n)| (name.clone(), json!(n))).collect();
                    json!({"at": 1, "message": text, "fields": fields}).to_string()
                })
                .collect();
            let mut expected = serde_json::Map::new();
            for (_, fields) in &said {
                expected.extend(fields.iter().map(|(name, n)| (name.clone(), json!(n))));
            }
            let texts: Vec<_> = said.iter().map(|(text, _)| text).collect();
            expected.insert("user".to_owned(), json!("55119"));
            expected.insert("user_id".to_owned(), json!("55119"));
            expected.insert("messages".to_owned(), json!(texts));
            expected.insert("processed_at".to_owned(), json!("2025-11-22T00:06:40.123Z"));

            let folded: Value = serde_json::from_str(&body(&rules(), &items.join(","))).unwrap();

            proptest::prop_assert_eq!(folded, Value::Object(expected));
        }
    }
}

//! A message out of any body, by the paths of its buffer.

use super::path::Path;
use crate::core::chat::ChatId;
use crate::core::incoming::{Incoming, check_message_id};
use crate::core::item::Details;
use crate::core::json::RawObject;
use crate::core::json::fields::{BadInput, json_fields, seconds, take};
use crate::core::json::node::Node;
use crate::core::when::{self, When};

const TTL: &str = "ttl";

/// Where chat, text and id stand; without a text the whole body is what was said.
#[derive(Clone, Copy, Debug)]
pub struct Paths<'a> {
    /// The chat.
    pub key: &'a Path,
    /// What was said.
    pub text: Option<&'a Path>,
    /// The id of the message.
    pub id: &'a Path,
}

impl Paths<'_> {
    /// Takes a body as a message. What stands at its top beside chat, text, id, `ttl`, `send_at` and `delay` is passed
    /// through; all of it,
    /// where the whole body is the message, for templates to name.
    ///
    /// # Errors
    /// Names the path at which nothing fitting stands.
    pub fn incoming(&self, body: &Node<'_>) -> Result<Incoming, BadInput> {
        let mut fields = top_level(body)?;
        let user = self.user(body)?;
        let message = match self.text {
            None => body.raw().to_owned(),
            Some(path) => path
                .first(body)
                .map(|found| found.raw().to_owned())
                .ok_or_else(|| BadInput::not_at("text", path, "what was said"))?,
        };
        let message_id = self.id.text(body).map(Into::into);
        let message_id = message_id
            .map(|id| check_message_id("message_id", id))
            .transpose()?;
        // Where the whole body is the message, nothing is taken out of it.
        let mut rules = match self.text {
            None => rules_in(&fields),
            Some(text) => {
                for path in [self.key, text, self.id] {
                    fields.shift_remove(&path.to_string());
                }
                let rules = rules_in(&fields);
                fields.retain(|name, _| !rules.contains_key(name));
                rules
            }
        };
        let ttl = take(&mut rules, TTL);
        Ok(Incoming {
            user,
            message,
            ttl: ttl.map(|raw| seconds(&raw)).transpose()?,
            message_id,
            when: When::take(&mut rules)?,
            details: Details::default(),
            trace: None,
            fields,
        })
    }

    fn user(&self, body: &Node<'_>) -> Result<ChatId, BadInput> {
        let wrong = |why: String| BadInput::Field {
            field: "key",
            why: format!("is at {}, and what stands there {why}", self.key),
        };
        match self.key.text(body) {
            Some(text) => ChatId::parse(&text).map_err(|error| wrong(error.to_string())),
            None if self.key.first(body).is_some() => {
                Err(wrong("must be text or an integer".to_owned()))
            }
            None => Err(BadInput::not_at("key", self.key, "the chat")),
        }
    }
}

/// What a body says about how it is to be taken, beside what was said.
fn rules_in(fields: &RawObject) -> RawObject {
    let names = [TTL].into_iter().chain(when::FIELDS);
    let rules = names.filter_map(|name| Some((name.to_owned(), fields.get(name)?.clone())));
    rules.collect()
}

/// What stands at the top of a body; a body that is no object has nothing there.
fn top_level(body: &Node<'_>) -> Result<RawObject, BadInput> {
    if body.is_object() {
        json_fields(body.raw().get().as_bytes())
    } else {
        Ok(RawObject::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn incoming(key: &str, text: &str, body: &str) -> Result<Incoming, String> {
        let path = |text: &str| Path::parse(text).unwrap();
        let (key, id) = (path(key), path("message_id"));
        let text = (!text.is_empty()).then(|| path(text));
        let paths = Paths {
            key: &key,
            text: text.as_ref(),
            id: &id,
        };
        paths
            .incoming(&Node::parse(body.as_bytes()).unwrap())
            .map_err(|error| error.to_string())
    }

    fn names(incoming: &Incoming) -> Vec<&str> {
        incoming.fields.keys().map(String::as_str).collect()
    }

    #[test]
    fn what_stands_at_the_paths_is_the_message_and_the_rest_passes_through() {
        let body =
            r#"{"phone":55,"said":"oi","ttl":"2","message_id":"x","plan":1.10,"a":{"said":2}}"#;
        let incoming = incoming("phone", "said", body).unwrap();

        assert_eq!(incoming.user.as_str(), "55");
        assert_eq!(incoming.message.get(), r#""oi""#);
        assert_eq!(incoming.ttl, Some(2.0));
        assert_eq!(incoming.message_id.as_deref(), Some("x"));
        assert_eq!(names(&incoming), ["plan", "a"]);
    }

    #[test]
    fn a_path_may_lead_deep_and_nothing_at_the_top_is_lost() {
        let body = r#"{"data":{"who":"ana","text":["a","b"]},"ttl":null}"#;
        let incoming = incoming("data.who", "data.text[1]", body).unwrap();

        assert_eq!(incoming.message.get(), r#""b""#);
        assert_eq!(names(&incoming), ["data"]);
    }

    #[test]
    fn without_a_text_the_whole_body_is_the_message_and_templates_can_name_all_of_it() {
        let body = r#"{ "who":"ana", "n":1.50, "ttl":3 }"#;
        let incoming = incoming("who", "", body).unwrap();

        assert_eq!(incoming.message.get(), body);
        assert_eq!(incoming.ttl, Some(3.0));
        assert_eq!(names(&incoming), ["who", "n", "ttl"]);
    }

    #[test]
    fn a_path_at_which_nothing_fits_is_named() {
        let error = |key: &str, text: &str, body: &str| incoming(key, text, body).unwrap_err();

        let body = r#"{"who":{},"blank":" ","text":""}"#;
        assert!(error("data.who", "text", body).starts_with("nothing stands at data.who"));
        assert!(error("who", "text", body).contains("must be text or an integer"));
        assert!(error("blank", "text", body).contains("must not be empty or blank"));
        let body = r#"{"who":"ana","text":""}"#;
        assert!(error("who", "text", body).starts_with("nothing stands at text"));
        assert!(error("who", "", "[1]").starts_with("nothing stands at who"));
    }
}

//! A JSON body that is read only as deep as somebody looks into it, and whose values keep their spelling.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::fmt;

use indexmap::IndexMap;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::fields::BadInput;
use super::text::{self, Text};

/// A value somewhere in a body. Its text is checked once, when the body is parsed; what is inside is taken apart when
/// it is first asked for, and only once.
#[derive(Debug)]
pub struct Node<'a> {
    raw: &'a RawValue,
    inside: OnceCell<Box<Inside<'a>>>,
}

#[derive(Debug)]
enum Inside<'a> {
    Object(Object<'a>),
    Array(Vec<Node<'a>>),
}

impl<'a> Node<'a> {
    /// Takes a whole body. For a form, see [`super::fields::form_as_json`].
    ///
    /// # Errors
    /// When it is not JSON.
    pub fn parse(body: &'a [u8]) -> Result<Self, BadInput> {
        serde_json::from_slice::<&RawValue>(body)
            .map(Self::new)
            .map_err(BadInput::NotJson)
    }

    fn new(raw: &'a RawValue) -> Self {
        Self {
            raw,
            inside: OnceCell::new(),
        }
    }

    /// The value as it stands in the body.
    pub fn raw(&self) -> &'a RawValue {
        self.raw
    }

    /// The text of a string, or the digits of an integer of any length; nothing for other values.
    pub fn text(&self) -> Option<Cow<'a, str>> {
        let raw = self.raw.get();
        let digits = raw.strip_prefix('-').unwrap_or(raw);
        if digits.bytes().all(|c| c.is_ascii_digit()) {
            return Some(Cow::Borrowed(raw));
        }
        text::text(raw)
    }

    /// Like [`Self::text`], and the spelling of other numbers, `true` and `false`; nothing for null, objects, arrays.
    pub(crate) fn scalar(&self) -> Option<Cow<'a, str>> {
        let raw = self.raw.get();
        match raw.as_bytes().first() {
            Some(b'{' | b'[' | b'n') => None,
            Some(b'"') => self.text(),
            _ => Some(Cow::Borrowed(raw)),
        }
    }

    /// Whether it is neither null nor an empty string: templates and gateways send both for what they do not have.
    pub fn is_present(&self) -> bool {
        !matches!(self.raw.get(), "null" | r#""""#)
    }

    /// The value of an object's field.
    pub fn field(&self, name: &str) -> Option<&Self> {
        match self.inside()? {
            Inside::Object(object) => object.0.get(name),
            Inside::Array(_) => None,
        }
    }

    /// The fields of an object in their order; nothing for other values.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &Self)> {
        let object = match self.inside() {
            Some(Inside::Object(object)) => Some(object),
            _ => None,
        };
        object
            .into_iter()
            .flat_map(|object| object.0.iter().map(|(name, value)| (&**name, value)))
    }

    /// The elements of an array; nothing for other values.
    pub fn items(&self) -> &[Self] {
        match self.inside() {
            Some(Inside::Array(items)) => items,
            _ => &[],
        }
    }

    /// Whether it is an object.
    pub fn is_object(&self) -> bool {
        self.raw.get().starts_with('{')
    }

    fn inside(&self) -> Option<&Inside<'a>> {
        let raw = self.raw.get();
        match raw.as_bytes().first() {
            Some(b'{') => Some(self.inside.get_or_init(|| {
                Box::new(Inside::Object(
                    serde_json::from_str(raw).unwrap_or_default(),
                ))
            })),
            Some(b'[') => Some(self.inside.get_or_init(|| {
                let items: Vec<&'a RawValue> = serde_json::from_str(raw).unwrap_or_default();
                Box::new(Inside::Array(items.into_iter().map(Node::new).collect()))
            })),
            _ => None,
        }
    }
}

/// Of a repeated name the last counts, as everywhere in Lull.
#[derive(Debug, Default)]
struct Object<'a>(IndexMap<Cow<'a, str>, Node<'a>>);

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor;

        impl<'de> Visitor<'de> for ObjectVisitor {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Object<'de>, M::Error> {
                let mut object = Object::default();
                while let Some((name, raw)) = map.next_entry::<Text<'de>, &'de RawValue>()? {
                    object.0.insert(name.0, Node::new(raw));
                }
                Ok(object)
            }
        }

        deserializer.deserialize_map(ObjectVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(body: &str) -> Node<'_> {
        Node::parse(body.as_bytes()).unwrap()
    }

    #[test]
    fn numbers_keep_their_spelling() {
        let body = node(r#" {"big":123456789012345678901234567890,"small":1.0e3} "#);

        let big = body.field("big").unwrap();
        assert_eq!(big.text().unwrap(), "123456789012345678901234567890");
        let small = body.field("small").unwrap();
        assert_eq!(
            (small.raw().get(), small.text(), small.scalar().as_deref()),
            ("1.0e3", None, Some("1.0e3"))
        );
    }

    #[test]
    fn of_a_repeated_name_the_last_counts() {
        assert_eq!(
            node(r#"{"a":1,"\u0061":2}"#)
                .field("a")
                .unwrap()
                .raw()
                .get(),
            "2"
        );
    }

    #[test]
    fn half_of_an_emoji_costs_itself_and_nothing_else() {
        let body = node(r#"{"\ud83d":1,"text":"oi \ud83d","n":7}"#);

        assert!(
            body.field("text")
                .unwrap()
                .text()
                .unwrap()
                .starts_with("oi \u{fffd}")
        );
        assert_eq!(body.field("n").unwrap().text().unwrap(), "7");
    }

    #[test]
    fn only_what_says_something_is_present() {
        let body = node(r#"{"a":null,"b":"","c":" ","d":false,"e":{},"f":[]}"#);

        let present: Vec<_> = body
            .fields()
            .filter(|(_, value)| value.is_present())
            .collect();
        assert_eq!(
            present.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
            ["c", "d", "e", "f"]
        );
    }

    #[test]
    fn what_has_no_inside_has_no_fields_and_no_items() {
        for body in ["1", r#""a""#, "null", "true", "[]", "{}"] {
            let body = node(body);
            assert!(body.field("a").is_none() && body.items().is_empty());
            assert_eq!(body.fields().count(), 0);
        }
    }

    #[test]
    fn a_body_nested_half_a_million_deep_is_only_deep_where_one_looks() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(500_000), "]".repeat(500_000));

        let body = node(&deep);
        let a = body.field("a").unwrap();
        assert_eq!(a.items()[0].items().len(), 1);
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for bad in ["", "{", r#"{"a":1}x"#, "{'a':1}"] {
            assert!(Node::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}

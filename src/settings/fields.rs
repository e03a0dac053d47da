//! The variables that a struct of settings is read from: the names of its fields, as serde tells them to whoever reads it.

use serde::de::value::Error;
use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor};
use serde::forward_to_deserialize_any;

/// The names of the variables that `T` is read from.
pub(super) fn of<T: DeserializeOwned>() -> Vec<String> {
    let mut names = Vec::new();
    // It only asks what there is, and is told that it gets nothing.
    let _ = T::deserialize(Asked(&mut names));
    names
}

struct Asked<'a>(&'a mut Vec<String>);

impl<'de> Deserializer<'de> for Asked<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(nothing())
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Error> {
        self.0.extend(fields.iter().map(|name| name.to_uppercase()));
        Err(nothing())
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

fn nothing() -> Error {
    Error::custom("there is nothing to read")
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only its names are asked for")]
    struct Raw {
        api_keys: Option<String>,
        #[serde(default)]
        port: u16,
    }

    #[test]
    fn a_struct_is_read_from_the_variables_of_its_fields() {
        assert_eq!(of::<Raw>(), ["API_KEYS", "PORT"]);
        assert_eq!(of::<String>(), [""; 0]);
    }
}

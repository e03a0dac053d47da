//! Whole numbers as any client may write them: to JSON 10 and 10.0 are one number.

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};

/// From here on not every whole number is a double.
const FIRST_INEXACT: f64 = 9_007_199_254_740_992.0;

struct Whole(u64);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        value.deserialize_any(Reader).map(Self)
    }
}

struct Reader;

impl Visitor<'_> for Reader {
    type Value = u64;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a whole number from 0 up")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<u64, E> {
        Ok(number)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<u64, E> {
        let is_whole = number.fract() == 0.0 && (0.0..FIRST_INEXACT).contains(&number);
        let digits = is_whole
            .then(|| format!("{number:.0}").parse().ok())
            .flatten();
        digits.ok_or_else(|| E::invalid_value(Unexpected::Float(number), &self))
    }
}

/// Reads a whole number.
///
/// # Errors
/// When it is none, or does not fit.
pub(crate) fn whole<'de, T: TryFrom<u64>, D: Deserializer<'de>>(value: D) -> Result<T, D::Error> {
    fitting(Whole::deserialize(value)?)
}

/// The same where null is none.
///
/// # Errors
/// When it is none, or does not fit.
pub fn whole_or_null<'de, T: TryFrom<u64>, D: Deserializer<'de>>(
    value: D,
) -> Result<Option<T>, D::Error> {
    Option::<Whole>::deserialize(value)?
        .map(fitting)
        .transpose()
}

fn fitting<T: TryFrom<u64>, E: Error>(Whole(number): Whole) -> Result<T, E> {
    let wrong = |_| E::invalid_value(Unexpected::Unsigned(number), &"a smaller number");
    T::try_from(number).map_err(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Read {
        #[serde(deserialize_with = "whole")]
        a: u32,
        #[serde(default, deserialize_with = "whole_or_null")]
        b: Option<u64>,
    }

    #[test]
    fn a_whole_number_may_have_a_point() {
        for (json, a, b) in [
            (r#"{"a":10}"#, 10, None),
            (r#"{"a":10.0,"b":1e3}"#, 10, Some(1000)),
            (r#"{"a":0,"b":null}"#, 0, None),
        ] {
            let read: Read = serde_json::from_str(json).unwrap();
            assert_eq!((read.a, read.b), (a, b), "{json}");
        }
        for bad in [
            r#"{"a":1.5}"#,
            r#"{"a":-1}"#,
            r#"{"a":-1.0}"#,
            r#"{"a":1e20}"#,
            r#"{"a":"1"}"#,
            r#"{"a":4294967296}"#,
        ] {
            assert!(serde_json::from_str::<Read>(bad).is_err(), "{bad}");
        }
    }
}

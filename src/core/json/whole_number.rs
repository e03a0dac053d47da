//! Whole numbers as any client may write them: to JSON 10 and 10.0 are one number.

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

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

/// The same of a list, where null is none.
///
/// # Errors
/// When one of them is none, or does not fit.
pub fn wholes_or_null<'de, T: TryFrom<u64>, D: Deserializer<'de>>(
    value: D,
) -> Result<Option<Vec<T>>, D::Error> {
    let numbers = Option::<Vec<Whole>>::deserialize(value)?;
    let fit = |numbers: Vec<Whole>| numbers.into_iter().map(fitting).collect();
    numbers.map(fit).transpose()
}

/// A whole number from 0 up that fits into 64 bits with a sign, or the text of one.
pub fn whole_of(raw: &RawValue) -> Option<u64> {
    let number = match serde_json::from_str::<String>(raw.get()) {
        Ok(text) => u64::try_from(text.trim().parse::<i64>().ok()?).ok(),
        Err(_) => serde_json::from_str(raw.get()).ok().map(|Whole(it)| it),
    };
    number.filter(|number| i64::try_from(*number).is_ok())
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
        #[serde(default, deserialize_with = "wholes_or_null")]
        c: Option<Vec<u64>>,
    }

    #[test]
    fn a_whole_number_may_be_a_text() {
        let whole = |json: &str| whole_of(serde_json::from_str(json).unwrap());
        for json in ["7", "7.0", r#""7""#, r#"" 7 ""#] {
            assert_eq!(whole(json), Some(7), "{json}");
        }
        for json in [
            "7.5",
            "-7",
            r#""7.0""#,
            r#""x""#,
            "9223372036854775808",
            "[7]",
        ] {
            assert_eq!(whole(json), None, "{json}");
        }
    }

    #[test]
    fn whole_numbers_of_a_list_may_have_points() {
        let read = |json| serde_json::from_str::<Read>(json);
        assert_eq!(read(r#"{"a":1,"c":[1,2.0]}"#).unwrap().c, Some(vec![1, 2]));
        assert_eq!(read(r#"{"a":1,"c":null}"#).unwrap().c, None);
        assert!(read(r#"{"a":1,"c":[1.5]}"#).is_err());
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

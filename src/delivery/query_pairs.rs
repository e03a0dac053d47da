//! A payload as the query of a URL, for destinations that are called with GET.

use crate::core::json::RawObject;

/// The top-level fields of a JSON object as pairs for a query, in order: texts bare, all other values as JSON.
///
/// # Errors
/// When the payload is not a JSON object.
pub(super) fn query_pairs(payload: &str) -> serde_json::Result<Vec<(String, String)>> {
    let fields: RawObject = serde_json::from_str(payload)?;
    let pairs = fields.into_iter().map(|(name, value)| {
        let text = serde_json::from_str(value.get()).unwrap_or_else(|_| value.get().to_owned());
        (name, text)
    });
    Ok(pairs.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stand_bare_and_all_else_as_json() {
        let payload = r#"{"user":"55 119","messages":["a","b & c"],"n":1.10,"gone":null}"#;

        let pairs = query_pairs(payload).unwrap();

        let expected = [
            ("user", "55 119"),
            ("messages", r#"["a","b & c"]"#),
            ("n", "1.10"),
            ("gone", "null"),
        ];
        assert_eq!(
            pairs,
            expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
    }

    #[test]
    fn only_an_object_has_fields() {
        assert!(query_pairs("[1]").is_err());
    }
}

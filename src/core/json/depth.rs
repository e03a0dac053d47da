//! How deep a body may go.

/// Levels of lists and objects in a body: gateways send fewer than 20. Values are opened one level at a time, each time
/// with a look over all that is inside, so that what is deep costs the square of its size.
pub const DEEPEST: usize = 64;

/// Whether JSON has more than [`DEEPEST`] levels; what is no JSON has its brackets counted alike.
pub fn is_too_deep(json: &[u8]) -> bool {
    let mut depth = 0_usize;
    let mut bytes = json.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'{' | b'[' => {
                depth += 1;
                if depth > DEEPEST {
                    return true;
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => skip_text(&mut bytes),
            _ => {}
        }
    }
    false
}

fn skip_text(bytes: &mut std::slice::Iter<'_, u8>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return,
            b'\\' => drop(bytes.next()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(levels: usize) -> String {
        format!(
            "{}1{}",
            r#"[{"a":"#.repeat(levels / 2),
            "}]".repeat(levels / 2)
        )
    }

    #[test]
    fn lists_and_objects_count_alike() {
        assert!(!is_too_deep(nested(DEEPEST).as_bytes()));
        assert!(is_too_deep(nested(DEEPEST + 2).as_bytes()));
        assert!(is_too_deep("[".repeat(DEEPEST + 1).as_bytes()));
    }

    #[test]
    fn what_stands_beside_something_else_is_not_inside_it() {
        let wide = format!("[{}[]]", "[{}],".repeat(1000));

        assert!(!is_too_deep(wide.as_bytes()));
    }

    #[test]
    fn brackets_in_texts_are_text() {
        let brackets = "[".repeat(100);
        for text in [
            format!(r#"["{brackets}"]"#),
            format!(r#"["\"{brackets}"]"#),
            format!(r#"["\\","{brackets}"]"#),
            format!(r#"["\\\"{brackets}"#),
        ] {
            assert!(!is_too_deep(text.as_bytes()), "{text}");
        }
        assert!(is_too_deep(format!(r#"["\\",{brackets}"#).as_bytes()));
    }
}

//! What is taken for a wish, and what is refused.

use super::*;
use crate::core::json::fields::json_fields;

fn revive(body: &str) -> Result<Revive, String> {
    revive_of(json_fields(body.as_bytes()).unwrap()).map_err(|error| error.to_string())
}

#[test]
fn all_has_to_be_said() {
    assert_eq!(
        revive(r#"{"all":true,"dry_run":"true"}"#),
        Ok(Revive {
            wanted: Wanted::all(),
            limit: None,
            dry_run: true
        })
    );
    for nothing in [
        "{}",
        r#"{"all":false}"#,
        r#"{"limit":5}"#,
        r#"{"dry_run":true}"#,
    ] {
        let error = revive(nothing).unwrap_err();
        assert!(error.starts_with("all is missing"), "{nothing}: {error}");
    }
}

#[test]
fn a_user_is_kept_as_it_was_named() {
    let wanted = |body: &str| {
        let wanted = revive(body).unwrap().wanted;
        (
            wanted.chat.unwrap_or_default(),
            wanted.buffer.unwrap_or_default(),
        )
    };
    assert_eq!(wanted(r#"{"user":55}"#), ("55".into(), "".into()));
    assert_eq!(
        wanted(r#"{"user":"ana","buffer":"loja"}"#),
        ("ana".into(), "loja".into())
    );
}

#[test]
fn ids_are_a_list_or_have_commas_between_them() {
    for ids in [r#"["1-0-1","2-0-2"]"#, r#""1-0-1, 2-0-2""#] {
        let revive = revive(&format!(r#"{{"ids":{ids}}}"#)).unwrap();
        assert_eq!(revive.wanted.ids, ["1-0-1", "2-0-2"], "{ids}");
    }
}

#[test]
fn what_cannot_be_is_named() {
    for (body, why) in [
        (r#"{"all":"yes"}"#, "all must be"),
        (r#"{"buffer":"A B"}"#, "buffer "),
        (r#"{"destination":7}"#, "destination must be"),
        (r#"{"reason":" "}"#, "reason must be"),
        (r#"{"from":"yesterday"}"#, "from must be"),
        (r#"{"all":true,"limit":0}"#, "limit must be"),
        (r#"{"all":true,"limit":1.5}"#, "limit must be"),
        (r#"{"ids":[]}"#, "ids must be"),
        (r#"{"ids":[7]}"#, "ids must be"),
        (r#"{"ids":""}"#, "ids must be"),
        (r#"{"ids":["1-0-1",""]}"#, "ids must be"),
        (r#"{"user":""}"#, "user must"),
        (r#"{"all":true,"user":null}"#, "user must not be null"),
        (r#"{"ids":["1-0-1"],"buffer":null}"#, "buffer must not"),
        (r#"{"all":true,"dry_run":null}"#, "dry_run must not"),
    ] {
        let error = revive(body).unwrap_err();
        assert!(error.starts_with(why), "{body}: {error}");
    }
}

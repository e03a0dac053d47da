//! What a buffer may be, and what is said of one that may not.

use super::super::read;
use super::*;

fn check(json: &str) -> Result<Buffer, SpecError> {
    read::<BufferSpec>(json.as_bytes())?.check(&WindowRules::default())
}

#[test]
fn a_name_is_enough() {
    let buffer = check(r#"{"name":"loja"}"#).unwrap();

    assert_eq!(buffer.window, WindowRules::default());
    assert_eq!(&*buffer.destinations, [Target::whole(Name::default_name())]);
    assert!(buffer.active && buffer.pause.is_none());
}

#[test]
fn without_a_path_of_the_text_the_whole_body_is_the_message() {
    let whole = check(r#"{"name":"loja","text":""}"#).unwrap();
    let part = check(r#"{"name":"loja"}"#).unwrap();

    assert!(matches!(whole.source, Source::Fields { text: None, .. }));
    assert!(matches!(part.source, Source::Fields { text: Some(_), .. }));
}

#[test]
fn what_is_wrong_is_named() {
    for (json, why) in [
        (r#"{"name":"Loja"}"#, "name: a name has 1 to 64"),
        (r#"{"name":"a","wait":3}"#, "wait: unknown field `wait`"),
        (r#"{"name":"a","key":"a[["}"#, "key: "),
        (r#"{"name":"a","bots":[0]}"#, "bots: must be at most 100"),
        (
            r#"{"name":"a","bots":[9007199254740992]}"#,
            "bots: must be at most 100",
        ),
        (
            r#"{"name":"a","source":"whatsapp"}"#,
            "source: must be fields or a gateway",
        ),
        (
            r#"{"name":"a","timezone":"Brasilia"}"#,
            "timezone: is not a zone",
        ),
        (
            r#"{"name":"a","destinations":[]}"#,
            "destinations: must name 1 to 16",
        ),
        (
            r#"{"name":"a","secret":"********"}"#,
            "secret: must not be empty",
        ),
        (
            r#"{"name":"a","source":"cloud","verify_token":" "}"#,
            "verify_token: must not be empty or blank",
        ),
        (
            r#"{"name":"a","source":"cloud","secret":"a","verify_token":"a"}"#,
            "verify_token: must not be the secret",
        ),
        (
            r#"{"name":"a","source":"evolution","verify_token":"a"}"#,
            "verify_token: is for gateways that ask",
        ),
        (
            r#"{"name":"a","window":{"wait":0}}"#,
            "window.wait: must be a number of seconds from 0.1",
        ),
        (
            r#"{"name":"a","window":{"wait":90000}}"#,
            "window.wait: must be at most MAX_TTL",
        ),
        (
            r#"{"name":"a","window":{"first_wait":-1}}"#,
            "window.first_wait: ",
        ),
        (
            r#"{"name":"a","window":{"first_wait":0,"first_after":7776001}}"#,
            "window.first_after: must be at most 7776000 s, 90 days",
        ),
        (
            r#"{"name":"a","window":{"flush_words":[" "]}}"#,
            "window.flush_words: ",
        ),
        (
            r#"{"name":"a","window":{"media_waits":true,"max_wait":0}}"#,
            "window.media_waits: ",
        ),
        (
            r#"{"name":"a","window":{"first_after":0}}"#,
            "window.first_after: ",
        ),
        (
            r#"{"name":"a","window":{"max_messages":1000001}}"#,
            "window.max_messages: must be at most 1000000",
        ),
        (
            r#"{"name":"a","window":{"short_words":10001}}"#,
            "window.short_words: must be at most 10000",
        ),
        (r#"{"name":"a","pause_for":0}"#, "pause_for: "),
    ] {
        let error = check(json).unwrap_err().to_string();
        assert!(error.starts_with(why), "{json}: {error}");
    }
}

#[test]
fn a_wrong_value_is_not_quoted() {
    let error = check(r#"{"name":"a","secret":["s3cret"]}"#)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("expected a string") && !error.contains("s3cret"),
        "{error}"
    );

    let error = check(r#"{"name":"a","active":"s3cret"}"#)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("expected a boolean") && !error.contains("s3cret"),
        "{error}"
    );
}

#[test]
fn a_secret_is_shown_masked_and_kept_when_the_mask_is_put_back() {
    let old = BufferSpec {
        secret: Some("s3cret".to_owned()),
        verify_token: Some("t0ken".to_owned()),
        ..BufferSpec::default()
    };

    let shown = old.clone().masked();

    assert_eq!(shown.secret.as_deref(), Some("********"));
    assert_eq!(shown.verify_token.as_deref(), Some("********"));
    let back = shown.unmasked(Some(&old)).unwrap();
    assert_eq!(back.secret.as_deref(), Some("s3cret"));
    assert_eq!(back.verify_token.as_deref(), Some("t0ken"));
}

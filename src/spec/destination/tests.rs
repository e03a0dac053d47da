//! What a destination may be, and what is said of one that may not.

use std::time::Duration;

use super::super::read;
use super::*;

fn check(json: &str) -> Result<Destination, SpecError> {
    read::<DestinationSpec>(json.as_bytes())?.check()
}

#[test]
fn a_name_and_a_url_are_enough() {
    let bot = check(r#"{"name":"bot","url":"http://n8n/x"}"#).unwrap();

    assert_eq!(bot.timeout, Duration::from_secs(30));
    assert_eq!((bot.retry.max_retries, bot.concurrency), (None, 256));
    assert!(bot.active && !bot.guarded);
}

#[test]
fn what_is_wrong_is_named() {
    for (field, why) in [
        (r#""method":"TRACE""#, "method: must be POST"),
        (r#""method":"""#, "method: must be POST"),
        (r#""kind":"kafka""#, "kind: "),
        (
            r#""stream":"bots""#,
            "stream: only a destination of the kind redis-stream",
        ),
        (r#""kind":"redis-stream""#, "stream: is missing"),
        (
            r#""kind":"redis-stream","stream":"s","method":"PUT""#,
            "method: only a destination of the kind http",
        ),
        (r#""timeout":4000"#, "timeout: must be at most 3600"),
        (r#""concurrency":0"#, "concurrency: must be from 1"),
        (r#""pace":{"every":0,"batch":2}"#, "pace.every: "),
        (r#""pace":{"every":60,"batch":0}"#, "pace.batch: "),
        (r#""pace":{"every":60}"#, "pace.batch: is missing"),
        (r#""retry":{"first":9,"cap":3}"#, "retry.first: "),
        (r#""retry":{"max":10001}"#, "retry.max: must be at most"),
        (r#""retry":{"waits":[-1]}"#, "retry.waits: "),
        (r#""retry":{"for":-1}"#, "retry.for: "),
        (
            r#""retry":{"waits":[1],"max_retry_after":-1}"#,
            "retry.max_retry_after: ",
        ),
        (r#""headers":{"x":"********"}"#, "headers: "),
        (r#""secrets":["********"]"#, "secrets: "),
        (r#""url":"http://n/?t=********""#, "url: a mask was put"),
        (r#""url":"http://********@n/""#, "url: a mask was put"),
        (r#""messages_field":"user""#, "messages_field: "),
        (
            r#""template":"{}","aggregate_field":"a""#,
            "template: only one of",
        ),
    ] {
        let error = check(&format!(r#"{{"name":"bot",{field}}}"#)).unwrap_err();
        assert!(error.to_string().starts_with(why), "{field}: {error}");
    }
}

#[test]
fn what_nothing_goes_by_has_its_bounds_too() {
    for (field, why) in [
        (r#""template":"{}","messages_field":"""#, "messages_field: "),
        (r#""retry":{"waits":[1],"first":0}"#, "retry.first: "),
        (r#""retry":{"waits":[1],"cap":0}"#, "retry.cap: "),
    ] {
        let json = format!(r#"{{"name":"bot",{field}}}"#);
        let spec: DestinationSpec = read(json.as_bytes()).unwrap();
        // As it may be stored already.
        spec.check().unwrap();
        let error = spec.check_idle().unwrap_err();
        assert!(error.to_string().starts_with(why), "{field}: {error}");
    }
}

#[test]
fn what_is_masked_goes_to_no_other_place_than_before() {
    let old =
        r#"{"name":"bot","url":"https://n8n/x?t=1","headers":{"a":"1"},"secrets":["whsec_x"]}"#;
    let old = read::<DestinationSpec>(old.as_bytes()).unwrap();
    let put = |url: &str, headers: &[(&str, &str)], secrets: &[&str]| {
        let pairs = headers.iter();
        let spec = DestinationSpec {
            url: url.to_owned(),
            headers: pairs
                .map(|&(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            secrets: secrets.iter().map(|&it| it.to_owned()).collect(),
            ..old.clone()
        };
        spec.unmasked(Some(&old)).map_err(|error| error.field)
    };

    for elsewhere in ["http://n8n/x", "https://n8n:8443/", "https://other/x"] {
        let refused = |field: &str| Err(field.to_owned());
        assert_eq!(put(elsewhere, &[("a", MASK)], &[]), refused("headers"));
        assert_eq!(put(elsewhere, &[], &[MASK]), refused("secrets"));
        let masked = format!("{elsewhere}?t={MASK}");
        assert_eq!(put(&masked, &[], &[]), refused("url"));
        let new = put(elsewhere, &[("a", "2")], &["whsec_y"]).unwrap();
        assert_eq!(
            (new.headers["a"].as_str(), new.secrets),
            ("2", vec!["whsec_y".to_owned()])
        );
    }
    let same = put("https://n8n:443/y", &[("a", MASK)], &[MASK]).unwrap();
    assert_eq!(
        (same.headers["a"].as_str(), same.secrets),
        ("1", vec!["whsec_x".to_owned()])
    );
}

#[test]
fn what_is_masked_is_kept_when_put_back() {
    let old = read::<DestinationSpec>(
        br#"{"name":"bot","headers":{"a":"1","b":"2"},"secrets":["whsec_x"]}"#,
    )
    .unwrap();

    let mut shown = old.clone().masked();
    assert_eq!(shown.headers["a"], MASK);
    assert_eq!(shown.secrets, [MASK]);
    shown.headers.insert("b".to_owned(), "3".to_owned());
    let put = shown.unmasked(Some(&old)).unwrap();

    assert_eq!(
        (put.headers["a"].as_str(), put.headers["b"].as_str()),
        ("1", "3")
    );
    assert_eq!(put.secrets, ["whsec_x"]);
}

#[test]
fn a_kind_has_what_is_its_own_and_one_of_http_is_kept_as_ever() {
    let kept = |json: &str| {
        let spec: DestinationSpec = read(json.as_bytes()).unwrap();
        let kept = spec.unmasked(None).unwrap();
        kept.check().unwrap();
        serde_json::to_value(kept).unwrap()
    };

    let http = kept(r#"{"name":"bot","kind":"http","url":"http://n8n/"}"#);
    assert!(http.get("kind").is_none() && http.get("max_len").is_none());
    assert_eq!(http["method"], "POST");
    let stream = kept(r#"{"name":"bot","kind":"redis-stream","url":"redis://h","stream":"s"}"#);
    assert!(stream.get("method").is_none());
    assert_eq!(stream["max_len"], 10_000);
    // As it is shown it can be put back.
    assert_eq!(kept(&stream.to_string()), stream);
}

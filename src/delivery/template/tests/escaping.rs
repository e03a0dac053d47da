//! Nothing said in a chat can break out of its place.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::TemplateError;
use super::{JSON, fill, made, saying};

#[test]
fn bare_and_in_quotes_make_the_same_string() {
    for text in [
        "oi",
        "",
        "say \"hi\"",
        "a\nb\r\n\tc",
        r"back\slash\u0041\",
        "😀 é \u{0} \u{1f} \u{2028}",
        r#"", "admin": true, "x": ""#,
        r#"\", "admin": true, "x": "\"#,
        "{{ user }}{% raw %}",
        "</script>'&<b>",
    ] {
        let bare = fill(r#"{"q": {{ text }}}"#, JSON, &saying(text)).unwrap();
        let quoted = fill(r#"{"q": "{{text}}"}"#, JSON, &saying(text)).unwrap();

        assert_eq!(
            serde_json::from_str::<Value>(&bare).unwrap(),
            json!({"q": text})
        );
        assert_eq!(bare, quoted);
    }
}

#[test]
fn text_around_a_value_in_quotes_stays_around_it() {
    assert_eq!(
        made(r#"{"q": "{{ user }} said: \"{{ text }}\" \u2014 {{ count }} times\\"}"#),
        r#"{"q": "55119 said: \"oi\nmy \"order\"\" \u2014 2 times\\"}"#
            .replace(r#"my "order""#, r#"my \"order\""#)
    );
}

#[test]
fn it_does_not_matter_how_the_pen_came_into_the_quotes() {
    let source = r#"{"q": {% if count > 1 %}"{% for item in items %}{{ item.text }};{% endfor %}{% else %}"{{ text }}{% endif %}"}"#;

    assert_eq!(made(source), r#"{"q": "oi;my \"order\";"}"#);
}

#[test]
fn what_is_set_aside_is_text_and_is_escaped_once() {
    let source = r#"{% set q %}He said "{{ text }}"{% endset %}{"a": {{ q }}, "b": "{{ q }}", "c": {{ q | safe }}}"#;

    let whole: Value = serde_json::from_str(&made(source)).unwrap();

    let q = "He said \"oi\nmy \"order\"\"";
    assert_eq!(whole, json!({"a": q, "b": q, "c": q}));
}

#[test]
fn a_value_behind_a_backslash_is_refused() {
    for source in [r#"{"q": "\{{ text }}"}"#, r#"{"q": "\u00{{ text }}"}"#] {
        let error = fill(source, JSON, &saying("\"")).unwrap_err();
        assert!(
            matches!(error, TemplateError::Failed { line: 1, .. }),
            "{error}"
        );
    }
}

#[test]
fn other_content_types_have_their_own_escaping() {
    let said = saying("a & \"b\"\n<c>");
    for (content_type, source, expected) in [
        (
            "text/plain",
            "{{ user }}: {{ text }}",
            "55119: a & \"b\"\n<c>",
        ),
        (
            "application/x-www-form-urlencoded",
            "q={{ text }}&r={{ text | urlencode }}&n={{ count }}",
            "q=a+%26+%22b%22%0A%3Cc%3E&r=a%20%26%20%22b%22%0A%3Cc%3E&n=1",
        ),
        (
            "application/x-www-form-urlencoded",
            "{% set t %}{{ text }}{% endset %}q={{ t }}",
            "q=a+%26+%22b%22%0A%3Cc%3E",
        ),
        (
            "text/xml",
            "<m>{{ text }}</m>",
            "<m>a &amp; &quot;b&quot;\n&lt;c&gt;</m>",
        ),
    ] {
        assert_eq!(fill(source, content_type, &said).unwrap(), expected);
    }
}

/// Sources and what a context with `text`, `f` (a text) and `n` (a number) must make of them.
fn made_of(text: &str, f: &str, n: i64) -> [(&'static str, Value); 5] {
    [
        (
            r#"{"q": {{ text }}, "f": {{ f }}, "n": {{ n }}}"#,
            json!({"q": text, "f": f, "n": n}),
        ),
        (
            r#"{"q": "{{text}}", "f": "{{f}}", "n": "{{n}}"}"#,
            json!({"q": text, "f": f, "n": n.to_string()}),
        ),
        (
            r#"{"q": "{{ f }}: \"{{ text }}\"\\"}"#,
            json!({"q": format!("{f}: \"{text}\"\\")}),
        ),
        (
            r#"{% set q = f ~ text %}{"m": [{% for m in messages %}{{ m }}{% if not loop.last %},{% endif %}{% endfor %}], "q": {{ q }}}"#,
            json!({"m": [text], "q": format!("{f}{text}")}),
        ),
        (
            r#"{{ {"q": text, "in": [f, n]} }}"#,
            json!({"q": text, "in": [f, n]}),
        ),
    ]
}

proptest! {
    #[test]
    fn whatever_is_said_the_body_holds_it_exactly(
        text in r#"(.|["\\\n{}:,]|\\u|\PC){0,20}"#, f in r#"(["\\\n{}%]|.){0,10}"#, n in any::<i64>()
    ) {
        let item = json!({"at": 1, "message": text, "fields": {"f": f, "n": n}}).to_string();
        for (source, expected) in made_of(&text, &f, n) {
            let body = fill(source, JSON, &item).unwrap();
            prop_assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), expected, "{}", source);
        }
    }

    #[test]
    fn whatever_json_passes_through_comes_out_to_the_letter(digits in "-?[1-9][0-9]{0,40}(\\.[0-9]{1,20})?(e[0-9]{1,3})?") {
        let item = format!(r#"{{"at":1,"message":1,"fields":{{"n":{digits}}}}}"#);
        let body = fill(r#"[{{ n }},"{{ n }}"]"#, JSON, &item).unwrap();
        prop_assert_eq!(body, format!(r#"[{digits},"{digits}"]"#));
    }
}

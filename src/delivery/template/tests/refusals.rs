//! What a template is refused for, when it is saved and when it is filled.

use super::super::{MOST_SOURCE_BYTES, Template, TemplateError};
use super::{ITEMS, JSON, fill, saying};

#[test]
fn a_broken_template_is_refused_with_its_line() {
    for (source, line) in [
        ("{\n\"a\": {{ text }\n}", 2),
        ("{% if %}", 1),
        ("\n\n{% for x %}", 3),
        ("{{ 'x }}", 1),
    ] {
        let error = Template::compile(source, JSON).unwrap_err();
        assert!(
            error.to_string().contains(&format!("line {line}: ")),
            "{source}: {error}"
        );
    }
    let long = " ".repeat(MOST_SOURCE_BYTES + 1);
    assert_eq!(
        Template::compile(&long, JSON).unwrap_err(),
        TemplateError::TooLong(MOST_SOURCE_BYTES + 1)
    );
}

#[test]
fn a_template_is_tried_on_a_sample() {
    let tried = |source: &str| Template::compile(source, JSON).unwrap().try_sample();

    assert!(
        tried(r#"{"q": "{{ text }}", "m": {{ messages }}, "t": {{ token }}}"#)
            .unwrap()
            .contains("😀")
    );
    let error = tried("{\"q\": {{ text }}\n\"m\": 1}")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("line 2 column 1") && error.contains(r#"begins with: {"q": "She said"#),
        "{error}"
    );
    let error = tried("{}\n{{ text | shout }}").unwrap_err().to_string();
    assert!(
        error.contains("line 2") && error.contains("shout"),
        "{error}"
    );
    let error = tried("{}{{ text | format }}").unwrap_err().to_string();
    assert!(error.contains("unknown filter"), "{error}");
    let error = tried(r#"{{ closed_at | date("%Q") }}"#)
        .unwrap_err()
        .to_string();
    assert!(error.contains("%Q is not a format"), "{error}");
    let lines = Template::compile("{{user}}: {{text}}", "text/plain")
        .unwrap()
        .try_sample_item()
        .unwrap();
    assert!(lines.ends_with("\n5511988887777: my order"), "{lines}");
}

#[test]
fn an_error_over_real_messages_does_not_tell_them() {
    for source in [
        r#"{"q": {{ text }} {{ text }}}"#,
        "[{{ text | int }}]",
        r#"[{{ text | date("%d") }}]"#,
    ] {
        let error = fill(source, JSON, &saying("s3cret")).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{error}");
    }
}

#[test]
fn what_would_never_end_is_stopped() {
    let stopped = |source: &str| fill(source, "text/plain", ITEMS).unwrap_err().to_string();

    assert!(
        stopped(
            "{% for a in range(9999) %}{% for b in range(9999) %}{{ b }}{% endfor %}{% endfor %}"
        )
        .contains("steps")
    );
    assert!(stopped("{{ 'x' * 5000000 }}").contains("more than 4194304 bytes"));
    assert!(stopped("{% set ns = namespace() %}{% set ns.a = ns %}{{ ns }}").contains("line 1"));
    assert!(stopped("{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}").contains("line 1"));
}

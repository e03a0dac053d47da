//! What templates make.

mod counting;
mod escaping;
mod reading;
mod refusals;

use chrono_tz::Tz;
use serde_json::{Value, json};

use super::context::TemplateContext;
use super::{Template, TemplateError};
use crate::core::item::{Item, read_items};
use crate::core::window::CloseReason;

const JSON: &str = "application/json";
const ITEMS: &str = concat!(
    r#"{"at":1763770000000,"message":"oi","fields":{"z":1,"n":12345678901234567890123,"price":1.10,"token":"t"}},"#,
    r#"{"at":1763770002000,"message":{"deep":[1.50,"é"]},"text":"my \"order\"","type":"image","time":1763770001000,"#,
    r#""media":[{"type":"image","url":"https://m/1"}],"fields":{"z":2,"user":"mallory","sender_name":null}}"#
);

fn context(items: &[Item]) -> TemplateContext<'_> {
    TemplateContext {
        user: "55119",
        buffer: "default",
        opened: 1_763_770_000_000,
        closed: 1_763_770_015_123,
        reason: CloseReason::Quiet,
        zone: Tz::America__Sao_Paulo,
        language: None,
        items,
    }
}

fn fill(source: &str, content_type: &str, items: &str) -> Result<String, TemplateError> {
    let items = read_items(items).unwrap();
    Template::compile(source, content_type)?.render(&context(&items))
}

fn made(source: &str) -> String {
    fill(source, JSON, ITEMS).unwrap_or_else(|error| panic!("{source}: {error}"))
}

fn saying(text: &str) -> String {
    format!(r#"{{"at":1,"message":{}}}"#, json!(text))
}

#[test]
fn numbers_and_nested_json_come_out_as_they_came_in() {
    assert_eq!(
        made(
            r#"[{{ n }},{{price}},{{ z }},{{ messages }},{{ messages[1].deep[0] }},"{{ n }} {{ price }}"]"#
        ),
        r#"[12345678901234567890123,1.10,2,["oi",{"deep":[1.50,"é"]}],1.50,"12345678901234567890123 1.10"]"#
    );
}

#[test]
fn numbers_can_be_calculated_with() {
    assert_eq!(
        made(
            "[{{ z * 2 }}, {{ n + 1 }}, {{ price | float * 2 }}, {{ (price | float) > 1 }}, {{ 1 / 2 }}]"
        ),
        "[4, 12345678901234567890124, 2.2, true, 0.5]"
    );
}

#[test]
fn every_name_has_its_value() {
    let source = r#"{"user": {{ user }}, "buffer": {{ buffer }}, "count": {{ count }}, "reason": {{ reason }},
        "opened": {{ opened_at }}, "closed": {{ closed_at }}, "token": {{ token }},
        "first": {{ first.text }}, "last": {{ last }}}"#;

    let whole: Value = serde_json::from_str(&made(source)).unwrap();

    assert_eq!(
        whole,
        json!({
            "user": "55119", "buffer": "default", "count": 2, "reason": "quiet",
            "opened": "2025-11-21T21:06:40.000-03:00", "closed": "2025-11-21T21:06:55.123-03:00", "token": "t",
            "first": "oi",
            "last": {
                "message": {"deep": [1.5, "é"]}, "text": "my \"order\"", "type": "image",
                "media": [{"type": "image", "url": "https://m/1"}], "sender": null,
                "time": 1_763_770_001_000_u64, "at": 1_763_770_002_000_u64, "id": null,
                "fields": {"z": 2, "user": "mallory", "sender_name": null},
            },
        })
    );
}

#[test]
fn what_is_missing_or_null_is_null_outside_of_quotes_and_nothing_within() {
    assert_eq!(
        made(
            r#"[{{ sender_name }},"{{ sender_name }}",{{ gone }},"{{ gone }}",{{ gone.a.b[0] }},{{ gone | default("x") }},"{{ gone | upper }}",{{ gone | date("%d") }},{{ gone | join(",") }},{{ gone | tojson }}{% for x in gone %}{{ x }}{% endfor %}]"#
        ),
        r#"[null,"",null,"",null,"x","",null,"",null]"#
    );
}

#[test]
fn a_name_may_be_set_anew_from_itself() {
    assert_eq!(
        made(r#"{% set user = user | replace("55", "+55 ") %}{"u": {{ user }}}"#),
        r#"{"u": "+55 119"}"#
    );
}

#[test]
fn the_filters_do_what_they_say() {
    for (source, expected) in [
        (
            r#"{{ messages | join(" / ") }}"#,
            r#""oi / {\"deep\":[1.50,\"é\"]}""#,
        ),
        (
            r#"{{ items | map(attribute="text") | join("\n") }}"#,
            r#""oi\nmy \"order\"""#,
        ),
        (
            "{{ last.fields | tojson }}",
            r#"{"z":2,"user":"mallory","sender_name":null}"#,
        ),
        (
            "{{ last.fields | tojson | safe }}",
            r#"{"z":2,"user":"mallory","sender_name":null}"#,
        ),
        (
            r#""{{ last.fields.z | tojson }}{{ user | tojson }}""#,
            r#""2\"55119\"""#,
        ),
        (
            r#"{{ {"role": "user", "content": text, "n": n} }}"#,
            r#"{"role":"user","content":"oi\nmy \"order\"","n":12345678901234567890123}"#,
        ),
        (
            r#"{{ closed_at | date("%d/%m/%Y %H:%M") }}"#,
            r#""21/11/2025 21:06""#,
        ),
        (
            r#"{{ last.time | date("%H:%M:%S", "UTC") }}"#,
            r#""00:06:41""#,
        ),
        (
            r#"{{ 1763770001 | date("%H:%M:%S", "UTC") }}"#,
            r#""00:06:41""#,
        ),
        (
            r#""https://x/?q={{ "a&b c/é" | urlencode }}""#,
            r#""https://x/?q=a%26b%20c%2F%C3%A9""#,
        ),
    ] {
        assert_eq!(made(source), expected, "{source}");
    }
}

#[test]
fn a_line_of_contract_b_is_filled_from_each_message() {
    let items = read_items(r#"{"at":1,"message":"oi","fields":{"name":"Ana \"A\"","message":"own","n":1.10,"data":{"x":[7]}}}"#).unwrap();
    let template = Template::compile(
        "{{name}} ({{user}}): {{message}} {{text}} {{n}} {{data.x[0]}}{{gone}} {{type}}",
        JSON,
    )
    .unwrap();

    assert_eq!(
        template.render_item(&context(&items), &items[0]).unwrap(),
        r#"Ana "A" (55119): own oi 1.10 7 text"#
    );
}

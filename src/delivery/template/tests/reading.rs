//! What a template may read on its way.

use super::super::TemplateError;
use super::{ITEMS, fill};

/// Long texts and lists, by their names.
const LONG: [(&str, &str); 7] = [
    ("list", "range(100000) | list"),
    ("same", "range(100000) | list"),
    ("ascii", "'a' * 2000000"),
    ("other", "'a' * 1000000 ~ 'b'"),
    ("accents", "'é' * 1000000"),
    ("blanks", "' ' * 2000000"),
    ("lists", "[[1, 2, 3, 4, 5, 6, 7, 8]] * 8000"),
];

/// A step in a loop, beside the long texts and lists that it names.
fn looped(step: &str) -> String {
    let named = LONG.into_iter().filter(|(name, _)| step.contains(name));
    let set = named.map(|(name, value)| format!("{{% set {name} = {value} %}}"));
    let set = set.collect::<String>();
    format!("{set}{{% for i in range(100000) %}}{step}{{% endfor %}}1")
}

#[test]
fn no_step_reads_very_much_very_often() {
    for step in [
        // Operators.
        "{% if 'z' in list %}{% endif %}",
        "{% if list == same %}{% endif %}",
        "{% if 1 < 2 == list < same %}{% endif %}",
        "{% if other in ascii %}{% endif %}",
        "{{ '' if ascii != other else 'b' }}",
        // Tests, by whatever way they are called.
        "{% if accents is startingwith accents %}{% endif %}",
        "{% if list is eq(same) %}{% endif %}",
        "{% if ascii is lower %}{% endif %}",
        "{% if list | select('in', same) | first %}{% endif %}",
        // Brackets.
        "{% if accents[-1] == 'a' %}{% endif %}",
        "{% if [accents][0][i] %}{% endif %}",
        "{% if accents[:][:][999999:].a %}{% endif %}",
        "{% if accents | attr(-1) %}{% endif %}",
        // Filters, by whatever way they are called.
        "{% if blanks | trim %}{% endif %}",
        "{% if ascii | trim('bcdefghijklmnopqrstuvwxyza') %}{% endif %}",
        "{% if [blanks] | map('trim') | first %}{% endif %}",
        "{% if list | min %}{% endif %}",
        "{% if list | sum %}{% endif %}",
        "{% if list | last %}{% endif %}",
        "{% if accents | length %}{% endif %}",
        "{% if list | unique | first %}{% endif %}",
        "{% if lists | sort | first %}{% endif %}",
        "{% if list | map(attribute='x') | first %}{% endif %}",
        "{% if accents | int(0) %}{% endif %}",
        // Methods.
        "{% if loop.changed(list) %}{% endif %}",
        "{% if loop.changed(*[list, i]) %}{% endif %}",
    ] {
        let error = fill(&looped(step), "text/plain", ITEMS).unwrap_err();
        let is_told = matches!(
            error,
            TemplateError::ReadsTooMuch { line: 1 } | TemplateError::TooMuch { line: 1 }
        );
        assert!(is_told, "{step}: {error}");
    }
}

#[test]
fn what_a_template_of_a_large_batch_needs_is_never_too_much() {
    for step in [
        "{% if 'oi' in ['oi', 'olá', 'bom dia', 'hi', 'hello'] %}{% endif %}",
        "{% if i == 7 or i is divisibleby(3) %}{% endif %}",
        "{% if ('a' * 100) | trim | length > 9 %}{% endif %}",
        "{{ '' if items[0].text == 'x' else '' }}",
    ] {
        let source = format!("{{% for i in range(20000) %}}{step}{{% endfor %}}1");
        let made = fill(&source, "text/plain", ITEMS);
        assert_eq!(made.as_deref(), Ok("1"), "{step}");
    }
    let once = "{{ (range(20000) | list | sort | unique | list)[-1] }} {{ 7 in range(20000) }}";
    assert_eq!(fill(once, "text/plain", ITEMS).as_deref(), Ok("19999 true"));
}

//! What a template may make on its way, and that counting it changes nothing else.

use minijinja::Value;

use super::super::context::TemplateContext;
use super::super::counted::counted;
use super::super::escape::Escape;
use super::super::render::{RENDER_STATE, RenderState};
use super::super::{NAME, SHARED, Template, TemplateError};
use super::{ITEMS, context, fill};
use crate::core::item::read_items;

fn refused(source: &str) -> TemplateError {
    match fill(source, "text/plain", ITEMS) {
        Ok(made) => panic!("{} bytes were made by {source:.200}", made.len()),
        Err(error) => error,
    }
}

#[test]
fn no_step_makes_very_much_out_of_very_little() {
    let doubled = |step: &str| {
        format!(
            "{{% set ns = namespace(a='xxxxxxxxxxxxxxxx', b=[1, 2, 3, 4]) %}}{{% for i in range(99) %}}{step}{{% endfor %}}"
        )
    };
    for source in [
        // A text or list doubled in a loop, or line by line.
        doubled("{% set ns.a = ns.a ~ ns.a %}"),
        doubled("{% set ns.a = ns.a + ns.a %}"),
        doubled("{% set ns.a = ns.a * 2 %}"),
        doubled("{% set ns.a = ns.a | replace('x', 'xx') %}"),
        doubled("{% set ns.a = [ns.a, ns.a] | join %}"),
        doubled("{% set ns.a = ns.a | join('') ~ ns.a | string %}"),
        doubled("{% set ns.a %}{{ ns.a }}{{ ns.a }}{% endset %}"),
        doubled("{% set ns.a %}{% filter upper %}{{ ns.a }}{{ ns.a }}{% endfilter %}{% endset %}"),
        doubled("{% set ns.a %}{% autoescape true %}{{ ns.a }}{{ ns.a }}{% endautoescape %}{% endset %}"),
        doubled("{% set ns.b = ns.b + ns.b %}"),
        doubled("{% set ns.b = ns.b * 2 %}"),
        doubled("{% set ns.b = (ns.b | list) + ns.b %}"),
        doubled("{% set ns.b = ns.b | chain(ns.b) %}"),
        doubled("{% set ns.b = [ns.b, ns.b] %}"),
        doubled("{% set ns.b = (ns.b, ns.b) %}"),
        doubled("{% set ns.b = {'a': ns.b, 'b': ns.b} %}"),
        doubled("{% set ns.b = dict(a=ns.b, b=ns.b) %}"),
        doubled("{% set ns.b = ns.b | zip(ns.b) %}"),
        doubled("{% with a = ns.b %}{% set ns.b = [a, a] %}{% endwith %}"),
        doubled("{% set ns.a, ns.b = ns.a ~ ns.a, [ns.b, ns.b] %}"),
        format!("{{% set a = 'x' * 1000 %}}{}{{{{ a }}}}", "{% set a = a ~ a %}".repeat(40)),
        format!("{{% set a = [1] %}}{}{{{{ a }}}}", "{% set a = [a, a] %}".repeat(40)),
        // Much at once.
        "{{ range(100000) | join('x' * 10000) }}".to_owned(),
        "{% set a = 'x' * 100000000 %}".to_owned(),
        "{% set a = 100000000 * 'x' %}".to_owned(),
        "{% set a = [1] * 100000000 %}".to_owned(),
        "{% set a = (1, 2) * 50000000 %}".to_owned(),
        "{% set a = ('x' * 3000) | replace('x', 'x' * 3000) %}".to_owned(),
        "{% set a = ('1' * 1000) | list | map('replace', '1', 'x' * 100000) | list %}".to_owned(),
        "{% set a = range(99999) | map('date', 'x' * 100000) | list %}".to_owned(),
        "{% set a = ['x' * 100000] * 1000 %}".to_owned(),
        // Many times much.
        format!("{{{{ [{}] }}}}", "'x' * 4000000, ".repeat(1000)),
        format!("{{% set a = 'x' * 4000000 %}}{{% set b = [{}] %}}", "a[:], ".repeat(1000)),
        format!("{{% set a = 'x' * 4000000 %}}{{% set b = [{}] %}}", "a | upper, ".repeat(1000)),
        "{% set ns = namespace(b=[]) %}{% for i in range(9999) %}{% set ns.b = ns.b + ['x' * 100000] %}{% endfor %}".to_owned(),
        format!(
            "{{% set a %}}{{% for i in range(99999) %}}{}{{% endfor %}}{{% endset %}}",
            "raw".repeat(10_000)
        ),
        format!(
            "{{% filter upper %}}{{% for i in range(99999) %}}{}{{% endfor %}}{{% endfilter %}}",
            "raw".repeat(10_000)
        ),
        format!(
            "{{% for x in [1] recursive %}}{{% if loop.depth == 1 %}}{{% set a = loop(range(9999)) %}}{{% else %}}{}{{% endif %}}{{% endfor %}}",
            "raw".repeat(10_000)
        ),
    ] {
        let error = refused(&source);
        let is_told = matches!(error, TemplateError::TooLarge | TemplateError::TooMuch { .. })
            || error.to_string().contains("too deep");
        assert!(is_told, "{source:.200}: {error}");
    }
}

#[test]
fn nothing_holds_itself_or_is_deeper_than_json_may_be() {
    for step in [
        "{% set ns.a = ns %}",
        "{% set ns.a = [ns] %}",
        "{% set ns.a = [ns.a] %}",
        "{% set ns.a = (ns.a,) %}",
        "{% set ns.a = {'a': ns.a} %}",
        "{% set ns.a = dict(a=ns.a) %}",
        "{% set ns.a = namespace(a=ns) %}",
        "{% set ns.a = [ns.a] | list %}",
        "{% set ns.a = loop %}",
        "{% set ns.a, ns.b = 1, ns %}",
    ] {
        let source = format!(
            "{{% set ns = namespace(a=1, b=1) %}}{{% for i in range(20000) %}}{step}{{% endfor %}}{{{{ ns.a ~ '' }}}}"
        );
        assert!(
            matches!(refused(&source), TemplateError::Failed { line: 1, .. }),
            "{step}: {}",
            refused(&source)
        );
    }
    // What can be worked out anew is laid down, so it does not refer to what it came from.
    for step in ["ns | items", "ns.a[:]", "ns.a | reverse", "ns | chain(ns)"] {
        let source = format!(
            "{{% set ns = namespace(a=[1]) %}}{{% for i in range(5) %}}{{% set ns.a = {step} %}}{{% endfor %}}{{{{ ns.a ~ '' }}}}"
        );
        fill(&source, "text/plain", ITEMS).unwrap_or_else(|error| panic!("{step}: {error}"));
    }
}

#[test]
fn an_expression_too_deep_for_the_stack_is_refused_with_its_line() {
    let deep = |step: &str, end: &str| format!("\n{{{{ 1{} }}}}{end}", step.repeat(5_000));
    for source in [
        deep(".a", ""),
        deep("[0]", ""),
        deep("[:]", ""),
        deep("()", ""),
        deep("|d", ""),
        deep("~1", ""),
        deep("+1", ""),
        deep("**1", ""),
        deep(" and 1", ""),
        deep(" if 1", ""),
        deep(" if 1 else 1", ""),
        format!("\n{{{{ {}1 }}}}", "not ".repeat(5_000)),
        format!("\n{{{{ {}1 }}}}", "-".repeat(5_000)),
        format!("\n{{{{ {}1{} }}}}", "[".repeat(5_000), "]".repeat(5_000)),
        format!(
            "\n{{% if 1 %}}{}{{% endif %}}",
            "{% elif 1 %}".repeat(5_000)
        ),
        format!("\n{}", "{% if 1 %}".repeat(5_000)),
        format!("\n{{% set a = 1{} %}}", "~1".repeat(5_000)),
        format!(
            "\n{{% filter upper{} %}}{{% endfilter %}}",
            "|upper".repeat(5_000)
        ),
    ] {
        let error = Template::compile(&source, "text/plain").unwrap_err();
        assert!(
            matches!(error, TemplateError::Broken { line: 2, .. }),
            "{source:.40}: {error}"
        );
    }
    // As deep as may be, each in its own way.
    for source in [
        format!("{{{{ user{} }}}}", "~user".repeat(240)),
        format!("{{{{ user{} }}}}", "|d(user)".repeat(120)),
        format!("{{{{ user{} }}}}", "|upper".repeat(240)),
        format!("{{{{ user{} }}}}", "[:]".repeat(240)),
        format!("{{{{ 1{} }}}}", "-1".repeat(240)),
        format!("{{{{ 1{} }}}}", " and 1".repeat(240)),
        format!("{{{{ {}1 }}}}", "1 if 0 else ".repeat(110)),
        format!("{{% if 0 %}}{}{{% endif %}}x", "{% elif 0 %}".repeat(240)),
        format!("{{{{ {{{}}} }}}}", "'a': user ~ 'b', ".repeat(1_000)),
    ] {
        fill(&source, "text/plain", ITEMS).unwrap_or_else(|error| panic!("{source:.40}: {error}"));
    }
}

/// Fills a source as it is, without its steps being counted.
fn uncounted(source: &str, context: &TemplateContext<'_>) -> Result<String, String> {
    let mut environment = SHARED[Escape::Plain as usize].clone();
    environment
        .add_template_owned(NAME, source.to_owned())
        .map_err(|error| error.to_string())?;
    let words = super::super::words(source);
    let render = std::sync::Arc::new(RenderState::new(Escape::Plain, context.zone));
    let mut names = context.names(&words).unwrap();
    names.push((
        RENDER_STATE.to_owned(),
        Value::from_dyn_object(render.clone()),
    ));
    let template = environment.get_template(NAME).unwrap();
    template
        .render_captured_to(Value::from_pairs(names), render.writer())
        .map_err(|error| error.to_string())?;
    Ok(render.take())
}

#[test]
fn a_template_that_is_counted_makes_what_it_would_make_otherwise() {
    let items = read_items(ITEMS).unwrap();
    let context = context(&items);
    for source in [
        "plain\n",
        "two\n\n",
        "{ {a} \\ \"\n {{ user }}\n",
        "a{% raw %}{{ x }} {% if %}{# #}{% endraw %}b{# gone\n#}c",
        "{{ user ~ 1 ~ 2.5 ~ none ~ true ~ gone ~ messages ~ [1, 'a\"b'] ~ {'a': 1} }}",
        "{{ 1 + 2 * 3 - 4 / 2 ** 2 % 3 // 1 }} {{ 2 * (3 + 4) }} {{ 10 - 3 - 2 }} {{ 10 - (3 - 2) }} {{ 2 ** 3 ** 2 }} {{ 2 ** (3 ** 2) }}",
        "{{ -1 | abs }} {{ -(1 | abs) }} {{ - -1 }} {{ -count + 1 }} {{ (-2) ** 2 }} {{ -2 ** 2 }}",
        "{{ 'a' * 3 }} {{ 3 * 'a' }} {{ [1] * 2 + [3] }} {{ (1, 2) + (3,) }} {{ 'a' + 'b' }} {{ () }} {{ (1,) }}",
        "{{ not a or b and not c }} {{ (1 or 0) and 0 }} {{ not (1 and 0) }} {{ not not 1 }} {{ 1 and 2 or 3 }} {{ 1 and (2 or 3) }}",
        "{{ 1 < 2 }} {{ 1 < 2 < 3 }} {{ (1 == 1) == true }} {{ 1 in [1] }} {{ 1 not in [1] }} {{ 1 < 2 in [3] }} {{ 'a' in 'abc' ~ 'd' }}",
        "{{ 1 if count > 1 else 2 if gone else 3 }} {{ (1 if 0 else 2) if 1 else 3 }} {{ 1 if 0 }} {{ (1 if 1 else 2) + 1 }}",
        "{{ user is defined }} {{ gone is not defined }} {{ 4 is divisibleby 2 }} {{ 4 is divisibleby(3) }} {{ (1 + 1) is even and true }} {{ 'a' ~ 'b' is string }}",
        "{{ messages[0] }} {{ items[-1].text[1:4] }} {{ user[::-1] }} {{ 'abc'[1:] }} {{ [1,2,3][:2] }} {{ [1,2,3].0 }} {{ (1, 2)[1] }} {{ {'a': 1}['a'] }} {{ {'a': {'b': 2}}.a.b }}",
        "{{ user | upper | lower | title }} {{ ' x ' | trim }} {{ 'a,b' | split(',') }} {{ 'a-b' | replace('-', '+') }} {{ [3, 1, 2] | sort | reverse | join('-') }}",
        "{{ [1, 2] | map('string') | list }} {{ items | map(attribute='text') | list }} {{ [1, 2, 3] | select('odd') | list }} {{ [1, 2] | sum }} {{ {'b': 1, 'a': 2} | dictsort }} {{ {'a': 1} | items | list }}",
        "{{ [1, 1, 2] | unique | list }} {{ [1, 2] | zip([3, 4]) | list }} {{ [1] | chain([2]) | list }} {{ {'a': 1} | chain({'b': 2}) }} {{ 1.50 }} {{ 1e20 }} {{ 123456789012345678901234567890 }} {{ 0x1f }} {{ 1_000 }}",
        "{% for m in items %}{{ loop.index }}/{{ loop.length }}{{ m.text }}{{ loop.cycle('a', 'b') }}{% if not loop.last %}, {% endif %}{% else %}none{% endfor %}",
        "{% for a, b in [(1, 2), [3, 4]] %}{{ a }}{{ b }}{% endfor %}{% for (a, (b, c)) in [(1, (2, 3))] %}{{ a + b + c }}{% endfor %}",
        "{% for x in [1, 2, 3, 4] if x is even %}{{ x }}{% endfor %}{% for x in gone %}{% else %}empty{% endfor %}{% for x in 'abc' %}{{ x }}.{% endfor %}",
        "{% for x in [[1, [2]], [3]] recursive %}{% if x is sequence %}({{ loop(x) }}){% else %}{{ x }}{% endif %}{% endfor %}",
        "{% for x in [[1], [2]] recursive %}{% if x is sequence %}{% set a = loop(x) %}<{{ a }}>{% else %}raw{{ x }}{% endif %}{% endfor %}",
        "{% if gone %}a{% elif count == 2 %}b{% else %}c{% endif %}{% if gone %}a{% else %}{% if user %}d{% endif %}{% endif %}",
        "{% set ns = namespace(n=0, l=[]) %}{% for m in items %}{% set ns.n = ns.n + 1 %}{% set ns.l = ns.l + [m.text] %}{% endfor %}{{ ns.n }}{{ ns.l }}{{ ns }}",
        "{% set a, b = 1, 2 %}{{ a }}{{ b }}{% set (c, d) = [3, 4] %}{{ c }}{{ d }}{% set t = 1, %}{{ t }}",
        "{% set x %}a {{ user }} {b}{% endset %}{{ x }}|{% set y | upper | replace('A', 'b') %}a{{ user }}{% endset %}{{ y }}",
        "{% filter upper | replace('O', '0') %}foo {{ user }}{% endfilter %}{% autoescape true %}{{ '<' }}{% endautoescape %}{% with a = 1, (b, c) = (2, 3) %}{{ a + b + c }}{% endwith %}",
        "{%- if true -%}  x  {%- endif -%}  y {{- user -}}  z",
        "{{ dict(a=1, **{'b': 2}) }} {{ range(1, *[4]) | list }} {{ range(3) }} {% do range(1) %}{{ gone.a.b | d('x') }}",
        "{{ 'a\\n\\t\"\\\\\\u00e9' }} {{ \"it's\" }} {{ 'multi\nline' }} {{ 'a' 'b' }}",
        "{{ last.time | date('%H:%M', 'UTC') }} {{ 'a b' | urlencode }} {{ first | tojson }} {{ '12' | int + 1 }}",
    ] {
        let expected = uncounted(source, &context);
        assert!(expected.is_ok(), "{source}: {expected:?}");
        assert_eq!(
            uncounted(&counted(source).unwrap(), &context),
            expected,
            "{source}\n{}",
            counted(source).unwrap()
        );
    }
}

#[test]
fn a_step_that_fails_is_told_by_the_line_of_the_source() {
    for (source, line) in [
        ("a\nb{% set x = 1 -%}\n\n\n{{ 1 + [] }}", 5),
        ("{{ {\n'a': 1,\n'b': 1 + []\n} }}", 3),
        ("{% if user -%}\n\n{{ user\n| nothing }}{% endif %}", 4),
        ("{# a\n\n #}{% raw %}\n\n{% endraw %}{{ 'a\n' ~ 1 / 0 }}", 6),
        (
            "\n{% set ns = namespace(a='xx') %}\n{% for i in range(99) %}\n\n{% set ns.a = ns.a * 2 %}{% endfor %}{{ [ns.a] + 1 }}",
            5,
        ),
    ] {
        let told = refused(source).to_string();
        let is_told = told.contains(&format!("line {line}:")) || told.contains("more than 4194304");
        assert!(is_told, "{source}: {told}");
    }
}

#[test]
fn what_ordinary_templates_make_is_far_below_the_budget() {
    let items: Vec<String> = (0..1_000)
        .map(|number| format!(r#"{{"at":{number},"message":"message {number} of a long talk"}}"#))
        .collect();
    for source in [
        "{% set ns = namespace(t='') %}{% for m in messages %}{% set ns.t = ns.t ~ m ~ '\n' %}{% endfor %}{{ ns.t }}",
        "{% set ns = namespace(l=[]) %}{% for m in items %}{% set ns.l = ns.l + [m.text] %}{% endfor %}{{ ns.l | join(', ') }}",
        "{% for m in items %}{{ loop.index ~ ': ' ~ (m.text | default('-') | trim | upper) }}\n{% endfor %}",
    ] {
        let made = fill(source, "text/plain", &items.join(",")).unwrap();
        assert!(made.len() > 20_000);
    }
}

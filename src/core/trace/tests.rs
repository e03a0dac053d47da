//! The standard, line by line, and that nothing else is taken.

use proptest::prelude::*;

use super::*;

const EXAMPLE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn example() -> TraceContext {
    TraceContext::parse(EXAMPLE).unwrap()
}

fn state_of(tracestate: &str) -> Option<String> {
    let context = example().with_state(tracestate);
    context.state().map(str::to_owned)
}

#[test]
fn the_example_of_the_standard_is_read() {
    let context = example();

    assert_eq!(
        context.trace_id().to_string(),
        "0af7651916cd43dd8448eb211c80319c"
    );
    assert_eq!(context.span_id(), 0xb7ad_6b71_6920_3331);
    assert_eq!(context.flags(), 1);
    assert_eq!(context.traceparent(), EXAMPLE);
}

#[test]
fn what_is_not_exactly_so_is_nothing() {
    for bad in [
        "",
        "00",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0g",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 ",
        "00_0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331_01",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "0x-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01x",
        "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    ] {
        assert_eq!(TraceContext::parse(bad), None, "{bad}");
    }
}

#[test]
fn a_later_version_is_read_and_passed_on_as_ours() {
    for later in ["01", "cc", "fe"] {
        for more in ["", "-", "-what-will-be-in-it"] {
            let text = format!("{later}{}{more}", &EXAMPLE[2..]);
            assert_eq!(TraceContext::parse(&text), Some(example()), "{text}");
        }
    }
}

#[test]
fn flags_that_nobody_knows_are_not_passed_on() {
    let context = TraceContext::parse(&format!("{}ff", &EXAMPLE[..53])).unwrap();

    assert_eq!(context.flags(), 3);
}

#[test]
fn a_state_is_passed_on_in_its_order() {
    assert_eq!(
        state_of("rojo=00f067aa0ba902b7 ,\t congo=t61 x,,9@fw/a*_-=~").as_deref(),
        Some("rojo=00f067aa0ba902b7,congo=t61 x,9@fw/a*_-=~")
    );
}

#[test]
fn a_broken_state_is_dropped_and_its_trace_is_not() {
    let many: Vec<_> = (0..33).map(|number| format!("k{number}=v")).collect();
    let (many, long) = (many.join(","), format!("k={}", "v".repeat(257)));
    for bad in [
        "", " , ", "rojo", "=1", "rojo=", "Rojo=1", "a=1,b", "a=1,a=2", "a=b=c", "a=é", "_a=1",
        &many, &long,
    ] {
        assert_eq!(state_of(bad), None, "{bad}");
    }
}

#[test]
fn of_a_long_state_the_oldest_entries_go() {
    let long = ["a", "b", "c"].map(|key| format!("{key}={}", "v".repeat(250)));

    assert_eq!(state_of(&long.join(",")), Some(long[..2].join(",")));
}

#[test]
fn a_child_is_another_span_of_the_same_trace() {
    let (parent, child) = (example().with_state("a=1"), example().with_state("a=1"));
    let child = child.child(7);

    assert_eq!(child.trace_id(), parent.trace_id());
    assert_eq!(
        (child.flags(), child.state()),
        (parent.flags(), parent.state())
    );
    assert_eq!(child.span_id(), 7);
    assert_eq!(parent.child(0).span_id(), 1);
}

proptest! {
    #[test]
    fn whatever_comes_is_read_or_is_nothing(text: String, state: String) {
        if let Some(read) = TraceContext::from_stored(&text) {
            prop_assert_eq!(TraceContext::from_stored(&read.to_string()), Some(read));
        }
        prop_assert_eq!(example().with_state(&state).traceparent(), EXAMPLE);
    }

    #[test]
    fn what_nearly_fits_is_read_or_is_nothing(text in "[0-9a-f]{2}-[0-9a-fé]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-.{0,3})?") {
        if let Some(read) = TraceContext::parse(&text) {
            prop_assert_eq!(&read.traceparent()[3..53], &text[3..53]);
        }
    }

    #[test]
    fn what_was_stored_comes_back(trace_id in 1u128.., span_id in 1u64.., flags: u8, state in "([a-z0-9]{1,9}=[!-+--<>-~]{1,9}(, ?)?){0,40}") {
        let context = TraceContext::new(trace_id, span_id, flags).unwrap().with_state(&state);
        prop_assert!(context.state().is_none_or(|state| state.len() <= MOST_STATE));
        prop_assert_eq!(TraceContext::from_stored(&context.to_string()), Some(context));
    }
}

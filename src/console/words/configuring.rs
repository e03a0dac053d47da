//! The tables of a catalogue for what is configured; see `tables.rs`.

use super::{Counted, Sentence};

texts! {
    /// A form over what is configured.
    FormWords {
        behind: String,
        behind_detail: String,
        refused: String,
        theirs: String,
        nothing: String,
        on: String,
        off: String,
        save: String,
        edit: String,
        leave: String,
    }

    /// All buffers.
    BuffersWords {
        title: String,
        question: String,
        new: String,
        make: String,
        on: String,
        off: String,
        removing: String,
        never_posted: String,
        open: Counted,
    }

    /// One buffer.
    BufferWords {
        tabs: String,
        way_in: String,
        way_in_detail: String,
        window: String,
        window_detail: String,
        out: String,
        out_detail: String,
        silence: String,
        silence_detail: String,
        try_it: String,
        try_detail: String,
        environment: String,
        environment_detail: String,
        removing: Sentence,
        url: String,
        local: String,
        at_gateway: String,
        the_secret: String,
        no_secret: String,
        the_token: String,
        tick: String,
        untick: String,
        unproven: String,
        see_posts: String,
        made: String,
        made_once: String,
        make_secret: String,
        make_another: String,
        make_another_sure: String,
        switch_on: String,
        switch_off: String,
        switch_off_sure: String,
        remove: String,
        remove_sure: String,
        remove_drain: Sentence,
        remove_drain_sure: String,
        remove_discard: Sentence,
        remove_discard_sure: String,
        whole: String,
        more: String,
        try_post: String,
        try_pasted: String,
        try_body: String,
        try_as: String,
    }

    /// What other waits would have made of what was received.
    TunerWords {
        title: String,
        detail: String,
        empty: String,
        says: Sentence,
        compares: Sentence,
        over: Sentence,
        bare: Counted,
        limits: Counted,
        axis: String,
        wait: String,
        cut: String,
        calls: String,
        waited: String,
        now: String,
        others: String,
        go: String,
        what: String,
        thought: String,
        left_out: String,
    }
}

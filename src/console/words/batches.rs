//! The tables of a catalogue for what waits, what was given up on, and what was tried; see `tables.rs`.

use super::{Counted, Sentence};

texts! {
    /// What narrows a list.
    NarrowWords {
        destination: String,
        buffer: String,
        status: String,
        reason: String,
        action: String,
        result: String,
        any: String,
        go: String,
        clear: String,
        nothing: String,
        go_on: String,
        more: String,
        older: String,
        newest: String,
        searched_until: Sentence,
    }

    /// What somebody can do.
    Acts {
        title: String,
        send_now: Counted,
        wait_longer: Sentence,
        drop_window: Counted,
        drop_sure: String,
        pause: Sentence,
        pause_sure: String,
        more_now: Counted,
        resume: String,
        erase: String,
        erase_sure: String,
        revive: String,
        revive_sure: String,
        send_again: String,
        send_again_sure: String,
    }

    /// Open windows.
    WindowsWords {
        title: String,
        question: String,
        all: String,
    }

    /// What waits.
    WaitingWords {
        title: String,
        about: String,
        empty: String,
        empty_detail: String,
        since: Sentence,
        next: String,
        never_tried: String,
        tried: Counted,
        last: Sentence,
        behind: Counted,
        try_now: String,
        try_all: Counted,
        try_some: Sentence,
        try_buffer: Sentence,
        try_all_sure: String,
        give_up: String,
        give_up_sure: String,
    }

    /// What was given up on.
    DeadWords {
        title: String,
        about: String,
        empty: String,
        empty_detail: String,
        drop: String,
        drop_sure: String,
        look_some: String,
        look_all: String,
        progress: Sentence,
        preview: String,
        all_of_them: String,
        letters: String,
        chats: String,
        written: String,
        written_detail: String,
        oldest: String,
        under_way: Counted,
        without_destination: Counted,
        order: String,
        revive_many: Counted,
        none_back: String,
    }

    /// What was tried.
    HistoryWords {
        title: String,
        about: String,
        empty: String,
        empty_detail: String,
        call: String,
        story: String,
        said: String,
        said_nothing: String,
        said_in_part: String,
        searched_until: Sentence,
        not_tried: String,
        first: String,
        behind: String,
        attempts: String,
        answer: String,
        no_answer: String,
        request: String,
        request_not_kept: String,
        body: String,
        body_not_kept: String,
        bytes: Counted,
        curl: String,
        curl_detail: String,
        copy: String,
        copied: String,
    }
}

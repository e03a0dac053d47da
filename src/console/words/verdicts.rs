//! The tables of a catalogue for what is told somebody whose customer complains; see `tables.rs`.

use super::Sentence;

texts! {
    /// "It did not answer."
    NotAnswered {
        posts_refused: Sentence,
        nothing_received: String,
        nothing_received_line: Sentence,
        in_group: Sentence,
        line_silent: Sentence,
        usually: Sentence,
        dropped: Sentence,
        dropped_paused: Sentence,
        by_own_message: String,
        by_operator: String,
        by_key: Sentence,
        taken_back: Sentence,
        gathering: Sentence,
        overdue: Sentence,
        overdue_alone: Sentence,
        waiting: Sentence,
        failing: Sentence,
        dead: Sentence,
        for_later: Sentence,
        answered: Sentence,
        answered_by_person: Sentence,
        just_delivered: Sentence,
        no_answer_seen: Sentence,
        delivered: Sentence,
        not_kept: Sentence,
        unknown: String,
    }

    /// "It answered twice."
    Twice {
        sent_again: Sentence,
        sent_again_by: Sentence,
        called_again: Sentence,
        two_batches: Sentence,
        several_destinations: Sentence,
        several_chats: Sentence,
        once: String,
    }

    /// "It answered too late."
    Late {
        nothing: String,
        total_answered: Sentence,
        total_taken: Sentence,
        wait: String,
        typing: String,
        cap: String,
        extended: String,
        queue: String,
        retries: String,
        bot: String,
        answer: String,
        advice_wait: String,
        advice_typing: String,
        advice_cap: String,
        advice_extended: String,
        advice_queue: String,
        advice_retries: String,
        advice_bot: String,
        advice_answer: String,
    }
}

//! The tables of a catalogue: each struct is a table of the file of a language, each field a word or a sentence that a page says.

use super::batches::{Acts, DeadWords, HistoryWords, NarrowWords, WaitingWords, WindowsWords};
use super::configured::{DestinationWords, LaterWords, ScheduleWords, TriesWords};
use super::configuring::{BufferWords, BuffersWords, FormWords, StartWords, TunerWords};
use super::looking_back::{Audit, KeysWords, Numbers, Posts, Settings, Trial};
use super::verdicts::{Late, NotAnswered, Twice};
use super::why::WhyWords;
use super::{ByCode, Counted, Sentence};

texts! {
    /// All of them.
    Texts {
        shell: Shell,
        strip: StripWords,
        clock: ClockWords,
        login: Login,
        start: StartWords,
        now: Now,
        find: Find,
        chat: ChatWords,
        story: Story,
        not_answered: NotAnswered,
        twice: Twice,
        late: Late,
        acts: Acts,
        keys: KeysWords,
        posts: Posts,
        trial: Trial,
        numbers: Numbers,
        audit: Audit,
        settings: Settings,
        levels: ByCode,
        checks: ByCode,
        authors: ByCode,
        work: ByCode,
        refused_for: ByCode,
        why: WhyWords,
        narrow: NarrowWords,
        windows: WindowsWords,
        waiting: WaitingWords,
        dead: DeadWords,
        history: HistoryWords,
        form: FormWords,
        labels: ByCode,
        hints: ByCode,
        choices: ByCode,
        wrong: ByCode,
        tries: TriesWords,
        destinations: DestinationWords,
        schedules: ScheduleWords,
        later: LaterWords,
        parts: ByCode,
        buffers: BuffersWords,
        buffer: BufferWords,
        tuner: TunerWords,
        gateways: ByCode,
        secrets_of: ByCode,
        outcomes: ByCode,
        done: ByCode,
        results: ByCode,
        held: ByCode,
        reasons: ByCode,
        actions: ByCode,
        states: ByCode,
        refusals: ByCode,
    }

    /// What stands around every page.
    Shell {
        name: String,
        find: String,
        find_hint: String,
        now: String,
        more: String,
        sign_out: String,
        signed_in: Sentence,
        read_only: String,
        skip: String,
        redis_away: String,
        held: String,
        request_id: String,
        live: String,
        not_live: String,
        language: String,
        look: String,
        look_auto: String,
        look_light: String,
        look_dark: String,
        failed: String,
        not_found: String,
        back: String,
        to_now: String,
        curl: String,
        yes: String,
    }

    /// How all of it goes.
    StripWords {
        label: String,
        working: String,
        stopped: String,
        no_monitor: String,
        standing: String,
        failing: String,
        open: Counted,
        waiting: Counted,
        dead: Counted,
        destinations_failing: Counted,
        monitors: Counted,
    }

    /// How moments and lengths of time are written.
    ClockWords {
        day: String,
        whole_day: String,
        decimal: String,
        days: String,
        ago: Sentence,
        ahead: Sentence,
    }

    /// Coming in.
    Login {
        title: String,
        key: String,
        enter: String,
        by_link: String,
        link_over: String,
        where_is_it: String,
        first_key: String,
        wrong: String,
        may_not_read: String,
        too_often: String,
        over: String,
    }

    /// Is it working?
    Now {
        title: String,
        works: String,
        works_detail: Sentence,
        stopped: String,
        stopped_detail: String,
        no_monitor: String,
        no_monitor_detail: String,
        standing: String,
        standing_detail: Sentence,
        failing: Counted,
        failing_detail: String,
        late: Sentence,
        never_late: String,
        windows: String,
        windows_more: Counted,
        windows_empty: String,
        messages: Counted,
        closes: String,
        destinations: String,
        destinations_empty: String,
        last_success: Sentence,
        last_failure: Sentence,
        failing_since: Sentence,
        waiting_lanes: Counted,
        lines: String,
        lines_empty: String,
        line_nameless: String,
        last_post: Sentence,
        daemons: Sentence,
        counts: String,
        open: String,
        waiting: String,
        later: String,
        dead: String,
        paused: String,
        stop_all: String,
        stop_all_sure: String,
        start_all: String,
        stopped_things: String,
        closing: String,
    }

    /// Everybody whose number matches.
    Find {
        title: String,
        label: String,
        hint: String,
        go: String,
        nobody: String,
        nobody_detail: String,
        more: String,
        searched_until: Sentence,
        last_heard: Sentence,
        no_name: String,
        ask: String,
    }

    /// A chat.
    ChatWords {
        buffer: String,
        paused_for: Sentence,
    }

    /// What happened in a chat.
    Story {
        title: String,
        verdict: String,
        question_not_answered: String,
        question_twice: String,
        question_late: String,
        older: String,
        nothing: String,
        quiet_for: Sentence,
        said_nothing_kept: String,
        ignored: Sentence,
        ours_by_bot: String,
        ours_by_person: String,
        ours: String,
        sent_again: String,
        repeats: Sentence,
        closed: Sentence,
        closed_messages: Counted,
        typing: Sentence,
        attempt: Sentence,
        given_up: Sentence,
        act: Sentence,
        act_by: Sentence,
        later: Sentence,
        follow_up: Sentence,
        open: Sentence,
        open_messages: Counted,
        call: String,
        copy_link: String,
        copy: String,
        chats: String,
        all_chats: String,
    }
}

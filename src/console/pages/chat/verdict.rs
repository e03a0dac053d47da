//! What to tell somebody who complains, in words: the rule that holds, and its facts.

use super::answers::{Rule, Verdict};
use crate::console::shell::Shell;

/// The parts of the way from the last message to the answer, in order.
const PARTS: [&str; 8] = [
    "wait", "typing", "cap", "extended", "queue", "retries", "bot", "answer",
];

/// The verdict in words.
pub(super) struct Told {
    /// `good`, `warn` or `bad`.
    pub(super) tone: &'static str,
    pub(super) not_answered: String,
    /// What else to know about it; empty: nothing.
    pub(super) advice: String,
    pub(super) twice: String,
    pub(super) late: String,
    /// Each part of the way with its length.
    pub(super) parts: Vec<(String, String)>,
}

pub(super) fn told(shell: &Shell, verdict: &Verdict) -> Told {
    Told {
        tone: tone(&verdict.not_answered.code),
        not_answered: not_answered(shell, &verdict.not_answered),
        advice: usually(shell, &verdict.not_answered),
        twice: twice(shell, &verdict.twice),
        late: late(shell, &verdict.late),
        parts: parts(shell, &verdict.late),
    }
}

fn tone(code: &str) -> &'static str {
    match code {
        "answered" | "just_delivered" | "delivered" | "gathering" | "for_later" => "good",
        "waiting" | "dropped" | "taken_back" | "not_kept" | "nothing_received" | "in_group" => {
            "warn"
        }
        _ => "bad",
    }
}

fn not_answered(shell: &Shell, rule: &Rule) -> String {
    let (words, clock) = (&shell.words.not_answered, &shell.clock);
    let destination = rule.text("destination");
    let length = |name: &str| clock.length(rule.number(name).unwrap_or_default());
    let ago = |name: &str| clock.ago(rule.text(name));
    let line = rule.maybe("line").unwrap_or(&shell.words.now.line_nameless);
    match rule.code.as_str() {
        "posts_refused" => words.posts_refused.with(&[
            ("count", &rule.number("count").unwrap_or_default()),
            ("refusal", &shell.words.refusals.of(rule.text("refusal"))),
            ("ago", &ago("last_at")),
        ]),
        "nothing_received" => match rule.maybe("last_post_at") {
            Some(at) => words
                .nothing_received_line
                .with(&[("line", &line), ("ago", &clock.ago(at))]),
            None => words.nothing_received.clone(),
        },
        "in_group" => words
            .in_group
            .with(&[("ago", &ago("at")), ("chat", &rule.text("user"))]),
        "line_silent" => words
            .line_silent
            .with(&[("line", &line), ("ago", &ago("last_post_at"))]),
        "dropped" => match rule.number("paused_for_ms") {
            Some(left) => words.dropped_paused.with(&[
                ("length", &clock.length(left)),
                ("who", &paused_by(shell, rule)),
            ]),
            None => words
                .dropped
                .with(&[("reason", &shell.words.results.of(rule.text("result")))]),
        },
        "taken_back" => words.taken_back.with(&[("ago", &ago("at"))]),
        "gathering" => words.gathering.with(&[("length", &length("closes_in_ms"))]),
        "overdue" => {
            let alone = rule.number("monitors") == Some(0);
            let words = if alone {
                &words.overdue_alone
            } else {
                &words.overdue
            };
            words.with(&[("length", &length("overdue_ms"))])
        }
        "waiting" => words.waiting.with(&[
            ("destination", &destination),
            ("held", &shell.words.held.of(rule.text("held_by"))),
        ]),
        "failing" => words.failing.with(&[
            ("destination", &destination),
            ("summary", &shell.words.told(rule.text("summary"))),
            ("attempts", &rule.number("attempts").unwrap_or_default()),
            ("length", &length("next_in_ms")),
        ]),
        "dead" => words.dead.with(&[
            ("destination", &destination),
            ("ago", &ago("at")),
            ("reason", &shell.words.told(rule.text("reason"))),
        ]),
        "for_later" => words
            .for_later
            .with(&[("time", &clock.moment(rule.text("send_at")))]),
        "answered" => {
            let time = clock.moment(rule.text("answered_at"));
            match rule.maybe("destination") {
                Some(destination) => words
                    .answered
                    .with(&[("time", &time), ("destination", &destination)]),
                None => words.answered_by_person.with(&[("time", &time)]),
            }
        }
        "just_delivered" => words.just_delivered.with(&[
            ("destination", &destination),
            ("length", &length("since_ms")),
        ]),
        "no_answer_seen" => words.no_answer_seen.with(&[
            ("destination", &destination),
            ("length", &length("since_ms")),
        ]),
        "delivered" => words.delivered.with(&[
            ("destination", &destination),
            ("length", &length("since_ms")),
        ]),
        "not_kept" => words
            .not_kept
            .with(&[("time", &clock.moment(rule.text("said_at")))]),
        _ => words.unknown.clone(),
    }
}

fn paused_by(shell: &Shell, rule: &Rule) -> String {
    let words = &shell.words.not_answered;
    match (rule.text("paused_by"), rule.maybe("paused_by_key")) {
        ("own_message", _) => words.by_own_message.clone(),
        (_, Some(name)) => words.by_key.with(&[("name", &name)]),
        _ => words.by_operator.clone(),
    }
}

/// How often the line usually posts.
fn usually(shell: &Shell, rule: &Rule) -> String {
    let gap = rule.number("usual_gap_ms");
    gap.map_or_else(String::new, |gap| {
        let length = shell.clock.roughly(gap);
        shell
            .words
            .not_answered
            .usually
            .with(&[("length", &length)])
    })
}

fn twice(shell: &Shell, rule: &Rule) -> String {
    let (words, clock) = (&shell.words.twice, &shell.clock);
    let length = |name: &str| clock.length(rule.number(name).unwrap_or_default());
    match rule.code.as_str() {
        "sent_again" => {
            let time = clock.moment(rule.text("at"));
            let destination = rule.text("destination");
            match rule.maybe("by") {
                Some(who) => words.sent_again_by.with(&[
                    ("who", &who),
                    ("time", &time),
                    ("destination", &destination),
                ]),
                None => words
                    .sent_again
                    .with(&[("time", &time), ("destination", &destination)]),
            }
        }
        "called_again" => words.called_again.with(&[
            ("destination", &rule.text("destination")),
            ("length", &length("took_ms")),
            ("attempts", &rule.number("attempts").unwrap_or_default()),
        ]),
        "two_batches" => words
            .two_batches
            .with(&[("gap", &length("gap_ms")), ("wait", &length("wait_ms"))]),
        "several_destinations" => words
            .several_destinations
            .with(&[("destinations", &rule.list("destinations"))]),
        "several_chats" => words.several_chats.with(&[("chats", &rule.list("chats"))]),
        _ => words.once.clone(),
    }
}

fn late(shell: &Shell, rule: &Rule) -> String {
    let words = &shell.words.late;
    let advice = match rule.code.as_str() {
        "wait" => &words.advice_wait,
        "typing" => &words.advice_typing,
        "cap" => &words.advice_cap,
        "extended" => &words.advice_extended,
        "queue" => &words.advice_queue,
        "retries" => &words.advice_retries,
        "bot" => &words.advice_bot,
        "answer" => &words.advice_answer,
        _ => return words.nothing.clone(),
    };
    let length = shell
        .clock
        .length(rule.number("total_ms").unwrap_or_default());
    let total = match rule.number("answer_ms") {
        Some(_) => words.total_answered.with(&[("length", &length)]),
        None => words.total_taken.with(&[("length", &length)]),
    };
    format!("{total} {advice}")
}

fn parts(shell: &Shell, rule: &Rule) -> Vec<(String, String)> {
    let words = &shell.words.late;
    let labels = [
        &words.wait,
        &words.typing,
        &words.cap,
        &words.extended,
        &words.queue,
        &words.retries,
        &words.bot,
        &words.answer,
    ];
    let known = PARTS.iter().zip(labels).filter_map(|(part, label)| {
        let ms = rule.number(&format!("{part}_ms")).filter(|ms| *ms > 0)?;
        Some((label.clone(), shell.clock.length(ms)))
    });
    known.collect()
}

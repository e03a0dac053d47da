//! The tabs of a buffer, and the fields of each.

use super::answers::Buffer;
use crate::console::pages::form::{Input, Kind};
use crate::console::shell::Shell;

/// By paths, or the name of a gateway.
const SOURCES: [&str; 9] = [
    "evolution",
    "evolution-go",
    "waha",
    "zapi",
    "cloud",
    "telegram",
    "twilio",
    "chatwoot",
    "fields",
];
const SOURCE: Input = Input::new("source", Kind::Choice(&SOURCES));
const SECRET: Input = Input::new("secret", Kind::Maybe);
const MAX_BODY_BYTES: Input = Input::new("max_body_bytes", Kind::Number);
const DESCRIPTION: Input = Input::new("description", Kind::Line);
const AMQP: Input = Input::new("amqp", Kind::Part);
const QUEUES: Input = Input::new("amqp.queues", Kind::Lines);
const PREFETCH: Input = Input::new("amqp.prefetch", Kind::Number);
const DESTINATIONS: Input = Input::new("destinations", Kind::Names);
const GROUPS: Input = Input::new("groups", Kind::Choice(&["ignore", "whole", "by_sender"]));
const ALLOW: Input = Input::new("allow", Kind::Lines);
const BLOCK: Input = Input::new("block", Kind::Lines);
const ON_EDIT: Input = Input::new("on_edit", Kind::Choice(&["apply", "deliver", "ignore"]));

/// What a new one needs.
pub(super) static NEW: [Input; 3] = [Input::required("name", Kind::Line), SOURCE, DESTINATIONS];

static BY_PATHS: [Input; 10] = [
    SOURCE,
    SECRET,
    Input::new("key", Kind::Line),
    Input::new("text", Kind::Line),
    Input::new("id", Kind::Line),
    MAX_BODY_BYTES,
    AMQP,
    QUEUES,
    PREFETCH,
    DESCRIPTION,
];
static OF_GATEWAY: [Input; 11] = [
    SOURCE,
    SECRET,
    GROUPS,
    ALLOW,
    BLOCK,
    ON_EDIT,
    MAX_BODY_BYTES,
    AMQP,
    QUEUES,
    PREFETCH,
    DESCRIPTION,
];
static OF_META: [Input; 12] = [
    SOURCE,
    SECRET,
    Input::new("verify_token", Kind::Maybe),
    GROUPS,
    ALLOW,
    BLOCK,
    ON_EDIT,
    MAX_BODY_BYTES,
    AMQP,
    QUEUES,
    PREFETCH,
    DESCRIPTION,
];
static WINDOW: [Input; 10] = [
    Input::required("window.wait", Kind::Number),
    Input::new("window.max_wait", Kind::Number),
    Input::new("window.max_messages", Kind::Number),
    Input::new("window.reset_on_message", Kind::Tick),
    Input::new("window.flush_words", Kind::Lines),
    Input::new("window.choice_wait", Kind::Number),
    Input::new("window.short_wait", Kind::Number),
    Input::new("window.short_words", Kind::Number),
    Input::new("window.duplicates", Kind::Choice(&["keep", "drop"])),
    Input::new("window.media_waits", Kind::Tick),
];
static OUT: [Input; 5] = [
    DESTINATIONS,
    Input::new("order", Kind::Choice(&["chat", "buffer"])),
    Input::new("timezone", Kind::Line),
    Input::new("language", Kind::Choice(&["pt-BR", "es", "en"])),
    Input::new("max_file_bytes", Kind::Number),
];
static SILENCE: [Input; 12] = [
    Input::new("follow_up", Kind::Part),
    Input::new("follow_up.after", Kind::Number),
    Input::new("follow_up.destination", Kind::Name),
    Input::new("follow_up.max", Kind::Number),
    Input::new("follow_up.between", Kind::Maybe),
    Input::new("follow_up.timezone", Kind::Maybe),
    Input::new("follow_up.template", Kind::Text),
    Input::new("on_own_message", Kind::Choice(&["ignore", "pause"])),
    Input::new("pause_for", Kind::Number),
    Input::new("bots", Kind::Numbers),
    Input::new("window.first_wait", Kind::Number),
    Input::new("window.first_after", Kind::Number),
];

/// What most buffers never need: it is folded away.
const FOLDED: [&str; 16] = [
    "groups",
    "allow",
    "block",
    "on_edit",
    "max_body_bytes",
    "amqp",
    "amqp.queues",
    "amqp.prefetch",
    "window.choice_wait",
    "window.short_wait",
    "window.short_words",
    "window.duplicates",
    "window.media_waits",
    "order",
    "max_file_bytes",
    "follow_up.timezone",
];

/// Whether a field is folded away.
pub(super) fn is_folded(path: &str) -> bool {
    FOLDED.contains(&path)
}

/// A tab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tab {
    /// How gateways post to it.
    WayIn,
    /// When its windows close.
    Window,
    /// Where it delivers.
    Out,
    /// What it does about silence.
    Silence,
    /// What it would make of a post.
    Try,
}

impl Tab {
    const ALL: [Self; 5] = [
        Self::WayIn,
        Self::Window,
        Self::Out,
        Self::Silence,
        Self::Try,
    ];

    /// The tab of this word in a path.
    pub(super) fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tab| tab.word() == word)
    }

    fn word(self) -> &'static str {
        match self {
            Self::WayIn => "",
            Self::Window => "window",
            Self::Out => "out",
            Self::Silence => "silence",
            Self::Try => "try",
        }
    }

    /// Its page.
    pub(super) fn path(self, name: &str) -> String {
        match self {
            Self::WayIn => super::path_of(name),
            tab => format!("{}/{}", super::path_of(name), tab.word()),
        }
    }

    /// Those of a buffer, with what each is called.
    pub(super) fn of_buffer<'a>(shell: &'a Shell, buffer: &Buffer) -> Vec<(Self, &'a str)> {
        let words = &shell.words.buffer;
        let called = |tab: Self| match tab {
            Self::WayIn => &words.way_in,
            Self::Window => &words.window,
            Self::Out => &words.out,
            Self::Silence => &words.silence,
            Self::Try => &words.try_it,
        };
        let all = Self::ALL.into_iter();
        let all = all.filter(|tab| *tab != Self::Window || buffer.has_windows());
        all.map(|tab| (tab, called(tab).as_str())).collect()
    }

    /// Its fields, in a buffer with this source.
    pub(super) fn inputs(self, source: &str) -> &'static [Input] {
        match (self, source) {
            (Self::WayIn, "fields") => &BY_PATHS,
            (Self::WayIn, "cloud") => &OF_META,
            (Self::WayIn, _) => &OF_GATEWAY,
            (Self::Window, _) => &WINDOW,
            (Self::Out, _) => &OUT,
            (Self::Silence, _) => &SILENCE,
            (Self::Try, _) => &[],
        }
    }
}

/// What a source is called.
pub(super) fn called(shell: &Shell, source: &str) -> String {
    let word = shell.words.choices.get(&format!("source.{source}"));
    word.unwrap_or(source).to_owned()
}

/// The sources to choose among, with what each is called.
pub(in crate::console::pages) fn sources(shell: &Shell) -> Vec<(&'static str, String)> {
    let all = SOURCES.iter();
    all.map(|source| (*source, called(shell, source))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::words::Catalogue;

    #[test]
    fn each_field_and_each_choice_has_its_words_in_each_language() {
        let all = Catalogue::read().unwrap();
        let lists: [&[Input]; 7] = [
            &NEW,
            &BY_PATHS,
            &OF_GATEWAY,
            &OF_META,
            &WINDOW,
            &OUT,
            &SILENCE,
        ];
        for tag in ["pt-BR", "es", "en"] {
            let words = all.for_reader(Some(tag), "");
            for input in lists.into_iter().flatten() {
                assert!(
                    words.labels.get(input.path).is_some(),
                    "{tag}: {}",
                    input.path
                );
                let Kind::Choice(choices) = input.kind else {
                    continue;
                };
                for choice in choices {
                    let key = format!("{}.{choice}", input.path);
                    assert!(words.choices.get(&key).is_some(), "{tag}: {key}");
                }
            }
        }
    }
}

//! The scripts: one table, from which they are loaded, called and named. Each is a file in `lua/`, which opens with its
//! contract; what several of them need is a file in `lua/include/`, which stands where a script names it:
//!
//! ```lua
//! --- @include "clock"
//! ```
//!
//! Making a function costs about 50 ns at each call: what a script rarely needs it includes in the block that needs it.

mod running;

use std::collections::BTreeSet;
use std::sync::OnceLock;

use redis::aio::MultiplexedConnection;
use redis::{RedisResult, ScriptInvocation, ToRedisArgs, Value};

use super::nodes::Tag;

/// What a script does to Redis, which decides whether a full one refuses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Only reads: it is always taken.
    Reads,
    /// Puts something there: a full Redis refuses it before anything is written.
    Fills,
    /// Frees what it writes, or writes next to nothing: it is taken however full Redis is.
    Drains,
}

impl Effect {
    /// How a script that does this begins.
    pub fn first_line(self) -> &'static str {
        match self {
            // Redis 7.0.0 refuses what only reads as well, unless it is told not to.
            Self::Reads => "#!lua flags=no-writes,allow-oom",
            Self::Fills => "#!lua",
            Self::Drains => "#!lua flags=allow-oom",
        }
    }
}

/// A script of the table.
#[derive(Debug)]
pub struct Script {
    name: &'static str,
    effect: Effect,
    source: &'static str,
    whole: OnceLock<redis::Script>,
}

/// The scripts: their names here, their files, and what they do to Redis.
macro_rules! scripts {
    ($($script:ident $name:literal $effect:ident,)*) => {
        $(
            pub(super) static $script: Script = Script {
                name: $name,
                effect: Effect::$effect,
                source: include_str!(concat!("lua/", $name, ".lua")),
                whole: OnceLock::new(),
            };
        )*
        /// All of them.
        pub static ALL: &[&Script] = &[$(&$script,)*];
    };
}

/// What scripts include, by name.
macro_rules! includes {
    ($($name:literal,)*) => {
        /// What scripts may include: names and texts.
        pub const INCLUDES: &[(&str, &str)] = &[
            $(($name, include_str!(concat!("lua/include/", $name, ".lua"))),)*
        ];
    };
}

scripts! {
    ADD_SAMPLES "add_samples" Drains,
    ADDRESS "address" Drains,
    ADOPT "adopt" Drains,
    ALIAS "alias" Fills,
    AMEND "amend" Fills,
    APPEND "append" Fills,
    BEAT "beat" Drains,
    BEGIN_REMOVAL "begin_removal" Drains,
    BRING "bring" Fills,
    BURY_BATCH "bury_batch" Drains,
    BURY_SCHEDULED "bury_scheduled" Drains,
    BURY_WINDOW "bury_window" Drains,
    CANCEL_SCHEDULED "cancel_scheduled" Drains,
    CANCEL_WINDOW "cancel_window" Drains,
    CLOCK "clock" Drains,
    CLOSE "close" Drains,
    CONFIGURE "configure" Fills,
    CONFIGURED "configured" Reads,
    CUT "cut" Reads,
    DISCARD "discard" Drains,
    DUE_LANES "due_lanes" Drains,
    END_REMOVAL "end_removal" Drains,
    ENQUEUE "enqueue" Fills,
    ERASE "erase" Drains,
    EXTEND "extend" Fills,
    FOLLOW_UP "follow_up" Drains,
    FORGET "forget" Drains,
    FORGET_IDS "forget_ids" Drains,
    FORGET_MARK "forget_mark" Drains,
    FORGET_PAUSES "forget_pauses" Drains,
    FORGET_WRITERS "forget_writers" Drains,
    GIVE_UP "give_up" Drains,
    HASTEN "hasten" Drains,
    HEAD "head" Reads,
    HOLD "hold" Fills,
    HOLDING "holding" Reads,
    KEEP "keep" Fills,
    LANE "lane" Reads,
    LEASE "lease" Drains,
    LETTERS "letters" Reads,
    MAKE_KEY "make_key" Drains,
    MARK "mark" Drains,
    MISS "miss" Drains,
    MOVE "move" Drains,
    NEWEST "newest" Reads,
    NOTE_ANSWER "note_answer" Fills,
    NOTE_CALLS "note_calls" Drains,
    NOTE_KEY_USE "note_key_use" Drains,
    NOTE_ID "note_id" Drains,
    NOTE_LINES "note_lines" Drains,
    NOTE_OWN "note_own" Drains,
    NOTE_WRITER "note_writer" Fills,
    PACE "pace" Drains,
    PAUSE "pause" Drains,
    PLAN "plan" Fills,
    POSTPONE "postpone" Drains,
    PROBE "probe" Fills,
    PROMOTE "promote" Drains,
    RECALL "recall" Drains,
    RECOUNT "recount" Drains,
    RENEW "renew" Drains,
    REVIVAL "revival" Drains,
    REVIVE "revive" Drains,
    REVOKE_KEY "revoke_key" Drains,
    REWRITE "rewrite" Drains,
    RUN "run" Drains,
    SEAL "seal" Fills,
    SEND "send" Drains,
    SEND_AGAIN "send_again" Fills,
    SETTLE "settle" Drains,
    SET_BACK "set_back" Drains,
    SIFT "sift" Reads,
    SIZES "sizes" Reads,
    STRETCH "stretch" Reads,
    TAKE "take" Drains,
}

includes! {
    "batch_line",
    "chat_of",
    "clock",
    "closed_at",
    "count_held",
    "destination_of",
    "drop_window",
    "forget_id",
    "has_mark",
    "have_marks",
    "heard_at",
    "id_is_noted",
    "id_sets",
    "known_field",
    "left_to_move",
    "next_turn",
    "note_lane",
    "note_person",
    "note_received",
    "note_set",
    "put_revived_first",
    "revived",
    "seen_before",
    "seen_by_older",
    "set_back_by",
    "wake",
    "window_back",
    "window_head",
}

/// The name in a line that includes something.
pub fn included(line: &str) -> Option<&str> {
    let line = line.trim_start().strip_prefix("--- @include \"")?;
    line.strip_suffix('"')
}

impl Script {
    /// Its name, which is that of its file.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What it does to Redis.
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// What stands in its file.
    pub fn source(&self) -> &'static str {
        self.source
    }

    /// What Redis gets: the file with all that it includes.
    pub fn text(&self) -> String {
        let mut text = String::new();
        put(self.source, &mut text, &mut BTreeSet::new());
        text
    }

    /// Begins a call, with its first key, which says where it is done.
    pub(super) fn key(&'static self, key: impl AsRef<str>) -> Call {
        let key = key.as_ref();
        Call {
            script: self,
            tag: Tag::of_key(key.as_bytes()),
            invocation: self.whole().key(key),
        }
    }

    fn whole(&self) -> &redis::Script {
        self.whole.get_or_init(|| redis::Script::new(&self.text()))
    }
}

/// Puts lines into a script, and in place of what they include that, each once. What is included in a block is there in
/// that block alone, and made only where it is run.
fn put<'a>(source: &'a str, text: &mut String, there: &mut BTreeSet<&'a str>) {
    for line in source.lines() {
        let Some(name) = included(line) else {
            text.push_str(line);
            text.push('\n');
            continue;
        };
        let Some((_, source)) = INCLUDES.iter().find(|(known, _)| *known == name) else {
            continue;
        };
        if line.starts_with(' ') {
            let mut there = there.clone();
            if there.insert(name) {
                put(source, text, &mut there);
            }
        } else if there.insert(name) {
            put(source, text, there);
        }
    }
}

/// A call of a script, as far as it is put together.
pub(super) struct Call {
    script: &'static Script,
    /// Where it is done; none: anywhere.
    tag: Option<Tag>,
    invocation: ScriptInvocation<'static>,
}

impl Call {
    /// One more key.
    pub(super) fn key(&mut self, key: impl ToRedisArgs) -> &mut Self {
        self.invocation.key(key);
        self
    }

    /// One more argument.
    pub(super) fn arg(&mut self, arg: impl ToRedisArgs) -> &mut Self {
        self.invocation.arg(arg);
        self
    }

    /// Does it on this connection, which has it loaded then.
    pub(super) async fn on(&self, connection: &mut MultiplexedConnection) -> RedisResult<Value> {
        self.invocation.invoke_async(connection).await
    }
}

#[cfg(test)]
mod tests;

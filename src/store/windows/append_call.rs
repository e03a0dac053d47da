//! The call of the append script, with all it needs.

use std::time::Duration;

use super::NewMessage;
use super::digests::{said_digest, seen_digest};
use crate::core::chat::Chat;
use crate::core::finding::find_key;
use crate::core::moment::millis;
use crate::core::window::{CloseReason, FirstWait, WaitRule, WindowRules};
use crate::store::LONGEST_SLEEP;
use crate::store::chats::known::kept_name;
use crate::store::config::lives::Living;
use crate::store::handles::Windows;
use crate::store::keys::{self, Due, Place};
use crate::store::scheduled::member;
use crate::store::scripts::{self, Call};
use crate::store::work::Kind;

impl Windows<'_> {
    /// The append script with all it needs; what makes a message or a buffer special is only sent where something does.
    pub(super) fn append_call(
        self,
        chat: &Chat,
        place: &Place,
        message: &NewMessage<'_>,
        rules: &WindowRules,
    ) -> Call {
        let id = message.id.map(|id| seen_digest(place, id));
        let mut call = scripts::APPEND.key(place.timer());
        call.key(place.window())
            .key(place.due())
            .key(keys::paused(place.shard))
            .key(keys::received(place.shard))
            .key(keys::alive(place.shard))
            .key(keys::held(place.shard, Kind::Windows))
            .arg(&place.member)
            // The script puts the time in front of the other fields.
            .arg(message.item.strip_prefix('{').unwrap_or_default())
            .arg(millis(message.ttl))
            .arg(millis(rules.max_wait))
            .arg(rules.max_messages)
            .arg(rules.max_bytes)
            .arg(id.unwrap_or_default());
        self.store.tell_ids(&mut call);
        call.arg(message.kept.most)
            .arg(u8::from(message.kept.payload))
            .arg(millis(LONGEST_SLEEP));
        Living::buffer(&chat.buffer, message.life).must_be_there(&mut call);
        self.store.tell_time(&mut call, place.shard);
        call.key(keys::known(place.shard))
            .key(keys::people(place.shard))
            .arg(chat.hash().packed())
            .arg(find_key(&chat.id))
            .arg(message.name.map(kept_name).unwrap_or_default())
            .arg(message.rule.map(WaitRule::as_str).unwrap_or_default());
        self.tell_what_is_special(&mut call, place, message, rules);
        if message.id.is_some() {
            self.store.name_ids(&mut call, place.shard);
        }
        call
    }

    fn tell_what_is_special(
        self,
        call: &mut Call,
        place: &Place,
        message: &NewMessage<'_>,
        rules: &WindowRules,
    ) {
        let media = rules.media_waits && message.media_only;
        let text = message.text.filter(|_| rules.drops_repeats);
        let is_heard = rules.first.is_some() || rules.followed_up;
        let plain = rules.restarts && !is_heard && !media && text.is_none();
        if plain && message.flush.is_none() {
            return;
        }
        if is_heard {
            call.key(keys::heard(place.shard));
        }
        if rules.followed_up {
            call.key(Due::Later.key(place.shard))
                .key(keys::later_items(place.shard));
        }
        let first = rules.first.filter(|_| !message.asked);
        let first_millis = |part: fn(FirstWait) -> Duration| {
            let part = first.map(|first| millis(part(first)).to_string());
            part.unwrap_or_default()
        };
        call.arg(u8::from(!rules.restarts))
            .arg(message.flush.map(CloseReason::as_str).unwrap_or_default())
            .arg(u8::from(media))
            .arg(
                text.map(|text| said_digest(text, message.parts))
                    .unwrap_or_default(),
            )
            .arg(first_millis(|first| first.wait))
            .arg(first_millis(|first| first.after));
        if rules.followed_up {
            call.arg(member::follow_up(place));
        }
    }
}

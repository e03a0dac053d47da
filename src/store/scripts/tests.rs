//! What Rust and Lua both write out is the same.

use super::*;
use crate::core::chat::{Chat, ChatId, Name};
use crate::store::keys::{Due, Place, Shard, WAKE};
use crate::store::scheduled::KeptMessage;

fn include(name: &str) -> &'static str {
    let found = INCLUDES.iter().find(|(known, _)| *known == name);
    found.unwrap().1
}

#[test]
fn what_a_script_wakes_by_is_what_sweeps_listen_to() {
    assert!(include("wake").contains(&format!("'PUBLISH', '{WAKE}'")));
}

#[test]
fn scripts_find_the_chat_in_the_name_of_a_message() {
    let chat = Chat::of_default(ChatId::parse("a:b").unwrap());
    let member = KeptMessage::new(&chat, "order-17").member();
    let at = member.len() - Place::of(&chat).member.len();

    assert!(include("chat_of").contains(&format!("string.sub(member, {})", at + 1)));
}

#[test]
fn scripts_find_the_destination_in_the_key_of_an_index_of_its_lanes() {
    let name = Name::default_name();
    let key = Due::Lanes(name.clone()).key(Shard::FIRST);
    let at = key.len() - name.as_str().len();

    assert!(include("destination_of").contains(&format!("string.sub(due, {})", at + 1)));
}

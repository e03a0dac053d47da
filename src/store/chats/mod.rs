//! Chats beyond their windows: pauses, aliases, what there is of one, and erasing it.

pub mod aliases;
pub mod chat_detail;
pub mod erasing;
mod forgetting;
pub(in crate::store) mod known;
pub mod own_messages;
pub mod paused_list;
pub mod pausing;
pub mod people;
pub mod standing;
pub mod tokens;
pub mod writers;

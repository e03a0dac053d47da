//! Words and rules: chats and windows, what gateways post, what operators write, and settings.

pub mod clock;
pub mod core;
pub mod gateway;
pub mod panics;
pub mod settings;
pub mod spec;

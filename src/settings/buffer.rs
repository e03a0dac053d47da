//! The buffer `default`, which the environment describes.

use anyhow::Result;

use super::Vars;
use super::limits::window_rules;
use super::webhook::default_zone;
use crate::core::chat::Name;
use crate::core::destination::Target;
use crate::core::life::Life;
use crate::core::words::WordRules;
use crate::spec::BufferSpec;
use crate::spec::buffer::Buffer;
use crate::spec::buffer::people::People;
use crate::spec::source::Source;

/// Reads the limits of windows and `TIMEZONE`.
///
/// # Errors
/// Names the variable that is wrong.
pub fn default_buffer(vars: &Vars) -> Result<Buffer> {
    Ok(Buffer {
        name: Name::default_name(),
        source: Source::of(&BufferSpec::default())?,
        window: window_rules(vars)?,
        words: WordRules::default(),
        zone: default_zone(vars)?,
        language: None,
        max_body_bytes: None,
        max_file_bytes: BufferSpec::default().max_file_bytes,
        on_edit: BufferSpec::default().on_edit,
        pause: None,
        secret: None,
        verify_token: None,
        people: People::default(),
        destinations: [Target::whole(Name::default_name())].into(),
        ordered: false,
        follow_up: None,
        amqp: None,
        active: true,
        life: Life::ALWAYS,
    })
}

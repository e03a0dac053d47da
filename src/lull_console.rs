//! The console: pages that tell what happened, made by the server out of the API's answers.

pub use lull_rules::core;

pub mod console;

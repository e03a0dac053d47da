//! What the API answers about posts, as far as pages show it.

use serde::Deserialize;
use serde_json::Value;

/// As in `GET /api/posts`.
#[derive(Debug, Deserialize)]
pub(in crate::console::pages) struct Posts {
    pub(in crate::console::pages) items: Vec<Post>,
    pub(in crate::console::pages) next_cursor: Option<String>,
    pub(in crate::console::pages) searched_until: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(in crate::console::pages) struct Post {
    pub(in crate::console::pages) id: String,
    pub(in crate::console::pages) at: String,
    pub(in crate::console::pages) buffer: Option<String>,
    pub(in crate::console::pages) user: Option<String>,
    pub(in crate::console::pages) token: Option<String>,
    pub(in crate::console::pages) writer: Option<String>,
    pub(in crate::console::pages) result: String,
    pub(in crate::console::pages) reason: Option<String>,
    pub(in crate::console::pages) code: Option<String>,
    pub(in crate::console::pages) message: Option<Value>,
    pub(in crate::console::pages) body: Option<Value>,
    pub(in crate::console::pages) note: Option<String>,
}

//! What stands in front of the API, in the same process: pages that ask it.

use anyhow::Result;
use axum::Router;

/// What stands in front of the API and asks it: the pages of the console.
pub type Front = Box<dyn FnOnce(Router) -> Result<Router> + Send>;

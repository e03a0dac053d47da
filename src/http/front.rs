//! What stands in front of the API, in the same process: pages that ask it.

use anyhow::Result;
use axum::Router;

/// What stands in front of the API and asks it: the pages of the console.
pub type Front = Box<dyn FnOnce(Router) -> Result<Router> + Send>;

/// Marks a request (as an extension) that a page of ours makes in this process. Pages look every second or two: where it only
/// looks, its line is for whoever debugs.
#[derive(Clone, Copy, Debug)]
pub struct OfAPage;

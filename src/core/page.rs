//! Which requests our own pages make.

/// Marks a request (as an extension) that a page of ours makes in this process. Pages look every second or two: where it only
/// looks, its line is for whoever debugs.
#[derive(Clone, Copy, Debug)]
pub struct OfAPage;

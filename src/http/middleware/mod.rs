//! The layers that every request goes through beside auth: it gets a name and a line in the log, its body a share of what
//! all bodies may have, and what nobody reads of it is refused.

pub(super) mod budget;
pub(super) mod known;
pub(super) mod requests;
pub(super) mod trace;

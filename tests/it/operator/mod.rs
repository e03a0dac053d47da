//! The operator's tool, against real daemons.

mod dead;
mod health;
mod send;
mod tail;

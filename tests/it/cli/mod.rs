//! The operator's tool, against real daemons.

mod daemons;
mod dead;
mod doctor;
mod health;
mod send;
mod tail;

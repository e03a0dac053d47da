//! The console: its pages by HTTP, as a browser without scripts gets them.

mod batches;
mod browser;
mod buffers;
mod by_itself;
mod destinations;
mod entrance;
mod hostile;
mod link;
mod looking_back;
mod pages;
mod start;

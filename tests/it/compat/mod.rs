//! The systems that Lull replaces: whoever runs one changes nothing but the address.

mod buffer;
mod buffer_service;
mod celery;
mod ims;

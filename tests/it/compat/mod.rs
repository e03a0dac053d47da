//! The systems that Lull replaces: whoever runs one changes nothing but the address.

mod brought;
mod buffer;
mod buffer_service;
mod celery;
mod ims;

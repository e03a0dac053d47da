//! What the tests, the soak and the benches start alike: processes that end with whoever started them ([`process`]), a private
//! Redis with the shipped `redis.conf` ([`redis_server`]), a private RabbitMQ ([`rabbit`]), and what the kernel tells about them ([`proc`]).
//!
//! Each of them waits, asks and fails in its own way, and builds that on this. `lull up` starts its Redis by itself: there it
//! is a part of the product, with a data folder that stays, a lock on it, and a stop that writes everything down.

pub mod proc;
pub mod process;
pub mod rabbit;
pub mod redis_server;

//! Reading what Redis answers, and writing what it is to keep.

use redis::{FromRedisValue, Value};
use serde::Serialize;

use super::{Result, StoreError};
use crate::core::batch::Millis;

/// A value of an answer as what it should be.
pub(super) fn value<T: FromRedisValue>(value: Option<Value>) -> Result<T> {
    let value = value.ok_or_else(|| StoreError::Unreadable("an answer that is too short"))?;
    T::from_redis_value(value).map_err(|_| StoreError::Unreadable("an answer of another kind"))
}

/// A value as JSON to lie in Redis.
pub(super) fn json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|_| StoreError::Unreadable("what is to be written"))
}

/// The answer of `TIME`: Redis's own clock.
pub(super) fn time(answer: Option<Value>) -> Result<Millis> {
    let (seconds, micros): (Millis, Millis) = value(answer)?;
    Ok(seconds * 1000 + micros / 1000)
}

/// A score, which Lull always writes as whole milliseconds.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float casts to the nearest it can"
)]
pub(super) fn score(score: f64) -> Millis {
    score as Millis
}

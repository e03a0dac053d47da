//! Which node has which slots, as a node tells it.

use redis::{RedisError, RedisResult, Value};

use super::address::Address;
use super::tag::{SLOTS, TAGS, Tag};

/// The master of each tag, as far as there is one.
pub(super) type Masters = [Option<Address>; TAGS];

/// Reads the answer to `CLUSTER SLOTS` of a node that was reached at `asked`: of each range of slots its first and its last,
/// its master, and its replicas.
///
/// # Errors
/// When it is none.
pub(super) fn masters(answer: &Value, asked: &Address) -> RedisResult<Masters> {
    let ranges = items(answer).ok_or_else(unreadable)?;
    let mut masters: Masters = std::array::from_fn(|_| None);
    for range in ranges {
        let range = items(range).ok_or_else(unreadable)?;
        let [Value::Int(first), Value::Int(last), master, ..] = range else {
            return Err(unreadable());
        };
        let master = address(master, asked).ok_or_else(unreadable)?;
        let slots = number(*first)?..=number(*last)?;
        for tag in Tag::all().filter(|tag| slots.contains(&tag.slot())) {
            masters[tag.index()] = Some(master.clone());
        }
    }
    Ok(masters)
}

fn address(node: &Value, asked: &Address) -> Option<Address> {
    let [host, Value::Int(port), ..] = items(node)? else {
        return None;
    };
    let host = match host {
        Value::BulkString(host) => std::str::from_utf8(host).ok()?,
        Value::SimpleString(host) => host,
        // All nodes are reached by the name of the one that was asked.
        _ => &asked.host,
    };
    // A node that does not know yet how it is reached tells so of itself alone.
    if matches!(host, "" | "?") {
        return Some(asked.clone());
    }
    Some(Address {
        host: host.to_owned(),
        port: u16::try_from(*port).ok()?,
    })
}

fn items(value: &Value) -> Option<&[Value]> {
    match value {
        Value::Array(items) => Some(items),
        _ => None,
    }
}

fn number(slot: i64) -> RedisResult<u16> {
    let slot = u16::try_from(slot).ok().filter(|slot| *slot < SLOTS);
    slot.ok_or_else(unreadable)
}

fn unreadable() -> RedisError {
    let kind = redis::ErrorKind::UnexpectedReturnType;
    (kind, "the answer to CLUSTER SLOTS cannot be read").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seed() -> Address {
        Address {
            host: "seed".to_owned(),
            port: 1,
        }
    }

    fn range(first: i64, last: i64, host: &str, port: i64) -> Value {
        let host = Value::BulkString(host.as_bytes().to_vec());
        let node = Value::Array(vec![host, Value::Int(port)]);
        Value::Array(vec![Value::Int(first), Value::Int(last), node])
    }

    #[test]
    fn each_tag_has_the_master_of_its_slot() {
        let answer = Value::Array(vec![
            range(0, 4_716, "10.0.0.1", 6379),
            range(4_717, 9_000, "", 6380),
        ]);

        let masters = masters(&answer, &seed()).unwrap();

        assert_eq!(masters[Tag::CONFIG.index()], Some(seed()));
        for tag in Tag::all() {
            let is_there = masters[tag.index()].is_some();
            assert_eq!(is_there, tag.slot() <= 9_000, "{tag:?}");
        }
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for wrong in [
            Value::Nil,
            Value::Array(vec![Value::Int(1)]),
            Value::Array(vec![range(0, 16_384, "h", 1)]),
            Value::Array(vec![range(0, 1, "h", 70_000)]),
        ] {
            assert!(masters(&wrong, &seed()).is_err(), "{wrong:?}");
        }
    }
}

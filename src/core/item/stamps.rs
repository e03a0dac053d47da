//! When the messages of a batch came and what their clients call them, without what was said.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::core::batch::Millis;

/// When a message came, and its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// When it came, by Redis's clock.
    pub at: Millis,
    /// The client's id for it.
    pub id: Option<String>,
}

/// What is read of an item.
#[derive(Deserialize)]
struct Stamped {
    at: Millis,
    #[serde(default)]
    id: Option<String>,
}

/// As many of a batch are kept in its history.
pub const MOST_STAMPS: usize = 100;

/// The stamps of the first so many items of a batch, in the order in which they came; none if they cannot be read.
pub fn stamps(items: &str, most: usize) -> Vec<Stamp> {
    let stamped: Vec<Stamped> = serde_json::from_str(&format!("[{items}]")).unwrap_or_default();
    let stamps = stamped.into_iter().take(most);
    stamps.map(|Stamped { at, id }| Stamp { at, id }).collect()
}

// As a pair, because many of them are kept.
impl Serialize for Stamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.at, &self.id).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Stamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (at, id) = Deserialize::deserialize(deserializer)?;
        Ok(Self { at, id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stamps_of_a_batch_are_short_and_come_back() {
        let items = r#"{"at":1,"message":"a,b","id":"x"},{"at":2,"message":{"id":"no"}},{"at":3,"message":1}"#;

        let stamps = stamps(items, 2);

        let text = serde_json::to_string(&stamps).unwrap();
        assert_eq!(text, r#"[[1,"x"],[2,null]]"#);
        assert_eq!(serde_json::from_str::<Vec<Stamp>>(&text).unwrap(), stamps);
        assert_eq!(super::stamps("no json", 2), []);
    }
}

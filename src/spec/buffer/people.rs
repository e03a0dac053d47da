//! Who is a person and who a bot in the posts of gateways.

use super::BufferSpec;
use crate::gateway::{Author, Own};
use crate::spec::SpecError;

/// Most users in whose name the bot answers.
const MOST_BOTS: usize = 100;
/// The greatest number that every program can count to.
const MAX_ID: u64 = 9_007_199_254_740_991;

/// Who is a person and who a bot.
#[derive(Clone, Debug, Default)]
pub struct People {
    /// The users of ours in whose name the bot answers, if that is known.
    bots: Option<Vec<u64>>,
}

impl People {
    /// Checks what a buffer says of them.
    ///
    /// # Errors
    /// Names the field that is wrong.
    pub(super) fn of(spec: &BufferSpec) -> Result<Self, SpecError> {
        let bots = spec.bots.clone();
        let can_be = |bots: &Vec<u64>| {
            bots.len() <= MOST_BOTS && bots.iter().all(|bot| (1..=MAX_ID).contains(bot))
        };
        if !bots.as_ref().is_none_or(can_be) {
            let why = format!("must be at most {MOST_BOTS} ids of users, each from 1 to {MAX_ID}");
            return Err(SpecError::new("bots", why));
        }
        Ok(Self { bots })
    }

    /// Who wrote one of our own messages. A user of ours is a person only where the bots among them are named.
    pub fn author(&self, own: &Own) -> Author {
        match (own.by, &own.user, &self.bots) {
            (Author::Unknown, Some(user), Some(bots)) => {
                let is_bot = user.parse().is_ok_and(|user| bots.contains(&user));
                if is_bot { Author::Bot } else { Author::Human }
            }
            (by, _, _) => by,
        }
    }
}

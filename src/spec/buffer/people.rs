//! Whom a buffer hears, and who of ours is a bot.

use std::collections::HashSet;
use std::sync::Arc;

use super::BufferSpec;
use crate::core::ignored::Ignored;
use crate::gateway::{Author, Event, Groups, Own, Person};
use crate::spec::SpecError;
use crate::spec::source::Source;

/// Most users in whose name the bot answers.
const MOST_BOTS: usize = 100;
/// The greatest number that every program can count to.
const MAX_ID: u64 = 9_007_199_254_740_991;
/// Most numbers that are allowed or blocked.
const MOST_NUMBERS: usize = 1000;
/// Most signs between two digits of a number.
const MOST_SIGNS: usize = 3;

/// Whom a buffer hears, and who of ours is a bot.
#[derive(Clone, Debug, Default)]
pub struct People {
    /// What becomes of what is written in groups.
    pub groups: Groups,
    /// The users of ours in whose name the bot answers, if that is known.
    bots: Option<Vec<u64>>,
    /// Those who are heard, if not all are.
    allow: Option<Arc<HashSet<String>>>,
    /// Those who are not.
    block: Arc<HashSet<String>>,
}

impl People {
    /// Checks what a buffer says of them.
    ///
    /// # Errors
    /// Names the field that is wrong.
    pub(super) fn of(spec: &BufferSpec, source: &Source) -> Result<Self, SpecError> {
        let bots = spec.bots.clone();
        let can_be = |bots: &Vec<u64>| {
            bots.len() <= MOST_BOTS && bots.iter().all(|bot| (1..=MAX_ID).contains(bot))
        };
        if !bots.as_ref().is_none_or(can_be) {
            let why = format!("must be at most {MOST_BOTS} ids of users, each from 1 to {MAX_ID}");
            return Err(SpecError::new("bots", why));
        }
        let allow = numbers("allow", &spec.allow, source)?;
        if spec.groups != Groups::Ignore && matches!(source, Source::Fields { .. }) {
            return Err(SpecError::new("groups", ONLY_GATEWAYS));
        }
        Ok(Self {
            groups: spec.groups,
            bots,
            allow: (!allow.is_empty()).then(|| Arc::new(allow)),
            block: Arc::new(numbers("block", &spec.block, source)?),
        })
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

    /// Why something is not heard, if so; `person` is by all that is known of whom it comes from. Whoever has no number is
    /// heard only where everybody is.
    pub fn unheard(&self, heard: &Event, person: &Person) -> Option<Ignored> {
        if person.name().is_empty() {
            // What we write in a group goes to all of them, and what is said there comes from somebody.
            let comes_from_one = matches!(heard, Event::Said(_)) && self.allow.is_some();
            return comes_from_one.then_some(Ignored::NotAllowed);
        }
        let alias = person.alias.as_deref();
        let alias = alias.map(|alias| alias.split('@').next().unwrap_or_default());
        let names = [person.phone.as_deref(), alias, person.id.as_deref()];
        let is_in = |list: &HashSet<String>| {
            let mut names = names.iter().flatten();
            names.any(|name| list.contains(&as_called(name)))
        };
        if is_in(&self.block) {
            return Some(Ignored::Blocked);
        }
        let allowed = self.allow.as_ref().is_none_or(|allow| is_in(allow));
        (!allowed).then_some(Ignored::NotAllowed)
    }
}

const ONLY_GATEWAYS: &str = "is for buffers with a gateway as their source: a program can leave out by itself what is not to be answered";

fn numbers(field: &str, texts: &[String], source: &Source) -> Result<HashSet<String>, SpecError> {
    if !texts.is_empty() && matches!(source, Source::Fields { .. }) {
        return Err(SpecError::new(field, ONLY_GATEWAYS));
    }
    if texts.len() > MOST_NUMBERS {
        let why = format!("must be at most {MOST_NUMBERS} numbers");
        return Err(SpecError::new(field, why));
    }
    let number = |(index, text): (usize, &String)| {
        let digits = digits(text).ok_or_else(|| {
            let why = "must be a number with its country code, such as +55 11 98888-7777";
            SpecError::new(format!("{field}[{index}]"), why)
        });
        digits.map(|digits| as_called(&digits))
    };
    texts.iter().enumerate().map(number).collect()
}

/// The digits of a number as people write it: see [`ListedNumber`](crate::spec::scalars::ListedNumber).
fn digits(text: &str) -> Option<String> {
    let mut digits = String::new();
    let mut signs = 0;
    for c in text.strip_prefix('+').unwrap_or(text).chars() {
        match c {
            '0'..='9' => {
                digits.push(c);
                signs = 0;
            }
            ' ' | '.' | '(' | ')' | '-' if signs < MOST_SIGNS => signs += 1,
            _ => return None,
        }
    }
    (4..=20).contains(&digits.len()).then_some(digits)
}

/// A number in the one spelling that is compared. WhatsApp knows many mobiles of Brazil without the ninth digit that
/// their people dial.
fn as_called(number: &str) -> String {
    match number.as_bytes() {
        [b'5', b'5', _, _, b'9', b'6'..=b'9', ..] if number.len() == 13 => {
            format!("{}{}", &number[..4], &number[5..])
        }
        _ => number.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::Party;

    fn people(allow: &[&str], block: &[&str]) -> People {
        let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        let spec = BufferSpec {
            name: "loja".to_owned(),
            source: "evolution".to_owned(),
            allow: texts(allow),
            block: texts(block),
            ..BufferSpec::default()
        };
        People::of(&spec, &Source::of(&spec).unwrap()).unwrap()
    }

    fn unheard(people: &People, person: &Person) -> Option<Ignored> {
        let party = Party {
            line: None,
            person: person.clone(),
            group: None,
        };
        let typing = Event::Typing {
            party,
            typing: true,
        };
        people.unheard(&typing, person)
    }

    fn phone(phone: &str) -> Person {
        Person {
            phone: Some(phone.to_owned()),
            ..Person::default()
        }
    }

    #[test]
    fn a_number_is_the_same_however_it_is_written() {
        for text in [
            "5511988887777",
            "+55 11 98888-7777",
            "+55 (11) 98888.7777",
            "551188887777",
        ] {
            let people = people(&[text], &[]);
            for called in ["5511988887777", "551188887777"] {
                assert_eq!(unheard(&people, &phone(called)), None, "{text}: {called}");
            }
            let another = unheard(&people, &phone("5511988887778"));
            assert_eq!(another, Some(Ignored::NotAllowed), "{text}");
        }
        // A landline has no such digit, nor has a number of another country.
        let landline = people(&["5511932105678"], &[]);
        assert!(unheard(&landline, &phone("551132105678")).is_some());
    }

    #[test]
    fn what_is_blocked_is_not_heard_even_if_it_is_allowed_and_without_lists_everybody_is() {
        let all = people(&[], &[]);
        assert_eq!(unheard(&all, &phone("1555")), None);
        let both = people(&["15550001", "15550002"], &["+1 555 0002"]);
        assert_eq!(unheard(&both, &phone("15550001")), None);
        assert_eq!(unheard(&both, &phone("15550002")), Some(Ignored::Blocked));
    }

    #[test]
    fn who_has_no_number_goes_by_what_stands_in_its_place() {
        let lid = Person {
            alias: Some("99887766554433@lid".to_owned()),
            ..Person::default()
        };
        let telegram = Person {
            id: Some("123456789".to_owned()),
            ..Person::default()
        };

        let both = people(&["99887766554433", "123456789"], &[]);
        assert_eq!(
            (unheard(&both, &lid), unheard(&both, &telegram)),
            (None, None)
        );
        let others = people(&["15550001"], &[]);
        assert_eq!(unheard(&others, &lid), Some(Ignored::NotAllowed));
        assert_eq!(unheard(&others, &telegram), Some(Ignored::NotAllowed));
    }

    #[test]
    fn what_is_no_number_is_refused_by_its_place() {
        for text in [
            "",
            "+",
            "123",
            "12 345 6789 0123 4567 89012",
            "+55 ana",
            "++5511",
            "1    2345",
        ] {
            assert_eq!(digits(text), None, "{text}");
        }
    }
}

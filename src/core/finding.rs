//! How a person is found by what somebody has in hand: a number in any writing, an address, a name in a chat id.
//!
//! Each chat stands in an index under its *find key*: of a number, its digits from the last to the first, so that a
//! number is found by how it ends, with or without the country and the ninth digit; of anything else, its small letters,
//! so that it is found by how it begins.

use std::ops::RangeInclusive;

use crate::core::chat::ChatId;

/// Most characters of a find key: more tell nobody from another.
const LONGEST_KEY: usize = 64;
/// Fewest digits that are looked for as the end of a number: fewer end every hundredth one, and are a chat's whole name.
const FEWEST_DIGITS: usize = 4;
/// What is written around a number.
const AROUND: &str = ",;\"'<>";
/// Digits of a subscriber that every way of writing a number ends in: in Brazil those behind the ninth digit.
const SUBSCRIBER: usize = 8;
/// Most digits of one of the devices of a number.
const LONGEST_DEVICE: usize = 3;
/// How many characters name a carrier in Brazil: a zero, and its two digits.
const CARRIER: usize = 3;
/// Digits of a number there with its carrier, without and with the ninth digit.
const WITH_CARRIER: RangeInclusive<usize> = 13..=14;
/// What some countries put behind their code for mobiles, and without it.
const MOBILES: [(&str, &str); 2] = [("521", "52"), ("549", "54")];
/// Fewest digits of a chat that are a whole number, which a longer one may end in.
const WHOLE: usize = 8;

/// What a person is looked for by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sought {
    /// A number, or the end of one: its digits.
    Number(String),
    /// How a chat id begins, behind its line; in small letters.
    Text(String),
}

impl Sought {
    /// Reads what somebody typed or pasted: `+55 (11) 98888-7777`, `whatsapp:+5511…`, `loja:5511…`, `5511…@s.whatsapp.net`,
    /// `https://wa.me/5511…`, `ana`. None: it is blank.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let whole = person_of(text);
        // A number that was copied out of a list or a sentence brings what stood around it.
        let copied = text.trim_matches(|c: char| c.is_whitespace() || AROUND.contains(c));
        match digits_of(person_of(copied)) {
            Some(digits) => Some(Self::Number(as_written_abroad(&digits))),
            None => {
                // What ends in a colon names no person behind a line: it is looked for whole.
                let sought = if whole.trim().is_empty() { text } else { whole };
                (!text.is_empty()).then(|| Self::Text(cleaned(sought)))
            }
        }
    }

    /// How the find keys begin among which its chats are, each with the line break behind it.
    pub fn prefix(&self) -> String {
        match self {
            Self::Number(digits) if digits.len() < FEWEST_DIGITS => {
                format!("d{}\n", reversed(digits))
            }
            Self::Number(digits) => {
                let end = digits.len().saturating_sub(SUBSCRIBER);
                format!("d{}", reversed(&digits[end..]))
            }
            Self::Text(text) => format!("t{text}"),
        }
    }

    /// Whether it means what stands in the index under this key.
    pub fn is(&self, key: &str) -> bool {
        match (self, key.split_at_checked(1)) {
            (Self::Number(digits), Some(("d", other))) if digits.len() < FEWEST_DIGITS => {
                *digits == reversed(other)
            }
            (Self::Number(digits), Some(("d", other))) => {
                is_one_number(digits, &as_written_abroad(&reversed(other)))
            }
            (Self::Text(text), Some(("t", other))) => other.starts_with(text.as_str()),
            _ => false,
        }
    }
}

/// Under what a chat is found.
pub fn find_key(id: &ChatId) -> String {
    key_of(person_of(id.as_str()))
}

/// Under what a chat is found that belongs to a person with this number.
pub fn find_key_of_number(number: &str) -> String {
    key_of(number)
}

/// The digits of the number that stands in the index under this key.
pub fn number_under(key: &str) -> Option<String> {
    key.strip_prefix('d').map(reversed)
}

/// The digits of the number that a chat is called by; none: it is called by something else.
pub fn number_of(id: &ChatId) -> Option<String> {
    let person = person_of(id.as_str());
    let is_another = ["@lid", "@g.us"].iter().any(|it| id.as_str().ends_with(it));
    digits_of(person).filter(|digits| digits.len() >= WHOLE && !is_another)
}

/// A number as all ways of writing it have it: without the country of Brazil and the ninth digit.
pub fn as_one_number(number: &str) -> String {
    let digits = as_written_abroad(&digits_of(number).unwrap_or_default());
    let Some((area, subscriber)) = behind_country(&digits) else {
        return digits;
    };
    let [_, area] = without_ninth(area);
    let national = area.strip_prefix("55").filter(|area| area.len() == 2);
    format!("{}{subscriber}", national.unwrap_or(area))
}

/// The ways in which gateways write a number in digits: of Brazil with and without the country and the ninth digit, of Mexico
/// and Argentina with and without the digit for mobiles.
pub fn ways_of_writing(number: &str) -> Vec<String> {
    let Some(digits) = digits_of(number) else {
        return Vec::new();
    };
    let one = as_one_number(&digits);
    let is_of_brazil = digits.starts_with("55") && matches!(digits.len(), 12 | 13);
    if let Some((area, subscriber)) = behind_country(&one).filter(|_| is_of_brazil) {
        let national = [
            format!("{area}{subscriber}"),
            format!("{area}9{subscriber}"),
        ];
        let abroad = national.each_ref().map(|it| format!("55{it}"));
        return national.into_iter().chain(abroad).collect();
    }
    for (mobile, country) in MOBILES {
        if let Some(rest) = one.strip_prefix(country).filter(|rest| rest.len() == 10) {
            return vec![one.clone(), format!("{mobile}{rest}")];
        }
    }
    vec![digits]
}

fn key_of(person: &str) -> String {
    match digits_of(person) {
        Some(digits) => format!("d{}", reversed(&digits)),
        None => format!("t{}", cleaned(person)),
    }
}

/// What stands behind the line of a chat id, without what gateways put around a number.
fn person_of(text: &str) -> &str {
    if let Some(number) = number_with_device(text) {
        return number;
    }
    let text = text.rsplit_once(':').map_or(text, |(_, person)| person);
    let text =
        text.rsplit_once('/').map_or(
            text,
            |(before, last)| {
                if before.contains("wa.me") { last } else { text }
            },
        );
    match text.split_once('@') {
        Some((number, _)) if digits_of(number).is_some() => number,
        _ => text,
    }
}

/// The number in an address that names one of its devices, `5511988887777:12@s.whatsapp.net`. What stands before a colon is
/// else a line, and what stands behind it the person.
fn number_with_device(text: &str) -> Option<&str> {
    let (before, device) = text.split_once('@')?.0.rsplit_once(':')?;
    let number = before.rsplit_once(':').map_or(before, |(_, number)| number);
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_device = (1..=LONGEST_DEVICE).contains(&device.len()) && is_number(device);
    (is_device && number.len() >= WHOLE && is_number(number)).then_some(number)
}

/// A number without the zeros that are dialled only within the country: `+55 (011) …`, `+49 (0)151 …`.
fn without_trunk_zeros(text: &str) -> String {
    let mut opened = false;
    let kept = text.chars().filter(|c| {
        opened = *c == '(' || opened && *c == '0';
        !(opened && *c == '0')
    });
    kept.collect()
}

/// A number without the sign for a carrier of one's choice, as Brazil writes it: `0xx11 …`, `(0xx11) …`.
fn without_carrier_sign(text: &str) -> &str {
    let number = text.trim_start_matches(|c: char| c.is_whitespace() || c == '(');
    match number.split_at_checked(CARRIER) {
        Some((sign, rest)) if sign.eq_ignore_ascii_case("0xx") => rest,
        _ => text,
    }
}

/// The digits of what is nothing but a number, however it is written.
fn digits_of(text: &str) -> Option<String> {
    let mut digits = String::new();
    for c in without_trunk_zeros(without_carrier_sign(text)).chars() {
        match c {
            '0'..='9' => digits.push(c),
            '+'
            | '-'
            | '.'
            | '('
            | ')'
            | '/'
            | '\u{2010}'..='\u{2015}'
            | '\u{200e}'
            | '\u{202a}'
            | '\u{202c}' => {}
            c if c.is_whitespace() => {}
            _ => return None,
        }
    }
    (!digits.is_empty()).then_some(digits)
}

/// The small letters of a text that can stand in a find key.
fn cleaned(text: &str) -> String {
    let letters = text.chars().flat_map(char::to_lowercase);
    let letters = letters.map(|c| if c.is_control() { ' ' } else { c });
    letters.take(LONGEST_KEY).collect()
}

fn reversed(digits: &str) -> String {
    digits.chars().rev().take(LONGEST_KEY).collect()
}

/// A number without zeros in front of it and without the carrier that Brazil dials behind one, and without the digit that
/// Mexico and Argentina put behind their country for mobiles, which WhatsApp writes sometimes.
fn as_written_abroad(digits: &str) -> String {
    let has_carrier = digits.starts_with('0') && WITH_CARRIER.contains(&digits.len());
    let significant = match digits.get(CARRIER..) {
        Some(rest) if has_carrier && !digits.starts_with("00") => rest,
        _ => digits.trim_start_matches('0'),
    };
    if significant.len() < FEWEST_DIGITS {
        return digits.to_owned();
    }
    let digits = significant;
    for (mobile, country) in MOBILES {
        if let Some(rest) = digits.strip_prefix(mobile)
            && rest.len() == 10
        {
            return format!("{country}{rest}");
        }
    }
    digits.to_owned()
}

/// Whether one number ends in the other, the ninth digit of Brazil's mobiles left out of account.
fn is_one_number(sought: &str, known: &str) -> bool {
    if known.ends_with(sought) || known.len() >= WHOLE && sought.ends_with(known) {
        return true;
    }
    let (Some(sought), Some(known)) = (behind_country(sought), behind_country(known)) else {
        return false;
    };
    sought.1 == known.1
        && without_ninth(sought.0)
            .into_iter()
            .any(|sought| is_one_area(sought, known.0))
}

/// What stands before the subscriber, and the subscriber.
fn behind_country(number: &str) -> Option<(&str, &str)> {
    number.split_at_checked(number.len().checked_sub(SUBSCRIBER)?)
}

/// What stands before the subscriber as it is, and without a ninth digit.
fn without_ninth(area: &str) -> [&str; 2] {
    let national = area.strip_prefix("55").unwrap_or(area);
    let ninth = national
        .strip_suffix('9')
        .filter(|area| [0, 2].contains(&area.len()));
    [area, ninth.map_or(area, |_| &area[..area.len() - 1])]
}

fn is_one_area(sought: &str, known: &str) -> bool {
    let mut ways = without_ninth(known).into_iter();
    ways.any(|known| known.ends_with(sought) || sought.ends_with(known))
}

#[cfg(test)]
mod tests;

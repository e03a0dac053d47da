//! What a call came to that has no status, or why a batch was given up on, as it is stored and told: said and read in one
//! place, so that whoever tells it in another language finds it again.

use std::fmt::{self, Display, Formatter};

/// What it came to, where it is none of the answers of HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why<'a> {
    /// There was no answer within so many seconds.
    NoAnswer(&'a str),
    /// No connection was to be had, by this cause.
    NoConnection(&'a str),
    /// The connection ended before there was an answer, by this cause.
    Broken(&'a str),
    /// What was called answered that it does not take this, by this cause.
    NotTaken(&'a str),
    /// It was taken: a stream has it as the entry of this id.
    Entry(&'a str),
    /// It was taken: a broker has confirmed that it has it.
    Confirmed,
    /// The template made nothing that can be sent, by this cause.
    Template(&'a str),
    /// The URL leads where none may; behind it stands how it was found.
    Inside(&'a str),
    /// The daemon ended meanwhile.
    CutOff,
    /// As many attempts in a row were cut off.
    CutOffOften(u32),
    /// It was tried for this long, and this is what came of it last.
    NotWithin(&'a str, &'a str),
    /// Somebody wanted it so.
    ByHand,
    /// This is gone, which it came from or was for.
    Gone(&'a str),
}

const NO_ANSWER: (&str, &str) = ("no answer within ", " s");
const NO_CONNECTION: &str = "cannot connect: ";
const BROKEN: &str = "connection broke: ";
const NOT_TAKEN: &str = "not taken: ";
const ENTRY: &str = "stored as entry ";
const CONFIRMED: &str = "confirmed by the broker";
const TEMPLATE: &str = "template: ";
const INSIDE: &str = "the URL leads inside the network";
const CUT_OFF: &str = "cut off, because this daemon ends";
const CUT_OFF_ONCE: &str = "the last attempt was cut off before it ended";
const CUT_OFF_OFTEN: (&str, &str) = ("the last ", " attempts were cut off before they ended");
const NOT_WITHIN: &str = "not delivered within ";
const BY_HAND: &str = "given up on by hand";
const GONE: (&str, &str) = ("its ", " is gone");

/// What stands between both.
fn between<'a>(text: &'a str, (before, after): (&str, &str)) -> Option<&'a str> {
    text.strip_prefix(before)?.strip_suffix(after)
}

impl<'a> Why<'a> {
    /// What a text says; none: it is an answer, or something else.
    pub fn read(text: &'a str) -> Option<Self> {
        if let Some(rest) = text.strip_prefix(INSIDE) {
            return Some(Self::Inside(rest.strip_prefix(": ").unwrap_or(rest)));
        }
        if let Some(rest) = text.strip_prefix(NOT_WITHIN) {
            let (length, why) = rest.split_once(": ")?;
            return Some(Self::NotWithin(length, why));
        }
        let often = || between(text, CUT_OFF_OFTEN)?.parse().ok();
        match text {
            CUT_OFF => Some(Self::CutOff),
            CUT_OFF_ONCE => Some(Self::CutOffOften(1)),
            BY_HAND => Some(Self::ByHand),
            CONFIRMED => Some(Self::Confirmed),
            _ => (text.strip_prefix(NO_CONNECTION).map(Self::NoConnection))
                .or_else(|| text.strip_prefix(BROKEN).map(Self::Broken))
                .or_else(|| text.strip_prefix(NOT_TAKEN).map(Self::NotTaken))
                .or_else(|| text.strip_prefix(ENTRY).map(Self::Entry))
                .or_else(|| text.strip_prefix(TEMPLATE).map(Self::Template))
                .or_else(|| between(text, NO_ANSWER).map(Self::NoAnswer))
                .or_else(|| often().map(Self::CutOffOften))
                .or_else(|| between(text, GONE).map(Self::Gone)),
        }
    }
}

impl Display for Why<'_> {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAnswer(seconds) => write!(to, "{}{seconds}{}", NO_ANSWER.0, NO_ANSWER.1),
            Self::NoConnection(cause) => write!(to, "{NO_CONNECTION}{cause}"),
            Self::Broken(cause) => write!(to, "{BROKEN}{cause}"),
            Self::NotTaken(cause) => write!(to, "{NOT_TAKEN}{cause}"),
            Self::Entry(id) => write!(to, "{ENTRY}{id}"),
            Self::Confirmed => to.write_str(CONFIRMED),
            Self::Template(cause) => write!(to, "{TEMPLATE}{cause}"),
            Self::Inside("") => to.write_str(INSIDE),
            Self::Inside(how) => write!(to, "{INSIDE}: {how}"),
            Self::CutOff => to.write_str(CUT_OFF),
            Self::CutOffOften(1) => to.write_str(CUT_OFF_ONCE),
            Self::CutOffOften(times) => {
                write!(to, "{}{times}{}", CUT_OFF_OFTEN.0, CUT_OFF_OFTEN.1)
            }
            Self::NotWithin(length, why) => write!(to, "{NOT_WITHIN}{length}: {why}"),
            Self::ByHand => to.write_str(BY_HAND),
            Self::Gone(what) => write!(to, "{}{what}{}", GONE.0, GONE.1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_read_again() {
        for why in [
            Why::NoAnswer("0.5"),
            Why::NoConnection("Connection refused (os error 111)"),
            Why::Broken("connection closed: early"),
            Why::NotTaken("WRONGTYPE: Operation against a key"),
            Why::Entry("1732800000000-0"),
            Why::Confirmed,
            Why::Template("the template makes more than 1 bytes: let it name less"),
            Why::Inside(""),
            Why::Inside("db is not called: its address 10.0.0.1 is private"),
            Why::CutOff,
            Why::CutOffOften(1),
            Why::CutOffOften(20),
            Why::NotWithin("1day", "HTTP 503: busy: try later"),
            Why::ByHand,
            Why::Gone("destination crm"),
        ] {
            assert_eq!(Why::read(&why.to_string()), Some(why));
        }
        for other in ["HTTP 404: {\"its\": \"gone\"}", "", "its ", "no answer"] {
            assert_eq!(Why::read(other), None, "{other}");
        }
    }
}

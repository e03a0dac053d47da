//! From the text of a path to its steps.

use std::iter::Peekable;
use std::str::Chars;

use super::{Condition, MAX_PATH_BYTES, MAX_STEPS, Path, PathError, Step, Test};

pub(super) fn path(text: &str) -> Result<Path, PathError> {
    let mut parser = Parser {
        rest: text.chars().peekable(),
        at: 1,
        steps: 0,
    };
    if text.len() > MAX_PATH_BYTES {
        let why = format!(
            "it has {} bytes, at most {MAX_PATH_BYTES} are read",
            text.len()
        );
        return Err(parser.error(why));
    }
    let mut places = Vec::new();
    loop {
        places.push(parser.steps(false)?);
        match parser.rest.peek() {
            None => return Ok(Path { places }),
            Some('|') => parser.skip(),
            Some(&c) => {
                return Err(parser.error(format!(
                    "{c:?} cannot stand here: a path goes on with a dot, a bracket or |, and a name with such a \
                     character stands in double quotes"
                )));
            }
        }
    }
}

pub(super) fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}

/// Whether a name may have it without quotes, whatever comes behind it.
pub(super) fn in_name(c: char) -> bool {
    !matches!(c, '.' | '*' | '!' | '$' | '^') && in_text(c)
}

/// Whether the text of a condition may have it without quotes.
pub(super) fn in_text(c: char) -> bool {
    !matches!(c, '[' | ']' | '|' | '=' | '"') && !c.is_whitespace() && !c.is_control()
}

struct Parser<'t> {
    rest: Peekable<Chars<'t>>,
    /// The number of the next character.
    at: usize,
    /// How many steps were read so far.
    steps: usize,
}

impl Parser<'_> {
    fn error(&self, why: impl Into<String>) -> PathError {
        PathError {
            at: self.at,
            why: why.into(),
        }
    }

    fn skip(&mut self) {
        self.rest.next();
        self.at += 1;
    }

    fn blanks(&mut self) {
        while self.rest.peek().is_some_and(|c| c.is_whitespace()) {
            self.skip();
        }
    }

    /// Skips the next character if it is this one.
    fn takes(&mut self, c: char) -> bool {
        let there = self.rest.peek() == Some(&c);
        if there {
            self.skip();
        }
        there
    }

    fn word(&mut self, allowed: fn(char) -> bool) -> String {
        let mut word = String::new();
        while let Some(&c) = self.rest.peek().filter(|c| allowed(**c)) {
            word.push(c);
            self.skip();
        }
        word
    }

    /// Whether a test of two characters stands here.
    fn is_test(&self) -> bool {
        self.rest.clone().nth(1) == Some('=')
    }

    fn steps(&mut self, in_condition: bool) -> Result<Vec<Step>, PathError> {
        let mut steps = Vec::new();
        self.blanks();
        loop {
            let step = match self.rest.peek() {
                Some('[') => self.bracket(in_condition)?,
                Some('.') if !steps.is_empty() => {
                    self.skip();
                    self.name()?
                }
                _ if steps.is_empty() => self.name()?,
                _ => break,
            };
            self.steps += 1;
            if self.steps > MAX_STEPS {
                return Err(self.error(format!("more than {MAX_STEPS} steps")));
            }
            steps.push(step);
        }
        self.blanks();
        Ok(steps)
    }

    fn name(&mut self) -> Result<Step, PathError> {
        if self.takes('*') {
            return Ok(Step::AnyField);
        }
        if self.rest.peek() == Some(&'"') {
            return self.quoted().map(Step::Field);
        }
        let mut name = self.word(in_name);
        while self.rest.peek() == Some(&'^') && !self.is_test() {
            name.push('^');
            self.skip();
            name.push_str(&self.word(in_name));
        }
        if name.is_empty() {
            return Err(self.error("the name of a field is missing"));
        }
        Ok(Step::Field(name))
    }

    fn quoted(&mut self) -> Result<String, PathError> {
        self.skip();
        let mut text = String::new();
        loop {
            let c = self.rest.peek().copied();
            let c = c.ok_or_else(|| self.error("the closing \" is missing"))?;
            self.skip();
            match c {
                '"' => return Ok(text),
                '\\' => match self.rest.peek() {
                    Some(&c @ ('"' | '\\')) => {
                        text.push(c);
                        self.skip();
                    }
                    _ => return Err(self.error(r#"after \ comes " or \"#)),
                },
                c => text.push(c),
            }
        }
    }

    fn bracket(&mut self, in_condition: bool) -> Result<Step, PathError> {
        self.skip();
        self.blanks();
        // A name may begin with a dash, too.
        let is_last = self.rest.clone().take(3).eq(['-', '1', ']']);
        let step = match self.rest.peek() {
            Some(']') => Step::EachItem,
            Some(_) if is_last => {
                self.skip();
                self.skip();
                Step::LastItem
            }
            Some(c) if is_digit(*c) => {
                let digits = self.word(is_digit);
                self.blanks();
                if self.rest.peek() != Some(&']') {
                    return Err(self.error(
                        "an index is digits and ]; a name that begins with a digit stands in double quotes",
                    ));
                }
                let index = digits.parse().ok();
                Step::Item(index.ok_or_else(|| self.error("the index is too big"))?)
            }
            _ if in_condition => {
                return Err(self.error("a condition cannot hold another condition"));
            }
            _ => Step::Only(self.condition()?),
        };
        if !self.takes(']') {
            return Err(self.error("] is missing, or a text that should stand in double quotes"));
        }
        Ok(step)
    }

    fn condition(&mut self) -> Result<Condition, PathError> {
        let place = self.steps(true)?;
        let test = if self.takes('!') {
            Test::IsNot
        } else if self.takes('^') {
            Test::BeginsWith
        } else if self.takes('$') {
            Test::EndsWith
        } else {
            Test::Is
        };
        if !self.takes('=') {
            return Err(self.error("a condition needs =, !=, ^= or $= here"));
        }
        self.blanks();
        let text = if self.rest.peek() == Some(&'"') {
            self.quoted()?
        } else {
            self.word(in_text)
        };
        self.blanks();
        Ok(Condition { place, test, text })
    }
}

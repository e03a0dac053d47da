//! How deep the source of a template may go. The engine parses, compiles and drops what stands inside of one another by
//! calling itself, and limits some of that only: 7,000 dots in a row, or as many `elif`, would overflow the stack and end
//! the daemon.

use minijinja::machinery::{Token, tokenize};
use minijinja::syntax::SyntaxConfig;

use super::TemplateError;

/// Most steps that may stand inside of one another, such as the operators and filters of one expression. A stack of
/// 2 MiB holds twice as many in a build without optimization.
const DEEPEST: usize = 250;

/// Looks whether a template is shallow enough to be parsed.
///
/// # Errors
/// When it is not; says in which line.
pub(super) fn check(source: &str) -> Result<(), TemplateError> {
    let mut depth = Depth::default();
    for token in tokenize(source, false, SyntaxConfig::default()) {
        // What is no token is told by the parser.
        let Ok((token, span)) = token else { break };
        if depth.after(&token) > DEEPEST {
            return Err(TemplateError::Broken {
                line: span.start_line.into(),
                why: format!(
                    "more than {DEEPEST} steps stand inside of one another, such as operators in one expression: set a part of it aside first"
                ),
            });
        }
    }
    Ok(())
}

/// How many steps the next token may stand inside of.
#[derive(Debug, Default)]
struct Depth {
    /// Of each bracket that is open, and of the tag, how many steps were begun since the last comma.
    steps: Vec<usize>,
    /// The `elif` of each `if` that is open.
    branches: Vec<usize>,
    is_first_word: bool,
}

impl Depth {
    fn after(&mut self, token: &Token<'_>) -> usize {
        let was_first_word = std::mem::take(&mut self.is_first_word);
        match token {
            Token::VariableStart => self.steps = vec![0],
            Token::BlockStart => {
                self.steps = vec![0];
                self.is_first_word = true;
            }
            Token::Ident(word) if was_first_word => self.branch(word),
            Token::ParenOpen | Token::BracketOpen | Token::BraceOpen => {
                self.step();
                self.steps.push(0);
            }
            Token::ParenClose | Token::BracketClose | Token::BraceClose => {
                self.steps.pop();
            }
            Token::Comma | Token::Colon => {
                if let Some(steps) = self.steps.last_mut() {
                    *steps = 0;
                }
            }
            Token::Ident("and" | "or" | "not" | "in" | "is" | "if" | "else")
            | Token::Plus
            | Token::Minus
            | Token::Mul
            | Token::Div
            | Token::FloorDiv
            | Token::Pow
            | Token::Mod
            | Token::Dot
            | Token::Tilde
            | Token::Pipe
            | Token::Eq
            | Token::Ne
            | Token::Gt
            | Token::Gte
            | Token::Lt
            | Token::Lte => self.step(),
            _ => {}
        }
        self.steps.iter().chain(&self.branches).sum()
    }

    fn step(&mut self) {
        if let Some(steps) = self.steps.last_mut() {
            *steps += 1;
        }
    }

    fn branch(&mut self, word: &str) {
        match word {
            "if" => self.branches.push(1),
            "elif" => {
                if let Some(branches) = self.branches.last_mut() {
                    *branches += 1;
                }
            }
            "endif" => {
                self.branches.pop();
            }
            _ => {}
        }
    }
}

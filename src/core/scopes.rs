//! What a key or a token reaches.

use thiserror::Error;

use super::chat::Name;

/// What a key or a token reaches. Who may change things may also look and bring messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes {
    ingest: Ingest,
    read: bool,
    admin: bool,
}

/// Which buffers messages may be brought for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Ingest {
    #[default]
    None,
    Only(Vec<Name>),
    All,
}

/// A word that names no scope.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("a scope is ingest, ingest@<buffer>, read or admin")]
pub struct ScopeError;

impl Scopes {
    /// Everything there is.
    pub fn everything() -> Self {
        Self {
            admin: true,
            ..Self::default()
        }
    }

    /// Messages for every buffer, and nothing else.
    pub fn ingest() -> Self {
        Self {
            ingest: Ingest::All,
            ..Self::default()
        }
    }

    /// The same with one more, as it is written: `ingest`, `ingest@<buffer>`, `read` or `admin`.
    ///
    /// # Errors
    /// When the word names no scope.
    pub fn with(mut self, word: &str) -> Result<Self, ScopeError> {
        match word.split_once('@') {
            Some(("ingest", buffer)) => {
                let buffer = Name::parse(buffer).map_err(|_| ScopeError)?;
                match &mut self.ingest {
                    Ingest::None => self.ingest = Ingest::Only(vec![buffer]),
                    Ingest::Only(buffers) => buffers.push(buffer),
                    Ingest::All => {}
                }
            }
            None if word == "ingest" => self.ingest = Ingest::All,
            None if word == "read" => self.read = true,
            None if word == "admin" => self.admin = true,
            _ => return Err(ScopeError),
        }
        Ok(self)
    }

    /// The same out of words, each as [`Scopes::with`] takes it.
    ///
    /// # Errors
    /// When a word names no scope, or there is none.
    pub fn of_words<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Self, ScopeError> {
        let scopes = words
            .into_iter()
            .try_fold(Self::default(), |scopes, word| scopes.with(word.trim()))?;
        if scopes == Self::default() {
            return Err(ScopeError);
        }
        Ok(scopes)
    }

    /// The words that give the same.
    pub fn words(&self) -> Vec<String> {
        let ingest = match &self.ingest {
            Ingest::None => Vec::new(),
            Ingest::Only(buffers) => buffers.iter().map(|it| format!("ingest@{it}")).collect(),
            Ingest::All => vec!["ingest".to_owned()],
        };
        let others = [(self.read, "read"), (self.admin, "admin")];
        let others = others.into_iter().filter(|(given, _)| *given);
        let others = others.map(|(_, word)| word.to_owned());
        ingest.into_iter().chain(others).collect()
    }

    /// Whether it may look at everything.
    pub fn reads(&self) -> bool {
        self.read || self.admin
    }

    /// Whether it may change everything.
    pub fn changes(&self) -> bool {
        self.admin
    }

    /// Whether it may bring messages for every buffer.
    pub fn brings_to_all(&self) -> bool {
        self.admin || self.ingest == Ingest::All
    }

    /// Whether it may bring messages for this buffer.
    pub fn brings_to(&self, buffer: &Name) -> bool {
        let named = matches!(&self.ingest, Ingest::Only(buffers) if buffers.contains(buffer));
        named || self.brings_to_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(words: &[&str]) -> Scopes {
        let none = Scopes::default();
        words
            .iter()
            .try_fold(none, |scopes, word| scopes.with(word))
            .unwrap()
    }

    fn name(name: &str) -> Name {
        Name::parse(name).unwrap()
    }

    #[test]
    fn each_scope_reaches_its_own() {
        let reaches = |scopes: Scopes| {
            (
                scopes.brings_to_all(),
                scopes.reads(),
                scopes.changes(),
                scopes.brings_to(&name("loja")),
            )
        };

        assert_eq!(reaches(scopes(&[])), (false, false, false, false));
        assert_eq!(reaches(scopes(&["ingest"])), (true, false, false, true));
        assert_eq!(reaches(scopes(&["read"])), (false, true, false, false));
        assert_eq!(reaches(scopes(&["admin"])), (true, true, true, true));
        assert_eq!(reaches(Scopes::everything()), (true, true, true, true));
        assert_eq!(
            reaches(scopes(&["ingest@loja", "read"])),
            (false, true, false, true)
        );
    }

    #[test]
    fn buffers_that_are_named_add_up_and_reach_no_other() {
        let both = scopes(&["ingest@loja", "ingest@outra"]);

        assert!(both.brings_to(&name("loja")) && both.brings_to(&name("outra")));
        assert!(!both.brings_to(&name("default")) && !both.brings_to_all());
        assert!(scopes(&["ingest@loja", "ingest"]).brings_to_all());
        assert!(scopes(&["ingest", "ingest@loja"]).brings_to_all());
    }

    #[test]
    fn the_words_of_scopes_give_the_same_scopes() {
        for words in [
            &["admin"][..],
            &["ingest", "read"],
            &["ingest@loja", "ingest@outra", "admin"],
        ] {
            assert_eq!(scopes(words).words(), words);
        }
        assert_eq!(Scopes::of_words(["read"]), Ok(scopes(&["read"])));
        assert_eq!(Scopes::of_words([]), Err(ScopeError));
    }

    #[test]
    fn no_other_word_is_a_scope() {
        for word in ["", "write", "Read", "ingest@", "ingest@Loja", "read@loja"] {
            assert_eq!(Scopes::default().with(word), Err(ScopeError), "{word}");
        }
    }
}

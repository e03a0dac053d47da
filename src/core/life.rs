//! Lives: a buffer that is removed and made anew under its name is another one, and what was on its way to the old one
//! must not end up in it, or in neither.

/// Which of all that ever bore its name a buffer, a destination or a schedule is: the version of the configuration that
/// made it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Life(u64);

impl Life {
    /// That of what the environment describes, which is never removed.
    pub const ALWAYS: Self = Self(0);

    /// The one that this version began.
    pub fn since(version: u64) -> Self {
        Self(version)
    }

    /// The version that began it.
    pub fn version(self) -> u64 {
        self.0
    }

    /// Whether it never ends.
    pub fn is_endless(self) -> bool {
        self == Self::ALWAYS
    }
}

/// How a removal is to deal with what stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Nothing may stand there: else it stays as it is.
    Empty,
    /// It is delivered first.
    Drain,
    /// It is dropped.
    Discard,
}

impl Asked {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Drain => "drain",
            Self::Discard => "discard",
        }
    }

    /// The inverse of [`Asked::as_str`].
    pub fn parse(word: &str) -> Option<Self> {
        let all = [Self::Empty, Self::Drain, Self::Discard];
        all.into_iter().find(|asked| asked.as_str() == word)
    }
}

//! A form that writes what is configured: each of its inputs stands for a field of the API, by its path there. What the API
//! refuses is told beside the input that it is about, and so is what somebody else wrote meanwhile. What was typed stays.

mod editing;
mod field;
mod filled;

use serde_json::Value;

use crate::console::asking::{Asking, Call, Refused, with_query};
use crate::console::shell::Shell;
pub(in crate::console) use editing::{Draft, Editing};
pub(in crate::console) use field::Field;
pub(in crate::console) use filled::Filled;

/// The hidden input with the version that somebody began with.
const VERSION: &str = "version";

/// How a field of the API is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::console) enum Kind {
    /// A line of text.
    Line,
    /// A line of text; left empty, the field is absent.
    Maybe,
    /// A text of several lines; left empty, the field is absent.
    Text,
    /// A number; left empty, the field has its default.
    Number,
    /// Numbers with commas or blanks between them; left empty, the field is absent, and a dash is an empty list.
    Numbers,
    /// Lines, each an element of a list.
    Lines,
    /// Lines, each a name, a colon and a value.
    Pairs,
    /// Yes or no.
    Tick,
    /// Whether there is an object at this path, whose fields are other inputs.
    Part,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// One of these words; where it is absent, the first.
    ChoiceOrFirst(&'static [&'static str]),
    /// One of the names that there are; see [`Form::among`].
    Name,
    /// Some of the names that there are.
    Names,
}

/// An input of a form.
#[derive(Clone, Copy, Debug)]
pub(in crate::console) struct Input {
    /// Its field in the API, which is its name in the form, too.
    pub(in crate::console) path: &'static str,
    pub(in crate::console) kind: Kind,
    /// Nothing goes without it.
    pub(in crate::console) required: bool,
    /// The field and the word of it with which alone this one is there.
    pub(in crate::console) only: Option<(&'static str, &'static str)>,
}

impl Input {
    pub(in crate::console) const fn new(path: &'static str, kind: Kind) -> Self {
        Self {
            path,
            kind,
            required: false,
            only: None,
        }
    }

    /// One that is there only while the input `field` has this word.
    pub(in crate::console) const fn only(
        path: &'static str,
        kind: Kind,
        field: &'static str,
        word: &'static str,
    ) -> Self {
        Self {
            path,
            kind,
            required: false,
            only: Some((field, word)),
        }
    }

    pub(in crate::console) const fn required(path: &'static str, kind: Kind) -> Self {
        Self {
            path,
            kind,
            required: true,
            only: None,
        }
    }

    /// The name whose box is called so.
    fn name_of<'a>(&self, key: &'a str) -> Option<&'a str> {
        key.strip_prefix(self.path)?.strip_prefix(':')
    }
}

/// A form, as a page shows it.
#[derive(Debug)]
pub(in crate::console) struct Form {
    inputs: &'static [Input],
    pub(in crate::console) filled: Filled,
    /// What is written over; none: something new.
    pub(in crate::console) version: Option<u64>,
    /// The names that inputs of names choose among.
    names: Vec<String>,
    /// Why it was not written.
    refused: Option<Refused>,
    /// What somebody else has written meanwhile.
    theirs: Option<Filled>,
}

impl Form {
    /// The form of something new, with what it begins with.
    pub(in crate::console) fn new(inputs: &'static [Input], begins_with: &Value) -> Self {
        Self::of(inputs, Filled::of(inputs, begins_with), None)
    }

    /// The form of what is there.
    pub(in crate::console) fn over(inputs: &'static [Input], there: &Value) -> Self {
        let version = there[VERSION].as_u64();
        Self::of(inputs, Filled::of(inputs, there), version)
    }

    /// The form as somebody filled it in.
    pub(in crate::console) fn filled(inputs: &'static [Input], filled: Filled) -> Self {
        let version = filled.get(VERSION).parse().ok();
        Self::of(inputs, filled.gathered(inputs), version)
    }

    fn of(inputs: &'static [Input], filled: Filled, version: Option<u64>) -> Self {
        Self {
            inputs,
            filled,
            version,
            names: Vec::new(),
            refused: None,
            theirs: None,
        }
    }

    /// The same with the names that can be chosen.
    pub(in crate::console) fn among(self, names: Vec<String>) -> Self {
        Self { names, ..self }
    }

    /// The same after it was refused.
    pub(in crate::console) fn refused(self, refused: Refused) -> Self {
        Self {
            refused: Some(refused),
            ..self
        }
    }

    /// Why it was not written.
    pub(in crate::console) fn refusal(&self) -> Option<&Refused> {
        self.refused.as_ref()
    }

    /// The body that the API is sent: what is there, with what was filled in.
    pub(in crate::console) fn body(&self, there: &Value) -> Value {
        self.filled.onto(self.inputs, there)
    }

    /// Whether somebody else has written meanwhile.
    pub(in crate::console) fn is_behind(&self) -> bool {
        self.theirs.is_some()
    }

    /// What is told above the inputs: why it was refused, where that is about none of them.
    pub(in crate::console) fn told_above(&self, shell: &Shell) -> Option<String> {
        let refused = self.refused.as_ref()?;
        let is_beside = self.inputs.iter().any(|it| is_about(refused, it.path));
        if is_beside || self.is_behind() {
            return None;
        }
        Some(match shell.words.refusals.get(&refused.code) {
            Some(text) if refused.code == "conflict" => format!("{text} ({})", refused.error),
            _ => shell.refusal(refused),
        })
    }

    /// The paths of its inputs.
    pub(in crate::console) fn paths(&self) -> impl Iterator<Item = &'static str> {
        self.inputs.iter().map(|it| it.path)
    }

    /// Whether it has an input whose path ends so.
    pub(in crate::console) fn has(&self, name: &str) -> bool {
        self.inputs.iter().any(|it| it.path.ends_with(name))
    }

    /// These inputs, with all that is told of them.
    pub(in crate::console) fn fields<'a>(
        &'a self,
        shell: &'a Shell,
        paths: &[&str],
    ) -> Vec<Field<'a>> {
        let wanted = paths
            .iter()
            .filter_map(|path| self.inputs.iter().find(|input| input.path == *path));
        wanted.map(|input| self.field(shell, *input)).collect()
    }

    /// All inputs, with all that is told of them.
    pub(in crate::console) fn all<'a>(&'a self, shell: &'a Shell) -> Vec<Field<'a>> {
        let all = self.inputs.iter();
        all.map(|input| self.field(shell, *input)).collect()
    }

    /// Whether any of these inputs has something to tell, so that they are not folded away.
    pub(in crate::console) fn tells(&self, shell: &Shell, paths: &[&str]) -> bool {
        let fields = self.fields(shell, paths);
        let mut fields = fields.iter();
        fields.any(|field| field.wrong.is_some() || field.theirs.is_some())
    }

    /// The call that writes it over what is there.
    pub(in crate::console) fn writing(&self, path: &str, there: &Value) -> Call {
        let mut body = self.body(there);
        if let Value::Object(fields) = &mut body {
            // They are shown beside it, and say nothing there.
            for beside in [VERSION, "from", "removing"] {
                fields.remove(beside);
            }
        }
        let version = self.version.map(|it| it.to_string()).unwrap_or_default();
        Call::put(with_query(path, &[(VERSION, &version)]), body)
    }

    /// Writes it: at `all` where it is new, else over what is there at `path`, as long as nobody else has written that.
    ///
    /// # Errors
    /// The form with why it was not written.
    pub(in crate::console) async fn write(
        self,
        ask: &Asking,
        all: &str,
        path: &str,
    ) -> Result<(), Self> {
        if self.version.is_none() {
            let call = Call::post(all, Some(self.body(&Value::Null)));
            return match ask.call(&call).await {
                Ok(_) => Ok(()),
                Err(refused) => Err(self.refused(refused)),
            };
        }
        let there: Value = match ask.get(path, &[]).await {
            Ok(there) => there,
            Err(refused) => return Err(self.refused(refused)),
        };
        let Err(refused) = ask.call(&self.writing(path, &there)).await else {
            return Ok(());
        };
        let there = if refused.code == "conflict" {
            ask.get(path, &[]).await.unwrap_or(there)
        } else {
            there
        };
        Err(self.refused(refused).beside(&there))
    }

    /// The same with what somebody else has written, if they have: it is written over only by whoever has seen it.
    fn beside(self, there: &Value) -> Self {
        let version = there[VERSION].as_u64();
        if version == self.version {
            return self;
        }
        let theirs = Some(Filled::of(self.inputs, there));
        Self {
            theirs,
            version,
            ..self
        }
    }
}

/// Whether a refusal is about this field, or a part of it.
fn is_about(refused: &Refused, path: &str) -> bool {
    let fields = refused.field.as_deref().unwrap_or_default();
    fields.split(", ").any(|field| {
        let below = field.strip_prefix(path);
        below.is_some_and(|it| it.is_empty() || it.starts_with(['.', '[']))
    })
}

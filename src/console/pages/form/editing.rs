//! Writing something of one kind on a page of its own: new, or over what is there, with a draft that is shown while it is typed.

use serde_json::Value;

use super::{Filled, Form, Input};
use crate::console::asking::{Asking, Call, Refused};
use crate::console::spelling::segment;

/// A kind of thing that is written so.
pub(in crate::console) struct Editing {
    /// The page with the list of all.
    pub(in crate::console) pages: &'static str,
    /// The same in the API.
    pub(in crate::console) api: &'static str,
    /// Its name is the first, and is written only while it is new.
    pub(in crate::console) inputs: &'static [Input],
}

/// What is being written.
pub(in crate::console) struct Draft {
    /// Empty: it is new.
    pub(in crate::console) name: String,
    pub(in crate::console) form: Form,
    /// What the API would be sent.
    pub(in crate::console) body: Value,
}

impl Editing {
    /// The page of one.
    pub(in crate::console) fn page(&self, name: &str) -> String {
        format!("{}/{}", self.pages, segment(name))
    }

    /// The same in the API.
    pub(in crate::console) fn path(&self, name: &str) -> String {
        format!("{}/{}", self.api, segment(name))
    }

    /// A new one, with what it begins with.
    pub(in crate::console) fn begin(&self, begins_with: Value) -> Draft {
        Draft {
            name: String::new(),
            form: Form::new(self.inputs, &begins_with),
            body: begins_with,
        }
    }

    /// One that is there.
    ///
    /// # Errors
    /// It is gone, or cannot be read.
    pub(in crate::console) async fn over(
        &self,
        ask: &Asking,
        name: String,
    ) -> Result<Draft, Refused> {
        let there: Value = ask.get(&self.path(&name), &[]).await?;
        Ok(Draft {
            form: Form::over(&self.inputs[1..], &there),
            body: there,
            name,
        })
    }

    /// Either as somebody has typed it, which is not written.
    ///
    /// # Errors
    /// It is gone, or cannot be read.
    pub(in crate::console) async fn typed(
        &self,
        ask: &Asking,
        filled: Filled,
        begins_with: Value,
    ) -> Result<Draft, Refused> {
        let name = filled.get("of").to_owned();
        let (inputs, there) = match name.as_str() {
            "" => (self.inputs, begins_with),
            name => (&self.inputs[1..], ask.get(&self.path(name), &[]).await?),
        };
        Ok(Draft::of(name, Form::filled(inputs, filled), &there))
    }

    /// Writes a new one; answers what is to be written otherwise, where it was refused.
    pub(in crate::console) async fn create(
        &self,
        ask: &Asking,
        filled: Filled,
        begins_with: &Value,
    ) -> Option<Draft> {
        let form = Form::filled(self.inputs, filled);
        let refused = form.write(ask, self.api, self.api).await.err()?;
        Some(Draft::of(String::new(), refused, begins_with))
    }

    /// Writes over one that is there; answers what is to be written otherwise, where it was refused.
    ///
    /// # Errors
    /// It is gone, or cannot be read.
    pub(in crate::console) async fn save(
        &self,
        ask: &Asking,
        name: String,
        filled: Filled,
    ) -> Result<Option<Draft>, Refused> {
        let path = self.path(&name);
        let form = Form::filled(&self.inputs[1..], filled);
        let Err(refused) = form.write(ask, self.api, &path).await else {
            return Ok(None);
        };
        let there: Value = ask.get(&path, &[]).await?;
        Ok(Some(Draft::of(name, refused, &there)))
    }

    /// Where the form of this name is shown and sent to; empty: a new one.
    pub(in crate::console) fn action(&self, name: &str) -> String {
        match name {
            "" => format!("{}/.new", self.pages),
            name => format!("{}/edit", self.page(name)),
        }
    }

    /// Where somebody goes who leaves it.
    pub(in crate::console) fn back(&self, name: &str) -> String {
        match name {
            "" => self.pages.to_owned(),
            name => self.page(name),
        }
    }

    /// How it is written by a command.
    pub(in crate::console) fn curl(&self, ask: &Asking, draft: &Draft) -> String {
        let call = match draft.name.as_str() {
            "" => Call::post(self.api, Some(draft.body.clone())),
            name => draft.form.writing(&self.path(name), &draft.body),
        };
        call.curl(&ask.origin())
    }
}

impl Draft {
    fn of(name: String, form: Form, there: &Value) -> Self {
        Self {
            body: form.body(there),
            name,
            form,
        }
    }
}

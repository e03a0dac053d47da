//! Templates: a request body as a destination wants it, made from a context.
//!
//! A template is compiled once, when it is first needed (`kept`), and filled for each call. What it may name is in [`context`]; how a value is written where
//! it stands, so that no message can break out of it, is in `escape`.

mod budget;
pub mod context;
mod counted;
mod depth;
mod error;
mod escape;
mod filters;
mod json;
pub(super) mod kept;
mod plain;
mod reading;
mod render;
mod sample;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, LazyLock};

use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};
use serde::de::IgnoredAny;

use crate::core::item::Item;
use context::TemplateContext;
use error::Detail;
use escape::Escape;
use render::{RENDER_STATE, RenderState};

pub use error::TemplateError;

/// Most bytes the source of a template may have.
pub const MOST_SOURCE_BYTES: usize = 64 * 1024;
/// Most bytes one filling may write, and most of any value on the way there.
pub const MOST_MADE_BYTES: usize = 4 * 1024 * 1024;
/// Steps one filling may take: some 50 for each of 20,000 messages, done in a fraction of a second.
const FUEL: u64 = 1_000_000;
const RECURSION: usize = 50;
const NAME: &str = "template";

/// A compiled template for a body of one content type.
///
/// A name that is nowhere is undefined, and may be followed further (`a.b.c`): it is `null` where JSON stands outside of
/// a string, and nothing anywhere else. So is null.
pub struct Template {
    environment: Environment<'static>,
    escape: Escape,
    /// Every word in the source: only what is among them is worked out for a filling.
    words: HashSet<String>,
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Template({:?})", self.escape)
    }
}

impl Template {
    /// Compiles a template whose bodies are sent under `content_type`, which decides how values are escaped.
    ///
    /// # Errors
    /// When the source is too long or broken; says in which line and why.
    pub fn compile(source: &str, content_type: &str) -> Result<Self, TemplateError> {
        Self::compile_as(source, Escape::of(content_type))
    }

    fn compile_as(source: &str, escape: Escape) -> Result<Self, TemplateError> {
        if source.len() > MOST_SOURCE_BYTES {
            return Err(TemplateError::TooLong(source.len()));
        }
        depth::check(source)?;
        let mut environment = SHARED[escape as usize].clone();
        environment
            .add_template_owned(NAME, counted::counted(source)?)
            .map_err(|error| TemplateError::broken(&error))?;
        Ok(Self {
            environment,
            escape,
            words: words(source),
        })
    }

    /// Makes the body for a context. The same context gives the same bytes at every attempt.
    ///
    /// # Errors
    /// When a step of the template cannot be done, what it makes is too large, or is not JSON where it should be. The
    /// error tells nothing of what was said.
    pub fn render(&self, context: &TemplateContext<'_>) -> Result<String, TemplateError> {
        self.body(context, Detail::Hidden)
    }

    /// Fills the template with one message, as plain text (the service Buffer): its pass-through fields at top level, and what
    /// they leave free of the message's own parts and of the context.
    ///
    /// # Errors
    /// The same as [`Template::render`].
    pub fn render_item(
        &self,
        context: &TemplateContext<'_>,
        item: &Item,
    ) -> Result<String, TemplateError> {
        self.line(context, item, Detail::Hidden)
    }

    /// Fills the template with two made-up messages that hold all that is hard to escape, and answers what it made, for
    /// the author to see.
    ///
    /// # Errors
    /// The same as [`Template::render`], in detail.
    pub fn try_sample(&self) -> Result<String, TemplateError> {
        let items = sample::items();
        self.body(&sample::context(&items), Detail::Told)
    }

    /// The same as [`Template::try_sample`] for a template that is filled once for each message.
    ///
    /// # Errors
    /// The same as [`Template::render_item`], in detail.
    pub fn try_sample_item(&self) -> Result<String, TemplateError> {
        let items = sample::items();
        let context = sample::context(&items);
        let lines: Result<Vec<_>, _> = items
            .iter()
            .map(|item| self.line(&context, item, Detail::Told))
            .collect();
        Ok(lines?.join("\n"))
    }

    fn body(&self, context: &TemplateContext<'_>, detail: Detail) -> Result<String, TemplateError> {
        let names = context
            .names(&self.words)
            .map_err(|_| TemplateError::unreadable())?;
        let body = self.fill(self.escape, context, names, detail)?;
        if self.escape == Escape::Json {
            serde_json::from_str::<IgnoredAny>(&body)
                .map_err(|error| TemplateError::not_json(&error, &body, detail))?;
        }
        Ok(body)
    }

    fn line(
        &self,
        context: &TemplateContext<'_>,
        item: &Item,
        detail: Detail,
    ) -> Result<String, TemplateError> {
        let names = context
            .names_for(item, &self.words)
            .map_err(|_| TemplateError::unreadable())?;
        self.fill(Escape::Plain, context, names, detail)
    }

    fn fill(
        &self,
        escape: Escape,
        context: &TemplateContext<'_>,
        mut names: Vec<(String, Value)>,
        detail: Detail,
    ) -> Result<String, TemplateError> {
        let render = Arc::new(RenderState::new(escape, context.zone));
        names.push((
            RENDER_STATE.to_owned(),
            Value::from_dyn_object(render.clone()),
        ));
        self.environment
            .get_template(NAME)
            .and_then(|template| {
                template.render_captured_to(Value::from_pairs(names), render.writer())?;
                Ok(())
            })
            .map_err(|error| {
                if render.is_full() {
                    TemplateError::TooLarge
                } else if render.budget.has_read_too_much() {
                    let line = error.line().unwrap_or(1);
                    TemplateError::ReadsTooMuch { line }
                } else if render.budget.is_over() {
                    let line = error.line().unwrap_or(1);
                    TemplateError::TooMuch { line }
                } else {
                    TemplateError::failed(&error, detail)
                }
            })?;
        Ok(render.take())
    }
}

/// What a template can do, by how it escapes, but for its source. What clones of an environment share costs nothing
/// again: filters, tests and functions are most of a template's memory.
static SHARED: LazyLock<[Environment<'static>; 4]> = LazyLock::new(|| Escape::ALL.map(environment));

fn environment(escape: Escape) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(RECURSION);
    environment.set_auto_escape_callback(move |_| match escape {
        // With any but this, what is set aside would count as escaped.
        Escape::Json | Escape::Form | Escape::Plain => AutoEscape::None,
        Escape::Markup => AutoEscape::Html,
    });
    environment.set_formatter(escape::write);
    filters::put_into(&mut environment, escape);
    budget::put_into(&mut environment);
    reading::put_into(&mut environment);
    environment
}

/// The words that stand in a source, in tags or between them.
fn words(source: &str) -> HashSet<String> {
    source
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

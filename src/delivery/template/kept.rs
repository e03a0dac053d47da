//! The templates of destinations, as they are kept from call to call: equal ones are one, and what none has been made of
//! yet takes no more than its source. A compiled template takes some 12 KiB, and most destinations are seldom called.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use super::context::TemplateContext;
use super::escape::Escape;
use super::{Template, TemplateError};
use crate::core::item::Item;

/// What a template is filled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum For {
    /// A body of this escaping.
    Body(Escape),
    /// Each message of a batch.
    Item,
}

/// A template that is known to be sound, and is compiled when it is first filled.
#[derive(Debug)]
pub(in crate::delivery) struct Kept {
    source: Arc<str>,
    filled_for: For,
    compiled: OnceLock<Result<Template, TemplateError>>,
}

impl Kept {
    fn compiled(&self) -> Result<&Template, TemplateError> {
        let compiled = self
            .compiled
            .get_or_init(|| self.filled_for.compile(&self.source));
        compiled.as_ref().map_err(Clone::clone)
    }

    /// As [`Template::render`].
    pub(in crate::delivery) fn render(
        &self,
        context: &TemplateContext<'_>,
    ) -> Result<String, TemplateError> {
        self.compiled()?.render(context)
    }

    /// As [`Template::render_item`].
    pub(in crate::delivery) fn render_item(
        &self,
        context: &TemplateContext<'_>,
        item: &Item,
    ) -> Result<String, TemplateError> {
        self.compiled()?.render_item(context, item)
    }
}

impl For {
    fn compile(self, source: &str) -> Result<Template, TemplateError> {
        let escape = match self {
            Self::Body(escape) => escape,
            Self::Item => Escape::Plain,
        };
        Template::compile_as(source, escape)
    }

    fn try_it(self, source: &str) -> Result<(), TemplateError> {
        let template = self.compile(source)?;
        let made = match self {
            Self::Body(_) => template.try_sample(),
            Self::Item => template.try_sample_item(),
        };
        made.map(drop)
    }
}

/// What makes two templates equal: what they are filled for, and their source.
type Key = (For, Arc<str>);

/// All templates that some destination has.
#[derive(Debug, Default)]
pub(in crate::delivery) struct Templates(Mutex<HashMap<Key, Weak<Kept>>>);

impl Templates {
    /// The template of a body that is sent under `content_type`, tried on a sample.
    ///
    /// # Errors
    /// When it is broken or cannot be filled; says in which line and why.
    pub(in crate::delivery) fn of_body(
        &self,
        source: &str,
        content_type: &str,
    ) -> Result<Arc<Kept>, TemplateError> {
        self.get(source, For::Body(Escape::of(content_type)))
    }

    /// The template of each message, tried on a sample.
    ///
    /// # Errors
    /// As [`Templates::of_body`].
    pub(in crate::delivery) fn of_items(&self, source: &str) -> Result<Arc<Kept>, TemplateError> {
        self.get(source, For::Item)
    }

    fn get(&self, source: &str, filled_for: For) -> Result<Arc<Kept>, TemplateError> {
        let key: Key = (filled_for, Arc::from(source));
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = all.get(&key).and_then(Weak::upgrade) {
            return Ok(kept);
        }
        filled_for.try_it(source)?;
        // Those that nobody has any more go each time before more room would be taken.
        if all.len() == all.capacity() {
            all.retain(|_, kept| kept.strong_count() > 0);
        }
        let kept = Arc::new(Kept {
            source: key.1.clone(),
            filled_for,
            compiled: OnceLock::new(),
        });
        all.insert(key, Arc::downgrade(&kept));
        Ok(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn equal_templates_are_one_unless_they_are_filled_in_another_way() {
        let templates = Templates::default();
        let of = |content_type| templates.of_body("{{ text }}", content_type).unwrap();
        let one = of("application/json");

        assert!(Arc::ptr_eq(&one, &of("application/json; charset=utf-8")));
        assert!(!Arc::ptr_eq(&one, &of("text/plain")));
        let plain = of("text/plain");
        assert!(!Arc::ptr_eq(
            &plain,
            &templates.of_items("{{ text }}").unwrap()
        ));
    }

    #[test]
    fn a_template_is_compiled_when_it_is_first_filled_and_then_kept() {
        let templates = Templates::default();
        let kept = templates.of_body("{{ user }}", "application/json").unwrap();
        assert!(kept.compiled.get().is_none());

        let items = sample::items();
        let made = kept.render(&sample::context(&items)).unwrap();

        assert!(made.starts_with('"'), "{made}");
        let compiled = kept.compiled().unwrap();
        kept.render(&sample::context(&items)).unwrap();
        assert!(std::ptr::eq(compiled, kept.compiled().unwrap()));
    }

    #[test]
    fn a_broken_template_is_refused_before_it_is_filled_and_not_kept() {
        let templates = Templates::default();

        assert!(templates.of_body("{{ user", "application/json").is_err());
        assert!(
            templates
                .of_body("{ {{ user }} }", "application/json")
                .is_err()
        );
        assert!(templates.of_items("{{ text | date('%Y') }}").is_err());

        assert!(templates.0.lock().unwrap().is_empty());
    }

    #[test]
    fn templates_that_nobody_has_any_more_are_forgotten() {
        let templates = Templates::default();
        let held = templates.of_items("held").unwrap();

        for number in 0..1000 {
            templates.of_items(&number.to_string()).unwrap();
        }

        assert!(templates.0.lock().unwrap().len() < 10);
        assert!(Arc::ptr_eq(&held, &templates.of_items("held").unwrap()));
    }
}

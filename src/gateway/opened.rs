//! A message of a post: its words, its media and its typed parts, out of all wrappers.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::event::{Media, Part};
use super::media::media_at;
use super::party::Groups;
use super::person::InGroup;
use super::place::{Place, Scope};
use super::preset::{ChangePlaces, Content, Preset, Rule, Verdict};
use super::reading::text_at;
use crate::core::ignored::Ignored;
use crate::core::json::RawObject;
use crate::core::json::node::Node;

/// What stands in a message of WhatsApp, for all gateways that pass it on. A test keeps the file readable.
pub(super) static WHATSAPP: LazyLock<Result<Content, toml::de::Error>> =
    LazyLock::new(|| toml::from_str(include_str!("presets/whatsapp.toml")));

/// The types of messages that are nothing but words: without any there is nothing in them.
pub(super) const OF_TEXT: [&str; 4] = ["text", "chat", "conversation", "extendedTextMessage"];

/// A message of a post.
pub(super) struct Message<'n, 'a> {
    preset: &'n Preset,
    /// The message, and what it lies in.
    pub(super) scope: Scope<'n, 'a>,
    /// The group that it was written in, where groups are asked for.
    pub(super) group: Option<InGroup>,
    inner: Option<Inner<'n, 'a>>,
}

/// A message as WhatsApp has it.
struct Inner<'n, 'a> {
    content: &'static Content,
    /// It, and what the gateway put around it.
    scope: Scope<'n, 'a>,
    /// What it lay in, from outside.
    wrappers: Vec<&'n str>,
}

impl<'n, 'a> Message<'n, 'a> {
    pub(super) fn of(preset: &'n Preset, scope: Scope<'n, 'a>, groups: Groups) -> Self {
        let inner = preset.content.as_ref().and_then(|place| {
            let content = WHATSAPP.as_ref().ok()?;
            Some(Inner::opened(content, place.first(scope)?, scope.here))
        });
        Self {
            preset,
            scope,
            group: preset.group.as_ref().and_then(|at| at.group(scope, groups)),
            inner,
        }
    }

    /// The first rule that applies.
    pub(super) fn rule(&self) -> Option<&'n Rule> {
        // Where groups are asked for, a message of one is like any other.
        let in_group = self.group.is_some();
        let passed_over =
            |rule: &Rule| in_group && matches!(rule.verdict, Verdict::Ignore(Ignored::Group));
        let mut own = self.preset.rules.iter();
        let found = own.find(|rule| !passed_over(rule) && self.applies(rule, self.scope));
        found.or_else(|| {
            let inner = self.inner.as_ref()?;
            let mut rules = inner.content.rules.iter();
            rules.find(|rule| self.applies(rule, inner.scope))
        })
    }

    fn applies(&self, rule: &Rule, scope: Scope<'_, '_>) -> bool {
        let wrapped = |wrapper: &String| {
            let inner = self.inner.as_ref();
            inner.is_some_and(|inner| inner.wrappers.contains(&wrapper.as_str()))
        };
        let differ = |[one, other]: &[Place; 2]| match (one.text(scope), other.text(scope)) {
            (Some(one), Some(other)) => one != other,
            _ => false,
        };
        let holds = |when: &Place| when.holds(scope) && rule.differ.as_ref().is_none_or(differ);
        rule.when.as_ref().is_some_and(holds) || rule.inside.as_ref().is_some_and(wrapped)
    }

    /// Its words, but for a caption.
    pub(super) fn text(&self) -> Option<String> {
        let own = self.preset.text.text(self.scope);
        own.or_else(|| self.inner.as_ref()?.text())
    }

    /// What came with it.
    pub(super) fn media(&self) -> Vec<Media> {
        let inner = self.inner.as_ref();
        let mut media = inner.map(Inner::media).unwrap_or_default();
        if media.is_empty() {
            media = media_at(&self.preset.media, self.scope);
        }
        if let (Some(file), [medium, ..]) = (&self.preset.file, media.as_mut_slice())
            && medium.kind.is_file()
        {
            file.tell(medium, self.scope);
        }
        media
    }

    /// What was changed: the id of a message, and its words now. None if it does not tell.
    pub(super) fn edited(&self) -> Option<(String, String)> {
        let own = self.preset.edit.as_ref();
        let own = own.and_then(|edit| edit.edited(self.scope));
        own.or_else(|| {
            let inner = self.inner.as_ref()?;
            inner.content.edit.edited(inner.scope)
        })
    }

    /// The ids of the messages that were taken back.
    pub(super) fn deleted(&self) -> Vec<String> {
        let ids = |deletion: &ChangePlaces, scope| {
            let ids = deletion.id.all(scope).into_iter();
            ids.filter_map(|id| Some(id.text()?.into_owned())).collect()
        };
        let own = self.preset.deletion.as_ref();
        let own: Vec<_> = own
            .map(|deletion| ids(deletion, self.scope))
            .unwrap_or_default();
        match &self.inner {
            Some(inner) if own.is_empty() => ids(&inner.content.deletion, inner.scope),
            _ => own,
        }
    }

    /// Its typed parts: what the gateway tells of each, and what the message itself tells beside.
    pub(super) fn parts(&self) -> BTreeMap<Part, RawObject> {
        let mut parts = BTreeMap::new();
        self.preset.saying().add_parts(&mut parts, self.scope);
        if let Some(inner) = &self.inner {
            let mut told = BTreeMap::new();
            inner.content.saying().add_parts(&mut told, inner.scope);
            for (part, told) in told {
                let known = parts.entry(part).or_default();
                for (name, value) in told {
                    known.entry(name).or_insert(value);
                }
            }
        }
        parts
    }

    /// Whether there is nothing in it but what stands beside messages, such as keys for a group.
    pub(super) fn is_beside(&self) -> bool {
        self.inner.as_ref().is_some_and(|inner| {
            let fields: Vec<_> = inner.scope.here.fields().collect();
            !fields.is_empty() && fields.iter().all(|(name, _)| inner.content.is_beside(name))
        })
    }

    /// The name of the message as WhatsApp has it, such as `stickerPackMessage`.
    pub(super) fn type_name(&self) -> Option<&'n str> {
        let inner = self.inner.as_ref()?;
        let mut objects = inner.scope.here.fields();
        let named =
            objects.find(|(name, value)| value.is_object() && !inner.content.is_beside(name));
        named.map(|(name, _)| name)
    }
}

impl<'n, 'a> Inner<'n, 'a> {
    /// Takes a message out of all that is wrapped around it: any field whose object holds a `message` that is an object.
    fn opened(content: &'static Content, mut here: &'n Node<'a>, around: &'n Node<'a>) -> Self {
        let mut wrappers = Vec::new();
        while let Some((wrapper, inside)) = wrapped(here) {
            wrappers.push(wrapper);
            here = inside;
        }
        Self {
            content,
            scope: Scope { here, around },
            wrappers,
        }
    }

    fn text(&self) -> Option<String> {
        self.content.text.text(self.scope)
    }

    fn media(&self) -> Vec<Media> {
        media_at(&self.content.media, self.scope)
    }
}

impl ChangePlaces {
    fn edited(&self, message: Scope<'_, '_>) -> Option<(String, String)> {
        let words = || {
            let here = self.content.as_ref()?.first(message)?;
            let content = WHATSAPP.as_ref().ok()?;
            let inner = Inner::opened(content, here, message.here);
            let media = inner.media();
            let caption = || media.iter().find_map(|medium| medium.caption.clone());
            let text = inner.text().or_else(caption);
            // A medium whose caption was removed.
            text.or_else(|| media.first().map(|_| String::new()))
        };
        let emptied = || {
            let emptied = self.emptied.as_ref()?;
            emptied.holds(message).then(String::new)
        };
        let id = self.id.text(message)?;
        let text = text_at(self.text.as_ref(), message);
        Some((id, text.or_else(words).or_else(emptied)?))
    }
}

fn wrapped<'n, 'a>(message: &'n Node<'a>) -> Option<(&'n str, &'n Node<'a>)> {
    let mut fields = message.fields();
    fields.find_map(|(name, value)| {
        let inside = value.field("message")?;
        inside.is_object().then_some((name, inside))
    })
}

/// A message of WhatsApp that lies in another one, in short.
pub(super) fn whatsapp_in_short<'a>(here: &Node<'a>, around: &Node<'a>) -> RawObject {
    let Ok(content) = WHATSAPP.as_ref() else {
        return RawObject::new();
    };
    let inner = Inner::opened(content, here, around);
    content.saying().in_short(inner.scope)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_whatsapp_sends_can_be_read() {
        assert!(WHATSAPP.is_ok(), "{:?}", WHATSAPP.as_ref());
    }
}

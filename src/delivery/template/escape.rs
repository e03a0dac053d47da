//! How a value is written where it stands, so that it stays within its place whatever a message holds.
//!
//! In JSON that place is found by watching what has been written: within a string a value is written as a part of that
//! string, outside of one as JSON of its own. So `{"q": {{ text }}}` and `{"q": "{{ text }}"}` make the same body, and
//! it does not matter by which branches and loops the writer came there. A value right behind a backslash, where it would
//! become part of an escape, is refused. `safe` changes nothing here; what `tojson` makes is written as it is, for it is
//! whole. In forms what `urlencode` makes is.
//!
//! What is set aside (`{% set q %} … {% endset %}`) is plain text and is escaped when it is written out. Only markup keeps
//! the engine's ways: there it counts as escaped, and `safe` means what it says.

use std::borrow::Cow;

use form_urlencoded::byte_serialize;
use minijinja::{Error, ErrorKind, HtmlEscape, Output, State, Value};

use super::json;
use super::render::{Position, RenderState};

/// How the values of a template are escaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Escape {
    /// As JSON, or as a part of a JSON string.
    Json,
    /// As a part of a form: `application/x-www-form-urlencoded`.
    Form,
    /// As text in HTML or XML.
    Markup,
    /// Not at all.
    Plain,
}

impl Escape {
    /// All of them, in their order.
    pub(super) const ALL: [Self; 4] = [Self::Json, Self::Form, Self::Markup, Self::Plain];

    /// The escaping that a content type asks for.
    pub(super) fn of(content_type: &str) -> Self {
        let essence = content_type.split(';').next().unwrap_or_default();
        let essence = essence.trim().to_ascii_lowercase();
        let subtype = essence.rsplit(['/', '+']).next().unwrap_or_default();
        match subtype {
            "json" => Self::Json,
            "html" | "xml" => Self::Markup,
            _ if essence == "application/x-www-form-urlencoded" => Self::Form,
            _ => Self::Plain,
        }
    }
}

/// Writes one value of a template.
pub(super) fn write(
    out: &mut Output<'_>,
    state: &mut State<'_, '_>,
    value: &Value,
) -> Result<(), Error> {
    RenderState::with(state, |render| match render.escape {
        Escape::Json => write_in_json(out, render, value),
        Escape::Form if !value.is_safe() && render.position(out)?.is_some() => {
            let text = counted(render, text_of(value)?)?;
            byte_serialize(text.as_bytes()).try_for_each(|part| Ok(out.write_str(part)?))
        }
        Escape::Markup if !value.is_safe() => {
            let text = counted(render, text_of(value)?)?;
            Ok(out.write_fmt(format_args!("{}", HtmlEscape(&text)))?)
        }
        Escape::Plain | Escape::Form | Escape::Markup => {
            Ok(out.write_str(&counted(render, text_of(value)?)?)?)
        }
    })
}

/// What is written counts also where it is set aside, which no writer sees.
fn counted<'a>(render: &RenderState, text: Cow<'a, str>) -> Result<Cow<'a, str>, Error> {
    render.budget.count(text.len())?;
    Ok(text)
}

fn write_in_json(out: &mut Output<'_>, render: &RenderState, value: &Value) -> Result<(), Error> {
    match render.position(out)? {
        None => out.write_str(&counted(render, text_of(value)?)?)?,
        Some(Position::Outside) => out.write_str(&counted(render, json::of(value)?)?)?,
        Some(Position::InString) => {
            let whole = json::of_text(&counted(render, text_of(value)?)?);
            out.write_str(whole.get(1..whole.len() - 1).unwrap_or_default())?;
        }
        Some(Position::AfterBackslash | Position::InUnicode(_)) => {
            return Err(Error::new(
                ErrorKind::InvalidOperation,
                "a value stands right behind a backslash and would become part of that escape: put it elsewhere",
            ));
        }
    }
    Ok(())
}

/// A value as text: a text bare, what is undefined or null as nothing, all else as JSON.
pub(super) fn text_of(value: &Value) -> Result<Cow<'_, str>, Error> {
    if let Some(text) = value.as_str() {
        return Ok(Cow::Borrowed(text));
    }
    if value.is_undefined() || value.is_none() {
        return Ok(Cow::Borrowed(""));
    }
    json::of(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_type_decides_the_escaping() {
        for (content_type, escape) in [
            ("application/json", Escape::Json),
            ("Application/JSON; charset=utf-8", Escape::Json),
            ("application/vnd.api+json", Escape::Json),
            ("application/x-www-form-urlencoded", Escape::Form),
            ("text/html;charset=utf-8", Escape::Markup),
            ("text/xml", Escape::Markup),
            ("application/soap+xml", Escape::Markup),
            ("text/plain", Escape::Plain),
            ("application/x-ndjson", Escape::Plain),
            ("", Escape::Plain),
        ] {
            assert_eq!(Escape::of(content_type), escape, "{content_type}");
        }
    }
}

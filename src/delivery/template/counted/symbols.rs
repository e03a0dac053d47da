//! How constants and operators of a template are spelt.

use minijinja::Value;
use minijinja::machinery::ast::{BinOpKind, CompareOpKind, Expr, GetItem};

use super::Writer;

/// Texts of so many bytes are compared in one step.
const SHORT_BYTES: usize = 64;

impl Writer {
    /// Writes a text, a number, true, false or none.
    pub(super) fn constant(&mut self, value: &Value) {
        match value.as_str() {
            Some(text) => self.text(text),
            None if value.is_none() => self.put("none"),
            // So are true and false spelt, and whole numbers.
            None if !value.is_number() || value.is_integer() => self.put(&value.to_string()),
            None => {
                let number = f64::try_from(value.clone()).unwrap_or_default();
                // What is too large for a number was written so.
                let too_large = number.is_infinite();
                self.put(&if too_large {
                    "1e999".to_owned()
                } else {
                    format!("{number:?}")
                });
            }
        }
    }

    fn text(&mut self, text: &str) {
        self.put("\"");
        for character in text.chars() {
            match character {
                '"' => self.put("\\\""),
                '\\' => self.put("\\\\"),
                '\n' => self.put("\\n"),
                '\r' => self.put("\\r"),
                other => self.put(other.encode_utf8(&mut [0; 4])),
            }
        }
        self.put("\"");
    }
}

/// Whether `a op b op c` is `(a op b) op c`.
pub(super) fn chains(kind: BinOpKind) -> bool {
    matches!(
        kind,
        BinOpKind::ScAnd
            | BinOpKind::ScOr
            | BinOpKind::Sub
            | BinOpKind::Div
            | BinOpKind::FloorDiv
            | BinOpKind::Rem
            | BinOpKind::Pow
    )
}

/// Whether `a op b` goes through `a` and `b`.
pub(super) fn compares(kind: BinOpKind) -> bool {
    matches!(
        kind,
        BinOpKind::Eq
            | BinOpKind::Ne
            | BinOpKind::Lt
            | BinOpKind::Lte
            | BinOpKind::Gt
            | BinOpKind::Gte
            | BinOpKind::In
    )
}

pub(super) fn operator(kind: BinOpKind) -> &'static str {
    match kind {
        BinOpKind::Eq => " == ",
        BinOpKind::Ne => " != ",
        BinOpKind::Lt => " < ",
        BinOpKind::Lte => " <= ",
        BinOpKind::Gt => " > ",
        BinOpKind::Gte => " >= ",
        BinOpKind::ScAnd => " and ",
        BinOpKind::ScOr => " or ",
        BinOpKind::Add => " + ",
        BinOpKind::Sub => " - ",
        BinOpKind::Mul => " * ",
        BinOpKind::Div => " / ",
        BinOpKind::FloorDiv => " // ",
        BinOpKind::Rem => " % ",
        BinOpKind::Pow => " ** ",
        BinOpKind::Concat => " ~ ",
        BinOpKind::In => " in ",
    }
}

pub(super) fn compared_by(kind: CompareOpKind) -> &'static str {
    match kind {
        CompareOpKind::Eq => " == ",
        CompareOpKind::Ne => " != ",
        CompareOpKind::Lt => " < ",
        CompareOpKind::Lte => " <= ",
        CompareOpKind::Gt => " > ",
        CompareOpKind::Gte => " >= ",
        CompareOpKind::In => " in ",
        CompareOpKind::NotIn => " not in ",
    }
}

/// Whether a bracket holds the name of a member, which is found at once.
pub(super) fn is_named(item: &GetItem<'_>) -> bool {
    matches!(&item.subscript_expr, Expr::Const(constant) if is_short(&constant.value) && constant.value.as_str().is_some())
}

/// Whether a constant costs nothing to compare.
pub(super) fn is_short(constant: &Value) -> bool {
    constant
        .as_str()
        .is_none_or(|text| text.len() <= SHORT_BYTES)
}

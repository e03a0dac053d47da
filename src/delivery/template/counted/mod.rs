//! A template written anew, so that every step that makes something is counted: `a ~ b` becomes `a|_concat(b)`, a list
//! `[a, b]|_made`, and so on (`budget` has the filters); and every comparison counts what it reads: `a == b` becomes
//! `a|_read == b|_read` (`reading` has these). The engine would do such steps by itself, and those of constants
//! even while it compiles, so that neither a filter nor a function could stop them.
//!
//! Everything else stays as the engine parsed it, and in its line, so that errors name the author's lines.

mod expressions;
mod symbols;

use minijinja::machinery::Span;
use minijinja::machinery::ast::{Expr, ForLoop, IfCond, Stmt};
use minijinja::machinery::parse;
use minijinja::syntax::SyntaxConfig;

use super::budget::{HELD, RAW};
use super::{NAME, TemplateError};

/// A name that no author would choose.
const COUNTED: &str = "_lull_counted_raw";

/// The source of a template with all its steps counted.
///
/// # Errors
/// When it cannot be parsed; says in which line and why.
pub(super) fn counted(source: &str) -> Result<String, TemplateError> {
    let parsed = parse(source, NAME, SyntaxConfig::default())
        .map_err(|error| TemplateError::broken(&error))?;
    let mut writer = Writer {
        out: String::with_capacity(source.len() * 2),
        line: 1,
        set_aside: 0,
    };
    writer.statement(&parsed);
    // A line break at the very end would be taken for that of the file, which the parser took off already.
    if writer.out.ends_with('\n') {
        writer.out.push_str("{# #}");
    }
    Ok(writer.out)
}

/// A template being written.
struct Writer {
    out: String,
    /// The line that is being written, from 1.
    line: usize,
    /// How many of the blocks around set aside what they write, or may.
    set_aside: usize,
}

impl Writer {
    fn put(&mut self, text: &str) {
        self.line += text.matches('\n').count();
        self.out.push_str(text);
    }

    /// Goes on to the line where something stood, within a tag.
    fn go_to(&mut self, span: Span) {
        while self.line < usize::from(span.start_line) {
            self.put("\n");
        }
    }

    /// Begins a statement.
    fn tag(&mut self, span: Span, word: &str) {
        self.put("{% ");
        self.go_to(span);
        self.put(word);
        self.put(" ");
    }

    fn body(&mut self, statements: &[Stmt<'_>]) {
        for statement in statements {
            self.statement(statement);
        }
    }

    /// What a block holds whose output may be set aside.
    fn set_aside(&mut self, statements: &[Stmt<'_>]) {
        self.set_aside += 1;
        self.body(statements);
        self.set_aside -= 1;
    }

    fn statement(&mut self, statement: &Stmt<'_>) {
        match statement {
            Stmt::Template(template) => self.body(&template.children),
            Stmt::EmitRaw(raw) => self.raw(raw.raw),
            Stmt::EmitExpr(emitted) => {
                self.put("{{ ");
                self.expression(&emitted.expr);
                self.put(" }}");
            }
            Stmt::ForLoop(looped) => self.for_loop(looped, looped.span()),
            Stmt::IfCond(condition) => {
                self.if_branch("if", condition, condition.span());
                self.put("{% endif %}");
            }
            Stmt::WithBlock(with) => {
                self.tag(with.span(), "with");
                for (number, (target, value)) in with.assignments.iter().enumerate() {
                    if number > 0 {
                        self.put(", ");
                    }
                    self.target(target);
                    self.put(" = ");
                    self.expression(value);
                }
                self.put(" %}");
                self.body(&with.body);
                self.put("{% endwith %}");
            }
            Stmt::Set(set) => {
                self.tag(set.span(), "set");
                self.target(&set.target);
                self.put(" = ");
                if holds(&set.target) {
                    self.operand(&set.expr);
                    self.put("|");
                    self.put(HELD);
                } else {
                    self.expression(&set.expr);
                }
                self.put(" %}");
            }
            Stmt::SetBlock(set) => {
                self.tag(set.span(), "set");
                self.target(&set.target);
                if let Some(filter) = &set.filter {
                    self.put(" | ");
                    self.expression(filter);
                }
                self.put(" %}");
                self.set_aside(&set.body);
                self.put("{% endset %}");
            }
            Stmt::AutoEscape(block) => {
                self.tag(block.span(), "autoescape");
                self.expression(&block.enabled);
                self.put(" %}");
                self.body(&block.body);
                self.put("{% endautoescape %}");
            }
            Stmt::FilterBlock(block) => {
                self.tag(block.span(), "filter");
                self.expression(&block.filter);
                self.put(" %}");
                self.set_aside(&block.body);
                self.put("{% endfilter %}");
            }
            Stmt::Do(called) => {
                self.tag(called.span(), "do");
                self.call(&called.call);
                self.put(" %}");
            }
        }
    }

    fn raw(&mut self, text: &str) {
        if self.set_aside > 0 {
            let length = text.len();
            self.put(&format!("{{% set {COUNTED} = 0|{RAW}({length}) %}}"));
        }
        if text.contains('{') {
            self.put("{% raw %}");
            self.put(text);
            self.put("{% endraw %}");
        } else {
            self.put(text);
        }
    }

    fn for_loop(&mut self, looped: &ForLoop<'_>, span: Span) {
        self.tag(span, "for");
        self.target(&looped.target);
        self.put(" in ");
        self.operand(&looped.iter);
        if let Some(filter) = &looped.filter_expr {
            self.put(" if ");
            self.expression(filter);
        }
        if looped.recursive {
            self.put(" recursive");
        }
        self.put(" %}");
        // What calls itself may be called where its output is set aside.
        if looped.recursive {
            self.set_aside(&looped.body);
        } else {
            self.body(&looped.body);
        }
        if !looped.else_body.is_empty() {
            self.put("{% else %}");
            self.body(&looped.else_body);
        }
        self.put("{% endfor %}");
    }

    fn if_branch(&mut self, word: &str, condition: &IfCond<'_>, span: Span) {
        self.tag(span, word);
        self.operand(&condition.expr);
        self.put(" %}");
        self.body(&condition.true_body);
        match condition.false_body.as_slice() {
            [] => {}
            [Stmt::IfCond(other)] => self.if_branch("elif", other, other.span()),
            other => {
                self.put("{% else %}");
                self.body(other);
            }
        }
    }

    /// What something is assigned to.
    fn target(&mut self, target: &Expr<'_>) {
        match target {
            Expr::Var(name) => {
                self.go_to(name.span());
                self.put(name.id);
            }
            Expr::GetAttr(attribute) => {
                self.target(&attribute.expr);
                self.put(".");
                self.put(attribute.name);
            }
            Expr::List(list) => {
                self.put("(");
                for item in &list.items {
                    self.target(item);
                    self.put(",");
                }
                self.put(")");
            }
            // The parser makes no other.
            _ => {}
        }
    }
}

/// Whether what is assigned to this is kept in a namespace.
fn holds(target: &Expr<'_>) -> bool {
    match target {
        Expr::GetAttr(_) => true,
        Expr::List(list) => list.items.iter().any(holds),
        _ => false,
    }
}

//! Expressions of a template that is written anew.

use minijinja::machinery::ast::{
    BinOp, BinOpKind, Call, CallArg, Expr, Filter, IfExpr, Slice, UnaryOpKind,
};

use super::Writer;
use super::symbols::{chains, compared_by, compares, is_named, is_short, operator};
use crate::delivery::template::budget::{ADD, CONCAT, MADE, MULTIPLY};
use crate::delivery::template::reading::{ITEM, READ, SLICED};

/// Filters that pass on what they are given, or make no more than a number or a character of it.
const PASSING: [&str; 13] = [
    "abs", "attr", "bool", "count", "d", "default", "first", "float", "int", "last", "length",
    "max", "min",
];

impl Writer {
    /// Writes an expression that nothing is done with where it stands.
    pub(super) fn expression(&mut self, expression: &Expr<'_>) {
        self.go_to(expression.span());
        match expression {
            Expr::Var(name) => self.put(name.id),
            Expr::Const(constant) => self.constant(&constant.value),
            Expr::Slice(slice) => {
                self.slice(slice, 1);
                self.made();
            }
            Expr::UnaryOp(unary) => match unary.op {
                UnaryOpKind::Not => {
                    self.put("not ");
                    self.operand_beside(&unary.expr, |inner| matches!(inner, Expr::UnaryOp(_)));
                }
                UnaryOpKind::Neg => {
                    self.put("-");
                    self.number_operand(&unary.expr);
                }
            },
            Expr::BinOp(binary) => self.binary(binary),
            Expr::Compare(compare) => {
                self.read(&compare.expr);
                for compared in &compare.ops {
                    self.put(compared_by(compared.op));
                    self.read(&compared.expr);
                }
            }
            Expr::IfExpr(condition) => self.if_expression(condition),
            Expr::Filter(filter) => self.filter(filter),
            Expr::Test(test) => {
                self.operand(&test.expr);
                self.put(" is ");
                self.put(test.name);
                self.arguments_if_any(&test.args);
            }
            Expr::GetAttr(attribute) => {
                self.accessed(&attribute.expr);
                self.put(".");
                self.put(attribute.name);
            }
            Expr::GetItem(item) if !is_named(item) => {
                self.operand(&item.expr);
                self.put("|");
                self.put(ITEM);
                self.put("(");
                self.expression(&item.subscript_expr);
                self.put(")");
            }
            Expr::GetItem(item) => {
                self.accessed(&item.expr);
                self.put("[");
                self.expression(&item.subscript_expr);
                self.put("]");
            }
            Expr::Call(call) => self.call(call),
            Expr::List(list) => {
                self.listed("[", &list.items, "]");
                self.made();
            }
            Expr::Tuple(tuple) => {
                self.listed("(", &tuple.items, ")");
                self.made();
            }
            Expr::Map(map) => {
                self.put("{");
                for (key, value) in map.keys.iter().zip(&map.values) {
                    self.expression(key);
                    self.put(": ");
                    self.expression(value);
                    self.put(", ");
                }
                self.put("}");
                self.made();
            }
        }
    }

    /// Writes an expression of which something is made where it stands.
    pub(super) fn operand(&mut self, expression: &Expr<'_>) {
        self.operand_beside(expression, |_| false);
    }

    fn operand_beside(&mut self, expression: &Expr<'_>, may_stand: impl Fn(&Expr<'_>) -> bool) {
        if is_one(expression) || may_stand(expression) {
            self.expression(expression);
        } else {
            self.put("(");
            self.expression(expression);
            self.put(")");
        }
    }

    /// Writes an expression that a dot, a bracket or a parenthesis follows.
    fn accessed(&mut self, expression: &Expr<'_>) {
        // What is made here is gone with the next step, and parentheses could become too many.
        if let Expr::Slice(slice) = expression {
            return self.slice(slice, 1);
        }
        let binds = match expression {
            Expr::Var(_) | Expr::GetAttr(_) | Expr::Call(_) => true,
            Expr::GetItem(item) => is_named(item),
            _ => false,
        };
        self.in_parentheses_unless(binds, expression);
    }

    /// Writes an expression that a sign stands in front of.
    fn number_operand(&mut self, expression: &Expr<'_>) {
        let binds = matches!(expression, Expr::Var(_) | Expr::Const(_))
            || matches!(expression, Expr::UnaryOp(unary) if matches!(unary.op, UnaryOpKind::Neg));
        self.in_parentheses_unless(binds, expression);
    }

    fn in_parentheses_unless(&mut self, binds: bool, expression: &Expr<'_>) {
        if binds {
            self.expression(expression);
        } else {
            self.put("(");
            self.expression(expression);
            self.put(")");
        }
    }

    /// Writes an expression that is about to be compared, or looked for, or looked through.
    fn read(&mut self, expression: &Expr<'_>) {
        self.operand(expression);
        if !matches!(expression, Expr::Const(constant) if is_short(&constant.value)) {
            self.put("|");
            self.put(READ);
        }
    }

    fn made(&mut self) {
        self.put("|");
        self.put(MADE);
    }

    fn listed(&mut self, open: &str, items: &[Expr<'_>], close: &str) {
        self.put(open);
        for item in items {
            self.expression(item);
            self.put(", ");
        }
        self.put(close);
    }

    /// Writes a slice of which as many are taken, one of the other.
    fn slice(&mut self, slice: &Slice<'_>, slices: usize) {
        if let Expr::Slice(inner) = &slice.expr {
            self.slice(inner, slices + 1);
        } else {
            self.put("(");
            self.operand(&slice.expr);
            self.put(&format!("|{SLICED}({slices}))"));
        }
        self.put("[");
        for (number, part) in [&slice.start, &slice.stop, &slice.step].iter().enumerate() {
            if number > 0 {
                self.put(":");
            }
            if let Some(part) = part {
                self.expression(part);
            }
        }
        self.put("]");
    }

    fn binary(&mut self, binary: &BinOp<'_>) {
        let counted = match binary.op {
            BinOpKind::Concat => Some(CONCAT),
            BinOpKind::Add => Some(ADD),
            BinOpKind::Mul => Some(MULTIPLY),
            _ => None,
        };
        if let Some(filter) = counted {
            self.operand(&binary.left);
            self.put("|");
            self.put(filter);
            self.put("(");
            self.expression(&binary.right);
            self.put(")");
            return;
        }
        if compares(binary.op) {
            self.read(&binary.left);
            self.put(operator(binary.op));
            return self.read(&binary.right);
        }
        // A long chain would otherwise stand in as many parentheses.
        let symbol = operator(binary.op);
        self.operand_beside(
            &binary.left,
            |left| matches!(left, Expr::BinOp(left) if chains(left.op) && operator(left.op) == symbol),
        );
        self.put(symbol);
        self.operand(&binary.right);
    }

    fn if_expression(&mut self, condition: &IfExpr<'_>) {
        self.operand(&condition.true_expr);
        self.put(" if ");
        self.operand(&condition.test_expr);
        if let Some(other) = &condition.false_expr {
            self.put(" else ");
            self.operand_beside(other, |other| matches!(other, Expr::IfExpr(_)));
        }
    }

    fn filter(&mut self, filter: &Filter<'_>) {
        if let Some(filtered) = &filter.expr {
            self.operand(filtered);
            self.put("|");
        }
        self.put(filter.name);
        self.arguments_if_any(&filter.args);
        if !PASSING.contains(&filter.name) {
            self.made();
        }
    }

    pub(super) fn call(&mut self, call: &Call<'_>) {
        self.accessed(&call.expr);
        if !matches!(call.expr, Expr::GetAttr(_)) {
            return self.arguments(&call.args);
        }
        // Such as `loop.changed`, which compares what it is given.
        self.arguments_by(&call.args, Self::read);
    }

    fn arguments_if_any(&mut self, arguments: &[CallArg<'_>]) {
        if !arguments.is_empty() {
            self.arguments(arguments);
        }
    }

    fn arguments(&mut self, arguments: &[CallArg<'_>]) {
        self.arguments_by(arguments, Self::expression);
    }

    fn arguments_by(&mut self, arguments: &[CallArg<'_>], write: fn(&mut Self, &Expr<'_>)) {
        self.put("(");
        for argument in arguments {
            match argument {
                CallArg::Pos(value) => write(self, value),
                CallArg::Kwarg(name, value) => {
                    self.put(name);
                    self.put("=");
                    write(self, value);
                }
                CallArg::PosSplat(values) => {
                    self.put("*");
                    write(self, values);
                }
                CallArg::KwargSplat(values) => {
                    self.put("**");
                    write(self, values);
                }
            }
            self.put(", ");
        }
        self.put(")");
    }
}

/// Whether an expression, as it is written here, holds together whatever stands around it.
fn is_one(expression: &Expr<'_>) -> bool {
    match expression {
        Expr::BinOp(binary) => matches!(
            binary.op,
            BinOpKind::Concat | BinOpKind::Add | BinOpKind::Mul
        ),
        Expr::UnaryOp(_) | Expr::Compare(_) | Expr::IfExpr(_) | Expr::Test(_) => false,
        _ => true,
    }
}

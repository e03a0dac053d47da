//! What a run comes to: tables for people, JSON for programs, and what the project expects of itself.

use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::{Value, json};

use crate::machine::Machine;

/// Of a core, taken by processes that have nothing to do with the measurement.
const MOST_DISTURBANCE: f64 = 0.1;

/// What one measurement came to.
#[derive(Debug)]
pub(crate) struct Section {
    /// Its name in the JSON.
    pub(crate) name: &'static str,
    /// What is measured, for people.
    pub(crate) title: String,
    /// The table.
    pub(crate) rows: Vec<Vec<String>>,
    /// What is to be known about its numbers.
    pub(crate) notes: Vec<String>,
    /// What was expected of it.
    pub(crate) expectations: Vec<Expectation>,
    /// Its numbers.
    pub(crate) data: Value,
}

/// A number that the project promises itself.
#[derive(Debug, Serialize)]
pub(crate) struct Expectation {
    what: String,
    expected: String,
    measured: String,
    met: bool,
}

impl Expectation {
    /// `measured` should be at least `bound`.
    pub(crate) fn at_least(what: impl Into<String>, bound: f64, measured: f64) -> Self {
        Self {
            what: what.into(),
            expected: format!("at least {bound}"),
            measured: format!("{measured:.2}"),
            met: measured >= bound,
        }
    }

    /// `measured` should be under `bound`, both in `unit`.
    pub(crate) fn under(what: impl Into<String>, bound: f64, measured: f64, unit: &str) -> Self {
        Self {
            what: what.into(),
            expected: format!("under {bound} {unit}"),
            measured: format!("{measured:.2} {unit}"),
            met: measured < bound,
        }
    }
}

impl Section {
    /// Adds how much of a core other processes took meanwhile.
    pub(crate) fn disturbed_by(&mut self, cores: f64) {
        let percent = cores * 100.0;
        let verdict = if cores < MOST_DISTURBANCE {
            ""
        } else {
            ": too much for these numbers to be taken seriously"
        };
        self.notes.push(format!(
            "Other processes took {percent:.0} % of a core meanwhile{verdict}."
        ));
    }

    /// Shows it.
    pub(crate) fn print(&self) {
        println!("\n{}\n", self.title);
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or_default()
        };
        let widths: Vec<_> = (0..columns).map(width).collect();
        for row in &self.rows {
            let cells = row.iter().zip(&widths).enumerate();
            let cells = cells.map(|(column, (cell, &width))| match column {
                0 => format!("{cell:<width$}"),
                _ => format!("{cell:>width$}"),
            });
            println!("  {}", cells.collect::<Vec<_>>().join("  ").trim_end());
        }
        for note in &self.notes {
            println!("  {note}");
        }
        for Expectation {
            what,
            expected,
            measured,
            met,
        } in &self.expectations
        {
            let verdict = if *met { "met" } else { "MISSED" };
            println!("  {what}: expected {expected}, measured {measured}: {verdict}");
        }
    }
}

/// Writes everything to a file.
pub(crate) fn write(
    path: &Path,
    machine: &Machine,
    quick: bool,
    sections: &[Section],
) -> Result<()> {
    let mut report = json!({ "machine": machine, "quick": quick });
    for section in sections {
        report[section.name] = json!({
            "measured": section.data,
            "notes": section.notes,
            "expectations": section.expectations,
        });
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let text = serde_json::to_string_pretty(&report)?;
    std::fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}

/// A row of cells.
pub(crate) fn row<const N: usize>(cells: [&dyn ToString; N]) -> Vec<String> {
    cells.map(ToString::to_string).into()
}

//! Writes the table of results, which stands in docs/frameworks.md.

use std::fmt::Write;
use std::fs;

use crate::gaps;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/frameworks.md");
const BEGIN: &str = "<!-- table: written by examples/frameworks -->\n";
const END: &str = "<!-- end of table -->\n";

/// Writes a table with a row for each check and a column for each framework. A declared gap gets a footnote.
pub fn markdown<const N: usize>(frameworks: &[&str], checks: &[&str], columns: &[[Result<(), String>; N]]) -> String {
    let mut notes: Vec<&str> = Vec::new();
    let mut table = format!("| | {} |\n|---|{}\n", frameworks.join(" | "), ":-:|".repeat(frameworks.len()));
    for (row, check) in checks.iter().enumerate() {
        let cells = frameworks.iter().zip(columns).map(|(framework, outcomes)| {
            match (&outcomes[row], gaps::find(framework, check)) {
                (Ok(()), _) => "✓".to_owned(),
                (Err(_), None) => "✗".to_owned(),
                (Err(_), Some(gap)) => {
                    if !notes.contains(&gap.reason) {
                        notes.push(gap.reason);
                    }
                    let number =
                        (1..).zip(&notes).find(|(_, note)| **note == gap.reason).map_or(0, |(number, _)| number);
                    format!("– <sup>{number}</sup>")
                }
            }
        });
        let cells: Vec<_> = cells.collect();
        let _ = writeln!(table, "| {check} | {} |", cells.join(" | ")); // writing to a String never fails
    }
    for (number, note) in (1..).zip(notes) {
        let _ = write!(table, "\n<sup>{number}</sup> {note}\n");
    }
    table
}

/// Checks that the page holds this table, or writes it there.
pub fn keep(table: &str, update: bool) {
    let page = fs::read_to_string(PAGE).expect("docs/frameworks.md can be read");
    let (before, rest) = page.split_once(BEGIN).expect("docs/frameworks.md says where the table begins");
    let (found, after) = rest.split_once(END).expect("docs/frameworks.md says where the table ends");
    if update {
        fs::write(PAGE, [before, BEGIN, table, END, after].concat()).expect("docs/frameworks.md can be written");
    } else {
        assert!(
            found == table,
            "docs/frameworks.md has another table; if this one is right: UPDATE_TABLE=1 cargo test"
        );
    }
}

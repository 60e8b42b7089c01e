//! The page docs/coming-from.md says what the calls of five other session systems become here. Each of its tables has a
//! module, and each row has a test.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::common::next;

mod lucid;
mod racoon;
mod shelf;
mod tideway;
mod viz;
mod vlang;

const TABLES: [&str; 5] = ["tideway", "viz", "racoon", "lucid", "vlang"];

#[test]
fn every_row_of_the_page_names_its_test_and_every_test_has_its_row() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/coming-from.md")).unwrap();
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
    let named: Vec<String> = rows.iter().map(|row| named_by(row)).collect();
    let distinct: BTreeSet<&str> = named.iter().map(String::as_str).collect();
    assert_eq!(distinct.len(), rows.len(), "a row has a test of its own");
    let tests: Vec<String> = TABLES.iter().flat_map(|table| tests_of(root, table)).collect();
    let tests: BTreeSet<&str> = tests.iter().map(String::as_str).collect();
    let in_one_alone: Vec<_> = distinct.symmetric_difference(&tests).collect();
    assert!(in_one_alone.is_empty(), "{in_one_alone:#?}");
    for table in TABLES {
        assert!(tests.iter().any(|test| test.starts_with(table)), "{table}");
    }
}

/// The test that the last cell of a row names.
fn named_by(row: &str) -> String {
    let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
    assert_eq!(cells.len(), 4, "theirs, ours, what differs, and the test: {row}");
    cells[3].trim_matches('`').to_owned()
}

/// The names of all tests of one table.
fn tests_of(root: &Path, table: &str) -> Vec<String> {
    let source = fs::read_to_string(root.join(format!("tests/spec/coming_from/{table}.rs"))).unwrap();
    let marked = source.split("test]\n").skip(1);
    marked.map(|text| format!("{table}::{}", text.split_once("fn ").unwrap().1.split_once('(').unwrap().0)).collect()
}

//! Prints the tables of results.

use std::fmt::Write;

use crate::alone::OURS;
use crate::contestant::What;
use crate::contestants;
use crate::results::{Key, Results, counted, ns, over, ratio_between};
use crate::workloads::WORKLOADS;

/// Prints a table for each operation.
pub fn print(launches: &[Results], aws_lc: Option<&[Results]>) {
    for what in What::ALL {
        println!("### {}\n\n{}", what.title(), table(*what, launches, aws_lc));
    }
}

/// Returns a table of one operation, with a row for each contestant that has it, and one for this crate by AWS-LC.
pub fn table(what: What, launches: &[Results], aws_lc: Option<&[Results]>) -> String {
    let unit = if what.is_http() { "ns over the bare service" } else { "ns" };
    let and = if what.is_http() {
        " over it"
    } else if what.has_bytes() {
        " / bytes"
    } else {
        ""
    };
    let mut text = format!("{unit} (ratio to ours) / allocations{and}\n\n{}", head());
    for contestant in contestants::all() {
        let of = |launches: &[Results], ours: &[Results]| {
            columns(|workload| {
                let key = Key::new(contestant.name(), what.title(), workload);
                let cell = if what.is_http() {
                    over_bare(launches, ours, &key, contestant.bare())
                } else {
                    plain(launches, ours, &key)
                };
                format!(" {} |", cell.unwrap_or_else(|| "-".to_owned()))
            })
        };
        row(&mut text, contestant.name(), &of(launches, launches));
        if let Some(aws_lc) = aws_lc.filter(|_| contestant.name() == OURS) {
            row(&mut text, &format!("{OURS}, `aws-lc`"), &of(aws_lc, launches));
        }
    }
    text
}

/// Appends a row, unless the contestant has none of its cells.
fn row(text: &mut String, name: &str, cells: &str) {
    if cells.contains(|c: char| c.is_ascii_digit()) {
        let _ = writeln!(text, "| {name} |{cells}");
    }
}

/// Returns the first two lines of a table, with a column for each workload.
pub fn head() -> String {
    format!("| |{}\n|---|{}\n", columns(|name| format!(" {name} |")), columns(|_| "---|".to_owned()))
}

fn columns(cell: impl Fn(&str) -> String) -> String {
    WORKLOADS.iter().map(|workload| cell(workload.name)).collect()
}

/// Returns the key of the same operation of this crate.
fn ours_of(key: &Key) -> Key {
    Key { contestant: OURS.to_owned(), ..key.clone() }
}

/// Returns the cell of one case. `ours` has the launches whose ratio to this crate is shown.
fn plain(launches: &[Results], ours: &[Results], key: &Key) -> Option<String> {
    let ns = ns(launches, key)?;
    let ratio = ratio_between(launches, key, ours, &ours_of(key))?;
    let counted = counted(launches, key)?;
    let bytes = if counted.bytes > 0 { format!(" / {}", counted.bytes) } else { String::new() };
    Some(format!("{ns:.0} (x{ratio:.2}) / {}{bytes}", counted.allocations))
}

/// Returns the key of the same request without a session.
fn bare_key(key: &Key, bare: &str) -> Key {
    Key::new(bare, What::HttpUntouched.title(), &key.workload)
}

pub fn overhead(launches: &[Results], key: &Key, bare: &str) -> Option<f64> {
    over(launches, |get| Some(get(key)?.ns - get(&bare_key(key, bare))?.ns))
}

fn over_bare(launches: &[Results], ours: &[Results], key: &Key, bare: &str) -> Option<String> {
    let counts = |key: &Key| Some(counted(launches, key)?.allocations as i64);
    if key.contestant == bare {
        return Some(format!("({:.0} in all) / ({})", ns(launches, key)?, counts(key)?));
    }
    let allocations = counts(key)? - counts(&bare_key(key, bare))?;
    let bare_of_ours = "no layer (tower)";
    let ratio = overhead(launches, key, bare)? / overhead(ours, &ours_of(key), bare_of_ours)?;
    Some(format!("{:.0} (x{ratio:.2}) / {allocations}", overhead(launches, key, bare)?))
}

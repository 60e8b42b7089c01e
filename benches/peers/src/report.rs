//! Prints the tables of results.

use crate::alone;
use crate::contestant::What;
use crate::contestants;
use crate::results::{Key, Results, counted, ns, over, ratio};
use crate::workloads::WORKLOADS;

pub fn print(launches: &[Results]) {
    for what in What::ALL {
        println!("### {}\n", what.title());
        let unit = if what.is_http() { "ns over the bare service" } else { "ns" };
        println!("{unit} (ratio to ours) / allocations{}", if what.is_http() { " over it" } else { " / bytes" });
        println!("\n| |{}\n|---|{}", columns(|name| format!(" {name} |")), columns(|_| "---|".to_owned()));
        for contestant in contestants::all() {
            let cell = |workload: &str| {
                let key = Key::new(contestant.name(), what.title(), workload);
                let cell =
                    if what.is_http() { over_bare(launches, &key, contestant.bare()) } else { plain(launches, &key) };
                cell.unwrap_or_else(|| "-".to_owned())
            };
            let row = columns(|workload| format!(" {} |", cell(workload)));
            if row.contains(|c: char| c.is_ascii_digit()) {
                println!("| {} |{row}", contestant.name());
            }
        }
        println!();
    }
    alone::print(launches);
}

fn columns(cell: impl Fn(&str) -> String) -> String {
    WORKLOADS.iter().map(|workload| cell(workload.name)).collect()
}

fn ours(key: &Key) -> Key {
    Key { contestant: "sealed-session".to_owned(), ..key.clone() }
}

fn plain(launches: &[Results], key: &Key) -> Option<String> {
    let (ns, ratio) = (ns(launches, key)?, ratio(launches, key, &ours(key))?);
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

fn over_bare(launches: &[Results], key: &Key, bare: &str) -> Option<String> {
    let counts = |key: &Key| Some(counted(launches, key)?.allocations as i64);
    if key.contestant == bare {
        return Some(format!("({:.0} in all) / ({})", ns(launches, key)?, counts(key)?));
    }
    let allocations = counts(key)? - counts(&bare_key(key, bare))?;
    let bare_of_ours = "no layer (tower)";
    let ratio = overhead(launches, key, bare)? / overhead(launches, &ours(key), bare_of_ours)?;
    Some(format!("{:.0} (x{ratio:.2}) / {allocations}", overhead(launches, key, bare)?))
}

//! Writes the tables in Markdown, and puts them into docs/performance.md.

use std::fmt::Write;
use std::fs;

use crate::sessions::CONTENTS;
use crate::slice::Slice;

/// All turns of one contestant with one session and one mix of requests.
pub struct Row {
    pub name: String,
    pub cookie_bytes: usize,
    /// Requests per second, for each round.
    pub rates: Vec<f64>,
    /// The processor time of a request, for each round.
    processor: Vec<f64>,
    medians: Vec<f64>,
    p99s: Vec<f64>,
    /// The latencies of all rounds, in nanoseconds.
    all: Vec<u64>,
}

impl Row {
    pub fn new(name: &str, cookie_bytes: usize) -> Self {
        let name = name.to_owned();
        Self {
            name,
            cookie_bytes,
            rates: Vec::new(),
            processor: Vec::new(),
            medians: Vec::new(),
            p99s: Vec::new(),
            all: Vec::new(),
        }
    }

    pub fn add(&mut self, mut slice: Slice, seconds: f64) {
        self.rates.push(slice.ended as f64 / seconds);
        self.processor.push(slice.processor_per_request());
        slice.latencies.sort_unstable();
        // There are no latencies when a disk kept every client waiting for the whole turn.
        if !slice.latencies.is_empty() {
            self.medians.push(percentile(&slice.latencies, 50.0));
            self.p99s.push(percentile(&slice.latencies, 99.0));
        }
        self.all.extend(slice.latencies);
    }
}

/// Writes a table: the median rates, the medians of each round's ratio to the rate of `cookie`, and times in
/// microseconds.
pub fn table(title: &str, rows: &mut [Row], cookie: &[f64]) -> String {
    let mut text = format!(
        "**{title}**\n\n| | cookie, bytes | requests/s | ratio | processor, µs | p50 µs | p99 µs | p99.9 µs |\n"
    );
    text.push_str("|---|--:|--:|--:|--:|--:|--:|--:|\n");
    for row in rows {
        assert!(!row.all.is_empty(), "{}: not one request began in any turn; make them longer", row.name);
        row.all.sort_unstable();
        let ratios = row.rates.iter().zip(cookie).map(|(rate, cookie)| rate / cookie).collect();
        let (rate, ratio) = (median(row.rates.clone()), median(ratios));
        let (p50, p99) = (median(row.medians.clone()), median(row.p99s.clone()));
        let times = [p50, p99, percentile(&row.all, 99.9)].map(|time| format!("{:.0}", time / 1e3)).join(" | ");
        let processor = median(row.processor.clone()) / 1e3;
        let _ = writeln!(
            text,
            "| {} | {} | {rate:.0} | {ratio:.2} | {processor:.1} | {times} |",
            row.name, row.cookie_bytes
        );
    }
    text
}

/// Writes how many times the requests per second of tower-sessions this crate serves, and how many times the processor
/// time of this crate tower-sessions takes: the medians of each round's ratio. Each table is given by its title and its
/// rows. Returns nothing when tower-sessions was not measured.
pub fn beside(tables: &[(String, &[Row])]) -> String {
    let rates = pairs(tables, |ours, theirs| (ours.rates.clone(), theirs.rates.clone()));
    let processor = pairs(tables, |ours, theirs| (theirs.processor.clone(), ours.processor.clone()));
    if rates.is_empty() {
        return rates;
    }
    let titles: String = tables.iter().map(|(title, _)| format!(" {title} |")).collect();
    let head = format!("| |{titles}\n|---|{}\n", "--:|".repeat(tables.len()));
    format!(
        "\n**Times the requests per second of tower-sessions**\n\n{head}{rates}\n\
         **Times less processor time than tower-sessions**\n\n{head}{processor}"
    )
}

/// Writes a line for each pair of contestants, with the median ratio of what `of` picks from the two rows of each
/// table.
fn pairs(tables: &[(String, &[Row])], of: impl Fn(&Row, &Row) -> (Vec<f64>, Vec<f64>)) -> String {
    const PAIRS: [(&str, &str); 4] = [
        ("store: `MemoryStore`", "tower-sessions: `MemoryStore`"),
        ("store: `RedisStore`", "tower-sessions: `RedisStore`"),
        ("store: `SqliteStore`", "tower-sessions: `SqliteStore`"),
        ("cookie (default)", "tower-sessions: `RedisStore`"),
    ];
    let mut text = String::new();
    for (ours, theirs) in PAIRS {
        let row = |rows: &[Row], name: &str| rows.iter().position(|row| row.name == name);
        let cells = tables.iter().map(|(_, rows)| {
            let Some((ours, theirs)) = row(rows, ours).zip(row(rows, theirs)) else { return " - |".to_owned() };
            let (above, below) = of(&rows[ours], &rows[theirs]);
            format!(" {:.2} |", median(above.iter().zip(&below).map(|(above, below)| above / below).collect()))
        });
        let cells: String = cells.collect();
        if cells.contains(|c: char| c.is_ascii_digit()) {
            let _ = writeln!(text, "| {ours} / {theirs} |{cells}");
        }
    }
    text
}

/// Puts the text into docs/performance.md, between [`BEGIN`] and [`END`].
pub fn keep(text: &str) {
    let page = fs::read_to_string(PAGE).expect("docs/performance.md can be read");
    let (before, rest) = page.split_once(BEGIN).expect("it says where the tables begin");
    let (_, after) = rest.split_once(END).expect("it says where they end");
    fs::write(PAGE, [before, BEGIN, text, END, after].concat()).expect("it can be written");
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Returns the smallest of the sorted values that `percent` % of them don't exceed.
pub fn percentile(sorted: &[u64], percent: f64) -> f64 {
    let rank = (sorted.len() as f64 * percent / 100.0).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).map_or(f64::NAN, |value| *value as f64)
}

pub fn title(content: usize, mix: &str) -> String {
    let content = &CONTENTS[content];
    format!("{}, {} bytes of JSON: {mix}", content.name, content.bytes())
}

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/performance.md");
const BEGIN: &str = "<!-- load: written by benches/load -->\n";
const END: &str = "<!-- end of load -->\n";

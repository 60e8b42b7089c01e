//! Compares the last quarter of a run with the second. In the first one, the store and the list fill up.

use crate::minute::Minute;

/// Prints what was compared, and returns true if all of it is as it was.
pub fn print(minutes: &[Minute]) -> bool {
    let quarter = minutes.len() / 4;
    if quarter == 0 {
        println!("no verdict in less than four minutes");
        return minutes.iter().all(|minute| minute.counts.wrong == 0);
    }
    let (second, last) = (&minutes[quarter..2 * quarter], &minutes[minutes.len() - quarter..]);
    let both = |of: fn(&Minute) -> f64| (median(second, of), median(last, of));

    let memory = both(|minute| minute.kib);
    let heap = both(|minute| minute.heap_kib);
    let descriptors = both(|minute| minute.descriptors as f64);
    let requests = both(|minute| minute.requests.p99);
    let (spin, sync) = (both(|minute| minute.spin.p99), both(|minute| minute.sync.p99));
    // If a request takes longer because the machine or its disk is slower, a probe takes longer, too.
    let slower = ratio(spin).max(ratio(sync)).max(1.0); // `max` passes over the ratio of a disk that is not used, which is no number
    let wrong: usize = minutes.iter().map(|minute| minute.counts.wrong).sum();
    let all: usize = minutes.iter().flat_map(|minute| minute.counts.by_status.values()).sum();

    println!("the median of the minutes of the second quarter, and of the last:");
    let verdicts = [
        line("resident memory, kB", memory, ratio(memory) <= MEMORY),
        line("heap in use, kB", heap, ratio(heap) <= MEMORY),
        line("descriptors", descriptors, descriptors.1 <= descriptors.0 + DESCRIPTORS),
        line("p99 of the requests, µs", requests, ratio(requests) <= P99 * slower),
    ];
    println!(
        "beside it: p50 of the requests times {:.3}, p99 of the spin {:.3}, p99 of the sync {:.3}",
        ratio(both(|minute| minute.requests.p50)),
        ratio(spin),
        ratio(sync)
    );
    println!("answers: {all}, of which {wrong} were wrong: {}", word(wrong == 0));
    verdicts.iter().all(|is_good| *is_good) && wrong == 0
}

fn line(what: &str, (before, after): (f64, f64), is_good: bool) -> bool {
    println!("{what}: {before:.0}, {after:.0}, times {:.3}: {}", ratio((before, after)), word(is_good));
    is_good
}

fn word(is_good: bool) -> &'static str {
    if is_good { "good" } else { "BAD" }
}

fn ratio((before, after): (f64, f64)) -> f64 {
    after / before
}

fn median(minutes: &[Minute], of: fn(&Minute) -> f64) -> f64 {
    let mut values: Vec<_> = minutes.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The memory may be this many times what it was.
const MEMORY: f64 = 1.05;
/// The descriptors may be this many more: a pool has as many connections as were needed at once.
const DESCRIPTORS: f64 = 2.0;
/// The p99 may be this many times what it was.
const P99: f64 = 1.25;

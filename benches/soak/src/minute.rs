//! [`Minute`]: one line of the table.

use std::fs;

use crate::places::Entries;
use crate::process::Sample;
use crate::tally::Counts;

pub struct Minute {
    /// The resident memory of the server, on average over the minute.
    pub kib: f64,
    /// The memory that the server had allocated and not freed, on average.
    pub heap_kib: f64,
    /// The most descriptors that the server had open at any sample of the minute.
    pub descriptors: usize,
    pub requests: Times,
    pub spin: Times,
    /// The times of the probe of the disk, if the disk is used.
    pub sync: Times,
    pub counts: Counts,
    entries: Entries,
    load: String,
}

/// Two percentiles, in microseconds.
pub struct Times {
    pub p50: f64,
    pub p99: f64,
}

impl Minute {
    pub const HEAD: &str = "minute | memory kB | heap kB | descriptors | p50 µs | p99 µs | answers by status | wrong | store | list | \
                            database kB | spin p50 µs | spin p99 µs | sync p50 µs | sync p99 µs | load average";

    pub fn new(
        samples: &[Sample],
        mut counts: Counts,
        [mut spins, mut syncs]: [Vec<u64>; 2],
        entries: Entries,
    ) -> Self {
        let mean = |of: fn(&Sample) -> u64| samples.iter().map(of).sum::<u64>() as f64 / samples.len() as f64;
        Self {
            kib: mean(|sample| sample.kib),
            heap_kib: mean(|sample| sample.heap_kib),
            descriptors: samples.iter().map(|sample| sample.descriptors).max().unwrap_or(0),
            requests: Times::of(&mut counts.latencies),
            spin: Times::of(&mut spins),
            sync: Times::of(&mut syncs),
            counts,
            entries,
            load: fs::read_to_string("/proc/loadavg").map_or_else(|_| "?".to_owned(), |text| text[..4].to_owned()),
        }
    }

    pub fn line(&self, number: usize) -> String {
        let Self { kib, heap_kib, descriptors, requests, spin, sync, counts, entries, load } = self;
        let by_status: Vec<_> = counts.by_status.iter().map(|(status, count)| format!("{status}: {count}")).collect();
        let Entries { store, list, kib: database } = entries;
        format!(
            "{number} | {kib:.0} | {heap_kib:.0} | {descriptors} | {:.0} | {:.0} | {} | {} | {store} | {list} | {database} | {:.0} | {:.0} | {:.0} | {:.0} | {load}",
            requests.p50,
            requests.p99,
            by_status.join(", "),
            counts.wrong,
            spin.p50,
            spin.p99,
            sync.p50,
            sync.p99
        )
    }
}

impl Times {
    fn of(nanoseconds: &mut [u64]) -> Self {
        nanoseconds.sort_unstable();
        let percentile = |percent: usize| {
            let rank = (nanoseconds.len() * percent).div_ceil(100);
            nanoseconds.get(rank.saturating_sub(1)).map_or(f64::NAN, |value| *value as f64 / 1e3)
        };
        Self { p50: percentile(50), p99: percentile(99) }
    }
}
